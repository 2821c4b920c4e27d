"""What lies in the folder of a performance, and which records its files have.

Each process writes a file of its own, so that none waits for another and each may die: a process that is started again
begins another file. Times are of :func:`ear_engine.shared_memory.clock.now`, the same in all of them.

``control-N.kept``, by the node
    ``open``  version of the format, engine, ear (name, folder, hash of its weights), seed, versions of what computes,
              machine, wall clock and clock; the control state that the log goes on from
    ``chng``  one change of the control log (:class:`ear_engine.control.Change`), where the sound was
    ``file``  a source or a clip that a target names, with its audio, when the control state names it
    ``shut``  that it was ended in order, and when

``sound-N.kept``, by the audio process; device samples count from its start
    ``open``  rates, block, backend; ``at``, the first device sample that is kept
    ``anch``  from device sample ``device`` on, device samples are engine samples from ``engine`` on; silence before it,
              from ``silent`` on
    ``loop``  audio by its ``key``: (1 or 2, samples), each once
    ``entr``  an entry of the plan (:class:`ear_engine.playback.plan.PlannedLoop`): what enters when, and its crossfade
    ``ramp``  gains ``rows`` as they were from device sample ``at`` on; each then stays at its last value
    ``over``  what was over the loop from device sample ``at`` on
    ``mark``  checksum of what went out from device sample ``at`` on, ``count`` samples, and the time at their end
    ``miss``  ``count`` samples from ``at`` on that nobody has seen: the process stood still

``dream-N.kept``, by the dreamer; each names the last change that it knew (``sequence``)
    ``open``  when
    ``here``  where the dream was when keeping began, with all that the next step depends on
    ``born``  a dream begins, ``how``: ``new`` from its source, ``resume`` from a loop, ``inherit`` from the one before
    ``warm``  the first sound is sought, from silence; ``back`` to the source; ``call``: a loop is recalled
    ``step``  steps: the last change, beats, threads of each; ``times``, when it was read and when the step was done
    ``publ``  a version is published as loop ``loop``

Any of them: ``lost``, records that could not be kept fast enough.
"""

from __future__ import annotations

import re
from pathlib import Path

FORMAT = 1
SUFFIX = ".kept"
CONTROL, SOUND, DREAM = "control", "sound", "dream"
ENDED = "keeping_ended"
"""Code of the event in which a process says that it cannot go on."""
_PART = re.compile(rf"({CONTROL}|{SOUND}|{DREAM})-(\d{{1,6}})\{SUFFIX}")


def new_part(folder: Path, name: str) -> Path:
    """The next file of this name in the folder."""
    numbers = [number for number, _ in _numbered(folder, name)]
    return folder / f"{name}-{max(numbers, default=0) + 1}{SUFFIX}"


def parts_of(folder: Path, name: str) -> list[Path]:
    """The files of this name, in the order in which they were begun."""
    return [path for _, path in sorted(_numbered(folder, name))]


def _numbered(folder: Path, name: str) -> list[tuple[int, Path]]:
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        match = _PART.fullmatch(path.name)
        if match is not None and match[1] == name:
            found.append((int(match[2]), path))
    return found
