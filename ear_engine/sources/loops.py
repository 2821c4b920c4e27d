"""Built-in loops, synthesized when asked for and exactly periodic: tails and rooms wrap around the loop's end.

The loops are this project's own and dedicated to the public domain (CC0): play, record, sample and publish them freely.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ear_engine.clip import Clip
from ear_engine.errors import UserError
from ear_engine.loudness import SILENT, LoudnessMeter
from ear_engine.sources import harmonies, rhythms
from ear_engine.sources.mixer import BEATS
from ear_engine.sources.source import ClipRow
from ear_engine.sources.synthesis import Audio

PEAK_CEILING = 10.0 ** (-1.5 / 20.0)


@dataclass(frozen=True)
class _Builtin:
    description: str
    render: Callable[[int], Audio]
    tempo: float = 120.0
    target: float = -18.0


def _builtins() -> dict[str, _Builtin]:
    return {
        "beat": _Builtin("house beat with bass and stabs, the default", rhythms.beat),
        "break_138": _Builtin("breakbeat with sub bass at 138 BPM", rhythms.break_138, 138.0),
        "broken_92": _Builtin("swung beat with electric piano at 92 BPM", rhythms.broken_92, 92.0),
        "acid_126": _Builtin("resonant sequence that opens and closes at 126 BPM", harmonies.acid, 126.0),
        "dub": _Builtin("echoing minor chord over a soft kick", harmonies.dub),
        "hats": _Builtin("closed and open hi-hats", rhythms.hats),
        "bass": _Builtin("bass line in A minor", harmonies.bass),
        "chords": _Builtin("four soft stereo chords in A minor", harmonies.chords),
        "piano": _Builtin("piano-like plucked sequence", harmonies.piano),
        "voice": _Builtin("choir-like pad that sings four vowels", harmonies.voice),
        "kick_1": _Builtin("one kick in the loop", rhythms.kicks(1)),
        "kick_2": _Builtin("two kicks in the loop", rhythms.kicks(2)),
        "kick_4": _Builtin("four kicks in the loop", rhythms.kicks(4)),
        "kick_8": _Builtin("eight kicks in the loop, one a beat", rhythms.kicks(8)),
        "low_noise": _Builtin("quiet low noise, to let the ear imagine", harmonies.low_noise, target=-42.0),
        "silence": _Builtin("nothing at all", harmonies.silence, target=SILENT),
    }


def builtin_names() -> tuple[str, ...]:
    """Names of the built-in loops, the default ``beat`` first."""
    return tuple(_builtins())


def _builtin(name: str) -> _Builtin:
    known = _builtins()
    if name not in known:
        raise UserError(f"built-in clip {name!r}", "does not exist", f"use one of {', '.join(known)}", "unknown_clip")
    return known[name]


def builtin_description(name: str) -> str:
    """One line on a built-in loop. Raises UserError for a name that is not one."""
    return _builtin(name).description


def builtin_tempo(name: str) -> float:
    """Tempo of a built-in loop in BPM; all have 8 beats. Raises UserError for a name that is not one."""
    return _builtin(name).tempo


def render_builtin(name: str, sample_rate: int = 44100) -> Clip:
    """Renders a built-in loop, the same every time.

    Args:
        name: one of :func:`builtin_names`.
        sample_rate: in Hz, 8000 to 192000.

    Returns:
        A clip of 8 beats at 120 BPM unless its name says otherwise, at about -18 LUFS (``low_noise`` -42, ``silence``
        none), with peaks at or below -1.5 dBFS.

    Raises:
        UserError: for an unknown name or a sample rate out of range.
    """
    builtin = _builtin(name)
    if not 8000 <= sample_rate <= 192000:
        reason = f"cannot be rendered at {sample_rate} Hz"
        raise UserError(f"built-in clip {name!r}", reason, "use 8000 to 192000 Hz", "bad_rate")
    audio = builtin.render(sample_rate)
    level = LoudnessMeter(audio.shape[1], sample_rate).measure(audio)
    if level > SILENT:
        gain = 10.0 ** ((builtin.target - level) / 20.0)
        audio = audio * np.float32(min(gain, PEAK_CEILING / float(np.max(np.abs(audio)))))
    return Clip(name, np.ascontiguousarray(audio, dtype=np.float32), sample_rate, BEATS, "declared")


class BuiltinLoops:
    """The built-in loops as a source, registered like any other (:class:`~ear_engine.sources.source.Source`)."""

    def names(self) -> tuple[str, ...]:
        """Names of the built-in loops, the default ``beat`` first."""
        return builtin_names()

    def describe(self, name: str) -> ClipRow:
        """Its length, beats, tempo and a line. Raises UserError for a name that is not one."""
        tempo = builtin_tempo(name)
        return ClipRow(name, BEATS * 60.0 / tempo, BEATS, tempo, builtin_description(name))

    def render(self, name: str, sample_rate: int) -> Clip:
        """See :func:`render_builtin`."""
        return render_builtin(name, sample_rate)
