"""Imports: small files of our own, and the real ones where they are."""
