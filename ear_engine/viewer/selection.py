"""What was selected here, beside what the engine aims at: which of the two shines, and when the selection ends."""

from __future__ import annotations

from collections.abc import Mapping

from ear_engine.parameters import Value
from ear_engine.viewer.asker import Answered, Weights
from ear_engine.viewer.touch import Touch

_HEARS = 0.1  # seconds after which an engine has heard what was sent
_SETTLED = 2.0  # seconds after which others may have changed what was selected


class Selection:
    """Follows what others aim at.

    Args:
        touch: what was selected; it is cleared.
    """

    def __init__(self, touch: Touch) -> None:
        self._touch = touch
        self._neurons: Value = ""

    def follow(self, values: Mapping[str, Value], at: float) -> None:
        """Another target, or other neurons that someone else has chosen, end the selection."""
        text, touch = values["target/neurons"], self._touch
        others = text != self._neurons and at - touch.sent > _SETTLED
        self._neurons = text
        if touch.count and (values["target/by"] != "neurons" or others) and at - touch.sent > 0.1:
            touch.clear()

    def focus(self, values: Mapping[str, Value], answered: Answered) -> Weights | None:
        """What the engine aims at; of what has just been touched, what it will aim at when it has heard of it."""
        touch = self._touch
        touched = touch.count and values["target/by"] == "neurons"
        return touch.weights if touched and answered.asked < touch.sent + _HEARS else answered.weights
