"""Frames and sound into the streams of an MP4 file: H.264 by x264, AAC.

x264 divides its work among as many threads on every machine, since what it writes depends on their number: the same
frames make the same file.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_QUALITY = "19"  # x264's constant rate factor: points stay points
_SPEED = "veryfast"  # 11 ms of processor time a frame of 1280 x 720, `fast` 28 ms; as sharp, and 8 % larger
_THREADS = 4
_SOUND_BITS = 256_000  # a second
_SOUND = {"aac_coder": "fast"}  # the usual one overshoots by half in the first frame, and is no better after it
_FALLBACK_RATE = 48000  # where AAC does not know the sound's own
_BT709, _LIMITED = 1, 1  # FFmpeg's numbers for the matrix, primaries and curve, and for the range of yuv420p


class Encoder:
    """Writes one film; used by one thread.

    Args:
        container: of the file.
        size: height and width in pixels, both even.
        rate: frames a second.
        sound_rate: Hz of the sound; None if there is none.
        repeats: how often all frames are shown; each is encoded once.
    """

    def __init__(
        self,
        container: OutputContainer,
        size: tuple[int, int],
        rate: Fraction,
        sound_rate: int | None = None,
        repeats: int = 1,
    ) -> None:
        from av.video.reformatter import VideoReformatter

        self._container, self._rate, self._repeats = container, rate, repeats
        stream = container.add_stream("libx264", rate=rate, options={"crf": _QUALITY, "preset": _SPEED})
        stream.height, stream.width = size
        stream.pix_fmt = "yuv420p"
        context: Any = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = _LIMITED
        context.thread_count, context.thread_type = _THREADS, "FRAME"
        self._stream = stream
        self._reformatter = VideoReformatter()
        self._frames = 0
        self._packets: list[Packet[VideoStream]] = []
        self._sound = None if sound_rate is None else _SoundTrack(container, sound_rate)

    def show(self, picture: VideoFrame) -> None:
        """Add a frame, rgb24."""
        from av.video.reformatter import ColorRange, Colorspace

        made = self._reformatter.reformat(
            picture, format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        made.pts, made.time_base = self._frames, 1 / self._rate
        self._frames += 1
        self._take(self._stream.encode(made))

    def hear(self, audio: NDArray[np.float32]) -> None:
        """Add sound, (2, samples), behind what there is; before the frames that are shown with it."""
        assert self._sound is not None
        self._sound.hear(audio)

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

    def __init__(self, container: OutputContainer, sample_rate: int) -> None:
        from av.codec import Codec

        known = Codec("aac", "w").audio_rates or ()
        rate = sample_rate if sample_rate in known else _FALLBACK_RATE
        self._container, self._rate = container, sample_rate
        self._stream = container.add_stream("aac", rate=rate, options=_SOUND, layout="stereo")
        self._stream.bit_rate = _SOUND_BITS
        self._waiting: deque[NDArray[np.float32]] = deque()
        self._done = 0

    def hear(self, audio: NDArray[np.float32]) -> None:
        """More of it, (2, samples)."""
        self._waiting.append(np.asarray(audio, np.float32))

    def play_until(self, seconds: float) -> None:
        """Encode what there is up to a time."""
        until = int(seconds * self._rate)
        while self._waiting and self._done < until:
            chunk = self._waiting.popleft()
            now, later = np.split(chunk, [until - self._done], axis=1)
            if later.shape[1]:
                self._waiting.appendleft(later)
            self._encode(now)

    def finish(self) -> None:
        """Encode the rest."""
        while self._waiting:
            self._encode(self._waiting.popleft())
        self._container.mux(self._stream.encode(None))

    def _encode(self, audio: NDArray[np.float32]) -> None:
        from av.audio.frame import AudioFrame

        if not audio.shape[1]:
            return
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(audio), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = self._rate, self._done, Fraction(1, self._rate)
        self._done += audio.shape[1]
        self._container.mux(self._stream.encode(frame))


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
