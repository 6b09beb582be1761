"""The portal: what buyers see and do."""
