"""One dream from start to end: an ear, a clip, a target, so many beats.

On one machine with as many threads, the same seed makes the same samples.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ear_engine import platform
from ear_engine.clip import Clip, fit_clip
from ear_engine.control import target_of
from ear_engine.ear.activations import Recorder
from ear_engine.ear.devices import choose_device
from ear_engine.ear_files import find_ear
from ear_engine.errors import UserError
from ear_engine.offline.dreamed import Dreamed
from ear_engine.offline.request import Request, checked
from ear_engine.optimization.dream import Dream
from ear_engine.optimization.memory import memory_error
from ear_engine.optimization.model import Choice, Model, load_model
from ear_engine.optimization.settings import DreamSettings, settings_of
from ear_engine.optimization.surroundings import Surroundings
from ear_engine.parameters import ParameterTree, Value
from ear_engine.playback.mix import correlation, level, mix_gains
from ear_engine.plugins import Registry
from ear_engine.sources.library import ClipLibrary
from ear_engine.targets.facts import EarFacts
from ear_engine.targets.reading import read_target
from ear_engine.targets.resolve import clips_of
from ear_engine.targets.terms import Term

Progress = Callable[[int, int, float], None]
Stereo = NDArray[np.float32]  # (2, samples)


def dream(
    ear: str | Path = "small",
    clip: str | Path = "beat",
    target: str | None = None,
    *,
    progress: Progress = lambda _done, _all, _objective: None,
    **options: Any,
) -> Dreamed:
    """Dream one loop; on one machine with as many threads, the same seed makes the same samples.

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
    ready = prepare(request)
    dreaming, source = ready.dreaming, ready.source
    objective = _run(dreaming, settings_of(ready.values), request.count, request.steps, progress)
    before = _levels(dreaming.listen(source))
    rate = dreaming.sample_rate
    made = []
    for variant in range(request.variants):
        version = dreaming.version(variant)
        audio = _mixed(version.audio, source, ready.values)
        after = _levels(version.activations if audio is version.audio else dreaming.listen(audio))
        made.append(
            Dreamed(
                audio, source, objective, (before, after), rate, dreaming.beats, ready.terms, ready.facts, ready.title
            )
        )
    return tuple(made)


def check(request: Request) -> None:
    """Make sure that a dream can begin: its ear, clip, target and parameters; takes about a second.

    Raises:
        UserError: as :func:`dream` does.
    """
    prepare(request)


def layers_of(folder: Path) -> tuple[str, ...]:
    """Names of an ear's layers, in forward order.

    Raises:
        UserError: it cannot be loaded.
    """
    model = _model(folder, "cpu")
    if model.statistics is not None:
        return tuple(layer.name for layer in model.statistics.index.layers)
    return Recorder(model.ear, inputs=("scalogram",)).names


@dataclass(frozen=True)
class Ready:
    """A dream before its first step.

    Args:
        source: (2, samples): what is dreamed from.
        values: of all parameters.
        resolve: what such values aim at; it refuses what cannot be (UserError).
    """

    dreaming: Dream
    source: Stereo
    values: Mapping[str, Value]
    terms: tuple[Term, ...]
    facts: EarFacts
    title: str
    resolve: Callable[[Mapping[str, Value]], tuple[Term, ...]]


def prepare(request: Request, film: bool = False) -> Ready:
    """Load and check everything that a request names, for a film or a loop.

    Raises:
        UserError: something of that does not exist or cannot be.
    """
    request.check()
    tree = ParameterTree()
    values = request.all_values(tree, film)
    platform.reuse_memory()
    model = _model(find_ear(str(request.ear)).path, request.device)
    folders = (platform.user_clip_dir(),) if request.clip_folders is None else request.clip_folders
    library = ClipLibrary(folders, model.ear.config.scalogram.sample_rate)
    source = _fitted(_loaded(library, str(request.clip), values["source/fit"] == "crop"), values)
    stereo = np.ascontiguousarray(np.broadcast_to(source.audio, (2, source.samples)))

    def other(name: str) -> Stereo:
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
    resolver = model.resolver(dreaming.index, _warn)
    if request.target is not None:
        typed = read_target(request.target, [layer.name for layer in dreaming.index.layers])
        values = {**values, **checked(tree, typed)}

    def resolve(chosen: Mapping[str, Value]) -> tuple[Term, ...]:
        target = target_of(chosen)
        for name in clips_of(target):
            other(name)  # what cannot be had is said before anything takes time
        return resolver.resolve((target,), dreaming.beats)

    terms = resolve(values)
    dreaming.aim(terms)
    aimed = request.preset or _named(str(values["target/by"]), values)
    title = " · ".join((Path(request.ear).name, source.name, aimed))
    return Ready(dreaming, stereo, values, terms, resolver.facts, title, resolve)


def _model(folder: Path, device: str) -> Model:
    return load_model(Choice(folder, device), choose_device(device), Registry(), _warn)


def _warn(fault: UserError) -> None:
    warnings.warn(str(fault), stacklevel=2)


@contextmanager
def enough_memory() -> Iterator[None]:
    """Where memory may run out; whoever is told can do something about it.

    Raises:
        UserError: it has.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        told = memory_error(error, "this dream", "choose fewer variants, or a smaller optimizer/batch_size")
        if told is None:
            raise
        raise told from None


def _run(dreaming: Dream, settings: DreamSettings, count: int, steps: int, progress: Progress) -> NDArray[np.float32]:
    objective = np.zeros(count, np.float32)
    with enough_memory():
        dreaming.warm_up(settings)
    for number in range(count):
        with enough_memory():
            step = dreaming.step(settings, 1.0 / steps)
        objective[number] = step.objective
        if dreaming.silent and (number + 1) % steps == 0:
            dreaming.version()  # as when played: what is heard decides how loud a loop from silence goes on
        progress(number + 1, count, step.objective)
    return objective


def _loaded(library: ClipLibrary, name: str, crop: bool) -> Clip:
    try:
        return library.load(name, allow_paths=True, crop=crop)
    except UserError as error:
        if error.code != "too_long":
            raise
        raise UserError(error.subject, error.reason, "set --source.fit crop, or cut it", error.code) from None


def _mixed(loop: Stereo, source: Stereo, values: Mapping[str, Value]) -> Stereo:
    """The loop as it would be heard, (2, samples): wet and dry as when played, and their loudness."""
    wet, dry = mix_gains(float(values["playback/wet"]), correlation(loop, source))
    gain = level(float(values["playback/gain"]), mute=False)
    if (wet, dry, gain) == (1.0, 0.0, 1.0):
        return loop
    return np.asarray(gain * (wet * loop + dry * source), np.float32)


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
