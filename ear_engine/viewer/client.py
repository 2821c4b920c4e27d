"""The viewer's side of OSC: one thread, one socket, over the same interface as any other client.

It asks whether an engine is there, subscribes, renews, and begins anew with an engine that was started again. The frame
loop reads :meth:`EngineClient.snapshot`, which is always whole and costs nothing; what it sends goes out at once.
"""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable, Iterable, Mapping

from ear_engine.osc.codec import MalformedPacket, Message, decode, encode
from ear_engine.osc.leaves import parameter_patterns
from ear_engine.osc.place import Place
from ear_engine.osc.stream_names import AIM, EVENT, LOOP, MEAN, OBJECTIVE, PLAYHEAD
from ear_engine.parameters import ParameterTree, Value
from ear_engine.viewer.aim import fitting
from ear_engine.viewer.audition import NEURON, STOP
from ear_engine.viewer.line import Line
from ear_engine.viewer.model import Heard
from ear_engine.viewer.news import CLIPS, EARS, FAIL, LAYERS, MAP_INFO, PRESETS, STATUS, News
from ear_engine.viewer.pending import Pending
from ear_engine.viewer.snapshot import Snapshot

_PING, _PONG, _DONE = "/ear/system/ping", "/ear/system/pong", "/ear/done"
_SUBSCRIBE, _RENEW, _RECALL = "/ear/stream/subscribe", "/ear/stream/renew", "/ear/preset/recall"
_STREAMS = ((PLAYHEAD, 60.0), (OBJECTIVE, 10.0), (LOOP, 30.0), (EVENT, 30.0), (MEAN, 30.0), (AIM, 60.0))
_UNKNOWN = "unknown_address"  # code of a refusal
_LEASE = 20.0  # seconds
_BEAT = 1.0  # between signs of life
_WAIT_BEAT = 0.25  # between questions whether anyone is there
_SILENT = 3.0  # seconds without a word after which nobody is there
_REFRESH = 15.0  # seconds between looks at all values, for what a network has lost
_TURN = 0.05


class EngineClient:
    """Follows one engine.

    Args:
        place: where it is.
        tree: the parameters; defaults until an engine says otherwise.
        aimed: called, from the client's thread, when something else is aimed at.
        wanted: values that every engine gets which is met, as they were set here last.

    Raises:
        UserError: the host has no address, or one that no engine can have; a value is not taken.
    """

    def __init__(
        self,
        place: Place,
        tree: ParameterTree | None = None,
        aimed: Callable[[], None] = lambda: None,
        wanted: Mapping[str, object] | None = None,
    ) -> None:
        self.place = place
        self._aimed = aimed
        self.tree = ParameterTree() if tree is None else tree
        self._news = News(self.tree)
        self._pending = Pending(self.tree, self._news.held, wanted or {})
        self._lock = threading.Lock()
        self._line = Line(place)
        self._engine = ""
        self._heard = self._beat = self._fresh = -1e9
        self._patterns = tuple(parameter_patterns(self.tree))
        self._quit = threading.Event()
        self._shot = self._news.snapshot(False, self._waiting, "")
        self._thread = threading.Thread(target=self._run, name="engine client", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def quit(self) -> None:
        """Ask it to end; returns at once."""
        self._quit.set()

    def close(self, patience: float = 1.0) -> None:
        """Say good-bye and end; what takes longer than ``patience`` seconds is left to itself."""
        self.quit()
        if self._thread.is_alive():
            self._thread.join(patience)
        if self._engine:
            self._send("/ear/stream/unsubscribe")
        self._line.close()

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
            wish = not self._engine
            self._pending.set(row, checked, time.perf_counter(), wish=wish)
            self._shot = self._take_shot()
        if not wish:
            self._send(row.address, checked)
        return checked

    def aim(self, neurons: Iterable[int]) -> int:
        """Make these neurons the target; return how many were sent (:func:`ear_engine.viewer.aim.fitting`)."""
        row = self.tree["target/neurons"]
        chosen, arguments = fitting(neurons, row.longest)
        if not len(chosen):
            return 0
        with self._lock:
            self._pending.touch("target/neurons", time.perf_counter())
            self._pending.keep("target/by", "neurons", time.perf_counter())
        self._send(row.address, *arguments)
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

    def _send(self, address: str, *arguments: object) -> None:
        self._line.send(encode(address, *arguments))  # if nobody is there, the next sign of life tells

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
        ready, _, _ = select.select([self._line], [], [], _TURN)
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
        packets = self._line.receive()
        at = time.perf_counter()
        for data in packets:
            try:
                messages = decode(data)
            except MalformedPacket:
                self._news.ignored += 1
                continue
            self._heard = at
            for message in messages:
                self._message(message, at)
        lost = self._line.refused and bool(self._engine)
        if lost:
            self._lose()
        return bool(packets) or lost

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
            was_set = row is not None and self._pending.release(row.name)
        if row is not None and was_set and given[1:2] != [_UNKNOWN]:
            self._settled(row.name)

    def _meet(self, name: str, at: float) -> None:
        """An engine answers that we did not know."""
        with self._lock:
            self._news.clear()
            self._engine = name
            for wish, value in self._pending.meet().items():  # before what is set from now on
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
            self._pending.release(name)
        self._send(self.tree[name].address)

    def _turn(self, at: float) -> bool:
        """What is due; return whether anything has changed."""
        silent = at - self._heard > _SILENT
        renewed = self._line.renew(answered=bool(self._engine) and not silent)
        lost = bool(self._engine) and (silent or renewed)
        if lost:
            self._lose()
        with self._lock:
            settled = self._pending.settled(at)
        for name in settled:
            self._settled(name)
        if renewed or at - self._beat >= (_BEAT if self._engine else _WAIT_BEAT):
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
