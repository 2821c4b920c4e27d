"""The viewer: window, stage, console and hands, joined in one frame loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

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
from ear_engine.viewer.events import Button, Event, Key, Moved, Text, Wheel
from ear_engine.viewer.finder import ScreenFinder
from ear_engine.viewer.following import close_all, open_bulk, state_of, wanted_of
from ear_engine.viewer.gestures import Fit, Gestures, Hover, Pan, Turn, Zoom
from ear_engine.viewer.keys import action_of
from ear_engine.viewer.loader import Loader, ReadyLoop
from ear_engine.viewer.model import Heard
from ear_engine.viewer.news import Snapshot
from ear_engine.viewer.options import ViewOptions
from ear_engine.viewer.outputs import Outputs
from ear_engine.viewer.pace import Pacer
from ear_engine.viewer.panel import Panel
from ear_engine.viewer.png import write_png
from ear_engine.viewer.screenshots import Screenshots
from ear_engine.viewer.stage import Stage
from ear_engine.viewer.touch import Touch
from ear_engine.viewer.window import Window

_HEARS = 0.1  # seconds after which an engine has heard what was sent
_SETTLED = 2.0  # seconds after which others may have changed what was selected, and frames take what they take
_RESTS = 3.0  # seconds after which a pointer that rests is no part of a picture without console
_REACH = 14.0  # units, at the usual size of letters, that a pointer may miss a neuron by
_TOLD = 4.0  # seconds that a message stays
_STEADY = 1.0  # seconds of light before a picture is taken by itself


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
        wanted = {} if options.palette is None else {"view/palette": options.palette}
        self.client = EngineClient(options.place, aimed=self.asker.hurry, wanted=wanted)
        self.window = Window("ear-engine", options.size, fullscreen=options.fullscreen, monitor=options.monitor)
        size, pixels = self.window.size, self.window.pixels
        self.panel = Panel(self.window.context, self.window.scale, self.window.clipboard, self.window.set_clipboard)
        self.stage = Stage(self.window.context, size, pixels, self.window.software)
        self.console = Console(self.panel, self.client.tree, self.change, self.client.recall)
        self.console_shown = options.console
        self.gestures = Gestures()
        self.touch = Touch(self.client.aim)
        self.finder = ScreenFinder(self.stage.camera)
        self.pacer = Pacer(self.window.software, platform.cores())
        self.deeds = Deeds(self)
        self.screenshots = Screenshots()
        self.loader = Loader(lambda engine: open_bulk(options.place.host, options.session, engine))
        self.help = self.frames_shown = False
        self.ending = False
        self.shot_wanted: Path | None = None
        self.shown: tuple[Weights | None, float] = (None, -1.0)
        """What shines as the target in the frame that was shown last, and when it was (:func:`time.perf_counter`)."""
        self._hurried = False
        self._owed = 0.0  # seconds of rest that a frame which came early has left out
        self._state = ""
        self._pointer: tuple[float, float] | None = None
        self._pointed = -1e9  # when it was moved last
        self._resting = False
        self._neuron = -1  # that is shown to be under the pointer
        self._under = -1  # that is, also while the pointer rests
        self._auditioned: AuditionNews | None = None
        self._images: tuple[str, ...] = ()
        self._pictured: ReadyLoop | None = None
        self._neurons_text: Value = ""
        self._began = time.perf_counter()
        self._before = self._changed = self._began
        self._lit: float | None = None

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
        since, options = time.perf_counter() - self._began, self.options
        if options.seconds is not None and since >= options.seconds and self.shot_wanted is None:
            if options.screenshot is None or self.ending:
                return True
            self.shot_wanted = options.screenshot
            return False
        if options.parent and not platform.process_alive(options.parent):
            return True
        return self.window.closing or (self.ending and self.shot_wanted is None)

    def close(self) -> None:
        """Free all of it."""
        close_all(self.loader, self.asker, self.client)
        self.outputs.close()
        self._tell_written(wait=True)
        self.screenshots.close()
        self.stage.release()
        self.panel.close()
        self.window.close()

    def step(self) -> None:
        """One frame, and the pause after it, in which hands are followed, too."""
        at = time.perf_counter()
        self.pacer.begin(at, time.process_time() - self.loader.cpu - self.asker.cpu)
        self._events(0.0)
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
            self._events(left)
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
        return self._under

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

    def _events(self, wait: float) -> None:
        for event in self.window.events(wait):
            self._event(event, time.perf_counter())
        self.touch.turn()

    def _event(self, event: Event, at: float) -> None:
        self.panel.take(event)
        if isinstance(event, Moved | Button | Wheel):
            self._hand(event, at)
        elif isinstance(event, Key) and not self.panel.wants_keys:
            self.deeds.do(action_of(event), at)
        elif isinstance(event, Text) and event.code == ord("?") and not self.panel.wants_keys:
            self.deeds.do("help", at)

    def _hand(self, event: Moved | Button | Wheel, at: float) -> None:
        self._pointed = at
        covered = self._covered(event.x, event.y)
        if covered and not self.gestures.busy:
            self._pointer = None
            return
        if self.stage.picture is not None:
            self.finder.place(self.stage.picture.positions)
        for action in self.gestures.take(event, at):
            camera = self.stage.camera
            if isinstance(action, Pan):
                camera.pan(action.right, action.down)
            elif isinstance(action, Zoom):
                camera.zoom_at((action.x, action.y), action.factor)
            elif isinstance(action, Turn):
                camera.rotate(action.angle)
            elif isinstance(action, Fit):
                self.stage.fit(at)
            elif isinstance(action, Hover):
                self._pointer = (action.x, action.y)
            elif self.stage.picture is not None:
                self.touch.take(action, self.finder, at)
            if isinstance(action, Pan | Zoom | Turn):
                self.stage.fitted = False
        if isinstance(event, Moved):
            self._pointer = (event.x, event.y)

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
        self._want(snapshot, heard, not self.window.hidden or self.outputs.watched(at))
        self._follow_selection(snapshot.values, at)
        if self.stage.update(self.loader.loaded, heard, self._focus(snapshot), at) and self.stage.picture is not None:
            self._changed = at
            self.touch.clear(len(self.stage.picture.index))
        return snapshot, heard

    def _unseen_frame(self, at: float) -> None:
        """While the window is minimized, only for those who look elsewhere."""
        snapshot, _ = self._follow(at)
        if len(self.outputs):
            self.stage.advance(snapshot.values, at)
            self.outputs.turn(self.stage, snapshot.values, at)
        if self.ending:
            self.shot_wanted = None  # of what is not drawn there is no picture

    def _frame(self, at: float) -> None:
        self.stage.resize(self.window.size, self.window.pixels, self._margins())
        snapshot, heard = self._follow(at)
        self._hover(bool(snapshot.values["view/blackout"]), at)
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
        self._shoot(at)
        self._tell_written()
        self.window.swap()
        self.shown = self.stage.focus, time.perf_counter()

    def _focus(self, snapshot: Snapshot) -> Weights | None:
        """What the engine aims at; of what has just been touched, what it will aim at when it has heard of it."""
        answered = self.asker.answered
        touched = self.touch.count and snapshot.values["target/by"] == "neurons"
        return self.touch.weights if touched and answered.asked < self.touch.sent + _HEARS else answered.weights

    def _announce(self, snapshot: Snapshot) -> None:
        if snapshot.audition is not self._auditioned:
            self._auditioned = snapshot.audition
            self.tell(snapshot.audition.text if snapshot.audition is not None else "")
        state = state_of(snapshot, self.options.place)
        if state != self._state:
            self._state = state
            self._say(state)

    def _want(self, snapshot: Snapshot, heard: Heard | None, seen: bool) -> None:
        wanted = wanted_of(snapshot, heard, seen)
        self.loader.wanted = wanted
        self.asker.want(wanted.engine, self._neuron)

    def _follow_selection(self, values: Mapping[str, Value], at: float) -> None:
        """Another target, or other neurons that someone else has chosen, end the selection."""
        text = values["target/neurons"]
        others = text != self._neurons_text and at - self.touch.sent > _SETTLED
        self._neurons_text = text
        if self.touch.count and (values["target/by"] != "neurons" or others) and at - self.touch.sent > 0.1:
            self.touch.clear()

    def _hover(self, blackout: bool, at: float) -> None:
        """Find what the pointer is over; while the audience looks, one that rests is not there."""
        resting = not self.console_shown and not self.gestures.busy and (blackout or at - self._pointed > _RESTS)
        if resting != self._resting:
            self._resting = resting
            self.window.show_pointer(not resting)
        self._under = -1
        if self._pointer is not None and self.stage.picture is not None and not self.gestures.busy:
            self.finder.place(self.stage.picture.positions)
            self._under = self.finder.nearest(*self._pointer, _REACH * self.panel.scale)
        self._neuron = -1 if resting else self._under
        self.stage.scene.letters = self.panel.scale
        self.stage.scene.hover(self._neuron if self._neuron >= 0 else None)

    def _show_loop(self) -> None:
        ready = self.stage.playing
        if ready is self._pictured or ready is None:
            return
        self._pictured = ready
        images = {"heard": ready.heard, "changed": ready.changed}
        self._images = tuple(name for name, pixels in images.items() if pixels is not None)
        for name, pixels in images.items():
            if pixels is not None:
                self.panel.image(name, pixels)

    def _draw_over(self, snapshot: Snapshot, at: float) -> None:
        size, scale = self.window.size, self.panel.scale
        overlay.outline(self.gestures.outline, scale)
        brushes = self.gestures.tool == "brush" or self.gestures.brushing
        if self._pointer is not None and brushes and not self._resting:
            overlay.brush(*self._pointer, self.gestures.radius, scale)
        loaded = self.loader.loaded
        answered = self.asker.answered
        named = self._neuron >= 0 and answered.words_for == self._neuron and not self.help
        if self._pointer is not None and named:
            _, right, below = self._margins()
            free = round(size[0] - right), round(size[1] - below)
            overlay.label(answered.words, *self._pointer, free, scale)
        dark = bool(snapshot.values["view/blackout"]) and not self.console_shown
        if snapshot.waiting and not dark:
            overlay.banner(snapshot.waiting, size, 0.46, scale)
        elif self.stage.picture is None and not dark:
            overlay.banner(loaded.problem or "waiting for the map", size, 0.46, scale)
        elif (problem := loaded.problem or answered.problem) and not dark:
            left, right, below = self._margins()
            overlay.note(problem, left, (round(size[0] - right), round(size[1] - below)), scale)
        text, since = self._told
        if at - since < _TOLD and not dark:
            overlay.banner(text, size, 0.9, scale)
        elif snapshot.laying_out is not None and not dark:
            ear = snapshot.status.get("ear", "the ear")
            overlay.banner(f"the map of {ear} is being laid out: {snapshot.laying_out} %", size, 0.9, scale)
        if self.frames_shown:
            said = f"{self.pacer.frames:.0f} frames/s   {self.pacer.frame_ms:.1f} ms"
            overlay.label((said,), size[0], 0.0, size, scale)
        if self.help:
            overlay.keys(size, scale)

    def _shoot(self, at: float) -> None:
        if self.options.screenshot is not None and self.options.seconds is None and self.shot_wanted is None:
            playing = self.stage.playing is not None
            self._lit = at if playing and self._lit is None else self._lit
            if self._lit is not None and at - self._lit > _STEADY:
                self.shot_wanted = self.options.screenshot
        if self.shot_wanted is None:
            return
        path, self.shot_wanted = self.shot_wanted, None
        self.ending = self.ending or path == self.options.screenshot
        if self.ending:
            write_png(path, self.stage.read())
            self._say(f"wrote {path}")
        elif problem := self.screenshots.save(path, self.stage.read()):
            self.tell(problem)

    def _tell_written(self, wait: bool = False) -> None:
        for path, error in self.screenshots.done(wait):
            if error is None:
                self._say(f"wrote {path}")
            self.tell(f"wrote {path}" if error is None else str(error))
