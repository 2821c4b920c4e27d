"""A viewer without a window or a display: what it draws goes to its outputs alone, and only while they want it."""

from __future__ import annotations

import time
from collections.abc import Callable

from ear_engine import platform
from ear_engine.errors import UserError
from ear_engine.osc.allowed import Allowed
from ear_engine.viewer.asker import Asker
from ear_engine.viewer.client import EngineClient
from ear_engine.viewer.following import close_all, open_bulk, state_of, wanted_of
from ear_engine.viewer.loader import Loader
from ear_engine.viewer.offscreen import create_context, is_software, release_context
from ear_engine.viewer.options import ViewOptions
from ear_engine.viewer.outputs import Outputs, size_of
from ear_engine.viewer.pace import Pacer
from ear_engine.viewer.stage import Stage

_NO_MARGINS = (0.0, 0.0, 0.0)
_NOTHING = (0, 0)


class Headless:
    """A viewer that draws by EGL; made and run by the main thread.

    Args:
        options: what was asked for.
        say: told, line by line, what a terminal should say.

    Raises:
        UserError: there are no outputs or no such ones, no OpenGL, no such palette or host.
    """

    def __init__(self, options: ViewOptions, say: Callable[[str], None] = lambda line: None) -> None:
        if not options.outputs:
            raise UserError("--offscreen", "has no output", "add --output mjpeg", "bad_value")
        self.options = options
        self._say, self._told, self._state = say, "", ""
        self.outputs = Outputs(options.outputs, self._tell, allowed=Allowed(options.allow))
        self.asker = Asker(options.place.host)
        self.client = EngineClient(options.place, aimed=self.asker.hurry, wanted=options.wanted)
        self.loader = Loader(lambda engine: open_bulk(options.place.host, options.session, engine))
        self._context = create_context()
        software = is_software(self._context)
        self.stage = Stage(self._context, options.size, _NOTHING, software)
        self.pacer = Pacer(software, platform.cores())
        self._began = time.perf_counter()

    def run(self) -> None:
        """Draw until it is ended.

        Raises:
            UserError: no output works.
        """
        self.client.start()
        self.loader.start()
        self.asker.start()
        try:
            while not self.done:
                self.step()
        finally:
            self.close()

    @property
    def done(self) -> bool:
        """Whether it shall end."""
        options = self.options
        if options.seconds is not None and time.perf_counter() - self._began >= options.seconds:
            return True
        return bool(options.parent) and not platform.process_alive(options.parent)

    def step(self) -> None:
        """One frame, if anyone looks, and the pause after it.

        Raises:
            UserError: no output works.
        """
        at = time.perf_counter()
        self.pacer.begin(at, time.process_time() - self.loader.cpu - self.asker.cpu)
        snapshot = self.client.snapshot()
        heard = self.client.heard(at, float(snapshot.values["view/latency_ms"]) / 1000.0)
        state = state_of(snapshot, self.options.place)
        if state != self._state:
            self._state = state
            self._say(state)
        wanted = wanted_of(snapshot, heard, self.outputs.watched(at))
        self.loader.wanted = wanted
        self.asker.want(wanted.engine, -1)
        self.stage.resize(size_of(snapshot.values), _NOTHING, _NO_MARGINS)
        self.stage.update(self.loader.loaded, heard, self.asker.answered.weights, at)
        self.stage.advance(snapshot.values, at)
        self.outputs.turn(self.stage, snapshot.values, at)
        if not len(self.outputs):
            raise UserError("the picture", f"goes nowhere: {self._told}", "use another --output", "no_output")
        share = float(snapshot.values["view/share"])
        time.sleep(self.pacer.rest(time.perf_counter(), share, not self.outputs.watched(at)))

    def close(self) -> None:
        """Free all of it."""
        close_all(self.loader, self.asker, self.client)
        self.outputs.close()
        self.stage.release()
        release_context(self._context)

    def _tell(self, line: str) -> None:
        self._told = line
        self._say(line)
