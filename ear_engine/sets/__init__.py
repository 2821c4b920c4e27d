"""Sets: everything that makes a night's sound, in a file that people can read; and the last one, kept by itself."""
