"""OSCQuery as the web server uses it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from ear_engine.osc.service import OscService
from ear_engine.web.answers import Resource
from ear_engine.web.discovery import service_name
from ear_engine.web.oscquery.conversations import Conversations
from ear_engine.web.oscquery.queries import Queries
from ear_engine.web.oscquery.tree import Tree

if TYPE_CHECKING:
    from ear_engine.web.sockets import Line


class OscQuery:
    """Describes what OSC offers, and speaks with those who want to hear of it.

    Args:
        osc: what is described.
        http_port: TCP port.
        session: a word that no other session has.
    """

    def __init__(self, osc: OscService, http_port: Callable[[], int], session: str) -> None:
        tree = Tree(osc.namespace)
        self._queries = Queries(tree, service_name(), lambda: osc.port, http_port)
        self._conversations = Conversations(tree, osc.link)
        self._session = session

    def ask(self, path: str, query: str, accepted: str, reached: str) -> Resource:
        """Answer a question; raises ``WebError``."""
        return self._queries.ask(path, query, reached)

    def open(self, query: Mapping[str, str]) -> Callable[[Line], Awaitable[None]]:
        """Who holds a WebSocket."""
        return self._conversations.talk
