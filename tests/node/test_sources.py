"""Which source comes of what is asked, and what whoever asked is told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.node.sources import Sources
from ear_engine.parameters import ParameterTree
from ear_engine.shared_memory.states import ControlState
from ear_engine.sources.library import ClipLibrary
from tests.node.standin import tone_file, until


class Place:
    """A control log and the sources that follow it."""

    def __init__(self, folder: Path, library: ClipLibrary, state: ControlState | None = None) -> None:
        self.control = ControlLog(ParameterTree(), state=state)
        self.refused: list[tuple[str, str, str]] = []
        self.told: list[str] = []
        (folder / "loops").mkdir(exist_ok=True)
        self.sources = Sources(self.control, library, folder / "loops", self.refuse, self.tell)

    def refuse(self, origin: str, address: str, error: UserError) -> None:
        self.refused.append((origin, address, str(error)))

    def tell(self, level: str, code: str, message: str) -> None:
        self.told.append(message)


def test_a_fit_and_lengths_in_one_go_keep_the_fit_and_refuse_the_lengths(tmp_path: Path) -> None:
    async def scenario() -> None:
        place = Place(tmp_path, ClipLibrary(()))
        values = place.control.tree.values
        place.control.apply({"source/fit": "stretch", "playback/tempo": 100, "playback/beats": 4}, "osc")
        place.sources.open("beat")
        running = asyncio.create_task(place.sources.run())
        for name, value in (("source/fit", "clip_tempo"), ("playback/tempo", 140), ("playback/beats", 3)):
            place.control.apply({name: value}, "osc")
        await until(lambda: len(place.refused) == 2)
        assert (values["source/fit"], values["playback/tempo"], values["playback/beats"]) == ("clip_tempo", 120.0, 8)
        assert place.sources.current.seconds == 4.0
        mend = "follows the clip; set source/fit to stretch or crop."
        assert place.refused == [
            ("osc", "/ear/playback/tempo", f"playback/tempo {mend}"),
            ("osc", "/ear/playback/beats", f"playback/beats {mend}"),
        ]
        running.cancel()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("wanted", "tempo", "beats"),
    [
        ({"playback/tempo": 150.0}, 150.0, 8),
        ({"source/fit": "clip_tempo"}, 120.0, 8),
        ({"source/clip": "bass"}, 140, 8),
    ],
)
def test_what_a_node_that_died_had_not_made_yet_is_made_by_the_next(
    tmp_path: Path, wanted: dict[str, object], tempo: float, beats: int
) -> None:
    async def scenario() -> None:
        first = Place(tmp_path, ClipLibrary(()))
        first.control.apply({"source/fit": "crop", "playback/tempo": 140.0, "playback/beats": 8}, "osc")
        first.sources.open("beat")
        first.control.apply(wanted, "osc")
        state = first.control.snapshot()
        again = Place(tmp_path, ClipLibrary(()), state)
        again.sources.rejoin(state, "beat")
        running = asyncio.create_task(again.sources.run())
        await until(lambda: again.control.snapshot().source_number == 2)
        assert again.sources.current.tempo == pytest.approx(tempo, abs=0.01) and again.sources.current.beats == beats
        assert again.control.tree.values["playback/tempo"] == tempo and not again.refused
        running.cancel()

    asyncio.run(scenario())


def test_what_a_node_that_died_had_made_is_not_made_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        first = Place(tmp_path, ClipLibrary(()))
        first.control.apply({"source/fit": "crop", "playback/tempo": 140.0}, "osc")
        first.sources.open("beat")
        state = first.control.snapshot()
        again = Place(tmp_path, ClipLibrary(()), state)
        again.sources.rejoin(state, "beat")
        running = asyncio.create_task(again.sources.run())
        await asyncio.sleep(0.3)
        assert again.control.snapshot() == state and not again.refused and not again.told
        running.cancel()

    asyncio.run(scenario())


class Watched(ClipLibrary):
    """Counts what it reads on the event loop's thread."""

    def __init__(self, root: Path) -> None:
        super().__init__((root,))
        self.blocking: list[str] = []

    def _files(self, taken):  # type: ignore[no-untyped-def]
        import threading

        if threading.current_thread() is threading.main_thread():
            self.blocking.append("files")
        return super()._files(taken)


def test_no_name_makes_the_event_loop_read_folders_and_new_files_are_found(tmp_path: Path) -> None:
    async def scenario() -> None:
        (tmp_path / "clips").mkdir()
        tone_file(tmp_path / "clips" / "tone_4beats.wav")
        library = Watched(tmp_path / "clips")
        place = Place(tmp_path, library)
        place.sources.open("beat")
        library.blocking.clear()
        place.control.apply({"source/clip": "tone_4beats.wav"}, "osc")
        assert place.control.tree.values["source/clip"] == "tone_4beats"
        tone_file(tmp_path / "clips" / "new.wav")

        def found() -> bool:
            try:
                place.control.apply({"source/clip": "new"}, "osc")
            except UserError as error:
                assert error.code == "unknown_clip"
                return False
            return True

        await until(found)
        assert library.blocking == []

    asyncio.run(scenario())
