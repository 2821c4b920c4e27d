"""A whole node with the real audio process, on a clock, and a dreamer without torch."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest
import soundfile
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from ear_engine.errors import UserError
from ear_engine.node.children import audio_child
from ear_engine.node.conductor import Node
from ear_engine.playback.options import AudioOptions
from ear_engine.shared_memory.clock import now, playhead
from tests.node.standin import (
    LAYERS,
    RATE,
    Notes,
    audio_state,
    dreamer,
    dreamer_state,
    options,
    playing,
    tone_file,
    until,
)


class Client(asyncio.DatagramProtocol):
    """An OSC client."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.heard: list[tuple[str, tuple[object, ...]]] = []

    async def open(self) -> Client:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, remote_addr=("127.0.0.1", self.port))
        return self

    def datagram_received(self, data: bytes, addr: object) -> None:
        message = OscMessage(data)
        self.heard.append((message.address, tuple(message.params)))

    def send(self, address: str, *arguments: object) -> None:
        builder = OscMessageBuilder(address)
        for argument in arguments:
            builder.add_arg(argument)  # type: ignore[arg-type]
        self._transport.sendto(builder.build().dgram)

    async def answer(self, address: str, seconds: float = 3.0) -> tuple[object, ...]:
        await until(lambda: any(heard == address for heard, _ in self.heard), seconds)
        index = next(i for i, (heard, _) in enumerate(self.heard) if heard == address)
        return self.heard.pop(index)[1]

    def close(self) -> None:
        self._transport.close()


def test_it_plays_says_so_and_leaves_nothing_behind() -> None:
    async def scenario() -> None:
        async with playing() as (node, notes):
            session = node.session
            report = node.board.report()
            assert (report.state, report.audio, report.device, report.ear) == ("running", "null", "cpu", "standin")
            assert report.pids == {
                "node": os.getpid(),
                "audio": audio_state(node).pid,
                "dreamer": dreamer_state(node).pid,
            }
            await until(lambda: notes.statuses)
            assert "10.0 steps/s" in notes.statuses[-1] and "0 dropouts" in notes.statuses[-1]
        text = "\n".join(notes.lines)
        for fact in (
            "standin",
            "beat (4.00 s, 8 beats at 120 BPM",
            f"127.0.0.1:{report.osc_port}",
            "null, 44100 Hz",
            "cpu",
        ):
            assert fact in text
        assert notes.reports[0]["state"] == "starting" and notes.reports[-1]["state"] == "stopping"
        assert "running" in [line["state"] for line in notes.reports]
        assert not session.exists()
        assert notes.warnings == []

    asyncio.run(scenario())


def test_a_killed_audio_process_sounds_again_within_a_second_in_its_place() -> None:
    async def scenario() -> None:
        async with playing() as (node, notes):
            await until(lambda: "audio spare" in {child.name for child in multiprocessing.active_children()})
            await asyncio.sleep(1.0)  # it imports
            before = audio_state(node)
            os.kill(before.pid, signal.SIGKILL)
            killed = time.perf_counter()

            def back() -> bool:
                state = node.board.audio
                return state is not None and state.pid != before.pid and state.peak > 0.01

            await until(back, 5.0)
            away = time.perf_counter() - killed
            after = audio_state(node)
            assert away < 1.0, f"silent for {away:.2f} s"
            expected = before.position + (after.time - before.time) * RATE
            assert after.position == pytest.approx(expected, abs=0.02 * RATE)
            then, since = playhead(before, before.time), playhead(after, after.time)
            assert then is not None and since is not None
            turned = (then.phase + (after.time - before.time) * RATE / then.entry.samples) % 1.0
            assert min(abs(since.phase - turned), 1 - abs(since.phase - turned)) < 0.01
            assert after.dropouts == before.dropouts + 1
            assert any("audio process was killed (SIGKILL)" in line for line in notes.warnings)
            loop = node.board.report().loop
            await until(lambda: node.board.report().loop > loop + 1)

    asyncio.run(scenario())


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_without_a_dreamer_the_last_loop_plays_on_and_osc_answers(how: signal.Signals) -> None:
    async def scenario() -> None:
        async with playing(patience=1.0) as (node, notes):
            client = await Client(node.osc.port).open()
            client.send("/ear/stream/subscribe", "/ear/event", 30.0, "list", 0, 0.0)
            await client.answer("/ear/done")
            first, audio = dreamer_state(node), audio_state(node)
            os.kill(first.pid, how)
            asked = time.perf_counter()
            client.send("/ear/system/ping")
            await client.answer("/ear/system/pong")
            assert time.perf_counter() - asked < 0.2
            client.send("/ear/playback/panic")
            await until(lambda: bool(node.control.tree.values["playback/mute"]) and not audio_state(node).peak, 1.0)
            client.send("/ear/playback/mute", 0)

            def another() -> bool:
                assert node.board.sounding
                return node.board.dreamer is not None and node.board.dreamer.pid != first.pid

            await until(another)
            level, code, message = await client.answer("/ear/event")
            assert (level, code) == ("warning", "dreamer_restarted")
            assert "the last loop plays on" in str(message)
            assert ("was killed" if how is signal.SIGKILL else "hung") in str(message)
            assert any("dreamer process" in line for line in notes.warnings)
            await until(lambda: dreamer_state(node).loop > first.loop)
            loops = [entry.loop for entry in audio_state(node).schedule]
            assert loops == sorted(loops)
            assert audio_state(node).pid == audio.pid
            client.close()

    asyncio.run(scenario())


def test_clips_change_and_a_bad_one_leaves_the_last(tmp_path: Path) -> None:
    tone_file(tmp_path / "tone_4beats_120bpm.wav")
    (tmp_path / "broken.wav").write_bytes(b"RIFF\0\0\0\0WAVEgarbage")

    async def scenario() -> None:
        async with playing(options(clip_folders=(tmp_path,))) as (node, _):
            client = await Client(node.osc.port).open()
            values = node.control.tree.values
            client.send("/ear/source/clip", "tone_4beats_120bpm")
            await until(lambda: node.control.snapshot().source_number == 2)
            assert (values["playback/beats"], values["playback/tempo"]) == (4, pytest.approx(120.0))
            await until(lambda: audio_state(node).schedule[-1].samples == 2 * RATE)
            kept = node.control.snapshot().source

            client.send("/ear/source/clip", "broken")
            address, _, text, _ = await client.answer("/ear/fail")
            assert address == "/ear/source/clip" and "broken" in str(text)
            assert values["source/clip"] == "tone_4beats_120bpm"

            client.send("/ear/source/clip", "tune_4beats_120bpm")
            _, code, text, _ = await client.answer("/ear/fail")
            assert code == "unknown_clip" and "did you mean tone_4beats_120bpm" in str(text)

            client.send("/ear/source/clip", "/etc/passwd")
            _, code, _, _ = await client.answer("/ear/fail")
            assert code == "bad_name"
            assert values["source/clip"] == "tone_4beats_120bpm" and node.control.snapshot().source == kept
            assert node.board.sounding and audio_state(node).schedule[-1].samples == 2 * RATE
            client.close()

    asyncio.run(scenario())


def test_the_tempo_follows_the_clip_unless_it_is_to_be_fitted() -> None:
    async def scenario() -> None:
        async with playing() as (node, notes):
            values = node.control.tree.values
            node.control.apply({"playback/tempo": 90.0}, "test")
            assert values["playback/tempo"] == pytest.approx(120.0)
            assert any("playback/tempo follows the clip" in line for line in notes.lines)
            node.control.apply({"source/fit": "stretch", "playback/tempo": 90.0, "playback/beats": 4}, "test")
            samples = round(4 * 60 / 90 * RATE)
            await until(lambda: audio_state(node).schedule[-1].samples == samples)
            assert (values["playback/tempo"], values["playback/beats"]) == (90.0, 4)
            node.control.apply({"playback/tempo": 20.0, "playback/beats": 64}, "test")
            await until(lambda: values["playback/tempo"] == 90.0)
            assert values["playback/beats"] == 4
            assert any("longer than 32 s" in line for line in notes.warnings)

    asyncio.run(scenario())


def test_an_unknown_layer_is_refused_with_the_nearest() -> None:
    async def scenario() -> None:
        async with playing() as (node, _):
            with pytest.raises(UserError, match="did you mean encoder_3_conv1"):
                node.control.apply({"target/layer": "encoder_3_conv2"}, "test")
            node.control.apply({"target/layer": LAYERS[-1]}, "test")

    asyncio.run(scenario())


def test_layers_that_the_ear_does_not_have_are_given_up_when_it_has_loaded() -> None:
    async def scenario() -> None:
        notes = Notes()
        node = Node(
            options(),
            notes,
            children=lambda session, chosen: (audio_child(session, chosen), dreamer(session)),
            signals=False,
        )
        running = asyncio.create_task(node.run())
        await until(lambda: node.control.number > 0)
        node.control.apply({"target/layer": "nolayer", "target/keep": 1}, "osc")
        await until(lambda: node.board.report().loop > 0, 20.0)
        await until(lambda: len(notes.warnings) >= 2)
        state = node.control.snapshot()
        assert (state.values["target/layer"], state.kept) == ("encoder_3_conv1", [])
        assert any("The target is now in encoder_3_conv1" in line for line in notes.warnings)
        assert any("kept of it are dropped" in line for line in notes.warnings)
        node.stop()
        await running

    asyncio.run(scenario())


def run_to_its_end(node_options: object, refuse: str = "") -> Notes:
    notes = Notes()

    async def scenario() -> None:
        node = Node(
            node_options,  # type: ignore[arg-type]
            notes,
            children=lambda session, chosen: (audio_child(session, chosen), dreamer(session, refuse=refuse)),
            signals=False,
        )
        session = node.session
        try:
            await asyncio.wait_for(node.run(), 30)
        finally:
            assert not session.exists()

    asyncio.run(scenario())
    return notes


def test_a_layer_from_the_command_line_that_the_ear_does_not_have_ends_it() -> None:
    with pytest.raises(UserError, match="did you mean encoder_3_conv1"):
        run_to_its_end(options(values={"target/layer": "encoder_3_conv9"}))


def test_an_ear_that_the_dreamer_refuses_ends_it_with_the_dreamers_sentence() -> None:
    with pytest.raises(UserError) as refusal:
        run_to_its_end(options(), refuse="ear 'x' belongs to another network; use its config.yaml.")
    assert str(refusal.value) == "ear 'x' belongs to another network; use its config.yaml."
    assert refusal.value.code == "bad_checkpoint"


def test_an_audio_device_that_does_not_exist_ends_it() -> None:
    with pytest.raises(UserError, match="audio device 'nowhere'"):
        run_to_its_end(options(audio=AudioOptions("portaudio", device="nowhere")))


def test_it_ends_by_itself_with_a_whole_recording(tmp_path: Path) -> None:
    take = tmp_path / "take.wav"
    begun = now()
    notes = run_to_its_end(options(seconds=1.5, audio=AudioOptions("null", record=take)))
    assert now() - begun < 15
    played, rate = soundfile.read(take)
    assert rate == RATE and 1.4 < len(played) / rate < 4.0
    assert abs(played).max() > 0.05
    assert any(f"recorded {len(played) / rate:.1f} s" in line for line in notes.lines)


def test_values_chosen_at_the_start_are_in_the_log_and_in_force() -> None:
    async def scenario() -> None:
        chosen = options(values={"dream/rate": -18.0, "source/fit": "crop", "playback/beats": 4}, origin="set x.yaml")
        async with playing(chosen) as (node, _):
            assert node.control.history[0].origin == "set x.yaml"
            assert node.control.tree.values["dream/rate"] == -18.0
            assert audio_state(node).schedule[-1].samples == 2 * RATE

    asyncio.run(scenario())
