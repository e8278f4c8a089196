"""What a person decides: stored at once, carried out by the next run."""

from __future__ import annotations

from msgspec.structs import replace

from sync import deletes, matching
from sync.errors import NothingToDecide
from sync.history import Decided
from sync.links import TITLES, Choice, Conflict, Link, State, System, key_of
from sync.ports import Storage
from sync.schema import Flow

ARMABLE = (State.DEAD, State.NEEDS_ATTENTION, State.RETRY, State.AMBIGUOUS)


def resolve(store: Storage, link_id: int, field: str, winner: System, decided: Decided) -> Conflict:
    """Let one side win a conflict that waits for a person; raises NothingToDecide.

    The decision is for the two values as they are now. If either is edited again before the next run, it asks anew.
    """
    with store.transaction():
        link = store.link(link_id)
        found = next((conflict for conflict in link.conflicts if conflict.field == field), None)
        if found is None:
            open_ = ", ".join(conflict.field for conflict in link.conflicts) or "none"
            raise NothingToDecide(f"link {link_id} has no open conflict in '{field}'", f"Choose from: {open_}")
        choice = Choice(winner, found.customerp, found.invoiced)
        store.save(replace(link, choices={**link.choices, field: choice}, dirty=True))
        note = f"{field}: {TITLES[winner]} wins"
        store.record(decided.entry("resolve", link.flow, link.id, found.key, note))
    return replace(found, winner=winner, policy="a person")


def choose(store: Storage, flow: Flow, link_id: int, counterpart: str, decided: Decided) -> Link:
    """Link a record of Customerp with the record of Invoiced that a person has picked; raises NothingToDecide."""
    with store.transaction():
        link = store.link(link_id)
        merged = deletes.merger(link) is not None
        if link.erp_id is None or link.state is not State.AMBIGUOUS or (link.inv_id is not None and not merged):
            raise NothingToDecide(
                f"link {link_id} waits for no choice of a counterpart", "Choose a link that is ambiguous"
            )
        found = store.by_remote(flow.id, "invoiced", counterpart)
        if found is None or found.state is State.TOMBSTONED:
            raise NothingToDecide(
                f"{TITLES['invoiced']} has shown no {flow.target.type} {counterpart}", "Run once, then choose again"
            )
        if found.erp_id is not None:
            raise NothingToDecide(f"{counterpart} is linked with {found.erp_id} already", "Choose another record")
        if merged:
            assert link.inv is not None
            link = deletes.restore(store, link, link.inv.seen)
        linked = matching.adopt(store, flow, link, found)
        store.wake(f"{flow.id}:{link.erp_id}")
        note = f"{link.erp_id} and {counterpart}"
        store.record(decided.entry("link", flow.id, linked.id, key_of(flow.match.name, linked), note))
    return linked


def deletes_held(store: Storage, flow: Flow) -> bool:
    """Whether so many deletes of a flow wait that a person has to allow them first."""
    pending, name = len(store.deleting(flow.id)), f"deletes-allowed:{flow.id}"
    allowed = int(store.cursor(name) or 0)
    if not pending and allowed:
        with store.transaction():
            store.set_cursor(name, "0")  # what was allowed is done; the next ones are asked about again
    if pending <= allowed or not deletes.too_many(pending, 0):
        return False  # counting is only worth it where there is something to hold
    known = sum(number for (id_, _, alone), number in store.counts().items() if id_ == flow.id and not alone)
    return deletes.too_many(pending, known)


def allow_deletes(store: Storage, flow: Flow, decided: Decided) -> int:
    """Let the deletes that are pending now go on, however many; the number of them."""
    pending = len(store.deleting(flow.id))
    with store.transaction():
        store.set_cursor(f"deletes-allowed:{flow.id}", str(pending))
        store.record(decided.entry("allow deletes", flow.id, 0, "*", f"{pending} of them"))
    return pending


def rearm(store: Storage, flow: Flow, link_id: int, decided: Decided) -> Link:
    """Try a record again that was given up, put off or refused; raises NothingToDecide."""
    with store.transaction():
        link = store.link(link_id)
        if link.state not in ARMABLE:
            raise NothingToDecide(f"link {link_id} is {link.state.value}", "Nothing is held back there")
        store.record(decided.entry("retry", flow.id, link.id, key_of(flow.match.name, link), link.reason))
        return store.save(replace(link, dirty=True, attempts=0, next_attempt_at=None))
