"""How links come to rest where nothing is to be written: no call is made, so many of them share one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from sync import matching
from sync.errors import Superseded
from sync.events import LinkRested
from sync.links import Link, Notice, State
from sync.plan import LinkPlan, in_agreement, plan_link
from sync.run import Run
from sync.schema import Flow


def at_rest(run: Run, link: Link, plan: LinkPlan, blocked: Sequence[Notice], *, frozen: bool) -> Link:
    """The link as it rests after its plan; `blocked` is what can never be written, `frozen` that a document refuses.

    What people should know goes into the report; nothing is stored.
    """
    state = (
        State.WAITING
        if plan.waits_for
        else State.CONFLICTED
        if any(conflict.winner is None for conflict in plan.conflicts)
        else State.FROZEN
        if frozen
        else State.LINKED
    )
    reason = run.waiting(plan.waits_for) if plan.waits_for else None
    run.remember_conflicts(link.id, plan.conflicts)
    open_ = tuple(conflict for conflict in plan.conflicts if conflict.winner is None)
    choices = {each.field: link.choices[each.field] for each in open_ if each.field in link.choices}
    planned = replace(
        link, shadow=plan.shadow, diverged=plan.diverged, children=plan.children, conflicts=open_, choices=choices
    )
    return run.resting(planned, state, reason, [*plan.notices, *blocked], waits_for=plan.waits_for)


def without_calls(run: Run, flow: Flow, link: Link) -> Link | None:
    """The link as it rests if its plan is empty; None where something is to be written, or read first."""
    if link.intent or link.recheck or not link.comparable:
        return None
    plan = plan_link(flow, link, run)
    if plan.to_target or plan.to_source:
        return None
    return at_rest(run, link, plan, (), frozen=False)


def settle(run: Run, flow: Flow, links: Sequence[int]) -> list[int]:
    """Link what matches and bring to rest what then needs no call, in one transaction; returns the others in order."""
    left: list[int] = []
    with run.store.transaction(durable=False):
        met = {meeting.ours: meeting for meeting in run.store.meetings(links)}
        for id_ in links:
            meeting = met.get(id_)
            if meeting is not None and in_agreement(flow, meeting.erp, meeting.inv, run):
                run.store.join(meeting)
                run.store.wake(f"{flow.id}:{meeting.erp_id}")
                run.listen(LinkRested(flow.id, id_, State.LINKED, 0.0))
                continue
            try:
                link = run.store.link(id_)
            except Superseded:
                continue  # it was the counterpart of another one
            rested = _matched(run, flow, link) if link.inv_id is None else without_calls(run, flow, link)
            if rested is None:
                left.append(id_)
                continue
            run.store.save(rested)
            if link.inv_id is None:
                run.store.wake(f"{flow.id}:{link.erp_id}")
            run.listen(LinkRested(flow.id, id_, rested.state, 0.0))
    return left


def _matched(run: Run, flow: Flow, link: Link) -> Link | None:
    """A record of Customerp with the counterpart that it has already, where both are at rest with that."""
    if link.erp is None or link.state is State.TOMBSTONED:
        return None
    found = matching.find(run.store, flow, link).adopted
    if found is None:
        return None
    rested = without_calls(run, flow, matching.joined(link, found))
    if rested is not None:
        run.store.remove(found)
    return rested
