"""Transforms from elsewhere: used, or named and left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.ear.network import Ear
from ear_engine.optimization.dream import Dream
from ear_engine.optimization.plugged import PluginFault, load_transforms
from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.transforms import Copies
from ear_engine.plugins import Registry
from tests.optimization.helpers import settings


class Louder:
    """Works."""

    def on_audio(self, copies: Copies, settings: DreamSettings, generator: torch.Generator) -> Copies:
        return Copies(copies.audio * 2, copies.shifts)

    def on_features(self, features: Tensor, settings: DreamSettings, generator: torch.Generator) -> Tensor:
        return features


class Breaks(Louder):
    """Fails when it is used."""

    def on_features(self, features: Tensor, settings: DreamSettings, generator: torch.Generator) -> Tensor:
        raise RuntimeError("no hands")


class CannotBeMade(Louder):
    """Fails when it is made."""

    def __init__(self) -> None:
        raise ValueError("no eyes")


class Installed(Registry):
    """A registry as if these were installed."""

    def load_all(self, kind: str) -> Iterator[tuple[str, Any]]:
        yield from (("breaks", Breaks), ("louder", Louder), ("unmade", CannotBeMade))


def test_what_cannot_be_made_is_named_and_the_rest_is_used() -> None:
    said: list[str] = []
    assert [one.name for one in load_transforms(Installed(), said.append)] == ["breaks", "louder"]
    assert any("'unmade'" in line and "no eyes" in line for line in said)


def test_what_fails_in_use_is_named_and_changes_nothing(ear: Ear, loop: NDArray[np.float32]) -> None:
    transforms = load_transforms(Installed(), lambda said: None)
    dream = Dream(ear, loop, 2, transforms=transforms)
    before = dream.audio
    with pytest.raises(PluginFault, match=r"'breaks' failed .*no hands") as caught:
        dream.step(settings(), 0.1)
    assert torch.equal(dream.audio, before)
    dream.transforms = tuple(one for one in transforms if one is not caught.value.transform)
    assert dream.step(settings(), 0.1).finite
