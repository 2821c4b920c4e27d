"""Streams of the live input: the formats of the loop's, with or without a loop, and nothing while nothing is heard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from ear_engine.osc.codec import decode
from ear_engine.osc.stream_names import LIVE_SUMMARIES
from ear_engine.osc.stream_table import find_row, stream_rows, type_tags
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.listen_state import ListenState, ListenWriter
from tests.osc.stage import Stage
from tests.osc.synthetic import LAYERS, Session

TOTAL = sum(layer.neurons for layer in LAYERS)
VALUES = (np.arange(TOTAL) / 1024).astype(np.float32)
RANKS = (np.arange(TOTAL) % 256).astype(np.uint8)
NAMES = tuple((layer.name, layer.neurons) for layer in LAYERS)


class Live(Stage):
    """With a listening process that is only its slot."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.writer = ListenWriter(session.folder)
        told = {"surprise": 3.5, "surprise_rank": 0.25, "layers": NAMES, "activations": VALUES, "ranks": RANKS}
        self.state = ListenState(1, "listening", now(), "ear", 12, **told)  # type: ignore[arg-type]

    def hear(self, on: bool = True, **fields: object) -> None:
        self.control.apply({"listen/run": on}, "test")
        self.writer.write(replace(self.state, heartbeat=now(), **fields))  # type: ignore[arg-type]


@pytest.fixture
def stage(session: Session) -> Iterator[Live]:
    made = Live(session)
    yield made
    made.streams.close()


def test_surprise_and_activations_are_told_before_any_loop(stage: Live) -> None:
    stage.subscribe("/ear/listen/surprise", rate=1)
    stage.subscribe("/ear/listen/activation/autoregressive_0", rate=1)
    stage.run(0.5)
    assert stage.take() == []
    stage.hear()
    stage.run(1.0)
    surprise, activations = sorted(stage.take(), key=lambda message: str(message[0]), reverse=True)
    assert surprise == ("/ear/listen/surprise", 3.5, 0.25)
    assert activations == ("/ear/listen/activation/autoregressive_0", 0, 12, 0, 8, *VALUES[-8:].tolist())


def test_ranks_of_the_whole_network_in_bytes(stage: Live) -> None:
    stage.hear()
    stage.subscribe("/ear/listen/rank/all", rate=1, format="blob8", packet=4096)
    stage.run(0.5)
    (_, packet), *_ = stage.heard
    (message,) = decode(packet)
    *place, dtype, scale, data = message.arguments
    assert place == [0, 12, 0, TOTAL] and dtype == "uint8" and scale == pytest.approx(1 / 255)
    assert np.array_equal(np.frombuffer(data, np.uint8)[:TOTAL], RANKS)


def test_summaries(stage: Live) -> None:
    stage.hear()
    stage.subscribe("/ear/listen/summary/*", rate=1)
    stage.run(0.5)
    heard = {str(address): values for address, *values in stage.take()}
    assert heard.keys() == set(LIVE_SUMMARIES)
    ends = np.cumsum([layer.neurons for layer in LAYERS])[:-1]
    parts = np.split(VALUES, ends)
    assert heard["/ear/listen/summary/mean"] == pytest.approx([part.mean() for part in parts], rel=1e-5)
    assert heard["/ear/listen/summary/max"] == [part.max() for part in parts]


@pytest.mark.parametrize(
    "fields", [{"phase": "stalled"}, {"phase": "loading"}, {"on": False}], ids=lambda fields: str(next(iter(fields)))
)
def test_nothing_is_told_while_nothing_is_heard(stage: Live, fields: dict[str, object]) -> None:
    stage.hear(**fields)  # type: ignore[arg-type]
    stage.subscribe("/ear/listen/*", rate=10)
    stage.subscribe("/ear/listen/summary/*", rate=10)
    stage.run(0.3)
    streams = {address for address in stage.streams.addresses() if address.startswith("/ear/listen/")}
    assert not streams & {str(message[0]) for message in stage.take()}


def test_surprise_that_is_not_known_yet_and_an_ear_that_has_been_left(stage: Live) -> None:
    stage.hear(surprise=-1.0, layers=NAMES[:2], activations=VALUES[:816], ranks=RANKS[:816])
    stage.subscribe("/ear/listen/surprise", rate=1)
    stage.subscribe("/ear/listen/activation/autoregressive_0", rate=1)
    stage.run(0.5)
    ((address, *values),) = stage.take()
    assert address == "/ear/listen/activation/autoregressive_0" and values[4:] == [0.0] * 8


def test_the_table_describes_them(stage: Live) -> None:
    live = [address for address in stage.streams.addresses() if address.startswith("/ear/listen/")]
    assert len(live) == 1 + len(LIVE_SUMMARIES) + 2 * (len(LAYERS) + 1)
    stage.hear()
    for address in live:
        row = find_row(address, stream_rows())
        assert row is not None
        packet = stage.streams.packets(address, None, 0)[0]
        tags = type_tags(address, row, LAYERS)
        assert len(decode(packet)[0].arguments) == len(tags), address
