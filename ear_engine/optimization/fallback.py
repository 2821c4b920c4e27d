"""Settings that turn out not to work are replaced by the last that did, until others are asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ear_engine.errors import UserError
from ear_engine.optimization.settings import DreamSettings
from ear_engine.parameters import Value

_CHECKED = {
    "batch_size": "optimizer/batch_size",
    "method": "optimizer/method",
    "parametrization": "optimizer/parametrization",
}
"""Fields that may fail on their own, and their parameters."""

Decline = Callable[[str, UserError, Value], None]  # parameter, why, value that it goes back to


class Fallback:
    """Knows the last settings that worked."""

    def __init__(self) -> None:
        self._worked: DreamSettings | None = None
        self._asked: DreamSettings | None = None
        self._refused: dict[str, tuple[Value, Value]] = {}  # field → what was asked for, what is used

    def usable(self, settings: DreamSettings) -> DreamSettings:
        """What is used when ``settings`` are asked for: those, without what has been refused before."""
        self._asked = settings
        for field, (asked, good) in list(self._refused.items()):
            if getattr(settings, field) == asked:
                settings = replace(settings, **{field: good})  # type: ignore[arg-type]
            else:
                del self._refused[field]
        return settings

    def worked(self, settings: DreamSettings) -> None:
        """A step with ``settings`` has been made."""
        self._worked = settings

    def failed(self, settings: DreamSettings, error: UserError, decline: Decline) -> bool:
        """A step with ``settings`` could not be made: decline what is new in them; return whether anything was.

        A batch that is the first and too large is halved.
        """
        last, declined = self._worked, False
        for field, name in _CHECKED.items():
            bad = getattr(settings, field)
            good = bad if last is None else getattr(last, field)
            if good == bad and field == "batch_size" and error.code == "no_memory" and bad > 1:
                good = bad // 2
            if good != bad:
                self._refused[field] = getattr(self._asked or settings, field), good
                decline(name, error, good)
                declined = True
        return declined
