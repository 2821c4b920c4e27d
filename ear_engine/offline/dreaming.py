"""One dream from start to end: an ear, a clip, a target, so many beats; the same every time for one seed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from ear_engine import platform
from ear_engine.clip import Clip, fit_clip
from ear_engine.control import target_of
from ear_engine.ear.activations import Recorder
from ear_engine.ear.devices import choose_device
from ear_engine.ear_files import find_ear
from ear_engine.errors import UserError
from ear_engine.optimization.dream import Dream, Surroundings
from ear_engine.optimization.model import Choice, Model, load_model
from ear_engine.optimization.settings import DreamSettings, settings_of
from ear_engine.parameters import ParameterTree, Value
from ear_engine.plugins import Registry
from ear_engine.presets import find_preset
from ear_engine.setfile import overlay
from ear_engine.sources.library import ClipLibrary
from ear_engine.targets.facts import EarFacts
from ear_engine.targets.reading import read_target
from ear_engine.targets.resolve import clips_of
from ear_engine.targets.terms import Term
from ear_engine.whole_files import made_folder, replacing

STEPS = 8  # a beat: what two cores make with the smaller ear
MOST_BEATS = 4096
MOST_STEPS = 1024
MOST_VARIANTS = 64

Progress = Callable[[int, int, float], None]


@dataclass(frozen=True, eq=False)
class Dreamed:
    """What came of a dream.

    Shapes:
        audio: (2, samples), float32: the loop at its loudness, true peaks at or below -1 dBTP.
        source: (2, samples): what it was dreamed from.
        objective: (steps,): what was raised, before each step, in deviations from what music does.
        scalograms: two of (frames, bins): log amplitude 0..1 of source and loop.

    Args:
        sample_rate: Hz.
        beats: of the loop.
        terms: what was aimed at.
        facts: of the ear.
        title: ear, clip and target in a line.
    """

    audio: NDArray[np.float32]
    source: NDArray[np.float32]
    objective: NDArray[np.float32]
    scalograms: tuple[NDArray[np.float32], NDArray[np.float32]]
    sample_rate: int
    beats: int
    terms: tuple[Term, ...]
    facts: EarFacts
    title: str

    def save(self, path: str | Path) -> Path:
        """Write the loop as a WAV file of 32-bit floats.

        Raises:
            UserError: it cannot be written there.
        """
        path = Path(path).expanduser()
        made_folder(path.parent)
        with replacing(path) as file:
            soundfile.write(file, self.audio.T, self.sample_rate, format="WAV", subtype="FLOAT")
        return path

    def picture(self, path: str | Path) -> Path:
        """Draw what was aimed at, the scalograms of source and loop, and how the objective rose, as a PNG.

        Raises:
            UserError: matplotlib is missing, or it cannot be written there.
        """
        from ear_engine.offline.picture import draw

        return draw(self, Path(path).expanduser())


@dataclass(frozen=True)
class Request:
    """What shall be dreamed.

    Args:
        ear: name or folder.
        clip: name or path of the loop to dream from.
        target: a layer, words (``bright hats``), an expression, or numbers of neurons; if empty, what ``values`` or
            the preset say.
        beats: how long is dreamed, in beats of the clip.
        steps: a beat.
        preset: a sound to start from, by name.
        values: parameters by their names in the table (``tone/tilt``), over the preset's.
        seed: of all randomness.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        variants: loops dreamed side by side, so that ``diversity(LAYER)`` can keep them apart.
        clip_folders: where clips are looked for besides the built-in ones; the user's folder if None.
    """

    ear: str | Path = "small"
    clip: str | Path = "beat"
    target: str = ""
    beats: float = 32
    steps: int = STEPS
    preset: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    seed: int = 0
    device: str = "auto"
    variants: int = 1
    clip_folders: tuple[Path, ...] | None = None


def dream(
    ear: str | Path = "small",
    clip: str | Path = "beat",
    target: str = "",
    *,
    progress: Progress = lambda _done, _all, _objective: None,
    **options: Any,
) -> Dreamed:
    """Dream one loop.

    Args:
        ear, clip, target: see :class:`Request`.
        progress: told after every step: steps done, of all, the objective.
        options: the other fields of :class:`Request`: beats, steps, preset, values, seed, device.

    Raises:
        UserError: something of that does not exist or cannot be; the nearest is named.
    """
    return dream_all(Request(ear, clip, target, **options), progress)[0]


def dream_all(request: Request, progress: Progress = lambda _done, _all, _objective: None) -> tuple[Dreamed, ...]:
    """All variants of a dream.

    Raises:
        UserError: as :func:`dream` does.
    """
    _check("beats", request.beats, 1 / MOST_STEPS, MOST_BEATS)
    _check("steps", request.steps, 1, MOST_STEPS)
    _check("variants", request.variants, 1, MOST_VARIANTS)
    _check("seed", request.seed, 0, (1 << 63) - 1)
    platform.reuse_memory()
    model = _model(find_ear(str(request.ear)).path, request.device)
    rate = model.ear.config.scalogram.sample_rate
    tree = ParameterTree()
    values = _values(tree, request.preset, request.values)
    folders = (platform.user_clip_dir(),) if request.clip_folders is None else request.clip_folders
    library = ClipLibrary(folders, rate)
    source = _fitted(library.load(str(request.clip), allow_paths=True, crop=values["source/fit"] == "crop"), values)
    stereo = np.ascontiguousarray(np.broadcast_to(source.audio, (2, source.samples)))

    def other(name: str) -> NDArray[np.float32]:
        if name in ("now", "source"):  # here, both are what is dreamed from
            return stereo
        return fit_clip(library.load(name, crop=True), "crop", source.tempo, source.beats).audio

    dreaming = Dream(
        model.ear,
        stereo,
        source.beats,
        seed=request.seed,
        device=model.device,
        variants=request.variants,
        surroundings=Surroundings(model.statistics, other, model.directions),
    )
    resolver = model.resolver(dreaming.index)
    if request.target:
        typed = read_target(request.target, {layer.name for layer in dreaming.index.layers})
        values = {**values, **_checked(tree, typed)}
    target = target_of(values)
    for name in clips_of(target):
        other(name)  # what cannot be had is said before anything takes time
    terms = resolver.resolve((target,), dreaming.beats)
    dreaming.aim(terms)
    count = round(request.beats * request.steps)
    objective = _run(dreaming, settings_of(values), count, request.steps, progress)
    title = " · ".join((Path(request.ear).name, source.name, request.preset or _named(target.by, values)))
    before = _levels(dreaming.listen(stereo))
    made = []
    for variant in range(request.variants):
        version = dreaming.version(variant)
        heard = before, _levels(version.activations)
        made.append(Dreamed(version.audio, stereo, objective, heard, rate, source.beats, terms, resolver.facts, title))
    return tuple(made)


def layers_of(folder: Path) -> tuple[str, ...]:
    """Names of an ear's layers, in forward order.

    Raises:
        UserError: it cannot be loaded.
    """
    model = _model(folder, "cpu")
    if model.statistics is not None:
        return tuple(layer.name for layer in model.statistics.index.layers)
    return Recorder(model.ear, inputs=("scalogram",)).names


def _model(folder: Path, device: str) -> Model:
    return load_model(Choice(folder, device), choose_device(device), Registry(), _warn)


def _warn(fault: UserError) -> None:
    warnings.warn(str(fault), stacklevel=2)


def _run(dreaming: Dream, settings: DreamSettings, count: int, steps: int, progress: Progress) -> NDArray[np.float32]:
    objective = np.zeros(count, np.float32)
    dreaming.warm_up(settings)
    for number in range(count):
        step = dreaming.step(settings, 1.0 / steps)
        objective[number] = step.objective
        if dreaming.silent and (number + 1) % steps == 0:
            dreaming.version()  # as when played: what is heard decides how loud a loop from silence goes on
        progress(number + 1, count, step.objective)
    return objective


def _values(tree: ParameterTree, preset: str, values: Mapping[str, object]) -> dict[str, Value]:
    """Values of all parameters: defaults, under the preset, under ``values``."""
    own = _checked(tree, values)
    named = find_preset(preset, tree).changes(tree) if preset else {}
    return {**tree.values, **overlay(named, own, tree)}


def _checked(tree: ParameterTree, values: Mapping[str, object]) -> dict[str, Value]:
    checked: dict[str, Value] = {}
    for name, raw in values.items():
        row = tree[name]
        if row.implies is not None and row.implies[0] not in values:
            checked[row.implies[0]] = row.implies[1]
        checked[name] = row.check(raw)
    return checked


def _fitted(clip: Clip, values: Mapping[str, Value]) -> Clip:
    return fit_clip(
        clip,
        values["source/fit"],  # type: ignore[arg-type]  # checked by the table
        float(values["playback/tempo"]),
        int(values["playback/beats"]),
    )


def _levels(activations: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    heard = activations["scalogram"]
    return heard[:, : heard.shape[1] // 2]


def _named(by: str, values: Mapping[str, Value]) -> str:
    """What was aimed at, in a few words."""
    if by == "map":
        return f"map {values['target/x']:.2f}, {values['target/y']:.2f}"
    text = str(values[f"target/{by}"])
    return text if len(text) <= 80 else text[:79] + "…"


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise UserError(f"{name} {value:g}", f"is outside {low:g} to {high:g}", "choose a number in it", "out_of_range")
