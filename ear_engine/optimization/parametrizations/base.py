"""What a parametrization is: coordinates of a loop, the way of a gradient into them, and the way of a step back.

The state of a dream is always its audio. Coordinates are only what one step is taken in, so another parametrization
can take over at any step and nothing jumps.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ear_engine.ear.real_fourier import RealFourier

_LEAST = 1e-12  # a change whose RMS is below this is not blown up to the distance


def level(audio: Tensor) -> Tensor:
    """RMS of each row, (variants, 1)."""
    root: Tensor = audio.square().mean(dim=-1, keepdim=True).sqrt()
    return root


class Parametrization:
    """Coordinates of loops of one length (plug-in kind ``parametrizations``).

    With J the derivative of the audio by its coordinates, :meth:`gradient` is ``J^T g`` and :meth:`change` is ``J d``.
    Methods are pure tensor code without a wait for the device.

    Args:
        samples: length of the loop.
        sample_rate: Hz.
        audio: (variants, samples), the loops as they are now; gives device and precision.
    """

    def __init__(self, samples: int, sample_rate: int, audio: Tensor) -> None:
        self.samples = samples
        self.sample_rate = sample_rate
        self.restart(audio)

    def restart(self, audio: Tensor) -> None:
        """Take ``audio`` as the loops to start from: called when they are set by other means than steps."""

    def gradient(self, audio: Tensor, gradient: Tensor) -> Tensor:
        """Gradient on the coordinates, (variants, coordinates), of one on the audio, (variants, samples)."""
        raise NotImplementedError

    def change(self, audio: Tensor, direction: Tensor) -> Tensor:
        """First-order change of the audio, (variants, samples), along a direction, (variants, coordinates)."""
        raise NotImplementedError

    def hold(self, audio: Tensor) -> Tensor:
        """``audio`` with everything that this parametrization does not change as it was; most change everything."""
        return audio

    def go(self, audio: Tensor, change: Tensor, distance: Tensor) -> Tensor:
        """``audio`` moved along ``change`` (both (variants, samples)) until its own change has RMS ``distance``.

        Args:
            audio: where to start.
            change: any change of the audio; 0 moves nothing.
            distance: RMS of the change of each row, 0-d.
        """
        return audio + change * (distance / level(change).clamp(min=_LEAST))

    def move(self, audio: Tensor, direction: Tensor, distance: Tensor) -> Tensor:
        """``audio`` moved by RMS ``distance`` along a direction in the coordinates; see :meth:`go`."""
        return self.go(audio, self.change(audio, direction), distance)


class RealSpectrum:
    """The isometry between loops and their spectrum: what ``analyze`` gives has the energy of the loop.

    Bins between the two real ones count twice in a loop's energy, so they are stored times the square root of 2.

    Args:
        samples: length of the loop.
        like: gives device and precision.
    """

    def __init__(self, samples: int, like: Tensor) -> None:
        self.samples = samples
        scale = torch.full((samples // 2 + 1,), (2.0 / samples) ** 0.5, dtype=like.dtype, device=like.device)
        scale[0] = samples**-0.5
        if samples % 2 == 0:
            scale[-1] = samples**-0.5
        self.scale = scale
        self._fourier = RealFourier.create(samples, like.device)

    def analyze(self, audio: Tensor) -> Tensor:
        """(variants, samples) → (variants, samples // 2 + 1), complex."""
        return self._fourier.spectrum(audio) * self.scale

    def synthesize(self, spectrum: Tensor) -> Tensor:
        """Adjoint of :meth:`analyze` and its inverse; imaginary parts of the real bins are ignored."""
        return self._fourier.inverse(spectrum / self.scale)
