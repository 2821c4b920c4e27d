"""Plug-ins from elsewhere: used, or named and left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from ear_engine.ear.network import Ear
from ear_engine.optimization.ascent import PluginFault
from ear_engine.optimization.plugged import Parts, load_parts
from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.surroundings import Surroundings
from ear_engine.optimization.transforms.base import Copies, Shape, Transform
from ear_engine.plugins import Registry
from tests.optimization.helpers import dream_of, settings


class Louder(Transform):
    """Works."""

    def numbers(self, settings: DreamSettings, shape: Shape, generator: torch.Generator) -> Tensor | None:
        return torch.tensor(2.0)

    def on_audio(self, copies: Copies, numbers: Tensor) -> Copies:
        return Copies(copies.audio * numbers, copies.shifts)


class Breaks(Louder):
    """Fails when it is used."""

    def on_features(self, features: Tensor, numbers: Tensor) -> Tensor:
        raise RuntimeError("no hands")


class CannotDraw(Louder):
    """Fails on the host."""

    def numbers(self, settings: DreamSettings, shape: Shape, generator: torch.Generator) -> Tensor | None:
        raise ZeroDivisionError("no dice")


class NotANumber(Louder):
    """Works, but what it makes is no number."""

    def on_gradient(self, gradient: Tensor, numbers: Tensor) -> Tensor:
        return gradient / 0.0 * 0.0


class CannotBeMade(Louder):
    """Fails when it is made."""

    def __init__(self) -> None:
        raise ValueError("no eyes")


class Installed(Registry):
    """A registry as if these were installed."""

    def load_all(self, kind: str) -> Iterator[tuple[str, Any]]:
        if kind == "transforms":
            yield from (("breaks", Breaks), ("louder", Louder), ("unmade", CannotBeMade))


def test_what_cannot_be_made_is_named_and_the_rest_is_used() -> None:
    said: list[str] = []
    assert [type(one) for one in load_parts(Installed(), said.append).transforms] == [Breaks, Louder]
    assert any("'unmade'" in line and "no eyes" in line for line in said)


@pytest.mark.parametrize(("broken", "reason"), [(Breaks(), "no hands"), (CannotDraw(), "no dice")])
def test_what_fails_in_use_is_named_and_changes_nothing(
    ear: Ear, loop: NDArray[np.float32], broken: Transform, reason: str
) -> None:
    dream = dream_of(ear, loop, surroundings=Surroundings(parts=Parts(transforms=(Louder(), broken))))
    before = dream.audio
    with pytest.raises(PluginFault, match=f"{type(broken).__name__} failed .*{reason}") as caught:
        dream.step(settings(), 0.1)
    assert torch.equal(dream.audio, before)
    dream.parts = dream.parts.without(caught.value.part)
    assert dream.step(settings(), 0.1).finite
    assert not torch.equal(dream.audio, before)


def test_what_makes_no_numbers_never_reaches_the_loop(ear: Ear, loop: NDArray[np.float32]) -> None:
    dream = dream_of(ear, loop, surroundings=Surroundings(parts=Parts(transforms=(NotANumber(),))))
    before = dream.audio
    assert not dream.step(settings(), 0.1).finite
    assert torch.equal(dream.audio, before)
