"""Targets without torch: from what a performer asks for to weights on neurons."""
