"""A loop of pictures without sound, for web pages: animated WebP, by PyAV."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ear_engine.offline.film import need_av, writing_container

_QUALITY = "45"  # of 100: points stay points; sixty pictures of 560 x 560 have 1.1 MB


def write_animation(path: Path, size: tuple[int, int], rate: Fraction, frames: Iterable[NDArray[np.uint8]]) -> None:
    """Write pictures that begin again after the last one.

    Args:
        path: of the file, which is there whole or not at all.
        size: height and width in pixels, both even.
        rate: pictures a second.
        frames: (height, width, 3) each, sRGB, the top row first.

    Raises:
        UserError: PyAV is missing, or the file cannot be written; nothing of it is left.
    """
    need_av()
    from av.video.frame import VideoFrame

    with writing_container(path, "webp", {"loop": "0"}) as container:
        options = {"quality": _QUALITY}
        stream: Any = container.add_stream("libwebp_anim", rate=rate, options=options)
        stream.height, stream.width = size
        stream.pix_fmt = "yuv420p"
        for number, frame in enumerate(frames):
            picture = VideoFrame.from_ndarray(frame, format="rgb24").reformat(format="yuv420p")
            picture.pts, picture.time_base = number, 1 / rate
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
