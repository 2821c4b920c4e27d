"""What the live input is: the device's, a file in its place, or none."""

from __future__ import annotations

from pathlib import Path

from ear_engine.playback.backend import Backend
from ear_engine.playback.capture import Capture
from ear_engine.playback.events import EventLog
from ear_engine.playback.input_file import InputFile, read_input_file
from ear_engine.playback.options import AudioOptions
from ear_engine.shared_memory.input_ring import InputWriter
from ear_engine.shared_memory.states import AudioState


def open_input(
    session: Path, options: AudioOptions, backend: Backend, events: EventLog, earlier: AudioState | None
) -> Capture | None:
    """What keeps the live input; None if there is none.

    Raises:
        UserError: the file that shall be heard in its place is no sound.
    """
    if not backend.inputs and options.input_file is None:
        return None
    instead = None
    if options.input_file is not None:
        instead = InputFile(read_input_file(options.input_file, backend.rate))
    captured, taken = (0, 0) if earlier is None else (earlier.captured, earlier.taken)
    live = InputWriter(session, backend.rate)
    arguments = session / "loops", backend.rate, options.sample_rate, backend.latency, events
    return Capture(*arguments, captured, taken, live, instead)
