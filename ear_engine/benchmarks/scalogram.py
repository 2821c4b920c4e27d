"""The scalogram of a loop, forward and backward to the sound, against kernels in time (the paper's way)."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ear_engine.benchmarks.convolution import TimeDomainTransform
from ear_engine.benchmarks.measure import take_turns
from ear_engine.benchmarks.rows import Row, judged
from ear_engine.ear.scalogram import Scalogram

FRAMES = 176
_REFERENCES = {"one conv1d an octave": "conv1d", "cut out and one matrix product an octave": "unfold"}


def run(repetitions: int | None = None, batches: tuple[int, ...] = (1, 8)) -> list[Row]:
    """Milliseconds for batches of loops of 4.09 s."""
    return [row for clips in batches for row in _measure(clips, 25 if repetitions is None else repetitions)]


def _measure(clips: int, rounds: int) -> list[Row]:
    scalogram = Scalogram()
    hop = scalogram.config.hop
    samples = FRAMES * hop
    audio = 0.1 * torch.randn(clips, samples, generator=torch.Generator().manual_seed(1))
    transforms: dict[str, Callable[[Tensor], Tensor]] = {"folded": lambda x: scalogram.transform(x, FRAMES)}
    for name, method in _REFERENCES.items():
        transforms[name] = _in_time(TimeDomainTransform(scalogram.config, hop, method))  # type: ignore[arg-type]
    timings = take_turns(
        {name: _forward_and_backward(scalogram, transform, audio) for name, transform in transforms.items()}, rounds
    )
    operations, moved = _count(scalogram, samples, clips)
    return [
        judged(
            "scalogram",
            f"forward and backward, {clips} {'loop' if clips == 1 else 'loops'}, against {name}",
            1e3 * timings.median("folded"),
            "ms",
            reference=1e3 * timings.median(name),
            ratio=timings.ratio("folded", name),
            floor_share=timings.floor_share("folded", operations, moved),
        )
        for name in _REFERENCES
    ]


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
