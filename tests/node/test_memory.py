"""What is heard is remembered and comes back; dreamer and audio process are only their files and states here."""

from __future__ import annotations

import asyncio
import errno
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ear_engine import platform
from ear_engine.change import Change
from ear_engine.clip import Clip
from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.memory import store as storing
from ear_engine.memory.remembered import Remembered
from ear_engine.node.exports import remove_stale
from ear_engine.node.heard import HeardLoops
from ear_engine.node.memory import Memory
from ear_engine.node.memory_clips import MemoryClips
from ear_engine.parameters import ParameterTree
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.loops import LoopFile, loop_name, read_loop, source_name, write_loop
from ear_engine.shared_memory.states import AudioState, Entry
from ear_engine.undo import Undo
from tests.node.standin import until

RATE = 8000
BEATS = 4
Audio = NDArray[np.float32]


def noise(seed: int, samples: int = RATE) -> Audio:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (2, samples)).astype(np.float32)


class Stage:
    """A memory, and what it looks at."""

    def __init__(self, folder: Path) -> None:
        self.session = folder / "ear-engine-session-test"
        self.loops = self.session / "loops"
        self.loops.mkdir(parents=True)
        self.control = ControlLog(ParameterTree(), ear="ears/small", seed=5)
        self.refused: list[tuple[str, str, UserError]] = []
        self.told: list[tuple[str, str, str]] = []
        self.schedule: list[Entry] = []
        self.position = 0
        self.clips = {"beat": noise(100), "long": noise(101, 2 * RATE)}
        self.names = SimpleNamespace(made=[])
        self.busy = False
        self.current: Clip
        self.heard = HeardLoops(self.loops)
        self.memory = Memory(
            self.control,
            self.session,
            audio=self.audio,
            layers=lambda: ["encoder_2_conv1", "encoder_3_conv1", "encoder_4_conv1"],
            refuse=lambda origin, address, error: self.refused.append((origin, address, error)),
            report=lambda level, code, message: self.told.append((level, code, message)),
            albums=folder / "albums",
        )
        self.control.listen(self._sources)
        self.control.validators["source/clip"] = self._known
        self._choose("beat")
        self._loop = 0

    def audio(self) -> AudioState:
        """Ten milliseconds after the last entry has begun."""
        rest = (self.position, now(), 0.0, 0, self.schedule[-4:])
        return AudioState(1, "null", "", RATE, RATE, 256, *rest)

    async def hear(self, audio: Audio, sequence: int | None = None, *, file: str = "", wait: bool = True) -> int:
        """Let a dream be heard that knew change ``sequence`` (the last one if None); its number in the memory."""
        self._loop += 1
        sequence = self.control.number if sequence is None else sequence
        source = self.control.snapshot().source_number
        loop = LoopFile(self._loop, audio, RATE, BEATS, source, self._loop, sequence, 0.5, name="beat")
        write_loop(self.loops / (file or loop_name(self._loop)), loop)
        self.position += 2000
        self.schedule.append(Entry(self.position, 0, self._loop, file or loop_name(self._loop), audio.shape[1], BEATS))
        self.position += 80
        before = self.memory._parts.remembering._waiting if self.memory._parts else ()
        self.heard.look(self.audio(), now())
        if wait:
            digest = storing_digest(audio)
            await until(lambda: not before and self._known_sound(digest), 5.0)
        return self.memory.current

    def _known_sound(self, digest: str) -> bool:
        found = self.memory.store.by_digest(digest)
        return found is not None and found.number == self.memory.current

    async def written(self) -> None:
        """What was asked for is handed over, or waits for its source."""
        await until(lambda: not self.memory._open().returning.recalls.busy, 5.0)

    async def recalled(self) -> Audio:
        """The dreamer takes what was recalled, and it is heard."""
        await self.written()
        sound = np.array(read_loop(self.loops / self.control.snapshot().recall).audio)
        await self.hear(sound)
        return sound

    def _known(self, value: Any) -> Any:
        for made in self.names.made:
            own = made.named(str(value))
            if own is not None:
                return own
        if value not in self.clips:
            raise UserError(f"clip {value!r}", "is not in the library", "choose another", "unknown_clip")
        return value

    def _sources(self, change: Change) -> None:
        if "source/clip" in change.values and change.origin != "source":
            self._choose(str(change.values["source/clip"]))

    def _choose(self, name: str) -> None:
        audio = self.clips[name] if name in self.clips else self.names.made[0].read(name).audio
        self.current = Clip(name, audio, RATE, BEATS, "given")
        number = self.control.snapshot().source_number + 1
        write_loop(self.loops / source_name(number), LoopFile(0, audio, RATE, BEATS, number, name=name))
        values = {"source/clip": name, "playback/beats": BEATS, "playback/tempo": self.current.tempo}
        self.control.set_source(source_name(number), "source", values)


def storing_digest(audio: Audio) -> str:
    from ear_engine.node.remembering import digest_of

    return digest_of(audio, BEATS)


@asynccontextmanager
async def remembering(folder: Path) -> AsyncIterator[Stage]:
    stage = Stage(folder)
    stage.memory.open(stage.heard, stage)  # type: ignore[arg-type]  # as much of the sources as it needs
    task = asyncio.create_task(stage.memory.run())
    try:
        yield stage
    finally:
        task.cancel()
        stage.memory.close()


def run(test: Callable[[Stage], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    async def whole() -> None:
        async with remembering(tmp_path) as stage:
            await test(stage)

    asyncio.run(whole())


def nothing(change: Change | None, error: UserError | None) -> None:
    assert error is None, error


def parents(stage: Stage) -> dict[int, int]:
    return {loop.number: loop.parent for loop in stage.memory.store.loops}


def test_each_loop_is_remembered_once_with_its_sound_its_target_and_its_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(stage: Stage) -> None:
        stage.control.apply({"target/layer": "encoder_2_conv1"}, "a hand")
        first = await stage.hear(noise(1))
        knew = stage.control.number
        stage.control.apply({"target/name": "bright hats"}, "a hand")
        second = await stage.hear(noise(2), knew)
        third = await stage.hear(noise(3))
        again = await stage.hear(noise(3))
        assert again == third
        store = stage.memory.store
        assert [loop.kind for loop in store.loops] == ["source", "dream", "dream", "dream"]
        assert parents(stage) == {1: 0, first: 1, second: first, third: second}
        assert [store.find(n).target.by for n in (first, second, third)] == ["layer", "layer", "name"]
        assert np.array_equal(store.read(second).audio, noise(2))
        loop = store.find(third)
        assert (loop.seed, loop.ear, loop.beats, loop.tempo, loop.clip) == (5, "small", BEATS, 240.0, "beat")
        assert loop.name.startswith(f"{third} bright hats ") and abs(loop.heard - time.time()) < 5
        assert -30 < loop.loudness < 0 and loop.values["target/name"] == "bright hats"

    run(test, tmp_path, monkeypatch)


def test_a_loop_is_remembered_with_its_target_however_much_was_moved_before_it_was_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(stage: Stage) -> None:
        stage.control.apply({"target/name": "bright hats"}, "a hand")
        knew = stage.control.number
        stage.control.apply({"target/layer": "encoder_2_conv1"}, "a hand")
        for step in range(3000):  # faders and clocks, while a long loop waits to be heard
            stage.control.apply({"tone/tilt": step / 1000}, "automation")
        loop = stage.memory.store.find(await stage.hear(noise(1), knew))
        assert (loop.target.by, loop.target.name, loop.values["tone/tilt"]) == ("name", "bright hats", -4.5)
        stage.memory.recall(loop.number, True, "a hand", nothing)
        await stage.written()
        assert stage.control.target.by == "name"
        assert len(stage.memory._open().remembering._decided) < 3010
        await stage.hear(noise(2))
        assert len(stage.memory._open().remembering._decided) == 0, "nothing needs them any more"

    run(test, tmp_path, monkeypatch)


def test_a_recall_is_the_sound_bit_for_bit_and_makes_a_branch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(stage: Stage) -> None:
        first, second = await stage.hear(noise(1)), await stage.hear(noise(2))
        stage.memory.recall(stage.memory.store.find(first).name, False, "a hand", nothing)
        assert np.array_equal(await stage.recalled(), noise(1)) and stage.memory.current == first
        branch = await stage.hear(noise(4))
        assert parents(stage)[branch] == first and parents(stage)[second] == first

    run(test, tmp_path, monkeypatch)


def test_back_takes_steps_back_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(stage: Stage) -> None:
        numbers = [await stage.hear(noise(seed)) for seed in (1, 2, 3)]
        stage.control.fire("memory/back", "pad")
        stage.control.fire("memory/back", "pad")
        assert np.array_equal(await stage.recalled(), noise(1))
        stage.control.fire("memory/back", "pad")
        assert [(origin, address, error.code) for origin, address, error in stage.refused] == [
            ("pad", "/ear/memory/back", "nothing_before")
        ]
        await stage.hear(noise(5))
        stage.control.fire("memory/back", "pad")
        assert np.array_equal(await stage.recalled(), noise(1)) and stage.memory.current == numbers[0]

    run(test, tmp_path, monkeypatch)


def test_a_loop_of_another_source_comes_back_with_it_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(stage: Stage) -> None:
        first = await stage.hear(noise(1))
        stage.control.apply({"source/clip": "long"}, "a hand")
        other = await stage.hear(noise(2, 2 * RATE))
        assert parents(stage)[other] == stage.memory.store.find(other).source != first
        before = stage.control.number
        stage.memory.recall(first, False, "a hand", nothing)
        await stage.written()
        made = [change for change in stage.control.history if change.number > before]
        assert [sorted(change.engine) for change in made][1:] == [
            ["carried", "source", "source_number"],
            ["carried", "recall", "recalls", "still"],
        ], "nobody sees the source without the loop"
        assert stage.control.tree.values["source/clip"] == "beat"
        assert np.array_equal(await stage.recalled(), noise(1))
        del stage.clips["beat"]
        stage.control.apply({"source/clip": "long"}, "a hand")
        await stage.hear(noise(7, 2 * RATE))
        stage.memory.recall(first, False, "a hand", nothing)
        await stage.written()
        assert str(stage.control.tree.values["source/clip"]).startswith("memory:"), "the source itself is remembered"
        assert np.array_equal(await stage.recalled(), noise(1))

    run(test, tmp_path, monkeypatch)


def test_hold_takes_up_what_is_heard_even_if_something_newer_was_dreamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(stage: Stage) -> None:
        await stage.hear(noise(1))
        stage.schedule.append(Entry(stage.position + 8 * RATE, 0, 9, loop_name(9), RATE, BEATS))
        stage.control.apply({"memory/hold": True}, "pad")
        assert np.array_equal(await stage.recalled(), noise(1))
        recalls = stage.control.snapshot().recalls
        stage.control.apply({"memory/hold": False}, "pad")
        await stage.written()
        assert stage.control.snapshot().recalls == recalls

    run(test, tmp_path, monkeypatch)


def test_a_loop_is_kept_and_named_while_it_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(stage: Stage) -> None:
        kept = await stage.hear(noise(1))
        stage.control.fire("memory/keep", "pad")
        assert stage.told[-1][:2] == ("info", "kept")
        named = stage.memory.keep(0, "the good one")
        other = await stage.hear(noise(2))
        assert stage.memory.find("the good one") == named and (named.number, named.kept) == (kept, True)
        stage.memory.forget(other)
        with pytest.raises(UserError, match="is forgotten"):
            stage.memory.recall(other, False, "a hand", nothing)

    run(test, tmp_path, monkeypatch)


@pytest.mark.parametrize("how", ["recall", "hold", "morph"])
def test_a_loop_is_written_beside_the_event_loop_and_knows_the_change_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    threads: list[str] = []

    def slowly(path: Path, loop: LoopFile) -> None:
        threads.append(threading.current_thread().name)
        time.sleep(0.2)
        write_loop(path, loop)

    async def test(stage: Stage) -> None:
        first, second = await stage.hear(noise(1)), await stage.hear(noise(2))
        monkeypatch.setattr("ear_engine.node.aside.write_loop", slowly)
        if how == "hold":
            stage.control.apply({"memory/hold": True}, "a hand")
        elif how == "recall":
            stage.memory.recall(first, False, "a hand", nothing)
        else:
            stage.memory.morph(first, 2.0, second, "a hand", lambda share: None, nothing)
        number = stage.control.number
        while stage.control.snapshot().recalls == 0:
            stage.control.apply({"tone/tilt": (stage.control.number % 50) / 10}, "automation")
            await asyncio.sleep(0.005)
        (change,) = [change for change in stage.control.history if "recall" in change.engine]
        loop = read_loop(stage.loops / str(change.engine["recall"]))
        assert loop.sequence == change.number > number + 5, "the others were not held up"
        assert set(threads) == {"recall"}
        if how != "morph":
            assert np.array_equal(loop.audio, noise(2 if how == "hold" else 1))

    run(test, tmp_path, monkeypatch)


def test_recalls_come_in_the_order_in_which_they_were_asked_for_and_one_without_room_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async def test(stage: Stage) -> None:
        first, second = await stage.hear(noise(1)), await stage.hear(noise(2))
        ended: list[object] = []
        for number in (first, second, first):
            stage.memory.recall(number, False, "a hand", lambda change, error: ended.append(change or error))
        assert np.array_equal(await stage.recalled(), noise(1))
        assert [change.number for change in ended if isinstance(change, Change)] == [
            change.number for change in stage.control.history if "recall" in change.engine
        ]
        assert len(ended) == 3
        with monkeypatch.context() as patch:
            patch.setattr("ear_engine.node.aside.write_loop", full)
            stage.memory.recall(second, True, "a hand", lambda change, error: ended.append(error))
            await stage.written()
        assert str(ended[-1]) == (
            "the loop cannot be taken up (No space left on device); make room in the temporary folder."
        )
        assert [path.name for path in stage.loops.glob("aside-*")] == []

    run(test, tmp_path, monkeypatch)


def test_a_loop_that_is_forgotten_while_its_source_comes_is_heard_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(stage: Stage) -> None:
        first = await stage.hear(noise(1))
        stage.control.apply({"source/clip": "long"}, "a hand")
        await stage.hear(noise(2, 2 * RATE))
        choose, stage._choose = stage._choose, lambda name: None  # type: ignore[method-assign]
        stage.memory.recall(first, False, "a hand", nothing)
        await stage.written()
        stage.memory.forget(first)
        choose("beat")
        assert np.array_equal(await stage.recalled(), noise(1))

    run(test, tmp_path, monkeypatch)


def test_a_morph_goes_there_in_steps_and_ends_in_the_loop_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(stage: Stage) -> None:
        first, second = await stage.hear(noise(1)), await stage.hear(noise(2))
        shares: list[float] = []
        ended: list[UserError | None] = []
        stage.memory.morph(first, 3.0, 0, "a hand", shares.append, lambda change, error: ended.append(error))
        await until(lambda: ended, 5.0)
        assert shares == [1 / 3, 2 / 3] and ended == [None]
        steps = [change for change in stage.control.history if "recall" in change.engine]
        assert [change.engine["still"] for change in steps] == [True, True, False]
        between = np.array(read_loop(stage.loops / str(steps[1].engine["recall"])).audio)
        step = await stage.hear(between, steps[1].number)
        assert stage.memory.store.find(step).kind == "morph" and parents(stage)[step] == second
        assert np.array_equal(await stage.recalled(), noise(1)) and stage.memory.current == first
        await stage.hear(noise(9))
        assert parents(stage)[stage.memory.current] == first

    run(test, tmp_path, monkeypatch)


@pytest.mark.parametrize("by", ["recall", "morph", "hold", "source"])
def test_a_morph_gives_way_to_whatever_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    async def test(stage: Stage) -> None:
        first, _second = await stage.hear(noise(1)), await stage.hear(noise(2))
        ended: list[UserError | None] = []
        shares: list[float] = []
        stage.memory.morph(first, 64.0, 0, "a hand", shares.append, lambda change, error: ended.append(error))
        await until(lambda: shares, 5.0)
        assert stage.control.snapshot().still
        if by == "recall":
            stage.memory.recall(first, False, "another", nothing)
        elif by == "morph":
            stage.memory.morph(first, 1.0, 0, "another", shares.append, nothing)
        elif by == "hold":
            stage.control.apply({"memory/hold": True}, "another")
        else:
            stage.control.apply({"source/clip": "long"}, "another")
        assert [error.code for error in ended if error is not None] == ["cancelled"]
        await until(lambda: not stage.control.snapshot().still, 5.0)
        count = len(shares)
        await asyncio.sleep(0.4)
        assert len(shares) == count

    run(test, tmp_path, monkeypatch)


def test_a_morph_ends_in_a_loop_that_its_own_steps_have_pushed_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(stage: Stage) -> None:
        first, _second = await stage.hear(noise(1)), await stage.hear(noise(2))
        ended: list[UserError | None] = []
        shares: list[float] = []
        stage.memory.morph(first, 3.0, 0, "a hand", shares.append, lambda change, error: ended.append(error))
        await until(lambda: shares, 5.0)
        stage.memory.forget(first)
        await until(lambda: ended, 5.0)
        assert ended == [None] and np.array_equal(await stage.recalled(), noise(1))
        assert stage.memory.find(0).parent in parents(stage), "of the family that is there"

    run(test, tmp_path, monkeypatch)


def test_a_dream_does_not_rest_for_ever_if_the_end_of_a_morph_cannot_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(stage: Stage) -> None:
        first = await stage.hear(noise(1))
        stage.clips["other"] = noise(103)
        stage.control.apply({"source/clip": "other"}, "a hand")
        await stage.hear(noise(2))
        ended: list[UserError | None] = []
        stage.memory.morph(first, 2.0, 0, "a hand", lambda share: None, lambda change, error: ended.append(error))
        await until(lambda: stage.control.snapshot().still, 5.0)
        stage._choose = lambda name: None  # type: ignore[method-assign]
        recalls = stage.memory._open().returning.recalls
        await until(lambda: recalls._coming is not None, 5.0)
        recalls.give_up()
        assert [error.code for error in ended if error is not None] == ["cancelled"]
        assert not stage.control.snapshot().still

    run(test, tmp_path, monkeypatch)


def test_a_morph_is_over_when_its_node_has_died(tmp_path: Path) -> None:
    control = ControlLog(ParameterTree())
    control.set_recall("recall-00000001.ear", "a hand", still=True)
    again = ControlLog(ParameterTree(), state=control.snapshot())
    assert not again.snapshot().still and again.snapshot().recalls == 1


def test_a_recall_waits_for_the_source_that_is_being_made_and_finds_one_that_was_there_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(stage: Stage) -> None:
        first = await stage.hear(noise(1))
        ended: list[UserError | None] = []
        stage.busy, stage._choose = True, lambda name: None  # type: ignore[method-assign]
        stage.memory.recall(first, False, "a hand", lambda change, error: ended.append(error))
        await stage.written()
        stage.memory.look()
        assert stage.control.snapshot().recalls == 0, "what is being made would be heard over it"
        stage.busy = False
        stage.memory.look()
        assert ended == [None] and np.array_equal(await stage.recalled(), noise(1))

    run(test, tmp_path, monkeypatch)


def test_no_way_leads_between_loops_of_other_lengths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(stage: Stage) -> None:
        first = await stage.hear(noise(1))
        stage.control.apply({"source/clip": "long"}, "a hand")
        await stage.hear(noise(2, 2 * RATE))
        with pytest.raises(UserError, match="recall it instead"):
            stage.memory.morph(first, 4.0, 0, "a hand", lambda share: None, nothing)

    run(test, tmp_path, monkeypatch)


def test_a_remembered_loop_is_a_clip_and_stays_while_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(stage: Stage) -> None:
        first = await stage.hear(noise(1))
        stage.control.apply({"source/clip": f"memory:{first}"}, "a hand")
        assert np.array_equal(stage.current.audio, noise(1)) and stage.memory.store.find(first).kept
        clips: MemoryClips = stage.names.made[0]
        assert [clip.name for clip in clips.clips()] == [f"memory:{first}"]
        second = await stage.hear(noise(2))
        stage.control.apply({"target/imprint": f"memory:{second}"}, "a hand")
        assert stage.memory.store.find(second).kept
        assert clips.named("beat") is None
        with pytest.raises(UserError, match="not remembered"):
            clips.named("memory:99")

    run(test, tmp_path, monkeypatch)


def test_dice_are_one_step_that_can_be_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(stage: Stage) -> None:
        undo = Undo(stage.control, ("node", "source"))
        before = dict(stage.control.tree.values)
        stage.memory.throws.lock("rhythm", True, "pad")
        stage.memory.throws.throw(0.5, "pad")
        after = dict(stage.control.tree.values)
        moved = {name for name, value in after.items() if value != before[name]}
        assert len(moved) > 6 and not any(name.startswith("rhythm/") for name in moved)
        undo.undo("pad")
        now_there = dict(stage.control.tree.values)
        assert {n for n, v in now_there.items() if v != before[n]} <= {"memory/amount", "memory/locked"}
        stage.memory.throws.throw(0.5, "pad")
        assert dict(stage.control.tree.values) != after, "the next throw is another"

    run(test, tmp_path, monkeypatch)


def test_a_full_disk_is_said_once_and_what_was_there_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(stage: Stage) -> None:
        first = await stage.hear(noise(1))

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(storing, "write_loop", full)
            for seed in (2, 3):
                await stage.hear(noise(seed), wait=False)
            await until(lambda: stage.told, 5.0)
            await asyncio.sleep(0.1)
        assert [code for _, code, _ in stage.told] == ["memory_full"]
        last = await stage.hear(noise(4))
        assert parents(stage)[last] == first and stage.memory.store.has_sound(first)

    run(test, tmp_path, monkeypatch)


def test_no_older_loop_is_kept_for_one_that_could_not_be_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(stage: Stage) -> None:
        first = await stage.hear(noise(1))
        stage.memory.keep(first, "mine")

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(storing, "write_loop", full)
            await stage.hear(noise(2), wait=False)
            await until(lambda: stage.told, 5.0)
        ((_, _, said),) = stage.told
        mend = f"make room in {stage.memory.store.folder.parent}, or export and forget what is kept "
        mend += "(the one that is kept takes 0.064 MB)"
        assert said == f"What is heard is not remembered (No space left on device); {mend}."
        stage.control.fire("memory/keep", "pad")
        ((origin, address, error),) = stage.refused
        assert (origin, address, error.code) == ("pad", "/ear/memory/keep", "memory_full")
        assert str(error) == f"the loop that is heard is not remembered; {mend}."
        assert [code for _, code, _ in stage.told] == ["memory_full"], "nothing is said to be kept"
        with pytest.raises(UserError, match="is not remembered"):
            stage.memory.keep(0, "another")
        await stage.hear(noise(3))
        stage.control.fire("memory/keep", "pad")
        assert stage.memory.find(0).kept and stage.memory.find("mine").number == first

    run(test, tmp_path, monkeypatch)


def test_another_node_goes_on_with_what_was_remembered_and_kept_loops_outlive_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(stage: Stage) -> None:
        first = await stage.hear(noise(1))
        stage.memory.keep(first, "mine")
        await stage.hear(noise(2))
        there = {loop.number: loop for loop in stage.memory.store.loops}
        again = storing.MemoryStore(stage.memory.store.folder)
        assert {loop.number: loop for loop in again.loops} == there and again.next_number() == max(there) + 1
        assert isinstance(again.find("mine"), Remembered)

    run(test, tmp_path, monkeypatch)
    assert not platform.memory_folder(tmp_path / "ear-engine-session-test").exists()
    (album,) = (tmp_path / "albums").iterdir()
    assert album.name.startswith("kept ") and [path.name for path in album.glob("*.wav")] == ["01_mine.wav"]


def test_half_an_album_of_an_engine_that_was_killed_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(platform, "process_alive", lambda pid: pid == 77)
    gone, going, whole = (tmp_path / "albums" / name for name in (".friday.part-76", ".friday.part-77", "friday"))
    for folder in (gone, going, whole):
        folder.mkdir(parents=True)
    remove_stale(tmp_path / "albums", lambda *_: None)
    assert not gone.exists() and going.exists() and whole.exists()
