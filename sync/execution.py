"""The only place that changes a system, in the only order allowed.

The intent is stored before the call (T2); the call is made (C); the answer, the shadow and the closed intent are stored
in one transaction (T3). So every crash leaves something that a restart can read.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from sync import history, resting
from sync.connector import Operation, Prepared, Seen, Written
from sync.errors import Broken, Gone, Locked, OutcomeUnknown, Refused, Stale, Taken, Unavailable
from sync.events import WriteSettled
from sync.links import Intent, Interval, Link, Notice, State, System
from sync.plan import Change, LinkPlan, last_word, plan_link
from sync.run import Run
from sync.schema import Flow
from sync.settlement import accepted, observe, settle
from sync.writing import extra_report, intent_of, names_of, path_of, report_of

_MOST_WRITES = 3  # of one property in ten minutes, before it counts as ping-pong
_TRIP_WINDOW = timedelta(minutes=10)


class Execution:
    """Carries out what was planned, one write at a time a link."""

    def __init__(self, run: Run) -> None:
        self.run = run

    async def write(
        self,
        flow: Flow,
        link: Link,
        system: System,
        change: Change,
        prepared: Prepared,
        operation: Operation,
        plan: LinkPlan | None = None,
    ) -> None:
        """Carry out a change; `plan` is what it was taken from, where it comes from one."""
        at = self.run.clock.now().timestamp()
        said = last_word(flow, link, self.run)
        intent = intent_of(flow, said, system, change, prepared, operation, self.run.ids(), at)
        if operation.id is not None:
            plan = plan or plan_link(flow, link, self.run)
            self.run.remember_conflicts(link.id, plan.conflicts)
            # What both sides agree on is kept before the call: if its answer is lost, a later edit must not meet a
            # property that looks as if it had never been brought together.
            link = replace(link, shadow=plan.shadow, diverged=plan.diverged)
        with self.run.store.transaction(durable=False):
            link = self.run.store.save(
                replace(link, intent=intent, state=State.WRITING if operation.id else State.CREATING)
            )
        await self.run.store.secured()
        await self.carry_out(flow, link, operation)

    async def carry_out(self, flow: Flow, link: Link, operation: Operation) -> None:
        """The call of a stored intent and what follows from its answer; raises Taken where somebody has its number."""
        intent = link.intent
        assert intent is not None
        connector = self.run.connectors[intent.system]
        self.run.spent[link.id] += len(operation.calls)
        try:
            written = await connector.write(operation, intent.key)
        except OutcomeUnknown:
            raise
        except Gone:
            if operation.id is None:
                raise
            # A delete counts only when reading confirms it.
            await self.run.reread(flow, self.run.abandon(link, dirty=True), intent.system)
        except Stale:
            self.run.spent.pop(link.id, None)  # somebody was quicker, which is no failure
            link = self.run.abandon(link, dirty=True)
            await self.run.reread(flow, link, intent.system)
        except Refused as refused:
            if operation.id is None and refused.param in (path_of(flow.match, intent.system), "number", "id"):
                raise Taken(refused.system, refused.call, refused.status, refused.message, refused.param) from refused
            blamed = next((pair.name for pair in flow.pairs if path_of(pair, intent.system) == refused.param), None)
            if operation.id is None or blamed is None or blamed not in intent.fields:
                self.run.needs_attention(link, str(refused), blamed)
            else:
                self.run.leave_out(link, blamed, str(refused))
        except Locked as locked:
            # The state of the document was not known when this was planned; see what it is and plan again.
            link = self.run.abandon(link, dirty=True)
            before = link.inv.frozen if link.inv is not None else None
            await self.run.reread(flow, link, intent.system)
            again = self.run.store.link(link.id)
            if again.inv is not None and again.inv.frozen == before:
                self.run.rest(again, State.FROZEN, str(locked), [self.run.notice(again, None, "frozen", str(locked))])
        except Unavailable as failed:
            self.run.postpone(replace(link, intent=None), failed)
        except Broken as failed:
            self.run.postpone(link, failed)  # it may have taken effect, so the intent stays
        else:
            self.settle(flow, link, operation, written)

    async def again(self, flow: Flow, link: Link, operation: Operation) -> None:
        """Carry out a stored intent once more, under a new key: what failed or was recalled has spent the old one."""
        assert link.intent is not None
        with self.run.store.transaction(durable=False):
            state = State.WRITING if operation.id else State.CREATING
            intent = replace(link.intent, key=self.run.ids(), at=self.run.clock.now().timestamp())
            link = self.run.store.save(replace(link, intent=intent, state=state))
        await self.run.store.secured()
        await self.carry_out(flow, link, operation)

    def settled(self, flow: Flow, link: Link, intent: Intent) -> None:
        """Note a write in the report and the history; inside the transaction that settles it."""
        write = report_of(flow, link, intent)
        self.run.outcome.writes.append(write)
        conflicts = [each for (of, _), each in self.run.outcome.conflicts.items() if of == link.id]
        self.run.store.record(history.of_write(flow, link, intent, write, conflicts, self.run.clock.now()))
        self.run.listen(WriteSettled(flow.id, link.id, intent.system, intent.operation, len(write.fields)))

    def settle(
        self, flow: Flow, link: Link, operation: Operation, written: Written, current: Seen | None = None
    ) -> None:
        """Store what came of a write; `current` is the record as it was read after an answer that came late."""
        intent = link.intent
        assert intent is not None
        connector = self.run.connectors[intent.system]
        record = connector.record(operation.object, written.seen.raw)
        seen = Interval(self.run.session, written.seen.start, written.seen.end)
        new = observe(flow, intent.system, record, seen)
        after, notices = settle(flow, link, record, new, self.run)
        if current is not None:
            record = connector.record(operation.object, current.raw)
            seen = Interval(self.run.session, current.start, current.end)
            after = accepted(flow, after, intent.system, record, observe(flow, intent.system, record, seen))
        self.run.spent.pop(link.id, None)
        with self.run.store.transaction(durable=False):
            for extra in written.extras:
                self.run.outcome.writes.append(extra_report(flow, intent, extra.body or {}, extra.note or ""))
            self.settled(flow, link, intent)
            if operation.id is None:
                self.run.forget_lone(flow, link, intent.system, record.id)
            after = self.run.store.save(resting.without_calls(self.run, flow, after) or after)
            self.run.store.wake(f"{flow.id}:{after.erp_id}")
        self.run.remember(link.id, notices)

    def tripped(self, link: Link, flow: Flow, system: System, prepared: Prepared) -> tuple[Notice, float] | None:
        """Whether a property was written too often of late, and when it may be written again.

        Nothing is lost by the wait; a loop with another program is slowed down and shown.
        """
        names = names_of(flow, system)
        since = self.run.clock.now() - _TRIP_WINDOW
        recent = self.run.store.written_since(link.id, system, since.isoformat())
        for path in sorted(prepared.covers):
            times = [at for at, paths in recent if path in paths]
            if len(times) >= _MOST_WRITES:
                reason = f"written {len(times)} times in ten minutes; it is left alone until they are over"
                due = datetime.fromisoformat(times[-_MOST_WRITES]) + _TRIP_WINDOW
                return self.run.notice(link, names[path], "needs_attention", reason), due.timestamp()
        return None
