"""The music that excites neurons."""

from __future__ import annotations

from ear_engine.errors import UserError
from ear_engine.osc.commands import DONE, Argument, Auditions, Call, Command, Sounding
from ear_engine.osc.paging import HEAVY

_NAME = 300  # characters of a recording's name


def _auditions(call: Call) -> Auditions:
    auditions = call.engine.auditions()
    if auditions is None:
        raise UserError("this engine", "plays no excerpts", "ask one that plays", "not_ready")
    return auditions


def _excerpt(sounding: Sounding) -> tuple[object, ...]:
    excerpt = sounding.excerpt
    names = (excerpt.corpus[:_NAME], excerpt.recording[:_NAME])
    return excerpt.neuron, excerpt.which, excerpt.total, *names, excerpt.seconds, sounding.seconds


def _audition(call: Call) -> None:
    neuron, which = call.arguments["neuron"], call.arguments["which"]
    auditions = _auditions(call)
    job = call.engine.jobs.begin(call, lambda: cancel())
    try:
        cancel = auditions.play(neuron, which, lambda sounding: job.done(*_excerpt(sounding)), job.fail)
    except UserError as error:
        job.fail(error)


def _audition_now(call: Call) -> None:
    sounding = _auditions(call).now()
    call.reply(call.address, *((-1, 0, 0, "", "", 0.0, 0.0) if sounding is None else _excerpt(sounding)))


def _audition_list(call: Call) -> None:
    excerpts = _auditions(call).excerpts(call.arguments["neuron"])
    for index, excerpt in enumerate(excerpts):
        names = (excerpt.corpus[:_NAME], excerpt.recording[:_NAME])
        call.reply(call.address, index, len(excerpts), *names, excerpt.seconds, excerpt.activation)
    if not excerpts:
        call.reply(call.address, 0, 0)


def audition_commands() -> tuple[Command, ...]:
    """Rows of the table."""
    a, c = Argument, Command
    return (
        c(
            "audition/neuron",
            (a("neuron", "i"), a("which", "i", 0)),
            f"{DONE} s:address i:request i:neuron i:which i:total s:corpus s:recording f:seconds f:length",
            "Hear the music that excites a neuron: 1 excites it most, 0 is the next one.",
            _audition,
            cost=HEAVY,
        ),
        c(
            "audition/now",
            (),
            "same i:neuron i:which i:total s:corpus s:recording f:seconds f:left",
            "The excerpt that sounds; neuron -1 if none does.",
            _audition_now,
        ),
        c(
            "audition/list",
            (a("neuron", "i"),),
            "same i:index i:total s:corpus s:recording f:seconds f:activation",
            "The music that excites a neuron, the strongest first, a message each.",
            _audition_list,
            cost=HEAVY,
        ),
    )
