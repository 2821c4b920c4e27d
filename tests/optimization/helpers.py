"""Targets and settings for dreams in tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ear_engine.ear.network import Ear
from ear_engine.ear.shape import bin_frequencies
from ear_engine.optimization.dream import Dream
from ear_engine.optimization.settings import DreamSettings, settings_of
from ear_engine.parameters import ParameterTree
from ear_engine.shared_memory.states import Target
from ear_engine.targets.facts import make_facts
from ear_engine.targets.resolve import Resolver


def target(layer: str = "encoder_1_conv1", **changes: Any) -> Target:
    """A region of a layer: all of it unless said otherwise."""
    return replace(Target(layer, 0.5, 1.0, 20.0, 20000.0, 0.0, 0.0, 1.0), **changes)


def settings(**changes: Any) -> DreamSettings:
    """Settings without any randomness or pull unless asked for."""
    plain = {"pull": 0.0, "tilt": -3.0, "reshape": 0.85, "time_shift": 0.0, "time_mask": 0.0, "freq_mask": 0.0}
    return replace(settings_of(ParameterTree().values), **{"rate": -18.0, **plain, **changes})


def aim(dream: Dream, *targets: Target) -> None:
    """Let the dream be of these; of all of ``encoder_1_conv1`` if there are none."""
    facts = make_facts(dream.index, bin_frequencies(dream.ear.config))
    dream.aim(Resolver(facts).resolve(targets or (target(),), dream.beats))


def dream_of(ear: Ear, loop: NDArray[np.float32], *targets: Target, beats: int = 2, **more: Any) -> Dream:
    """A dream of these targets."""
    dream = Dream(ear, loop, beats, **more)
    aim(dream, *targets)
    return dream
