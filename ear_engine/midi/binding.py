"""What a control does: the rows of a map, checked, and written down again as they were."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ear_engine.errors import UserError
from ear_engine.midi.controls import KINDS, Control, Kind
from ear_engine.parameters import Parameter, ParameterTree, Value
from ear_engine.yaml_files import build, nearest

Mode = Literal["absolute", "twos", "offset", "sign", "toggle", "momentary", "trigger"]
RELATIVE: tuple[Mode, ...] = ("twos", "offset", "sign")
BUTTONS: tuple[Mode, ...] = ("toggle", "momentary", "trigger")
_HIGHEST = {"cc": 127, "nrpn": 16383, "note": 127}
_LAST_FINE = 31
_MOST_LIST = 128  # values or arguments of one row
_ALL = "all"


@dataclass(frozen=True)
class Row:
    """One row of a map file, as it is written.

    Args:
        cc, nrpn, note: number of the control; one of these, ``bend`` or ``program``.
        bend: channel of a pitch bend (Mackie faders), from 1.
        program: number of the program from 0, or ``all``.
        channel: 1 to 16.
        to: parameter that it plays.
        call: command that it gives, instead.
        mode: absolute, an encoder's twos, offset or sign, or a button's toggle, momentary or trigger.
        fine: 14 bits.
        low, high: value of the parameter at either end, instead of its range's.
        step: share of the range in one click of an encoder.
        takeover: a fader without a motor has to meet the value before it moves it.
        feedback: the device is told what others change.
        touch: note that the fader sends while it is touched.

    Two lists can stand beside these: ``arguments`` of the command, and ``values`` that the control chooses from.
    """

    cc: int | None = None
    nrpn: int | None = None
    note: int | None = None
    bend: int | None = None
    program: str | None = None
    channel: int = 1
    to: str | None = None
    call: str | None = None
    mode: Mode | None = None
    fine: bool = False
    low: float | None = None
    high: float | None = None
    step: float = 1 / 128
    takeover: bool = False
    feedback: bool = False
    touch: int | None = None


@dataclass(frozen=True)
class Binding:
    """A control and what it does; see :class:`Row`.

    Args:
        control: which; a program change has the program as its number, -1 for all.
        to: name of a parameter, or nothing.
        call: OSC address of a command, or nothing.
        arguments: of the command.
        values: what it chooses from, instead of a range.
        touch: the note of its touch, or None.
    """

    control: Control
    to: str = ""
    call: str = ""
    arguments: tuple[Value, ...] = ()
    mode: Mode = "absolute"
    fine: bool = False
    low: float | None = None
    high: float | None = None
    values: tuple[Value, ...] = ()
    step: float = 1 / 128
    takeover: bool = False
    feedback: bool = False
    touch: Control | None = None

    @property
    def address(self) -> str:
        """OSC address of what it plays."""
        return self.call or f"/ear/{self.to}"

    @property
    def described(self) -> str:
        """How it is read: ``absolute, 14 bits, takeover``."""
        more = (("14 bits", self.fine), ("takeover", self.takeover), ("feedback", self.feedback))
        return ", ".join([self.mode, *(word for word, said in more if said)])

    def as_data(self) -> dict[str, Any]:
        """The row that makes this binding: a mapping of names to scalars and lists of them."""
        control = self.control
        data: dict[str, Any] = {control.kind: control.number, "channel": control.channel}
        if control.kind == "bend":
            data = {"bend": control.channel}
        elif control.kind == "program":
            data["program"] = _ALL if control.number < 0 else control.number
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name != "control" and value != field.default:
                data[field.name] = list(value) if isinstance(value, tuple) else value
        data.update({"touch": self.touch.number} if self.touch is not None else {}, mode=self.mode)
        return data


def read_binding(data: Mapping[str, Any], tree: ParameterTree, where: str, commands: Mapping[str, object]) -> Binding:
    """Check one row.

    Args:
        data: of it.
        tree: the parameters.
        where: what to call it in messages.
        commands: addresses of commands that may be called; any if there are none.

    Raises:
        UserError: a key or value is wrong, or the address unknown; the nearest is named.
    """
    rest = dict(data)
    lists = {key: _scalars(rest.pop(key, None), f"{where}: {key}") for key in ("arguments", "values")}
    if isinstance(rest.get("program"), int):
        rest["program"] = str(rest["program"])
    row = build(Row, rest, where)
    control = _control(row, where)
    if (row.to is None) == (row.call is None):
        raise UserError(where, "says neither or both of `to` and `call`", "give it one address", "missing_key")
    touch = None if row.touch is None else _numbered("note", row.touch, control.channel, f"{where}: touch")
    if row.fine and not (control.kind == "nrpn" or (control.kind == "cc" and control.number <= _LAST_FINE)):
        reason = "is for controllers 0 to 31 and NRPN"
        raise UserError(f"{where}: fine", reason, "leave it out", "bad_value")
    if not 0 < row.step <= 1:
        raise UserError(f"{where}: step", f"is {row.step:g}", "write a share of the range, such as 0.01", "bad_value")
    if row.call is not None:
        address = "/ear/" + row.call.removeprefix("/ear/")
        if commands and address not in commands:
            raise UserError(f"{where}: call", f"{address} is no command", nearest(address, [*commands]), "unknown")
        return Binding(control, call=address, arguments=lists["arguments"], mode=row.mode or "trigger", touch=touch)
    parameter = _parameter(str(row.to), tree, f"{where}: to")
    values = tuple(_value(parameter, value, f"{where}: values") for value in lists["values"])
    if parameter.kind == "text" and not values:
        mend = "list what it chooses from as values: [a, b]"
        raise UserError(f"{where}: to", f"{parameter.name} is text and has no range", mend, "bad_type")
    for key, end in (("low", row.low), ("high", row.high)):
        if end is not None and not (parameter.numeric and parameter.low <= end <= parameter.high):
            reason = f"is {end:g}, which {parameter.name} does not reach"
            raise UserError(f"{where}: {key}", reason, f"write {parameter.low:g} to {parameter.high:g}", "out_of_range")
    return Binding(
        control,
        to=parameter.name,
        arguments=lists["arguments"],
        mode=row.mode or _usual_mode(control, parameter),
        fine=row.fine,
        low=row.low,
        high=row.high,
        values=values,
        step=row.step,
        takeover=row.takeover,
        feedback=row.feedback,
        touch=touch,
    )


def _control(row: Row, where: str) -> Control:
    said: list[Kind] = [kind for kind in KINDS if getattr(row, kind) is not None]
    if len(said) != 1:
        reason = f"names {' and '.join(said) or 'no control'}"
        raise UserError(where, reason, f"give it one of {', '.join(KINDS)}", "missing_key")
    kind = said[0]
    channel = row.bend if row.bend is not None else row.channel
    if not 1 <= channel <= 16:
        raise UserError(f"{where}: channel", f"is {channel}", "write 1 to 16", "out_of_range")
    if kind == "bend":
        return Control(kind, channel)
    if kind == "program":
        word = str(row.program)
        if word == _ALL:
            return Control(kind, channel, -1)
        if not (word.isascii() and word.isdigit() and int(word) < 128):
            raise UserError(f"{where}: program", f"is {word!r}", "write 0 to 127, or all", "out_of_range")
        return Control(kind, channel, int(word))
    return _numbered(kind, int(getattr(row, kind)), channel, f"{where}: {kind}")


def _numbered(kind: Kind, number: int, channel: int, where: str) -> Control:
    if not 0 <= number <= _HIGHEST[kind]:
        raise UserError(where, f"is {number}", f"write 0 to {_HIGHEST[kind]}", "out_of_range")
    return Control(kind, channel, number)


def _parameter(address: str, tree: ParameterTree, where: str) -> Parameter:
    name = address.removeprefix("/ear/norm/").removeprefix("/ear/")
    if name not in tree:
        raise UserError(where, f"{name[:80]} is no parameter", nearest(name, [row.name for row in tree]), "unknown")
    return tree[name]


def _value(parameter: Parameter, raw: object, where: str) -> Value:
    try:
        return parameter.check(raw)
    except UserError as error:
        raise UserError(where, error.reason, error.mend, error.code) from None


def _usual_mode(control: Control, parameter: Parameter) -> Mode:
    if parameter.kind == "trigger":
        return "trigger"
    if control.kind in ("note", "program"):
        return "toggle" if parameter.kind == "bool" else "momentary"
    return "absolute"


def _scalars(raw: object, where: str) -> tuple[Value, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, list | tuple) or len(raw) > _MOST_LIST:
        raise UserError(where, f"is no list of up to {_MOST_LIST}", "write [a, b, …]", "bad_type")
    for part in raw:
        if not isinstance(part, str | int | float | bool) or (isinstance(part, str) and len(part) > 200):
            raise UserError(where, f"holds {str(part)[:60]!r}", "write words and numbers", "bad_type")
    return tuple(raw)
