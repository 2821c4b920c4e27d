"""The built-in commands: what can be asked over OSC besides setting and getting parameters, one row each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ear_engine.control import REGION_FIELDS
from ear_engine.errors import UserError
from ear_engine.osc.aliases import PROTOCOL
from ear_engine.osc.commands import DONE, Argument, Auditions, Call, Command, Sounding, Unknown
from ear_engine.osc.dump import DUMP
from ear_engine.osc.patterns import Pattern, has_wildcards
from ear_engine.osc.regions import WORDS
from ear_engine.osc.subscriptions import DEFAULT_RATE, DEFAULT_TTL
from ear_engine.parameters import Parameter
from ear_engine.presets import find_preset, list_presets, recall
from ear_engine.targets.resolve import Resolver

PONG = "/ear/system/pong"
SYNCED = "/ear/system/synced"
_HEAVY = 50.0  # cost of commands that search or answer at length
_PAGE = 1200  # bytes of names in one message
_FOUND = 8  # regions
_NAME = 300  # characters of a recording's name
_LINE = 400  # characters of a usage or description


def _pages(names: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Cut names into pages of one message each: (index of the first, names)."""
    page: list[str] = []
    room, first = _PAGE, 0
    for index, name in enumerate(names):
        if page and room < len(name.encode()) + 5:
            yield first, page
            page, room, first = [], _PAGE, index
        page.append(name)
        room -= len(name.encode()) + 5
    yield first, page


def _list(call: Call, names: Sequence[str]) -> None:
    for first, page in _pages(names):
        call.reply(call.address, first, len(names), *page)


def _ping(call: Call) -> None:
    call.reply(PONG, call.engine.engine_id, call.engine.version, call.request)


def _version(call: Call) -> None:
    call.reply(call.address, "ear-engine", call.engine.version, PROTOCOL)


def _status(call: Call) -> None:
    call.reply(call.address, *(part for pair in call.engine.status().pairs() for part in pair))


def _sync(call: Call) -> None:
    call.reply(SYNCED, call.arguments["number"])


def _quit(call: Call) -> None:
    call.done()
    call.engine.quit()


def _cancel(call: Call) -> None:
    call.done(call.engine.jobs.cancel(call.client.origin, call.arguments["number"]))


def _dump(call: Call) -> None:
    call.engine.dump(call.client, call.arguments["on"] != 0)
    call.done(call.arguments["on"])


def _system_list(call: Call) -> None:
    prefix = call.arguments["prefix"]
    _list(call, [row.address for row in call.engine.addresses() if row.address.startswith(prefix)])


def _system_describe(call: Call) -> None:
    wanted, rows = call.arguments["address"], call.engine.addresses()
    wanted = call.engine.aliases.get(wanted, wanted)
    pattern = Pattern(wanted)
    found = [row for row in rows if row.address == wanted or pattern.matches(row.address)]
    if not found:
        raise Unknown(wanted, "unknown_address", lambda: [row.address for row in rows])
    for row in found:
        call.reply(call.address, row.address, row.kind, row.usage[:_LINE], row.answer[:_LINE], row.description[:_LINE])


def _reply_port(call: Call) -> None:
    port = call.arguments["port"]
    if not 0 <= port < 1 << 16:
        raise UserError(
            f"port {port}", "is not 0 to 65535", "send a UDP port, or 0 for the one you send from", "bad_value"
        )
    call.client.reply_port = port
    call.done(port)


def _parameters_list(call: Call) -> None:
    prefix = call.arguments["prefix"].removeprefix("/ear/")
    _list(call, [row.name for row in call.engine.control.tree if row.name.startswith(prefix)])


def _parameters_describe(call: Call) -> None:
    tree = call.engine.control.tree
    name = call.arguments["name"].removeprefix("/ear/")
    name = call.engine.aliases.get(f"/ear/{name}", name).removeprefix("/ear/")
    if has_wildcards(name):
        pattern = Pattern("/" + name.removeprefix("/"))
        rows = [row for row in tree if pattern.matches("/" + row.name)]
    elif name in tree:
        rows = [tree[name]]
    else:
        raise Unknown(name, "unknown_parameter", lambda: [row.name for row in tree])
    for row in rows:
        call.reply(call.address, *describe(row, tree.values.get(row.name, False)))


def describe(row: Parameter, value: object) -> tuple[object, ...]:
    """Name, type, default, low, high, unit, curve, clip, value, description, and the choices if there are any."""
    low, high = (row.low, row.high) if row.numeric else (0.0, 1.0)
    facts = (row.name, row.kind, row.default, low, high, row.unit, row.curve, row.clip, value, row.description)
    return *(float(f) if row.kind == "float" and isinstance(f, int) else f for f in facts), *row.choices


def _subscribe(call: Call) -> None:
    given = call.arguments
    pattern = Pattern(call.engine.aliases.get(given["pattern"], given["pattern"]))
    matches = call.engine.matches(pattern, given["format"])
    subscription = call.engine.clients.subscribe(
        call.client,
        pattern,
        rate=given["rate_hz"],
        format=given["format"],
        target=given["port"],
        ttl=given["ttl_s"],
        lead=given["lead_beats"],
        packet=given["packet_bytes"],
    )
    call.engine.subscribed(subscription)
    call.done(subscription.number, pattern.text, matches, subscription.rate, subscription.ttl)


def _unsubscribe(call: Call) -> None:
    call.done(call.engine.clients.unsubscribe(call.client, call.arguments["pattern"]))


def _renew(call: Call) -> None:
    call.done(len(call.client.subscriptions))  # any message renews, this one as well


def _stream_list(call: Call) -> None:
    subscriptions = call.client.subscriptions
    for index, s in enumerate(subscriptions):
        facts = (s.number, s.pattern.text, s.rate, s.format, s.target[1], s.ttl, s.dropped)
        call.reply(call.address, index, len(subscriptions), *facts)
    if not subscriptions:
        call.reply(call.address, 0, 0)


def _region_define(call: Call) -> None:
    word, text = call.arguments["region"], call.arguments["text"]
    call.done(word, call.engine.regions.define(call.client.regions, word, text))


def _region_list(call: Call) -> None:
    regions = call.client.regions
    for word in WORDS:
        region = regions.get(word)
        call.reply(call.address, word, *((region.text, region.numbers.size) if region is not None else ("", 0)))


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
    for first, page in _pages(names):
        call.reply(call.address, layer, first, len(names), *page)


def _directions(call: Call) -> None:
    _list(call, sorted(_resolver(call).facts.directions))


def _describe_target(call: Call) -> None:
    resolver, control = _resolver(call), call.engine.control
    beats = float(control.tree.values["playback/beats"])
    terms = resolver.resolve((control.target, *control.kept), beats, control.stored)
    extent = resolver.extent(terms)
    call.reply(call.address, control.target.by, extent.terms, extent.neurons, *extent.layers)


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


def builtin_commands() -> tuple[Command, ...]:
    """All built-in commands."""
    a, c = Argument, Command
    region = tuple(a(name, "s" if name == "layer" else "f") for name in REGION_FIELDS[:-1])
    stream = (
        a("pattern", "s"),
        a("rate_hz", "f", DEFAULT_RATE),
        a("format", "s", "list"),
        a("port", "a", 0),
        a("ttl_s", "f", DEFAULT_TTL),
        a("lead_beats", "f", 0.0),
        a("packet_bytes", "i", 0),
    )
    return (
        c("system/ping", (), f"{PONG} s:engine s:version i:request", "Is anyone there?", _ping),
        c(
            "system/version",
            (),
            "same s:ear-engine s:version i:protocol",
            "Version of the engine and of its addresses.",
            _version,
        ),
        c(
            "system/status",
            (),
            "same, then s:key and its value by turns",
            "How the engine is doing, always in the same order.",
            _status,
            cost=_HEAVY,
        ),
        c(
            "system/sync",
            (a("number", "i"),),
            f"{SYNCED} i:number",
            "Answered when all before it has been applied.",
            _sync,
        ),
        c(
            "system/cancel",
            (a("number", "i"),),
            f"{DONE} s:address i:request i:cancelled",
            "Stop what I asked for with this number and what is not done yet; it answers /ear/fail (cancelled).",
            _cancel,
        ),
        c(
            "system/list",
            (a("prefix", "s", ""),),
            "same i:first i:total s:address…",
            "Addresses of all parameters, commands, streams and events.",
            _system_list,
            cost=_HEAVY,
        ),
        c(
            "system/describe",
            (a("address", "s"),),
            "same s:address s:kind s:usage s:answer s:text",
            "One address, or those of a pattern; what parameters take in detail: parameters/describe.",
            _system_describe,
            cost=_HEAVY,
        ),
        c(
            "system/dump",
            (a("on", "i", 1),),
            f"{DONE} s:address i:request i:on",
            f"Tell me all messages that come in: {DUMP} s:from s:address s:arguments; until I am silent for a minute.",
            _dump,
        ),
        c("system/quit", (), f"{DONE} s:address i:request", "End the engine.", _quit),
        c(
            "system/reply_port",
            (a("port", "i"),),
            f"{DONE} s:address i:request i:port",
            "Send my answers to this port of my host; 0 is the one I send from.",
            _reply_port,
        ),
        c(
            "parameters/list",
            (a("prefix", "s", ""),),
            "same i:first i:total s:name…",
            "Names of the parameters.",
            _parameters_list,
            cost=_HEAVY,
        ),
        c(
            "parameters/describe",
            (a("name", "s"),),
            "same s:name s:type default low high s:unit s:curve s:clip value s:text s:choice…",
            "One parameter, or those of a pattern.",
            _parameters_describe,
            cost=_HEAVY,
        ),
        c(
            "stream/subscribe",
            stream,
            f"{DONE} s:address i:request i:id s:pattern i:matches f:rate f:ttl",
            "Receive streams, events or changes of parameters; at once, then at this rate.",
            _subscribe,
            cost=_HEAVY,
            before=5,
        ),
        c(
            "stream/unsubscribe",
            (a("pattern", "s", ""),),
            f"{DONE} s:address i:request i:ended",
            "End my subscriptions of this pattern, or all.",
            _unsubscribe,
            cost=_HEAVY,
        ),
        c(
            "stream/renew",
            (),
            f"{DONE} s:address i:request i:subscriptions",
            "I am still here; every other message says so too.",
            _renew,
        ),
        c(
            "stream/list",
            (),
            "same i:index i:total i:id s:pattern f:rate s:format i:port f:ttl i:dropped",
            "My subscriptions, a message each.",
            _stream_list,
            cost=_HEAVY,
        ),
        c(
            "region/define",
            (a("region", "s"), a("text", "s", "")),
            f"{DONE} s:address i:request s:region i:neurons",
            "Let /ear/region/one … eight be a layer, neurons (12-40,77), words or an expression, for you alone.",
            _region_define,
            cost=_HEAVY,
        ),
        c(
            "region/list",
            (),
            "same s:region s:text i:neurons",
            "My eight regions, a message each.",
            _region_list,
            cost=_HEAVY,
        ),
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
            cost=_HEAVY,
        ),
        c(
            "target/names",
            (a("layer", "s", ""),),
            "same s:layer i:first i:total s:name…",
            "Names of the regions of a layer, one a channel; of the target's layer if none is given.",
            _names,
            cost=_HEAVY,
        ),
        c(
            "target/directions",
            (),
            "same i:first i:total s:name…",
            "Named directions of the ear, for direction(…) in target/objective.",
            _directions,
            cost=_HEAVY,
        ),
        c(
            "target/describe",
            (),
            "same s:by i:terms i:neurons s:layer…",
            "What the target and those that are kept take in together.",
            _describe_target,
            cost=_HEAVY,
        ),
        c(
            "clips/list",
            (),
            "same i:index i:total s:name f:seconds i:beats",
            "Clips of the library, a message each.",
            _clips,
            cost=_HEAVY,
        ),
        c(
            "preset/list",
            (),
            "same i:index i:total s:name s:title s:description",
            "Presets, a message each.",
            _presets,
            cost=_HEAVY,
        ),
        c(
            "preset/recall",
            (a("name", "s"),),
            f"{DONE} s:address i:request s:name",
            "Make a preset the sound: target, tone, rhythm and all that shapes the dream, in one change.",
            _recall,
            cost=_HEAVY,
        ),
        c(
            "layers/list",
            (),
            "same i:index i:total s:name i:channels i:bins",
            "Layers of the ear in forward order, a message each.",
            _layers,
            cost=_HEAVY,
        ),
        c(
            "audition/neuron",
            (a("neuron", "i"), a("which", "i", 0)),
            f"{DONE} s:address i:request i:neuron i:which i:total s:corpus s:recording f:seconds f:length",
            "Hear the music that excites a neuron: 1 excites it most, 0 is the next one.",
            _audition,
            cost=_HEAVY,
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
            cost=_HEAVY,
        ),
    )
