"""A viewer elsewhere beside a real engine: it sees the map, and what a loop will do before it sounds."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ear_engine.ear.loop_ranks import loop_ranks
from ear_engine.ear.statistics_file import load_statistics
from ear_engine.ear_files import find_ear
from ear_engine.layout.map_file import MAP, read_map
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.owner import session_of
from ear_engine.viewer.bulk import HttpBulk, SessionBulk
from tests.test_serve import command, reports, serving, wait_for


@pytest.mark.slow
def test_a_viewer_elsewhere_sees_what_one_beside_the_engine_sees(tmp_path: Path) -> None:
    ear = find_ear("small").path
    typed = command(ear, "--json-status", "--target.layer", "encoder_2_conv2")
    with serving(typed, tmp_path) as (process, out), ExitStack() as after_all:
        wait_for(out, process, "running", loop=1)
        last: dict[str, Any] = reports(out)[-1]
        assert last["http_port"] > 0
        session = session_of(last["pids"]["node"])
        assert session is not None
        elsewhere, beside = HttpBulk("127.0.0.1", last["http_port"]), SessionBulk(session)
        after_all.enter_context(closing(elsewhere))
        after_all.enter_context(closing(beside))
        picture, stored = elsewhere.map(), read_map(ear / MAP)
        assert picture is not None and picture.id == stored.id and len(picture.links) == len(stored.links) > 5000
        assert np.array_equal(picture.positions, stored.positions)
        mine = beside.map()
        assert mine is not None and mine.id == picture.id and mine.index.layers == picture.index.layers
        neuron = elsewhere.neuron(9000)
        assert neuron is not None and neuron["layer"] == picture.index.neuron(9000).layer and neuron["excerpts"]
        statistics = load_statistics(ear)
        early, end = 0, time.perf_counter() + 60
        while early < 3:
            assert time.perf_counter() < end and process.poll() is None
            newest = elsewhere.loops()[-1]
            if newest.loop == 0 or (newest.begins is not None and newest.begins < now()):
                time.sleep(0.02)
                continue
            lights, theirs = elsewhere.lights(newest.loop), beside.lights(newest.loop)
            after = [facts for facts in beside.loops() if facts.loop == newest.loop]
            if after and (after[0].begins is None or after[0].begins > now()):
                assert lights is not None and theirs is not None
                assert np.array_equal(lights.ranks, theirs.ranks) and lights.ranks.any()
                assert lights.gradient is not None and theirs.gradient is not None
                assert np.array_equal(lights.gradient, theirs.gradient) and lights.gradient.any()
                loop = beside._shelf.open(newest.loop)
                assert loop is not None
                assert np.array_equal(lights.ranks, loop_ranks(loop.activations, loop.frames, statistics))
                early += 1
        assert reports(out)[-1]["dropouts"] == last["dropouts"]
        begun = time.perf_counter()
        process.terminate()
        assert process.wait(10) == 0 and time.perf_counter() - begun < 2.0
    assert "Traceback" not in (tmp_path / "err").read_text()


def test_a_port_that_is_taken_ends_it_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        typed = command(find_ear("small").path, "--http-port", str(taken.getsockname()[1]))
        with serving(typed, tmp_path) as (process, _):
            assert process.wait(20) == 2
    said = (tmp_path / "err").read_text()
    assert "is used by another program; use --http-port 0" in said and "Traceback" not in said
