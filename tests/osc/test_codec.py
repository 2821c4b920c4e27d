from __future__ import annotations

import math
import struct
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from ear_engine.osc.codec import (
    MAX_ARGUMENTS,
    MAX_DATAGRAM,
    MAX_DEPTH,
    Bang,
    FloatMessage,
    MalformedPacket,
    Message,
    check,
    decode,
    encode,
)

NOW = (1).to_bytes(8, "big")
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
arguments = st.lists(
    st.one_of(
        st.integers(-(2**31), 2**31 - 1),
        st.floats(width=32, allow_nan=False, allow_infinity=False),
        text,
        st.binary(max_size=20),
    ),
    max_size=12,
)


def padded(data: bytes) -> bytes:
    return data + b"\0" * (4 - len(data) % 4)


def bundle(*elements: bytes, timetag: bytes = NOW) -> bytes:
    return b"#bundle\0" + timetag + b"".join(struct.pack(">i", len(e)) + e for e in elements)


def message(tags: str, data: bytes = b"", address: str = "/a") -> bytes:
    return padded(address.encode()) + padded(f",{tags}".encode()) + data


@given(text, arguments)
def test_what_is_encoded_is_decoded(name: str, values: list[object]) -> None:
    assert decode(encode("/" + name, *values)) == [Message("/" + name, tuple(values))]


@given(arguments)
def test_python_osc_reads_what_we_send(values: list[object]) -> None:
    theirs = OscMessage(encode("/ear/x", *values))
    assert (theirs.address, theirs.params) == ("/ear/x", values)


def test_python_osc_sends_what_we_read() -> None:
    builder = OscMessageBuilder("/ear/x")
    for tag, value in [("i", 1), ("f", 0.5), ("s", "é"), ("b", b"abc"), ("d", 0.1), ("h", 2**40), ("T", True), ("F", False), ("N", None)]:  # fmt: skip  # noqa: E501
        builder.add_arg(value, tag)
    builder.add_arg([1, [2.0, "x"]])
    expected = (1, 0.5, "é", b"abc", 0.1, 2**40, True, False, None, (1, (2.0, "x")))
    assert decode(builder.build().dgram) == [Message("/ear/x", expected)]
    assert decode(builder.build().dgram)[0].flat == [*expected[:-1], 1, 2.0, "x"]


def test_rare_types() -> None:
    data = padded(b"word") + b"\0\0\0a" + b"\x01\x02\x03\x04" + struct.pack(">II", 2_208_988_800 + 10, 1 << 31)
    assert decode(message("ScrtI", data)) == [Message("/a", ("word", "a", 0x01020304, 10.5, Bang.BANG))]


def test_numpy_scalars_and_bools_are_sent_as_plain_types() -> None:
    packet = encode("/a", True, np.float32(0.5), np.float64(0.25), np.int64(7), np.bool_(False))
    assert packet == padded(b"/a") + padded(b",iffii") + struct.pack(">iffii", 1, 0.5, 0.25, 7, 0)


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e39, 2**31, None, [1]])
def test_what_cannot_be_sent_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"finite|bits|not sent"):
        encode("/a", value)


@given(st.integers(1, 600), st.integers(0, 4))
def test_the_fast_path_gives_the_same_bytes(count: int, integers: int) -> None:
    values = np.linspace(-1, 1, count, dtype=np.float32)
    fast = FloatMessage("/ear/activation/x", integers)
    leading = list(range(integers))
    expected = encode("/ear/activation/x", *leading, *values)
    assert fast.encode(leading, values) == expected
    assert fast.encode(leading, values) == expected  # from the cached header


def test_a_message_without_type_tags_or_arguments() -> None:
    assert decode(padded(b"/a/b")) == [Message("/a/b")]
    assert decode(padded(b"/a") + b"\x3f\0\0\0") == [Message("/a", (b"\x3f\0\0\0",))]


def test_bundles_are_opened_in_order_with_their_time() -> None:
    inner = bundle(encode("/b", 2), timetag=struct.pack(">II", 2_208_988_800 + 100, 0))
    assert decode(bundle(encode("/a", 1), inner, encode("/c"))) == [
        Message("/a", (1,)),
        Message("/b", (2,), 100.0),
        Message("/c"),
    ]


MALFORMED = {
    "empty": b"",
    "odd size": b"/a\0",
    "no slash": b"abc\0",
    "no end of string": b"/abc",
    "bundle element of size -4": b"#bundle\0" + NOW + struct.pack(">i", -4) + b"\0\0\0\0",
    "bundle element of size 0": b"#bundle\0" + NOW + struct.pack(">i", 0),
    "bundle element too long": b"#bundle\0" + NOW + struct.pack(">i", 400) + b"/a\0\0",
    "bundle element misaligned": b"#bundle\0" + NOW + struct.pack(">i", 6) + b"/abcde\0\0",
    "bundle without time": b"#bundle\0",
    "bundle cut": b"#bundle\0" + NOW + b"\0\0\0\x08/a\0\0",
    "bad UTF-8 address": b"/\xff\xfe\0",
    "bad UTF-8 argument": message("s", b"\xff\xff\0\0"),
    "unknown tag": message("x", b"\0\0\0\0"),
    "argument missing": message("ii", b"\0\0\0\0"),
    "double cut": message("d", b"\0\0\0\0"),
    "bytes left": message("i", b"\0" * 8),
    "NaN": message("f", struct.pack(">f", math.nan)),
    "infinity": message("f", struct.pack(">f", math.inf)),
    "double NaN": message("sd", padded(b"a") + struct.pack(">d", math.nan)),
    "blob too long": message("b", struct.pack(">i", 100) + b"\0" * 4),
    "blob negative": message("b", struct.pack(">i", -1) + b"\0" * 4),
    "blob without size": message("b"),
    "array open": message("[i", b"\0\0\0\0"),
    "array closed twice": message("[]]"),
    "arrays too deep": message("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)),
    "character does not exist": message("c", b"\0\0\xd8\0"),
    "too many arguments": message("T" * (MAX_ARGUMENTS + 1)),
    "too many messages": bundle(*[b"/a\0\0"] * 1025),
    "too large": b"/a\0\0" + b"\0" * MAX_DATAGRAM,
}


@pytest.mark.parametrize("datagram", MALFORMED.values(), ids=MALFORMED)
def test_malformed_packets_are_refused_with_a_reason(datagram: bytes) -> None:
    with pytest.raises(MalformedPacket) as caught:
        check(datagram)
    assert str(caught.value).startswith(("has", "begins", "ends", "opens", "closes"))


def test_the_address_of_a_malformed_message_is_known_if_readable() -> None:
    with pytest.raises(MalformedPacket) as caught:
        decode(message("f", struct.pack(">f", math.nan), "/ear/dream/rate"))
    assert caught.value.address == "/ear/dream/rate"


def test_sixty_kilobytes_of_nested_bundles_are_refused_at_once() -> None:
    packet = b"/a\0\0"
    while len(packet) < 60_000:
        packet = bundle(packet)
    start = time.perf_counter()
    with pytest.raises(MalformedPacket, match="nested deeper than 8"):
        decode(packet)
    assert time.perf_counter() - start < 0.05


def test_eight_levels_are_accepted() -> None:
    packet = encode("/a", 1)
    for _ in range(MAX_DEPTH):
        packet = bundle(packet)
    assert decode(packet) == [Message("/a", (1,))]


def only_malformed(datagram: bytes) -> None:
    try:
        messages = decode(datagram)
    except MalformedPacket:
        return
    assert all(found.address.startswith("/") for found in messages)


@given(st.binary(max_size=200))
def test_any_bytes(datagram: bytes) -> None:
    only_malformed(datagram)


SEEDS = [
    message("isfb", b"\0\0\0\1" + padded(b"word") + b"\x3f\0\0\0" + b"\0\0\0\4abcd"),
    bundle(encode("/a", 1.0, "x"), bundle(encode("/b", b"1234"))),
    message("[i[TF]]SchtIN", b"\0\0\0\1" + padded(b"S") + b"\0\0\0a" + b"\0" * 16),
]


@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=6),
    st.integers(0, 200),
    st.binary(max_size=8),
)
def test_mutated_packets(seed: bytes, changes: list[tuple[int, int]], cut: int, tail: bytes) -> None:
    data = bytearray(seed)
    for at, value in changes:
        data[at % len(data)] = value
    only_malformed(bytes(data[: len(data) - cut % len(data)]) + tail)
