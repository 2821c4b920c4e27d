"""A stand-in for TouchDesigner's ``td`` module: as much of it as the component uses, by the names of the manual.

An operator, parameter or word that the manual does not know raises. OSC goes over real sockets. Nothing is drawn.
"""

from __future__ import annotations

import fnmatch
import itertools
import socket
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

from tests.clients.touchdesigner.documented import CHILDREN, KINDS, STYLES, Menu

FREE_LIMIT = 1280


class Par:
    """A parameter: a value, or an expression that takes its place."""

    def __init__(self, owner: Operator, name: str, style: str = "", menu: Menu | None = None) -> None:
        self.owner, self.name, self.style = owner, name, style
        self.menuNames: Any = menu
        self.menuLabels: Any = menu
        self.default: Any = None
        self.min = self.max = self.normMin = self.normMax = 0.0
        self.clampMin = self.clampMax = self.readOnly = False
        self.help = self.label = self.expr = ""
        self.pulses = 0
        self._value: Any = "" if style == "Str" else 0

    @property
    def val(self) -> Any:
        return self._value

    @val.setter
    def val(self, value: Any) -> None:
        if isinstance(value, Par):
            value = value.eval()
        if self.menuNames and not isinstance(value, Operator) and value not in self.menuNames:
            raise ValueError(f"{self.owner.path}: {self.name} has no {value!r}")
        if self.style in ("Float", "Int") and self.clampMin:
            value = min(max(value, self.min), self.max)
        if self.style == "Toggle":
            value = bool(value)
        before, self._value, self.expr = self._value, value, ""
        if self.style and before != value:
            self.owner.changed(self, before)

    def eval(self) -> Any:
        return self.owner.evaluate(self.expr) if self.expr else self._value

    def pulse(self) -> None:
        self.pulses += 1
        if self.style == "Pulse":
            self.owner.pulsed(self)

    def __bool__(self) -> bool:
        return bool(self.eval())

    def __float__(self) -> float:
        return float(self.eval())


class Pars:
    """``op.par``."""

    def __init__(self, owner: Operator) -> None:
        self.__dict__["_all"] = {
            name: Par(owner, name, menu=menu) for name, menu in KINDS[owner.kind].parameters.items()
        }

    def __getattr__(self, name: str) -> Par:
        try:
            return self.__dict__["_all"][name]
        except KeyError:
            raise AttributeError(f"no parameter {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        getattr(self, name).val = value

    def __getitem__(self, name: str) -> Par:
        return getattr(self, name)


class Page:
    """A page of custom parameters."""

    def __init__(self, owner: Operator, name: str) -> None:
        self.owner, self.name = owner, name

    def __getattr__(self, name: str) -> Callable[..., list[Par]]:
        style = name.removeprefix("append")
        if not name.startswith("append") or style not in STYLES:
            raise AttributeError(name)

        def append(par: str, label: str = "", order: int | None = None, replace: bool = True) -> list[Par]:
            if not (par[0].isupper() and par.isalnum() and par[1:] == par[1:].lower()):
                raise ValueError(f"{par!r} cannot be a custom parameter's name")
            made = Par(self.owner, par, style)
            made.label = label
            self.owner.par.__dict__["_all"][par] = made
            self.owner.custom[par] = made
            return [made]

        return append


class Connector:
    def __init__(self, owner: Operator, number: int) -> None:
        self.owner, self.number = owner, number
        self.source: Operator | None = None

    def connect(self, source: Operator) -> None:
        families = {source.kind[-3:], self.owner.kind[-3:]}
        assert len(families) == 1, f"{source.kind} into {self.owner.kind}"
        self.source = source


class Operator:
    """Any operator."""

    _ids = itertools.count(1)

    def __init__(self, kind: str, name: str, parent: Operator | None) -> None:
        self.kind, self.name, self._parent = kind, name, parent
        self.id = next(self._ids)
        self.par = Pars(self)
        self.custom: dict[str, Par] = {}
        self.customPages: list[Page] = []
        self._children: dict[str, Operator] = {}
        self.inputConnectors = [Connector(self, number) for number in range(KINDS[kind].inputs)]
        self.nodeX = self.nodeY = 0
        self.render = self.display = False
        self.text = ""
        self._compiled: tuple[str, types.ModuleType] | None = None
        self.sent: list[tuple[str, list[Any]]] = []
        self.image: NDArray[Any] | None = None
        self.width = self.height = 0
        self.cooks = 0
        self._socket: socket.socket | None = None
        self.channels: dict[str, float] = {}
        for child, called in CHILDREN.get(kind, ()):
            self.create(child, called)

    @property
    def path(self) -> str:
        return f"{'' if self._parent is None else self._parent.path}/{self.name}"

    @property
    def children(self) -> list[Operator]:
        return list(self._children.values())

    @property
    def customPars(self) -> list[Par]:
        return list(self.custom.values())

    def parent(self, levels: int = 1) -> Operator:
        found: Operator = self
        for _ in range(levels):
            assert found._parent is not None
            found = found._parent
        return found

    def op(self, name: str) -> Operator | None:
        return self._children.get(name)

    def create(self, kind: str, name: str) -> Operator:
        assert kind.endswith("COMP") or self.kind.endswith("COMP")
        assert name not in self._children, f"{name} is there already"
        self._children[name] = Operator(kind, name, self)
        return self._children[name]

    def destroy(self) -> None:
        assert self._parent is not None
        del self._parent._children[self.name]
        self._parent = None
        self.close()

    def close(self) -> None:
        """Close the sockets in here."""
        for child in self.children:
            child.close()
        if self._socket is not None:
            self._socket.close()

    def appendCustomPage(self, name: str) -> Page:
        assert name not in {page.name for page in self.customPages}, f"another page {name}"
        self.customPages.append(Page(self, name))
        return self.customPages[-1]

    @property
    def module(self) -> types.ModuleType:
        """The text as a module, compiled anew when it is another."""
        if self._compiled is None or self._compiled[0] != self.text:
            made = types.ModuleType(self.name)
            made.__dict__["me"] = self
            exec(compile(self.text, self.path, "exec"), made.__dict__)
            self._compiled = self.text, made
        return self._compiled[1]

    def evaluate(self, expression: str) -> Any:
        """A parameter's expression, with names as an operator here sees them."""
        assert self._parent is not None
        names = {"op": self._parent.op, "parent": self.parent, "me": self, "max": max, "min": min}
        value = eval(expression, {"__builtins__": {}}, names)
        return value.eval() if isinstance(value, Par) else value

    def changed(self, par: Par, before: Any) -> None:
        for watcher in self._watching(par):
            if watcher.par.valuechange.eval():
                watcher.module.onValueChange(par, before)

    def pulsed(self, par: Par) -> None:
        for watcher in self._watching(par):
            if watcher.par.onpulse.eval():
                watcher.module.onPulse(par)

    def _watching(self, par: Par) -> Iterator[Operator]:
        for child in self.children:
            if child.kind == "parameterexecuteDAT" and child.par.op.eval() is self and child.par.custom.eval():
                if fnmatch.fnmatch(par.name, str(child.par.pars.eval())):
                    yield child

    # of a Script TOP
    def cook(self, force: bool = False) -> None:
        self.cooks += 1
        self.par.callbacks.eval().module.onCook(self)

    def copyNumpyArray(self, array: NDArray[Any]) -> None:
        assert array.dtype in (np.uint8, np.uint16, np.float32)
        assert array.ndim == 3 and 1 <= array.shape[2] <= 4
        self.height, self.width = array.shape[:2]
        assert max(self.height, self.width) <= FREE_LIMIT, "the free license has no larger texture"
        self.image = np.array(array)

    # of an OSC Out DAT
    def sendOSC(self, address: str, values: list[Any]) -> int:
        assert isinstance(values, list)
        message = OscMessageBuilder(address)
        for value in values:
            message.add_arg(value)
        data = message.build().dgram
        self.sent.append((address, values))
        if self._socket is None:  # one for all, so that the engine sees one client
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        return self._socket.sendto(data, (self.par.address.eval(), int(self.par.port.eval())))

    # of an OSC In CHOP
    def __getitem__(self, name: str) -> Any:
        return self.channels.get(name)


class Project:
    """A network that runs: a root, sockets for what listens, and frames."""

    def __init__(self) -> None:
        self.root = Operator("baseCOMP", "project1", None)
        self._sockets: dict[int, socket.socket] = {}

    def run(self, script: str) -> None:
        """Run a text as the script of a DAT in the root."""
        dat = self.root.op("pasted") or self.root.create("textDAT", "pasted")
        made = types.ModuleType("td")
        for kind in KINDS:
            setattr(made, kind, kind)
        before, sys.modules["td"] = sys.modules.get("td"), made
        try:
            exec(compile(script, "build.py", "exec"), {"me": dat, "__name__": "__main__"})
        finally:
            if before is None:
                del sys.modules["td"]
            else:
                sys.modules["td"] = before

    def frame(self) -> None:
        """What comes in, then the start of a frame, in every component."""
        for comp in self.root.children:
            for child in comp.children:
                if child.kind in ("oscinDAT", "oscinCHOP") and child.par.active.eval():
                    self._receive(child)
            for child in comp.children:
                if child.kind == "executeDAT" and child.par.framestart.eval():
                    child.module.onFrameStart(0)
            for child in comp.children:
                if child.kind == "moviefileinTOP" and child.par.file.eval():
                    child.image = read_exr(child.par.file.eval())
                    child.height, child.width = child.image.shape[:2]

    def _receive(self, listener: Operator) -> None:
        port = int(listener.par.port.eval())
        if port not in self._sockets:
            self._sockets[port] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._sockets[port].bind(("127.0.0.1", port))
            self._sockets[port].setblocking(False)
        while True:
            try:
                data, peer = self._sockets[port].recvfrom(65535)
            except BlockingIOError:
                return
            for timed in OscPacket(data).messages:
                message = timed.message
                if listener.kind == "oscinCHOP":  # numbers only; the leading slash is dropped
                    listener.channels[message.address.lstrip("/")] = float(message.params[0])
                    assert len(message.params) == 1, f"{message.address} is no channel"
                else:
                    callbacks = listener.par.callbacks.eval().module
                    callbacks.onReceiveOSC(listener, 0, "", data, 0.0, message.address, list(message.params), peer)

    def close(self) -> None:
        self.root.close()
        for one in self._sockets.values():
            one.close()


def read_exr(path: str) -> NDArray[np.float32]:
    """Pixels of an uncompressed OpenEXR of four floats, (height, width, RGBA), the top row first."""
    with open(path, "rb") as file:
        data = file.read()
    assert int.from_bytes(data[:4], "little") == 20000630
    at = data.index(b"dataWindow\0box2i\0") + len(b"dataWindow\0box2i\0") + 4
    _, _, right, bottom = np.frombuffer(data, "<i4", 4, at).tolist()
    width, height = right + 1, bottom + 1
    line = 8 + 16 * width
    assert len(data) >= line * height
    lines = np.frombuffer(data, np.uint8, line * height, len(data) - line * height).reshape(height, line)
    planes = np.ascontiguousarray(lines[:, 8:]).view("<f4").reshape(height, 4, width)
    return planes[:, [3, 2, 1, 0]].transpose(0, 2, 1)  # stored as A, B, G, R
