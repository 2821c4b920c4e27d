"""The built-in commands by group, one row each."""
