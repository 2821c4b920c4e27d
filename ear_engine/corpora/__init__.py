"""Music as memory-mapped corpora, and the makers of the built-in ones."""
