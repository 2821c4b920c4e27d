"""An hour on stage, tried: an engine at full load, and a report of whether one can trust it."""
