"""The built-in loops that are led by drums; each function renders one at a sample rate in Hz."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ear_engine.sources import voices
from ear_engine.sources.mixer import HOUSE_RIFF, LoopMixer, riff, steps, swung
from ear_engine.sources.synthesis import Audio, hertz, normalize


def kicks(count: int) -> Callable[[int], Audio]:
    """A renderer of so many kicks, evenly spaced."""

    def render(rate: int) -> Audio:
        loop = LoopMixer(rate)
        for hit in range(count):
            loop.add(voices.kick(rate, np.random.default_rng(4), pitch=52.0), hit * 8.0 / count, 0.0)
        return normalize(loop.dry[:1])

    return render


def hats(rate: int) -> Audio:
    """Closed hats in swung sixteenths, and open ones off the beat."""
    rng = np.random.default_rng(16)
    loop = LoopMixer(rate)
    closed = [voices.hat(rate, rng, seconds=length) for length in (0.05, 0.035, 0.07)]
    opened = voices.hat(rate, rng, seconds=0.34, metal=0.35)
    for index, (beat, level) in enumerate(steps("x-o- x-oo x-o- x-ox" * 2)):
        loop.add(closed[index % 3], swung(beat, 0.16), level - 6.0, pan=-0.15)
    for beat in (0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5):
        loop.add(opened, beat, -7.0, pan=0.15, send=0.08)
    return loop.mix(0.5)


def beat(rate: int) -> Audio:
    """House: drums, congas, bass and stabs that duck under the kick."""
    loop = LoopMixer(rate)
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
    for index, (beat, level) in enumerate(steps("o-x- o-xo o-x- oox-" * 2)):
        loop.add(closed[index % 3], swung(beat, 0.14), level - 6.5, pan=-0.2)
    for beat, level in steps("-o-x -o-x -o-x -oox" * 2):
        loop.add(shaker, swung(beat, 0.14) + 0.01, level - 12.0, pan=0.35)
    for beat in (0.75, 2.25, 3.75, 4.75, 6.25):
        loop.add(rim, swung(beat, 0.14), -12.5, pan=0.3, send=0.3)
    for index, beat in enumerate((1.75, 2.5, 3.25, 5.75, 6.75, 7.25)):
        loop.add(conga[index % 2], swung(beat, 0.14), -13.5, pan=-0.35, send=0.15)
    riff(loop, HOUSE_RIFF, -8.5, 420.0)
    for beat, voicing in (
        (0.75, (55, 59, 60, 64)),
        (2.5, (55, 59, 60, 64)),
        (4.75, (53, 57, 60, 64)),
        (6.5, (50, 55, 59, 64)),
    ):
        sound = voices.stab(rate, hertz(voicing), 0.28, cutoff=900.0, sweep=3200.0)
        loop.add(sound, swung(beat, 0.14), -8.0, send=0.4, ducked=True)
    loop.echo(0.75, 0.42)
    return loop.mix(1.1, 0.7, drive=1.1)


def break_138(rate: int) -> Audio:
    """Breakbeat with ghost notes, a ride and a sub bass."""
    loop = LoopMixer(rate, 8, 138.0)
    rng = np.random.default_rng(138)
    kick = voices.kick(rate, rng, pitch=60.0, sweep=180.0, seconds=0.25, click=0.4, drive=2.4)
    snare = voices.snare(rate, rng, pitch=205.0, seconds=0.24, snap=0.55)
    ghost = voices.snare(rate, rng, pitch=225.0, seconds=0.12, snap=0.7)
    ride = voices.hat(rate, rng, seconds=0.22, color=5600.0, metal=0.8)
    hat = voices.hat(rate, rng, seconds=0.05, color=6800.0)
    for beat, level in steps("X.x. .... ..xX .... X.x. .... ..X. ..o."):
        loop.add(kick, swung(beat, 0.1), level - 1.0, send=0.03)
        loop.pump(beat, 0.5, 0.4)
    for beat, level in steps(".... X..- .-.. X..o .... X..- .-.. ..X."):
        loop.add(snare if level > -5.0 else ghost, swung(beat, 0.1), level - 1.0, send=0.1)
    for beat, level in steps("x.o. x.o. x.o. x.oo x.o. x.o. x-o. x.o-"):
        loop.add(hat, swung(beat, 0.1), level - 6.0, pan=-0.15)
    for half in range(0, 8, 2):
        loop.add(ride, half, -10.0, pan=0.25)
    riff(loop, ((0.0, 26, 1.3), (2.5, 26, 0.6), (3.5, 29, 0.4), (4.0, 26, 1.2), (6.5, 24, 0.9)), -10.0, 260.0)
    return loop.mix(0.6, 0.7, drive=1.4)


def broken_92(rate: int) -> Audio:
    """Swung, broken beat with plucked chords."""
    loop = LoopMixer(rate, 8, 92.0)
    rng = np.random.default_rng(92)
    kick = voices.kick(rate, rng, pitch=49.0, sweep=150.0, seconds=0.4, click=0.15)
    snare = voices.snare(rate, rng, pitch=170.0, seconds=0.26, snap=0.45)
    hat = voices.hat(rate, rng, seconds=0.06, color=6500.0, metal=0.3)
    for beat, level in steps("X..o ..x. ..X. .... X..- ...x ..X. .o.."):
        loop.add(kick, swung(beat, 0.3), level - 1.0)
        loop.pump(beat, 0.5, 0.4)
    for beat, level in steps(".... X... .... X..- .... X... .-.. X..."):
        loop.add(snare, swung(beat, 0.3) + 0.015, level - 1.5, send=0.1)
    for beat, level in steps("x-o- x-oo x-o- o-xo" * 2):
        loop.add(hat, swung(beat, 0.3), level - 6.0, pan=0.2)
    for beat, voicing in (
        (0.0, (53, 57, 60, 64)),
        (2.75, (53, 57, 60, 64)),
        (4.0, (52, 55, 59, 62)),
        (6.75, (50, 53, 57, 60)),
    ):
        for index, midi in enumerate(voicing):
            string = voices.pluck(rate, float(hertz(midi)), 2.2, brightness=0.3, inharmonicity=5e-5)
            loop.add(string, swung(beat, 0.3) + 0.02 * index, -10.0, pan=0.2 * (index - 1.5), send=0.3, ducked=True)
    riff(loop, ((0.0, 29, 0.9), (1.75, 29, 0.3), (2.5, 36, 0.4), (4.0, 28, 0.9), (6.5, 26, 0.5)), -9.5, 260.0)
    return loop.mix(1.0, 0.6, drive=1.2)
