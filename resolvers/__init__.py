"""Use cases: one function per thing asked or done."""
