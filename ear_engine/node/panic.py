"""Panic: silence in the hall, in the cue and of every excerpt, whatever the dreamer does.

The trigger ``playback/panic`` itself sets ``playback/mute``, so that all see where the silence comes from, and anyone
can end it; the audio process fades out in 30 ms.
"""

from __future__ import annotations

from ear_engine.control import Change, ControlLog

ORIGIN = "node"
PANIC = "playback/panic"


class Panic:
    """Ends what ``playback/mute`` does not: the cue and the excerpt that is auditioned."""

    def __init__(self, control: ControlLog) -> None:
        self._control = control
        control.listen(self._changed)

    def _changed(self, change: Change) -> None:
        if PANIC in change.triggers:
            self._control.apply({"cue/source": "off", "audition/stop": True}, ORIGIN)
