"""Who receives what, and the regions that a client defines."""

from __future__ import annotations

from ear_engine.osc.commands import DONE, Argument, Call, Command
from ear_engine.osc.paging import HEAVY
from ear_engine.osc.patterns import Pattern
from ear_engine.osc.regions import WORDS
from ear_engine.osc.subscriptions import DEFAULT_RATE, DEFAULT_TTL


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


def stream_commands() -> tuple[Command, ...]:
    """Rows of the table."""
    a, c = Argument, Command
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
        c(
            "stream/subscribe",
            stream,
            f"{DONE} s:address i:request i:id s:pattern i:matches f:rate f:ttl",
            "Receive streams, events or changes of parameters; at once, then at this rate.",
            _subscribe,
            cost=HEAVY,
            before=5,
        ),
        c(
            "stream/unsubscribe",
            (a("pattern", "s", ""),),
            f"{DONE} s:address i:request i:ended",
            "End my subscriptions of this pattern, or all.",
            _unsubscribe,
            cost=HEAVY,
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
            cost=HEAVY,
        ),
        c(
            "region/define",
            (a("region", "s"), a("text", "s", "")),
            f"{DONE} s:address i:request s:region i:neurons",
            "Let /ear/region/one … eight be a layer, neurons (12-40,77), words or an expression, for you alone.",
            _region_define,
            cost=HEAVY,
        ),
        c(
            "region/list",
            (),
            "same s:region s:text i:neurons",
            "My eight regions, a message each.",
            _region_list,
            cost=HEAVY,
        ),
    )
