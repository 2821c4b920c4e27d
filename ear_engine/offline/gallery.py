"""Many dreams on a page: for every clip and target what was aimed at, the scalograms, and the loop to listen to."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ear_engine.offline.dreaming import Progress, check, dream_all
from ear_engine.offline.outputs import need_folder
from ear_engine.offline.picture import need_matplotlib
from ear_engine.offline.request import Request
from ear_engine.offline.units import with_unit
from ear_engine.parameters import ParameterTree
from ear_engine.presets import list_presets
from ear_engine.whole_files import made_folder, replacing

CLIPS = ("beat", "silence")
LAYERS = 6  # of rising depth, if no target is named

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ background: #0d0f14; color: #e8ecf4; font: 15px/1.5 sans-serif; margin: 2rem auto; max-width: 1200px }}
h1, h2 {{ font-weight: 500 }}
figure {{ margin: 0 0 2.5rem }}
img, audio {{ width: 100% }}
figcaption {{ color: #9aa3b5 }}
</style>
<h1>{title}</h1>
<p>{text}</p>
{figures}
</html>
"""
_FIGURE = """<figure>
<figcaption>{caption}</figcaption>
<img src="{name}.png" alt="{caption}" loading="lazy">
<audio controls loop preload="none" src="{name}.wav"></audio>
</figure>"""


@dataclass(frozen=True)
class Piece:
    """One dream of the page.

    Args:
        name: of its files, without suffix.
        request: what is dreamed.
        start, end: the objective in the first and the last eighth.
        unit: of the objective, if it has one.
    """

    name: str
    request: Request
    start: float = 0.0
    end: float = 0.0
    unit: str = ""

    @property
    def caption(self) -> str:
        """Clip, target, and how far the objective rose."""
        what = f"preset {self.request.preset}" if self.request.preset else self.request.target
        return with_unit(f"{self.request.clip} → {what}: {self.start:.2f} → {self.end:.2f}", self.unit)


def plan(base: Request, clips: Sequence[str], targets: Sequence[str], layers: Sequence[str]) -> list[Piece]:
    """What the page shows.

    Args:
        base: what all have in common.
        clips: to dream from; ``CLIPS`` if empty.
        targets: to dream of; if empty, six layers of rising depth and all presets.
        layers: of the ear, in forward order, its front end left out.
    """
    wanted = [replace(base, target=target) for target in targets]
    if not targets:
        depths = np.unique(np.linspace(0, len(layers) - 1, LAYERS).round().astype(int))
        wanted = [replace(base, target=layers[depth]) for depth in depths]
        presets = [preset for preset in list_presets(ParameterTree()) if not preset.problem]
        wanted += [replace(base, preset=preset.name) for preset in presets]
    requests = [replace(one, clip=clip) for clip in clips or CLIPS for one in wanted]
    names = [
        f"{number:02}_{_plain(Path(one.clip).stem)}_{_plain(one.preset or one.target or '')}"
        for number, one in enumerate(requests, 1)
    ]
    return [Piece(name, request) for name, request in zip(names, requests, strict=True)]


def make(pieces: Sequence[Piece], folder: Path, title: str, shown: Callable[[Piece, int], Progress]) -> Iterator[Piece]:
    """Dream all pieces into ``folder``, and write ``index.html`` after each, so that a look is possible meanwhile.

    Args:
        pieces: from :func:`plan`.
        folder: is made.
        title: of the page.
        shown: what tells how far a piece is.

    Raises:
        UserError: a piece cannot be dreamed or written; what can be known of that is known before the first is dreamed.
    """
    need_matplotlib()
    need_folder(folder)
    for piece in pieces:
        check(piece.request)
    made_folder(folder)
    done: list[Piece] = []
    for number, piece in enumerate(pieces):
        dreamed = dream_all(piece.request, shown(piece, number))[0]
        dreamed.save(folder / f"{piece.name}.wav")
        dreamed.picture(folder / f"{piece.name}.png")
        eighth = max(1, len(dreamed.objective) // 8)
        start, end = dreamed.objective[:eighth].mean(), dreamed.objective[-eighth:].mean()
        done.append(replace(piece, start=float(start), end=float(end), unit=dreamed.unit))
        _write_page(done, folder / "index.html", title)
        yield done[-1]


def _write_page(pieces: Sequence[Piece], path: Path, title: str) -> None:
    request = pieces[0].request
    text = f"Each was dreamed for {request.beats:g} beats with {request.steps} steps a beat, seed {request.seed}."
    figures = "\n".join(_FIGURE.format(name=piece.name, caption=html.escape(piece.caption)) for piece in pieces)
    with replacing(path) as file:
        file.write(_PAGE.format(title=html.escape(title), text=text, figures=figures).encode())


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:40]
