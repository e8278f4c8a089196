"""Telling one side that its counterpart was deleted: only where the flow says so, and not against an edit."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from sync import deletes
from sync.execution import Execution
from sync.links import Conflict, Interval, Link, State, System
from sync.merge import chosen
from sync.plan import plan_deactivation
from sync.run import Run
from sync.schema import Flow
from sync.writing import names_of, wanted


def verdict(flow: Flow, link: Link) -> Literal["deactivate", "restore", "keep", "ask"]:
    """What becomes of the surviving record: an edit of master data wins, one of a document is left to a person.

    So is what a merge leaves behind: two records of Customerp would share a counterpart. Nothing is restored in a
    system in which the flow creates no records.
    """
    merger = deletes.merger(link)
    if merger is not None:
        decided = _decided(link, merger)
        if decided is None:
            return "ask"
        return "restore" if decided == "customerp" else "deactivate" if flow.on_delete == "deactivate" else "keep"
    fields = deletes.edited(flow, link)
    if not fields:
        return "deactivate"
    decided = _decided(link, deletes.clash(flow, link, fields))
    if decided == link.deleted:
        return "deactivate"
    restorable = link.deleted == "invoiced" or flow.create == "both"
    if decided is not None:
        return "restore" if restorable else "keep"
    return "restore" if restorable and flow.late is None and flow.lines is None else "ask"


def later(link: Link) -> str:
    """Why the other side is not told yet of a delete that turned up while records were written.

    It may be one of many: what else was deleted with it, the next run reads first.
    """
    return f"{deletes.how(link)}; the other side is told in the next run, which first reads what else was deleted"


async def retire(execution: Execution, flow: Flow, link: Link) -> bool:
    """One step for a link whose record is gone on one side; False when nothing more is to be done."""
    run = execution.run
    other: System = "invoiced" if link.deleted == "customerp" else "customerp"
    seen = await run.reread(flow, link, other)
    if seen is None:
        return False
    link = run.store.link(link.id)
    now = run.clock.monotonic()
    moment = Interval(run.session, now, now)
    fate = verdict(flow, link)
    if fate == "ask":
        _ask(run, flow, link)
        return False
    if fate == "restore":
        with run.store.transaction():
            deletes.restore(run.store, link, moment)
        return True
    change = plan_deactivation(flow, link, run)
    if fate == "keep" or not change:
        assert link.deleted is not None
        with run.store.transaction():
            words = "is left alone" if fate == "keep" else "is deactivated"
            notice = deletes.bury(run.store, flow, link, link.deleted, moment, words)
        run.remember(link.id, [notice])
        return False
    prepared = run.connectors[other].prepare(wanted(flow, link, other, change, seen.raw))
    if prepared.operation is None:
        names = names_of(flow, other)
        notices = [run.notice(link, names.get(path, path), *why) for path, why in prepared.blocked.items()]
        run.rest(link, State.CONFLICTED, "its counterpart was deleted, and it cannot be deactivated", notices)
        return False
    await execution.write(flow, link, other, change, prepared, prepared.operation)
    return True


def _ask(run: Run, flow: Flow, link: Link) -> None:
    merger = deletes.merger(link)
    if merger is not None:
        reason = f"{deletes.how(link)}; whether the {flow.source.type} in Customerp stays by itself is to be decided"
        run.remember_conflicts(link.id, [merger])
        run.rest(link, State.AMBIGUOUS, reason, [run.notice(link, None, "ambiguous", reason)])
        return
    conflict = deletes.clash(flow, link, deletes.edited(flow, link))
    run.remember_conflicts(link.id, [conflict])
    run.rest(replace(link, conflicts=(conflict,)), State.CONFLICTED, "deleted on one side, edited on the other", [])


def _decided(link: Link, conflict: Conflict) -> System | None:
    return chosen(
        link.choices, [conflict.field], {conflict.field: conflict.customerp}, {conflict.field: conflict.invoiced}
    )
