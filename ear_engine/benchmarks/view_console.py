"""A frame with the console open: the whole map between the panels, the panels full of what an engine would tell."""

from __future__ import annotations

import math

from ear_engine.ear.neurons import NeuronIndex
from ear_engine.osc.reports import ClipInfo, LayerInfo
from ear_engine.parameters import ParameterTree
from ear_engine.presets import list_presets
from ear_engine.sources.library import ClipLibrary
from ear_engine.viewer.camera import Camera
from ear_engine.viewer.console import Console, Shown
from ear_engine.viewer.heatmaps import heard_picture
from ear_engine.viewer.model import LoopLights, MapPicture
from ear_engine.viewer.offscreen import Offscreen
from ear_engine.viewer.panel import Panel
from ear_engine.viewer.snapshot import LoopNews, Preset, Snapshot

_CURVE = 600  # points of the objective's curve
_FRAME = 1.0 / 60.0


class OpenConsole:
    """The panels over a drawing.

    Args:
        drawing: with its map shown; its camera is set to fit between the panels.
        picture: its map.
        lights: the loop that it plays.
    """

    def __init__(self, drawing: Offscreen, picture: MapPicture, lights: LoopLights) -> None:
        self._drawing = drawing
        self._panel = Panel(drawing.context)
        tree = ParameterTree()
        self._console = Console(self._panel, tree, lambda name, value: None, lambda name: None)
        self._snapshot = _told(tree, picture.index)
        images = []
        pixels = heard_picture(picture.index, lights)
        if pixels is not None:
            self._panel.image("heard", pixels)
            images.append("heard")
        self._shown = Shown(0.0, float(tree.values["playback/beats"]), tuple(images), 10.0, 60.0, 0)
        left, right, below = self._console.margins(drawing.size)
        width, height = drawing.size
        free = Camera(width - left - right, height - below)
        view = free.fitted(picture.positions)
        zoom = view.zoom * min(free.width, free.height) / min(width, height)
        drawing.camera.view = type(view)((view.center[0], view.center[1] - below / 2 / (zoom * height)), zoom)

    def draw(self, phase: float) -> None:
        """A frame at a phase of the loop, map and panels."""
        self._drawing.scene.draw(self._drawing.target, self._drawing.camera, phase)
        self._drawing.target.use()
        self._panel.begin(self._drawing.size, 1.0, _FRAME)
        shown = Shown(phase, self._shown.beats, self._shown.images, 10.0, 60.0, 0)
        self._console.draw(self._drawing.size, self._snapshot, shown)
        self._panel.end()

    def release(self) -> None:
        """Give everything back."""
        self._panel.close()


def _told(tree: ParameterTree, index: NeuronIndex) -> Snapshot:
    clips = ClipLibrary(()).names()
    return Snapshot(
        connected=True,
        engine="bench",
        values=dict(tree.values),
        status={"ear": "paper", "device": "cpu", "steps_per_second": 12.5, "loop": 3, "dropouts": 0, "clients": 1},
        layers=tuple(LayerInfo(one.name, one.channels, one.bins) for one in index.layers),
        clips=tuple(ClipInfo(name, 4.0, 8) for name in clips),
        presets=tuple(Preset(one.name, one.title, one.description) for one in list_presets(tree)),
        ears=("paper", "small"),
        objective=0.5,
        curve=tuple((float(at), math.sin(at / 40.0)) for at in range(_CURVE)),
        loops=tuple(LoopNews(number, f"/loop-{number}.wav", 4.0, 8, 120.0, 0.4) for number in range(12)),
        means=tuple(0.3 for _ in index.layers),
    )
