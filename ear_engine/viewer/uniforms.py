"""Uniforms and attributes of a program by name."""

from __future__ import annotations

import moderngl


def set_uniform(program: moderngl.Program, name: str, value: object) -> None:
    """Give a uniform a value: a number, or as many as it has; bytes are taken as they are (float32, by columns)."""
    uniform = program[name]
    assert isinstance(uniform, moderngl.Uniform)
    if isinstance(value, bytes):
        uniform.write(value)
    else:
        uniform.value = value


def location(program: moderngl.Program, name: str) -> int:
    """Number of an attribute."""
    attribute = program[name]
    assert isinstance(attribute, moderngl.Attribute)
    return attribute.location
