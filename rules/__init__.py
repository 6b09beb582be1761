"""Pure rules: facts in, decisions out; no database, no clock."""
