"""Open Sound Control: the engine's one public interface while it runs."""
