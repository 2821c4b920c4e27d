"""A performance kept: what was played and why, written while it happens, read and heard again later."""
