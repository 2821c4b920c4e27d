"""A stand-in for TouchOSC: loads a layout, runs its Lua scripts (5.1, as there), sends and receives its messages.

It sends from one port and listens at another, as TouchOSC may.
"""

from __future__ import annotations

import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import py2tosc
from lupa.lua51 import LuaRuntime
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

_HOST = """
local sendOSC, getMillis, Color, notify = ...
return function(node)
  local public = { name = node.name, tag = node.tag, parent = node.parent }
  local state = { color = false, visible = node.visible }
  local children, all = {}, {}
  local values = setmetatable({}, {
    __index = function(_, key) return node.value(key) end,
    __newindex = function(_, key, value) node.change(key, value) end,
  })
  public.children, public.values = children, values
  function public.add(child) children[child.name or ""] = child; all[#all + 1] = child end
  function public:findAllByName(name, deep)
    local found = {}
    for _, child in ipairs(all) do
      if child.name == name then found[#found + 1] = child end
      if deep then for _, one in ipairs(child:findAllByName(name, true)) do found[#found + 1] = one end end
    end
    return found
  end
  function public:findByName(name, deep) return self:findAllByName(name, deep)[1] end
  local self = setmetatable({}, {
    __index = function(_, key) if state[key] ~= nil then return state[key] end return public[key] end,
    __newindex = function(_, key, value)
      assert(state[key] ~= nil, "a control has no property " .. key)
      state[key] = value
    end,
  })
  local scope = { self = self, sendOSC = sendOSC, getMillis = getMillis, Color = Color, math = math, string = string,
    ipairs = ipairs, pairs = pairs, type = type, print = print, table = table, tostring = tostring }
  if node.script ~= "" then
    local chunk = assert(loadstring(node.script, node.name))
    setfenv(chunk, scope)
    chunk()
  end
  return self, scope, public.add, state
end
"""


class TouchOsc:
    """The layout, open and connected.

    Args:
        path: of the ``.tosc`` file.
        port: of the engine.
        listen: port of the connection; replaces that of the script, as a user would.
    """

    def __init__(self, path: Path, port: int, listen: int) -> None:
        self._to = ("127.0.0.1", port)
        self._sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._listener.bind(("127.0.0.1", listen))
        self._listener.setblocking(False)
        self._lua = LuaRuntime(unpack_returned_tuples=True)
        color = self._lua.eval("{ fromHexString = function(text) return text end }")
        self._make = self._lua.execute(_HOST, self._send, lambda: time.monotonic() * 1000.0, color, None)
        self.document = py2tosc.load(path)
        root = self.document.root
        assert "LISTEN = 9001" in str(root.get("script"))
        root.script = str(root.get("script")).replace("LISTEN = 9001", f"LISTEN = {listen}")
        self._values: dict[str, dict[str, Any]] = {}
        self._nodes: dict[str, tuple[py2tosc.Control, Any, Any, Any]] = {}
        self._root = self._open(root, None)
        for _, _, scope, _ in self._nodes.values():
            if scope.init is not None:
                scope.init()

    def __enter__(self) -> TouchOsc:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sender.close()
        self._listener.close()

    def frames(self, seconds: float) -> None:
        """Let it run for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._nodes[self.document.root.id][2].update()
            while (packet := self._receive()) is not None:
                self._dispatch(OscMessage(packet))
            time.sleep(0.01)

    def touch(self, name: str, key: str, value: float, tag: str = "") -> None:
        """A finger changes a value of a control."""
        self._change(self._find(name, tag), key, value, touched=True)

    def see(self, name: str, key: str = "x", tag: str = "") -> Any:
        """A value of a control."""
        return self._values[self._find(name, tag).id][key]

    def beside(self, name: str, tag: str = "", word: str = "value") -> str:
        """The text beside a control."""
        control = self._find(name, tag)
        (group,) = (one for one in self.document.walk() if any(child is control for child in one.children))
        (label,) = (child for child in group.children if child.get("name") == word)
        return str(self._values[label.id]["text"])

    def shown(self, name: str, tag: str) -> bool:
        """Whether the group around a control is to be seen."""
        control = self._find(name, tag)
        (group,) = (one for one in self.document.walk() if any(child is control for child in one.children))
        return bool(self._nodes[group.id][3].visible)

    def color(self, name: str, tag: str) -> str:
        """The color that a script gave a control."""
        return str(self._nodes[self._find(name, tag).id][3].color)

    def _open(self, control: py2tosc.Control, parent: Any) -> Any:
        self._values[control.id] = {value.key: value.default for value in control.values}
        node = self._lua.table_from(
            {
                "name": control.get("name") or "",
                "tag": control.get("tag") or "",
                "script": control.get("script") or "",
                "visible": bool(control.get("visible")),
                "parent": parent,
                "value": lambda key: self._values[control.id][key],
                "change": lambda key, value: self._change(control, key, value),
            }
        )
        made, scope, add, state = self._make(node)
        self._nodes[control.id] = (control, made, scope, state)
        for child in control.children:
            add(self._open(child, made))
        return made

    def _find(self, name: str, tag: str) -> py2tosc.Control:
        (found,) = (one for one in self.document.find_all(name) if not tag or one.get("tag") == tag)
        return found

    def _change(self, control: py2tosc.Control, key: str, value: Any, touched: bool = False) -> None:
        values = self._values[control.id]
        assert key in values, f"{control.get('name')} has no value {key}"
        if values[key] == value:
            return
        old, values[key] = values[key], value
        scope = self._nodes[control.id][2]
        if scope.onValueChanged is not None:
            scope.onValueChanged(key)
        if not touched:
            return  # no message has feedback
        for message in control.messages:
            rises = message.triggers[0].condition == "ANY" or value > old
            if message.send and message.triggers[0].var == key and rises:
                self._put(self._address(message), [("f", float(values[part.value])) for part in message.arguments])

    @staticmethod
    def _address(message: py2tosc.OscMessage) -> str:
        assert all(part.type == "CONSTANT" for part in message.path)
        return "".join(part.value for part in message.path)

    def _dispatch(self, message: OscMessage) -> None:
        scope = self._nodes[self.document.root.id][2]
        typed = [self._lua.table_from({"tag": _tag(value), "value": value}) for value in message.params]
        packed = self._lua.table_from([message.address, self._lua.table_from(typed)])
        if scope.onReceiveOSC(packed, self._lua.table_from([True])):
            return
        for control, *_ in self._nodes.values():
            for wanted in control.messages:
                if wanted.receive and self._address(wanted) == message.address:
                    for part, value in zip(wanted.arguments, message.params, strict=False):
                        self._change(control, part.value, value)

    def _send(self, packed: Any) -> None:
        address, arguments = packed[1], packed[2]
        self._put(address, [(one.tag, one.value) for one in arguments.values()])

    def _put(self, address: str, arguments: list[tuple[str, Any]]) -> None:
        builder = OscMessageBuilder(address)
        for tag, value in arguments:
            builder.add_arg(int(value) if tag == "i" else value, tag)
        self._sender.sendto(builder.build().dgram, self._to)

    def _receive(self) -> bytes | None:
        try:
            return self._listener.recv(65536)
        except BlockingIOError:
            return None


def _tag(value: object) -> str:
    return "s" if isinstance(value, str) else "i" if isinstance(value, int) else "f"
