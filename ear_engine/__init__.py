"""ear-engine: play a neural ear."""

__version__ = "0.1.0"
