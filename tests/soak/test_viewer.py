"""A viewer is looked at to its end, whatever becomes of its film; here it is a program that plays one."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import pytest

from ear_engine.soak.viewer import Viewer

FILM = """
import sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Film(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=edge")
        self.end_headers()
        self.wfile.write(b"--edge\\r\\n")
        for number in range(100):
            jpeg = bytes([255, 216]) + b"\\r\\n\\r\\n" * number
            head = b"Content-Type: image/jpeg\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(jpeg)
            self.wfile.write(head + jpeg + b"\\r\\n--edge\\r\\n")
            PAUSE
            time.sleep(0.01)

server = ThreadingHTTPServer(("127.0.0.1", 0), Film)
where = f"http://127.0.0.1:{server.server_port}/picture.mjpg"
print(f"ear-engine view: the picture is at {where}", file=sys.stderr, flush=True)
server.serve_forever()
"""


def viewer(pause: str = "", timeout: float = 10.0) -> Viewer:
    return Viewer([sys.executable, "-c", FILM.replace("PAUSE", pause)], timeout)


def until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 30.0
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_pictures_are_counted_and_a_film_that_ends_is_asked_for_again() -> None:
    one = viewer()
    until(lambda: one.pictures > 150)
    assert one.pid is not None
    seen = one.close()
    assert seen.pictures > 150 and not seen.ended and not seen.blind
    assert one.pid is None


def test_a_film_that_pauses_for_longer_than_one_waits_is_asked_for_again() -> None:
    one = viewer("time.sleep(5.0 * (number == 9))", timeout=0.4)
    until(lambda: one.pictures >= 25)
    seen = one.close()
    assert not seen.ended and 0.4 <= seen.longest < 4.5


def test_time_without_a_picture_before_the_first_and_after_the_last_counts() -> None:
    one = viewer("time.sleep(60.0 * (number == 9))")
    until(lambda: one.pictures == 10)
    time.sleep(1.5)
    assert one.close().longest >= 1.5
    one = Viewer([sys.executable, "-c", "import time; time.sleep(60.0)"])
    time.sleep(0.5)
    seen = one.close()
    assert seen.pictures == 0 and seen.longest >= 0.5 and not seen.ended


@pytest.mark.parametrize(
    ("program", "ended", "blind"),
    [
        ("sys.exit('ear-engine: the film tore')", "code 1", ""),
        ("print('ear-engine: OpenGL was lost', file=sys.stderr); os.kill(os.getpid(), 9)", "code -9", ""),
        ("print('ear-engine: engine at x does not answer', file=sys.stderr); sys.exit(2)", "code 2", ""),
        ("print('ear-engine: drawing without a display needs EGL (none)', file=sys.stderr); sys.exit(2)", "", "EGL"),
        ("print('ear-engine: OpenGL is 2.1 (old), and 3.3 is needed', file=sys.stderr); sys.exit(2)", "", "OpenGL is"),
    ],
)
def test_one_that_ends_before_its_time_is_told_apart_from_one_that_cannot_draw(
    program: str, ended: str, blind: str
) -> None:
    one = Viewer([sys.executable, "-c", f"import os, sys; {program}"])
    until(lambda: one.pid is None)
    seen = one.close()
    assert ended in seen.ended and bool(seen.ended) == bool(ended)
    assert blind in seen.blind and bool(seen.blind) == bool(blind)
