"""Phases only: the magnitudes of the loop's spectrum are held as they were, and a dream moves sound in time.

The analog of MaCo for images (Fel et al. 2023), whose magnitudes are held too. A coordinate is the way that a bin's
coefficient has gone on its circle, not its angle: so a gradient on the coordinates is that on the audio without what
would change magnitudes, and loud bins do not move more than that asks for.

What else changes the loop (the pull to the source, a level) may move magnitudes; :meth:`Phase.hold` puts them back, and
every step does. So nothing adds up, and a dream that calls it after the pull, too, never leaves them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ear_engine.optimization.parametrizations.base import Parametrization, RealSpectrum

_ROUNDS = 3  # of the search for a step's length
_LEAST = 1e-24


class Phase(Parametrization):
    """Phases of the loop's spectrum; coordinates are (variants, samples // 2 + 1).

    Directions at 0 Hz and at half the sample rate, where a loop has signs and no phases, do nothing. A bin that is
    exactly 0 stays so.
    """

    def __init__(self, samples: int, sample_rate: int, audio: Tensor) -> None:
        self._spectrum = RealSpectrum(samples, audio)
        self._magnitudes = torch.zeros(len(audio), samples // 2 + 1, dtype=audio.dtype, device=audio.device)
        self._free = torch.ones(samples // 2 + 1, dtype=audio.dtype, device=audio.device)
        self._free[0] = 0.0
        if samples % 2 == 0:
            self._free[-1] = 0.0
        super().__init__(samples, sample_rate, audio)

    def restart(self, audio: Tensor) -> None:
        """Hold the magnitudes of ``audio`` from now on."""
        self._magnitudes.copy_(self._spectrum.analyze(audio).abs())

    def gradient(self, audio: Tensor, gradient: Tensor) -> Tensor:
        """The gradient's part along each bin's circle."""
        return self._along(self._phasors(audio), gradient)

    def change(self, audio: Tensor, direction: Tensor) -> Tensor:
        """Change of the audio when each bin goes so far along its circle."""
        phasors = self._phasors(audio)
        way = direction * self._free
        return self._spectrum.synthesize(torch.complex(-phasors.imag * way, phasors.real * way))

    def hold(self, audio: Tensor) -> Tensor:
        """``audio`` with the magnitudes that are held."""
        return self._spectrum.synthesize(self._phasors(audio) * self._magnitudes)

    def go(self, audio: Tensor, change: Tensor, distance: Tensor) -> Tensor:
        """``audio`` turned on its circles as ``change`` asks, by RMS ``distance``.

        Bins turn by less than a right angle, so a distance that would need more is not reached.
        """
        phasors = self._phasors(audio)
        return self._turn(phasors, self._along(phasors, change), distance)

    def move(self, audio: Tensor, direction: Tensor, distance: Tensor) -> Tensor:
        """The same for a direction in the coordinates, with two transforms fewer."""
        return self._turn(self._phasors(audio), direction * self._free, distance)

    def _phasors(self, audio: Tensor) -> Tensor:
        return torch.sgn(self._spectrum.analyze(audio))

    def _along(self, phasors: Tensor, change: Tensor) -> Tensor:
        """Signed part of a change, (variants, samples), along the circles."""
        way = self._spectrum.analyze(change)
        return (phasors.real * way.imag - phasors.imag * way.real) * self._free

    def _turn(self, phasors: Tensor, way: Tensor, distance: Tensor) -> Tensor:
        """The sound whose bins went straight on along ``way`` and back to their circles, so far that RMS is reached.

        A bin of magnitude m that went q turned by the angle whose tangent is q / m, and has moved by its chord. The
        factor of ``way`` is found by scaling it a few times with the distance missed.
        """
        size = self._magnitudes
        wanted = distance.square() * self.samples
        factor = (wanted / way.square().sum(dim=-1, keepdim=True).clamp(min=_LEAST)).sqrt()
        for _ in range(_ROUNDS - 1):
            cosine, sine = _angle(size, way * factor)
            chords = 2.0 * (size * sine).square() / (1.0 + cosine)
            gone = chords.sum(dim=-1, keepdim=True)
            factor = factor * (wanted / gone.clamp(min=_LEAST)).sqrt().clamp(max=2.0)
        cosine, sine = _angle(size, way * factor)
        cosine, sine = cosine * size, sine * size
        real = phasors.real * cosine - phasors.imag * sine
        imaginary = phasors.real * sine + phasors.imag * cosine
        return self._spectrum.synthesize(torch.complex(real, imaginary))


def _angle(size: Tensor, way: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine and sine of the angle under which ``way`` is seen from the distance ``size``; nothing at 0 turns."""
    inverse = (size.square() + way.square()).clamp(min=_LEAST).rsqrt()
    return torch.where(size > 0, size * inverse, 1.0), torch.where(size > 0, way * inverse, 0.0)
