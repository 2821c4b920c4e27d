"""What the autosave does when something goes wrong that nobody has thought of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from ear_engine.errors import UserError
from ear_engine.node import autosave
from ear_engine.node.autosave import Autosave
from ear_engine.node.heard import HeardLoops
from ear_engine.sets.last import SET, LastFolder
from ear_engine.sets.text import WrittenSet
from tests.node.standin import until


def test_a_mistake_costs_one_set_and_neither_the_later_ones_nor_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosave, "_AGAIN", 0.02)
    folder, tries = LastFolder(9000, tmp_path), 0

    def text() -> Callable[[Path], WrittenSet]:
        nonlocal tries
        tries += 1
        if tries == 2:
            return lambda _: WrittenSet("seed: 7\n")
        raise RuntimeError("nobody has thought of it")

    async def scenario() -> None:
        saving = Autosave(HeardLoops(tmp_path), lambda: folder, lambda: tries, text, lambda *_: None)
        task = asyncio.create_task(saving.run())
        await until(lambda: (folder.path / SET).exists(), 5.0)
        task.cancel()
        await saving.close()

    asyncio.run(scenario())
    assert (folder.path / SET).read_text() == "seed: 7\n" and tries == 3


def test_a_loop_of_the_set_that_cannot_be_kept_is_said_once_and_the_set_before_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosave, "_AGAIN", 0.02)
    folder, told, tries = LastFolder(9000, tmp_path), list[str](), 0
    folder.keep_set(WrittenSet("seed: 7\n"))

    def text() -> Callable[[Path], WrittenSet]:
        def full(_: Path) -> WrittenSet:
            nonlocal tries
            tries += 1
            raise UserError("folder 'clips'", "has no room", "make room there and try again", "disk_full")

        return full

    async def scenario() -> None:
        report = lambda level, code, message: told.append(message)  # noqa: E731
        saving = Autosave(HeardLoops(tmp_path), lambda: folder, lambda: tries, text, report)
        task = asyncio.create_task(saving.run())
        await until(lambda: tries > 2, 5.0)
        task.cancel()

    asyncio.run(scenario())
    assert told == ["The last set is not kept: folder 'clips' has no room; make room there and try again."]
    assert (folder.path / SET).read_text() == "seed: 7\n"
