"""Questions about addresses: ``GET /ear/dream/rate?VALUE``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ear_engine.osc.ip import plain_ip
from ear_engine.web.answers import Answer, Resource, WebError, as_json
from ear_engine.web.oscquery.tree import Branch, Tree

SPOKEN = ("ACCESS", "VALUE", "RANGE", "DESCRIPTION", "TAGS", "UNIT", "CLIPMODE", "OVERLOADS")
"""Attributes that are given besides those that everyone gives."""
_UNSPOKEN = ("EXTENDED_TYPE", "CRITICAL", "HTML")
_ALWAYS = ("FULL_PATH", "CONTENTS", "TYPE")
_HEARD = ("LISTEN", "IGNORE", "PATH_CHANGED", "PATH_ADDED", "PATH_REMOVED")
EXTENSIONS = {name: True for name in (*SPOKEN, *_HEARD)} | dict.fromkeys((*_UNSPOKEN, "PATH_RENAMED"), False)
_LONGEST = 256  # characters of a path or a question


class Queries:
    """Answers them.

    Args:
        tree: what there is.
        name: of the engine.
        osc_port: UDP port.
        http_port: TCP port.
    """

    def __init__(self, tree: Tree, name: str, osc_port: Callable[[], int], http_port: Callable[[], int]) -> None:
        self._tree = tree
        self._name = name
        self._osc_port, self._http_port = osc_port, http_port

    def ask(self, path: str, query: str, reached: str) -> Resource:
        """What is asked for.

        Args:
            path: OSC address.
            query: attributes, ``&`` between them; all if empty.
            reached: IP address at which the client has reached this machine.

        Raises:
            WebError: no such address (404), no such attribute (400), or nothing to say (204).
        """
        if query == "HOST_INFO":
            return Resource(lambda: Answer(as_json(self.host_info(reached))), quick=True)
        branch = self._tree.find(path) if len(path) <= _LONGEST else None
        if branch is None:
            mend = "GET /?CONTENTS lists all"
            raise WebError(404, f"address {path[:_LONGEST]!r}", "does not exist", mend, "unknown_address")
        if not query:
            return Resource(lambda: Answer(as_json(self._tree.describe(branch)), packs=True), quick=True)
        names = tuple(dict.fromkeys(query[:_LONGEST].split("&")))

        def attributes() -> Answer:
            return Answer(as_json({name: self._attribute(branch, name) for name in names}), packs=True)

        return Resource(attributes, quick=True)

    def host_info(self, reached: str) -> dict[str, Any]:
        """Who this is, what is understood, and where it is reached."""
        host = str(plain_ip(reached))
        return {
            "NAME": self._name,
            "EXTENSIONS": EXTENSIONS,
            "OSC_IP": host,
            "OSC_PORT": self._osc_port(),
            "OSC_TRANSPORT": "UDP",
            "WS_IP": host,
            "WS_PORT": self._http_port(),
        }

    def _attribute(self, branch: Branch, name: str) -> Any:
        if name not in (*_ALWAYS, *SPOKEN, *_UNSPOKEN):
            known = ", ".join((*_ALWAYS, *SPOKEN, "HOST_INFO"))
            raise WebError(400, f"attribute {name[:40]!r}", "is unknown", f"ask for {known}", "bad_attribute")
        if name == "VALUE":
            found: Any = self._tree.value(branch)
            if found is None and branch.facts.get("ACCESS", 0) & 1:
                found = {}  # it has a value, but not yet
        elif name == "FULL_PATH":
            found = branch.path
        elif name == "CONTENTS":
            found = self._tree.describe(branch).get(name)
        else:
            found = branch.facts.get(name, 0 if name == "ACCESS" else None)
        if found is None:
            raise WebError(204, branch.path, f"has no {name}", "ask for another attribute", "no_content")
        return found
