"""The same rooms as the code, and e2e with a real browser."""
