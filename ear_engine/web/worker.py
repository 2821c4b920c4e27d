"""Work that would hold up sound and OSC, in one thread beside the event loop.

Nothing queues up: what is asked for twice is done once, the newest wish comes first, and of too many the oldest is
turned away.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from ear_engine.web.answers import Answer, WebError

WAITING = 8
Job = Callable[[], Answer]


@dataclass(eq=False)
class _Wish:
    job: Job
    waiting: list[asyncio.Future[Answer]] = field(default_factory=list)


class Worker:
    """One thread, started when it is first needed; it belongs to the event loop that is running then.

    Args:
        most: wishes that may wait.
    """

    def __init__(self, most: int = WAITING) -> None:
        self._most = most
        self._wishes: OrderedDict[object, _Wish] = OrderedDict()  # the newest last
        self._doing: dict[object, _Wish] = {}
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    async def do(self, key: object, job: Job) -> Answer:
        """What ``job`` returns; several that ask for the same ``key`` at a time share one.

        Raises:
            WebError: too much is asked for (503), or what ``job`` raises.
        """
        self._loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = self._loop.create_future()
        with self._change:
            if self._closed:
                raise _busy()
            wish = self._doing.get(key) or self._wishes.get(key)
            if wish is None:
                wish = self._wishes[key] = _Wish(job)
                if len(self._wishes) > self._most:
                    _, oldest = self._wishes.popitem(last=False)
                    _settle(oldest.waiting, None, _busy())
            wish.waiting.append(future)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="web-worker", daemon=True)
                self._thread.start()
            self._change.notify()
        return await future

    def close(self) -> None:
        """Begin nothing more; what is being done is left to itself."""
        with self._change:
            self._closed = True
            for wish in self._wishes.values():
                _settle(wish.waiting, None, _busy())
            self._wishes.clear()
            self._change.notify()

    def _run(self) -> None:
        while True:
            with self._change:
                while not self._wishes and not self._closed:
                    self._change.wait()
                if self._closed:
                    return
                key, wish = self._wishes.popitem()
                self._doing[key] = wish
            result: Answer | None = None
            failed: BaseException | None = None
            try:
                result = wish.job()
            except BaseException as error:  # raised again where it is waited for
                failed = error
            with self._change:
                del self._doing[key]
                waiting, loop = wish.waiting, self._loop
            if loop is not None and not loop.is_closed():
                loop.call_soon_threadsafe(_settle, waiting, result, failed)


def _settle(waiting: list[asyncio.Future[Answer]], result: Answer | None, error: BaseException | None) -> None:
    for future in waiting:
        if future.done():  # whoever asked has gone
            continue
        if error is not None:
            future.set_exception(error)
        elif result is not None:
            future.set_result(result)


def _busy() -> WebError:
    return WebError(503, "the engine", "has more to prepare than it can", "ask again in a second", "busy")
