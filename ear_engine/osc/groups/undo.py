"""What hands have done can be taken back, and done again."""

from __future__ import annotations

from collections.abc import Callable

from ear_engine.errors import UserError
from ear_engine.osc.commands import DONE, Argument, Call, Command
from ear_engine.undo import Step, Undo

_WHOSE = ("all", "mine")


def undo_commands(undo: Undo) -> tuple[Command, ...]:
    """Rows of the table; they act on ``undo``."""

    def run(turn: Callable[[str, bool], Step]) -> Callable[[Call], None]:
        def act(call: Call) -> None:
            whose = call.arguments["whose"]
            if whose not in _WHOSE:
                reason = f"takes {' or '.join(_WHOSE)}, not {whose[:60]!r}"
                raise UserError(call.address, reason, "leave it out for the last step of all", "bad_value")
            step = turn(call.client.origin, whose == "mine")
            call.done(step.what, step.origin)

        return act

    whose = Argument("whose", "s", "all")
    answer = f"{DONE} s:address i:request s:what s:origin"
    return (
        Command(
            "control/undo",
            (whose,),
            answer,
            "Take back the last step of anyone, or of mine: a gesture, a preset, a morph, a set.",
            run(undo.undo),
        ),
        Command("control/redo", (whose,), answer, "Do again what was taken back last.", run(undo.redo)),
    )
