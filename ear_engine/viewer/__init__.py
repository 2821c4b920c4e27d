"""The window that shows the map while the ear listens, and what it shares with offscreen rendering. No torch here."""
