"""What is aimed at, and how it can be named."""

from __future__ import annotations

from ear_engine.control import REGION_FIELDS
from ear_engine.errors import UserError
from ear_engine.osc.commands import Argument, Call, Command
from ear_engine.osc.paging import HEAVY, pages, reply_list
from ear_engine.targets.resolve import Resolver

_FOUND = 8  # regions
_SEARCH = 400.0  # cost: it looks at the name of every region, some milliseconds


def _region(call: Call) -> None:
    names = REGION_FIELDS[:-1]
    if call.arguments:
        call.engine.control.apply({f"target/{name}": call.arguments[name] for name in names}, call.client.origin)
    else:
        region = call.engine.control.target
        call.reply(call.address, *(getattr(region, name) for name in names))


def _resolver(call: Call) -> Resolver:
    resolver = call.engine.targets()
    if resolver is None:
        raise UserError("the ear", "is not known yet", "ask again in a moment", "not_ready")
    return resolver


def _find(call: Call) -> None:
    search = _resolver(call).facts.search
    if search is None:
        mend = "make them with `ear-engine statistics`"
        raise UserError("this ear", "has no statistics, so nothing in it has a name", mend, "no_statistics")
    found = search.find(call.arguments["text"], _FOUND)
    for index, region in enumerate(found):
        place = (region.name, region.layer, region.channel, region.low, region.high)
        call.reply(call.address, index, len(found), *place)


def _names(call: Call) -> None:
    facts = _resolver(call).facts
    layer = facts.index[call.arguments["layer"] or str(call.engine.control.tree.values["target/layer"])].name
    names = facts.statistics.region_names.get(layer, ()) if facts.statistics is not None else ()
    for first, page in pages(names):
        call.reply(call.address, layer, first, len(names), *page)


def _directions(call: Call) -> None:
    reply_list(call, sorted(_resolver(call).facts.directions))


def _describe_target(call: Call) -> None:
    resolver, control = _resolver(call), call.engine.control
    beats = float(control.tree.values["playback/beats"])
    terms = resolver.resolve((control.target, *control.kept), beats, control.stored)
    extent = resolver.extent(terms)
    call.reply(call.address, control.target.by, extent.terms, extent.neurons, *extent.layers)


def target_commands() -> tuple[Command, ...]:
    """Rows of the table."""
    a, c = Argument, Command
    region = tuple(a(name, "s" if name == "layer" else "f") for name in REGION_FIELDS[:-1])
    return (
        c(
            "target/region",
            region,
            "same with the values, if sent without",
            "The whole target at once.",
            _region,
            together=True,
        ),
        c(
            "target/find",
            (a("text", "s"),),
            "same i:index i:total s:name s:layer i:channel f:low f:high",
            "Regions that words describe, the best first, a message each.",
            _find,
            cost=_SEARCH,
        ),
        c(
            "target/names",
            (a("layer", "s", ""),),
            "same s:layer i:first i:total s:name…",
            "Names of the regions of a layer, one a channel; of the target's layer if none is given.",
            _names,
            cost=HEAVY,
        ),
        c(
            "target/directions",
            (),
            "same i:first i:total s:name…",
            "Named directions of the ear, for direction(…) in target/objective.",
            _directions,
            cost=HEAVY,
        ),
        c(
            "target/describe",
            (),
            "same s:by i:terms i:neurons s:layer…",
            "What the target and those that are kept take in together.",
            _describe_target,
            cost=HEAVY,
        ),
    )
