"""The one table: every parameter is declared here once, and everything else is generated from it.

From a row come the OSC address (``/ear/dream/rate``), its normalized twin (``/ear/norm/dream/rate``), the YAML key and
its check, the command-line flag (``--dream.rate``), and the reference page. Adding a parameter is one row.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ear_engine.errors import UserError

Value = float | int | bool | str
Kind = Literal["float", "int", "bool", "choice", "text", "trigger"]
Clip = Literal["both", "low", "high", "none"]
_TYPE_TAG = {"float": "f", "int": "i", "bool": "i", "choice": "s", "text": "s", "trigger": "i"}
_TRUE = {"true", "on", "yes", "1"}
_FALSE = {"false", "off", "no", "0"}


@dataclass(frozen=True)
class Parameter:
    """One row of the table.

    Args:
        name: ``group/name``, segments ``[a-z0-9_]``, never all digits.
        kind: type of its value; a trigger has none, it fires on no argument or a non-zero one and ignores 0.
        default: value at start.
        low, high: range, in ``unit``; ignored for bool, text and trigger.
        curve: how 0..1 (faders) maps to the range.
        clip: which ends of the range clip; a value past an end that does not clip is refused.
        zero: a value below ``low`` that is allowed because it means "off", or None.
        choices: allowed words of a choice.
        page: ``play`` (what is played) or ``expert``.
    """

    name: str
    kind: Kind
    default: Value
    description: str
    low: float = 0.0
    high: float = 1.0
    unit: str = ""
    curve: Literal["linear", "log"] = "linear"
    clip: Clip = "both"
    zero: float | None = None
    choices: tuple[str, ...] = ()
    page: Literal["play", "expert"] = "play"

    @property
    def group(self) -> str:
        """First segment of the name."""
        return self.name.split("/")[0]

    @property
    def address(self) -> str:
        """OSC address."""
        return f"/ear/{self.name}"

    @property
    def norm_address(self) -> str:
        """OSC address of the 0..1 twin."""
        return f"/ear/norm/{self.name}"

    @property
    def type_tag(self) -> str:
        """OSC type tag of the value as it is sent."""
        return _TYPE_TAG[self.kind]

    @property
    def numeric(self) -> bool:
        """Whether the value is a number with a range."""
        return self.kind in ("float", "int")

    def check(self, raw: object) -> Value:
        """Turn ``raw`` (from OSC, YAML or the command line) into a value of this parameter.

        Numbers, booleans and their spellings are converted to the declared type; numbers are clipped as ``clip`` says.

        Raises:
            UserError: wrong type, not finite, an unknown choice, or past an end that does not clip.
        """
        if self.kind in ("text", "choice"):
            if not isinstance(raw, str):
                raise self._refuse(f"takes text, not {raw!r}", "bad_type", f"send a word, such as {self.default!r}")
            if self.kind == "choice" and raw not in self.choices:
                raise self._refuse(f"has no choice {raw!r}", "bad_value", f"use one of {', '.join(self.choices)}")
            return raw
        number = self._number(raw)
        if self.kind in ("bool", "trigger"):
            return bool(number)
        if self.zero is not None and number == self.zero:
            return int(number) if self.kind == "int" else number
        if number < self.low:
            if self.clip not in ("both", "low"):
                raise self._refuse(f"is {number:g}, below {self.low:g}{self._suffix}", "out_of_range", self._range)
            number = self.low
        if number > self.high:
            if self.clip not in ("both", "high"):
                raise self._refuse(f"is {number:g}, above {self.high:g}{self._suffix}", "out_of_range", self._range)
            number = self.high
        return round(number) if self.kind == "int" else float(number)

    def normalize(self, value: Value) -> float:
        """Position 0..1 of ``value`` in the range, the curve applied."""
        if self.kind in ("bool", "trigger"):
            return float(bool(value))
        if self.kind == "choice":
            return self.choices.index(str(value)) / max(1, len(self.choices) - 1)
        self._need_range()
        number = min(max(float(value), self.low), self.high)
        if self.curve == "log":
            return math.log(number / self.low) / math.log(self.high / self.low)
        return (number - self.low) / (self.high - self.low)

    def denormalize(self, position: object) -> Value:
        """Value at ``position`` 0..1 of the range (clipped), the curve applied."""
        share = min(max(self._number(position), 0.0), 1.0)
        if self.kind in ("bool", "trigger"):
            return share >= 0.5
        if self.kind == "choice":
            return self.choices[round(share * (len(self.choices) - 1))]
        self._need_range()
        if self.curve == "log":
            number = self.low * math.pow(self.high / self.low, share)
        else:
            number = self.low + share * (self.high - self.low)
        return round(number) if self.kind == "int" else number

    def _need_range(self) -> None:
        if self.kind == "text":
            raise self._refuse("is text and has no 0..1 position", "bad_type", f"use {self.address}")

    def _number(self, raw: object) -> float:
        if isinstance(raw, str):
            word = raw.strip().lower()
            if self.kind in ("bool", "trigger") and word in _TRUE | _FALSE:
                return float(word in _TRUE)
            try:
                raw = float(word)
            except ValueError:
                raise self._refuse(f"takes a number, not {raw!r}", "bad_type", self._range) from None
        if not isinstance(raw, int | float):
            raise self._refuse(f"takes a number, not {raw!r}", "bad_type", self._range)
        try:
            number = float(raw)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self._refuse(f"takes finite numbers, not {number}", "bad_value", self._range)
        return number

    @property
    def _suffix(self) -> str:
        return f" {self.unit}" if self.unit else ""

    @property
    def _range(self) -> str:
        if not self.numeric:
            return "send 0 or 1"
        off = f" (or {self.zero:g} for off)" if self.zero is not None else ""
        return f"send {self.low:g} to {self.high:g}{self._suffix}{off}"

    def _refuse(self, reason: str, code: str, mend: str) -> UserError:
        return UserError(self.name, reason, mend, code)


def _table() -> tuple[Parameter, ...]:
    p = Parameter
    return (
        p("dream/run", "bool", True, "Let the dream go on; off, the last loop plays on unchanged."),
        p("dream/rate", "float", -18.0, "Change of the loop in one beat, relative to its loudness.", -60, -6, "dB"),
        p("dream/pull", "float", 6.0, "Half-life of the pull back to the source; 0 is no pull.", 0.25, 256, "beats", "log", zero=0.0),
        p("source/clip", "text", "beat", "Loop to dream from: the name of a clip."),
        p("source/fit", "choice", "clip_tempo", "How a clip meets the loop: the loop takes the clip's length, the clip is resampled to tempo and beats (its pitch follows), or it is tiled and cut.", choices=("clip_tempo", "stretch", "crop")),
        p("source/reset", "trigger", False, "Go back to the source at once."),
        p("target/layer", "text", "encoder_3_conv1", "Layer of the ear that shall fire."),
        p("target/channel", "float", 0.5, "Center of the target's channels in the layer."),
        p("target/channel_width", "float", 0.1, "Share of the layer's channels in the target; at least one."),
        p("target/freq_low", "float", 20.0, "Lowest frequency of the target.", 20, 20000, "Hz", "log"),
        p("target/freq_high", "float", 20000.0, "Highest frequency of the target.", 20, 20000, "Hz", "log"),
        p("target/start", "float", 0.0, "Where in the loop the target begins.", 0, 64, "beats"),
        p("target/length", "float", 0.0, "How long the target lasts; 0 is the whole loop.", 0, 64, "beats"),
        p("target/weight", "float", 1.0, "Strength of this target among the kept ones; below 0 it is silenced.", -2, 2),
        p("target/keep", "trigger", False, "Keep the current target while others are chosen."),
        p("target/clear", "trigger", False, "Forget all kept targets."),
        p("tone/tilt", "float", -4.5, "Spectral tilt of every change: below 0 darker, above 0 brighter.", -12, 12, "dB/oct"),
        p("tone/reshape", "float", 0.8, "Where change goes: from new sound in silent places (0) to what sounds already (1)."),
        p("transform/time_shift", "float", 1.0, "Random circular shift of what the ear hears, as a share of the loop.", page="expert"),
        p("transform/time_mask", "float", 0.1, "Longest random stretch of time hidden from the ear, as a share of the loop.", page="expert"),
        p("transform/freq_mask", "float", 0.1, "Widest random band hidden from the ear, as a share of its bins.", page="expert"),
        p("optimizer/batch_size", "int", 1, "Shifted and masked copies heard in one step.", 1, 16, page="expert"),
        p("optimizer/steps_per_loop", "int", 0, "Most steps in one loop; 0 is as many as the machine makes.", 1, 4096, "steps", "log", zero=0.0, page="expert"),
        p("playback/wet", "float", 1.0, "From the source (0) to the dream (1)."),
        p("playback/gain", "float", 0.0, "Loudness.", -60, 12, "dB"),
        p("playback/mute", "bool", False, "Silence, while everything else goes on."),
        p("playback/tempo", "float", 120.0, "Tempo of the loop; follows the clip if source/fit is clip_tempo.", 20, 300, "BPM"),
        p("playback/beats", "int", 8, "Length of the loop; follows the clip if source/fit is clip_tempo.", 1, 64, "beats"),
        p("playback/quantize", "choice", "beat", "Where a new version of the loop may enter.", choices=("half", "beat", "bar", "loop")),
        p("playback/crossfade", "float", 20.0, "Crossfade from one version of the loop to the next.", 1, 500, "ms", "log", page="expert"),
    )  # fmt: skip


class ParameterTree:
    """All parameters by name, and their current values.

    Args:
        table: rows; the built-in table if None.

    The tree only stores; who changes a value and when is the control log's business.
    """

    def __init__(self, table: Iterable[Parameter] | None = None) -> None:
        self._rows = {row.name: row for row in (_table() if table is None else table)}
        self.values: dict[str, Value] = {r.name: r.default for r in self._rows.values() if r.kind != "trigger"}

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._rows.values())

    def __contains__(self, name: str) -> bool:
        return name in self._rows

    def __getitem__(self, name: str) -> Parameter:
        """Row of ``name``.

        Raises:
            UserError: no such parameter; the nearest names are given.
        """
        row = self._rows.get(name)
        if row is None:
            near = difflib.get_close_matches(name, self._rows, n=3, cutoff=0.5)
            mend = f"did you mean {' or '.join(near)}?" if near else "see `ear-engine parameters`"
            raise UserError(f"parameter {name!r}", "does not exist", mend.rstrip("?"), "unknown_parameter")
        return row

    def check_all(self, raw: Mapping[str, object]) -> dict[str, Value]:
        """Check many values at once (a set file); nothing is stored.

        Raises:
            UserError: for the first name or value that is refused.
        """
        return {name: self[name].check(value) for name, value in raw.items()}
