"""One seed: a world, its people, the real engine, and everything that can go wrong; then rest, and the accounts."""

from __future__ import annotations

import asyncio
import hashlib
import random
import sqlite3
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import sites
from clockwork import VirtualClock, VirtualLoop
from garbling import Garbled
from invariants import Books
from lists import Lists, Oddity
from memory import Memory
from mortal import Disk, Gate, MortalStore, Process
from network import ENDPOINTS, FATES, SLOWEST, Call, Fate, Killed, Network, Person
from occasions import OCCASIONS
from people import DEEDS, Event, Office, history
from planning import check_done, check_reading, refused
from sides import Sides
from violation import Violation

from counterpart.emulators import Customerp, Invoiced
from sync import Engine, Pacing, RunReport, SideStopped, Store, load_flows
from sync.engine import standing

FLOWS = load_flows()
_ROUNDS = 16  # that a quiet world is given to come to rest
_WEEK = 7 * 86400.0  # after which a complete scan is due
_PAUSE = 14_400.0  # seconds between them; longer than any pause before a retry


@dataclass(frozen=True)
class Plan:
    """Everything that decides what happens; the same plan gives the same trace."""

    seed: int
    events: tuple[Event, ...]
    faults: tuple[tuple[int, Fate], ...] = ()  # ordinal of a call, and what happens to it
    crashes: frozenset[int] = frozenset()  # ordinals of points at which the process ends
    length: float = 240.0
    in_flight: int = 4
    deaf: frozenset[str] = frozenset()
    lossy: bool = False
    racing: frozenset[str] = frozenset()  # where people often edit what is about to be changed there
    slow: bool = False  # every call takes its time
    spoiling: bool = False  # people often reword what was just written, while its answer is lost
    poisoned: frozenset[str] = frozenset()  # numbers of customers of Invoiced that no program can write
    poison: Fate = "error"  # what becomes of every such write; only errors are for ever
    lists: Oddity | None = None
    scans: float = 0.1  # the share of complete runs
    pause: float = 40.0  # the longest between two runs
    garbled: bool = False  # customers with a mark cannot be read
    planned: bool = False  # before each run somebody asks what it would do
    power: bool = False  # a process ends by a power cut, which loses what was not on the disk

    @classmethod
    def of(cls, seed: int) -> Plan:
        """The plan that a seed stands for."""
        chance = random.Random(seed)
        length = chance.choice((120.0, 240.0))
        rate = chance.choice((0.0, 0.03, 0.1))
        faults = tuple((n, chance.choice(FATES)) for n in range(400) if chance.random() < rate)
        crashes = frozenset(chance.randrange(1, 1200) for _ in range(chance.choice((0, 1, 3, 8))))
        return cls(
            seed,
            tuple(history(chance, length, chance.randrange(5, 40))),
            faults,
            crashes,
            length,
            chance.choice((1, 4, 16)),
            frozenset(chance.choice(((), (), ("phone",), ("email", "city")))),
            chance.random() < 0.3,
            frozenset(("customerp",)) if chance.random() < 0.3 else frozenset(),
        )


@dataclass
class Outcome:
    """What became of a plan."""

    violation: Violation | None
    hash: str
    points: int
    steps: int
    calls: int
    crashes: tuple[int, ...]  # the points at which the process ended
    counts: Counter[str]
    trace: list[str]


class Scene:
    """Plays one plan; `ends`, told of each site, may end the process there beside the plan."""

    def __init__(self, plan: Plan, ends: Callable[[str], bool] | None = None) -> None:
        self._plan, self._ends = plan, ends
        self._chance, self._told = random.Random(plan.seed ^ 0x5EED), random.Random(plan.seed ^ 0xB311)
        self.deeds: dict[Event, list[str]] = {}  # what each came to
        self._bell: asyncio.Future[None] | None = None
        self._clock = VirtualClock()
        self._loop = VirtualLoop(self._clock, random.Random(plan.seed ^ 0xA51C), self._on_step)
        self._loop.set_exception_handler(self._on_error)
        first = Store.open(":memory:", durable=False)
        self._database = first._db
        self._disk = Disk(self._database)
        self._erp, self._inv = Customerp(self._clock), Invoiced(self._clock, seed=plan.seed)
        seen = {"customerp": Memory(), "invoiced": Memory()}
        sides = Sides(
            Person("customerp", self._erp, None, seen["customerp"]),
            Person("invoiced", self._inv, None, seen["invoiced"]),
        )
        told = any(flow.on_delete == "deactivate" for flow in FLOWS)
        self._books = Books(lambda: self._clock.elapsed, self._database, sides, plan.in_flight, told)
        lists = Lists(self._books, plan.lists, self._loop.time, plan.seed) if plan.lists is not None else None
        watcher = lists or self._books
        self._office = Office(
            Person("customerp", self._erp, watcher, seen["customerp"]),
            Person("invoiced", self._inv, watcher, seen["invoiced"], lossy=plan.lossy),
        )
        self._network = Network(
            plan.seed,
            self._loop,
            {"customerp": self._erp, "invoiced": self._inv},
            dict(plan.faults),
            watcher,
            lists or (Garbled() if plan.garbled else None),
            memories=seen,
            kill=self._kill,
            deaf=plan.deaf,
            lossy=plan.lossy,
            racing=plan.racing,
            slow=plan.slow,
            spoiling=plan.spoiling,
            poisoned=plan.poisoned,
            poison=plan.poison,
        )
        self._network.people = {"customerp": self._office.erp, "invoiced": self._office.inv}
        self._process: Process | None = None
        self._processes = 0
        self._keys = self._acted = 0
        self._points = 0
        self._crashes: list[int] = []
        self._resting = False
        self._scanned: list[tuple[str, str, str | None]] = []
        self._error: Exception | None = None

    @property
    def calls(self) -> Sequence[Call]:
        """Of the sync, in the order in which they were made."""
        return self._network.log

    def play(self) -> Outcome:
        """Run the plan to its end; a violation ends it early."""
        violation: Violation | None = None
        try:
            self._loop.run_until_complete(self._play())
        except Exception as error:
            error = self._error or error
            where = "".join(traceback.format_exception(error)[-4:])
            unforeseen = Violation("an exception", f"{type(error).__name__}: {error}\n{where}")
            violation = error if isinstance(error, Violation) else unforeseen
        finally:
            for task in asyncio.all_tasks(self._loop):
                task._log_destroy_pending = False  # type: ignore[attr-defined]
                with suppress(RuntimeError, Killed):  # not all that waits can be left at once
                    task.get_coro().close()  # type: ignore[union-attr] - ours are all coroutines
            self._loop.close()
            self._database.close()
            self._disk.close()
        trace = self._books.trace
        self._books.counts += Counter({f"call: {fate}": number for fate, number in self._network.fates.items()})
        self._books.counts["call: overtook another one's answer"] += self._network.overtaken
        return Outcome(
            violation,
            hashlib.sha256("\n".join(trace).encode()).hexdigest()[:16],
            self._points,
            self._loop.steps,
            len(self._network.log),
            tuple(self._crashes),
            self._books.counts,
            trace,
        )

    async def _play(self) -> None:
        for event in self._plan.events:
            if event.at <= 0:
                self._act(event)
            else:
                self._loop.call_at(event.at, self._act, event)
        while self._clock.elapsed < self._plan.length:
            await self._run()
            await self._pause(self._chance.uniform(min(1, self._plan.pause / 2), self._plan.pause))
        await asyncio.sleep(60)
        self._network.quiet = self._resting = True
        await self._rest()

    async def _rest(self) -> None:
        quiet, scanned = 0, False
        for _ in range(_ROUNDS):
            before = self._books.writes
            await self._run()
            status = standing(_store(self._database), FLOWS)
            # A delete that is held back with many others rests, too, until a person allows it.
            due = "SELECT count(*) FROM link WHERE state = 'retry' AND deleted IS NULL"
            (retrying,) = self._database.execute(due).fetchone()
            # A record whose attempts are spent rests with its intent, until a person arms it again.
            dead = sum(states.get("dead", 0) for states in status.links.values())
            moved = self._books.writes != before or retrying or status.open_intents > dead
            quiet = 0 if moved else quiet + 1
            if quiet == 2 and not scanned:
                quiet, scanned = 0, True
                await asyncio.sleep(_WEEK)
                continue
            if quiet == 2:
                told = [(n.flow, n.key, n.field) for n in status.notices]
                told += [(c.flow, c.key, c.field) for c in status.conflicts]
                told += self._scanned
                self._books.at_rest(told)
                return
            await asyncio.sleep(_PAUSE)
        raise Violation("I3", "a quiet world does not come to rest")

    async def _run(self) -> None:
        """One run of the engine, in a new process if the last one ended."""
        process = self._process or self._start()
        self._books.begins()
        complete = not self._resting and self._chance.random() < self._plan.scans
        work = self._planned(process.engine) if self._plan.planned else process.engine.run(complete=complete)
        process.task = self._loop.create_task(work)
        try:
            report = await process.task
            self._books.reported(report.conflicts)
            whole = self._plan.lists in (None, "late")  # otherwise some were left out of their list
            if self._resting and whole and report.scan is not None and report.scan.missed_edits:
                raise Violation("I5", f"a complete scan finds {report.scan.missed_edits} edits that no walk has shown")
            # That too many records are missing at once is told by the run, and of none of them.
            self._scanned += [(n.flow, n.key, n.field) for n in report.notices if n.key == "*"]
        except SideStopped:
            if self._resting:
                raise
        except (Killed, asyncio.CancelledError):
            self._process = None
            await asyncio.sleep(SLOWEST * 2 + self._chance.uniform(0, 5))
        finally:
            process.task = None
        if self._error is not None:
            raise self._error

    async def _planned(self, engine: Engine) -> RunReport:
        """A run whose plan was asked for before."""
        calls, acted = len(self.calls), self._acted
        plan = await engine.plan()
        check_reading(self.calls[calls:])
        calls, report = len(self.calls), await engine.run()
        if acted == self._acted and not any(refused(call) for call in self.calls[calls:]):
            check_done(plan.writes, report.writes)
        return report

    def _start(self) -> Process:
        self._processes += 1
        process = Process(self._processes, Gate(self._database))
        store = MortalStore(process.gate, "simulated")  # type: ignore[arg-type] - it asks no more of a database
        store.point, store.disk = self.commit_point, self._disk
        store._waits = True if self._plan.power else None
        process.engine = Engine.open(
            store,
            customerp=ENDPOINTS["customerp"],
            invoiced=ENDPOINTS["invoiced"],
            flows=FLOWS,
            transports={system: self._network.transport(system, process) for system in ENDPOINTS},
            clock=self._clock,
            ids=self._key,
            in_flight=self._plan.in_flight,
            pacing=Pacing(sleep=asyncio.sleep, jitter=self._chance.random),
        )
        self._process = process
        return process

    async def _pause(self, seconds: float) -> None:
        """Between two rounds: so long, or until a webhook rings."""
        self._bell = self._loop.create_future()
        timer = self._loop.call_later(seconds, self._ring, None)
        await self._bell
        timer.cancel()

    def _ring(self, name: str | None) -> None:
        if name is not None:
            self._books.counts[name] += 1
        if self._bell is not None and not self._bell.done():
            self._bell.set_result(None)

    def _act(self, event: Event) -> None:
        """A deed, and the webhooks that tell of it: some come late, some twice, some never."""
        self._books.counts[f"deed: {event.deed}"] += 1
        before, self._acted = len(self._books.trace), self._acted + 1
        deed = OCCASIONS.get(event.deed) or DEEDS[event.deed][1]
        deed(self._office, event.which, event.what)
        self.deeds[event] = self._books.trace[before:]
        for name, share in (("webhook", 0.4), ("webhook, once more", 0.15)):
            if event.at > 0 and self._told.random() < share:
                self._loop.call_later(self._told.uniform(0.05, 8), self._ring, name)

    def _on_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What was raised while a request was applied or a person acted; the next step of the play raises it."""
        error = context.get("exception")
        if isinstance(error, Exception) and self._error is None:
            self._error = error

    def _key(self) -> str:
        self._keys += 1
        return f"key-{self._keys:06}"

    # Where a process can end

    def commit_point(self, moment: str) -> None:
        if self._point(lambda: sites.of_commit(moment)):
            self._books.counts["the process ended around a commit"] += 1
            raise Killed

    def _on_step(self, handle: asyncio.Handle) -> None:
        if self._process is not None and self._process.task is not None and self._point(lambda: sites.of_step(handle)):
            task = self._process.task
            self._books.counts["the process ended at an await"] += 1
            if task is not None:
                task.cancel()

    def _point(self, site: Callable[[], str]) -> bool:
        process = self._process
        if process is None or process.task is None or process.dead or self._resting:
            return False
        self._points += 1
        if self._points not in self._plan.crashes and (self._ends is None or not self._ends(site())):
            return False
        self._crashes.append(self._points)
        self._end(process)
        return True

    def _kill(self) -> None:
        process = self._process
        if process is not None and process.task is not None and not process.dead:
            self._end(process)
            process.task.cancel()

    def _end(self, process: Process) -> None:
        """From here on nothing that the process still does has an effect."""
        process.dead = process.gate.dead = True
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")
        if self._plan.power:
            self._disk.restore()


def _store(database: sqlite3.Connection) -> Store:
    return Store(database, "simulated")
