"""Plug-ins in a dream: found by the registry, and named and left out if they fail."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ear_engine.errors import UserError
from ear_engine.optimization.settings import DreamSettings
from ear_engine.optimization.transforms import Copies, Transform
from ear_engine.plugins import Registry


class PluginFault(UserError):
    """A plug-in raised while it was used; ``transform`` is the one to leave out."""

    def __init__(self, transform: GuardedTransform, error: Exception) -> None:
        self.transform = transform
        reason = f"failed ({type(error).__name__}: {error}) and is left out"
        super().__init__(f"transforms plug-in {transform.name!r}", reason, "mend or uninstall it", "broken_plugin")


class GuardedTransform:
    """A transform by name, whose mistakes become a :class:`PluginFault`."""

    def __init__(self, name: str, transform: Transform) -> None:
        self.name = name
        self._transform = transform

    def on_audio(self, copies: Copies, settings: DreamSettings, generator: torch.Generator) -> Copies:
        """The transform's, guarded."""
        try:
            return self._transform.on_audio(copies, settings, generator)
        except Exception as error:
            raise PluginFault(self, error) from error

    def on_features(self, features: Tensor, settings: DreamSettings, generator: torch.Generator) -> Tensor:
        """The transform's, guarded."""
        try:
            return self._transform.on_features(features, settings, generator)
        except Exception as error:
            raise PluginFault(self, error) from error


def load_transforms(registry: Registry, report: Callable[[str], None]) -> list[GuardedTransform]:
    """Every transform that can be made; ``report`` gets one sentence for each that cannot."""
    found: list[GuardedTransform] = []
    for name, kind in registry.load_all("transforms"):
        try:
            found.append(GuardedTransform(name, kind()))
        except Exception as error:
            report(f"transforms plug-in {name!r} cannot be made ({type(error).__name__}: {error}) and is left out.")
    for row in registry.report():
        if row.status == "broken" and row.kind in ("transforms", ""):
            report(f"{row.kind or 'A'} plug-in {row.name!r} of {row.distribution} is left out: {row.reason}.")
    return found
