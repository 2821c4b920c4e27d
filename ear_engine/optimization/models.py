"""Ears and devices while a dream goes on: another one is made ready beside it, then takes over between two steps."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from ear_engine.ear.devices import choose_device
from ear_engine.errors import UserError
from ear_engine.optimization.bulletin import Bulletin
from ear_engine.optimization.dream import Dream
from ear_engine.optimization.memory import memory_error
from ear_engine.optimization.model import Choice, Model, load_model
from ear_engine.plugins import Registry
from ear_engine.shared_memory.loops import LoopFile
from ear_engine.targets.resolve import Resolver


@dataclass(frozen=True)
class Place:
    """Where a dream is to begin: the source, its number, and the seed."""

    source: LoopFile
    number: int
    seed: int


@dataclass(frozen=True)
class Ready:
    """A model with its first dream, what resolves targets in it, and the number of the dream's source."""

    model: Model
    dream: Dream
    resolver: Resolver
    number: int


def check_rate(model: Model, source: LoopFile) -> None:
    """Refuse an ear that listens at another sample rate than the engine plays.

    Raises:
        UserError: it does.
    """
    rate = model.ear.config.scalogram.sample_rate
    if rate != source.sample_rate:
        reason = f"listens at {rate} Hz, and the engine plays at {source.sample_rate} Hz"
        raise UserError(f"ear {model.name!r}", reason, "choose another ear", "other_rate")


class Models:
    """Keeps the model what is chosen: loads another one in a thread, and declines one that cannot be used.

    Args:
        registry: kinds of ears.
        bulletin: where a choice is declined.
        new_dream: makes a dream of a model in a place.
    """

    def __init__(self, registry: Registry, bulletin: Bulletin, new_dream: Callable[[Model, Place], Dream]) -> None:
        self.model: Model | None = None
        self.device = ""  # torch device, as soon as it is known
        self._registry = registry
        self._bulletin = bulletin
        self._new_dream = new_dream
        self._tried: Choice | None = None
        self._swap: _Swap | None = None

    def load(self, choice: Choice, report: Callable[[], None]) -> Model:
        """Load the first model; ``report`` is called once its device is known.

        Raises:
            UserError: it cannot be used.
        """
        self.device = choose_device(choice.device)
        report()
        self.model = load_model(choice, self.device, self._registry, self._warn)
        return self.model

    def follow(self, choice: Choice, sequence: int, place: Callable[[], Place | None]) -> Ready | None:
        """Another model if it has become ready; asked at every step.

        Args:
            choice: what is wanted.
            sequence: of the control state that says so.
            place: where it would begin now.
        """
        model, swap = self.model, self._swap
        if model is None:
            return None
        if swap is not None:
            if not swap.done:
                return None
            self._swap = None
            if swap.choice == choice and swap.ready is not None:
                self.model, self.device = swap.ready.model, swap.ready.model.device
                return swap.ready
            if swap.choice == choice and swap.error is not None:
                self._decline(choice, sequence, swap.error)
        if choice == model.choice:
            self._tried = None
        elif choice != self._tried:
            self._tried = choice
            self._begin(model, choice, sequence, place())
        return None

    def _begin(self, model: Model, choice: Choice, sequence: int, place: Place | None) -> None:
        try:
            device = choose_device(choice.device)
        except UserError as error:
            self._bulletin.decline(sequence, "model/device", error, model.choice.device)
            return
        if choice.folder == model.choice.folder and device == model.device:
            self.model = replace(model, choice=choice)
        elif place is None:
            self._tried = None
        else:
            self._swap = _Swap(choice, partial(self._make, model, choice, device, place))

    def _make(self, model: Model, choice: Choice, device: str, place: Place) -> Ready:
        """In a thread."""
        if choice.folder == model.choice.folder:
            model = replace(model, choice=choice, device=device)
        else:
            model = load_model(choice, device, self._registry, self._warn)
        dream = self._new_dream(model, place)
        return Ready(model, dream, model.resolver(dream.index), place.number)

    def _decline(self, choice: Choice, sequence: int, error: UserError) -> None:
        assert self.model is not None
        current = self.model.choice
        if choice.folder != current.folder:
            self._bulletin.decline(sequence, "model/ear", error, current.folder.name)
        else:
            self._bulletin.decline(sequence, "model/device", error, current.device)

    def _warn(self, error: UserError) -> None:
        self._bulletin.event("warning", error.code, str(error))


class _Swap:
    """A model being made ready in a thread of its own."""

    def __init__(self, choice: Choice, make: Callable[[], Ready]) -> None:
        self.choice = choice
        self.ready: Ready | None = None
        self.error: UserError | None = None
        self._make = make
        self._thread = threading.Thread(target=self._run, name="swap", daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        """Whether ``ready`` or ``error`` is there."""
        return not self._thread.is_alive()

    def _run(self) -> None:
        subject = f"ear {self.choice.folder.name!r}"
        try:
            self.ready = self._make()
        except UserError as error:
            self.error = error
        except Exception as error:  # of a plug-in, or of a device
            self.error = memory_error(error, subject, "choose a smaller ear, or another device") or UserError(
                subject, f"cannot be used ({type(error).__name__}: {error})", "choose another", "bad_ear"
            )
