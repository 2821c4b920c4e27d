"""Which device computes."""

from __future__ import annotations

import torch

from ear_engine.errors import UserError


def choose_device(wanted: str, among: tuple[str, ...] = ("cuda", "mps", "cpu")) -> str:
    """The torch device that ``--device`` means.

    Args:
        wanted: ``auto``, or a kind.
        among: kinds that will do, ``cpu`` among them; ``auto`` takes the first that is there.

    Raises:
        UserError: it is not there.
    """
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return next(name for name in among if there[name])
    if wanted not in among or not there[wanted]:
        raise UserError(f"device {wanted!r}", "is not available here", "use auto", "no_device")
    return wanted
