"""The handler of one link: level-triggered, carries no data, may run any number of times."""

from __future__ import annotations

from msgspec.structs import replace

from sync import deletes, matching, recovery, resting, retiring
from sync.connector import Prepared
from sync.errors import Broken, CallFailed, EndpointDown, OutcomeUnknown, Superseded, Taken
from sync.events import LinkRested
from sync.execution import Execution
from sync.links import TITLES, UNREAD, Link, Notice, State, System
from sync.plan import LinkPlan, plan_create, plan_link
from sync.run import Run
from sync.schema import Flow
from sync.values import BadValue
from sync.writing import names_of, wanted

_MOST_STEPS = 24  # a link at rest needs a handful; more is a loop
_MOST_LOST = 3  # answers in a row, before the system counts as down
_STALE_SECONDS = 5.0  # a record without a version, last seen longer ago, is read again before it is written


class Reconciler:
    """Brings links to rest, one at a time each."""

    def __init__(self, run: Run) -> None:
        self.run, self.execution = run, Execution(run)

    async def reconcile(self, link_id: int, *, only_intent: bool = False) -> None:
        """Bring one link to rest; raises SideStopped when a system as a whole does not serve us.

        With `only_intent` just a write of unknown outcome is settled: before the walk, what the store says of both
        sides is old, and nothing may be planned from it.
        """
        began = self.run.clock.monotonic()
        self.run.spent.pop(link_id, None)
        try:
            await self._to_rest(link_id, only_intent)
            link = self.run.store.link(link_id)
        except Superseded:
            return  # another handler has linked its record, and the link is no more
        self.run.listen(LinkRested(link.flow, link.id, link.state, self.run.clock.monotonic() - began))

    async def _to_rest(self, link_id: int, only_intent: bool) -> None:
        lost = 0
        for _ in range(_MOST_STEPS):
            link = self.run.store.link(link_id)
            flow = self.run.flows[link.flow]
            if not link.dirty:
                return
            try:
                if not await self._nearer(flow, link, only_intent):
                    return
            except Superseded:
                continue
            except OutcomeUnknown as unknown:
                lost += 1
                if lost > _MOST_LOST:
                    system = next(c for s, c in self.run.connectors.items() if TITLES[s] == unknown.system)
                    raise EndpointDown(
                        unknown.system,
                        system.url,
                        f"no answer to {unknown.call}",
                        "Check the system and start again; the write is looked up first",
                    ) from unknown
                await self.run.pacing.sleep(2**lost * self.run.pacing.jitter())
            except CallFailed as failed:
                self.run.postpone(self.run.store.link(link_id), failed)
                return
            except BadValue as odd:
                self._unread(replace(self.run.store.link(link_id), recheck=True), odd)
                return
        self.run.rest(
            self.run.store.link(link_id),
            State.NEEDS_ATTENTION,
            "does not come to rest",
            [
                self.run.notice(
                    self.run.store.link(link_id), None, "needs_attention", f"not at rest after {_MOST_STEPS} steps"
                )
            ],
        )

    def _unread(self, link: Link, odd: BadValue) -> None:
        """A record that cannot be read is left alone until it can; a change of unknown outcome stays known as such."""
        problem = f"shows what cannot be read: {odd}"
        if link.intent is None or link.intent.id is None:
            self.run.needs_attention(link, f"it {problem}")
            return
        what = f"{link.intent.object} {link.intent.id}"
        self.run.postpone(link, Broken(TITLES[link.intent.system], what, None, problem))

    async def _nearer(self, flow: Flow, link: Link, only_intent: bool) -> bool:
        """Settle the open intent, or else take a step; False when nothing more is to be done."""
        try:
            if link.intent is not None:
                await recovery.resolve(self.execution, flow, link)
                return True
            return not only_intent and await self._step(flow, link)
        except Taken as refused:
            await recovery.taken(self.execution, flow, self.run.store.link(link.id), refused)
            return True

    async def _step(self, flow: Flow, link: Link) -> bool:
        """One write, or whatever else brings the link nearer to rest; False when it is there."""
        if link.recheck:
            return await self._recheck(flow, link)
        if link.state is State.TOMBSTONED:
            return False
        if link.deleted is not None and link.linked:
            if link.id not in self.run.deletes and deletes.merger(link) is None:
                self.run.remember(link.id, [self.run.notice(link, None, "waiting", retiring.later(link))])
                return False
            return await retiring.retire(self.execution, flow, link)
        if link.erp_id is None and (flow.create == "source" or link.deleted is not None):
            self.run.rest(link, link.state, link.reason, [])
            return False
        if link.erp_id is None:
            return link.inv is not None and await self._create(flow, link, "customerp")
        if link.erp is None:
            return False
        if link.inv_id is None:
            return await self._create(flow, link, "invoiced")
        if link.inv is None:
            return await self.run.reread(flow, link, "invoiced") is not None
        return await self._change(flow, link, plan_link(flow, link, self.run))

    async def _recheck(self, flow: Flow, link: Link) -> bool:
        """Read both records by themselves, also one that was deleted: a list has shown what does not go together."""
        systems: tuple[System, ...] = ("customerp", "invoiced")
        for system in systems:
            if link.id_in(system) is not None:
                known = link.deleted == system or link.state is State.TOMBSTONED  # to be gone
                if await self.run.reread(flow, link, system) is None and not known:
                    return False
                link = self.run.store.link(link.id)
        buried = link.state is State.TOMBSTONED
        with self.run.store.transaction(durable=False):
            self.run.store.save(replace(link, recheck=False, dirty=link.dirty and not buried))
        return not buried

    async def _create(self, flow: Flow, link: Link, system: System) -> bool:
        """Link with the counterpart in `system` if there is one, otherwise create it."""
        find = matching.find if system == "invoiced" else matching.find_source
        match = find(self.run.store, flow, link)
        if match.adopted is not None:
            erp, inv = (link, match.adopted) if system == "invoiced" else (match.adopted, link)
            with self.run.store.transaction(durable=False):
                linked = matching.adopt(self.run.store, flow, erp, inv)
                # What they agree on counts from here: an edit that comes before the next step is one of a linked pair.
                plan = plan_link(flow, linked, self.run)
                self.run.store.save(replace(linked, shadow=plan.shadow, diverged=plan.diverged))
                self.run.store.wake(f"{flow.id}:{erp.erp_id}")
            return system == "invoiced"  # the other way round, it is the other link that goes on
        if match.problem is not None:
            state = State.AMBIGUOUS if match.problem[0] == "ambiguous" else State.NEEDS_ATTENTION
            self.run.rest(link, state, match.problem[1], [self.run.notice(link, None, *match.problem)])
            return False
        creation = plan_create(flow, link, self.run, system)
        if creation.change is None:
            assert creation.notice is not None
            field_, kind, reason = creation.notice
            if creation.waits_for is not None:
                reason = self.run.waiting(creation.waits_for)
            state = State.WAITING if creation.waits_for else State.DISCOVERED
            state = State.NEEDS_ATTENTION if kind == "unmappable" else state
            self.run.rest(
                link, state, reason, [self.run.notice(link, field_, kind, reason)], waits_for=creation.waits_for
            )
            return False
        prepared = self.run.connectors[system].prepare(wanted(flow, link, system, creation.change, None))
        assert prepared.operation is not None
        await self.execution.write(flow, link, system, creation.change, prepared, prepared.operation)
        return True

    async def _change(self, flow: Flow, link: Link, plan: LinkPlan) -> bool:
        blocked: list[Notice] = []
        frozen = False
        systems: tuple[System, ...] = ("invoiced", "customerp")
        for system in systems:
            change = plan.to_target if system == "invoiced" else plan.to_source
            if not change:
                continue
            prepared = self.run.connectors[system].prepare(wanted(flow, link, system, change, None))
            raw = None
            if prepared.needs_raw or (prepared.operation is not None and self._stale(link, system)):
                seen = await self.run.reread(flow, link, system)
                if seen is None:
                    return False
                # Whatever the fresh look shows counts for the other side, too.
                link, raw = self.run.store.link(link.id), seen.raw
                plan = plan_link(flow, link, self.run)
                change = plan.to_target if system == "invoiced" else plan.to_source
                if not change:
                    return True
                prepared = self.run.connectors[system].prepare(wanted(flow, link, system, change, raw))
            blocked += self._blocked(flow, link, system, prepared)
            frozen = frozen or any(kind == "frozen" for kind, _ in prepared.blocked.values())
            if prepared.operation is None:
                continue
            tripped = self.execution.tripped(link, flow, system, prepared)
            if tripped is not None:
                notice, due = tripped
                waiting = replace(link, next_attempt_at=due)
                self.run.rest(waiting, State.RETRY, notice.reason, [*plan.notices, *blocked, notice])
                return False
            self.run.remember(link.id, [notice for notice in plan.notices if notice.kind == "deviation"])
            await self.execution.write(flow, link, system, change, prepared, prepared.operation, plan)
            return True
        rested = resting.at_rest(self.run, link, plan, blocked, frozen=frozen)
        with self.run.store.transaction(durable=False):
            self.run.store.save(rested)
        return False

    def _stale(self, link: Link, system: System) -> bool:
        """Whether a record may have changed unseen; one with a version is guarded by If-Match."""
        known = link.observation(system)
        if known is None or known.version is not None:
            return False
        if known.digest == UNREAD:
            return True
        seen = known.seen.end if known.seen.session == self.run.session else float("-inf")
        id_ = link.id_in(system)
        assert id_ is not None  # it was seen
        return self.run.clock.monotonic() - max(seen, self.run.walk.looked(link.flow, system, id_)) > _STALE_SECONDS

    def _blocked(self, flow: Flow, link: Link, system: System, prepared: Prepared) -> list[Notice]:
        names = names_of(flow, system)
        return [
            self.run.notice(link, names.get(path, path), kind, reason)
            for path, (kind, reason) in prepared.blocked.items()
        ]
