"""The conductor: one process without torch, pyo or GL that owns OSC, the parameters, the session and its children."""
