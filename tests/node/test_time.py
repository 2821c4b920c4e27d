"""Tempo, start and stop of a whole node with the real audio process, on a clock, and a dreamer without torch."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ear_engine.osc.codec import Message, decode, encode
from ear_engine.playback.options import AudioOptions
from ear_engine.shared_memory.clock import now, playhead
from tests.node.standin import RATE, audio_state, options, playing, until

BEAT = 22050


class Client(asyncio.DatagramProtocol):
    """An OSC client that keeps what it is told."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.heard: list[Message] = []

    async def open(self) -> Client:
        loop = asyncio.get_running_loop()
        address = ("127.0.0.1", self._port)
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, remote_addr=address)
        return self

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.heard += decode(data)

    def send(self, address: str, *arguments: object) -> None:
        self._transport.sendto(encode(address, *arguments))

    def close(self) -> None:
        self._transport.close()

    def told(self, address: str) -> list[Message]:
        return [message for message in self.heard if message.address == address]


def onsets(path: Path) -> list[int]:
    """Samples at which clicks begin; a dream has them a little softer than the source."""
    loud = np.flatnonzero(np.abs(soundfile.read(path)[0][:, 0]) > 0.3)
    return [int(place) for place, before in zip(loud, [-1000, *loud[:-1]], strict=True) if place - before > 500]


@pytest.mark.slow
def test_a_tempo_set_over_osc_is_heard_from_the_next_bar_on_and_beats_say_so(tmp_path: Path) -> None:
    clicks = np.zeros((8 * BEAT, 2), np.float32)
    clicks[::BEAT] = 0.5
    soundfile.write(tmp_path / "clicks_8beats.wav", clicks, RATE, subtype="FLOAT")
    take = tmp_path / "take.wav"
    values = {"source/fit": "crop"}
    chosen = options(clip=str(tmp_path / "clicks_8beats.wav"), values=values, audio=AudioOptions("null", record=take))
    slow = round(8 * RATE * 60 / 97.3)

    async def scenario() -> tuple[list[Message], int]:
        async with playing(chosen) as (node, _):
            client = await Client(node.osc.port).open()
            client.send("/ear/stream/subscribe", "/ear/beat")
            await until(lambda: len(client.told("/ear/beat")) >= 2)
            client.send("/ear/playback/tempo", 140.0)
            client.send("/ear/playback/tempo", 97.3)
            await until(lambda: any(entry.samples == slow for entry in audio_state(node).schedule))
            await until(lambda: [m for m in client.told("/ear/beat") if abs(m.flat[3] - 97.3) < 0.01][5:])
            client.send("/ear/playback/run", 0)
            await until(lambda: audio_state(node).schedule[-1].silent)
            await asyncio.sleep(0.4)
            head = playhead(audio_state(node), now())
            assert head is not None and (head.phase, head.beat) == (0.0, 0.0)
            number = len(client.told("/ear/beat"))
            client.send("/ear/playback/run", 1)
            await until(lambda: len(client.told("/ear/beat")) >= number + 4)
            assert client.told("/ear/beat")[number].flat[:3] == [1, 1, 0]
            client.send("/ear/source/fit", "clip_tempo")
            client.send("/ear/playback/beats", 5)
            await until(lambda: client.told("/ear/fail"))
            failed = client.told("/ear/fail")[0].flat
            assert failed[:2] == ["/ear/playback/beats", "follows_clip"]
            client.close()
            return client.told("/ear/beat"), audio_state(node).dropouts

    beats, dropouts = asyncio.run(scenario())
    heard = onsets(take)
    gaps = np.diff(heard)
    changed = int(np.flatnonzero(gaps > 1.1 * BEAT)[0])  # gap number of the first slow beat
    assert set(gaps[:changed]) == {BEAT}
    stopped = changed + int(np.flatnonzero(gaps[changed:] > 1.05 * slow / 8)[0])
    assert {int(gap) for gap in gaps[changed:stopped]} <= {slow // 8, slow // 8 + 1}
    assert stopped - changed >= 3
    # the slow ones begin on a bar line, the next one that could be had
    times = [message.timetag for message in beats if message.timetag is not None]
    first = next(k for k, message in enumerate(beats) if abs(message.flat[3] - 97.3) < 0.01)
    assert beats[first].flat[1] == 1
    assert times[first] - times[0] < 2 * 4 * 0.5 + 0.1
    # the time tags are as far apart as the clicks, wherever the take begins
    offset = heard[changed] / RATE - times[first]
    away = [min(abs(time + offset - place / RATE) for place in heard) for time in times]
    assert np.median(away) < (0.1 if dropouts else 0.002)  # a machine that is too slow moves all that comes after
