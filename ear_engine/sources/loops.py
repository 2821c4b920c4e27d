"""Built-in loops, synthesized when asked for and exactly periodic: tails and rooms wrap around the loop's end.

The loops are this project's own and dedicated to the public domain (CC0): play, record, sample and publish them freely.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ear_engine.clip import Clip
from ear_engine.errors import UserError
from ear_engine.sources import voices
from ear_engine.sources.voices import Audio, hertz

BEATS = 8
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


@dataclass
class _Loop:
    """A circular stereo mixer: what is played past the end sounds at the start."""

    rate: int
    beats: int = BEATS
    tempo: float = 120.0
    dry: Audio = field(init=False)
    ducked: Audio = field(init=False)
    send: Audio = field(init=False)
    duck: Audio = field(init=False)

    def __post_init__(self) -> None:
        samples = round(self.beats * 60.0 / self.tempo * self.rate)
        self.dry, self.ducked, self.send = (np.zeros((2, samples), dtype=np.float32) for _ in range(3))
        self.duck = np.ones(samples, dtype=np.float32)

    @property
    def samples(self) -> int:
        return int(self.dry.shape[1])

    def wrapped(self, sound: Audio, beat: float) -> Audio:
        """A mono or stereo sound that starts at a beat, folded into the loop: ``(2, samples)``."""
        wide = np.atleast_2d(sound)
        turns = -(-wide.shape[1] // self.samples)
        folded = np.pad(wide, ((0, 0), (0, turns * self.samples - wide.shape[1])))
        folded = folded.reshape(len(wide), turns, self.samples).sum(axis=1)
        start = round(beat * self.samples / self.beats)
        return np.broadcast_to(np.roll(folded, start, axis=1), (2, self.samples))

    def add(
        self, sound: Audio, beat: float, level: float, *, pan: float = 0.0, send: float = 0.0, ducked: bool = False
    ) -> None:
        """Plays a sound at a beat, ``level`` in dB, ``pan`` -1 (left) to 1, ``send`` (linear) to the room."""
        sides = (
            np.cos((np.array([[0.0], [1.0]]) - 0.5 - 0.5 * pan) * 0.5 * np.pi) * np.sqrt(2.0) * 10.0 ** (level / 20.0)
        )
        placed = self.wrapped(sound, beat) * sides.astype(np.float32)
        (self.ducked if ducked else self.dry)[...] += placed
        if send:
            self.send += np.float32(send) * placed

    def pump(self, beat: float, depth: float = 0.7, release: float = 0.6) -> None:
        """Lowers the ducked bus by ``depth`` from a beat on, for ``release`` beats."""
        length = round(release * self.samples / self.beats)
        dip = depth * (1.0 - np.linspace(0.0, 1.0, length, dtype=np.float32)) ** 1.5
        self.duck = np.minimum(self.duck, 1.0 - self.wrapped(dip.astype(np.float32), beat)[0])

    def echo(self, beats: float, feedback: float = 0.45, repeats: int = 8) -> None:
        """Repeats what is in the room's send, every ``beats``, to alternate sides, darker and softer each time."""
        source = voices.band(self.send, self.rate, 250.0, 5000.0, order=1)
        for repeat in range(1, repeats + 1):
            side = np.array([[1.0], [0.35]] if repeat % 2 else [[0.35], [1.0]], dtype=np.float32)
            self.send += side * np.float32(feedback**repeat) * self.wrapped(source, repeat * beats)

    def mix(self, room_seconds: float = 0.9, wet: float = 0.6, damping: float = 0.5, drive: float = 1.2) -> Audio:
        """Room and soft saturation: ``(2, samples)``."""
        impulse = voices.reverb_impulse(self.rate, np.random.default_rng(1770), room_seconds, damping=damping)
        response = np.fft.rfft(self.wrapped(impulse, 0.0))
        room = np.fft.irfft(np.fft.rfft(self.send) * (1.0 + wet * response), self.samples).astype(np.float32)
        mixed = self.dry + (self.ducked + room) * self.duck
        mixed = voices.band(mixed, self.rate, 28.0)
        scale = np.float32(drive / max(1e-6, float(np.max(np.abs(mixed)))))
        return np.asarray(np.tanh(mixed * scale), dtype=np.float32)


def _steps(pattern: str) -> list[tuple[float, float]]:
    """Beats and levels in dB of a pattern of sixteenths: ``X`` loudest, ``x``, ``o``, then ``-``; ``.`` rests."""
    levels = {"X": 0.0, "x": -3.0, "o": -8.0, "-": -13.0}
    return [(index / 4.0, levels[mark]) for index, mark in enumerate(pattern.replace(" ", "")) if mark in levels]


def _swung(beat: float, swing: float) -> float:
    return beat + (swing / 4.0 if round(beat * 4.0) % 2 else 0.0)


def _silence(rate: int) -> Audio:
    return np.zeros((1, 4 * rate), dtype=np.float32)


def _low_noise(rate: int) -> Audio:
    hiss = np.random.default_rng(40).standard_normal((1, 4 * rate), dtype=np.float32)
    return voices.band(hiss, rate, 40.0, 1500.0, order=1)


def _kicks(count: int) -> Callable[[int], Audio]:
    def render(rate: int) -> Audio:
        loop = _Loop(rate)
        for hit in range(count):
            loop.add(voices.kick(rate, np.random.default_rng(4), pitch=52.0), hit * 8.0 / count, 0.0)
        return voices.normalize(loop.dry[:1])

    return render


def _hats(rate: int) -> Audio:
    rng = np.random.default_rng(16)
    loop = _Loop(rate)
    closed = [voices.hat(rate, rng, seconds=length) for length in (0.05, 0.035, 0.07)]
    opened = voices.hat(rate, rng, seconds=0.34, metal=0.35)
    for index, (beat, level) in enumerate(_steps("x-o- x-oo x-o- x-ox" * 2)):
        loop.add(closed[index % 3], _swung(beat, 0.16), level - 6.0, pan=-0.15)
    for beat in (0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5):
        loop.add(opened, beat, -7.0, pan=0.15, send=0.08)
    return loop.mix(0.5)


def _riff(loop: _Loop, notes: Sequence[tuple[float, int, float]], level: float, cutoff: float = 260.0) -> None:
    """Bass notes as (beat, MIDI note, beats held)."""
    for index, (beat, midi, held) in enumerate(notes):
        seconds = held * 60.0 / loop.tempo
        sweep = 1300.0 if index % 3 == 1 else 750.0
        sound = voices.bass(loop.rate, float(hertz(midi)), seconds, cutoff=cutoff, sweep=sweep)
        loop.add(sound, beat, level, ducked=True)


HOUSE_RIFF = (
    (0.5, 33, 0.3), (1.5, 33, 0.3), (1.75, 45, 0.18), (2.5, 33, 0.4), (3.25, 31, 0.2), (3.5, 36, 0.3),
    (4.5, 33, 0.3), (5.5, 33, 0.3), (5.75, 45, 0.18), (6.5, 40, 0.3), (7.0, 38, 0.2), (7.5, 31, 0.4),
)  # fmt: skip


def _bass(rate: int) -> Audio:
    loop = _Loop(rate)
    _riff(loop, HOUSE_RIFF, 0.0)
    return loop.mix()[:1]


def _chords(rate: int) -> Audio:
    loop = _Loop(rate)
    rng = np.random.default_rng(9)
    voicings = ((55, 59, 60, 64), (57, 60, 64, 65), (53, 57, 59, 62), (52, 55, 59, 62))
    roots = (33, 41, 38, 40)
    for index, (voicing, root) in enumerate(zip(voicings, roots, strict=True)):
        sound = voices.pad(rate, rng, hertz([root + 12, *voicing]), 2 * rate, slope=1.6, width_cents=9.0)
        held = np.tile(sound, 2)[:, : round(1.35 * rate)]
        edge = np.sin(np.linspace(0.0, 0.5 * np.pi, round(0.35 * rate), dtype=np.float32))
        held[:, : len(edge)] *= edge
        held[:, -len(edge) :] *= edge[::-1]
        loop.add(held, 2.0 * index - 0.3, -3.0, send=0.4)
        loop.add(voices.stab(rate, hertz(voicing), 0.5, cutoff=700.0, sweep=1500.0), 2.0 * index, -14.0, send=0.5)
    return loop.mix(2.0, 0.7)


def _beat(rate: int) -> Audio:
    loop = _Loop(rate)
    rng = np.random.default_rng(120)
    kick = voices.kick(rate, rng, pitch=54.0, seconds=0.36, click=0.22, drive=1.8)
    clap, snare = voices.clap(rate, rng, color=1350.0, seconds=0.26), voices.snare(rate, rng, pitch=196.0, seconds=0.2)
    closed = [voices.hat(rate, rng, seconds=length, color=8000.0) for length in (0.045, 0.03, 0.06)]
    opened = voices.hat(rate, rng, seconds=0.26, color=7200.0, metal=0.4)
    shaker = voices.hat(rate, rng, seconds=0.07, color=5200.0, metal=0.0)
    rim = voices.pluck(rate, 440.0, 0.09, brightness=0.9, inharmonicity=0.02)
    conga = [voices.kick(rate, rng, pitch=p, sweep=50.0, seconds=0.16, click=0.12, drive=1.0) for p in (196.0, 147.0)]
    for quarter in range(8):
        loop.add(kick, quarter, -1.5)
        loop.pump(quarter, 0.75, 0.55)
        loop.add(opened, quarter + 0.5, -8.5, pan=0.12, send=0.06, ducked=True)
    for quarter in (1, 3, 5, 7):
        loop.add(clap, quarter, -3.5, send=0.16)
        loop.add(snare, quarter, -9.0, send=0.08)
    loop.add(clap, 7.75, -14.0, send=0.25)
    for index, (beat, level) in enumerate(_steps("o-x- o-xo o-x- oox-" * 2)):
        loop.add(closed[index % 3], _swung(beat, 0.14), level - 6.5, pan=-0.2)
    for beat, level in _steps("-o-x -o-x -o-x -oox" * 2):
        loop.add(shaker, _swung(beat, 0.14) + 0.01, level - 12.0, pan=0.35)
    for beat in (0.75, 2.25, 3.75, 4.75, 6.25):
        loop.add(rim, _swung(beat, 0.14), -12.5, pan=0.3, send=0.3)
    for index, beat in enumerate((1.75, 2.5, 3.25, 5.75, 6.75, 7.25)):
        loop.add(conga[index % 2], _swung(beat, 0.14), -13.5, pan=-0.35, send=0.15)
    _riff(loop, HOUSE_RIFF, -8.5, 420.0)
    for beat, voicing in (
        (0.75, (55, 59, 60, 64)),
        (2.5, (55, 59, 60, 64)),
        (4.75, (53, 57, 60, 64)),
        (6.5, (50, 55, 59, 64)),
    ):
        sound = voices.stab(rate, hertz(voicing), 0.28, cutoff=900.0, sweep=3200.0)
        loop.add(sound, _swung(beat, 0.14), -8.0, send=0.4, ducked=True)
    loop.echo(0.75, 0.42)
    return loop.mix(1.1, 0.7, drive=1.1)


def _break_138(rate: int) -> Audio:
    loop = _Loop(rate, 8, 138.0)
    rng = np.random.default_rng(138)
    kick = voices.kick(rate, rng, pitch=60.0, sweep=180.0, seconds=0.25, click=0.4, drive=2.4)
    snare = voices.snare(rate, rng, pitch=205.0, seconds=0.24, snap=0.55)
    ghost = voices.snare(rate, rng, pitch=225.0, seconds=0.12, snap=0.7)
    ride = voices.hat(rate, rng, seconds=0.22, color=5600.0, metal=0.8)
    hat = voices.hat(rate, rng, seconds=0.05, color=6800.0)
    for beat, level in _steps("X.x. .... ..xX .... X.x. .... ..X. ..o."):
        loop.add(kick, _swung(beat, 0.1), level - 1.0, send=0.03)
        loop.pump(beat, 0.5, 0.4)
    for beat, level in _steps(".... X..- .-.. X..o .... X..- .-.. ..X."):
        loop.add(snare if level > -5.0 else ghost, _swung(beat, 0.1), level - 1.0, send=0.1)
    for beat, level in _steps("x.o. x.o. x.o. x.oo x.o. x.o. x-o. x.o-"):
        loop.add(hat, _swung(beat, 0.1), level - 6.0, pan=-0.15)
    for half in range(0, 8, 2):
        loop.add(ride, half, -10.0, pan=0.25)
    _riff(loop, ((0.0, 26, 1.3), (2.5, 26, 0.6), (3.5, 29, 0.4), (4.0, 26, 1.2), (6.5, 24, 0.9)), -10.0, 260.0)
    return loop.mix(0.6, 0.7, drive=1.4)


def _broken_92(rate: int) -> Audio:
    loop = _Loop(rate, 8, 92.0)
    rng = np.random.default_rng(92)
    kick = voices.kick(rate, rng, pitch=49.0, sweep=150.0, seconds=0.4, click=0.15)
    snare = voices.snare(rate, rng, pitch=170.0, seconds=0.26, snap=0.45)
    hat = voices.hat(rate, rng, seconds=0.06, color=6500.0, metal=0.3)
    for beat, level in _steps("X..o ..x. ..X. .... X..- ...x ..X. .o.."):
        loop.add(kick, _swung(beat, 0.3), level - 1.0)
        loop.pump(beat, 0.5, 0.4)
    for beat, level in _steps(".... X... .... X..- .... X... .-.. X..."):
        loop.add(snare, _swung(beat, 0.3) + 0.015, level - 1.5, send=0.1)
    for beat, level in _steps("x-o- x-oo x-o- o-xo" * 2):
        loop.add(hat, _swung(beat, 0.3), level - 6.0, pan=0.2)
    for beat, voicing in (
        (0.0, (53, 57, 60, 64)),
        (2.75, (53, 57, 60, 64)),
        (4.0, (52, 55, 59, 62)),
        (6.75, (50, 53, 57, 60)),
    ):
        for index, midi in enumerate(voicing):
            string = voices.pluck(rate, float(hertz(midi)), 2.2, brightness=0.3, inharmonicity=5e-5)
            loop.add(string, _swung(beat, 0.3) + 0.02 * index, -10.0, pan=0.2 * (index - 1.5), send=0.3, ducked=True)
    _riff(loop, ((0.0, 29, 0.9), (1.75, 29, 0.3), (2.5, 36, 0.4), (4.0, 28, 0.9), (6.5, 26, 0.5)), -9.5, 260.0)
    return loop.mix(1.0, 0.6, drive=1.2)


def _piano(rate: int) -> Audio:
    loop = _Loop(rate)
    line = (57, 64, 72, 71, 67, 64, 60, 64, 53, 60, 69, 67, 64, 60, 55, 59)
    for index, midi in enumerate(line):
        string = voices.pluck(rate, float(hertz(midi)), 2.6, brightness=0.42, inharmonicity=2.5e-4)
        loop.add(string, 0.5 * index, -6.0 if index % 4 else -3.0, pan=(midi - 63) / 40.0, send=0.35)
    for beat, midi in ((0.0, 33), (4.0, 41), (7.0, 43)):
        loop.add(voices.pluck(rate, float(hertz(midi)), 3.5, brightness=0.35), beat, -5.0, send=0.25)
    return loop.mix(1.6, 0.6, drive=0.8)


def _voice(rate: int) -> Audio:
    loop = _Loop(rate)
    rng = np.random.default_rng(5)
    vowels = ((730.0, 1090.0, 2440.0), (570.0, 840.0, 2410.0), (300.0, 870.0, 2240.0), (530.0, 1840.0, 2480.0))
    chord = hertz([45, 52, 57, 60, 64])
    time = np.arange(loop.samples) / loop.samples
    for index, formants in enumerate(vowels):
        sung = voices.pad(rate, rng, chord, loop.samples, slope=0.8, width_cents=14.0, formants=formants)
        swell = np.maximum(0.0, np.cos(2.0 * np.pi * (time - (index + 0.5) / 4.0))) ** 2
        sung *= swell.astype(np.float32) / np.sqrt(np.mean(sung**2))
        loop.add(sung, 0.0, -12.0, send=0.4)
    return loop.mix(2.2, 0.6, drive=0.8)


def _acid(rate: int) -> Audio:
    loop = _Loop(rate, 8, 126.0)
    notes = (33, 33, 45, 33, 36, 33, 43, 45, 33, 33, 45, 31, 33, 48, 43, 36)
    for index in range(32):
        if index % 16 in (3, 9, 14):
            continue
        opening = 0.5 - 0.5 * np.cos(2.0 * np.pi * index / 32.0)
        cutoff = 220.0 + 900.0 * opening
        accent = index % 16 in (2, 7, 13)
        sound = voices.tone(
            rate,
            hertz(notes[index % 16]),
            0.16 if accent else 0.1,
            cutoff=cutoff,
            sweep=(2.5 if accent else 1.5) * cutoff,
            sweep_seconds=0.06,
            resonance=7.0,
        )
        loop.add(sound, index / 4.0, 0.0 if accent else -4.0, send=0.12)
    loop.echo(0.75, 0.35)
    return loop.mix(0.8, 0.4, drive=2.0)


def _dub(rate: int) -> Audio:
    loop = _Loop(rate)
    rng = np.random.default_rng(77)
    chord = voices.stab(rate, hertz([50, 53, 57, 60]), 0.32, cutoff=420.0, sweep=1500.0)
    loop.add(chord, 0.75, -1.0, send=0.9)
    loop.add(chord, 4.5, -4.0, send=0.9)
    loop.echo(0.75, 0.62, 14)
    kick = voices.kick(rate, rng, pitch=48.0, sweep=120.0, seconds=0.4, click=0.05)
    hiss = voices.hat(rate, rng, seconds=0.12, color=6000.0, metal=0.1)
    for quarter in range(8):
        loop.add(kick, quarter, -3.0)
        loop.pump(quarter, 0.4, 0.5)
        loop.add(hiss, quarter + 0.5, -11.0, pan=0.2, send=0.3)
    _riff(loop, ((0.5, 26, 1.2), (3.5, 26, 0.4), (5.5, 29, 0.9)), -7.0, 130.0)
    return loop.mix(2.6, 0.8, 0.7)


@dataclass(frozen=True)
class _Builtin:
    description: str
    render: Callable[[int], Audio]
    tempo: float = 120.0
    target: float = -18.0


def _builtins() -> dict[str, _Builtin]:
    return {
        "beat": _Builtin("house beat with bass and stabs, the default", _beat),
        "break_138": _Builtin("breakbeat with sub bass at 138 BPM", _break_138, 138.0),
        "broken_92": _Builtin("swung beat with electric piano at 92 BPM", _broken_92, 92.0),
        "acid_126": _Builtin("resonant sequence that opens and closes at 126 BPM", _acid, 126.0),
        "dub": _Builtin("echoing minor chord over a soft kick", _dub),
        "hats": _Builtin("closed and open hi-hats", _hats),
        "bass": _Builtin("bass line in A minor", _bass),
        "chords": _Builtin("four soft stereo chords in A minor", _chords),
        "piano": _Builtin("piano-like plucked sequence", _piano),
        "voice": _Builtin("choir-like pad that sings four vowels", _voice),
        "kick_1": _Builtin("one kick in the loop", _kicks(1)),
        "kick_2": _Builtin("two kicks in the loop", _kicks(2)),
        "kick_4": _Builtin("four kicks in the loop", _kicks(4)),
        "kick_8": _Builtin("eight kicks in the loop, one a beat", _kicks(8)),
        "low_noise": _Builtin("quiet low noise, to let the ear imagine", _low_noise, target=-42.0),
        "silence": _Builtin("nothing at all", _silence, target=float("-inf")),
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
