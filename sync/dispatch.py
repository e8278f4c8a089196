"""The dispatcher of one process: so many workers over one queue."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

from sync.ports import Handler


class InProcess:
    """Hands links out in their order; with one worker each waits for the one before it."""

    def __init__(self, workers: int) -> None:
        self._workers, self._stopping = workers, False

    async def run(self, work: Sequence[int], handle: Handler) -> None:
        """Hand every link to the handler; returns when all are handled."""
        queue = iter(dict.fromkeys(work))

        async def worker() -> None:
            for link in queue:
                if self._stopping:
                    return
                await handle(link)

        if self._workers == 1 or len(work) < 2:
            await worker()
            return
        await together([worker() for _ in range(min(self._workers, len(work)))])

    def stop(self) -> None:
        """Begin nothing more; what is under way is finished."""
        self._stopping = True


async def together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run side by side; the first error stops the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for each in work:
                group.create_task(each)
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
