"""Controllers at an engine: they play, see what others do, come and go; learning; clocks in and out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mido import Message

from ear_engine.control import ControlLog
from ear_engine.errors import UserError
from ear_engine.midi.ports import MidiSystem
from ear_engine.node.midi import Midi
from ear_engine.node.transport import Transport
from ear_engine.osc.codec import decode, encode
from ear_engine.osc.groups.undo import undo_commands
from ear_engine.osc.reports import StatusReport
from ear_engine.osc.service import OscService
from ear_engine.parameters import ParameterTree
from ear_engine.shared_memory.clock import now
from ear_engine.shared_memory.states import AudioState, Entry
from ear_engine.undo import Undo
from tests.midi.loopback import Device, Loopback

BCF = "BCF2000:BCF2000 MIDI 1 24:0"
RATE = 44100


class Stage:
    """An engine without processes, whose playhead runs if it is told to."""

    def __init__(
        self, session: Path, system: Callable[[], MidiSystem], maps: tuple[tuple[str, str], ...], every: float
    ) -> None:
        self.control = ControlLog(ParameterTree())
        self.audio: AudioState | None = None
        self.reports: list[tuple[str, str, str]] = []
        self.answers: list[tuple[Any, ...]] = []
        self.midi = Midi(
            system,
            self.control,
            Transport(self.control, lambda: self.audio),
            osc=lambda: self.osc,
            maps=maps,
            report=lambda *told: self.reports.append(told),
            every=every,
        )
        status = lambda: StatusReport("running", 0, "", "", "", 0.0, 0.0, 0, 0, 0, {})  # noqa: E731
        (session / "loops").mkdir()
        commands = (*self.midi.commands(), *undo_commands(Undo(self.control)))
        self.osc: OscService = OscService(self.control, session, status=status, port=0, commands=commands)
        self._link = self.osc.link("test", 1, self._hear)

    def _hear(self, packet: bytes, address: str) -> bool:
        self.answers += [(message.address, *message.arguments) for message in decode(packet)]
        return True

    def send(self, address: str, *arguments: object) -> None:
        self._link.receive(encode(address, *arguments))

    def value(self, name: str) -> Any:
        return self.control.tree.values[name]

    def play(self, tempo: float, since: float) -> None:
        """A loop of eight beats sounds, whose first began at clock time ``since``."""
        loop = Entry(0, 0, 1, "loop-00000001.ear", round(8 * 60 / tempo * RATE), 8)
        self.audio = AudioState(1, "null", "", RATE, RATE, 256, 0, since, 0.0, 0, [loop])


async def until(condition: Callable[[], Any], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def stage(
    session: Path, system: MidiSystem | UserError, maps: tuple[tuple[str, str], ...] = (), every: float = 0.05
) -> AsyncIterator[Stage]:
    def found() -> MidiSystem:
        if isinstance(system, UserError):
            raise system
        return system

    made = Stage(session, found, maps, every)
    await made.osc.start()
    running = asyncio.create_task(made.midi.run())
    try:
        yield made
    finally:
        running.cancel()
        made.midi.close()
        made.osc.close()


async def began(made: Stage) -> None:
    """Until there is MIDI."""
    await until(lambda: not made.send("/ear/midi/devices") and made.answers[-1][0] == "/ear/midi/devices")
    made.answers.clear()


def cc(number: int, value: int) -> Message:
    return Message("control_change", control=number, value=value)


async def plugged(made: Stage, system: Loopback, name: str = BCF) -> Device:
    device = system.plug(name)

    def is_open() -> bool:
        made.send("/ear/midi/devices")
        return any(answer[3:4] == (name,) and answer[5] for answer in made.answers)

    await until(is_open)
    made.answers[:] = [answer for answer in made.answers if answer[0] != "/ear/midi/devices"]
    return device


def test_a_controller_plays_and_sees_what_others_do(tmp_path: Path) -> None:
    async def scenario() -> None:
        system = Loopback()
        async with stage(tmp_path, system) as made:
            device = await plugged(made, system)
            await until(lambda: device.values(81))  # everything is shown to a device that comes
            changes: list[tuple[float, str]] = []
            made.control.listen(lambda change: changes.append((change.time, change.origin)))
            device.send(cc(81, 127))
            await until(lambda: made.value("dream/rate") == -6.0)
            assert changes[0][1] == "midi BCF2000:BCF2000 MIDI"
            made.send("/ear/playback/wet", 0.0)
            await until(lambda: device.values(82)[-1] == 0)
            assert device.values(81)[-1] != 127  # its own hand is not answered
            device.send(cc(75, 127), cc(75, 0), cc(89, 127))
            await until(lambda: made.value("playback/mute") and len(made.control.kept) == 1)
            device.send(cc(77, 127))  # a command: undo
            await until(lambda: not made.value("playback/mute"))

    asyncio.run(scenario())


def test_a_thousand_values_a_second_are_few_changes_and_the_last_one_counts(tmp_path: Path) -> None:
    async def scenario() -> None:
        system = Loopback()
        async with stage(tmp_path, system) as made:
            device = await plugged(made, system)
            number = made.control.number
            for turn in range(100):
                device.send(*(cc(81, (turn * 10 + step) % 127) for step in range(10)))
                await asyncio.sleep(0.001)
            device.send(cc(81, 127))
            await until(lambda: made.value("dream/rate") == -6.0)
            assert made.control.number - number <= 150

    asyncio.run(scenario())


def test_it_comes_and_goes_in_the_midst_of_a_gesture(tmp_path: Path) -> None:
    async def scenario() -> None:
        system = Loopback()
        async with stage(tmp_path, system) as made:
            device = await plugged(made, system)
            device.send(cc(81, 100), cc(81, 127))
            await until(lambda: made.value("dream/rate") == -6.0)
            system.unplug(BCF)
            await until(lambda: any(code == "midi_gone" for _, code, _ in made.reports))
            assert made.value("dream/rate") == -6.0
            made.send("/ear/dream/rate", -60.0)
            again = system.plug("BCF2000:BCF2000 MIDI 1 28:0")  # another number
            await until(lambda: again.values(81) == [0] and len(again.got) > 15)
            again.send(cc(81, 127))
            await until(lambda: made.value("dream/rate") == -6.0)
            assert made.control.history[-1].origin == "midi BCF2000:BCF2000 MIDI"

    asyncio.run(scenario())


@pytest.mark.parametrize("away", [0.0, 0.6])
def test_a_device_that_is_away_for_a_moment_plays_again(tmp_path: Path, away: float) -> None:
    async def scenario() -> None:
        system = Loopback()
        async with stage(tmp_path, system, every=30.0) as made:
            system.plug(BCF).told = away == 0.0  # where the system does not tell, it is seen that it is not there
            made.send("/ear/midi/learn", "/ear/tone/tilt")  # looks at once
            made.send("/ear/midi/learn", "/ear/tone/tilt")
            await until(lambda: system.devices[BCF].heard)
            system.unplug(BCF)
            await asyncio.sleep(away)
            again = system.plug(BCF)
            await until(lambda: again.values(81) and len(again.heard) == 1, 5.0)
            assert [code for _, code, _ in made.reports if code != "midi_learned"] == [
                "midi_device", "midi_gone", "midi_device",
            ]  # fmt: skip
            again.send(cc(82, 127))
            await until(lambda: made.value("playback/wet") == 1.0)

    asyncio.run(scenario())


def test_a_driver_that_fails_oddly_for_a_moment_ends_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Odd(Loopback):
        odd = 0

        def inputs(self) -> list[str]:
            if self.odd:
                self.odd -= 1
                raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "a port's name")
            return super().inputs()

    async def scenario() -> None:
        system = Odd()
        async with stage(tmp_path, system) as made:
            await began(made)
            system.odd = 6  # looks, those in between among them
            await until(lambda: system.odd == 0)
            device = system.plug(BCF)
            await until(lambda: device.heard)

    asyncio.run(scenario())


def test_a_clock_that_goes_out_finds_its_device_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        system = Loopback()
        async with stage(tmp_path, system) as made:
            made.control.apply({"midi/clock_out": True, "midi/clock_to": "drums"}, "test")
            first = system.plug("Drums 1")
            await until(lambda: first.got)
            system.unplug("Drums 1")
            again = system.plug("Drums 1")
            await until(lambda: again.got, 5.0)

    asyncio.run(scenario())


def test_garbage_and_floods_leave_the_rest_alone(tmp_path: Path) -> None:
    async def scenario() -> None:
        system = Loopback()
        async with stage(tmp_path, system) as made:
            device = await plugged(made, system)
            for data in (
                b"",
                b"\xb0",
                b"\xb0\x51",
                b"\xb0\x51\xff",
                b"\xf0\x01\xf7",
                b"\x51\x20",
                b"\xff",
                bytes(9999),
            ):
                device.send(*([data] * 500))
            device.send(cc(81, 127))
            await until(lambda: made.value("dream/rate") == -6.0)
            system.busy.add("nanoKONTROL2")
            system.plug("nanoKONTROL2")
            await until(lambda: any(code == "midi_refused" for _, code, _ in made.reports))
            await asyncio.sleep(0.2)
            assert sum(code == "midi_refused" for _, code, _ in made.reports) == 1

    asyncio.run(scenario())


def test_two_controllers_on_one_parameter_agree(tmp_path: Path) -> None:
    async def scenario() -> None:
        system = Loopback()
        async with stage(tmp_path, system, (("nanokontrol2", "Second"),)) as made:
            motors, other = await plugged(made, system), await plugged(made, system, "Second")
            other.send(cc(0, 20))
            await asyncio.sleep(0.05)
            assert made.value("dream/rate") == -18.0  # it has to meet the value
            other.send(cc(0, 99), cc(0, 127))
            await until(lambda: motors.values(81)[-1] == 127)
            motors.send(cc(81, 0))
            await until(lambda: made.value("dream/rate") == -60.0)
            other.send(cc(0, 120))
            await asyncio.sleep(0.05)
            assert made.value("dream/rate") == -60.0

    asyncio.run(scenario())


def test_learning_is_answered_listed_kept_and_forgotten(tmp_path: Path) -> None:
    async def scenario() -> None:
        system = Loopback()
        async with stage(tmp_path, system) as made:
            await began(made)
            made.send("/ear/midi/learn", "/ear/tone/tilt", 7)
            device = await plugged(made, system, "Knobs 20:0")  # nobody has listened to it before
            for value in (10, 11, 13, 14, 16):
                device.send(cc(20, value))
            await until(lambda: made.answers)
            done = ("/ear/done", "/ear/midi/learn", 7, "/ear/tone/tilt", "Knobs", "cc 20", "absolute, takeover")
            assert made.answers.pop() == done
            device.send(cc(20, 20), cc(20, 127))
            await until(lambda: made.value("tone/tilt") == 12.0)
            kept = made.midi.bindings.as_data()
            made.send("/ear/midi/forget", "tone/tilt")
            made.send("/ear/midi/list")
            assert made.answers[-2:] == [("/ear/done", "/ear/midi/forget", 0, 1), ("/ear/midi/list", 0, 0)]
            assert made.midi.bindings.from_data(kept) == []
            made.send("/ear/midi/list")
            assert made.answers[-1][:4] == ("/ear/midi/list", 0, 1, "/ear/tone/tilt")
            made.send("/ear/midi/devices")
            assert made.answers[-1] == ("/ear/midi/devices", 0, 1, "Knobs 20:0", "", 1, 1)

    asyncio.run(scenario())


def test_learning_that_cannot_be_is_refused_with_a_sentence(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with stage(tmp_path, Loopback()) as made:
            await began(made)
            for address in ("/ear/tone/tilf", "target/name"):
                made.send("/ear/midi/learn", address)
            made.send("/ear/midi/learn", "tone/tilt", "auto", 0.1, 3)
            await until(lambda: made.answers[-1][0] == "/ear/fail" and made.answers[-1][2] == "timed_out")
            codes = [answer[2] for answer in made.answers if answer[0] == "/ear/fail"]
            assert codes == ["unknown_parameter", "bad_type", "timed_out"]

    asyncio.run(scenario())


def test_without_midi_the_engine_says_one_line_and_runs(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with stage(tmp_path, UserError("MIDI", "has no sequencer", "load it", "no_midi")) as made:
            await until(lambda: made.reports)
            await asyncio.sleep(0.2)
            assert made.reports == [("info", "no_midi", "No controllers: MIDI has no sequencer; load it.")]
            made.send("/ear/midi/learn", "tone/tilt")
            assert made.answers[-1][2] == "no_midi"

    asyncio.run(scenario())


def test_a_system_that_stops_answering_is_said_and_can_be_opened_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        system = Loopback()
        async with stage(tmp_path, system) as made:
            await plugged(made, system)
            system.broken = True
            await until(lambda: ("warning", "no_midi") in [report[:2] for report in made.reports])
            system.broken = False
            made.send("/ear/midi/reopen")
            device = system.devices[BCF]
            await until(lambda: len(device.heard) == 1)
            device.send(cc(81, 127))
            await until(lambda: made.value("dream/rate") == -6.0)

    asyncio.run(scenario())


def test_a_clock_leads_tempo_and_start_and_stop(tmp_path: Path) -> None:
    async def scenario() -> None:
        system = Loopback()
        async with stage(tmp_path, system) as made:
            made.control.apply({"source/fit": "crop", "midi/clock_in": True, "playback/run": False}, "test")
            device = await plugged(made, system, "Drums 1")
            made.play(120.0, now())
            device.send(Message("start"))
            await until(lambda: made.value("playback/run"))
            number, since = made.control.number, now() - 72 / 80
            for tick in range(72):  # 200 beats a minute, as a driver has stamped them
                device.send(Message("clock"), at=since + tick / 80)
            await until(lambda: made.value("playback/tempo") == 200.0)
            assert made.control.number - number <= 2
            assert ("info", "midi_clock", "MIDI clock: Drums 1 leads, 200 BPM.") in made.reports
            device.send(Message("stop"))
            await until(lambda: not made.value("playback/run"))

    asyncio.run(scenario())


def test_a_clock_goes_out_where_the_beat_is_heard(tmp_path: Path) -> None:
    async def scenario() -> None:
        system = Loopback()
        async with stage(tmp_path, system) as made:
            system.plug("Through: Midi Through Port-0 14:0")
            device, deaf = system.plug("Drums 1"), system.plug("Synth 2")
            made.control.apply({"midi/clock_out": True, "midi/clock_to": "drums"}, "test")
            await until(lambda: device.got)  # it ticks before anything is heard
            since = now() + 0.5
            made.play(120.0, since)
            await asyncio.sleep(1.5)
            made.audio = replace(made.audio, schedule=[]) if made.audio is not None else None
            await until(lambda: device.got and "stop" in [message.type for message in device.got])
            words = [message.type for message in device.got]
            first = words.index("start")
            late = [time - since - n / 48 for n, time in enumerate(device.times[first + 1 : first + 40])]
            assert words[first + 1 : first + 40] == ["clock"] * 39
            assert sorted(late)[20] < 0.01 and min(late) > -0.001
            assert deaf.got == []

    asyncio.run(scenario())
