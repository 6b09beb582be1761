"""The staff console: what the seller's people see and do."""
