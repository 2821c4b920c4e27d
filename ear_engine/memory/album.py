"""The kept loops as an album: sounds, pictures, the family tree, and all that is known of them.

A folder ``NAME/`` with ``01_NAME.wav`` (float32, the samples that were heard), ``01_NAME.png``, …, ``family.png``
and ``album.json``. It is written aside and gets its name when it is whole, so there is never half of one, and none is
ever overwritten.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

import ear_engine
from ear_engine.errors import UserError
from ear_engine.memory.drawing import draw_family, draw_loop
from ear_engine.memory.family import Member, family
from ear_engine.memory.remembered import Remembered
from ear_engine.shared_memory.loops import LoopFile
from ear_engine.sources.source import name_problem
from ear_engine.whole_files import made_folder, need_room, not_written

FORMAT = 1
_PICTURE = 1 << 20  # bytes, more than one takes
_LONGEST = 100
_STEM = 60
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')  # in names of files, on any system

Tell = Callable[[float, str], None]


class Cancelled(UserError):
    """Whoever wanted the album does not want it any more."""

    def __init__(self) -> None:
        super().__init__("the album", "was cancelled", "ask again", "cancelled")


def check_album(name: str, root: Path) -> Path:
    """Where the album ``name`` goes.

    Raises:
        UserError: it is no name, or there is one.
    """
    name = name.strip()
    problem = name_problem(name)
    if problem is None and (_FORBIDDEN.search(name) or name.startswith(".") or name.endswith(".")):
        problem = "has characters that no folder has everywhere"
    if problem is None and (len(name) > _LONGEST or not name.isprintable()):
        problem = f"is longer than {_LONGEST} characters, or cannot be printed"
    if problem is not None:
        raise UserError(f"album name {name[:40]!r}", problem, "choose another", "bad_name")
    if (root / name).exists():
        raise UserError(f"album {name!r}", "is there already", "choose another name", "name_taken")
    return root / name


def write_album(
    folder: Path,
    loops: Sequence[Remembered],
    chosen: Sequence[Remembered],
    read: Callable[[int], LoopFile],
    *,
    pictures: bool = True,
    tell: Tell = lambda share, phase: None,
    wanted: Callable[[], bool] = lambda: True,
) -> Path:
    """Write the ``chosen`` ones of the ``loops`` into ``folder``, from any thread.

    Args:
        folder: see :func:`check_album`.
        loops: the whole family.
        chosen: those on the album, in its order.
        read: a loop's sound.
        pictures: whether there are some.
        tell: told how far it is, 0..1, and with what.
        wanted: asked between loops; if not, it is cancelled.

    Raises:
        UserError: it cannot be written, or is not wanted any more; nothing is left of it then.
    """
    made_folder(folder.parent)
    need_room(folder.parent, sum(8 * loop.samples + _PICTURE * pictures for loop in chosen) + _PICTURE)
    numbers = {loop.number for loop in chosen}
    members = family(loops, lambda loop: loop.number in numbers)
    aside = folder.parent / f".{folder.name}.part-{os.getpid()}"
    shutil.rmtree(aside, ignore_errors=True)
    try:
        aside.mkdir()
        _fill(aside, folder.name, members, chosen, read, pictures, tell, wanted)
        if folder.exists():
            raise UserError(f"album {folder.name!r}", "is there already", "choose another name", "name_taken")
        aside.rename(folder)
    except OSError as error:
        raise not_written(folder / "album.json", error) from None
    except soundfile.SoundFileError as error:  # it has no other error for a disk that is full
        raise UserError(
            f"folder {str(folder)!r}", f"does not take the sound ({error})", "make room", "disk_full"
        ) from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder


def stem_of(place: int, name: str) -> str:
    """Name of a loop's files, without what they are: ``01_NAME``."""
    plain = _FORBIDDEN.sub("-", name).strip(" .") or "loop"
    return f"{place:02d}_{re.sub(r'[ ]+', '_', plain)[:_STEM]}"


def _fill(
    aside: Path,
    name: str,
    members: Iterable[Member],
    chosen: Sequence[Remembered],
    read: Callable[[int], LoopFile],
    pictures: bool,
    tell: Tell,
    wanted: Callable[[], bool],
) -> None:
    members = tuple(members)
    placed = {member.loop.number: member for member in members}
    tracks: list[dict[str, Any]] = []
    small = {}
    for place, loop in enumerate(chosen, 1):
        if not wanted():
            raise Cancelled
        tell((place - 1) / (len(chosen) + 1), loop.name)
        stem, sound = stem_of(place, loop.name), read(loop.number)
        soundfile.write(aside / f"{stem}.wav", np.asarray(sound.audio).T, sound.sample_rate, subtype="FLOAT")
        if pictures:
            page, small[loop.number] = draw_loop(loop, np.asarray(sound.audio))
            page.save(aside / f"{stem}.png")
        tracks.append(_track(loop, placed[loop.number], stem, pictures))
    if pictures:
        tell(len(chosen) / (len(chosen) + 1), "the family tree")
        draw_family(members, small).save(aside / "family.png")
    others = [member for member in members if member.loop.number not in {loop.number for loop in chosen}]
    told = {
        "format": FORMAT,
        "name": name,
        "engine": ear_engine.__version__,
        "made": _moment(time.time()),
        "loops": tracks,
        "ancestors": [{"number": one.loop.number, "name": one.loop.name, "clip": one.loop.clip} for one in others],
    }
    (aside / "album.json").write_text(json.dumps(told, indent=1), encoding="utf-8")


def _track(loop: Remembered, member: Member, stem: str, pictures: bool) -> dict[str, Any]:
    facts = {name: getattr(loop, name) for name in ("number", "name", "kind", "clip", "tempo", "beats", "seconds")}
    made = {name: getattr(loop, name) for name in ("objective", "loudness", "step", "seed", "ear", "sample_rate")}
    return {
        "sound": f"{stem}.wav",
        **({"picture": f"{stem}.png"} if pictures else {}),
        **facts,
        "parent": member.parent,
        "later": member.later,
        "heard": _moment(loop.heard) if loop.heard else None,
        **made,
        "target": dataclasses.asdict(loop.target),
        "held": [dataclasses.asdict(target) for target in loop.held],
        "values": dict(loop.values),
    }


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(seconds))
