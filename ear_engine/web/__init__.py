"""What a viewer on another machine needs and OSC is not made for: maps, loops and facts, over HTTP. No torch here."""
