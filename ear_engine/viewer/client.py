"""The viewer's side of OSC: one thread, one socket, over the same interface as any other client.

It asks whether an engine is there, subscribes, renews, and begins anew with an engine that was started again. The frame
loop reads :meth:`EngineClient.snapshot`, which is always whole and costs nothing; what it sends goes out at once.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable

import numpy as np

from ear_engine.errors import UserError
from ear_engine.osc.codec import MalformedPacket, Message, decode, encode
from ear_engine.osc.leaves import parameter_patterns
from ear_engine.osc.place import Place
from ear_engine.osc.stream_names import AIM, EVENT, LOOP, MEAN, OBJECTIVE, PLAYHEAD
from ear_engine.parameters import ParameterTree, Value
from ear_engine.targets.neuron_list import MOST, write_neurons
from ear_engine.viewer.audition import NEURON, STOP
from ear_engine.viewer.model import Heard
from ear_engine.viewer.news import CLIPS, EARS, FAIL, LAYERS, MAP_INFO, PRESETS, STATUS, News, Snapshot

_PING, _PONG, _DONE = "/ear/system/ping", "/ear/system/pong", "/ear/done"
_SUBSCRIBE, _RENEW, _RECALL = "/ear/stream/subscribe", "/ear/stream/renew", "/ear/preset/recall"
_STREAMS = ((PLAYHEAD, 60.0), (OBJECTIVE, 10.0), (LOOP, 30.0), (EVENT, 30.0), (MEAN, 30.0), (AIM, 60.0))
_UNKNOWN = "unknown_address"  # code of a refusal
_LEASE = 20.0  # seconds
_BEAT = 1.0  # between signs of life
_WAIT_BEAT = 0.25  # between questions whether anyone is there
_SILENT = 3.0  # seconds without a word after which nobody is there
_REFRESH = 15.0  # seconds between looks at all values, for what a network has lost
_SETTLE = 0.25  # seconds after the last change here in which values that come are older
_TURN = 0.05
_LARGEST = 1 << 16
_ROOM = 1 << 20


class EngineClient:
    """Follows one engine.

    Args:
        place: where it is.
        tree: the parameters; defaults until an engine says otherwise.
        aimed: called, from the client's thread, when something else is aimed at.

    Raises:
        UserError: the host has no address, or one that no engine can have.
    """

    def __init__(
        self, place: Place, tree: ParameterTree | None = None, aimed: Callable[[], None] = lambda: None
    ) -> None:
        self.place = place
        self._aimed = aimed
        self.tree = ParameterTree() if tree is None else tree
        self._family, self._address = place.resolve()
        self._news = News(self.tree)
        self._lock = threading.Lock()
        self._sock = self._open()
        self._engine = ""
        self._heard = self._beat = self._fresh = -1e9
        self._settling: dict[str, float] = {}
        self._wishes: dict[str, Value] = {}  # set before an engine was there
        self._patterns = tuple(parameter_patterns(self.tree))
        self._quit = threading.Event()
        self._shot = self._news.snapshot(False, self._waiting, "")
        self._thread = threading.Thread(target=self._run, name="engine client", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def close(self) -> None:
        """Say good-bye and end."""
        self._quit.set()
        if self._thread.is_alive():
            self._thread.join(2.0)
        if self._engine:
            self._send("/ear/stream/unsubscribe")
        self._sock.close()

    def snapshot(self) -> Snapshot:
        """What is known now."""
        return self._shot

    def heard(self, at: float, ahead: float = 0.0) -> Heard | None:
        """Where the sound is at ``at`` seconds (:func:`time.perf_counter`), ``ahead`` seconds later if given."""
        with self._lock:
            return self._news.clock.at(at, ahead)

    @property
    def ignored(self) -> int:
        """Packets and messages that were not what they should be."""
        return self._news.ignored

    def set(self, name: str, value: object) -> Value:
        """Set a parameter, or fire a trigger: one message. It counts here at once, and is sent when an engine is there.

        Raises:
            UserError: no such parameter, or a value that it does not take.
        """
        row = self.tree[name]
        checked = row.check(value)
        if row.kind == "trigger":
            self._send(row.address, 1)
            return checked
        with self._lock:
            self._keep(name, checked)
            if row.implies is not None:
                self._keep(*row.implies)
            self._shot = self._take_shot()
            wish = not self._engine
            if wish:
                self._wishes[name] = checked
        if not wish:
            self._send(row.address, checked)
        return checked

    def aim(self, neurons: Iterable[int]) -> int:
        """Make these neurons the target; return how many were sent.

        A list is sent as it is; one that is too long, as ranges; one whose ranges are too long, thinned out evenly.
        """
        chosen = np.unique(np.fromiter(neurons, np.int64))
        if not len(chosen):
            return 0
        row = self.tree["target/neurons"]
        with self._lock:
            for name in ("target/neurons", "target/by"):
                self._settling[name] = time.perf_counter()
                self._news.held.add(name)
            self.tree.values["target/by"] = "neurons"
        if len(chosen) <= MOST:
            self._send(row.address, *chosen.tolist())
            return len(chosen)
        text = _ranges(chosen)
        if len(text) > row.longest:
            chosen = chosen[np.linspace(0, len(chosen) - 1, MOST).astype(np.int64)]
            self._send(row.address, *chosen.tolist())
        else:
            self._send(row.address, text)
        return len(chosen)

    def recall(self, preset: str) -> None:
        """Make a preset the sound."""
        self._send(_RECALL, preset)

    def audition(self, neuron: int) -> None:
        """Hear the next excerpt of the music that excites a neuron; :attr:`Snapshot.audition` says what it is."""
        self._send(NEURON, neuron)

    def stop_audition(self) -> None:
        """End the excerpt that sounds."""
        with self._lock:
            self._news.audition = None
            self._shot = self._take_shot()
        self._send(self.tree[STOP].address)

    def _keep(self, name: str, value: Value) -> None:
        self.tree.values[name] = value
        self._settling[name] = time.perf_counter()
        self._news.held.add(name)

    def _open(self) -> socket.socket:
        sock = socket.socket(self._family, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
        try:
            sock.connect(self._address)  # nobody else's packets come through
        except OSError as error:
            sock.close()
            reason = f"cannot be reached ({error.strerror or type(error).__name__})"
            raise UserError(f"engine {self.place}", reason, "use the address of one machine", "bad_host") from None
        sock.setblocking(False)
        return sock

    def _send(self, address: str, *arguments: object) -> None:
        with contextlib.suppress(OSError):  # nobody is there: the next sign of life tells
            self._sock.send(encode(address, *arguments))

    @property
    def _waiting(self) -> str:
        return f"waiting for ENGINE at {self.place}"

    def _run(self) -> None:
        while not self._quit.is_set():
            try:
                self._step()
            except Exception as error:  # whatever it is: what has come is dropped, and the thread goes on
                with self._lock:
                    self._news.problem(type(error).__name__, time.perf_counter())
                self._quit.wait(_TURN)

    def _step(self) -> None:
        """Wait a little for messages, take them, and do what is due."""
        ready, _, _ = select.select([self._sock], [], [], _TURN)
        at = time.perf_counter()
        changed = self._receive() if ready else False
        changed = self._turn(at) or changed
        if changed:
            with self._lock:
                self._shot = self._take_shot()

    def _take_shot(self) -> Snapshot:
        connected = bool(self._engine)
        return self._news.snapshot(connected, "" if connected else self._waiting, self._engine)

    def _receive(self) -> bool:
        """Take all that has come, so that the newest counts."""
        any_came = False
        for _ in range(512):
            try:
                data = self._sock.recv(_LARGEST)
            except BlockingIOError:
                break
            except OSError:  # nobody listens there
                if self._engine:
                    self._lose()
                return True
            any_came = True
            at = time.perf_counter()
            try:
                messages = decode(data)
            except MalformedPacket:
                self._news.ignored += 1
                continue
            self._heard = at
            for message in messages:
                self._message(message, at)
        return any_came

    def _message(self, message: Message, at: float) -> None:
        if message.address == _PONG:
            name = message.arguments[0] if message.arguments else None
            if isinstance(name, str) and name and name != self._engine:
                self._meet(name, at)
        elif message.address == AIM:
            self._aimed()
        elif message.address == _DONE:
            self._done(message.flat)
        else:
            with self._lock:
                self._news.take(message, at)
            if message.address == FAIL:
                self._refused(message.flat)

    def _done(self, given: list[object]) -> None:
        if given[:1] == [_RENEW] and given[2:] and given[2] != len(self._patterns) + len(_STREAMS):
            self._subscribe()
        elif given[:1] == [_RECALL]:
            self._ask_values()
        elif given[:1] == [NEURON]:
            with self._lock:
                self._news.auditioned(given[2:], time.perf_counter())

    def _refused(self, given: list[object]) -> None:
        """A value that was set here stays what it was: ask what that is, unless the engine has no such parameter."""
        row = next((row for row in self.tree if given[:1] == [row.address] and row.kind != "trigger"), None)
        with self._lock:
            was_set = row is not None and self._settling.pop(row.name, None) is not None
        if row is not None and was_set and given[1:2] != [_UNKNOWN]:
            self._settled(row.name)

    def _meet(self, name: str, at: float) -> None:
        """An engine answers that we did not know."""
        with self._lock:
            self._news.clear()
            self._news.held.clear()
            self._settling.clear()
            self._engine = name
            wishes, self._wishes = self._wishes, {}
        for wish, value in wishes.items():
            self._send(self.tree[wish].address, value)
        self._fresh = at
        self._subscribe()
        self._ask_lists()

    def _lose(self) -> None:
        with self._lock:
            self._engine = ""
            self._news.clock.clear()

    def _subscribe(self) -> None:
        for address, rate in _STREAMS:
            self._send(_SUBSCRIBE, address, rate, "list", 0, _LEASE)
        for pattern in self._patterns:
            self._send(_SUBSCRIBE, pattern, 30.0, "list", 0, _LEASE)

    def _ask_lists(self) -> None:
        for address in (STATUS, LAYERS, CLIPS, PRESETS, EARS):
            self._send(address)

    def _ask_values(self) -> None:
        for pattern in self._patterns:
            self._send(pattern)

    def _settled(self, name: str) -> None:
        """Ask what a parameter that was set here has become, and what it implied."""
        with self._lock:
            self._settling.pop(name, None)
            self._news.held.discard(name)
        self._send(self.tree[name].address)

    def _turn(self, at: float) -> bool:
        """What is due; return whether anything has changed."""
        lost = bool(self._engine) and at - self._heard > _SILENT
        if lost:
            self._lose()
        with self._lock:
            settled = [name for name, since in self._settling.items() if at - since > _SETTLE]
        for name in settled:
            self._settled(name)
        if at - self._beat >= (_BEAT if self._engine else _WAIT_BEAT):
            self._beat = at
            self._send(_PING)
            if self._engine:
                self._send(_RENEW)
                self._send(STATUS)
                self._send(MAP_INFO)
                if not self._news.lists.get(LAYERS) or not self._news.lists.get(CLIPS):
                    self._ask_lists()
        if self._engine and at - self._fresh > _REFRESH:
            self._fresh = at
            self._ask_values()
            self._ask_lists()
        return lost


def _ranges(chosen: np.ndarray[tuple[int], np.dtype[np.int64]]) -> str:
    """Text of any number of neurons."""
    parts = [write_neurons(chosen[at : at + MOST].tolist()) for at in range(0, len(chosen), MOST)]
    return ",".join(parts)
