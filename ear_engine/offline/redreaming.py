"""A performance dreamed again: the same steps, with the same settings, beats and threads; and where it differs.

Nothing is assumed about time: how many steps were made between two versions, and what each of them knew, was kept. So
on the same machine with the same versions of everything the same loops come out bit for bit; elsewhere it is said from
which loop and sample on they do not, and by how much.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ear_engine.ear.devices import choose_device
from ear_engine.ear_files import WEIGHTS, find_ear, list_ears
from ear_engine.errors import UserError
from ear_engine.offline.rebuilding import audio_of
from ear_engine.optimization.aiming import Aim
from ear_engine.optimization.bulletin import Bulletin
from ear_engine.optimization.dream import Dream
from ear_engine.optimization.model import Choice, Model, load_model
from ear_engine.optimization.settings import settings_of
from ear_engine.optimization.surroundings import Surroundings
from ear_engine.performance.log_states import LogStates
from ear_engine.performance.reading import DreamPart, Kept
from ear_engine.performance.records import Record
from ear_engine.playback.plan import Stereo
from ear_engine.plugins import Registry
from ear_engine.shared_memory.states import ControlState

Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class Again:
    """A loop that was played, beside the one that came out now.

    Args:
        loop: its number.
        step: of its dream.
        decibels: RMS of the difference against that of the loop; minus infinity if they are the same.
        first: first sample that is another; -1 if none is.
    """

    loop: int
    step: int
    decibels: float
    first: int


class Redreamed:
    """Dreams a performance again.

    Args:
        kept: the performance.
        ear: name or folder of the ear; the one that is named in it, wherever it lies, if None.

    Raises:
        UserError: nothing of the dream was kept, or its ear is not here or has other weights.
    """

    def __init__(self, kept: Kept, ear: str | None = None) -> None:
        if not kept.dreams or not kept.head:
            mend = "record with a dreamer that runs, and keep all files of the folder"
            raise UserError(f"performance {kept.name!r}", "has no steps of a dream", mend, "bad_performance")
        self._kept = kept
        self._weights = _hashes(kept)
        self._ear = ear
        self._played = {
            entry["loop"]: part.loops[entry["wet"]]
            for part in kept.sounds
            for entry in part.entries
            if entry["loop"] and not entry.get("silent")
        }
        self._models: dict[str, Model] = {}
        self.steps = sum(int(record.head["count"]) for part in kept.dreams for record in part.records if _step(record))
        """That there are."""
        find_weights(str(kept.head["state"]["ear"]), self._weights, ear)

    def loops(self, progress: Progress = lambda _done, _all: None) -> Iterator[Again]:
        """Every loop that was both dreamed and played, in order."""
        done = 0
        states = LogStates(self._kept)
        before = torch.get_num_threads()
        try:
            for part in self._kept.dreams:
                for found, made in self._part(part, states):
                    done += made
                    progress(done, self.steps)
                    if found is not None:
                        yield found
        finally:
            torch.set_num_threads(before)

    def _part(self, part: DreamPart, states: LogStates) -> Iterator[tuple[Again | None, int]]:
        turn = _Turn(self._kept, self._played, self._model, states)
        for record in part.records:
            made = turn.take(record)
            yield made, int(record.head["count"]) if _step(record) else 0

    def _model(self, folder: str, device: str) -> Model:
        key = f"{folder} {device}"
        if key not in self._models:
            path = find_weights(folder, self._weights, self._ear)
            self._models[key] = load_model(Choice(path, device), choose_device(device), Registry(), lambda _fault: None)
        return self._models[key]


class _Turn:
    """What one dreamer did, done again."""

    def __init__(
        self, kept: Kept, played: dict[int, Record], model: Callable[[str, str], Model], states: LogStates
    ) -> None:
        self._kept, self._played, self._model, self._states = kept, played, model, states
        self._aim = Aim(Bulletin())
        self._control: ControlState | None = None
        self._dream: Dream | None = None

    def take(self, record: Record) -> Again | None:
        """Do what a record says; of a version that was played, return how it compares."""
        head = record.head
        if record.kind == "step":
            for sequence, beats, threads in record.array("steps"):
                self._know(int(sequence), int(threads))
                self._step(float(beats))
        elif record.kind in ("here", "born"):
            self._know(int(head["sequence"]), int(head.get("threads", 0)))
            self._begin(record)
        elif record.kind in ("warm", "back", "call", "publ"):
            self._know(int(head["sequence"]), int(head["threads"]))
            return self._other(record)
        return None

    def _know(self, sequence: int, threads: int) -> None:
        self._control = self._states.at(sequence)
        if threads and threads != torch.get_num_threads():
            torch.set_num_threads(threads)

    def _step(self, beats: float) -> None:
        assert self._control is not None
        if self._dream is not None:
            self._aim.follow(self._dream, self._control)
            self._dream.step(settings_of(self._control.values), beats)

    def _begin(self, record: Record) -> None:
        head, before, control = record.head, self._dream, self._control
        assert control is not None
        source = self._kept.files.get(str(head["source"]))
        if source is None:
            reason = f"lacks the source {head['source']}"
            raise UserError(f"performance {self._kept.name!r}", reason, "it can only be played", "bad_performance")
        model = self._model(str(head["ear"]), str(head["device"]))
        around = Surroundings(model.statistics, self._clip, model.directions)
        audio, beats = source.array("audio"), int(source.head["beats"])
        made = Dream(model.ear, audio, beats, seed=int(head["seed"]), device=model.device, surroundings=around)
        self._dream = made
        self._aim.renew(model.resolver(made.index))
        how = head.get("how")
        if record.kind == "here":
            self._aim.follow(made, control)
            arrays = {name: record.array(name) for name, _, _ in head["arrays"]}
            made.restore(arrays, settings_of(control.values))
        elif how == "resume":
            made.resume(self._heard(int(head["loop"])), int(head["step"]))
        elif how == "inherit" and before is not None:
            made.inherit(before, stretched=bool(head["stretched"]))

    def _other(self, record: Record) -> Again | None:
        dream, control, head = self._dream, self._control, record.head
        if dream is None or control is None:
            return None
        settings = settings_of(control.values)
        if record.kind == "warm":
            self._aim.follow(dream, control)
            dream.warm_up(settings)
        elif record.kind == "back":
            dream.reset()
        elif record.kind == "call":
            dream.recall(self._kept.files[str(head["file"])].array("audio"))
            self._aim.follow(dream, control)
            dream.feel(settings)
        else:
            made = dream.version().audio
            loop = int(head["loop"])
            if loop in self._played:
                return compared(loop, int(head["step"]), audio_of(self._played[loop]), made)
        return None

    def _heard(self, loop: int) -> Stereo:
        if loop not in self._played:
            reason = f"lacks loop {loop}, from which the dream went on"
            raise UserError(f"performance {self._kept.name!r}", reason, "it can only be played", "bad_performance")
        return audio_of(self._played[loop])

    def _clip(self, name: str) -> NDArray[np.float32] | None:
        file = self._control.clips.get(name) if self._control is not None else None
        record = self._kept.files.get(file) if file else None
        return None if record is None else record.array("audio")


def compared(loop: int, step: int, played: Stereo, made: Stereo) -> Again:
    """How a loop compares with the one that was played, both (2, samples)."""
    if played.shape != made.shape:
        return Again(loop, step, math.inf, 0)
    others = np.flatnonzero((played != made).any(axis=0))
    if not len(others):
        return Again(loop, step, -math.inf, -1)
    power = float(np.square(played, dtype=np.float64).mean())
    error = float(np.square(played.astype(np.float64) - made).mean())
    return Again(loop, step, 10.0 * math.log10(error / max(power, 1e-30)), int(others[0]))


def find_weights(folder: str, hashes: dict[str, str], ear: str | None = None) -> Path:
    """The folder of the ear that dreamed: the one named, or any that has the same weights.

    Args:
        folder: where it lay.
        hashes: of its weights, by folder.
        ear: name or folder to use instead, whose weights must be the same too.

    Raises:
        UserError: it is not here, or has other weights.
    """
    wanted = hashes.get(folder, "")
    if ear is not None:
        found = find_ear(ear).path
        if wanted and _digest(found) != wanted:
            reason, mend = "has other weights than the ear of this performance", "name the ear it was played with"
            raise UserError(f"ear {ear[:120]!r}", reason, mend, "other_ear")
        return found
    places = [Path(folder), *(one.path for one in list_ears() if not one.problem)]
    for place in places:
        if (place / WEIGHTS).is_file() and (not wanted or _digest(place) == wanted):
            return place
    name = Path(folder).name
    there = any(place.name == name and (place / WEIGHTS).is_file() for place in places)
    reason = "is here, but with other weights" if there else "is not here"
    raise UserError(f"ear {name!r} of this performance", reason, "copy it here, and name it with --ear", "other_ear")


def ear_of(kept: Kept, ear: str | None = None) -> Path:
    """The folder of the ear that a performance began with.

    Raises:
        UserError: it is not here, or has other weights.
    """
    if not kept.head:
        raise UserError(f"performance {kept.name!r}", "has no log", "keep all files of the folder", "bad_performance")
    return find_weights(str(kept.head["state"]["ear"]), _hashes(kept), ear)


def _hashes(kept: Kept) -> dict[str, str]:
    return {str(ear["folder"]): str(ear["weights"]) for ear in (kept.head["ear"], *kept.ears)}


def _digest(folder: Path) -> str:
    with open(folder / WEIGHTS, "rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _step(record: Record) -> bool:
    return record.kind == "step"
