"""Which device computes."""

from __future__ import annotations

import torch

from ear_engine.errors import UserError


def choose_device(wanted: str) -> str:
    """The torch device that ``--device`` means; ``auto`` takes the fastest kind there is.

    Raises:
        UserError: it is not there.
    """
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if there[name])
    if not there.get(wanted, False):
        raise UserError(f"device {wanted!r}", "is not available here", "use --device auto", "no_device")
    return wanted
