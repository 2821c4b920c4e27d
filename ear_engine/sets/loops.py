"""Loops that a set names and that only its session has: kept as clips, whose names mean the same everywhere.

``memory:12`` is another loop in another session. So a set says ``heard/DIGEST 4 beats`` in its place, a WAV file, bit
for bit and named by its sound: among the user's clips if the user has saved it, beside the last set if only that names
it. A set that still has a name of the first kind (one of an older engine, or by hand) has it left out when it is read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from ear_engine.clip import SHORTEST_SECONDS, Clip
from ear_engine.errors import UserError
from ear_engine.held_targets import Held
from ear_engine.parameters import Value
from ear_engine.setfile import SetFile
from ear_engine.shared_memory.states import Target
from ear_engine.sources.files import SILENCE_PEAK
from ear_engine.targets.resolve import clips_of
from ear_engine.whole_files import made_folder, need_room, replacing

FOLDER = "heard"
"""Where they are, among the user's clips or beside the last set."""
MEMORY = "memory:"
_SILENCE = "silence"
_NONE = Target("", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
_IMPRINT, _OBJECTIVE, _BY = "target/imprint", "target/objective", "target/by"


def likened(target: Target) -> frozenset[str]:
    """Names of the clips in a target, whether they decide at the moment or not."""
    return clips_of(replace(target, by="imprint")) | clips_of(replace(target, by="objective"))


def likened_by(values: Mapping[str, Value]) -> frozenset[str]:
    """Names of the clips in the ``target/…`` of these values."""
    aim = replace(_NONE, imprint=str(values.get(_IMPRINT, "")), objective=str(values.get(_OBJECTIVE, "")))
    return likened(aim)


def names_in(plain: SetFile, held: Held) -> frozenset[str]:
    """Names of all clips that a set names."""
    source = frozenset() if plain.clip is None else frozenset((plain.clip,))
    return source.union(likened_by(plain.values), *(likened(one) for one in (*held.kept, *held.stored.values())))


def renamed(plain: SetFile, held: Held, names: Mapping[str, str]) -> tuple[SetFile, Held]:
    """The same set, with clips called otherwise: old name → new name."""
    clip = plain.clip if plain.clip is None else names.get(plain.clip, plain.clip)
    kept = tuple(_target(one, names) for one in held.kept)
    stored = {name: _target(one, names) for name, one in held.stored.items()}
    return replace(plain, clip=clip, values=renamed_values(plain.values, names)), Held(kept, stored)


def renamed_values(values: Mapping[str, Value], names: Mapping[str, str]) -> dict[str, Value]:
    """The same values, with clips called otherwise."""
    found = dict(values)
    if _IMPRINT in found:
        found[_IMPRINT] = names.get(str(found[_IMPRINT]), found[_IMPRINT])
    if _OBJECTIVE in found:
        found[_OBJECTIVE] = _expression(str(found[_OBJECTIVE]), names)
    return found


def keep_loop(clip: Clip, folder: Path) -> str:
    """Write a loop among the clips in ``folder``, unless it is there; return what it is called as a clip.

    One shorter than clips may be (0.25 s) is written twice in a row; one that is silent is the built-in silence.

    Raises:
        UserError: there is no room, or it cannot be written.
    """
    audio, beats = clip.audio, clip.beats
    if float(np.max(np.abs(audio))) < SILENCE_PEAK:
        return _SILENCE
    if clip.seconds < SHORTEST_SECONDS:
        audio, beats = np.tile(audio, (1, 2)), 2 * beats
    facts = f"{clip.sample_rate} {beats} {audio.shape[0]} ".encode()
    digest = hashlib.blake2b(facts + np.ascontiguousarray(audio).tobytes(), digest_size=8).hexdigest()
    name = f"{FOLDER}/{digest} {beats} beats"
    path = folder / f"{name}.wav"
    if not path.exists():
        made_folder(path.parent)
        need_room(path.parent, audio.nbytes + 4096)
        with replacing(path) as file:
            soundfile.write(file, audio.T, clip.sample_rate, subtype="FLOAT", format="WAV")
    return name


def kept_loops(folder: Path) -> dict[str, Path]:
    """Files of the loops that were kept in ``folder``, by what they are called as clips; none if it is not there."""
    return {f"{FOLDER}/{path.stem}": path for path in (folder / FOLDER).glob("*.wav")}


def without_memory(plain: SetFile, held: Held, subject: Callable[[str], str]) -> tuple[SetFile, Held, list[UserError]]:
    """The set without what it names of a session's memory, and a sentence for each such name.

    Args:
        plain, held: of the set.
        subject: what to call such a name in a sentence.
    """
    lost = sorted(name for name in names_in(plain, held) if name.startswith(MEMORY))
    if not lost:
        return plain, held, []
    reason, mend = "is a loop of the session that saved the set", "choose the clip again and save the set"
    faults = [UserError(subject(name), reason, mend, "unknown_clip") for name in lost]
    values, gone = dict(plain.values), set(lost)
    for by in ("imprint", "objective"):
        if likened_by({f"target/{by}": values.get(f"target/{by}", "")}) & gone:
            del values[f"target/{by}"]
            if values.get(_BY) == by:
                del values[_BY]
    kept = tuple(one for one in held.kept if not clips_of(one) & gone)
    stored = {name: one for name, one in held.stored.items() if not clips_of(one) & gone}
    clip = None if plain.clip in gone else plain.clip
    return replace(plain, clip=clip, values=values), Held(kept, stored), faults


def _target(target: Target, names: Mapping[str, str]) -> Target:
    imprint = names.get(target.imprint, target.imprint)
    return replace(target, imprint=imprint, objective=_expression(target.objective, names))


def _expression(text: str, names: Mapping[str, str]) -> str:
    """An expression, with the clips that it quotes called otherwise."""
    return re.sub(r"([\"'])(.*?)\1", lambda found: f"{found[1]}{names.get(found[2], found[2])}{found[1]}", text)
