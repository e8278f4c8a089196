"""Finding the counterpart that already exists: never create before looking."""

from __future__ import annotations

from dataclasses import dataclass

from sync.links import Link, NoticeKind, State, replace
from sync.ports import Storage
from sync.schema import Flow


@dataclass(frozen=True)
class Match:
    """The record to link with, or what stands in the way; neither means that none exists."""

    adopted: Link | None = None
    problem: tuple[NoticeKind, str] | None = None


def find(store: Storage, flow: Flow, link: Link) -> Match:
    """Look for a record of Invoiced by the reference it carries, then by the match key, unique on both sides.

    The index is that of the walk with which every run begins. What appears behind its back is found when Invoiced
    refuses the same number a second time.
    """
    assert link.erp is not None
    assert link.erp_id is not None
    named = [found for found in store.by_reference(flow.id, link.erp_id) if found.erp_id is None]
    if len(named) == 1:
        return Match(named[0])
    if len(named) > 1:
        ids = ", ".join(str(found.inv_id) for found in named)
        return Match(problem=("ambiguous", f"the {flow.target.type} records {ids} of Invoiced all name {link.erp_id}"))
    if link.erp_key is None:
        return Match()
    rivals = [
        found
        for found in store.by_key(flow.id, "customerp", link.erp_key)
        if found.id != link.id and not found.linked and found.state is not State.TOMBSTONED
    ]
    if rivals:
        ids = ", ".join(sorted([link.erp_id, *(str(found.erp_id) for found in rivals)]))
        return Match(problem=("ambiguous", f"{ids} of Customerp share the {flow.match.name} {link.erp_key}"))
    candidates = [
        found for found in store.by_key(flow.id, "invoiced", link.erp_key) if found.state is not State.TOMBSTONED
    ]
    if len(candidates) > 1:
        ids = ", ".join(str(found.inv_id) for found in candidates)
        return Match(problem=("ambiguous", f"the {flow.target.type} records {ids} of Invoiced share its number"))
    if not candidates:
        return Match()
    [candidate] = candidates
    if candidate.erp_id is not None:
        return Match(
            problem=(
                "ambiguous",
                f"its number belongs to {candidate.inv_id} of Invoiced, which is linked with {candidate.erp_id}",
            )
        )
    if candidate.reference not in (None, link.erp_id) and not _forsaken(store, flow, candidate.reference):
        return Match(
            problem=("ambiguous", f"{candidate.inv_id} of Invoiced has its number but names {candidate.reference}")
        )
    return Match(candidate)


def find_source(store: Storage, flow: Flow, link: Link) -> Match:
    """The same from the other side: the record of Customerp for one that only Invoiced has."""
    assert link.inv is not None
    if link.inv_key is None:
        return Match(
            problem=("needs_attention", f"it has no {flow.match.target}, by which a {flow.source.type} is known")
        )
    known = [found for found in store.by_key(flow.id, "customerp", link.inv_key) if found.state is not State.TOMBSTONED]
    named = store.by_remote(flow.id, "customerp", link.reference) if link.reference is not None else None
    if named is not None and named.state is not State.TOMBSTONED and named not in known:
        known.append(named)
    linked = next((found for found in known if found.linked), None)
    if linked is not None:
        reason = f"its number belongs to {linked.erp_id} of Customerp, which is linked with {linked.inv_id}"
        return Match(problem=("ambiguous", reason))
    if not known:
        return Match()
    adopting = [found for found in known if found.erp is not None and find(store, flow, found).adopted == link]
    if len(adopting) == 1:
        return Match(adopting[0])
    ids = ", ".join(str(found.erp_id) for found in known)
    return Match(problem=("ambiguous", f"it cannot be told which of {ids} of Customerp it belongs to"))


def adopt(store: Storage, flow: Flow, link: Link, found: Link) -> Link:
    """Link a record of Customerp with one that Invoiced already has; inside a transaction."""
    store.remove(found)
    return store.save(joined(link, found))


def joined(link: Link, found: Link) -> Link:
    """One link of a record of Customerp and one that Invoiced already has."""
    return replace(
        link,
        inv_id=found.inv_id,
        inv_key=found.inv_key,
        reference=found.reference,
        inv=found.inv,
        generation=max(link.generation, found.generation),
        state=State.LINKED,
        dirty=True,
        reason=None,
        waits_for=None,
    )


def _forsaken(store: Storage, flow: Flow, reference: str | None) -> bool:
    named = store.by_remote(flow.id, "customerp", reference) if reference is not None else None
    return named is not None and named.state is State.TOMBSTONED
