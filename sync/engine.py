"""The engine: read both sides, bring every link to rest, report."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sync import audit, resting
from sync.clock import Clock
from sync.connector import Connector
from sync.customerp import Customerp
from sync.decisions import deletes_held
from sync.dispatch import InProcess, together
from sync.errors import SideStopped
from sync.events import Listener, RunEnded, RunStarted, RunStopped, nobody
from sync.flow import load_flows
from sync.http import Endpoint, Pacing
from sync.invoiced import Invoiced
from sync.links import Conflict, Notice, System
from sync.pausing import paused
from sync.ports import Dispatch, Storage
from sync.prediction import Predicting
from sync.reconcile import Reconciler
from sync.report import Plan, Progress, RunReport, Scan, Status, Write, without_numbers
from sync.run import Run
from sync.schema import Flow
from sync.slots import MOST_IN_FLIGHT, Slots
from sync.transport import Transport
from sync.walk import Walk

_MOST_ROUNDS = 10
_TOGETHER = 256  # links brought to rest in one transaction
_BETWEEN_SCANS = timedelta(days=7)


@dataclass
class Engine:
    """Keeps the records of Customerp and Invoiced in step, flow by flow."""

    store: Storage
    flows: tuple[Flow, ...]
    customerp: Customerp
    invoiced: Invoiced
    clock: Clock
    ids: Callable[[], str]
    in_flight: int
    dispatch: Dispatch
    pacing: Pacing
    progress: Callable[[Progress], None] | None
    listen: Listener
    _stopping: bool = False
    _scan: Scan | None = None

    @classmethod
    def open(
        cls,
        store: Storage,
        *,
        customerp: Endpoint,
        invoiced: Endpoint,
        flows: Sequence[Flow] | None = None,
        transports: Mapping[str, Transport] | None = None,
        clock: Clock,
        ids: Callable[[], str],
        in_flight: int = MOST_IN_FLIGHT,
        dispatch: Dispatch | None = None,
        progress: Callable[[Progress], None] | None = None,
        pacing: Pacing | None = None,
        listen: Listener = nobody,
    ) -> Engine:
        """An engine over a store. `ids` gives the idempotency keys: 6 to 40 letters, digits, dashes.

        With `in_flight=1` every call waits for the one before it, and the order is always the same. `progress` tells
        people how far a phase is, `listen` hears of everything that happens.
        """
        given, waiting = transports or {}, pacing or Pacing(jitter=random.random)
        return cls(
            store,
            tuple(flows) if flows is not None else load_flows(),
            Customerp(
                customerp,
                transport=given.get("customerp"),
                clock=clock,
                pacing=waiting,
                slots=Slots(in_flight),
                listen=listen,
            ),
            Invoiced(
                invoiced,
                transport=given.get("invoiced"),
                clock=clock,
                pacing=waiting,
                slots=Slots(in_flight),
                listen=listen,
            ),
            clock,
            ids,
            in_flight,
            # Twice as many workers as calls, so that the next write is stored and ready when a call has its answer.
            dispatch or InProcess(2 * in_flight if in_flight > 1 else 1),
            waiting,
            progress,
            listen,
        )

    async def run(self, *, complete: bool = False) -> RunReport:
        """Work until both sides are at rest; raises SideStopped when a system does not serve us.

        A complete run reads everything and so finds what was deleted unseen. One is due every week.
        """
        complete = complete or self._scan_due()
        before, began = self.customerp.reads + self.invoiced.reads, self.clock.monotonic()
        self.listen(RunStarted(complete))
        try:
            writes, conflicts, notices = await self._work(
                self.store, {"customerp": self.customerp, "invoiced": self.invoiced}, self.ids, complete, self.listen
            )
            if self._scan is not None:
                lost = await audit.audit(self.store, self.invoiced, self.flows, self.clock.now())
                told = sum(notice.field is not None for notice in lost)
                self._scan, notices = replace(self._scan, overwritten=told), (*notices, *lost)
        except SideStopped as stopped:
            self.listen(RunStopped(stopped.system, type(stopped).__name__, self.clock.monotonic() - began))
            raise
        with self.store.transaction():
            self.store.set_cursor("last-run", self.clock.now().isoformat())
        reads = self.customerp.reads + self.invoiced.reads - before
        self.listen(RunEnded(self.clock.monotonic() - began, reads, len(writes), len(conflicts), len(notices)))
        return RunReport(writes, conflicts, notices, reads, self.customerp.missing, self._scan)

    def stop(self) -> None:
        """Let a run end early: what is under way is finished and stored, and nothing more is begun."""
        self._stopping = True
        self.dispatch.stop()

    async def plan(self) -> Plan:
        """What `run` would do now: the same work over a copy of the store, with every write predicted."""
        numbers = iter(range(1, 2**31))
        copy = self.store.copy()
        try:
            writes, conflicts, notices = await self._work(
                copy,
                {
                    "customerp": Predicting(self.customerp, self.clock),
                    "invoiced": Predicting(self.invoiced, self.clock),
                },
                lambda: f"plan-{next(numbers):06}",
                self._scan_due(),
                nobody,
            )
        finally:
            copy.close()
        return Plan(tuple(map(without_numbers, writes)), conflicts, notices, self.customerp.missing)

    async def close(self) -> None:
        """Close the connections; the store stays open."""
        await self.customerp.close()
        await self.invoiced.close()

    def status(self) -> Status:
        """The state of the store, without asking the systems."""
        return standing(self.store, self.flows)

    def _scan_due(self) -> bool:
        last = self.store.cursor("scan")
        return last is not None and self.clock.now() - datetime.fromisoformat(last) >= _BETWEEN_SCANS

    async def _work(
        self,
        store: Storage,
        connectors: Mapping[System, Connector],
        ids: Callable[[], str],
        complete: bool,
        listen: Listener,
    ) -> tuple[tuple[Write, ...], tuple[Conflict, ...], tuple[Notice, ...]]:
        session = int(store.cursor("session") or 0) + 1
        with store.transaction():
            store.set_cursor("session", str(session))
        walk = Walk(store, self.clock, session, self.progress, complete)
        flows = {flow.id: flow for flow in self.flows}
        run = Run(store, connectors, flows, self.clock, ids, self.pacing, walk, session, listen)
        reconciler = Reconciler(run)
        for link in store.interrupted():
            await reconciler.reconcile(link, only_intent=True)
        await self._read(run)
        for flow in self.flows:
            self._weigh_deletes(run, flow)
        audit.begin(store, self.flows)
        self._scan = walk.scan
        with store.transaction():
            if complete or store.cursor("scan") is None:
                store.set_cursor("scan", self.clock.now().isoformat())
            store.wake_due(self.clock.now().timestamp())
        await self._rest(store, reconciler)
        found = [notice for notices in run.outcome.notices.values() for notice in notices]
        return (
            tuple(run.outcome.writes),
            tuple(run.outcome.conflicts.values()),
            tuple(dict.fromkeys((*walk.notices, *found))),
        )

    async def _read(self, run: Run) -> None:
        """Nothing is written before both sides are read: what one lacks may be what the other is about to show."""

        async def theirs() -> None:
            for flow in self.flows:
                await run.walk.invoiced(run.connectors["invoiced"], flow)

        ours = run.walk.customerp(self.customerp, self.flows)
        if self.in_flight == 1:
            await ours
            await theirs()
            return
        await together([ours, theirs()])

    async def _rest(self, store: Storage, reconciler: Reconciler) -> None:
        """Flow by flow in dependency order, until a whole round finds nothing to do."""
        for _ in range(_MOST_ROUNDS):
            busy = False
            for flow in self.flows:
                waiting = [] if self._stopping or paused(store, flow.id) else self._allowed(reconciler.run, flow)
                busy = busy or bool(waiting)
                await self._all(flow, waiting, reconciler)
            if not busy:
                return

    def _weigh_deletes(self, run: Run, flow: Flow) -> None:
        """Let the deletes known by now go on, unless they are too many to be meant and no person says that they are."""
        pending = run.store.deleting(flow.id)
        if not deletes_held(run.store, flow):
            run.deletes.update(pending)
            return
        reason = f"{len(pending)} deletes are pending; that many wait for a person to allow them"
        run.walk.notices.append(Notice(flow.id, "*", None, "needs_attention", reason))

    def _allowed(self, run: Run, flow: Flow) -> list[int]:
        """Links with work, but for deletes that have to wait."""
        held = {*run.store.deleting(flow.id)} - run.deletes
        return [link for link in run.store.dirty(flow.id) if link not in held]

    async def _all(self, flow: Flow, links: Sequence[int], reconciler: Reconciler) -> None:
        done = 0
        left: list[int] = []

        def told(number: int) -> None:
            nonlocal done
            done += number
            if self.progress is not None and number:
                self.progress(Progress(f"writing {flow.id}", done, len(links)))

        async def handle(link: int) -> None:
            await reconciler.reconcile(link)
            told(1)

        for at in range(0, len(links), _TOGETHER):
            if self._stopping:
                return
            some = links[at : at + _TOGETHER]
            others = resting.settle(reconciler.run, flow, some)
            left += others
            told(len(some) - len(others))
            await asyncio.sleep(0)
        await self.dispatch.run(left, handle)


def standing(store: Storage, flows: Iterable[Flow]) -> Status:
    """What a store says of its links, without asking the systems."""
    links: dict[str, dict[str, int]] = {flow.id: {} for flow in flows}
    alone = {flow.id: 0 for flow in flows}
    for (flow, state, only_invoiced), number in sorted(store.counts().items()):
        if only_invoiced:
            alone[flow] = alone.get(flow, 0) + number
        else:
            states = links.setdefault(flow, {})
            states[state] = states.get(state, 0) + number
    standing = list(store.standing())
    return Status(
        links,
        alone,
        len(store.open_intents()),
        tuple(c for link in standing for c in link.conflicts),
        tuple(n for link in standing for n in link.notices),
        store.cursor("last-run"),
        {flow: words for flow in links if (words := paused(store, flow))},
    )
