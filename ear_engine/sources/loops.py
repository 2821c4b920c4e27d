"""Built-in loops, synthesized when asked for and exactly periodic: tails and rooms wrap around the loop's end.

The loops are this project's own and dedicated to the public domain (CC0): play, record, sample and publish them freely.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ear_engine.clip import Clip
from ear_engine.errors import UserError
from ear_engine.sources import harmonies, rhythms
from ear_engine.sources.mixer import BEATS
from ear_engine.sources.source import ClipRow
from ear_engine.sources.voices import Audio

PEAK_CEILING = 10.0 ** (-1.5 / 20.0)


def loudness(audio: Audio, sample_rate: int) -> float:
    """Integrated loudness of a loop in LUFS (ITU-R BS.1770-4), measured around the circle; ``-inf`` for silence.

    K-weighting is applied as its two filters' magnitudes in one spectrum, then blocks of 400 ms that overlap by 75 %
    pass an absolute gate of -70 LUFS and a relative one of -10 LU.

    Args:
        audio: shape ``(channels, samples)``, full scale 1.
        sample_rate: in Hz.
    """
    samples = audio.shape[1]
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(samples))
    weight = np.ones(z.shape)
    for corner, quality, gain, shelf in ((1681.974, 0.7071752, 3.999844, True), (38.13547, 0.5003270, 0.0, False)):
        k = np.tan(np.pi * corner / sample_rate)
        high = 10.0 ** (gain / 20.0)
        middle = high**0.4996667741545416
        below = (high + middle * k / quality + k * k, 2.0 * (k * k - high), high - middle * k / quality + k * k)
        a0 = 1.0 + k / quality + k * k
        b = np.array(below) / a0 if shelf else np.array((1.0, -2.0, 1.0))
        a = np.array((a0, 2.0 * (k * k - 1.0), 1.0 - k / quality + k * k)) / a0
        weight *= np.abs((b[0] + b[1] * z + b[2] * z * z) / (a[0] + a[1] * z + a[2] * z * z))
    weighted = np.fft.irfft(np.fft.rfft(audio) * weight, samples)
    size = max(1, min(samples, round(0.4 * sample_rate)))
    total = np.concatenate(([0.0], np.cumsum(np.tile(np.sum(weighted**2, axis=0), 2))))
    starts = np.arange(0, samples, max(1, round(0.1 * sample_rate)))
    power = (total[starts + size] - total[starts]) / size
    loud = power[power > 10.0 ** ((-70.0 + 0.691) / 10.0)]
    if not loud.size:
        return float("-inf")
    return float(-0.691 + 10.0 * np.log10(np.mean(loud[loud > 0.1 * np.mean(loud)])))


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
        "silence": _Builtin("nothing at all", harmonies.silence, target=float("-inf")),
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
    level = loudness(audio, sample_rate)
    if np.isfinite(level):
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
