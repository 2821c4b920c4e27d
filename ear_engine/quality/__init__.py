"""What a dream is worth, measured: is it still music, does the target fire, and does that survive."""
