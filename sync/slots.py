"""How many calls to one system may be under way: fewer when it asks us to slow down, slowly more when it does not."""

from __future__ import annotations

import asyncio
from collections import deque

MOST_IN_FLIGHT = 16  # of the 20 that Invoiced allows


class Slots:
    """Additive increase, multiplicative decrease; never more than `most`, never fewer than one."""

    def __init__(self, most: int) -> None:
        self.most = self.limit = most
        self._used = self._successes = 0
        self._halved_at = float("-inf")
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> None:
        while self._used >= self.limit:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                self._next()  # a turn that came too late goes to the next one
                raise
        self._used += 1

    async def __aexit__(self, *_: object) -> None:
        self._used -= 1
        if self._waiting:
            self._next()
            await asyncio.sleep(0)  # whose turn it is sends before the answer is looked at

    def pressed(self, began: float, now: float) -> None:
        """A call that began then was told to slow down; calls of the same burst halve the limit once."""
        if began >= self._halved_at:
            self.limit, self._halved_at, self._successes = max(1, self.limit // 2), now, 0

    def eased(self) -> None:
        """A call was answered; one slot more after as many of them as there are slots."""
        if self.limit == self.most:
            return
        self._successes += 1
        if self._successes >= self.limit:
            self.limit, self._successes = self.limit + 1, 0
            self._next()

    def _next(self) -> None:
        while self._waiting and self._used < self.limit:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
