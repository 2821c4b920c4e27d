"""What shall be dreamed, checked: numbers in their ranges, and only parameters that do something without playing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ear_engine.errors import UserError
from ear_engine.parameters import Parameter, ParameterTree, Value
from ear_engine.presets import find_preset
from ear_engine.setfile import check_strictly, overlay

STEPS = 8  # a beat: what two cores make with the smaller ear
MOST_BEATS = 4096
MOST_STEPS = 1024
MOST_VARIANTS = 64

_AS_IT_IS = "clip_tempo"
_FITTED = ("playback/tempo", "playback/beats")  # of a clip that does not stay as it is
_PLAYED = (
    "dream/run",
    "dream/autopilot",
    "target/morph",
    "optimizer/steps_per_loop",
    "playback/mute",
    "playback/quantize",
)
_FADED = "playback/crossfade"  # does something in a film, which has one version after the other
_ELSEWHERE = {"source/clip": "clip", "model/ear": "ear", "model/device": "device"}  # parameter → field of Request


@dataclass(frozen=True)
class Request:
    """What shall be dreamed.

    Args:
        ear: name or folder.
        clip: name or path of the loop to dream from.
        target: a layer, words (``bright hats``), an expression, or numbers of neurons; if None, what ``values`` or
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
    target: str | None = None
    beats: float = 32
    steps: int = STEPS
    preset: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    seed: int = 0
    device: str = "auto"
    variants: int = 1
    clip_folders: tuple[Path, ...] | None = None

    @property
    def count(self) -> int:
        """Steps in all."""
        return round(self.beats * self.steps)

    def check(self) -> None:
        """Make sure that its numbers can be.

        Raises:
            UserError: one is out of its range, or there is no step to make.
        """
        _check("beats", self.beats, 0, MOST_BEATS)
        _check("steps", self.steps, 1, MOST_STEPS)
        _check("variants", self.variants, 1, MOST_VARIANTS)
        _check("seed", self.seed, 0, (1 << 63) - 1)
        if self.count < 1:
            reason = f"are too few for a step at {self.steps} steps a beat"
            raise UserError(f"beats {self.beats:g}", reason, "dream longer, or make more steps a beat", "out_of_range")

    def all_values(self, tree: ParameterTree, film: bool = False) -> dict[str, Value]:
        """Values of all parameters: defaults, under the preset, under ``values``; of a film or of a loop.

        Raises:
            UserError: there is no such preset or parameter, a value is refused, or it does nothing without playing.
        """
        own = checked(tree, self.values)
        fit = own.get("source/fit", tree["source/fit"].default)
        for name in self.values:
            if name in _ELSEWHERE:
                word = _ELSEWHERE[name]
                raise UserError(name, "is not set this way without playing", f"give {word}= or --{word}", "bad_value")
            if idle(tree[name], fit, film):
                reason, mend = "does nothing without playing", "leave it out"
                if name == _FADED:
                    reason, mend = "does nothing in a loop alone", "leave it out, or render a film"
                elif name in _FITTED:
                    reason, mend = f"does nothing while source/fit is {fit}", "set that to stretch or crop too"
                raise UserError(name, reason, mend, "bad_value")
        if own.get("target/by") == "morph":
            raise UserError("target/by morph", "does nothing without playing", "choose another target", "bad_value")
        named = find_preset(self.preset, tree).changes(tree) if self.preset else {}
        return {**tree.values, **overlay(named, own, tree)}


def idle(row: Parameter, fit: Value, film: bool = False) -> bool:
    """Whether a parameter does nothing in a loop or a film, the clip fitted as ``source/fit`` says."""
    if row.name in _FITTED:
        return fit == _AS_IT_IS
    if row.name == _FADED:
        return not film
    return row.kind == "trigger" or row.name in _PLAYED or row.name in _ELSEWHERE


def effective(values: Mapping[str, Value], tree: ParameterTree, fit: Value, film: bool = False) -> dict[str, Value]:
    """What of the ``values`` of a set file, made for playing, does something here."""
    morph = ("target/by", "morph")
    return {name: value for name, value in values.items() if not idle(tree[name], fit, film) and (name, value) != morph}


def checked(tree: ParameterTree, values: Mapping[str, object]) -> dict[str, Value]:
    """Values as the command line checks them, with what they imply.

    Raises:
        UserError: no such parameter, a wrong type, an unknown choice, or out of range.
    """
    found: dict[str, Value] = {}
    for name, raw in values.items():
        row = tree[name]
        if row.implies is not None and row.implies[0] not in values:
            found[row.implies[0]] = row.implies[1]
        found[name] = check_strictly(row, raw, name)
    return found


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise UserError(f"{name} {value:g}", f"is outside {low:g} to {high:g}", "choose a number in it", "out_of_range")
