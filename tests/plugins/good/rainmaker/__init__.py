from __future__ import annotations


class Rain:
    """A source that is only a name here."""

    name = "rain"
