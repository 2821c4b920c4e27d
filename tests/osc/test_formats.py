"""What packets of streams hold, read by our decoder and by python-osc."""

from __future__ import annotations

import numpy as np
import pytest
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage

from ear_engine.osc.codec import decode
from ear_engine.osc.formats import FORMATS, MOST_CHANNELS, Fields, Packer, Vector

WHERE = "/ear/activation/encoder_0_conv1"


def vector(values: np.ndarray, bare: bool = False) -> Vector:
    return Vector(values, 7, 3, lambda: [f"n{k}" for k in range(len(values))], bare)


def noise(count: int) -> np.ndarray:
    return np.random.default_rng(count).normal(0.0, 3.0, count).astype(np.float32)


def unblobbed(packets: list[bytes]) -> np.ndarray:
    """What a receiver makes of blobs."""
    values: np.ndarray | None = None
    kinds = {"float32": ">f4", "float16": ">f2", "uint8": "u1"}
    for packet in packets:
        loop, frame, offset, total, dtype, scale, data = OscMessage(packet).params
        assert (loop, frame) == (7, 3)
        values = np.full(total, np.nan) if values is None else values
        part = np.frombuffer(data, kinds[dtype])
        values[offset : offset + part.size] = part * scale
    assert values is not None
    return values


@pytest.mark.parametrize("count", [1, 3, 320, 321, 5000])
@pytest.mark.parametrize(("format", "error"), [("blob", 0.0), ("blob16", 0.01)])
def test_blobs_hold_the_values(format: str, error: float, count: int) -> None:
    values = noise(count)
    found = unblobbed(Packer().pack(WHERE, vector(values), format))
    np.testing.assert_allclose(found, values, rtol=0, atol=error)


@pytest.mark.parametrize("count", [1, 3, 1280, 1281, 5000])
def test_a_blob_of_bytes_holds_what_is_above_zero(count: int) -> None:
    values = noise(count)
    found = unblobbed(Packer().pack(WHERE, vector(values), "blob8"))
    np.testing.assert_allclose(found, np.maximum(values, 0.0), rtol=0, atol=float(np.abs(values).max()) / 255)


def test_ranks_are_the_same_bytes_in_a_blob() -> None:
    ranks = np.arange(256, dtype=np.uint8)
    (packet,) = Packer().pack("/ear/rank/all", vector(ranks), "blob8")
    *_, dtype, scale, data = OscMessage(packet).params
    assert (dtype, data) == ("uint8", ranks.tobytes())
    assert scale == pytest.approx(1 / 255)
    for format in ("blob", "blob16"):
        found = unblobbed(Packer().pack("/ear/rank/all", vector(ranks), format))
        np.testing.assert_allclose(found, np.arange(256) / 255, atol=0.0005)


def test_halves_stay_finite() -> None:
    values = np.array([1e9, -1e9, 1.0], np.float32)
    assert unblobbed(Packer().pack(WHERE, vector(values), "blob16")).tolist() == [65_504.0, -65_504.0, 1.0]


def test_a_list_has_floats_in_chunks() -> None:
    values = noise(600)
    packets = Packer().pack(WHERE, vector(values))
    heads = [OscMessage(packet).params[:4] for packet in packets]
    assert heads == [[7, 3, 0, 600], [7, 3, 256, 600], [7, 3, 512, 600]]
    assert [v for packet in packets for v in OscMessage(packet).params[4:]] == values.tolist()


def test_channels_are_one_float_an_address_in_bundles() -> None:
    values = noise(100)
    packer = Packer()
    for turn in (values, np.zeros(100, np.float32), values):  # the same set, whatever the values
        packets = packer.pack(WHERE, vector(turn), "channels")
        assert len(packets) > 1
        messages = [message for packet in packets for message in OscBundle(packet)]
        assert [m.address for m in messages] == [f"{WHERE}/n{k}" for k in range(100)]
        assert [m.params for m in messages] == [[v] for v in turn.tolist()]
        assert all(m.timetag is None for packet in packets for m in decode(packet))


def test_no_channel_has_a_number_for_a_name() -> None:
    (packet,) = Packer().pack("/ear/playhead", Fields((("loop", 4), ("phase", 0.5))), "channels")
    assert [(m.address, m.arguments) for m in decode(packet)] == [
        ("/ear/playhead/loop", (4.0,)),
        ("/ear/playhead/phase", (0.5,)),
    ]
    (packet,) = Packer().pack("/ear/objective", Fields((("", 0.25),)), "channels")
    assert [(m.address, m.arguments) for m in decode(packet)] == [("/ear/objective", (0.25,))]


def test_a_stream_too_large_for_channels_is_not_sent_as_them() -> None:
    assert Packer().pack("/ear/rank/all", vector(noise(MOST_CHANNELS + 1)), "channels") == []


def test_fields_and_bare_vectors() -> None:
    (packet,) = Packer().pack("/ear/playhead", Fields((("loop", 4), ("phase", 0.5))), "blob")
    assert OscMessage(packet).params == [4, 0.5]
    (packet,) = Packer().pack("/ear/summary/mean", vector(np.ones(3, np.float32), bare=True))
    assert OscMessage(packet).params == [1.0, 1.0, 1.0]
    assert unblobbed(Packer().pack("/ear/summary/mean", vector(np.ones(3, np.float32), bare=True), "blob")).size == 3


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("size", [512, 1400, 9000, 65_507])
def test_no_packet_is_larger_than_asked_for(format: str, size: int) -> None:
    address = "/ear/activation/" + "a" * 48
    for values in (noise(1000), np.arange(1000).astype(np.uint8), noise(42_608)):
        packets = Packer().pack(address, vector(values), format, size)
        assert all(len(packet) <= size for packet in packets)
        assert all(decode(packet) for packet in packets)
        if format != "channels" and len(packets) > 2:
            assert min(map(len, packets[:-1])) > size - 140  # and none much smaller


def test_forgotten_channels_get_the_names_of_the_next_ear() -> None:
    packer = Packer()
    one = Vector(np.zeros(2, np.float32), 0, 0, lambda: ["a", "b"], True)
    other = Vector(np.zeros(2, np.float32), 0, 0, lambda: ["c", "d"], True)
    packer.pack("/ear/summary/mean", one, "channels")
    packer.forget()
    (packet,) = packer.pack("/ear/summary/mean", other, "channels")
    assert [m.address for m in decode(packet)] == ["/ear/summary/mean/c", "/ear/summary/mean/d"]
