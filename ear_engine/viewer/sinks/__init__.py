"""Where the picture goes besides the window: plug-ins of kind ``sinks``."""
