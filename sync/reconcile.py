"""The handler of one link: level-triggered, carries no data, may run any number of times.

Every write goes the only way allowed: the plan; the intent, stored before the call (T2); the call (C); the answer, the
shadow and the closed intent in one transaction (T3).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sync import matching, recovery
from sync.clock import Clock
from sync.connector import Connector, Operation, Prepared, Seen, Written
from sync.converters import Reference
from sync.errors import (
    Broken,
    CallFailed,
    EndpointDown,
    Gone,
    Locked,
    OutcomeUnknown,
    Refused,
    Stale,
    Superseded,
    Unavailable,
)
from sync.events import LinkRested, Listener, WriteSettled
from sync.http import LONGEST_PAUSE, Pacing
from sync.links import TITLES, Intent, Interval, Link, Notice, NoticeKind, State, System, key_of
from sync.plan import Change, LinkPlan, plan_create, plan_link
from sync.report import Write
from sync.schema import Flow
from sync.settlement import accepted, observe, settle
from sync.store import Store
from sync.values import BadValue
from sync.walk import Walk
from sync.writing import (
    extra_report,
    intent_of,
    names_of,
    path_of,
    report_of,
    side_of,
    waiting_for,
    wanted,
    wrong_total,
)

_MOST_STEPS = 24  # a link at rest needs a handful; more is a loop
_MOST_WRITES = 3  # of one field in one run, before it counts as ping-pong
_MOST_ATTEMPTS = 8
_STUCK = (State.DEAD, State.NEEDS_ATTENTION, State.AMBIGUOUS, State.TOMBSTONED)
_STALE_SECONDS = 5.0  # a record without a version, last seen longer ago, is read again before it is written


@dataclass
class Outcome:
    """What a run has done so far."""

    writes: list[Write] = field(default_factory=list)
    notices: dict[int, tuple[Notice, ...]] = field(default_factory=dict)
    conflicts: dict[tuple[int, str], Any] = field(default_factory=dict)


class Reconciler:
    """Brings links to rest, one at a time each."""

    def __init__(
        self,
        store: Store,
        connectors: Mapping[System, Connector],
        flows: Mapping[str, Flow],
        clock: Clock,
        ids: Callable[[], str],
        pacing: Pacing,
        walk: Walk,
        session: int,
        listen: Listener,
    ) -> None:
        self.store, self.connectors, self.flows, self.clock = store, connectors, flows, clock
        self.ids, self.pacing, self.walk, self.session = ids, pacing, walk, session
        self.listen = listen
        self.outcome = Outcome()
        self.read_until: dict[tuple[System, str], float] = {}  # when the walk of a flow's side had ended
        self._written: Counter[tuple[int, str]] = Counter()

    # Resolver

    def target_of(self, flow: str, source_id: str) -> str | None:
        link = self.store.by_remote(flow, "customerp", source_id)
        return link.inv_id if link is not None and link.linked else None

    def source_of(self, flow: str, target_id: str) -> str | None:
        link = self.store.by_remote(flow, "invoiced", target_id)
        return link.erp_id if link is not None and link.linked else None

    async def reconcile(self, link_id: int, *, only_intent: bool = False) -> None:
        """Bring one link to rest; raises SideStopped when a system as a whole does not serve us.

        With `only_intent` just a write of unknown outcome is settled: before the walk, what the store says of both
        sides is old, and nothing may be planned from it.
        """
        began = self.clock.monotonic()
        await self._to_rest(link_id, only_intent)
        link = self.store.link(link_id)
        self.listen(LinkRested(link.flow, link.id, link.state, self.clock.monotonic() - began))

    async def _to_rest(self, link_id: int, only_intent: bool) -> None:
        lost = 0
        for _ in range(_MOST_STEPS):
            link = self.store.link(link_id)
            flow = self.flows[link.flow]
            if not link.dirty:
                return
            try:
                if link.intent is not None:
                    await recovery.resolve(self, flow, link)
                elif only_intent or not await self._step(flow, link):
                    return
            except Superseded:
                continue
            except OutcomeUnknown as unknown:
                lost += 1
                if lost > _MOST_WRITES:
                    system = next(c for s, c in self.connectors.items() if TITLES[s] == unknown.system)
                    raise EndpointDown(
                        unknown.system,
                        system.url,
                        f"no answer to {unknown.call}",
                        "Check the system and start again; the write is looked up first",
                    ) from unknown
                await self.pacing.sleep(2**lost * self.pacing.jitter())
            except CallFailed as failed:
                self._postpone(self.store.link(link_id), failed)
                return
            except BadValue as odd:
                self.needs_attention(self.store.link(link_id), f"it shows what cannot be read: {odd}")
                return
        self._rest(
            self.store.link(link_id),
            State.NEEDS_ATTENTION,
            "does not come to rest",
            [self._notice(self.store.link(link_id), None, "needs_attention", f"not at rest after {_MOST_STEPS} steps")],
        )

    async def _step(self, flow: Flow, link: Link) -> bool:
        """One write, or whatever else brings the link nearer to rest; False when it is there."""
        if link.state is State.TOMBSTONED:
            return False
        if link.erp_id is None:
            self._rest(link, link.state, link.reason, [])
            return False
        if link.recheck:
            return await self._recheck(flow, link)
        if link.erp is None:
            return False
        if link.inv_id is None:
            return await self._create(flow, link)
        if link.inv is None:
            return await self._reread(flow, link, "invoiced") is not None
        return await self._change(flow, link, plan_link(flow, link, self))

    async def _recheck(self, flow: Flow, link: Link) -> bool:
        systems: tuple[System, ...] = ("customerp", "invoiced")
        for system in systems:
            if (link.erp_id if system == "customerp" else link.inv_id) is not None:
                seen = await self._reread(flow, link, system)
                if seen is None:
                    return False
                link = self.store.link(link.id)
        with self.store.transaction():
            self.store.save(replace(link, recheck=False))
        return True

    async def _create(self, flow: Flow, link: Link) -> bool:
        match = matching.find(self.store, flow, link)
        if match.adopted is not None:
            with self.store.transaction():
                matching.adopt(self.store, flow, link, match.adopted)
                self.store.wake(f"{flow.id}:{link.erp_id}")
            return True
        if match.problem is not None:
            state = State.AMBIGUOUS if match.problem[0] == "ambiguous" else State.NEEDS_ATTENTION
            self._rest(link, state, match.problem[1], [self._notice(link, None, *match.problem)])
            return False
        creation = plan_create(flow, link, self)
        if creation.change is None:
            assert creation.notice is not None
            field_, kind, reason = creation.notice
            if creation.waits_for is not None:
                reason = self._waiting(creation.waits_for)
            state = State.WAITING if creation.waits_for else State.DISCOVERED
            state = State.NEEDS_ATTENTION if kind == "unmappable" else state
            self._rest(link, state, reason, [self._notice(link, field_, kind, reason)], waits_for=creation.waits_for)
            return False
        prepared = self.connectors["invoiced"].prepare(wanted(flow, link, "invoiced", creation.change, None))
        assert prepared.operation is not None
        await self._write(flow, link, "invoiced", creation.change, prepared, prepared.operation)
        return True

    async def _change(self, flow: Flow, link: Link, plan: LinkPlan) -> bool:
        blocked: list[Notice] = []
        frozen = False
        systems: tuple[System, ...] = ("invoiced", "customerp")
        for system in systems:
            change = plan.to_target if system == "invoiced" else plan.to_source
            if not change:
                continue
            prepared = self.connectors[system].prepare(wanted(flow, link, system, change, None))
            raw = None
            if prepared.needs_raw or (prepared.operation is not None and self._stale(link, system)):
                seen = await self._reread(flow, link, system)
                if seen is None:
                    return False
                # Whatever the fresh look shows counts for the other side, too.
                link, raw = self.store.link(link.id), seen.raw
                plan = plan_link(flow, link, self)
                change = plan.to_target if system == "invoiced" else plan.to_source
                if not change:
                    return True
                prepared = self.connectors[system].prepare(wanted(flow, link, system, change, raw))
            blocked += self._blocked(flow, link, system, prepared)
            frozen = frozen or any(kind == "frozen" for kind, _ in prepared.blocked.values())
            if prepared.operation is None:
                continue
            tripped = self._tripped(link, flow, system, prepared)
            if tripped is not None:
                self._rest(link, State.NEEDS_ATTENTION, tripped.reason, [*plan.notices, *blocked, tripped])
                return False
            self._remember(link.id, [notice for notice in plan.notices if notice.kind == "deviation"])
            await self._write(flow, link, system, change, prepared, prepared.operation)
            return True
        state = (
            State.WAITING
            if plan.waits_for
            else State.CONFLICTED
            if any(c.winner is None for c in plan.conflicts)
            else State.FROZEN
            if frozen
            else State.LINKED
        )
        reason = self._waiting(plan.waits_for) if plan.waits_for else None
        for conflict in plan.conflicts:
            self.outcome.conflicts.setdefault((link.id, conflict.field), conflict)
        settled = replace(
            link,
            shadow=plan.shadow,
            diverged=plan.diverged,
            children=plan.children,
            conflicts=tuple(c for c in plan.conflicts if c.winner is None),
        )
        self._rest(settled, state, reason, [*plan.notices, *blocked], waits_for=plan.waits_for)
        return False

    async def _write(
        self, flow: Flow, link: Link, system: System, change: Change, prepared: Prepared, operation: Operation
    ) -> None:
        intent = intent_of(flow, link, system, change, prepared, operation, self.ids())
        if operation.id is not None:
            plan = plan_link(flow, link, self)
            for conflict in plan.conflicts:
                self.outcome.conflicts.setdefault((link.id, conflict.field), conflict)
            # What both sides agree on is kept before the call: if its answer is lost, a later edit must not meet a
            # property that looks as if it had never been brought together.
            link = replace(link, shadow=plan.shadow, diverged=plan.diverged)
        with self.store.transaction():
            link = self.store.save(
                replace(link, intent=intent, state=State.WRITING if operation.id else State.CREATING)
            )
        await self.carry_out(flow, link, operation)

    async def carry_out(self, flow: Flow, link: Link, operation: Operation) -> None:
        """The call of a stored intent and what follows from its answer."""
        intent = link.intent
        assert intent is not None
        connector = self.connectors[intent.system]
        try:
            written = await connector.write(operation, intent.key)
        except OutcomeUnknown:
            raise
        except Gone:
            if operation.id is None:
                raise
            with self.store.transaction():
                link = self.store.save(replace(link, intent=None))
                self.walk.gone(flow, intent.system, operation.id)
        except Stale:
            link = self._abandon(link, dirty=True)
            await self._reread(flow, link, intent.system)
        except Refused as refused:
            if operation.id is None and refused.param in (flow.match.target, "number", "id"):
                await recovery.taken(self, flow, link, refused)
                return
            blamed = next((pair.name for pair in flow.pairs if path_of(pair, intent.system) == refused.param), None)
            if operation.id is None or blamed is None or blamed not in intent.fields:
                self.needs_attention(link, str(refused), blamed)
            else:
                self._leave_out(link, blamed, str(refused))
        except Locked as locked:
            # The state of the document was not known when this was planned; see what it is and plan again.
            link = self._abandon(link, dirty=True)
            before = link.inv.frozen if link.inv is not None else None
            await self._reread(flow, link, intent.system)
            again = self.store.link(link.id)
            if again.inv is not None and again.inv.frozen == before:
                self._rest(again, State.FROZEN, str(locked), [self._notice(again, None, "frozen", str(locked))])
        except Unavailable as failed:
            self._postpone(replace(link, intent=None), failed)
        except Broken as failed:
            # It may have taken effect, so the intent stays; Invoiced repeats the error to whoever asks under its key.
            self._postpone(replace(link, intent=replace(intent, key=self.ids())), failed)
        else:
            self._settle(flow, link, operation, written)

    def settled(self, flow: Flow, link: Link, intent: Intent) -> None:
        """Note a write in the report and the history; inside the transaction that settles it."""
        write = report_of(flow, link, intent)
        self.outcome.writes.append(write)
        self.store.record(link.id, self.clock.now().isoformat(), intent.system, intent.operation, write.fields)
        self.listen(WriteSettled(flow.id, link.id, intent.system, intent.operation, len(write.fields)))

    def _settle(self, flow: Flow, link: Link, operation: Operation, written: Written) -> None:
        intent = link.intent
        assert intent is not None
        connector = self.connectors[intent.system]
        record = connector.record(operation.object, written.seen.raw)
        seen = Interval(self.session, written.seen.start, written.seen.end)
        new = observe(flow, intent.system, record, seen)
        after, notices = settle(flow, link, record, new, self)
        wrong = wrong_total(after, intent, record.lines_total)
        if wrong is not None and flow.lines is not None:
            notices.append(self._notice(link, flow.lines.source, "divergence", wrong))
        with self.store.transaction():
            for extra in written.extras:
                self.outcome.writes.append(extra_report(flow, intent, extra.body or {}, extra.note or ""))
            self.settled(flow, link, intent)
            after = self.store.save(after)
            self.store.wake(f"{flow.id}:{after.erp_id}")
        self._remember(link.id, notices)
        for name in (*intent.fields, *(("lines",) if intent.lines is not None else ())):
            self._written[link.id, f"{intent.system}:{name}"] += 1

    async def _reread(self, flow: Flow, link: Link, system: System) -> Seen | None:
        """Read one side again and store it; None when it is gone."""
        side = side_of(flow, system)
        id_ = link.erp_id if system == "customerp" else link.inv_id
        assert id_ is not None
        seen = await self.connectors[system].read(side.object, id_)
        with self.store.transaction():
            if seen is None:
                self.walk.gone(flow, system, id_)
                return None
            record = self.connectors[system].record(side.object, seen.raw)
            new = observe(flow, system, record, Interval(self.session, seen.start, seen.end))
            self.store.save(accepted(flow, self.store.link(link.id), system, record, new))
        return seen

    def _stale(self, link: Link, system: System) -> bool:
        """Whether a record may have changed unseen; one with a version is guarded by If-Match."""
        known = link.observation(system)
        if known is None or known.version is not None:
            return False
        seen = known.seen.end if known.seen.session == self.session else float("-inf")
        walked = self.read_until.get((system, link.flow), float("-inf"))
        return self.clock.monotonic() - max(seen, walked) > _STALE_SECONDS

    def _blocked(self, flow: Flow, link: Link, system: System, prepared: Prepared) -> list[Notice]:
        names = names_of(flow, system)
        return [
            self._notice(link, names.get(path, path), kind, reason) for path, (kind, reason) in prepared.blocked.items()
        ]

    def _tripped(self, link: Link, flow: Flow, system: System, prepared: Prepared) -> Notice | None:
        names = names_of(flow, system)
        for path in sorted(prepared.covers):
            name = names[path]
            if self._written[link.id, f"{system}:{name}"] >= _MOST_WRITES:
                reason = f"written {_MOST_WRITES} times in one run and still not at rest"
                return self._notice(link, name, "needs_attention", reason)
        return None

    def _waiting(self, dependency: str) -> str:
        flow, _, id_ = dependency.partition(":")
        link = self.store.by_remote(flow, "customerp", id_)
        return waiting_for(self.flows[flow], id_, link, link is not None and link.state in _STUCK)

    def _notice(self, link: Link, field: str | None, kind: NoticeKind, reason: str) -> Notice:
        return Notice(link.flow, key_of(self.flows[link.flow].match.name, link), field, kind, reason)

    def needs_attention(self, link: Link, reason: str, field: str | None = None) -> None:
        """Close the intent; the link is tried again when its record changes, or the one it refers to.

        `field` is what is to blame.
        """
        self._rest(
            replace(link, intent=None),
            State.NEEDS_ATTENTION,
            reason,
            [self._notice(link, field, "needs_attention", reason)],
            waits_for=self._refers_to(link),
        )

    def _refers_to(self, link: Link) -> str | None:
        for pair in self.flows[link.flow].pairs:
            if isinstance(pair.converter, Reference) and link.erp is not None and link.erp.values[pair.name]:
                return f"{pair.converter.flow}:{link.erp.values[pair.name]}"
        return None

    def _leave_out(self, link: Link, name: str, reason: str) -> None:
        """Let the other properties go on: the refused one stays different until either side changes it."""
        assert link.erp is not None
        assert link.inv is not None
        pair = (link.erp.values[name], link.inv.values[name])
        with self.store.transaction():
            self.store.save(
                replace(
                    link,
                    intent=None,
                    state=State.LINKED,
                    shadow={**link.shadow, name: pair},
                    diverged={**link.diverged, name: reason},
                )
            )
        self._remember(link.id, [self._notice(link, name, "needs_attention", reason)])

    def _rest(
        self, link: Link, state: State, reason: str | None, notices: list[Notice], *, waits_for: str | None = None
    ) -> None:
        found = tuple(dict.fromkeys(notices))
        self._remember(link.id, found)
        with self.store.transaction():
            self.store.save(replace(link, state=state, reason=reason, dirty=False, waits_for=waits_for, notices=found))

    def _remember(self, link_id: int, notices: Iterable[Notice]) -> None:
        """Keep notices for the report, each once."""
        known = self.outcome.notices.get(link_id, ())
        self.outcome.notices[link_id] = tuple(dict.fromkeys((*known, *notices)))

    def _abandon(self, link: Link, *, dirty: bool) -> Link:
        """Close an intent that provably had no effect."""
        state = State.LINKED if link.inv_id else State.DISCOVERED
        with self.store.transaction():
            return self.store.save(replace(link, intent=None, state=state, dirty=dirty))

    def _postpone(self, link: Link, failed: CallFailed) -> None:
        """Try again later, and not for ever; being asked to slow down (429) is no failure of the record."""
        attempts = link.attempts + (failed.status != 429)
        dead = attempts >= _MOST_ATTEMPTS
        pause = min(LONGEST_PAUSE, 2 * 2**attempts) * self.pacing.jitter()
        due = None if dead else self.clock.now().timestamp() + pause
        self._rest(
            replace(link, attempts=attempts, next_attempt_at=due),
            State.DEAD if dead else State.RETRY,
            str(failed),
            [self._notice(link, None, "needs_attention", str(failed))],
        )
