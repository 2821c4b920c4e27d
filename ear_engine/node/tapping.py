"""Tap tempo: from taps to beats a minute, and from there to ``playback/tempo``."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from statistics import fmean, median

from ear_engine.control import Change, ControlLog
from ear_engine.errors import UserError
from ear_engine.node.transport import FIT, TEMPO

TAP = "playback/tap"

_ENOUGH = 3  # gaps between taps
_KEPT = 8
_RESET = 2.0  # seconds without a tap after which a new tempo begins
_BOUNCE = 0.1  # seconds within which two taps are one
_ALIKE = 0.2  # share of the median by which a gap may differ and count
_STEP = 0.005  # share by which a tempo must differ to be set anew

Refuse = Callable[[str, str, UserError], None]  # origin, address, error


class Taps:
    """Gaps between taps, and the tempo that they have in common."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._gaps: deque[float] = deque(maxlen=_KEPT)

    def tap(self, at: float) -> float | None:
        """Beats a minute after a tap at clock time ``at``: of the mean of the gaps that are near their median.

        None before the fourth tap.
        """
        gap = None if self._last is None else at - self._last
        if gap is not None and gap < _BOUNCE:
            return None
        self._last = at
        if gap is None or gap > _RESET:
            self._gaps.clear()
            return None
        self._gaps.append(gap)
        if len(self._gaps) < _ENOUGH:
            return None
        middle = median(self._gaps)
        return 60.0 / fmean(gap for gap in self._gaps if abs(gap - middle) <= _ALIKE * middle)


class Tapping:
    """Sets the tempo that is tapped; where the clip decides it, whoever taps is told what to set.

    Args:
        control: its trigger ``playback/tap`` is followed.
        refuse: told who cannot have that tempo.
    """

    def __init__(self, control: ControlLog, refuse: Refuse) -> None:
        self._control = control
        self._refuse = refuse
        self._taps = Taps()
        control.listen(self._changed)

    def _changed(self, change: Change) -> None:
        if TAP not in change.triggers:
            return
        found = self._taps.tap(change.time)
        if found is None:
            return
        tempo, values = round(found, 1), self._control.tree.values
        row = self._control.tree[TEMPO]
        if not row.low <= tempo <= row.high:
            reason, mend = f"finds {tempo:g} BPM", f"tap {row.low:g} to {row.high:g}"
            self._refuse(change.origin, f"/ear/{TAP}", UserError(TAP, reason, mend, "out_of_range"))
        elif values[FIT] == "clip_tempo":
            reason = f"finds {tempo:g} BPM, but the tempo follows the clip"
            mend = f"set {FIT} to crop or stretch, then {TEMPO} to {tempo:g}"
            self._refuse(change.origin, f"/ear/{TAP}", UserError(TAP, reason, mend, "follows_clip"))
        elif abs(tempo / float(values[TEMPO]) - 1.0) > _STEP:
            self._control.apply({TEMPO: tempo}, change.origin, known=False)
