"""The viewer's side: what it asks for, what it says, and what it makes of nonsense."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from ear_engine.node.conductor import Node
from ear_engine.osc.place import Place
from ear_engine.viewer.audition import NEURON, excerpt_news, plain
from ear_engine.viewer.client import EngineClient
from ear_engine.viewer.keys import BINDINGS
from ear_engine.viewer.words import words
from ear_engine.web.neurons import describe
from tests.audition.music import NAMES, SILENT, Music, ear_folder, measured
from tests.audition.test_playing import play
from tests.node.standin import audio_state, until
from tests.node.test_conductor import Client
from tests.web.ears import facts

GOOD: list[Any] = [7, 1, 2, "music", "first piece", 12.0, 4.0]


def test_it_asks_tells_and_ends(music: Music, tmp_path: Path) -> None:
    async def scenario(node: Node, _: Client) -> None:
        viewer = EngineClient(Place("127.0.0.1", node.osc.port))
        viewer.start()

        def told() -> str:
            audition = viewer.snapshot().audition
            return "" if audition is None else audition.text

        try:
            await until(lambda: viewer.snapshot().connected)
            assert viewer.snapshot().audition is None
            for which, name in enumerate(NAMES, 1):
                viewer.audition(7)
                await until(lambda name=name: name in told())
                assert told() == f"excerpt {which} of 2: {name} (music)"
            audition = viewer.snapshot().audition
            assert audition is not None and audition.sounds(time.perf_counter())
            assert audition.until - time.perf_counter() == pytest.approx(4.3, abs=0.5)
            await until(lambda: audio_state(node).audition_left > 0.0)
            viewer.stop_audition()
            assert viewer.snapshot().audition is None
            await until(lambda: audio_state(node).audition_left == 0.0, 1.0)
            viewer.audition(SILENT)
            await until(lambda: "never fired" in told())
            audition = viewer.snapshot().audition
            assert audition is not None and not audition.sounds(time.perf_counter())
            assert viewer.ignored == 0
        finally:
            await asyncio.to_thread(viewer.close)

    play(ear_folder(tmp_path / "ear"), scenario)


@pytest.mark.parametrize(
    "given",
    [
        [],
        GOOD[:-1],
        [*GOOD, 1],
        [7, "one", 2, "music", "piece", 12.0, 4.0],
        [7, 1, 2, "music", "piece", 12.0, "long"],
        [7, 1, 2, "music", "piece", 12.0, float("nan")],
        [7, 1, 2, "music", "piece", 12.0, 1e9],
        [7, 1, 2, "music", "piece", 12.0, -1.0],
    ],
)
def test_nonsense_is_no_excerpt(given: list[Any]) -> None:
    assert excerpt_news(GOOD, 100.0).text == "excerpt 1 of 2: first piece (music)"
    with pytest.raises(ValueError, match=r"has no|is no"):
        excerpt_news(given, 100.0)


def test_names_from_elsewhere_stay_on_one_line() -> None:
    assert plain("a\nb\x1b[31m") == "a b [31m"
    assert len(plain("x" * 1000)) == 80 and plain("x" * 80) == "x" * 80


def test_the_words_of_a_neuron_name_the_music() -> None:
    known = facts()
    said = words(describe(known, 7))
    assert said[-3:] == ("excited most by (A plays)", "1   first piece   0:02", "2   second piece   0:02")
    assert not any("excited" in line for line in words(describe(facts(known=False), 7)))
    odd: list[object] = [None, {}, {"recording": 7}, {"recording": "x\ny", "seconds": "soon"}]
    assert words({"excerpts": odd})[-1] == "4   x y"
    assert words({"excerpts": "all of it"})[-1] == "neuron ?"
    assert len(words({"excerpts": [{"recording": "x"}] * 1000})) < 12
    assert measured().describe(SILENT).excerpts == ()


def test_a_key_does_it() -> None:
    binding = next(binding for binding in BINDINGS if binding.action == "audition")
    assert binding.keys == ("a",) and NEURON.startswith("/ear/")
