"""The ear on the live input."""
