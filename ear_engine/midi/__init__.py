"""MIDI: controllers whose faders, encoders and buttons play parameters and see them change, and clock in and out."""
