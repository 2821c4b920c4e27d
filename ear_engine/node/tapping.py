"""Tap tempo: from taps to beats a minute, and from there to ``playback/tempo``."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from statistics import fmean, median

from ear_engine.control import Change, ControlLog
from ear_engine.errors import UserError
from ear_engine.node.transport import FIT, TEMPO

TAP = "playback/tap"

_ENOUGH = 3  # gaps between taps
_KEPT = 8
_RESET = 2.0  # seconds without a tap after which a new tempo begins, unless it is slow:
_SLOW = 2.2  # the median gap so many times
_LONGEST = 3.3  # seconds of a gap that counts: 20 BPM, tapped unevenly
_PATIENCE = 12.0  # seconds of a gap that may be too slow a beat
_BOUNCE = 0.1  # seconds within which two taps are one
_ALIKE = 0.2  # share of the median by which a gap may differ and count
_STEP = 0.005  # share by which a tempo must differ to be set anew

Refuse = Callable[[str, str, UserError], None]  # origin, address, error


class Taps:
    """Gaps between taps, and the tempo that they have in common."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._gaps: deque[float] = deque(maxlen=_KEPT)
        self._slow: deque[float] = deque(maxlen=_ENOUGH)  # gaps in a row that are longer than any that counts

    def tap(self, at: float) -> float | None:
        """Beats a minute after a tap at clock time ``at``: of the mean of the gaps that are near their median.

        None before the fourth tap, and after one that begins anew. Evenly tapped it may be slower than any tempo is.
        """
        gap = None if self._last is None else at - self._last
        if gap is not None and gap < _BOUNCE:
            return None
        self._last = at
        if gap is None or gap > _LONGEST:
            self._gaps.clear()
            return self._too_slow(gap)
        self._slow.clear()
        if self._gaps and gap > max(_RESET, _SLOW * median(self._gaps)):
            self._gaps.clear()
            return None
        self._gaps.append(gap)
        return _tempo(self._gaps) if len(self._gaps) >= _ENOUGH else None

    def _too_slow(self, gap: float | None) -> float | None:
        """Beats a minute of gaps that are too long, if they are those of a beat and not pauses."""
        if gap is None or gap > _PATIENCE:
            self._slow.clear()
            return None
        self._slow.append(gap)
        even = max(self._slow) <= (1.0 + _ALIKE) * min(self._slow)
        return _tempo(self._slow) if len(self._slow) == _ENOUGH and even else None


def _tempo(gaps: Collection[float]) -> float:
    middle = median(gaps)
    return 60.0 / fmean(gap for gap in gaps if abs(gap - middle) <= _ALIKE * middle)


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
