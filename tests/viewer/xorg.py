"""An X server with several screens that can be unplugged: Xorg with the driver that shows nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_DRIVERS = (Path("/usr/lib/xorg/modules/drivers"), Path("/usr/lib64/xorg/modules/drivers"))
MISSING = [name for name in ("Xorg", "xrandr", "xrdb") if shutil.which(name) is None] + (
    [] if any((folder / "dummy_drv.so").is_file() for folder in _DRIVERS) else ["Xorg's dummy driver"]
)
_CONFIGURATION = """
Section "ServerFlags"
    Option "AutoAddDevices" "false"
    Option "AutoAddGPU" "false"
    Option "DontVTSwitch" "true"
EndSection
Section "Device"
    Identifier "nothing"
    Driver "dummy"
    VideoRam 256000
EndSection
Section "Monitor"
    Identifier "any"
    HorizSync 5.0 - 1000.0
    VertRefresh 5.0 - 200.0
EndSection
Section "Screen"
    Identifier "all"
    Device "nothing"
    Monitor "any"
    DefaultDepth 24
    SubSection "Display"
        Depth 24
        Virtual 4096 2048
        Modes "1280x720"
    EndSubSection
EndSection
"""


@dataclass(frozen=True)
class Desk:
    """Two screens: DUMMY0, 1280 x 720, and to the right of it DUMMY1, 1024 x 768, if it is plugged in."""

    display: str

    def plug(self, number: int = 1) -> None:
        """Plug a screen in."""
        place = ["--mode", "1280x720"] if number == 0 else ["--mode", "1024x768", "--right-of", "DUMMY0"]
        self._run("xrandr", "--output", f"DUMMY{number}", *place)
        self._run("xrandr", "--query")  # the driver looks at its plugs only when it is asked

    def unplug(self, number: int = 1) -> None:
        """Pull it out."""
        self._run("xrandr", "--output", f"DUMMY{number}", "--off")

    def resolution(self, dots: int) -> None:
        """So many dots an inch from now on; 96 is a usual screen."""
        self._run("xrdb", "-nocpp", "-merge", "-", given=f"Xft.dpi: {dots}\n")

    @staticmethod
    def _run(*words: str, given: str | None = None) -> None:
        subprocess.run(words, check=True, timeout=20, input=given, text=True, stdout=subprocess.DEVNULL)


@contextmanager
def desk(folder: Path) -> Iterator[Desk]:
    """Two screens for this process and its children."""
    if MISSING:
        pytest.skip(f"needs {', '.join(MISSING)}")
    configuration = folder / "xorg.conf"
    configuration.write_text(_CONFIGURATION)
    read, write = os.pipe()
    typed = ["Xorg", "-displayfd", str(write), "-config", str(configuration), "-logfile", str(folder / "xorg.log")]
    typed += ["-nolisten", "tcp", "-noreset", "-novtswitch", "-sharevts"]
    with (folder / "xorg.out").open("w") as out:
        server = subprocess.Popen(typed, pass_fds=(write,), stdout=out, stderr=out)
    os.close(write)
    with os.fdopen(read) as told:
        number = told.readline().strip()
    assert number, (folder / "xorg.out").read_text()
    before = os.environ.get("DISPLAY")
    os.environ["DISPLAY"] = f":{number}"
    try:
        made = Desk(f":{number}")
        made._run("xrandr", "--addmode", "DUMMY1", "1024x768")
        made.plug()
        yield made
    finally:
        os.environ.pop("DISPLAY")
        if before is not None:
            os.environ["DISPLAY"] = before
        server.terminate()
        server.wait(10)
