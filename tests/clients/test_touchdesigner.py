"""The component for TouchDesigner, built in a stand-in for it, with a real engine; its shader drawn with real GL."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import numpy as np
import pytest
from numpy.typing import NDArray

from ear_engine.clients import touchdesigner
from ear_engine.clients.install import install
from ear_engine.clients.table import find_client
from ear_engine.osc.patterns import Pattern
from ear_engine.osc.stream_table import stream_rows
from ear_engine.parameters import ParameterTree
from ear_engine.resources import resource
from ear_engine.viewer.offscreen import create_context, release_context
from ear_engine.web.blocks import read_block
from tests.clients.conftest import ENGINES, RunningEngine, run_engine
from tests.clients.touchdesigner.stand_in import Operator, Project

SCRIPT = touchdesigner.script()
PREAMBLE = """#version 330
struct TDTexInfo { vec4 res; vec4 depth; };
uniform sampler2D sTD2DInputs[3];
uniform TDTexInfo uTD2DInfos[3];
uniform TDTexInfo uTDOutputInfo;
in vec3 vUV;
vec4 TDOutputSwizzle(vec4 color) { return color; }
"""
VERTEX = """#version 330
out vec3 vUV;
void main() {
    vec2 corner = vec2(gl_VertexID % 2, gl_VertexID / 2);
    vUV = vec3(corner, 0.0);
    gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[RunningEngine]:
    """A real engine for all tests here."""
    yield from run_engine(ENGINES["real"])


@pytest.fixture
def project() -> Iterator[Project]:
    made = Project()
    yield made
    for comp in made.root.children:
        state = comp.op("ear_state")
        if state is not None:
            state.module.close(comp)
    made.close()


def part(name: str) -> Any:
    """A part of the script as a module of its own."""
    dat = Operator("textDAT", name, None)
    dat.text = (resource("patches", "touchdesigner") / "parts" / f"{name}.py").read_text()
    return dat.module


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def build(project: Project, engine: RunningEngine | None = None) -> Operator:
    """The component, beside an engine; elsewhere it speaks to a port where nobody is."""
    port = free_port() if engine is None else engine.port
    script = SCRIPT.replace("'default': 9000", f"'default': {port}")
    for default in (7400, 7401):
        script = script.replace(f"'default': {default}", f"'default': {free_port()}")
    project.run(script)
    comp = project.root.op("ear_engine")
    assert comp is not None
    return comp


def child(comp: Operator, name: str) -> Operator:
    found = comp.op(name)
    assert found is not None, name
    return found


def until(project: Project, true: Callable[[], Any], seconds: float = 45.0) -> None:
    """Frames until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it has not come"
        project.frame()
        time.sleep(1 / 60)


def ranks_of(engine: RunningEngine, number: int) -> NDArray[np.uint8] | None:
    """What the engine says of a loop; None if it is gone already."""
    try:
        return np.asarray(read_block(fetch(engine, f"/loops/{number}/activations"))[1])
    except urllib.error.HTTPError as error:
        assert error.code == 404
        return None


def fetch(engine: RunningEngine, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{engine.http_port}{path}", timeout=10) as answer:
        return bytes(answer.read())


def unpacked(texture: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Ranks of a packed texture, (frames kept, neurons), read by its own first row alone."""
    _, kept, rows, low = texture[0, 0].tolist()
    neurons = low + (int(texture[0, 1, 0]) << 16)
    found = np.zeros((kept, neurons), np.uint8)
    for frame in range(kept):
        block = texture[1 + frame // 8 * rows : 1 + (frame // 8 + 1) * rows, :, frame % 8 // 2].reshape(-1)[:neurons]
        found[frame] = block >> 8 if frame % 2 else block & 0xFF
    return found


def test_the_script_is_that_of_its_parts_and_the_table() -> None:
    assert (resource(*touchdesigner.FOLDER) / touchdesigner.NAME).read_text() == SCRIPT


def test_it_builds_what_the_manual_knows_and_building_again_keeps_what_is_set(project: Project) -> None:
    comp = build(project)
    names = {one.name for one in comp.children}
    assert {
        "osc_out",
        "answers",
        "streams",
        "loop_a",
        "loop_b",
        "live",
        "positions",
        "color",
        "points",
        "render",
    } <= names
    before = comp.id
    comp.par.Gain = 1.5
    comp.par.Dreamrate = -30.0
    comp.par.Sourcefit = "crop"
    comp.appendCustomPage("Mine").appendFloat("Mine")[0].val = 7.0
    pages = [page.name for page in comp.customPages]
    build(project)
    assert comp.id == before
    assert project.root.op("ear_engine") is comp
    assert {one.name for one in comp.children} == names
    assert [page.name for page in comp.customPages] == pages
    kept = (comp.par.Gain.eval(), comp.par.Dreamrate.eval(), comp.par.Sourcefit.eval(), comp.par.Mine.eval())
    assert kept == (1.5, -30.0, "crop", 7.0)


def test_every_parameter_of_the_table_has_its_own(project: Project) -> None:
    comp = build(project)
    for row in ParameterTree():
        par = comp.par[touchdesigner.parameter_name(row.name)]
        assert par.style == touchdesigner._STYLES[row.kind]
        if row.kind == "choice":
            assert tuple(par.menuNames) == row.choices
        if row.numeric:
            assert (par.max, par.clampMin, par.clampMax) == (row.high, True, True)
            assert par.min == (row.low if row.zero is None else min(row.low, row.zero))
        if row.kind != "trigger":
            assert par.eval() == row.default == par.default
        assert not row.unit or f"[{row.unit}]" in par.label


def test_the_patterns_mean_all_parameters_and_no_stream(project: Project) -> None:
    table = child(build(project), "ear_table").module
    patterns = [Pattern(text) for text in table.PATTERNS]
    assert all(sum(pattern.matches(row.address) for pattern in patterns) == 1 for row in ParameterTree())
    for row in stream_rows():
        address = f"{row.address}scalogram" if row.address.endswith("/") else row.address
        assert not any(pattern.matches(address) for pattern in patterns), address


def test_connections_lead_where_they_should(project: Project) -> None:
    comp = build(project)
    color, points, render = child(comp, "color"), child(comp, "points"), child(comp, "render")
    assert [one.source and one.source.name for one in color.inputConnectors] == ["loop_a", "loop_b", "live"]
    assert color.par.pixeldat.eval().text.count("void main") == 1
    assert points.par.instanceop.eval().name == "positions"
    assert points.par.instancecolorop.eval() is color
    material = points.par.material.eval()
    assert (material.par.srcblend.eval(), material.par.destblend.eval()) == ("one", "one")
    assert [one.name for one in points.children] == ["quad"]
    quad = child(points, "quad")
    assert quad.render and quad.par.sizex.eval() == comp.par.Size.eval()
    assert (render.par.camera.eval().name, render.par.geometry.eval()) == ("camera", points)
    assert child(comp, "out_picture").inputConnectors[0].source is render


@pytest.mark.parametrize(
    ("neurons", "frames", "width", "height", "stride"),
    [(42_608, 176, 1280, 1 + 34 * 22, 1), (21_304, 176, 1280, 1 + 17 * 22, 1), (42_608, 1400, 1280, 1 + 34 * 35, 5)],
)
def test_a_loop_fits_the_free_license(neurons: int, frames: int, width: int, height: int, stride: int) -> None:
    client = part("ear_client")
    ranks = np.random.default_rng(3).integers(0, 256, (frames, neurons), np.uint8)
    texture = client.pack(ranks, 70_000)
    assert texture.shape == (height, width, 4)
    assert max(texture.shape) <= 1280
    np.testing.assert_array_equal(unpacked(texture), ranks[::stride])
    assert int(texture[0, 1, 1]) + 65536 * int(texture[0, 1, 2]) == 70_000


def test_an_ear_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        part("ear_client").pack(np.zeros((1, 70_000), np.uint8), 1, limit=256)


@pytest.mark.parametrize(
    "answer",
    [b"", b"no line", b'{"dtype": "<f4", "shape": [1, 2]}\nxx', b'{"dtype": "uint8", "shape": [2, 2]}\nabc', b"[1]\nx"],
)
def test_answers_that_are_no_ranks_are_refused(answer: bytes) -> None:
    with pytest.raises(ValueError):
        part("ear_client").read_block(answer)


def test_frames_of_the_live_input_are_laid_out_like_loops() -> None:
    client = part("ear_client")
    ranks = np.arange(200, dtype=np.uint8)
    about = {"neurons": 200, "header": ["loop", "frame", "sequence", "frames"]}
    head = np.array([9, 4, 77, 176], "<u4").tobytes()
    texture = client.live_frame(head + ranks.tobytes(), about)
    np.testing.assert_array_equal(unpacked(texture), ranks[None])
    assert client.live_frame(head + ranks.tobytes(), None) is None
    assert client.live_frame(head + ranks[:-1].tobytes(), about) is None


def test_with_an_engine(project: Project, engine: RunningEngine) -> None:
    comp = build(project, engine)
    streams, out = child(comp, "streams"), child(comp, "osc_out")
    until(project, lambda: streams["ear/playhead/phase"] is not None and comp.par.Playbackbeats.eval() == 8)
    layers = {f"ear/summary/mean/{name}" for name, *_ in json.loads(fetch(engine, "/map.json"))["layers"]}
    until(project, lambda: layers <= set(streams.channels))
    channels = set(streams.channels)
    assert {f"ear/playhead/{name}" for name in ("loop", "phase", "frame", "beat", "seq")} <= channels

    until(project, lambda: child(comp, "loop_a").image is not None and child(comp, "loop_b").image is not None)
    slots, compared = child(comp, "ear_state").module.state(comp).loops, 0
    for _ in range(20):  # a loop is gone a few seconds after it was heard
        number = max(slots.values())
        image = child(comp, max(slots, key=slots.__getitem__)).image
        ranks = ranks_of(engine, number)
        if ranks is not None and image is not None:
            np.testing.assert_array_equal(unpacked(image), ranks)
            compared += 1
        if compared == 2:
            break
        until(project, lambda number=number: max(slots.values()) > number)
    assert compared == 2

    positions = child(comp, "positions")
    until(project, lambda: positions.image is not None)
    expected = np.load(io.BytesIO(fetch(engine, "/map.npy")))
    assert positions.image is not None
    found = positions.image.reshape(-1, 4)[: len(expected)]
    np.testing.assert_array_equal(found[:, :2], expected)
    color = child(comp, "color")
    assert (color.par.resolutionw.eval(), color.par.resolutionh.eval()) == (positions.width, positions.height)
    assert 0.0 <= color.par.vec0valuex.eval() < 1.0
    assert color.par.vec0valuey.eval() == streams["ear/playhead/loop"]

    out.sent.clear()
    comp.par.Dreamrate = -30.0
    assert out.sent == [("/ear/dream/rate", [-30.0])]
    comp.par.Targetclear.pulse()
    assert out.sent[-1] == ("/ear/target/clear", [1])
    out.sent.clear()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:  # somebody else turns it
        other.sendto(b"/ear/dream/rate\0,f\0\0" + np.array(-21.0, ">f4").tobytes(), ("127.0.0.1", engine.port))
    until(project, lambda: comp.par.Dreamrate.eval() == -21.0)
    assert [message for message in out.sent if message[0].startswith("/ear/dream")] == []  # not sent back
    comp.par.Sourceclip = "no such clip"
    until(project, lambda: "no such clip" in comp.par.Problem.eval())
    comp.par.Sourceclip = "beat"
    comp.par.Active = False
    assert out.sent[-1] == ("/ear/stream/unsubscribe", [])


def test_the_live_input_is_a_frame_of_the_loop(project: Project, engine: RunningEngine) -> None:
    comp = build(project, engine)
    callbacks = child(comp, "live_socket").par.callbacks.eval().module
    assert child(comp, "live_socket").par.netaddress.eval() == "ws://127.0.0.1/activations"
    said: list[str] = []
    frames: list[bytes] = []

    async def listen() -> None:
        url = f"ws://127.0.0.1:{engine.http_port}/activations"
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as line:
            while len(frames) < 5:
                message = await line.receive(timeout=10)
                (said if message.type is aiohttp.WSMsgType.TEXT else frames).append(message.data)

    for _ in range(10):
        frames.clear()
        asyncio.run(listen())
        number, frame = np.frombuffer(frames[-1][:8], "<u4").tolist()
        ranks = ranks_of(engine, number)
        if ranks is not None and number > 0:
            break
    assert ranks is not None
    callbacks.onReceiveText(child(comp, "live_socket"), 0, said[-1])
    for contents in frames:
        callbacks.onReceiveBinary(child(comp, "live_socket"), contents)
    image = child(comp, "live").image
    assert image is not None
    np.testing.assert_array_equal(unpacked(image)[0], ranks[frame])


def test_an_engine_that_forgot_everyone_is_asked_again(project: Project) -> None:
    comp = build(project)
    out = child(comp, "osc_out")
    out.sent.clear()
    child(comp, "ear_state").module.on_osc(comp, "/ear/done", ["/ear/stream/renew", 0, 0])
    assert out.sent[0][0] == "/ear/system/reply_port"
    asked = [values[0] for address, values in out.sent if address == "/ear/stream/subscribe"]
    assert {"/ear/playhead", "/ear/summary/mean", "/ear/loop"} <= set(asked)


def test_the_slot_that_is_heard_is_left_alone(project: Project) -> None:
    comp = build(project)
    module, client = child(comp, "ear_state").module, child(comp, "ear_client").module
    for number, heard in ((1, 0), (2, 1), (3, 2), (5, 2), (6, 5)):
        child(comp, "streams").channels = {"ear/playhead/loop": float(heard)}
        module._show(comp, client.pack(np.zeros((4, 20), np.uint8), number))
        slots = module.state(comp).loops
        assert number in slots.values() and (heard == 0 or heard in slots.values())


@pytest.fixture(scope="module")
def gl() -> Iterator[Any]:
    context = create_context()
    yield context
    release_context(context)


@pytest.mark.parametrize("upside_down", [False, True], ids=["bottom row first", "top row first"])
def test_points_shine_by_the_ranks_at_a_phase(gl: Any, upside_down: bool) -> None:
    client = part("ear_client")
    neurons, frames, phase, gain, contrast = 1000, 21, 0.62, 0.5, 3.0
    random = np.random.default_rng(5)
    loops = {number: random.integers(0, 256, (frames, neurons), np.uint8) for number in (41, 42)}
    live = random.integers(0, 256, (1, neurons), np.uint8)
    textures = [client.pack(loops[41], 41, 256), client.pack(loops[42], 42, 256), client.pack(live, 0, 256)]
    wide = 32
    high = 32
    shader = (resource("patches", "touchdesigner") / "parts" / "glow.frag").read_text()
    program = gl.program(vertex_shader=VERTEX, fragment_shader=PREAMBLE + shader)
    uploaded = []
    for texture in textures:
        rows = texture[::-1] if upside_down else texture
        made = gl.texture(rows.shape[1::-1], 4, np.ascontiguousarray(rows).tobytes(), dtype="nu2")
        made.filter = (9728, 9728)  # GL_NEAREST
        uploaded.append(made)
    target = gl.framebuffer([gl.texture((wide, high), 4, dtype="f4")])
    program["sTD2DInputs"].value = [0, 1, 2]
    program["uTDOutputInfo.res"].value = (1 / wide, 1 / high, wide, high)
    whole = gl.vertex_array(program, [])
    for number, made in enumerate(uploaded):
        made.use(number)

    def drawn(loop: float) -> NDArray[np.float32]:
        program["uPlay"].value = (phase, loop, gain, contrast)
        target.use()
        target.clear(0.7, 0.7, 0.7, 0.7)
        whole.render(mode=gl.TRIANGLE_STRIP, vertices=4)
        data = np.frombuffer(target.read(components=4, dtype="f4"), np.float32).reshape(high, wide, 4)
        return data[::-1].reshape(-1, 4)  # the top row first, as in the map's texture

    at = phase * frames
    first = int(at)
    for number in (41, 42):
        ranks = loops[number].astype(np.float64) / 255
        light = ranks[first] * (1 - (at - first)) + ranks[first + 1] * (at - first)
        picture = drawn(number)
        np.testing.assert_allclose(picture[:neurons, 3], light, atol=2e-3)
        assert not picture[neurons:].any()  # no neuron, no light
        brightness = picture[:neurons, :3].max(axis=1)
        order = np.corrcoef(brightness, light**contrast)[0, 1]
        assert order > 0.99
        np.testing.assert_allclose(picture[0, :3], np.array([0.2, 0.45, 1.0]) * light[0] ** contrast * gain, atol=3e-3)
    np.testing.assert_allclose(drawn(-1)[:neurons, 3], live[0] / 255, atol=2e-3)
    newest = drawn(99)[:neurons, 3]  # not there yet: the newest that is
    ranks = loops[42].astype(np.float64) / 255
    np.testing.assert_allclose(newest, ranks[first] * (1 - (at - first)) + ranks[first + 1] * (at - first), atol=2e-3)


def test_it_is_installed_whole(tmp_path: Any) -> None:
    done = install(find_client("touchdesigner"), tmp_path)
    assert (done.folder / "build.py").read_text() == SCRIPT
    assert (done.folder / "README.md").is_file()
