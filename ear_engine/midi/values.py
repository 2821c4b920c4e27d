"""What a position of a control means for the parameter it plays, and the other way round."""

from __future__ import annotations

from ear_engine.midi.binding import BUTTONS, Binding
from ear_engine.parameters import Parameter, Value


def value_at(binding: Binding, row: Parameter, position: float) -> Value:
    """The parameter's value where an absolute control stands at ``position`` 0..1: along the curve of its range."""
    if binding.values:
        return binding.values[round(position * (len(binding.values) - 1))]
    low, high = ends(binding, row)
    return row.denormalize(low + position * (high - low))


def position_of(binding: Binding, row: Parameter, value: Value) -> float:
    """Where the control stands, 0..1, when the parameter has this ``value``; for a button whether it is lit."""
    if binding.values:
        if binding.mode in BUTTONS and len(binding.values) == 1:
            return float(value == binding.values[0])
        place = binding.values.index(value) if value in binding.values else 0
        return place / max(1, len(binding.values) - 1)
    low, high = ends(binding, row)
    if low == high:
        return 0.0
    return min(max((row.normalize(value) - low) / (high - low), 0.0), 1.0)


def ends(binding: Binding, row: Parameter) -> tuple[float, float]:
    """Positions in the parameter's whole range, 0..1, at either end of the control."""
    low = 0.0 if binding.low is None else row.normalize(binding.low)
    return low, 1.0 if binding.high is None else row.normalize(binding.high)


def least_step(binding: Binding, row: Parameter) -> float:
    """Share of the control's way that one click of an encoder must take at least to change the value."""
    if binding.values:
        return 1 / max(1, len(binding.values) - 1)
    if row.kind == "choice":
        return 1 / max(1, len(row.choices) - 1)
    if row.kind == "bool":
        return 1.0
    if row.kind == "int" and row.curve == "linear":
        return 1 / max(1.0, row.high - row.low)
    return 0.0


def next_value(binding: Binding, row: Parameter, value: Value) -> Value:
    """What the next press of a toggle makes of ``value``."""
    if binding.values:
        place = binding.values.index(value) if value in binding.values else -1
        return binding.values[(place + 1) % len(binding.values)]
    if row.kind == "choice":
        return row.choices[(row.choices.index(str(value)) + 1) % len(row.choices)]
    low, high = ends(binding, row)
    far = position_of(binding, row, value) >= 0.5
    return row.denormalize(low if far else high)
