"""Long lists of names, a page a message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ear_engine.osc.commands import Call

HEAVY = 50.0
"""Cost of commands that search or answer at length."""
_PAGE = 1200  # bytes of names in one message


def pages(names: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Cut names into pages of one message each: (index of the first, names)."""
    page: list[str] = []
    room, first = _PAGE, 0
    for index, name in enumerate(names):
        if page and room < len(name.encode()) + 5:
            yield first, page
            page, room, first = [], _PAGE, index
        page.append(name)
        room -= len(name.encode()) + 5
    yield first, page


def reply_list(call: Call, names: Sequence[str]) -> None:
    """Answer with names, a page a message: ``i first, i total, s name…``."""
    for first, page in pages(names):
        call.reply(call.address, first, len(names), *page)
