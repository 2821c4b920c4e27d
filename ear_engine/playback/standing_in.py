"""A device that has vanished: a clock plays in its place, unheard, until it is back.

Drivers of devices that are gone hang or crash, so nothing is asked of them any more: the audio process ends, and a new
one takes over (``process.py``). It wants exactly the device that sounded before, not another one: nobody in the hall
wants to hear the loudspeakers of a laptop. As long as that is missing, a clock plays, and a process beside looks for it
(``lookout.py``).
"""

from __future__ import annotations

from dataclasses import replace

from ear_engine.errors import UserError
from ear_engine.playback.backend import Backend, open_backend, open_null
from ear_engine.playback.events import EventLog
from ear_engine.playback.options import AudioOptions
from ear_engine.shared_memory.states import AudioState


def open_again(
    options: AudioOptions, events: EventLog, earlier: AudioState | None
) -> tuple[Backend, AudioOptions | None]:
    """Open what ``options`` ask for or, if an earlier process has played, what it played on.

    Args:
        options: as given at the start.
        events: told if a clock stands in for a device, or if it is back.
        earlier: last state of the process before this one.

    Returns:
        what plays, and the options of the device that a clock stands in for; None if that is no one.

    Raises:
        UserError: it cannot be opened, and nothing has played before.
    """
    before = _before(earlier)
    if before is None:
        return open_backend(options, events), None
    wanted = _asking_for(options, *before)
    name = _named(*before)
    try:
        backend = open_backend(wanted, events)
    except UserError:
        clock = open_null(replace(options, backend="null", device=None, device_rate=None))
        if earlier is not None and not earlier.missing:
            message = f"{name} is gone; a clock plays unheard in its place, and the sound returns when it does."
            events.report("warning", "standing_in", message)
        return clock, wanted
    if earlier is not None and earlier.missing:
        events.report("info", "device_back", f"{name} is back, and so is the sound.")
    return backend, None


def _before(earlier: AudioState | None) -> tuple[str, str] | None:
    """Backend and device that sounded, or should have; None if there were none."""
    if earlier is None:
        return None
    backend, device = earlier.missing or (earlier.backend, earlier.device)
    return None if backend in ("null", "auto") else (backend, device)


def _asking_for(options: AudioOptions, backend: str, device: str) -> AudioOptions:
    if backend == "jack":
        return replace(options, backend="jack", device=None)
    return replace(options, backend="portaudio", device=device or None)


def _named(backend: str, device: str) -> str:
    return "The JACK server" if backend == "jack" else f"The audio device {device!r}"
