"""What a viewer is started with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ear_engine.osc.place import Place


@dataclass(frozen=True)
class ViewOptions:
    """What a viewer is started with.

    Args:
        place: of the engine.
        session: folder of an engine on this machine, whose maps and loops are then read directly.
        fullscreen: fill a screen.
        monitor: number of the screen.
        palette: by name; as the engine says if None.
        console: show the console.
        seconds: end after so many.
        screenshot: write the last frame there, and end.
        size: of the window.
        parent: end when this process has; 0 is none.
        outputs: what the picture is given to besides the window (:mod:`ear_engine.viewer.outputs`).
        allow: networks whose machines may come to them, besides this one; all if there are none.
    """

    place: Place
    session: Path | None = None
    fullscreen: bool = False
    monitor: int | None = None
    palette: str | None = None
    console: bool = True
    seconds: float | None = None
    screenshot: Path | None = None
    size: tuple[int, int] = (1280, 720)
    parent: int = 0
    outputs: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()

    @property
    def wanted(self) -> dict[str, str]:
        """Values of parameters that every engine gets."""
        return {} if self.palette is None else {"view/palette": self.palette}
