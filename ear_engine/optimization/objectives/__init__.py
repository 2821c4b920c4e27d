"""What can be raised: one objective a module."""
