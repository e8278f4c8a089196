"""Finding the counterpart that already exists: never create before looking."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from sync.links import Link, NoticeKind, State
from sync.ports import Storage
from sync.schema import Flow


class Match(Struct, frozen=True):
    """The record to link with, or what stands in the way; neither means that none exists."""

    adopted: Link | None = None
    problem: tuple[NoticeKind, str] | None = None


def find(store: Storage, flow: Flow, link: Link) -> Match:
    """Look for a record of Invoiced by the reference it carries, then by the keys of the flow, unique on both sides.

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
        return _by_further_keys(store, flow, link)
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
        return _by_further_keys(store, flow, link)
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
    known = [] if link.inv_key is None else _living(store.by_key(flow.id, "customerp", link.inv_key))
    named = store.by_remote(flow.id, "customerp", link.reference) if link.reference is not None else None
    if named is not None and named.state is not State.TOMBSTONED and named not in known:
        known.append(named)
    linked = next((found for found in known if found.linked), None)
    if linked is not None:
        reason = f"its number belongs to {linked.erp_id} of Customerp, which is linked with {linked.inv_id}"
        return Match(problem=("ambiguous", reason))
    if not known:
        return _source_by_further_keys(store, flow, link)
    adopting = [found for found in known if found.erp is not None and find(store, flow, found).adopted == link]
    if len(adopting) == 1:
        return Match(adopting[0])
    ids = ", ".join(str(found.erp_id) for found in known)
    return Match(problem=("ambiguous", f"it cannot be told which of {ids} of Customerp it belongs to"))


def _by_further_keys(store: Storage, flow: Flow, link: Link) -> Match:
    """A tax id or an e-mail address tells only where no other record of either side has it.

    Who is found by the match key, or named by a reference, is no candidate here. What companies that are linked
    already share tells nothing; between several that are not, a person decides.
    """
    assert link.erp is not None
    for key in flow.further:
        value = link.erp.values[key.name]
        if value is None:
            continue
        theirs = _living(store.by_value(flow.id, "invoiced", key.name, str(value)))
        free = [each for each in theirs if each.erp_id is None and not _spoken_for(store, flow, each, link)]
        if not free:
            continue
        ours = [
            each for each in _living(store.by_value(flow.id, "customerp", key.name, str(value))) if each.id != link.id
        ]
        sharing = [each for each in ours if not each.linked and not _has_match(store, flow, each)]
        if len(free) > 1:
            ids = ", ".join(str(each.inv_id) for each in free)
            return Match(
                problem=("ambiguous", f"the {flow.target.type} records {ids} of Invoiced share its {key.name}")
            )
        if sharing:
            ids = ", ".join(sorted([str(link.erp_id), *(str(each.erp_id) for each in sharing)]))
            return Match(
                problem=("ambiguous", f"{ids} of Customerp share the {key.name} of {free[0].inv_id} in Invoiced")
            )
        if len(theirs) == 1 and not ours:
            return Match(free[0])
    return Match()


def _source_by_further_keys(store: Storage, flow: Flow, link: Link) -> Match:
    assert link.inv is not None
    for key in flow.further:
        value = link.inv.values[key.name]
        if value is None:
            continue
        for each in _living(store.by_value(flow.id, "customerp", key.name, str(value))):
            if each.linked or each.erp is None:
                continue
            match = find(store, flow, each)
            if match.adopted == link:
                return Match(each)
            if match.adopted is None and match.problem is not None:
                reason = f"it cannot be told whether it belongs to {each.erp_id} of Customerp: {match.problem[1]}"
                return Match(problem=("ambiguous", reason))
    if link.inv_key is None:
        reason = f"it has no {flow.match.target}, by which a {flow.source.type} is known"
        return Match(problem=("needs_attention", reason))
    return Match()


def _living(links: Iterable[Link]) -> list[Link]:
    return [link for link in links if link.state is not State.TOMBSTONED]


def _spoken_for(store: Storage, flow: Flow, candidate: Link, link: Link) -> bool:
    """Whether a record of Invoiced belongs to another one of Customerp by what tells more."""
    if candidate.reference not in (None, link.erp_id) and not _forsaken(store, flow, candidate.reference):
        return True
    key = candidate.inv_key
    return key is not None and any(
        each.id != link.id for each in _living(store.by_key(flow.id, "customerp", key)) if not each.linked
    )


def _has_match(store: Storage, flow: Flow, link: Link) -> bool:
    return link.erp_key is not None and bool(_living(store.by_key(flow.id, "invoiced", link.erp_key)))


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
