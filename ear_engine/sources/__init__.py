"""Where loops come from: synthesized voices, built-in loops, and the library that finds clips by name."""
