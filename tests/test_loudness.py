"""The loudness meter against the standard's own figures."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from ear_engine.loudness import SILENT, LoudnessMeter

SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
HIGHPASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
"""BS.1770-4, annex 1, tables 1 and 2: numerators and denominators at 48 kHz."""


def sine(frequency: int, rate: int, peak: float = 1.0, seconds: int = 3) -> NDArray[np.float32]:
    return np.asarray(peak * np.sin(2 * np.pi * frequency * np.arange(seconds * rate) / rate), dtype=np.float32)


def measure(*channels: NDArray[np.float32], rate: int = 48000) -> float:
    return LoudnessMeter(len(channels[0]), rate).measure(np.stack(channels))


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_the_reference_tone(rate: int) -> None:
    """997 Hz at full scale reads -3.01 LUFS in one channel, and 3.01 LU more in two."""
    tone = sine(997, rate)
    assert measure(tone, rate=rate) == pytest.approx(-3.01, abs=0.02)
    assert measure(tone, 0 * tone, rate=rate) == pytest.approx(-3.01, abs=0.02)
    assert measure(tone, tone, rate=rate) == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize("level", [-23.0, -33.0])
def test_conformance_at_low_levels(level: float) -> None:
    """EBU Tech 3341, cases 1 and 2: 1000 Hz in both channels at so many dBFS is as many LUFS, within 0.1 LU."""
    tone = sine(1000, 48000, 10 ** (level / 20))
    assert measure(tone, tone) == pytest.approx(level, abs=0.1)


def test_quiet_passages_are_gated() -> None:
    """EBU Tech 3341, case 3, as a loop: -23 dBFS, with -36 dBFS before and after, is -23 LUFS."""
    quiet, loud = sine(1000, 48000, 10 ** (-36 / 20)), sine(1000, 48000, 10 ** (-23 / 20), seconds=18)
    tone = np.concatenate((quiet, loud, quiet))
    assert measure(tone, tone) == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("frequency", [20, 38, 100, 500, 1682, 5000, 15000])
def test_weighting_is_that_of_the_standard(frequency: int) -> None:
    z = np.exp(-2j * np.pi * frequency / 48000)
    gain = np.prod([abs(np.polyval(b[::-1], z) / np.polyval(a[::-1], z)) for b, a in (SHELF, HIGHPASS)])
    assert measure(sine(frequency, 48000)) == pytest.approx(-0.691 + 10 * np.log10(gain**2 / 2), abs=1e-3)


def test_nothing_and_next_to_nothing_are_silent() -> None:
    assert measure(np.zeros(48000, dtype=np.float32)) == SILENT
    assert measure(sine(997, 48000, 10 ** (-72 / 20))) == SILENT


def test_a_loop_has_no_first_sample() -> None:
    burst = np.concatenate((sine(997, 48000, seconds=1), np.zeros(3 * 48000, dtype=np.float32)))
    assert measure(np.roll(burst, -24000)) == pytest.approx(measure(burst), abs=1e-4)  # by whole steps of 100 ms


def test_shorter_than_a_block() -> None:
    assert measure(sine(997, 48000)[: 48 * 250]) == pytest.approx(-3.01, abs=0.05)


def test_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="loops of 1000 samples"):
        LoudnessMeter(1000, 48000).measure(np.zeros((1, 999), dtype=np.float32))


def test_importing_it_needs_no_scipy() -> None:
    code = "import sys, ear_engine.loudness; print(sorted({'scipy', 'torch'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
