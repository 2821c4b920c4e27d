"""Exact transcripts: what goes in, what comes out, without sockets."""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable
from typing import Any

import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from ear_engine.control import Change, ControlLog
from ear_engine.errors import UserError
from ear_engine.osc.codec import encode, padded
from ear_engine.osc.command_table import builtin_commands
from ear_engine.osc.commands import Command, Engine
from ear_engine.osc.dispatcher import Dispatcher
from ear_engine.osc.patterns import Pattern
from ear_engine.osc.reports import ClipInfo
from ear_engine.osc.subscriptions import Address, ClientTable, Subscription
from ear_engine.parameters import Parameter, ParameterTree
from ear_engine.targets.facts import make_facts
from ear_engine.targets.resolve import Resolver
from tests.ear.test_statistics import STATISTICS_OF_NOTHING
from tests.osc.synthetic import LAYERS, status

ME = ("127.0.0.1", 5000)
YOU = ("127.0.0.1", 6000)
UNIX_TO_NTP = 2_208_988_800
Heard = list[tuple[Any, ...]]


class Desk:
    """A dispatcher with a clock and a wire that remember."""

    def __init__(self, wall: float = 5000.0) -> None:
        self.time = 1000.0
        self.wire: list[tuple[bytes, Address]] = []
        self.waiting: list[tuple[float, Callable[[], None]]] = []
        self.quits = 0
        self.subscribed: list[Subscription] = []
        self.control = ControlLog(ParameterTree())
        self.clients = ClientTable(self.clock)
        engine = Engine(
            control=self.control,
            clients=self.clients,
            status=status,
            layers=lambda: LAYERS,
            clips=lambda: [ClipInfo("beat", 4.0, 8), ClipInfo("bass", 2.0, 4)],
            quit=self.quit,
            matches=self.matches,
            subscribed=self.subscribed.append,
            engine_id="test:1",
            version="0.1.0",
        )
        broken = Command("test/broken", (), "", "", lambda call: 1 / 0)
        commands = (*builtin_commands(), broken)
        self.osc = Dispatcher(engine, commands, self.send, self.later, self.clock, lambda: wall)

    def clock(self) -> float:
        return self.time

    def quit(self) -> None:
        self.quits += 1

    def matches(self, pattern: Pattern, format: str) -> int:
        if "nothing" in pattern.text:
            raise UserError(pattern.text, "means nothing here", "look again", "no_match")
        return 1

    def send(self, packet: bytes, target: Address) -> None:
        self.wire.append((packet, target))

    def later(self, delay: float, call: Callable[[], None]) -> None:
        self.waiting.append((delay, call))

    def raw(self, datagram: bytes, sender: Address = ME) -> Heard:
        """Send a datagram; return what python-osc reads from the answers."""
        self.wire.clear()
        self.osc.handle(datagram, sender)
        answers = [OscMessage(packet) for packet, _ in self.wire]
        return [(answer.address, *answer.params) for answer in answers]

    def ask(self, address: str, *arguments: object, sender: Address = ME) -> Heard:
        return self.raw(encode(address, *arguments), sender)

    def tagged(self, address: str, *arguments: tuple[str, Any]) -> Heard:
        """Send a message with these type tags, built by python-osc."""
        builder = OscMessageBuilder(address)
        for tag, value in arguments:
            builder.add_arg(value, tag)
        return self.raw(builder.build().dgram)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def bundle(at: float, *elements: bytes) -> bytes:
    tag = struct.pack(">II", int(at) + UNIX_TO_NTP, 0)
    return b"#bundle\0" + tag + b"".join(struct.pack(">i", len(e)) + e for e in elements)


def refusal(address: str, code: str, *sentence: str, request: int = 0) -> Heard:
    return [("/ear/fail", address, code, "".join(sentence), request)]


def test_the_bytes_of_an_answer(desk: Desk) -> None:
    desk.osc.handle(b"/ear/playback/beats\0,\0\0\0", ME)
    assert desk.wire == [(b"/ear/playback/beats\0,i\0\0\0\0\0\x08", ME)]


def test_set_and_get(desk: Desk) -> None:
    assert desk.ask("/ear/dream/rate", -30.0) == []
    assert desk.ask("/ear/dream/rate") == [("/ear/dream/rate", -30.0)]
    assert desk.ask("/ear/norm/dream/rate") == [("/ear/norm/dream/rate", pytest.approx(30 / 54))]
    assert desk.ask("/ear/norm/dream/rate", 1.0) == []
    assert desk.ask("/ear/dream/rate") == [("/ear/dream/rate", -6.0)]


TABLE = list(ParameterTree())


@pytest.mark.parametrize("row", TABLE, ids=[row.name for row in TABLE])
def test_every_parameter(desk: Desk, row: Parameter) -> None:
    values = desk.control.tree.values
    if row.kind == "trigger":
        for sent in ([], [1], [0.5], [True], ["bang"]):
            assert desk.ask(row.address, *sent) == []
        assert desk.ask(row.address, 0) == []
        assert desk.raw(encode(row.address)[:-4] + b",I\0\0") == []
        assert desk.control.snapshot().triggers[row.name] == 6
        return
    default = row.check(row.default)
    assert desk.ask(row.address) == [(row.address, pytest.approx(default) if row.numeric else default)]
    sent: float | int | str
    if row.kind == "choice":
        sent = row.choices[-1]
    elif row.kind == "text":
        sent = "scalogram"
    else:
        sent = int(row.high) if row.kind == "int" else float(row.high)
    assert desk.ask(row.address, sent) == []
    assert desk.ask(row.address) == [(row.address, sent)]
    assert values[row.name] == sent
    if row.kind == "text":
        assert desk.ask(row.norm_address)[0][2] == "unknown_address"
        return
    assert desk.ask(row.norm_address) == [(row.norm_address, 1.0)]
    assert desk.ask(row.norm_address, 0.0) == []
    assert desk.ask(row.norm_address) == [(row.norm_address, 0.0)]
    if row.numeric:
        assert values[row.name] == row.low


@pytest.mark.parametrize(
    ("address", "argument", "expected"),
    [
        ("/ear/dream/rate", ("i", -30), -30.0),
        ("/ear/dream/rate", ("d", -30.5), -30.5),
        ("/ear/dream/rate", ("h", -31), -31.0),
        ("/ear/dream/rate", ("s", "-32"), -32.0),
        ("/ear/playback/beats", ("f", 4.0), 4),
        ("/ear/playback/mute", ("T", True), True),
        ("/ear/playback/mute", ("f", 1.0), True),
        ("/ear/dream/run", ("F", False), False),
        ("/ear/dream/rate", ("i", 100), -6.0),  # clipped, as the table says
    ],
)
def test_other_types_are_converted(desk: Desk, address: str, argument: tuple[str, Any], expected: object) -> None:
    assert desk.tagged(address, argument) == []
    assert desk.control.tree.values[address.removeprefix("/ear/")] == expected


def test_arrays_are_opened(desk: Desk) -> None:
    builder = OscMessageBuilder("/ear/dream/rate")
    builder.add_arg([-30.0])
    assert desk.raw(builder.build().dgram) == []
    assert desk.control.tree.values["dream/rate"] == -30.0


def test_wildcards_get_and_set_but_fire_nothing(desk: Desk) -> None:
    assert desk.ask("/ear/dream/r*") == [("/ear/dream/run", 1), ("/ear/dream/rate", -18.0)]
    assert desk.ask("/ear/transform/{time,freq}_mask", 0.5) == []
    assert (desk.control.tree.values["transform/freq_mask"], desk.control.number) == (0.5, 1)
    assert len(desk.ask("/ear/*/*")) == len([row for row in TABLE if row.kind != "trigger"])
    assert desk.ask("/ear/target/k*")[0][2] == "unknown_address"
    assert set(desk.control.snapshot().triggers.values()) == {0}


def test_refusals_name_address_code_reason_and_request(desk: Desk) -> None:
    assert desk.ask("/ear/dream/rat", 1.0) == refusal(
        "/ear/dream/rat",
        "unknown_address",
        "/ear/dream/rat does not exist; did you mean /ear/dream/rate or /ear/dream/run.",
    )
    assert desk.ask("/ear/dream/rate", "loud", 17) == refusal(
        "/ear/dream/rate", "bad_type", "dream/rate takes a number, not 'loud'; send -60 to -6 dB.", request=17
    )
    assert desk.ask("/ear/source/fit", "tight") == refusal(
        "/ear/source/fit",
        "bad_value",
        "source/fit has no choice 'tight'; use one of clip_tempo, stretch, crop.",
    )
    for blob in (b"", b"abc"):
        assert desk.ask("/ear/dream/rate", blob)[0][1:3] == ("/ear/dream/rate", "bad_type")
    assert desk.tagged("/ear/dream/rate", ("N", None))[0][1:3] == ("/ear/dream/rate", "bad_type")
    assert desk.ask("/ear/norm/dream/rate", "x")[0][1:3] == ("/ear/norm/dream/rate", "bad_type")
    assert desk.control.number == 0


def test_malformed_packets_are_answered(desk: Desk) -> None:
    minus_four = b"#bundle\0" + b"\0" * 7 + b"\1" + struct.pack(">i", -4) + b"\0\0\0\0"
    assert len(minus_four) == 24
    assert desk.raw(minus_four) == refusal(
        "",
        "malformed",
        "packet has a bundle element of size -4 where 4 bytes are left; ",
        "send OSC 1.0 messages with finite numbers in UDP packets.",
    )
    nan = encode("/ear/dream/rate", 0.0)[:-4] + struct.pack(">f", float("nan"))
    assert desk.raw(nan)[0][1:3] == ("/ear/dream/rate", "malformed")
    assert desk.osc.counters.malformed == 2
    assert desk.ask("/ear/dream/rate") == [("/ear/dream/rate", -18.0)]


def test_answers_stay_small_whatever_is_asked(desk: Desk) -> None:
    desk.ask("/ear/" + "x" * 20_000)
    desk.ask("/ear/dream/rate", "y" * 20_000)
    desk.ask("/ear/stream/subscribe", "/" + "z" * 20_000)
    assert desk.osc.counters.failures == 3
    assert max(len(packet) for packet, _ in desk.wire) < 1400


def test_refusals_are_rate_limited_for_each_client(desk: Desk) -> None:
    answers = sum(len(desk.ask("/ear/nothing")) for _ in range(200))
    assert answers == 50
    assert len(desk.ask("/ear/nothing", sender=YOU)) == 1
    desk.time += 1.0
    assert sum(len(desk.ask("/ear/nothing")) for _ in range(200)) == 20
    assert desk.osc.counters.unanswered == 330


def test_a_client_that_floods_is_limited_and_others_are_not(desk: Desk) -> None:
    for _ in range(5000):
        desk.ask("/ear/dream/rate", -30.0)
    assert desk.osc.counters.limited == 1000
    assert desk.ask("/ear/dream/rate", sender=YOU) == [("/ear/dream/rate", -30.0)]


def test_a_bundle_is_limited_as_its_messages_are(desk: Desk) -> None:
    many = [encode("/ear/*/*")] * 1000
    answers = desk.raw(bundle(0.0, *many, encode("/ear/dream/rate", -33.0)))
    assert 0 < len(answers) <= 12_000 and desk.osc.counters.limited > 900
    assert desk.control.tree.values["dream/rate"] == -33.0  # what a bundle sets, it sets as a whole
    assert desk.ask("/ear/dream/rate", sender=YOU) != []


def test_numbers_and_text_without_type_tags_are_what_the_address_takes(desk: Desk) -> None:
    def untyped(address: str, data: bytes) -> Heard:
        return desk.raw(padded(address) + data)

    assert untyped("/ear/dream/rate", struct.pack(">f", -12.5)) == []
    assert untyped("/ear/playback/beats", struct.pack(">i", 8)) == []
    assert untyped("/ear/norm/playback/wet", struct.pack(">f", 0.25)) == []
    assert untyped("/ear/source/fit", padded("stretch")) == []
    values = desk.control.tree.values
    assert [values[name] for name in ("dream/rate", "playback/beats", "source/fit")] == [-12.5, 8, "stretch"]
    assert values["playback/wet"] == pytest.approx(0.25)
    assert untyped("/ear/system/sync", struct.pack(">i", 7)) == [("/ear/system/synced", 7)]
    assert untyped("/ear/parameters/describe", padded("dream/rate"))[0][1] == "dream/rate"
    assert untyped("/ear/dream/rate", struct.pack(">fi", -13.0, 9)) == []  # with the request's number
    for bad in (b"\x7f\xc0\0\0", struct.pack(">fif", -1.0, 1, 2.0)):
        assert untyped("/ear/dream/rate", bad)[0][1:3] == ("/ear/dream/rate", "bad_arguments")
    assert untyped("/ear/source/fit", b"abcd")[0][2] == "bad_arguments"  # without its zero
    assert untyped("/ear/fail", struct.pack(">fif", -1.0, 1, 2.0)) == []  # another engine's answer
    assert values["dream/rate"] == -13.0


def test_heavy_requests_count_more(desk: Desk) -> None:
    answers = 0
    for _ in range(200):
        answers = len(desk.ask("/ear/parameters/describe", "*/*")) or answers
    done = -(-4000 // (50 + answers))  # each answer counts as a request
    assert answers > 90 and desk.osc.counters.limited == 200 - done
    desk.time += 1.0
    for number in range(300):
        desk.ask(f"/ear/dream/{number}*")
    assert desk.osc.counters.limited == 200 - done + 300 - 130


def test_a_search_counts_more_than_a_list(desk: Desk) -> None:
    for _ in range(40):
        desk.ask("/ear/target/find", "bright hats")
    assert desk.osc.counters.limited == 40 - 10


def test_answers_of_another_engine_are_never_requests(desk: Desk) -> None:
    for address in ("/ear/fail", "/ear/done", "/ear/progress", "/ear/system/pong", "/ear/system/synced"):
        assert desk.ask(address, "/ear/x", 1) == []
    for command in desk.osc.commands.values():
        if command.name.startswith("test/") or command.name == "system/quit":
            continue
        needed = {
            "system/sync": [1],
            "system/reply_port": [5000],
            "system/dump": [0],
            "parameters/describe": ["dream/rate"],
            "stream/subscribe": ["/ear/playhead"],
        }
        echo = list(desk.ask(command.address, *needed.get(command.name, [])))
        answered = [reply for answer in echo for reply in desk.ask(*answer) if reply[0] != "/ear/fail"]
        assert answered == [], command.name


def test_a_mistake_in_a_command_is_reported_and_survived(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL, "ear_engine"):
        assert desk.ask("/ear/test/broken", 3)[0][1:3] == ("/ear/test/broken", "internal")
    assert desk.ask("/ear/system/sync", 1) == [("/ear/system/synced", 1)]


def test_system_commands(desk: Desk) -> None:
    assert desk.ask("/ear/system/ping") == [("/ear/system/pong", "test:1", "0.1.0", 0)]
    assert desk.ask("/ear/system/ping", 4) == [("/ear/system/pong", "test:1", "0.1.0", 4)]
    assert desk.ask("/ear/system/version") == [("/ear/system/version", "ear-engine", "0.1.0", 1)]
    assert desk.ask("/ear/system/sync", 9.0) == [("/ear/system/synced", 9)]
    assert desk.ask("/ear/system/status") == [
        (
            "/ear/system/status",
            "state",
            "running",
            "osc_port",
            9000,
            "ear",
            "small",
            "device",
            "cpu",
            "audio",
            "null",
            "steps_per_second",
            42.5,
            "objective",
            0.25,
            "loop",
            3,
            "dropouts",
            0,
            "clients",
            2,
            "http_port",
            0,
            "missing",
            "",
            "pid_node",
            11,
            "pid_audio",
            12,
        )
    ]
    assert desk.ask("/ear/system/quit", 5) == [("/ear/done", "/ear/system/quit", 5)]
    assert desk.quits == 1


def test_answers_go_to_the_reply_port(desk: Desk) -> None:
    assert desk.ask("/ear/system/reply_port", 7001) == [("/ear/done", "/ear/system/reply_port", 0, 7001)]
    desk.ask("/ear/dream/rate")
    desk.ask("/ear/nothing")
    assert {target for _, target in desk.wire} == {("127.0.0.1", 7001)}
    desk.ask("/ear/dream/rate", sender=YOU)
    assert [target for _, target in desk.wire] == [YOU]
    assert desk.ask("/ear/system/reply_port", 70_000)[0][2] == "bad_value"


def test_commands_say_what_they_need(desk: Desk) -> None:
    assert desk.ask("/ear/system/sync") == refusal(
        "/ear/system/sync", "bad_arguments", "/ear/system/sync needs number; send /ear/system/sync i:number."
    )
    for arguments in (["one"], [1.5], [1, 2, 3]):
        assert desk.ask("/ear/system/sync", *arguments)[0][2] == "bad_arguments"


def test_listing_and_describing_parameters(desk: Desk) -> None:
    everything = desk.ask("/ear/parameters/list")
    assert [name for _, _, _, *names in everything for name in names] == [row.name for row in TABLE]
    assert desk.ask("/ear/parameters/list", "dream/") == [
        ("/ear/parameters/list", 0, 4, "dream/run", "dream/rate", "dream/pull", "dream/autopilot")
    ]
    assert desk.ask("/ear/parameters/list", "nothing/") == [("/ear/parameters/list", 0, 0)]
    desk.ask("/ear/dream/rate", -30.0)
    about = "Change of the loop in one beat, relative to its loudness."
    assert desk.ask("/ear/parameters/describe", "dream/rate") == [
        ("/ear/parameters/describe", "dream/rate", "float", -18.0, -60.0, -6.0, "dB", "linear", "both", -30.0, about)
    ]
    assert desk.ask("/ear/parameters/describe", "/ear/source/fit")[0][-3:] == ("clip_tempo", "stretch", "crop")
    assert len(desk.ask("/ear/parameters/describe", "*/*")) == len(TABLE)
    assert desk.ask("/ear/parameters/describe", "dream/rat")[0][2] == "unknown_parameter"


def test_long_lists_are_paged() -> None:
    desk = Desk()
    rows = [Parameter(f"group/a_rather_long_name_{n}", "float", 0.0, "") for n in range(200)]
    desk.control.tree = ParameterTree(rows)
    pages = desk.ask("/ear/parameters/list")
    assert max(len(packet) for packet, _ in desk.wire) <= 1400
    assert [page[1] for page in pages] == [sum(len(p) - 3 for p in pages[:n]) for n in range(len(pages))]
    assert [name for page in pages for name in page[3:]] == [row.name for row in rows]


def test_clips_and_layers(desk: Desk) -> None:
    assert desk.ask("/ear/clips/list") == [
        ("/ear/clips/list", 0, 2, "beat", 4.0, 8),
        ("/ear/clips/list", 1, 2, "bass", 2.0, 4),
    ]
    assert desk.ask("/ear/layers/list") == [
        ("/ear/layers/list", 0, 3, "scalogram", 1, 216),
        ("/ear/layers/list", 1, 3, "encoder_0_conv1", 4, 150),
        ("/ear/layers/list", 2, 3, "autoregressive_0", 8, 1),
    ]


def test_presets_are_listed_and_recalled_in_one_change(desk: Desk) -> None:
    listed = desk.ask("/ear/preset/list")
    assert [row[1:3] for row in listed] == [(place, len(listed)) for place in range(len(listed))]
    assert all(isinstance(text, str) and text for row in listed for text in row[3:])
    names = [row[3] for row in listed]
    desk.control.apply({"tone/mid": 11.0, "target/keep": 1, "playback/wet": 0.5}, "hand")
    before = desk.control.number
    assert desk.ask("/ear/preset/recall", names[0], 42) == [("/ear/done", "/ear/preset/recall", 42, names[0])]
    assert desk.control.number == before + 1
    state = desk.control.snapshot()
    assert (state.kept, state.values["playback/wet"]) == ([], 0.5) and state.values["tone/mid"] != 11.0
    (refusal,) = desk.ask("/ear/preset/recall", names[0][:-1] + "x", 7)
    assert refusal[:3] == ("/ear/fail", "/ear/preset/recall", "unknown_preset")
    assert f"did you mean {names[0]}" in refusal[3]
    assert desk.ask("/ear/preset/recall", "../sets/first_light")[0][2] == "unknown_preset"
    assert desk.control.number == before + 1


def test_the_whole_region_at_once_or_not_at_all(desk: Desk) -> None:
    region = ("scalogram", 0.25, 0.5, 100.0, 200.0, 1.0, 2.0)
    assert desk.ask("/ear/target/region", *region) == []
    assert desk.ask("/ear/target/region") == [("/ear/target/region", *region)]
    assert desk.control.number == 1
    assert desk.ask("/ear/target/region", "scalogram", 0.9)[0][2] == "bad_arguments"
    assert desk.ask("/ear/target/region", "scalogram", 0.9, "wide", 1, 1, 1, 1)[0][2] == "bad_arguments"
    assert desk.ask("/ear/target/channel") == [("/ear/target/channel", 0.25)]


def test_subscribing(desk: Desk) -> None:
    assert desk.ask("/ear/stream/subscribe", "/ear/playhead", 20.0, "list", 7000, 60.0, 3) == [
        ("/ear/done", "/ear/stream/subscribe", 3, 1, "/ear/playhead", 1, 20.0, 60.0)
    ]
    assert desk.ask("/ear/stream/subscribe", "/ear/summary/*")[0][3:] == (2, "/ear/summary/*", 1, 30.0, 30.0)
    assert desk.ask("/ear/stream/list") == [
        ("/ear/stream/list", 0, 2, 1, "/ear/playhead", 20.0, "list", 7000, 60.0, 0),
        ("/ear/stream/list", 1, 2, 2, "/ear/summary/*", 30.0, "list", 5000, 30.0, 0),
    ]
    assert desk.ask("/ear/stream/list", sender=YOU) == [("/ear/stream/list", 0, 0)]
    assert desk.ask("/ear/stream/renew") == [("/ear/done", "/ear/stream/renew", 0, 2)]
    assert desk.ask("/ear/stream/unsubscribe", "/ear/playhead") == [("/ear/done", "/ear/stream/unsubscribe", 0, 1)]
    assert desk.ask("/ear/stream/unsubscribe") == [("/ear/done", "/ear/stream/unsubscribe", 0, 1)]
    assert [s.target for s in desk.subscribed] == [("127.0.0.1", 7000), ("127.0.0.1", 5000)]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], "bad_arguments"),
        (["/ear/nothing"], "no_match"),
        (["/ear/[open"], "bad_pattern"),
        (["/ear/playhead", 30.0, "blob64"], "bad_value"),
        (["/ear/playhead", 30.0, "list", 0, 30.0, 1.5], "out_of_range"),
        (["/ear/playhead", 30.0, "list", 0, 30.0, 0.0, 100], "out_of_range"),
        (["/ear/playhead", -1.0], "out_of_range"),
        (["/ear/playhead", 30.0, "list", "10.0.0.9:7000"], "not_allowed"),
        (["/ear/playhead", 30.0, "list", 99_999], "out_of_range"),
    ],
)
def test_impossible_subscriptions_are_refused(desk: Desk, arguments: list[object], code: str) -> None:
    assert desk.ask("/ear/stream/subscribe", *arguments)[0][2] == code
    assert (list(desk.clients), desk.subscribed) == ([], [])


def test_bundles_run_now_later_or_never(desk: Desk) -> None:
    rate = encode("/ear/dream/rate", -40.0)
    assert desk.raw(bundle(4000.0, rate, encode("/ear/dream/rate"))) == [("/ear/dream/rate", -40.0)]
    assert desk.raw(bundle(5003.0, encode("/ear/dream/rate", -50.0))) == []
    assert desk.control.tree.values["dream/rate"] == -40.0
    ((delay, call),) = desk.waiting
    assert delay == pytest.approx(3.0)
    call()
    assert desk.control.tree.values["dream/rate"] == -50.0
    assert desk.raw(bundle(5000.0 + 3600, rate)) == refusal(
        "/ear/dream/rate", "far_future", "bundle is meant for 3600 s from now, more than 10; check the clocks."
    )


def test_scheduled_messages_are_bounded(desk: Desk) -> None:
    full = bundle(5001.0, *[encode("/ear/dream/rate", -30.0)] * 1000)
    desk.raw(full)
    assert [answer[2] for answer in desk.raw(full)] == ["too_many"]  # the whole bundle or nothing of it
    assert len(desk.waiting) == 1
    desk.raw(bundle(5001.0, *[encode("/ear/dream/rate", -30.0)] * 24))
    assert len(desk.waiting) == 2
    assert [answer[2] for answer in desk.raw(bundle(5001.0, encode("/ear/dream/rate", -30.0)))] == ["too_many"]
    for _, call in desk.waiting:
        call()
    desk.waiting.clear()
    assert desk.raw(full) == [] and len(desk.waiting) == 1


@pytest.mark.parametrize("extra", [[0.5], [1, 2], ["word"], [0.0] * 8000])
def test_more_than_a_value_and_a_request_number_is_refused(desk: Desk, extra: list[object]) -> None:
    (answer,) = desk.ask("/ear/playback/wet", 0.25, *extra)
    assert answer[:3] == ("/ear/fail", "/ear/playback/wet", "bad_arguments")
    assert desk.control.tree.values["playback/wet"] == 1.0
    assert desk.ask("/ear/playback/wet", 0.25, 7) == []
    assert desk.control.tree.values["playback/wet"] == 0.25


def test_refusals_cost_more_than_what_is_done(desk: Desk) -> None:
    for _ in range(500):
        desk.ask("/ear/target/layer", 1)
    assert desk.osc.counters.limited > 0
    for _ in range(500):
        desk.ask("/ear/playback/wet", 0.5, sender=YOU)
    assert desk.clients.touch(YOU).requests.take(3000.0)


def test_neurons_come_as_numbers_or_as_one_text(desk: Desk) -> None:
    values = desk.control.tree.values
    assert desk.ask("/ear/target/neurons", 7, 5, 6, 12) == []
    assert (values["target/neurons"], values["target/by"]) == ("5-7,12", "neurons")
    assert desk.ask("/ear/target/neurons", 3.0) == []
    assert values["target/neurons"] == "3"
    assert desk.ask("/ear/target/neurons", "1-4, 9", 17) == []
    assert desk.ask("/ear/target/neurons") == [("/ear/target/neurons", "1-4, 9")]
    many = list(range(0, 8192, 2))
    assert desk.ask("/ear/target/neurons", *many) == []
    assert str(values["target/neurons"]).split(",") == [str(number) for number in many]
    desk.time += 10
    for bad, code in (((*many, 9000), "too_many"), ((3, -1), "out_of_range"), ((3, 0.5), "bad_value")):
        assert desk.ask("/ear/target/neurons", *bad)[0][1:3] == ("/ear/target/neurons", code)
        desk.time += 10
    assert desk.ask("/ear/target/neurons", 3, "4")[0][2] == "bad_arguments"
    assert str(values["target/neurons"]).split(",") == [str(number) for number in many]


def test_what_is_asked_of_targets_before_the_ear_is_known(desk: Desk) -> None:
    for address, *arguments in (("/ear/target/find", "hats"), ("/ear/target/names",), ("/ear/target/describe",)):
        assert desk.ask(address, *arguments)[0][1:3] == (address, "not_ready")


def test_what_is_known_of_targets(desk: Desk) -> None:
    resolver = Resolver(make_facts(STATISTICS_OF_NOTHING.index, {}, STATISTICS_OF_NOTHING))
    desk.osc.engine.targets = lambda: resolver
    found = desk.ask("/ear/target/find", "bright hats")
    assert found[0][:2] == ("/ear/target/find", 0) and found[0][2] == len(found) <= 8
    assert found[0][3:6] == ("bright hats", "first", 0)
    assert desk.ask("/ear/target/find", "zzzzzzz")[0][2] == "unknown_region"
    names = desk.ask("/ear/target/names", "first")
    assert names == [("/ear/target/names", "first", 0, 3, "bright hats", "low kicks", "steady bass")]
    assert desk.ask("/ear/target/names", "frist")[0][2] == "unknown_layer"
    desk.control.apply({"target/layer": "first", "target/channel_width": 1.0, "target/keep": 1}, "test")
    desk.control.apply({"target/objective": "neuron(top, 3) + 0.5*cpc()"}, "test")
    assert desk.ask("/ear/target/describe") == [("/ear/target/describe", "objective", 3, 13, "first", "top")]
    desk.control.apply({"target/neurons": "999"}, "test")
    assert desk.ask("/ear/target/describe")[0][2] == "out_of_range"


def test_the_nearest_name_is_not_searched_for_as_often_as_anyone_likes(desk: Desk) -> None:
    answers = [desk.ask("/ear/dream/rat", sender=("127.0.0.1", 7000 + port)) for port in range(400)]
    sentences = [answer[0][3] for answer in answers]  # everyone is told
    assert sum("did you mean /ear/dream/rate" in sentence for sentence in sentences) == 50
    assert sentences[-1] == "/ear/dream/rat does not exist; ask /ear/parameters/list and /ear/layers/list."
    desk.time += 1.0
    assert "did you mean /ear/dream/rate" in desk.ask("/ear/dream/rat")[0][3]


def test_whoever_sets_the_lowest_value_knows_it_though_floats_of_32_bits_are_a_little_less(desk: Desk) -> None:
    changes: list[Change] = []
    desk.control.listen(changes.append)
    for value in (0.005, 1e-9, -1e300):
        desk.ask("/ear/target/radius", value) if abs(value) < 1e38 else desk.tagged("/ear/target/radius", ("d", value))
    assert ["target/radius" in change.known for change in changes] == [True, False, False]
    assert [change.values["target/radius"] for change in changes] == [0.005] * 3
