"""Round after round until told to stop: what goes wrong with a whole system is told once and tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sync.errors import SideStopped
from sync.report import RunReport

# A system that does not serve us is asked less and less often, up to this many times the usual pause.
_LONGEST_PAUSES = 8


def pause_after(every: float, failures: int) -> float:
    """How many seconds to wait after so many failures in a row."""
    return every * float(min(2**failures, _LONGEST_PAUSES))


class Working(Protocol):
    """What is repeated: an engine."""

    async def run(self) -> RunReport: ...

    def stop(self) -> None: ...


@dataclass
class Watch:
    """Runs an engine every so many seconds. `told` hears of each round, `alarmed` once of each trouble.

    `every` is the pause between the end of a round and the start of the next; `wake` cuts it short.
    """

    engine: Working
    every: float
    told: Callable[[RunReport], None]
    alarmed: Callable[[SideStopped], None]

    def __post_init__(self) -> None:
        self._stopped = False
        self._woken = asyncio.Event()

    async def work(self) -> None:
        """Returns when stopped, with nothing half done."""
        failures, last = 0, ""
        while not self._stopped:
            self._woken.clear()
            try:
                report = await self.engine.run()
            except SideStopped as trouble:
                failures += 1
                if str(trouble) != last:
                    self.alarmed(trouble)
                last = str(trouble)
            else:
                failures, last = 0, ""
                self.told(report)
            if not self._stopped:
                await self._pause(pause_after(self.every, failures))

    def wake(self) -> None:
        """Begin the next round now; during a round, begin another right after it."""
        self._woken.set()

    def stop(self) -> None:
        """Finish and store what is under way, begin nothing more."""
        self._stopped = True
        self.engine.stop()
        self._woken.set()

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._woken.wait(), seconds)
        except TimeoutError:
            return
