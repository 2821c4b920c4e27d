"""OSCQuery as the web server uses it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ear_engine.osc.service import OscService
from ear_engine.reference_html import Place, page
from ear_engine.targets.functions import FUNCTIONS
from ear_engine.web.answers import Answer, Resource
from ear_engine.web.discovery import service_name
from ear_engine.web.oscquery.conversations import Conversations
from ear_engine.web.oscquery.queries import Queries
from ear_engine.web.oscquery.tree import Tree

if TYPE_CHECKING:
    from ear_engine.web.sockets import Line


_VARY = {"Vary": "Accept"}
_PAGE = {**_VARY, "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


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
        self._osc, self._session = osc, session

    def ask(self, path: str, query: str, accepted: str, reached: str) -> Resource:
        """Answer a question; a browser that looks at ``/`` gets a page to read. Raises ``WebError``."""
        if path == "/" and not query and "text/html" in accepted.lower():
            return self._page(reached)
        resource = self._queries.ask(path, query, reached)
        return replace(resource, headers=_VARY) if path == "/" else resource

    def _page(self, reached: str) -> Resource:
        names, place = self._osc.namespace, Place(reached.partition("%")[0], self._osc.port)
        rows = [leaf.row for leaf in names.leaves.values() if not leaf.norm]

        def make() -> Answer:
            commands = sorted(names.commands.values(), key=lambda command: command.name.partition("/")[0])
            text = page(rows, commands, names.rows, FUNCTIONS.values(), place)
            return Answer(text.encode(), "text/html; charset=utf-8", packs=True)

        return Resource(make, f"page-{self._session}-{place.host}", headers=_PAGE)

    def open(self, query: Mapping[str, str]) -> Callable[[Line], Awaitable[None]]:
        """Who holds a WebSocket."""
        return self._conversations.talk
