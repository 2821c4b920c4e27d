"""What the picture is given to besides the window: which sinks there are, when they get a frame, who has failed."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

import moderngl

from ear_engine.errors import UserError
from ear_engine.parameters import Value
from ear_engine.plugins import Registry
from ear_engine.viewer.sinks.base import Frame, Guarded, Pixels, Sink
from ear_engine.viewer.sinks.canvas import Canvas
from ear_engine.viewer.sinks.names import KIND
from ear_engine.viewer.stage import Stage

NAME = "ear-engine"
_LATELY = 1.0  # seconds


@dataclass(eq=False)
class _Running:
    """A sink, and how people call it."""

    spec: str
    sink: Sink
    size: tuple[int, int] = (0, 0)


class Outputs:
    """Feeds sinks; a sink that fails is told of once and left out.

    Args:
        specs: ``NAME`` or ``NAME:ARGUMENT`` of each.
        tell: told, in a sentence, where a picture is, and which sink has failed.
        registry: of plug-ins.
        allowed: machines that may come to a sink, by IP address; all if None.

    Raises:
        UserError: there is no such sink, or it cannot be used with that argument.
    """

    def __init__(
        self,
        specs: Sequence[str],
        tell: Callable[[str], None],
        registry: Registry | None = None,
        allowed: Container[str] | None = None,
    ) -> None:
        self._tell = tell
        self._running: list[_Running] = []
        self._canvas: Canvas | None = None
        self._due = 0.0
        self._wanted = -_LATELY  # when a sink wanted a frame
        self._awaited: tuple[float, int] | None = None  # time and quality of a picture that is being read back
        if specs:
            known = Registry() if registry is None else registry
            self._running = [_Running(spec, _made(spec, known, allowed)) for spec in dict.fromkeys(specs)]

    def __len__(self) -> int:
        """How many sinks work."""
        return len(self._running)

    def watched(self, at: float) -> bool:
        """Whether any sink has wanted a frame lately."""
        return at - self._wanted < _LATELY

    def turn(self, stage: Stage, values: Mapping[str, Value], at: float) -> None:
        """Give everyone a frame who wants one, if it is time; once a frame of the window, after :meth:`Stage.advance`.

        Args:
            stage: what is shown; its GL context must be current.
            values: of the parameters ``view/output_…``.
            at: seconds, :func:`time.perf_counter`.
        """
        if not self._running:
            return
        size = size_of(values)
        self._open(stage.context, size)
        self._hand_on(size)
        eager = self._try_all(self._running, lambda one: one.sink.wants())
        if eager:
            self._wanted = at
        if not eager or at < self._due:
            return
        period = 1.0 / float(values["view/output_rate"])
        self._due = self._due + period if at - self._due < period else at + period
        canvas, quality = self._sized(stage.context, size), int(values["view/output_quality"])
        stage.draw_to(canvas.framebuffer, canvas.surfaces)
        reading = [one for one in eager if one.sink.reads]
        if reading:
            canvas.begin_reading()
            self._awaited = at, quality
        frame = Frame(canvas.texture, at, quality, canvas.read)
        self._try_all([one for one in eager if not one.sink.reads], lambda one: one.sink.send(frame))

    def close(self) -> None:
        """End all of them."""
        running, self._running = self._running, []
        for one in running:
            self._end(one)
        if self._canvas is not None:
            self._canvas.release()
            self._canvas = None

    def _open(self, context: moderngl.Context, size: tuple[int, int]) -> None:
        def open_one(one: _Running) -> None:
            if one.size != size:
                first, one.size = one.size == (0, 0), size
                where = one.sink.open(context, *size, NAME)
                if first:
                    self._tell(f"the picture is at {where}" if where else f"the picture goes to {one.spec}")

        self._try_all(self._running, open_one)

    def _sized(self, context: moderngl.Context, size: tuple[int, int]) -> Canvas:
        if self._canvas is None or self._canvas.size != size:
            if self._canvas is not None:
                self._canvas.release()
            self._canvas = Canvas(context, size)
        return self._canvas

    def _hand_on(self, size: tuple[int, int]) -> None:
        """Give away the picture that was drawn at the last turn, which the GPU has copied meanwhile."""
        if self._awaited is None or self._canvas is None:
            return
        canvas, (at, quality) = self._canvas, self._awaited
        self._awaited = None
        if canvas.size != size:  # sinks have been opened for another one since
            return
        pixels: Pixels = canvas.end_reading()
        frame = Frame(canvas.texture, at, quality, lambda: pixels)
        ready = self._try_all([one for one in self._running if one.sink.reads], lambda one: one.sink.wants())
        self._try_all(ready, lambda one: one.sink.send(frame))

    def _try_all(self, some: Iterable[_Running], act: Callable[[_Running], object]) -> list[_Running]:
        """Those for which ``act`` is true; whoever fails is left out from now on."""
        true: list[_Running] = []
        for one in list(some):
            try:
                if act(one):
                    true.append(one)
            except Exception as error:  # whatever someone else's sink does, frames go on
                self._running = [other for other in self._running if other is not one]
                said = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
                self._tell(f"the output {one.spec} is left out: {said}"[:300])
                self._end(one)
        return true

    def _end(self, one: _Running) -> None:
        try:
            one.sink.close()
        except Exception as error:
            self._tell(f"the output {one.spec} does not end: {type(error).__name__}: {error}"[:300])


def _made(spec: str, registry: Registry, allowed: Container[str] | None) -> Sink:
    name, _, argument = spec.partition(":")
    make = registry.load(KIND, name)
    try:
        sink: Sink = make(argument)
        if allowed is not None and isinstance(sink, Guarded):
            sink.admit(allowed)
    except UserError:
        raise
    except Exception as error:
        reason = f"cannot be used ({type(error).__name__}: {error})"
        raise UserError(f"--output {spec[:60]}", reason, "leave it out", "bad_sink") from None
    return sink


def size_of(values: Mapping[str, Value]) -> tuple[int, int]:
    """Width and height of the picture that outputs get, pixels."""
    width, _, height = str(values["view/output_size"]).partition("x")
    return int(width), int(height)
