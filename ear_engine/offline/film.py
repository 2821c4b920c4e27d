"""Films with sound: frames one after another into an MP4 file (H.264, AAC), by PyAV.

Pictures are ``yuv420p`` in the colors of BT.709, which everything plays. The rate need not be whole, so a loop of any
length has a whole number of frames, and picture and sound come round together however often they are repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ear_engine.errors import UserError
from ear_engine.whole_files import made_folder, replacing

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

_QUALITY = "20"  # x264's constant rate factor: points stay points
_SPEED = "fast"
_SOUND_BITS = 256_000  # a second
_SOUND = {"aac_coder": "fast"}  # the usual one overshoots by half in the first frame, and is no better after it
_FALLBACK_RATE = 48000  # where AAC does not know the sound's own
_BT709, _LIMITED = 1, 1  # FFmpeg's numbers for the matrix, primaries and curve, and for the range of yuv420p


@dataclass(frozen=True, eq=False)
class Sound:
    """What is heard: (2, samples) float32, full scale 1, and its rate in Hz."""

    audio: NDArray[np.float32]
    rate: int


def need_av() -> None:
    """Make sure that a film can be written.

    Raises:
        UserError: PyAV is missing.
    """
    if find_spec("av") is None:
        mend = "run `pip install av`, or write pictures instead"
        raise UserError("PyAV, which writes films,", "is not installed", mend, "missing_package")


@contextmanager
def writing_film(
    path: Path, size: tuple[int, int], rate: Fraction, sound: Sound | None = None, repeats: int = 1
) -> Iterator[Film]:
    """A film that takes the place of ``path`` once it is whole; add its frames inside.

    Args:
        path: of the file.
        size: height and width in pixels, both even.
        rate: frames a second.
        sound: that is heard beside the frames.
        repeats: how often all frames are shown and the sound is heard; each is encoded once.

    Raises:
        UserError: PyAV is missing, or the file cannot be written; nothing of it is left.
    """
    need_av()
    import av

    made_folder(path.parent)
    with replacing(path) as file, av.open(file, "w", format="mp4") as container:
        film = Film(container, size, rate, sound, repeats)
        yield film
        film.finish()


class Film:
    """A film being written, see :func:`writing_film`."""

    def __init__(
        self, container: OutputContainer, size: tuple[int, int], rate: Fraction, sound: Sound | None, repeats: int
    ) -> None:
        self._container, self._size, self._rate, self._repeats = container, size, rate, repeats
        options = {"crf": _QUALITY, "preset": _SPEED}
        stream = container.add_stream("libx264", rate=rate, options=options)
        stream.height, stream.width = size
        stream.pix_fmt = "yuv420p"
        context: Any = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = _LIMITED
        self._stream = stream
        self._frames = 0
        self._packets: list[Packet[VideoStream]] = []
        self._sound = None if sound is None else _SoundTrack(container, sound, repeats)

    def add(self, frame: NDArray[np.uint8]) -> None:
        """Add a frame, (height, width, 3), sRGB, the top row first.

        Raises:
            ValueError: it has another shape.
        """
        from av.video.frame import VideoFrame
        from av.video.reformatter import ColorRange, Colorspace

        if frame.shape != (*self._size, 3):
            raise ValueError(f"a frame of this film has the shape {(*self._size, 3)}, not {frame.shape}")
        picture = VideoFrame.from_ndarray(frame, format="rgb24").reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        picture.pts, picture.time_base = self._frames, 1 / self._rate
        self._frames += 1
        self._take(self._stream.encode(picture))

    def finish(self) -> None:
        """Write what is still to come: the last frames, their repetitions, the rest of the sound."""
        self._take(self._stream.encode(None))
        for number in range(1, self._repeats):
            for packet in self._packets:
                self._write(_moved(packet, number * self._frames / self._rate))
        if self._sound is not None:
            self._sound.finish()

    def _take(self, packets: Iterable[Packet[VideoStream]]) -> None:
        for packet in packets:
            if self._repeats > 1:
                self._packets.append(_moved(packet, Fraction(0)))
            self._write(packet)

    def _write(self, packet: Packet[VideoStream]) -> None:
        if self._sound is not None and packet.dts is not None:
            self._sound.play_until(float(packet.dts * packet.time_base))
        packet.stream = self._stream
        self._container.mux(packet)


class _SoundTrack:
    """The sound of a film, encoded as the film goes on."""

    def __init__(self, container: OutputContainer, sound: Sound, repeats: int) -> None:
        from av.codec import Codec

        known = Codec("aac", "w").audio_rates or ()
        rate = sound.rate if sound.rate in known else _FALLBACK_RATE
        self._container, self._rate = container, sound.rate
        self._audio = np.tile(np.asarray(sound.audio, np.float32), (1, repeats))
        self._stream = container.add_stream("aac", rate=rate, options=_SOUND, layout="stereo")
        self._stream.bit_rate = _SOUND_BITS
        self._done = 0

    def play_until(self, seconds: float) -> None:
        """Encode up to a time."""
        from av.audio.frame import AudioFrame

        until = min(int(seconds * self._rate), self._audio.shape[1])
        if until <= self._done:
            return
        frame = AudioFrame.from_ndarray(
            np.ascontiguousarray(self._audio[:, self._done : until]), format="fltp", layout="stereo"
        )
        frame.sample_rate, frame.pts, frame.time_base = self._rate, self._done, Fraction(1, self._rate)
        self._done = until
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Encode the rest."""
        self.play_until(self._audio.shape[1] / self._rate + 1.0)
        self._container.mux(self._stream.encode(None))


def _moved(packet: Packet[VideoStream], seconds: Fraction) -> Packet[VideoStream]:
    """A copy of a packet, later by ``seconds``."""
    from av.packet import Packet

    copy: Packet[Any] = Packet(bytes(packet))
    by = round(seconds / packet.time_base)
    copy.time_base, copy.is_keyframe = packet.time_base, packet.is_keyframe
    copy.pts = None if packet.pts is None else packet.pts + by
    copy.dts = None if packet.dts is None else packet.dts + by
    copy.duration = packet.duration
    return copy
