"""The sync under test: the one place of the vocabulary that knows which sync that is."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from counterpart.emulators import Clock
from counterpart.scene import Scene
from steps.product import Hosted, Notice, Product
from sync.engine import Engine
from sync.errors import SideStopped
from sync.flow import Flow, load_flows
from sync.http import Endpoint, Pacing
from sync.store import Store

# Where Linux keeps files in memory; making and removing a state file on disk costs a tenth of a scenario.
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made inside

# A conflict that waits for a person has no winner yet.
WINNERS = {"customerp": "Customerp", "invoiced": "Invoiced", None: "nobody"}


class ScenarioClock:
    """The scenario's clock as the sync reads it: waiting costs no time, but among real systems."""

    def __init__(self, clock: Clock, pause: Callable[[float], None]) -> None:
        self._clock, self._pause = clock, pause

    def now(self) -> datetime:
        """The scenario's time."""
        return self._clock.now()

    def monotonic(self) -> float:
        """The scenario's time in seconds."""
        return self._clock.now().timestamp()

    async def sleep(self, seconds: float) -> None:
        """Let the scenario's time pass."""
        self._clock.advance(seconds)
        self._pause(seconds)


class Subject(Product):
    """Our own sync, run as its users run it, on the scenario's transport, clock and seed."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self._scene = scene
        self._folder = folder
        self._memory = 0
        self._clock = ScenarioClock(scene.clock, scene.pause)
        self._runner = asyncio.Runner()
        # The numbers go on over restarts, as real random ids would not repeat either.
        self._numbers = count(1)
        self._engine: Engine | None = None
        self._notices: tuple[Notice, ...] = ()
        self._writes_before = 0

    def rest(self) -> None:
        self._run(complete=False)

    def scan(self) -> None:
        self._run(complete=True)

    def preview(self) -> None:
        self._writes_before = len(self._scene.sync_writes())
        self._runner.run(self._opened().plan())

    def back_up(self) -> None:
        self._opened()
        self.close()
        shutil.copy(self._state, self._backup)

    def restore(self) -> None:
        self.close()
        shutil.copy(self._backup, self._state)

    def _run(self, *, complete: bool) -> None:
        self._writes_before = len(self._scene.sync_writes())
        try:
            report = self._runner.run(self._opened().run(complete=complete))
        except SideStopped as stopped:
            # Its process ends here, and is started again when it is next wanted.
            self._notices = (Notice("stop", WINNERS.get(stopped.system, stopped.system), None),)
            self.close()
            return
        conflicts = tuple(Notice("conflict", _dotted(each.field), WINNERS[each.winner]) for each in report.conflicts)
        notices = tuple(Notice(each.kind, _dotted(each.field or ""), None) for each in report.notices)
        self._notices = conflicts + notices

    def notices(self) -> tuple[Notice, ...]:
        return self._notices

    def written(self, system: str | None = None) -> int:
        round_ = self._scene.sync_writes()[self._writes_before :]
        return sum(1 for each in round_ if system is None or each.url.startswith(self._scene.base_urls[system]))

    def written_exactly(self, system: str) -> int:
        return self.written(system)

    def restart(self) -> None:
        self.close()

    def forget(self) -> None:
        self.close()
        self._memory += 1

    def close(self) -> None:
        """Let go of the state."""
        if self._engine is not None:
            self._runner.run(self._engine.close())
            self._engine.store.close()
            self._engine = None

    def end(self) -> None:
        """The scenario is over."""
        self.close()
        self._runner.close()

    @property
    def _state(self) -> Path:
        return self._folder / f"state-{self._memory}.sqlite"

    @property
    def _backup(self) -> Path:
        return self._folder / "backup.sqlite"

    def _opened(self) -> Engine:
        if self._engine is None:
            scene = self._scene
            transport = scene.session.transport("sync")
            # A scenario outlives no power cut, so its state need not be forced to disk.
            store = Store.open(self._state, durable=False)
            self._engine = Engine.open(
                store,
                customerp=Endpoint(scene.base_urls["Customerp"], scene.credentials["Customerp"]),
                invoiced=Endpoint(scene.base_urls["Invoiced"], scene.credentials["Invoiced"]),
                flows=_flows(),
                transports={"customerp": transport, "invoiced": transport},
                clock=self._clock,
                pacing=Pacing(sleep=self._clock.sleep),
                ids=lambda: f"{scene.seed:08x}-{next(self._numbers):06d}",
                in_flight=1,
            )
        return self._engine


@cache
def _flows() -> tuple[Flow, ...]:
    """The shipped flows, read once a process."""
    return load_flows()


def _dotted(name: str) -> str:
    """`lines[2].quantity` as the features write it: `lines.2.quantity`."""
    return re.sub(r"\[(\d+)\]", r".\1", name)


@pytest.fixture
def subject(scene: Scene, pytestconfig: pytest.Config) -> Iterator[Product]:
    """The sync under test: ours, at rest and without memory, or the one that runs elsewhere."""
    if pytestconfig.getoption("--sync") == "external":
        yield Hosted(scene, pytestconfig.getoption("--poll"), pytestconfig.getoption("--patience"))
        return
    with TemporaryDirectory(prefix="counterpart-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        subject = Subject(scene, Path(folder))
        yield subject
        subject.end()
