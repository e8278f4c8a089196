"""Deleted records: what becomes of the counterpart, and of a record that comes back.

Everything here is called inside a transaction, and only with evidence: an entry of a change feed, or absence that
reading the record has confirmed.
"""

from __future__ import annotations

from msgspec.structs import replace

from sync.links import TITLES, Child, Conflict, Interval, Link, Notice, State, System, key_of
from sync.ports import Storage
from sync.schema import Flow, Lines
from sync.values import Values

FIELD = "deleted"  # what a conflict between a delete and an edit is called
MERGED = "merged"  # and what the question is called that a merge of two records leaves behind
_FEW = 10  # so many may be gone at once, or one in a hundred


def too_many(gone: int, known: int) -> bool:
    """Whether so many at once are more likely a fault, or one person's mistake, than so many deletes."""
    return gone > max(_FEW, known // 100)


def doubtful(missing: int, known: int) -> bool:
    """Whether a list without so many known records is more likely at fault; without any of them it always is."""
    return too_many(missing, known) or missing == known > 1


def gone(
    store: Storage, flow: Flow, system: System, id_: str, seen: Interval, survivor: str | None = None
) -> Notice | None:
    """A record was deleted; its counterpart is left alone or is to be told, as the flow says.

    One that was merged into a `survivor` is no delete: what becomes of its counterpart is for a person to say.
    """
    link = store.by_remote(flow.id, system, id_)
    if link is None or link.state is State.TOMBSTONED or link.deleted == system:
        return None
    if not link.linked:
        if system == "invoiced":
            store.remove(link)
        else:
            reason = f"deleted in {TITLES[system]}"
            store.save(replace(_tombstone(link, system, seen), reason=reason, notices=()))
        return None
    if link.deleted is None and (survivor is not None or flow.on_delete == "deactivate"):
        pending = replace(_last_seen(link, system, seen), state=State.DELETING, deleted=system, dirty=True)
        pending = replace(pending, intent=None, waits_for=None)
        if survivor is not None:
            pending = replace(pending, conflicts=(_merger(flow, link, survivor),), choices={})
        store.save(replace(pending, reason=how(pending)))
        return None
    return bury(store, flow, link, system, seen, "is left alone" if link.deleted is None else "is gone, too")


def bury(store: Storage, flow: Flow, link: Link, system: System, seen: Interval, fate: str) -> Notice:
    """Keep a tombstone for ever, so that no old page brings the record back to life."""
    other, kept = ("Invoiced", flow.target.type) if system == "customerp" else ("Customerp", flow.source.type)
    reason = f"{how(replace(link, deleted=system))}; the {kept} in {other} {fate}"
    notice = Notice(flow.id, key_of(flow.match.name, link), None, "divergence", reason)
    tombstone = replace(_tombstone(link, system, seen), reason=reason, notices=(notice,))
    if system == "invoiced":
        store.save(tombstone)
        return notice
    # The counterpart is free again: a later record with its number may be linked with it, and nothing else happens.
    store.save(replace(tombstone, inv_id=None, inv_key=None, inv=None, reference=None))
    store.save(
        Link(
            flow.id,
            inv_id=link.inv_id,
            inv_key=link.inv_key,
            inv=link.inv,
            reference=link.reference,
            generation=link.generation + 1,
            dirty=False,
            deleted=system,
        )
    )
    return notice


def restore(store: Storage, link: Link, seen: Interval) -> Link:
    """Let the surviving record get a new counterpart, a generation later; the deleted one keeps its tombstone."""
    assert link.deleted is not None
    alone = replace(
        link,
        state=State.DISCOVERED,
        deleted=None,
        generation=link.generation + 1,
        shadow={},
        diverged={},
        children=(),
        conflicts=(),
        choices={},
        reason=None,
        dirty=True,
    )
    stone = Link(link.flow, generation=link.generation, erp_id=link.erp_id, erp_key=link.erp_key, erp=link.erp)
    if link.deleted == "customerp":
        alone = store.save(replace(alone, erp_id=None, erp_key=None, erp=None))
    else:
        stone = Link(link.flow, generation=link.generation, inv_id=link.inv_id, inv_key=link.inv_key, inv=link.inv)
        alone = store.save(replace(alone, inv_id=None, inv_key=None, inv=None, reference=None))
    why = "was edited" if merger(link) is None else "was kept"
    reason = f"{how(link)}; the other side {why} and got a new counterpart"
    store.save(replace(_tombstone(stone, link.deleted, seen), reason=reason))
    return alone


def revived(link: Link) -> Link:
    """The link of a record that was deleted and is there again: a new generation, which meets for the first time."""
    if link.state is not State.TOMBSTONED:
        return replace(link, state=State.LINKED, deleted=None, dirty=True, reason=None, conflicts=(), choices={})
    return replace(
        link,
        state=State.DISCOVERED,
        deleted=None,
        generation=link.generation + 1,
        shadow={},
        diverged={},
        children=(),
        notices=(),
        reason=None,
        attempts=0,
        dirty=True,
    )


def edited(flow: Flow, link: Link) -> tuple[str, ...]:
    """What the surviving side has changed since both sides last agreed; its state of being active is not counted."""
    index, seen = (1, link.inv) if link.deleted == "customerp" else (0, link.erp)
    if seen is None:
        return ()
    follows = "to_target" if index else "to_source"
    names = [
        pair.name
        for pair in flow.pairs
        if pair.direction in ("both", "to_target", "to_source")
        and pair.direction != follows
        and pair.name not in flow.deactivated
        and pair.name in link.shadow
        and link.shadow[pair.name][index] != seen.values[pair.name]
    ]
    return (*names, *(("lines",) if flow.lines is not None and _lines_edited(flow.lines, link, index) else ()))


def clash(flow: Flow, link: Link, fields: tuple[str, ...]) -> Conflict:
    """A delete on one side against edits on the other."""
    there = f"edited: {', '.join(fields)}"
    erp, inv = ("deleted", there) if link.deleted == "customerp" else (there, "deleted")
    return Conflict(flow.id, key_of(flow.match.name, link), FIELD, None, erp, inv, None, "manual")


def merger(link: Link) -> Conflict | None:
    """The question that a merge has left behind: whether the record that is still there stands for itself."""
    return next((conflict for conflict in link.conflicts if conflict.field == MERGED), None)


def how(link: Link) -> str:
    """What became of the record that is gone, in words."""
    assert link.deleted is not None
    merged = merger(link)
    return f"{'deleted' if merged is None else merged.invoiced} in {TITLES[link.deleted]}"


def _merger(flow: Flow, link: Link, survivor: str) -> Conflict:
    there = f"merged into {survivor}"
    return Conflict(flow.id, key_of(flow.match.name, link), MERGED, None, "kept", there, None, "manual")


def _lines_edited(lines: Lines, link: Link, index: int) -> bool:
    seen = link.inv if index else link.erp
    assert seen is not None
    known = {(child.inv if index else child.erp): child for child in link.children}
    return len(known) != len(seen.lines) or any(
        line.id not in known or _changed(known[line.id], line.values, index) for line in seen.lines
    )


def _changed(child: Child, values: Values, index: int) -> bool:
    return any(name in child.shadow and child.shadow[name][index] != value for name, value in values.items())


def _tombstone(link: Link, system: System, seen: Interval) -> Link:
    return replace(
        _last_seen(link, system, seen),
        state=State.TOMBSTONED,
        deleted=system,
        dirty=False,
        waits_for=None,
        next_attempt_at=None,
        intent=None,
        conflicts=(),
        choices={},
    )


def _last_seen(link: Link, system: System, seen: Interval) -> Link:
    """The link with the moment of the delete as its last look, so that older pages are known to be older."""
    if system == "customerp":
        return link if link.erp is None else replace(link, erp=replace(link.erp, seen=seen))
    return link if link.inv is None else replace(link, inv=replace(link.inv, seen=seen))
