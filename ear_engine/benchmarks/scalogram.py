"""The scalogram of a loop, forward and backward to the sound, against kernels in time (the paper's way).

How exact it is, is measured beside it: against the definition's Fourier sum, evaluated in float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.benchmarks.convolution import Method, TimeDomainTransform
from ear_engine.benchmarks.measure import take_turns
from ear_engine.benchmarks.rows import Row, judged
from ear_engine.ear.scalogram import Scalogram

FRAMES = 176
WORST_DB = -60.0
_REFERENCES: dict[str, tuple[Method, float]] = {  # how, and how many times as fast as that the scalogram shall be
    "one conv1d an octave": ("conv1d", 15.0),
    "cut out and one matrix product an octave": ("unfold", 4.0),
}


def run(repetitions: int | None = None, batches: tuple[int, ...] = (1, 8)) -> list[Row]:
    """Milliseconds for batches of loops of 4.09 s, how many times faster than the references, and the error."""
    rows = [row for clips in batches for row in _measure(clips, 25 if repetitions is None else repetitions)]
    case = "largest error of any bin of a loop, against its Fourier sum in float64"
    return [*rows, judged("scalogram", case, float(_errors(Scalogram()).max()), "dB", target=WORST_DB)]


def _measure(clips: int, rounds: int) -> list[Row]:
    scalogram = Scalogram()
    hop = scalogram.config.hop
    samples = FRAMES * hop
    audio = 0.1 * torch.randn(clips, samples, generator=torch.Generator().manual_seed(1))
    transforms: dict[str, Callable[[Tensor], Tensor]] = {"folded": lambda x: scalogram.transform(x, FRAMES)}
    for name, (method, _) in _REFERENCES.items():
        transforms[name] = _in_time(TimeDomainTransform(scalogram.config, hop, method))
    timings = take_turns(
        {name: _forward_and_backward(scalogram, transform, audio) for name, transform in transforms.items()}, rounds
    )
    operations, moved = _count(scalogram, samples, clips)
    loops = f"{clips} {'loop' if clips == 1 else 'loops'}"
    rows = []
    for name, (_, target) in _REFERENCES.items():
        ratio = timings.ratio("folded", name)
        share = timings.floor_share("folded", operations, moved)
        here, there = 1e3 * timings.median("folded"), 1e3 * timings.median(name)
        case = f"forward and backward, {loops}, against {name}"
        rows += [
            judged("scalogram", case, here, "ms", reference=there, ratio=ratio, floor_share=share),
            judged("scalogram", f"times as fast, {loops}, as {name}", ratio, "×", target=target),
        ]
    return rows


def _in_time(transform: TimeDomainTransform) -> Callable[[Tensor], Tensor]:
    return lambda audio: transform(audio, circular=True)


def _forward_and_backward(
    scalogram: Scalogram, transform: Callable[[Tensor], Tensor], audio: Tensor
) -> Callable[[], object]:
    """Log amplitude and phase by the same code for all; only the way to the coefficients differs."""
    hop = float(scalogram.config.hop)

    def call() -> object:
        heard = audio.detach().requires_grad_()
        features = scalogram.features(transform(heard), hop, circular=True)
        return torch.autograd.grad(features.sum(), heard)

    return call


def _count(scalogram: Scalogram, samples: int, clips: int) -> tuple[float, float]:
    """Operations and bytes of one forward and backward pass.

    Operations: real FFT 2.5 N log2 N, windows 4 a value (a product and a sum for real and imaginary parts),
    inverse FFTs 5 M log2 M a bin; the same again backward.
    Bytes, float32: the windows once a direction for all clips; audio, spectrum, coefficients and features each written
    and read once a direction. Log amplitude and phase are not counted as operations.
    """
    windows = scalogram.folding(samples, FRAMES, torch.device("cpu")).values
    coefficients = scalogram.config.bins * FRAMES
    operations = 2.5 * samples * math.log2(samples) + 4 * windows + 5 * coefficients * math.log2(FRAMES)
    moved = 2 * 4.0 * (samples + (samples + 2) + 2 * coefficients + 2 * coefficients)
    return 2 * clips * operations, 2 * (clips * moved + 4.0 * windows)


def _errors(scalogram: Scalogram) -> NDArray[np.float64]:
    """Largest difference over largest magnitude of every bin, dB, for one loop of noise: (bins,)."""
    config, samples = scalogram.config, FRAMES * scalogram.config.hop
    audio = 0.1 * torch.randn(1, samples, generator=torch.Generator().manual_seed(2))
    spectrum = np.fft.fft(audio[0].double().numpy())
    found = scalogram.transform(audio, FRAMES)[0].numpy()
    bins = np.arange(samples // 2 + 1)
    turns = np.exp(2j * np.pi * np.outer(np.arange(FRAMES), np.arange(FRAMES)) / FRAMES)
    errors = []
    for row, center in zip(found, config.frequencies(), strict=True):
        distance = (bins * config.sample_rate / samples - center) * config.q / center
        band = bins[np.abs(distance) < 1.0]
        weighted = spectrum[band] * (1.0 + np.cos(np.pi * distance[band]))
        equal = np.zeros(FRAMES, complex)
        np.add.at(equal, band % FRAMES, weighted)  # bins a multiple of the frames apart turn alike
        true = turns @ equal / samples
        errors.append(20.0 * np.log10(np.abs(row - true).max() / np.abs(true).max()))
    return np.array(errors)
