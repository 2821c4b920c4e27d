"""Datagrams to try an engine with: what OSC allows, by hypothesis; what has broken others; mutations of both."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator, Sequence

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ear_engine.commands.parameters import all_commands
from ear_engine.osc.codec import encode, padded
from ear_engine.osc.stream_table import stream_rows
from ear_engine.parameters import ParameterTree

NOW = (1).to_bytes(8, "big")
UNIX_TO_NTP = 2_208_988_800
LARGEST = 65_507
_EXTREMES = (-4, -1, 0, 1, 3, 8, 0x7FFFFFFF, -0x80000000, 0x7F800000, 0x7FC00000, -0x800000, 0x2F000000, 0x2C000000)
_TAGS = "ifsbdhtcrTFNISm[]\x00,z"
_HOSTILE_WORDS = ("../../etc/passwd", "é" * 40, "nan", "*" * 60, "{a,b", "1-99999", "low kicks", "neuron(", "(" * 90)


def bundle(*elements: bytes, timetag: bytes = NOW) -> bytes:
    return b"#bundle\0" + timetag + b"".join(struct.pack(">i", len(e)) + e for e in elements)


def at(unix: float) -> bytes:
    """A time tag."""
    return struct.pack(">II", (int(unix) + UNIX_TO_NTP) & 0xFFFFFFFF, 0)


def message(address: bytes, tags: str, data: bytes) -> bytes:
    return padded_bytes(address) + padded(f",{tags}") + data


def padded_bytes(data: bytes) -> bytes:
    return data + b"\0" * (4 - len(data) % 4)


def addresses() -> list[str]:
    """Every address of the tables, with names in the place of what stands for many."""
    tree = ParameterTree()
    found = [address for row in tree for address in (row.address, row.norm_address)]
    found += [command.address for command in all_commands(tree)]
    found += [row.address + ("one" if row.address.endswith("/") else "") for row in stream_rows()]
    return found


def known_to_break_others(wall: float = 5000.0) -> dict[str, bytes]:
    """Datagrams that have stopped, crashed or filled other programs, and relatives of them."""
    deep = b""
    while len(deep) < 60_000:
        deep = bundle(deep) if deep else bundle(encode("/ear/dream/rate", -20.0))
    return {
        "bundle element of size -4": b"#bundle\0" + NOW + struct.pack(">i", -4) + b"\0\0\0\0",
        "bundle element of size 0": b"#bundle\0" + NOW + b"\0\0\0\0" * 8,
        "bundle element longer than all": b"#bundle\0" + NOW + struct.pack(">i", 0x7FFFFFFC) + b"/a\0\0",
        "an hour ahead": bundle(encode("/ear/dream/rate", -20.0), timetag=at(wall + 3600)),
        "the last moment there is": bundle(encode("/ear/dream/rate", -20.0), timetag=b"\xff" * 8),
        "a moment ahead": bundle(encode("/ear/dream/rate", -20.0), timetag=at(wall + 2)),
        "60 kB of bundles in bundles": deep,
        "60 kB of open arrays": message(b"/ear/dream/rate", "[" * 60_000, b""),
        "60 kB of closed arrays": message(b"/ear/dream/rate", "]" * 60_000, b""),
        "60 kB of nothings": message(b"/ear/dream/rate", "N" * 60_000, b""),
        "an address of 60 kB": padded_bytes(b"/" + b"a" * 60_000),
        "60 kB of slashes": padded_bytes(b"/" * 60_000),
        "stars": encode("/ear/" + "*" * 240),
        "braces": encode("/ear/{" + ",".join("a*" for _ in range(80)) + "}"),
        "bad UTF-8 in the address": padded_bytes(b"/ear/\xff\xfe") + padded(",i") + b"\0\0\0\1",
        "bad UTF-8 in a text": message(b"/ear/source/clip", "s", padded_bytes(b"\xc3\x28")),
        "half a surrogate": message(b"/ear/source/clip", "s", padded_bytes(b"\xed\xa0\x80")),
        "no end of the address": b"/ear/dream/rate!",
        "cut in an argument": encode("/ear/dream/rate", -20.0)[:-4],
        "cut to an odd size": encode("/ear/dream/rate", -20.0)[:-1],
        "another tag than the data": message(b"/ear/dream/rate", "d", b"\0\0\0\0"),
        "an unknown tag": message(b"/ear/dream/rate", "z", b"\0\0\0\0"),
        "a blob of negative size": message(b"/ear/dream/rate", "b", struct.pack(">i", -8)),
        "a blob longer than all": message(b"/ear/dream/rate", "b", struct.pack(">i", 0x7FFFFFFF)),
        "not a number": message(b"/ear/dream/rate", "f", struct.pack(">f", float("nan"))),
        "infinite": message(b"/ear/dream/rate", "d", struct.pack(">d", float("-inf"))),
        "no tags": padded_bytes(b"/ear/dream/rate") + b"\xc1\xa0\0\0",
        "thousands of messages": bundle(*[encode("/a")] * 5000),
        "a thousand values": bundle(*[encode("/ear/dream/rate", -20.0)] * 1000),
        "an answer": encode("/ear/fail", "/ear/fail", "bad", "", 0),
        "a text of 60 kB": encode("/ear/target/objective", "(" * 60_000),
        "60 kB of neurons": encode("/ear/target/neurons", "1," * 30_000),
        "nothing": b"",
        "one byte": b"/",
        "only a bundle's name": b"#bundle\0",
    }


def packets(names: Sequence[str]) -> st.SearchStrategy[bytes]:
    """What OSC 1.0 and 1.1 allow: messages of every type to addresses that exist, patterns and others, and bundles."""
    text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=24)
    name = st.integers(0, len(names) - 1).map(lambda index: names[index])
    words = st.one_of(text, st.sampled_from(_HOSTILE_WORDS), name)
    numbers = st.one_of(st.integers(-(1 << 31), (1 << 31) - 1), st.integers(-3, 130))
    singles = st.floats(width=32, allow_nan=False, allow_infinity=False)
    argument = st.one_of(
        numbers.map(lambda v: ("i", struct.pack(">i", v))),
        st.one_of(singles, st.floats(-60, 60)).map(lambda v: ("f", struct.pack(">f", v))),
        words.map(lambda v: ("s", padded(v))),
        words.map(lambda v: ("S", padded(v))),
        st.binary(max_size=40).map(lambda v: ("b", struct.pack(">i", len(v)) + v + b"\0" * (-len(v) % 4))),
        st.floats(allow_nan=False, allow_infinity=False).map(lambda v: ("d", struct.pack(">d", v))),
        st.integers(-(1 << 63), (1 << 63) - 1).map(lambda v: ("h", struct.pack(">q", v))),
        st.binary(min_size=8, max_size=8).map(lambda v: ("t", v)),
        st.binary(min_size=4, max_size=4).map(lambda v: ("r", v)),
        st.characters(exclude_categories=["Cs"]).map(lambda v: ("c", struct.pack(">I", ord(v)))),
        st.sampled_from("TFNI").map(lambda tag: (tag, b"")),
    )
    arrays = st.lists(argument, max_size=4).map(
        lambda inner: (f"[{''.join(tag for tag, _ in inner)}]", b"".join(data for _, data in inner))
    )
    wild = st.tuples(name, st.integers(0, 40), st.sampled_from(("*", "?", "[a-z]", "{a,b*}", "[!x]")))
    patterns = wild.map(lambda part: part[0][: 5 + part[1]] + part[2])
    address = st.one_of(name, name, patterns, text.map(lambda name: "/" + name))
    messages = st.tuples(address, st.lists(st.one_of(argument, arrays), max_size=8)).map(
        lambda part: message(
            part[0].replace("\0", "").encode(), "".join(t for t, _ in part[1]), b"".join(d for _, d in part[1])
        )
    )
    timetags = st.one_of(st.just(NOW), st.floats(4990, 5030).map(at), st.binary(min_size=8, max_size=8))
    bundles = st.recursive(
        messages,
        lambda inner: st.tuples(st.lists(inner, max_size=4), timetags).map(lambda b: bundle(*b[0], timetag=b[1])),
        max_leaves=6,
    )
    return st.one_of(messages, bundles)


def drawn(strategy: st.SearchStrategy[bytes], count: int) -> list[bytes]:
    """The same ``count`` packets every time."""
    found: list[bytes] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(packet: bytes) -> None:
        found.append(packet[:LARGEST])

    draw()
    return found


def mutations(seeds: Sequence[bytes], seed: int) -> Iterator[bytes]:
    """Without end: seeds as they are, and with one to three things done to them."""
    rng = random.Random(seed)
    small = [packet for packet in seeds if len(packet) <= 2048]
    while True:
        packet = rng.choice(seeds if rng.random() < 0.01 else small)
        for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
            packet = rng.choice(_CHANGES)(packet, rng, small)
        yield packet[:LARGEST]


def _flip(packet: bytes, rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    changed = bytearray(packet)
    for _ in range(rng.randint(1, 4)):
        if changed:
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _cut(packet: bytes, rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    return packet[: rng.randint(0, len(packet)) // rng.choice((1, 4)) * rng.choice((1, 4))]


def _word(packet: bytes, rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    place = rng.randrange(len(packet) // 4 + 1) * 4
    return packet[:place] + struct.pack(">i", rng.choice(_EXTREMES)) + packet[place + 4 :]


def _tag(packet: bytes, rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    comma = packet.find(b",")
    if comma < 0:
        return packet
    place = comma + rng.randint(0, 6)
    return packet[:place] + rng.choice(_TAGS).encode() + packet[place + 1 :]


def _remove(packet: bytes, rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    place = rng.randint(0, len(packet)) // 4 * 4
    return packet[:place] + packet[place + 4 * rng.randint(1, 4) :]


def _insert(packet: bytes, rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    place = rng.randint(0, len(packet)) // rng.choice((1, 4)) * rng.choice((1, 4))
    return packet[:place] + rng.randbytes(rng.choice((1, 4, 4, 8, 60))) + packet[place:]


def _splice(packet: bytes, rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    other = rng.choice(seeds)
    return packet[: rng.randint(0, len(packet)) // 4 * 4] + other[rng.randint(0, len(other)) // 4 * 4 :]


def _wrap(packet: bytes, rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    ahead = rng.choice((NOW, at(5000 + rng.uniform(-5, 30)), rng.randbytes(8)))
    return bundle(packet, *rng.choices(seeds, k=rng.randrange(3)), timetag=ahead)


def _noise(packet: bytes, rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    return rng.randbytes(rng.randrange(64))


_Change = Callable[[bytes, random.Random, Sequence[bytes]], bytes]
_CHANGES: tuple[_Change, ...] = (_flip, _cut, _word, _tag, _remove, _insert, _splice, _wrap, _noise)
