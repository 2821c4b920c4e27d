"""Work beside the event loop, in threads that never hold up the end of the process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


async def in_thread(function: Callable[[], Result], name: str) -> Result:
    """Call ``function`` in a daemon thread and wait for it; what it raises is raised here.

    Unlike :func:`asyncio.to_thread`, a call that hangs (a network drive) does not keep the process from ending.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def settle(result: Result | None, error: BaseException | None) -> None:
        if future.done():  # given up meanwhile
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # None only if that is what it returned

    def work() -> None:
        result: Result | None = None
        failed: BaseException | None = None
        try:
            result = function()
        except BaseException as error:  # raised again where it is waited for
            failed = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, failed)

    threading.Thread(target=work, name=name, daemon=True).start()
    return await future
