"""One parameter: what it takes, how a value of it is checked, and where that lies from 0 to 1."""

from __future__ import annotations

import math
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
        implies: another parameter and the value it takes whenever this one is set, unless the same change sets it too.
        longest: most characters of a text.
        numbers: a text that lists whole numbers, which OSC may also send one by one.
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
    implies: tuple[str, Value] | None = None
    longest: int = 200
    numbers: bool = False

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
                raise self._refuse(f"takes text, not {raw!r}", "bad_type", f"send a word{self._example}")
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
    def _example(self) -> str:
        return f", such as {self.default!r}" if self.default else ""

    @property
    def _range(self) -> str:
        if not self.numeric:
            return "send 0 or 1"
        off = f" (or {self.zero:g} for off)" if self.zero is not None else ""
        return f"send {self.low:g} to {self.high:g}{self._suffix}{off}"

    def _refuse(self, reason: str, code: str, mend: str) -> UserError:
        return UserError(self.name, reason, mend, code)
