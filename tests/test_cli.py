"""What can be typed: answers, and one sentence with the mend for what cannot be used."""

from __future__ import annotations

import dataclasses
import json
import signal
import socket
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

import ear_engine
from ear_engine.cli import main, parse
from ear_engine.commands.serve import node_options
from ear_engine.control import ControlLog
from ear_engine.parameters import ParameterTree
from tests.test_ear_files import make_ear, safetensors

RATE = 44100


@pytest.fixture(autouse=True)
def keep_signals(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """`serve` takes the signals over; the user's folders are empty ones."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with good and bad files."""
    make_ear(tmp_path / "ear")
    make_ear(tmp_path / "pickled", weights=b"\x80\x04\x95 not for us")
    make_ear(tmp_path / "truncated", weights=safetensors(3))
    make_ear(tmp_path / "mistyped", config="name: [x\n")
    noise = 0.1 * np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    soundfile.write(tmp_path / "good.wav", noise, RATE)
    soundfile.write(tmp_path / "silent.wav", np.zeros(RATE, np.float32), RATE)
    soundfile.write(tmp_path / "short.wav", noise[:100], RATE)
    soundfile.write(tmp_path / "long.wav", np.resize(noise, 2000 * 3600), 2000, subtype="PCM_U8")
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("not audio at all")
    data = (tmp_path / "good.wav").read_bytes()
    (tmp_path / "header.wav").write_bytes(data[:30])
    (tmp_path / "typo.yaml").write_text("dream: {rat: -20}")
    (tmp_path / "range.yaml").write_text("dream/rate: 3")
    (tmp_path / "type.yaml").write_text("dream/rate: loud")
    (tmp_path / "ear.yaml").write_text("ear: nobody")
    return tmp_path


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"ear-engine {ear_engine.__version__}\n"


BAD = [
    ("--clip {}/nothing.wav", ("nothing.wav", "was not found")),
    ("--clip bete", ("bete", "did you mean beat")),
    ("--clip {}/empty.wav", ("empty.wav", "empty")),
    ("--clip {}/silent.wav", ("silent.wav", "silent")),
    ("--clip {}/short.wav", ("short.wav", "shorter than")),
    ("--clip {}/long.wav", ("long.wav", "3600.0 s long", "source/fit to crop")),
    ("--clip {}/text.wav", ("text.wav", "not audio")),
    ("--clip {}/header.wav", ("header.wav", "save it again")),
    ("--clip {}", ("folder",)),
    ("--source.clip bete", ("bete", "did you mean beat")),
    ("--set {}/none.yaml", ("none.yaml", "does not exist")),
    ("--set {}/typo.yaml", ("typo.yaml", "dream/rat", "did you mean dream/rate")),
    ("--set {}/range.yaml", ("range.yaml", "dream/rate", "outside -60 to -6 dB")),
    ("--set {}/type.yaml", ("type.yaml", "dream/rate", "number")),
    ("--ear {}/nobody", ("nobody", "does not exist")),
    ("--ear {}/pickled", ("weights.safetensors", "pickle")),
    ("--ear {}/truncated", ("weights.safetensors", "truncated")),
    ("--ear {}/mistyped", ("config.yaml", "not readable YAML")),
    ("--dream.rate 3", ("--dream.rate", "outside -60 to -6 dB")),
    ("--dream.rate loud", ("--dream.rate", "number")),
    ("--dream.rat -20", ("--dream.rat", "did you mean --dream.rate")),
    ("--playback.quantize bra", ("--playback.quantize", "bar")),
    ("--source.fit stretch --playback.tempo 20 --playback.beats 64", ("longer than 32 s",)),
    ("--osc-port 70000", ("70000", "0 to 65535")),
    ("--osc-port nine", ("--osc-port", "nine")),
    ("--bind everywhere", ("everywhere", "not an IP address")),
    ("--bind 192.0.2.1", ("192.0.2.1", "not an address of this machine")),
    ("--send somewhere", ("somewhere", "HOST:PORT")),
    ("--send 127.0.0.1:0", ("127.0.0.1:0", "HOST:PORT")),
    ("--record {}", ("folder",)),
    ("--record {}/take.mp3", (".wav",)),
    ("--record {}/no/such/take.wav", ("take.wav", "cannot be written")),
    ("--seconds 0", ("--seconds", "above 0")),
    ("--seconds nan", ("--seconds", "above 0")),
    ("--seed -1", ("--seed", "from 0")),
    ("--audio sonar", ("sonar", "jack")),
    ("--audio null --audio-device 3", ("--audio-device", "portaudio")),
    ("--device tpu", ("tpu", "cuda")),
    ("--rekord x.wav", ("--rekord", "did you mean --record")),
    ("beat", ("beat", "not expected")),
]


@pytest.mark.parametrize(("typed", "words"), BAD, ids=[typed for typed, _ in BAD])
def test_bad_input_is_one_sentence_and_code_2(
    place: Path, capsys: pytest.CaptureFixture[str], typed: str, words: tuple[str, ...]
) -> None:
    arguments = [word.replace("{}", str(place)) for word in typed.split()]
    if "--ear" not in arguments:
        arguments += ["--ear", str(place / "ear")]
    try:
        code = main(["serve", "--no-restart", "--osc-port", "0", *arguments])
    except SystemExit as ended:  # argparse's own way out
        code = ended.code
    said = capsys.readouterr()
    assert code == 2
    assert said.out == ""
    assert said.err.startswith("ear-engine: ") and said.err.count("\n") == 1
    for word in words:
        assert word in said.err


def test_a_set_file_may_name_an_unknown_ear(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--no-restart", "--set", str(place / "ear.yaml")]) == 2
    assert "nobody" in capsys.readouterr().err


def test_a_busy_port_names_the_next_free_one(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert main(["serve", "--no-restart", "--ear", str(place / "ear"), "--osc-port", str(port)]) == 2
    said = capsys.readouterr().err
    assert f"OSC port {port}" in said
    free = int(said.rpartition("--osc-port ")[2].rstrip(".\n"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", free))


@pytest.mark.parametrize("typed", [["fly"], [], ["bench", "memory"], ["train", "small"], ["train", "tiny", "x"]])
def test_other_commands_are_as_strict(typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main(typed)
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_every_parameter_is_an_option(place: Path) -> None:
    tree = ParameterTree()
    arguments: list[str] = []
    wanted = {}
    for row in tree:
        if row.name != "source/clip":
            value = row.default if row.kind != "trigger" else True
            wanted[row.name] = value
            arguments += [f"--{row.name.replace('/', '.')}", str(value)]
    options = node_options(parse(["serve", "--ear", str(place / "ear"), *arguments]))
    assert dict(options.values) == wanted


def test_what_is_typed_wins_over_the_set_file(place: Path) -> None:
    (place / "set.yaml").write_text("ear: pickled\nclip: dub\nseed: 7\ndream/rate: -30\ntone/tilt: -6\n")
    base = ["serve", "--set", str(place / "set.yaml"), "--ear", str(place / "ear")]
    options = node_options(parse([*base, "--clip", "beat", "--dream.rate", "-12"]))
    assert (options.clip, options.seed, options.origin) == ("beat", 7, "set set.yaml")
    assert options.values == {"dream/rate": -12.0, "tone/tilt": -6.0}
    assert node_options(parse(base)).clip == "dub"


def test_a_preset_is_what_the_set_file_and_then_the_options_change(place: Path) -> None:
    folder = place / "data" / "ear-engine" / "presets"
    folder.mkdir(parents=True)
    (folder / "glow.yaml").write_text("title: G\ndescription: g\ntarget/name: hats\ntone: {tilt: 3, low: 5, mid: 2}\n")
    (place / "set.yaml").write_text("tone/low: 6\ntone/high: 7\n")
    base = ["serve", "--ear", str(place / "ear"), "--preset", "glow"]
    values = node_options(parse([*base, "--set", str(place / "set.yaml"), "--target.x", "0.3", "--autopilot"])).values
    assert [values[f"tone/{name}"] for name in ("tilt", "low", "mid", "high")] == [3.0, 6.0, 2.0, 7.0]
    control = ControlLog(ParameterTree())
    control.apply(values, "test")
    assert (control.target.by, control.target.x, control.tree.values["dream/autopilot"]) == ("map", 0.3, True)
    assert "dream/autopilot" not in node_options(parse(base)).values


def test_a_preset_that_does_not_exist_names_the_nearest(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--no-restart", "--ear", str(place / "ear"), "--preset", "dron"]) == 2
    assert "preset 'dron' does not exist; did you mean drone" in capsys.readouterr().err


def test_sends_may_be_repeated(place: Path) -> None:
    typed = ["serve", "--ear", str(place / "ear"), "--send", "127.0.0.1:57120", "--send", "[::1]:9001"]
    assert node_options(parse(typed)).send == (("127.0.0.1", 57120), ("::1", 9001))


def test_the_clips_are_listed_and_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clips"]) == 0
    listed = capsys.readouterr().out
    assert "beat" in listed and "kick_8" in listed
    assert main(["clips", "--export", str(tmp_path / "out")]) == 0
    files = sorted((tmp_path / "out").glob("*.wav"))
    assert len(files) >= 10
    assert sorted(capsys.readouterr().out.split()) == [str(file) for file in files]
    assert soundfile.info(files[0]).samplerate == RATE


def test_the_ears_are_listed_broken_ones_too(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_ear(place / "data" / "ear-engine" / "ears" / "mine", config="name: mine\ndescription: likes drums\n")
    make_ear(place / "data" / "ear-engine" / "ears" / "torn", weights=b"")
    assert main(["ears"]) == 0
    listed = capsys.readouterr().out
    assert "likes drums" in listed and "truncated" in listed


@pytest.mark.parametrize("arguments", [["parameters"], ["parameters", "--markdown"], ["plugins"]])
def test_references_are_printed(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert ("/ear/dream/rate" if "parameters" in arguments else "time_shift") in capsys.readouterr().out


def test_the_doctor_says_what_is_there_and_how_to_mend_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    main(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    for subject in ("Python", "PyTorch", "pyo", "GPU", "sound card", "JACK", "display", "session folder", "OSC port"):
        assert any(subject in line for line in lines), subject
    missing = [line for line in lines if line.startswith("missing")]
    assert all(";" in line for line in missing)


def imported(code: str) -> set[str]:
    program = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("code", "heavy"),
    [
        ("import ear_engine.commands.serve", {"torch", "pyo", "moderngl", "rich"}),
        ("import ear_engine.cli", {"torch", "pyo", "numpy", "yaml", "asyncio", "soundfile"}),
    ],
)
def test_the_node_and_the_command_line_stay_light(code: str, heavy: set[str]) -> None:
    assert not imported(code) & heavy


def test_a_reader_that_leaves_early_is_no_error() -> None:
    head = f"{sys.executable} -m ear_engine parameters | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", head], capture_output=True, text=True)
    assert done.returncode == 0 and "Traceback" not in done.stderr and "Exception" not in done.stderr


def write_recipe(folder: Path) -> Path:
    recipe = folder / "tiny.yaml"
    recipe.write_text(
        "ear: {width: 0.0625}\nsteps: 3\nbatch: 2\nvalidation_batches: 1\nprecision: float32\nvalidate_every: 2\n"
    )
    return recipe


def write_corpus(folder: Path) -> Path:
    corpus = folder / "music"
    corpus.mkdir()
    for number in range(3):
        noise = 0.1 * np.random.default_rng(number).standard_normal(RATE * 9)
        soundfile.write(corpus / f"{number}.wav", noise.astype(np.float32), RATE)
    (corpus / "notes.mp3").write_text("no music")
    return corpus


def test_a_tiny_ear_is_trained_exported_and_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe, corpus = write_recipe(tmp_path), write_corpus(tmp_path)
    command = ["train", str(recipe), "--corpus", str(corpus), "--run", str(tmp_path / "run"), "--device", "cpu"]
    assert main([*command, "--export", "tiny"]) == 0
    said = capsys.readouterr().err
    assert "step 2 of 3" in said and "chance 50.0%" in said and "left out: notes.mp3" in said
    assert "ear-engine serve --ear tiny" in said
    assert node_options(parse(["serve", "--ear", "tiny"])).ear.name == "tiny"
    assert (tmp_path / "run" / "last.safetensors").exists()
    assert main([*command, "--steps", "0"]) == 2
    assert main(["train", "smal", *command[2:]]) == 2
    assert "recipe 'smal' does not exist" in capsys.readouterr().err


def test_training_that_is_interrupted_says_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ear_engine.training.trainer import Trainer

    step: Callable[[Trainer], object] = Trainer._step

    def interrupted(self: Trainer) -> object:
        signal.raise_signal(signal.SIGINT)  # the step goes on to its end
        return step(self)

    monkeypatch.setattr(Trainer, "_step", interrupted)
    recipe, corpus = write_recipe(tmp_path), write_corpus(tmp_path)
    typed = ["train", str(recipe), "--corpus", str(corpus), "--run", str(tmp_path / "run"), "--device", "cpu"]
    monkeypatch.setattr(sys, "argv", ["ear-engine", *typed])
    assert main(typed) == 130
    said = capsys.readouterr().err
    assert "Saved at step 1 of 3" in said and "ear-engine train" in said
    monkeypatch.setattr(Trainer, "_step", step)
    assert main(typed) == 0
    assert "goes on from step 1" in capsys.readouterr().err


@dataclasses.dataclass(frozen=True)
class Row:
    part: str = "osc"
    case: str = "pack"
    value: float = 1.5
    unit: str = "µs"
    reference: float | None = 15.0
    ratio: float | None = 10.0
    floor_share: float | None = None
    target: float | None = 1.0
    met: bool | None = False


def test_benchmarks_are_printed_and_a_missed_target_is_code_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = types.ModuleType("ear_engine.benchmarks.osc")
    monkeypatch.setattr(fake, "run", lambda: [Row()], raising=False)
    monkeypatch.setitem(sys.modules, "ear_engine.benchmarks.osc", fake)
    assert main(["bench", "osc", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == [dataclasses.asdict(Row())]
    assert main(["bench", "osc"]) == 1
    printed = capsys.readouterr().out
    assert "1.5" in printed and "no" in printed
    monkeypatch.setattr(fake, "run", lambda: [dataclasses.replace(Row(), met=True)])
    assert main(["bench", "osc"]) == 0


@pytest.mark.parametrize("number", ["-1e1", "-10.", "-1E+1", "-10"])
def test_negative_numbers_are_values_however_they_are_written(place: Path, number: str) -> None:
    typed = parse(["serve", "--ear", str(place / "ear"), "--dream.rate", number])
    assert node_options(typed).values["dream/rate"] == -10.0


def test_localhost_is_an_address() -> None:
    assert parse(["serve", "--bind", "localhost"]).bind == "127.0.0.1"
