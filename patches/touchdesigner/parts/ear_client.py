"""Fetches loops and the map from the engine in a thread, and packs them for the graphics card.

The thread never touches an operator: what it has fetched waits in a queue until ``step`` takes it, once a frame, on
TouchDesigner's main thread. The latest wish wins; what nobody asked for any longer is not fetched.
"""

import json
import os
import queue
import tempfile
import threading
import urllib.error
import urllib.request

import numpy

MAGIC = 0xEA12
PER_TEXEL = 8  # frames: two bytes in each of four channels
LONGEST = 64 << 20  # bytes that an answer may have
PATIENCE = 5.0  # seconds
HEADER = ("loop", "frame", "sequence", "frames")  # of a message of the live input, little-endian uint32


def layout(neurons, frames, limit):
    """How a loop lies in a texture of at most ``limit`` by ``limit`` texels: (width, rows, groups, stride).

    A frame of the network takes ``rows`` rows; eight frames lie in one texel, so ``groups`` such blocks lie below each
    other, under one row that says all this. If they are too many, only every ``stride``-th frame is kept.
    """
    width = max(8, min(limit, neurons))
    rows = -(-neurons // width)
    most = (limit - 1) // rows
    if most < 1:
        raise ValueError(f"{neurons} neurons do not fit in a texture of {limit} by {limit}")
    stride = max(1, -(-frames // (most * PER_TEXEL)))
    kept = -(-frames // stride)
    return width, rows, -(-kept // PER_TEXEL), stride


def pack(ranks, loop, limit=1280):
    """A texture of uint16, (height, width, 4), that holds a loop's ranks; row 0 says what is in it.

    Texel (x, 1 + g * rows + y) has neuron ``y * width + x`` at frames ``8 g`` to ``8 g + 7`` (of those kept): red is
    the first plus 256 times the second, and so on.

    Args:
        ranks: (frames, neurons), uint8.
        loop: its number.
        limit: side of the largest texture; 1280 with the free license.
    """
    frames, neurons = ranks.shape
    width, rows, groups, stride = layout(neurons, frames, limit)
    kept = ranks[::stride]
    # groups of eight frames, each a block of rows by width texels, bytes of a texel next to each other
    texture = numpy.zeros((1 + rows * groups, width, 4), "<u2")
    padded = numpy.zeros((groups * PER_TEXEL, rows * width), numpy.uint8)
    padded[: len(kept), :neurons] = kept
    blocks = padded.reshape(groups, PER_TEXEL, rows, width).transpose(0, 2, 3, 1)
    texture[1:] = numpy.ascontiguousarray(blocks).view("<u2").reshape(groups * rows, width, 4)
    texture[0, 0] = MAGIC, len(kept), rows, neurons & 0xFFFF
    texture[0, 1] = neurons >> 16, loop & 0xFFFF, loop >> 16 & 0xFFFF, frames & 0xFFFF
    texture[0, 2] = stride, 0, 0, 0
    return texture


def read_block(data):
    """What an answer of ``/loops/N/activations`` says, and its array."""
    end = data.find(b"\n", 0, 1 << 16)
    about = json.loads(data[:end]) if end > 0 else None
    if not isinstance(about, dict) or about.get("dtype") != "uint8":
        raise ValueError("the engine sent something else than ranks")
    shape = about.get("shape")
    if not isinstance(shape, list) or len(shape) != 2 or any(type(n) is not int or n < 1 for n in shape):
        raise ValueError(f"ranks have the shape {shape}")
    if len(data) - end - 1 != shape[0] * shape[1]:
        raise ValueError("ranks are cut off")
    return about, numpy.frombuffer(data, numpy.uint8, offset=end + 1).reshape(shape)


class Client:
    """One engine's loops and map.

    Args:
        where: ``http://HOST:PORT``.
        limit: side of the largest texture.
    """

    def __init__(self, where, limit=1280):
        self.where = where
        self.limit = limit
        self.ready = queue.SimpleQueue()  # (what, value): ("loop", array), ("map", path), ("problem", text)
        self._wish = None
        self._map_wanted = False
        self._map_id = ""
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="ear-engine", daemon=True)
        self._thread.start()

    def want_loop(self, number):
        """Fetch a loop; one that was asked for before and has not begun is forgotten."""
        with self._changed:
            self._wish = int(number)
            self._changed.notify()

    def want_map(self):
        """Fetch the map, if it is another than before."""
        with self._changed:
            self._map_wanted = True
            self._changed.notify()

    def close(self):
        """End the thread, after what it fetches now."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _work(self):
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._wish is not None or self._map_wanted)
                if self._closed:
                    return
                wish, self._wish = self._wish, None
                wanted, self._map_wanted = self._map_wanted, False
            try:
                if wish is not None:
                    self._loop(wish)
                if wanted:
                    self._map()
            except urllib.error.HTTPError as error:
                if error.code not in (404, 503):  # a source has no ranks; the map is not known yet
                    self.ready.put(("problem", f"{error.url}: {error}"))
            except (OSError, ValueError) as error:
                self.ready.put(("problem", f"{self.where}: {error}"))

    def _loop(self, number):
        about, ranks = read_block(self._get(f"/loops/{number}/activations")[0])
        self.ready.put(("loop", pack(ranks, int(about["loop"]), self.limit)))

    def _map(self):
        data, headers = self._get("/map.exr")
        name = f"{headers.get('X-Map-Id', 'map')}-{headers.get('X-Map-Version', '0')}"
        if name == self._map_id or not name.replace("-", "").isalnum():
            return
        folder = os.path.join(tempfile.gettempdir(), "ear-engine-touchdesigner")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, name + ".exr")
        with open(path + ".part", "wb") as file:
            file.write(data)
        os.replace(path + ".part", path)
        self._map_id = name
        self.ready.put(("map", path))

    def _get(self, path):
        with urllib.request.urlopen(self.where + path, timeout=PATIENCE) as answer:
            data = answer.read(LONGEST + 1)
            if len(data) > LONGEST:
                raise ValueError(f"{path} is too long")
            return data, answer.headers


def live_frame(contents, about, limit=1280):
    """A message of the live input as a texture of one frame; None before it was said what comes.

    Args:
        contents: the message.
        about: the JSON text that came before, as a dictionary, or None.
    """
    if not about:
        return None
    names = about.get("header", HEADER)
    size = 4 * len(names)
    neurons = int(about["neurons"])
    if len(contents) != size + neurons:
        return None
    head = dict(zip(names, numpy.frombuffer(bytes(contents[:size]), "<u4").tolist()))
    ranks = numpy.frombuffer(bytes(contents[size:]), numpy.uint8).reshape(1, neurons)
    return pack(ranks, head.get("loop", 0), limit)
