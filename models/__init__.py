"""Tables, row dataclasses and the selects that start every read."""
