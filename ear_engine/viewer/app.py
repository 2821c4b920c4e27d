"""The viewer: window, stage, console and hands, joined in one frame loop."""

from __future__ import annotations

import time
from collections.abc import Callable

from ear_engine import platform
from ear_engine.errors import UserError
from ear_engine.osc.allowed import Allowed
from ear_engine.parameters import Value
from ear_engine.viewer import overlay
from ear_engine.viewer.asker import Asker, Weights
from ear_engine.viewer.audition import AuditionNews
from ear_engine.viewer.client import EngineClient
from ear_engine.viewer.console import Console, Shown
from ear_engine.viewer.deeds import Deeds
from ear_engine.viewer.finder import ScreenFinder
from ear_engine.viewer.following import close_all, open_bulk, state_of, wanted_of
from ear_engine.viewer.gestures import Gestures
from ear_engine.viewer.hands import Hands
from ear_engine.viewer.loader import Loader, ReadyLoop
from ear_engine.viewer.model import Heard
from ear_engine.viewer.notices import notices
from ear_engine.viewer.options import ViewOptions
from ear_engine.viewer.outputs import Outputs
from ear_engine.viewer.pace import Pacer
from ear_engine.viewer.panel import Panel
from ear_engine.viewer.pointing import Pointing
from ear_engine.viewer.selection import Selection
from ear_engine.viewer.shots import Shots
from ear_engine.viewer.snapshot import Snapshot
from ear_engine.viewer.stage import Stage
from ear_engine.viewer.touch import Touch
from ear_engine.viewer.window import Window

_SETTLED = 2.0  # seconds after which frames take what they take
_TOLD = 4.0  # seconds that a message stays


class App:
    """A viewer in a window; made and run by the main thread.

    Args:
        options: what was asked for.
        say: told, line by line, what a terminal should say.

    Raises:
        UserError: there is no display, no OpenGL, no such screen, palette or host.
    """

    def __init__(self, options: ViewOptions, say: Callable[[str], None] = lambda line: None) -> None:
        self.options = options
        self._say = say
        self._told = ("", -1e9)
        self.outputs = Outputs(options.outputs, self._tell_all, allowed=Allowed(options.allow))
        self.asker = Asker(options.place.host, self._hurry)
        self.client = EngineClient(options.place, aimed=self.asker.hurry, wanted=options.wanted)
        self.window = Window("ear-engine", options.size, fullscreen=options.fullscreen, monitor=options.monitor)
        size, pixels = self.window.size, self.window.pixels
        self.panel = Panel(self.window.context, self.window.scale, self.window.clipboard, self.window.set_clipboard)
        self.stage = Stage(self.window.context, size, pixels, self.window.software)
        self.console = Console(self.panel, self.client.tree, self.change, self.client.recall)
        self.console_shown = options.console
        self.gestures = Gestures()
        self.touch = Touch(self.client.aim)
        self._selection = Selection(self.touch)
        self.finder = ScreenFinder(self.stage.camera)
        self.pacer = Pacer(self.window.software, platform.cores())
        self.deeds = Deeds(self)
        self.pointing = Pointing(self.stage, self.finder, self.window.show_pointer)
        self._hands = Hands(
            self.window,
            self.panel,
            self._covered,
            deeds=self.deeds,
            gestures=self.gestures,
            pointing=self.pointing,
            stage=self.stage,
            touch=self.touch,
            finder=self.finder,
        )
        self.shots = Shots(options, say, self.tell)
        self.loader = Loader(lambda engine: open_bulk(options.place.host, options.session, engine))
        self.help = self.frames_shown = False
        self.shown: tuple[Weights | None, float] = (None, -1.0)
        """What shines as the target in the frame that was shown last, and when it was (:func:`time.perf_counter`)."""
        self._hurried = False
        self._owed = 0.0  # seconds of rest that a frame which came early has left out
        self._state = ""
        self._auditioned: AuditionNews | None = None
        self._images: tuple[str, ...] = ()
        self._pictured: ReadyLoop | None = None
        self._began = time.perf_counter()
        self._before = self._changed = self._began

    def run(self) -> None:
        """Show until it is closed."""
        self.start()
        try:
            while not self.done:
                self.step()
        finally:
            self.close()

    def start(self) -> None:
        """Begin to follow the engine; returns at once."""
        self.client.start()
        self.loader.start()
        self.asker.start()

    @property
    def done(self) -> bool:
        """Whether it shall end."""
        if self.shots.over(time.perf_counter() - self._began):
            return True
        parent = self.options.parent
        return self.window.closing or (bool(parent) and not platform.process_alive(parent))

    def close(self) -> None:
        """Free all of it."""
        close_all(self.loader, self.asker, self.client)
        self.outputs.close()
        self.shots.close()
        self.stage.release()
        self.panel.close()
        self.window.close()

    def step(self) -> None:
        """One frame, and the pause after it, in which hands are followed, too."""
        at = time.perf_counter()
        self.pacer.begin(at, time.process_time() - self.loader.cpu - self.asker.cpu)
        self._hands.follow(0.0)
        hidden = self.window.hidden
        if hidden:
            self._unseen_frame(at)
        else:
            self._frame(at)
            if at - self._changed > _SETTLED:  # what begins is no measure
                self.stage.governor.took(self.pacer.effort_ms)
        share = float(self.client.snapshot().values["view/share"])
        idle = hidden and not self.outputs.watched(at)
        end = time.perf_counter() + self._owed + self.pacer.rest(time.perf_counter(), share, idle)
        early = not hidden and self._owed == 0.0
        self._owed = 0.0
        while (left := end - time.perf_counter()) > 0.0005:
            self._hands.follow(left)
            if early and self._hurried:  # another target shines at once; the next frame waits for as much longer
                self._owed = max(end - time.perf_counter(), 0.0)
                break
        self._hurried = False

    def change(self, name: str, value: Value) -> None:
        """Set a parameter; a mistake is told."""
        try:
            self.client.set(name, value)
        except UserError as error:
            self.tell(str(error))

    @property
    def hovered(self) -> int:
        """Number of the neuron under the pointer; -1 if there is none."""
        return self.pointing.under

    def auditioning(self, at: float) -> bool:
        """Whether an excerpt is heard that was asked for here."""
        audition = self.client.snapshot().audition
        return audition is not None and audition.sounds(at)

    def tell(self, text: str) -> None:
        """Show a line for a while."""
        self._told = (text, time.perf_counter())

    def _hurry(self) -> None:
        """Draw the next frame now; from any thread."""
        self._hurried = True
        self.window.wake()

    def _tell_all(self, text: str) -> None:
        self._say(text)
        self.tell(text)

    def _covered(self, x: float, y: float) -> bool:
        if not self.console_shown:
            return False
        if self.panel.holds_pointer:
            return True
        (width, height), (left, right, below) = self.window.size, self._margins()
        return x < left or x >= width - right or y >= height - below

    def _margins(self) -> tuple[float, float, float]:
        if not self.console_shown:
            return 0.0, 0.0, 0.0
        return self.console.margins(self.window.size)

    def _follow(self, at: float) -> tuple[Snapshot, Heard | None]:
        """Show what is known by now."""
        snapshot = self.client.snapshot()
        heard = self.client.heard(at, float(snapshot.values["view/latency_ms"]) / 1000.0)
        self._announce(snapshot)
        wanted = self.loader.wanted = wanted_of(snapshot, heard, not self.window.hidden or self.outputs.watched(at))
        self.asker.want(wanted.engine, self.pointing.neuron)
        self._selection.follow(snapshot.values, at)
        focus = self._selection.focus(snapshot.values, self.asker.answered)
        if self.stage.update(self.loader.loaded, heard, focus, at) and self.stage.picture is not None:
            self._changed = at
            self.touch.clear(len(self.stage.picture.index))
        return snapshot, heard

    def _unseen_frame(self, at: float) -> None:
        """While the window is minimized, only for those who look elsewhere."""
        snapshot, _ = self._follow(at)
        if len(self.outputs):
            self.stage.advance(snapshot.values, at)
            self.outputs.turn(self.stage, snapshot.values, at)
        self.shots.unseen()

    def _frame(self, at: float) -> None:
        self.stage.resize(self.window.size, self.window.pixels, self._margins())
        snapshot, heard = self._follow(at)
        blackout, audience = bool(snapshot.values["view/blackout"]), not self.console_shown
        scale, busy = self.panel.scale, self.gestures.busy
        self.pointing.look(at, scale=scale, audience=audience, blackout=blackout, busy=busy)
        pictured = self.shots.wanted is not None or self.options.screenshot is not None
        self.stage.scene.alternates = self.window.software and not pictured  # a picture that is kept has all its light
        self.stage.draw(snapshot.values, at)
        self.outputs.turn(self.stage, snapshot.values, at)
        self._show_loop()
        self.panel.rescale(self.window.scale)
        self.panel.begin(self.window.size, self.window.ratio, at - self._before)
        self._before = at
        if self.console_shown:
            phase = heard.phase if heard is not None else -1.0
            beats = float(snapshot.values["playback/beats"])
            shown = Shown(phase, beats, self._images, self.pacer.frame_ms, self.pacer.frames, self.touch.count)
            self.console.draw(self.window.size, snapshot, shown)
        self._draw_over(snapshot, at)
        self.panel.end()
        self.shots.shoot(self.stage.read, self.stage.playing is not None, at)
        self.shots.tell_written()
        self.window.swap()
        self.shown = self.stage.focus, time.perf_counter()

    def _announce(self, snapshot: Snapshot) -> None:
        if snapshot.audition is not self._auditioned:
            self._auditioned = snapshot.audition
            self.tell(snapshot.audition.text if snapshot.audition is not None else "")
        state = state_of(snapshot, self.options.place)
        if state != self._state:
            self._state = state
            self._say(state)

    def _show_loop(self) -> None:
        ready = self.stage.playing
        if ready is self._pictured or ready is None:
            return
        self._pictured = ready
        self._images = self.panel.keep({"heard": ready.heard, "changed": ready.changed})

    def _draw_over(self, snapshot: Snapshot, at: float) -> None:
        size, scale, here = self.window.size, self.panel.scale, self.pointing
        overlay.outline(self.gestures.outline, scale)
        brushes = self.gestures.tool == "brush" or self.gestures.brushing
        if here.place is not None and brushes and not here.resting:
            overlay.brush(*here.place, self.gestures.radius, scale)
        loaded, answered = self.loader.loaded, self.asker.answered
        left, right, below = self._margins()
        free = round(size[0] - right), round(size[1] - below)
        named = here.neuron >= 0 and answered.words_for == here.neuron and not self.help
        if here.place is not None and named:
            overlay.label(answered.words, *here.place, free, scale)
        if not snapshot.values["view/blackout"] or self.console_shown:
            text, since = self._told
            told = text if at - since < _TOLD else ""
            said = notices(snapshot, loaded, answered, mapped=self.stage.picture is not None, told=told)
            overlay.notices(said, left, size, free, scale)
        if self.frames_shown:
            line = f"{self.pacer.frames:.0f} frames/s   {self.pacer.frame_ms:.1f} ms"
            overlay.label((line,), size[0], 0.0, size, scale)
        if self.help:
            overlay.keys(size, scale)
