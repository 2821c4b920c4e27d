"""Clips that the engine has made itself, beside those of the library: loops that were heard, loops of the input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ear_engine.clip import Clip
from ear_engine.osc.reports import ClipInfo


class MadeClips(Protocol):
    """A collection of them; :class:`ear_engine.node.clip_names.ClipNames` asks those in its list ``made`` first."""

    def clips(self) -> Sequence[ClipInfo]:
        """Those there are."""

    def named(self, name: str) -> str | None:
        """The clip that ``name`` means, as it is listed; None if it is none of these. From any thread.

        Raises:
            UserError: it would be one, but is not there (any more).
        """

    def read(self, name: str) -> Clip:
        """A clip by its listed name, from any thread.

        Raises:
            UserError: it is not there any more.
        """
