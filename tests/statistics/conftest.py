from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from ear_engine.ear.statistics import Statistics
from ear_engine.statistics.gather import Options, gather
from tests.statistics.planted import KEPT, PlantedEar, music


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Small tensors on a busy machine: threads would only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def planted(one_thread: None) -> Statistics:
    """Statistics of the planted ear on the planted music."""
    return gather(PlantedEar(), music(), corpus="planted", weights="0" * 64, options=Options(12, 3, "cpu", KEPT))
