"""Starts and wires the house; knows everybody."""
