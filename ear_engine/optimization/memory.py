"""Memory that has run out, whichever library says so."""

from __future__ import annotations

import torch

from ear_engine.errors import UserError


def out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` says that there is no memory left (on a CPU, torch says it with a plain ``RuntimeError``)."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


def memory_error(error: BaseException, subject: str, mend: str) -> UserError | None:
    """What a user is told if ``error`` says that memory has run out; None if it says something else."""
    if out_of_memory(error):
        return UserError(subject, "does not fit into memory", mend, "no_memory")
    return None


def free_memory() -> None:
    """Give back what torch keeps for later on a GPU."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
