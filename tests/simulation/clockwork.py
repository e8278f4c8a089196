"""Virtual time: an event loop that never waits, whose clock is that of both systems."""

from __future__ import annotations

import asyncio
import heapq
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from counterpart.emulators import Clock

START = datetime(2026, 3, 1, 8, tzinfo=UTC)


class Deadlock(RuntimeError):
    """Nothing is ready and nothing is due: somebody waits for an answer that nobody will give."""


class VirtualClock(Clock):
    """The emulators' clock, read from the loop; also the clock of the engine."""

    def __init__(self) -> None:
        super().__init__(START)
        self.elapsed = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.elapsed)

    def seconds(self) -> int:
        return int(START.timestamp() + self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed


class _Numbered(asyncio.Task[Any]):
    """A task with a hash of its own: groups cancel their tasks in the order of a set, which is that of addresses."""

    def __init__(self, number: int, coroutine: Any, loop: asyncio.AbstractEventLoop, **named: Any) -> None:
        self._number = number
        super().__init__(coroutine, loop=loop, **named)

    def __hash__(self) -> int:
        return self._number


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs one callback a step; among several that are ready, chance decides.

    `on_step` is told after every step: between any two steps a process may end, which makes every await a point at
    which it can.
    """

    def __init__(self, clock: VirtualClock, chance: random.Random, on_step: Callable[[asyncio.Handle], None]) -> None:
        super().__init__()
        self._virtual, self._chance, self._on_step = clock, chance, on_step
        self.steps = self._tasks = 0
        self.set_task_factory(self._task)

    def _task(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **named: Any) -> _Numbered:
        self._tasks += 1
        return _Numbered(self._tasks, coroutine, loop, **named)

    def time(self) -> float:
        return self._virtual.elapsed

    def _run_once(self) -> None:
        ready: Any = self._ready  # type: ignore[attr-defined]
        scheduled: list[Any] = self._scheduled  # type: ignore[attr-defined]
        if not ready:
            while scheduled:
                timer = heapq.heappop(scheduled)
                timer._scheduled = False
                if not timer._cancelled:
                    self._virtual.elapsed = max(self._virtual.elapsed, timer._when)
                    ready.append(timer)
                    break
            else:
                raise Deadlock(f"nothing to do at {self._virtual.elapsed:.3f} s")
        if len(ready) > 1:
            ready.rotate(-self._chance.randrange(len(ready)))
        handle = ready.popleft()
        if handle._cancelled:
            return
        self.steps += 1
        handle._run()
        self._on_step(handle)

    def _timer_handle_cancelled(self, handle: object) -> None:
        """A cancelled timer is left where it is and skipped when it comes up."""

    def _write_to_self(self) -> None:
        """There is no other thread to be woken by."""
