"""What there is to choose from: clips, presets, layers."""

from __future__ import annotations

from ear_engine.osc.commands import DONE, Argument, Call, Command
from ear_engine.osc.paging import HEAVY
from ear_engine.presets import find_preset, list_presets, recall


def _clips(call: Call) -> None:
    clips = call.engine.clips()
    for index, clip in enumerate(clips):
        call.reply(call.address, index, len(clips), clip.name, clip.seconds, clip.beats)
    if not clips:
        call.reply(call.address, 0, 0)


def _presets(call: Call) -> None:
    presets = [preset for preset in list_presets(call.engine.control.tree) if not preset.problem]
    for index, preset in enumerate(presets):
        call.reply(call.address, index, len(presets), preset.name, preset.title, preset.description)
    if not presets:
        call.reply(call.address, 0, 0)


def _recall(call: Call) -> None:
    control = call.engine.control
    preset = find_preset(call.arguments["name"], control.tree)
    recall(preset, control, call.client.origin)
    call.done(preset.name)


def _layers(call: Call) -> None:
    layers = call.engine.layers()
    for index, layer in enumerate(layers):
        call.reply(call.address, index, len(layers), layer.name, layer.channels, layer.bins)
    if not layers:
        call.reply(call.address, 0, 0)


def library_commands() -> tuple[Command, ...]:
    """Rows of the table."""
    a, c = Argument, Command
    return (
        c(
            "clips/list",
            (),
            "same i:index i:total s:name f:seconds i:beats",
            "Clips of the library, a message each.",
            _clips,
            cost=HEAVY,
        ),
        c(
            "preset/list",
            (),
            "same i:index i:total s:name s:title s:description",
            "Presets, a message each.",
            _presets,
            cost=HEAVY,
        ),
        c(
            "preset/recall",
            (a("name", "s"),),
            f"{DONE} s:address i:request s:name",
            "Make a preset the sound: target, tone, rhythm and all that shapes the dream, in one change.",
            _recall,
            cost=HEAVY,
        ),
        c(
            "layers/list",
            (),
            "same i:index i:total s:name i:channels i:bins",
            "Layers of the ear in forward order, a message each.",
            _layers,
            cost=HEAVY,
        ),
    )
