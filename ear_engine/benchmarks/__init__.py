"""How fast the engine is, every part against a plain reference measured in the same run.

``python -m ear_engine.benchmarks`` writes ``BENCHMARKS.md``; ``ear-engine bench`` prints a table or JSON.
"""

from __future__ import annotations

import importlib
from typing import Protocol, cast

from ear_engine.benchmarks.rows import Row

PARTS = ("scalogram", "dream", "training", "layout", "view", "render", "osc")

__all__ = ["PARTS", "Row", "run"]


class _Part(Protocol):
    def run(self, repetitions: int | None = None) -> list[Row]: ...


def run(part: str, repetitions: int | None = None) -> list[Row]:
    """Measure one of ``PARTS``.

    Args:
        part: which.
        repetitions: rounds; the part's own choice if None.

    Raises:
        ImportError: there is no such part.
    """
    module = cast(_Part, importlib.import_module(f"ear_engine.benchmarks.{part}"))
    return module.run(repetitions)
