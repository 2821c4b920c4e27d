"""The sink ``mjpeg``: the picture as Motion JPEG over HTTP, for OBS, VLC, TouchDesigner and browsers.

``mjpeg``, ``mjpeg:PORT``, ``mjpeg:ADDRESS`` or ``mjpeg:ADDRESS:PORT``; port 0 is any that is free.
"""

from __future__ import annotations

from collections.abc import Container
from ipaddress import ip_address

import moderngl

from ear_engine.errors import UserError
from ear_engine.viewer.sinks.base import Frame
from ear_engine.viewer.sinks.encoder import Encoder
from ear_engine.viewer.sinks.picture_server import PictureServer

LOCAL = "127.0.0.1"
PORT = 9010


class MotionJpeg:
    """Serves the latest picture to whoever looks; draws and encodes nothing while nobody does.

    Args:
        argument: address and port.

    Raises:
        UserError: it is neither.
    """

    reads = True

    def __init__(self, argument: str = "") -> None:
        self._address, self._port = read_address(argument)
        self._allowed: Container[str] | None = None
        self._server: PictureServer | None = None
        self._encoder: Encoder | None = None

    def admit(self, allowed: Container[str]) -> None:
        """Say which machines may look; all if nobody does."""
        self._allowed = allowed

    def open(self, context: moderngl.Context, width: int, height: int, name: str) -> str:
        """Listen; clients stay when the size changes.

        Raises:
            UserError: the port cannot be had.
        """
        if self._server is None:
            self._server = PictureServer(self._address, self._port, name, self._allowed)
            self._encoder = Encoder(self._server.publish)
        return self._server.url

    def wants(self) -> bool:
        """Whether anyone looks, and the picture before is encoded."""
        return self._server is not None and self._server.watched and not (self._encoder and self._encoder.busy)

    def send(self, frame: Frame) -> None:
        """Encode it beside the frame loop."""
        if self._encoder is not None:
            self._encoder.take(frame.pixels, frame.quality)

    def close(self) -> None:
        """Hang up on everyone."""
        server, encoder, self._server, self._encoder = self._server, self._encoder, None, None
        if encoder is not None:
            encoder.close()
        if server is not None:
            server.close()


def read_address(text: str) -> tuple[str, int]:
    """IP address and port of ``PORT``, ``ADDRESS``, ``ADDRESS:PORT`` or nothing.

    Raises:
        UserError: it is none of those.
    """
    host, digits = LOCAL, text or str(PORT)
    if text and not text.isdigit():
        whole = _address(text)
        host, digits = (text, str(PORT)) if whole else (text.rpartition(":")[0], text.rpartition(":")[2])
    address = _address(host)
    if not address or not (digits.isascii() and digits.isdigit()) or int(digits) >= 1 << 16:
        mend = "use mjpeg:PORT or mjpeg:ADDRESS:PORT, such as mjpeg:9010 or mjpeg:0.0.0.0:9010"
        raise UserError(f"--output mjpeg:{text[:60]}", "is no port or address", mend, "bad_value")
    return address, int(digits)


def _address(text: str) -> str:
    """IP address, without the brackets that it may have; nothing if it is none."""
    try:
        return str(ip_address(text.removeprefix("[").removesuffix("]")))
    except ValueError:
        return ""
