"""Starting, serving, stopping."""
