"""The autopilot: plays the scenes of :mod:`ear_engine.node.itinerary` on the bar lines of what is heard.

All it does goes through the control log under its own name. Whoever sets a target or a source takes over from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from ear_engine.control import REGION_FIELDS, Change, ControlLog
from ear_engine.errors import UserError
from ear_engine.node.itinerary import Scene, scenes
from ear_engine.parameters import Value
from ear_engine.presets import Preset, find_preset
from ear_engine.shared_memory.clock import Playhead

ORIGIN = "autopilot"
SWITCH = "dream/autopilot"
BAR = 4  # beats
_HANDS = ("target/", "source/")  # groups that are played by hand or by it
_NOTCHES = 2  # steps of a morph in a beat

Report = Callable[[str, str, str], None]  # level, code, message


class BarClock:
    """Counts the beats heard since it was made, from the bar line before; at least one look a loop.

    Bars are those of the loop if it has whole bars. It goes on through changes of loop and tempo, and never goes back.
    """

    def __init__(self, head: Playhead) -> None:
        self._head = head
        self.beats = head.beat % BAR

    def look(self, head: Playhead) -> float:
        """Beats at ``head``."""
        entry, stood = head.entry, self._head.entry.silent
        passed = (head.position - self._head.position) * entry.beats / entry.samples
        self._head = head
        if entry.silent or stood:  # nothing is counted while the transport stands still
            return self.beats
        beats = self.beats + max(0.0, passed)
        if entry.beats % BAR == 0:  # the loop says where in the bar it is
            beats += (head.beat - beats + BAR / 2) % BAR - BAR / 2
        self.beats = max(self.beats, beats)
        return self.beats


class Autopilot:
    """Plays while ``dream/autopilot`` is on.

    Args:
        control: all it does goes through it, with the origin ``autopilot``.
        seed: of its scenes.
        layers: layers of the ear in forward order; none while they are not known.
        engine: origins of changes that the engine makes by itself, which are no hands.
        report: told of what everyone should know.
    """

    def __init__(
        self,
        control: ControlLog,
        seed: int,
        layers: Callable[[], Sequence[str]],
        engine: Sequence[str],
        report: Report,
    ) -> None:
        self._control = control
        self._seed = seed
        self._layers = layers
        self._engine = (ORIGIN, *engine)
        self._report = report
        self._clock: BarClock | None = None
        self._scenes: Iterator[Scene] = iter(())
        self._next: Scene | None = None
        self._glide = (0.0, 0.0)  # beats at which the morph begins and ends
        self._end = 0.0  # of the morph: 0 is target a, 1 is b
        control.listen(self._changed)

    @property
    def on(self) -> bool:
        """Whether it plays."""
        return bool(self._control.tree.values[SWITCH])

    def look(self, head: Playhead | None) -> None:
        """Do what is due at ``head``, the moment being heard."""
        if not self.on or head is None or not self._layers():
            return
        if self._clock is None:
            self._begin(head)
        assert self._clock is not None
        beats = self._clock.look(head)
        while self._next is not None and beats >= self._next.bar * BAR:
            self._enter(self._next, beats)
            self._next = next(self._scenes, None)
        self._morph(beats)

    def _begin(self, head: Playhead) -> None:
        self._clock = BarClock(head)
        self._scenes = scenes(self._seed, str(self._control.tree.values["source/clip"]))
        self._next = next(self._scenes)
        self._end = 0.0
        self._glide = (0.0, 0.0)
        self._report("info", "autopilot_on", "The autopilot plays; set a target or a source to take over.")

    def _enter(self, scene: Scene, beats: float) -> None:
        first = scene.bar == 0
        preset = self._preset(scene.preset)
        if scene.preset:
            shaping = {name: value for name, value in preset.items() if not name.startswith("target/")}
            self._try({**shaping, **({"target/clear": True} if first else {})})
        if scene.clip:
            self._try({"source/clip": scene.clip})
        if not first:
            self._end = 1.0 - self._end
        stores = ("target/a", "target/b") if first else ("target/b" if self._end else "target/a",)
        layers = self._layers()
        layer = layers[round(scene.depth * (len(layers) - 1))]
        if scene.words:
            wanted: dict[str, Value] = {"target/name": f"{layer} {scene.words}"}
        else:
            wanted = {name: value for name, value in preset.items() if name.startswith("target/")}
        stored = dict.fromkeys(stores, True)
        known = self._try({**self._extents, **wanted, **stored})
        if not known:  # an ear without statistics has no names
            self._try({**self._extents, "target/depth": scene.depth, **stored})
        glides = scene.glide and not first
        self._glide = (beats, beats + scene.glide * BAR) if glides else (beats, beats)
        self._try({"target/morph": 1.0 - self._end if glides else self._end})
        what = (
            layer if not known else scene.words and f"{scene.words} in {layer}",
            scene.preset and f"preset {scene.preset}",
            scene.clip and f"loop {scene.clip}",
        )
        self._report("info", "autopilot_scene", f"Bar {scene.bar + 1}: {', '.join(filter(None, what))}.")

    def _morph(self, beats: float) -> None:
        start, end = self._glide
        if end <= start:
            return
        share = min(1.0, (int((beats - start) * _NOTCHES) / _NOTCHES) / (end - start))
        morph = share if self._end else 1.0 - share
        if morph != self._control.tree.values["target/morph"]:
            self._try({"target/morph": morph})
        if share >= 1.0:
            self._glide = (end, end)

    @property
    def _extents(self) -> dict[str, Value]:
        """A target's extents by default, which a preset may have narrowed."""
        return {f"target/{name}": self._control.tree[f"target/{name}"].default for name in REGION_FIELDS[1:]}

    def _preset(self, name: str) -> dict[str, Value]:
        """What a preset says; the defaults if it is gone; nothing without a name."""
        if not name:
            return {}
        tree = self._control.tree
        try:
            return find_preset(name, tree).changes(tree)
        except UserError as error:
            self._report("warning", error.code, str(error))
            return Preset(name).changes(tree)

    def _try(self, changes: Mapping[str, Value]) -> bool:
        try:
            self._control.apply(changes, ORIGIN)
        except UserError:
            return False
        return True

    def _changed(self, change: Change) -> None:
        if SWITCH in change.values:
            if not change.values[SWITCH]:
                self._clock = None
            return
        if not self.on or change.origin in self._engine:
            return
        touched = [name for name in (*change.values, *change.triggers) if name.startswith(_HANDS)]
        if touched:
            self._control.apply({SWITCH: False}, ORIGIN)
            self._clock = None
            self._report(
                "info", "autopilot_off", f"The {touched[0].split('/')[0]} was set by hand: the autopilot has let go."
            )
