"""What a link needs: from its two observations and the shadow to changes, conflicts and notices; pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct, field
from msgspec.structs import replace

from sync.converters import Resolver
from sync.errors import Unmappable, Unresolved
from sync.lines import LineChange, merge_lines, total
from sync.links import OTHER, Agreed, Child, Conflict, Link, Notice, NoticeKind, Observation, State, System, key_of
from sync.merge import AT_REST, Clash, Setting, convert, merge
from sync.schema import READ_ONLY, Flow, Policy
from sync.values import Values

# What a write shows of the record between its calls, by target path: an item to be created anew is archived first.
_PASSING = {"replace": "archived"}


_PRICED = {"quantity", "unitPrice", "discountPercent"}  # what a line has of which there is a total


class Change(Struct, frozen=True):
    """What one side is to receive, in its canonical values; `lines` is its complete new list, None leaves it alone."""

    fields: Values = field(default_factory=dict)
    lines: tuple[LineChange, ...] | None = None

    def __bool__(self) -> bool:
        return bool(self.fields) or self.lines is not None


class LinkPlan(Struct, frozen=True):
    """Changes for both sides, and what is settled without a write."""

    to_target: Change
    to_source: Change
    shadow: Mapping[str, Agreed]
    diverged: Mapping[str, str]
    children: tuple[Child, ...]
    conflicts: tuple[Conflict, ...]
    notices: tuple[Notice, ...]
    waits_for: str | None


def plan_link(flow: Flow, link: Link, resolve: Resolver) -> LinkPlan:
    """The plan for a link with both records known; empty changes mean that it is at rest."""
    assert link.erp is not None
    assert link.inv is not None
    key = key_of(flow.match.name, link)
    setting = Setting(
        resolve,
        link.diverged,
        _late_policy(flow, link, resolve),
        link.erp.edited,
        link.inv.edited,
        link.choices,
        ours=link.reference == link.erp_id,
    )
    shadow, diverged = dict(link.shadow), dict(link.diverged)
    to_target: Values = {}
    to_source: Values = {}
    conflicts: list[Conflict] = []
    notices: list[Notice] = []
    waits_for: str | None = None
    for unit in flow.units:
        outcome = merge(unit, link.shadow, link.erp.values, link.inv.values, setting)
        if outcome is AT_REST:
            continue
        to_target |= outcome.to_target
        to_source |= outcome.to_source
        shadow |= outcome.advance
        shadow |= {name: (link.erp.values[name], link.inv.values[name]) for name in outcome.diverge}
        for name in outcome.advance:
            diverged.pop(name, None)
        diverged |= outcome.diverge
        if diverged:
            # One that stands is told each time, also where another property of its group is settled only now.
            written = outcome.to_target.keys() | outcome.to_source.keys() | {name for name, _, _ in outcome.remarks}
            notices += [
                Notice(flow.id, key, pair.name, "divergence", diverged[pair.name])
                for pair in unit
                if pair.name in diverged and pair.name not in written
            ]
        waits_for = waits_for or outcome.waits_for
        notices += [Notice(flow.id, key, name, kind, reason) for name, kind, reason in outcome.remarks]
        if outcome.clash is not None:
            conflicts += _conflicts(flow, key, link, outcome.clash)
    children, target_lines, source_lines = link.children, None, None
    if flow.lines is not None:
        merged = merge_lines(flow.lines, link.children, link.erp.lines, link.inv.lines, setting)
        children, target_lines, source_lines = merged.children, merged.to_target, merged.to_source
        waits_for = waits_for or merged.waits_for
        notices += [Notice(flow.id, key, name, kind, reason) for name, kind, reason in merged.remarks]
        wrong = None if merged.remarks or merged.conflicts else wrong_total(link.erp, link.inv)
        if wrong is not None and target_lines is None and source_lines is None:
            notices.append(Notice(flow.id, key, flow.lines.source, "divergence", wrong))
        stamps = (link.erp.edited.get("lines"), link.inv.edited.get("lines"))
        conflicts += [Conflict(flow.id, key, *parts, stamps) for parts in merged.conflicts]
    return LinkPlan(
        Change(to_target, target_lines),
        Change(to_source, source_lines),
        shadow,
        diverged,
        children,
        tuple(conflicts),
        tuple(notices),
        waits_for,
    )


def wrong_total(erp: Observation, inv: Observation) -> str | None:
    """Totals are never mapped; where the lines agree, they must come to the same on both sides."""
    if inv.total is None or not all(line.values.keys() >= _PRICED for line in erp.lines):
        return None
    decimals = len(inv.total.partition(".")[2])
    expected = total((line.values for line in erp.lines), max(2, decimals))
    if expected == Decimal(inv.total):
        return None
    return f"the lines come to {expected} in Customerp and to {inv.total} in Invoiced"


def in_agreement(flow: Flow, erp: Observation, inv: Observation, resolve: Resolver) -> bool:
    """Whether two records that meet for the first time say the same of everything, so that nothing is to be planned."""
    if flow.lines is not None:
        return False  # they are compared line by line, and by what they come to
    ours, theirs = erp.values, inv.values
    return all(pair.converter.agree(ours[pair.name], theirs[pair.name], resolve) for pair in flow.pairs)


def agreed(flow: Flow, link: Link, resolve: Resolver) -> Link:
    """The link with a shadow that holds all that both sides are known to agree on; asked before either is seen anew.

    If one side is set back before two equal edits count, it looks as it did before them, and the other side's would be
    taken for the newer one. A link at rest has been compared already.
    """
    if not link.comparable or (link.state is State.LINKED and not link.dirty):
        return link
    plan = plan_link(flow, link, resolve)
    passing = None if link.intent is None else _PASSING.get(link.intent.operation)
    found = {
        name: pair
        for name, pair in plan.shadow.items()
        if name not in plan.diverged and flow.pair(name).target != passing
    }
    return replace(
        link,
        shadow={**link.shadow, **found},
        diverged={name: why for name, why in link.diverged.items() if name in plan.diverged},
        children=link.children if link.intent else plan.children,
    )


def last_word(flow: Flow, link: Link, resolve: Resolver) -> Link:
    """The link as if the record that is gone said of itself that it is not active: what telling of a delete carries.

    So both sides of the shadow agree, and a record that comes back is activated anew on the other side.
    """
    if link.deleted == "customerp" and link.erp is not None:
        return replace(link, erp=replace(link.erp, values={**link.erp.values, **flow.deactivated}))
    if link.deleted == "invoiced" and link.inv is not None:
        said = {name: flow.pair(name).converter.to_target(value, resolve) for name, value in flow.deactivated.items()}
        return replace(link, inv=replace(link.inv, values={**link.inv.values, **said}))
    return link


def plan_deactivation(flow: Flow, link: Link, resolve: Resolver) -> Change:
    """What tells the surviving side of a link that its counterpart was deleted."""
    seen = link.inv if link.deleted == "customerp" else link.erp
    assert seen is not None
    fields: Values = {}
    for name, value in flow.deactivated.items():
        wanted = flow.pair(name).converter.to_target(value, resolve) if link.deleted == "customerp" else value
        if seen.values[name] != wanted:
            fields[name] = wanted
    return Change(fields)


class Creation(Struct, frozen=True):
    """The counterpart to create, or why not now."""

    change: Change | None
    notice: tuple[str | None, NoticeKind, str] | None = None
    waits_for: str | None = None


def plan_create(flow: Flow, link: Link, resolve: Resolver, system: System = "invoiced") -> Creation:
    """The counterpart, in `system`, of a record that only the other side has, in its intended final state."""
    seen, kind = (link.erp, flow.target.type) if system == "invoiced" else (link.inv, flow.source.type)
    assert seen is not None
    fields: Values = {}
    carried: str | None = None
    try:
        for pair in flow.pairs:
            carried = pair.name
            value = seen.values[pair.name]
            if pair.direction != READ_ONLY[system] and value is not None:
                fields[pair.name] = convert(pair, OTHER[system], value, resolve)
        said = seen.values if system == "invoiced" else fields
        held = [name for name, asked in flow.when.items() if said.get(name) not in asked]
        held += [name for name, refused in flow.unless.items() if said.get(name) in refused]
        for name in held:
            return Creation(None, (name, "divergence", f"{name} is {said.get(name)!r}, so no {kind} is created"))
        lines = None
        if flow.lines is not None:
            carried = flow.lines.source
            lines = tuple(
                LineChange(
                    None,
                    line.id,
                    {
                        pair.name: convert(pair, OTHER[system], line.values[pair.name], resolve)
                        for pair in flow.lines.pairs
                    },
                    line.values,
                )
                for line in seen.lines
            )
    except Unresolved as missing:
        return Creation(None, (carried, "waiting", str(missing)), f"{missing.flow}:{missing.record}")
    except Unmappable as odd:
        return Creation(None, (carried, "unmappable", odd.reason))
    return Creation(Change(fields, lines))


def _late_policy(flow: Flow, link: Link, resolve: Resolver) -> Policy | None:
    """The policy of documents that were issued on either side; issuing cannot be undone."""
    if flow.late is None:
        return None
    assert link.erp is not None
    assert link.inv is not None
    pair = flow.pair(flow.late.pair)
    try:
        there = pair.converter.to_source(link.inv.values[pair.name], resolve)
    except Unmappable:
        there = None
    issued = {link.erp.values[pair.name], there} & flow.late.values
    return flow.late.policy if issued else None


def _conflicts(flow: Flow, key: str, link: Link, clash: Clash) -> list[Conflict]:
    assert link.erp is not None
    assert link.inv is not None
    return [
        Conflict(
            flow.id,
            key,
            name,
            link.shadow.get(name),
            link.erp.values[name],
            link.inv.values[name],
            clash.winner,
            clash.policy,
            (link.erp.edited.get(name), link.inv.edited.get(name)),
        )
        for name in clash.fields
    ]
