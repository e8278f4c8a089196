"""The merge of two lists of child records by line link; pure.

Lines find each other by their link, then by the flow's identity pair and the order among equals. Each pair of lines
is merged like a small record. A side that has to change gets its complete list: Invoiced deletes lines left out.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from sync.links import Agreed, Child, Line, NoticeKind, System
from sync.merge import Merged, Setting, choose, chosen, merge, side_of
from sync.schema import Lines
from sync.values import Value, Values


class LineChange(Struct, frozen=True):
    """One line of the list a side is to have.

    `id` is None for a new line. `values` are what it is to receive (all of a new line, of a kept one only what
    changes), `sent_from` the counterpart's values they come from.
    """

    id: str | None
    counterpart: str
    values: Values
    sent_from: Values = field(default_factory=dict)


class LinesMerged(Struct, frozen=True):
    """What to do about a list; None leaves that side's list alone."""

    to_target: tuple[LineChange, ...] | None = None
    to_source: tuple[LineChange, ...] | None = None
    children: tuple[Child, ...] = ()
    conflicts: tuple[tuple[str, Any, Any, Any, System | None, str], ...] = ()  # field, base, erp, inv, winner, policy
    remarks: tuple[tuple[str, NoticeKind, str], ...] = ()
    waits_for: str | None = None


class _Row(Struct, frozen=True):
    child: Child | None
    erp: Line | None
    inv: Line | None


class _Fate(Struct):
    """What becomes of a row: on which sides it lives on, and with which values."""

    row: _Row
    erp_keeps: bool = True
    inv_keeps: bool = True
    to_target: Values = field(default_factory=dict)
    to_source: Values = field(default_factory=dict)
    anew: bool = False  # the target cannot change the line as wanted, so it gets a new one
    child: Child | None = None


def merge_lines(
    spec: Lines, children: Sequence[Child], erp: Sequence[Line], inv: Sequence[Line], setting: Setting
) -> LinesMerged:
    """The outcome for the whole list."""
    first = not children and bool(erp) and bool(inv)
    fates: list[_Fate] = []
    conflicts: list[tuple[str, Any, Any, Any, System | None, str]] = []
    remarks: list[tuple[str, NoticeKind, str]] = []
    for number, row in enumerate(_rows(spec, children, erp, inv, setting), start=1):
        name = f"{spec.source}[{number}]"
        if row.erp is not None and row.inv is not None:
            own = {f.removeprefix(f"{name}."): c for f, c in setting.choices.items() if f.startswith(f"{name}.")}
            fate, outcomes = _both(spec, row, row.erp, row.inv, replace(setting, choices=own))
        else:
            fate, outcomes = _alone(spec, row, first, setting, name, conflicts)
        for outcome in outcomes:
            if outcome.waits_for:
                return LinesMerged(
                    None,
                    None,
                    tuple(children),
                    (),
                    tuple((f"{name}.{f}", k, r) for f, k, r in outcome.remarks),
                    outcome.waits_for,
                )
            remarks += [(f"{name}.{f}", kind, reason) for f, kind, reason in outcome.remarks]
            if outcome.clash and row.erp and row.inv and row.child:
                conflicts += [
                    (
                        f"{name}.{f}",
                        row.child.shadow.get(f),
                        row.erp.values[f],
                        row.inv.values[f],
                        outcome.clash.winner,
                        outcome.clash.policy,
                    )
                    for f in outcome.clash.fields
                ]
        fates.append(fate)
    return LinesMerged(
        _target_list(fates, erp, inv),
        _source_list(fates, erp, inv),
        tuple(fate.child for fate in fates if fate.child is not None),
        tuple(conflicts),
        tuple(remarks),
    )


def _rows(
    spec: Lines, children: Sequence[Child], erp: Sequence[Line], inv: Sequence[Line], setting: Setting
) -> list[_Row]:
    """Every line of both lists once, with its counterpart where there is one; in the ERP's order, then Invoiced's."""
    by_erp = {line.id: line for line in erp}
    by_inv = {line.id: line for line in inv}
    linked = {child.erp: child for child in children}
    taken = {child.inv for child in children}
    identity = next(pair for pair in spec.pairs if pair.name == spec.identity)
    free: defaultdict[Value, deque[Line]] = defaultdict(deque)
    for line in inv:
        if line.id not in taken:
            free[line.values[identity.name]].append(line)
    rows: list[_Row] = []
    for line in erp:
        child = linked.get(line.id)
        if child is not None:
            rows.append(_Row(child, line, by_inv.get(child.inv)))
            continue
        counterpart = None
        for value in list(free):
            if free[value] and identity.converter.agree(line.values[identity.name], value, setting.resolve):
                counterpart = free[value].popleft()
                break
        rows.append(_Row(None, line, counterpart))
    rows += [
        _Row(child, None, by_inv[child.inv]) for child in children if child.erp not in by_erp and child.inv in by_inv
    ]
    rows += [_Row(None, None, line) for waiting in free.values() for line in waiting]
    return rows


def _both(spec: Lines, row: _Row, erp: Line, inv: Line, setting: Setting) -> tuple[_Fate, list[Merged]]:
    shadow = dict(row.child.shadow) if row.child else {}
    fate = _Fate(row)
    own = replace(setting, policy=setting.policy or spec.conflict, diverged={})
    outcomes = [merge(unit, shadow, erp.values, inv.values, own) for unit in spec.units]
    standing: list[tuple[str, NoticeKind, str]] = [
        (pair.name, "divergence", f"Customerp has {erp.values[pair.name]!r}, Invoiced {inv.values[pair.name]!r}")
        for pair in spec.pairs
        if shadow.get(pair.name) == (erp.values[pair.name], inv.values[pair.name])
        and not pair.converter.agree(erp.values[pair.name], inv.values[pair.name], setting.resolve)
    ]
    fixed = {pair.name for pair in spec.pairs if pair.fixed}
    for outcome in outcomes:
        shadow |= outcome.advance
        shadow |= {name: (erp.values[name], inv.values[name]) for name in outcome.diverge}
        fate.to_source |= outcome.to_source
        fate.to_target |= outcome.to_target
    fate.anew = any(name in fixed for name in fate.to_target)
    if fate.anew:
        fate.to_target = {
            pair.name: pair.converter.to_target(erp.values[pair.name], setting.resolve)
            if pair.name not in fate.to_source
            else inv.values[pair.name]
            for pair in spec.pairs
        }
    fate.child = Child(erp.id, inv.id, shadow)
    return fate, [*outcomes, Merged(remarks=tuple(standing))]


def _alone(
    spec: Lines,
    row: _Row,
    first: bool,
    setting: Setting,
    name: str,
    conflicts: list[tuple[str, Any, Any, Any, System | None, str]],
) -> tuple[_Fate, list[Merged]]:
    """A line that only one side has: new there, or removed on the other side.

    Its link stays until the removal is written, which a closed document may never allow; without the link the line
    would look like a new one.
    """
    here: System = "customerp" if row.erp is not None else "invoiced"
    line = row.erp or row.inv
    assert line is not None
    if row.child is not None:
        index = 0 if here == "customerp" else 1
        edited = any(row.child.shadow[n][index] != v for n, v in line.values.items() if n in row.child.shadow)
        if not edited:
            return _Fate(row, erp_keeps=False, inv_keeps=False, child=row.child), []
        policy = setting.policy or spec.conflict
        kept = {"customerp": row.erp and row.erp.values, "invoiced": row.inv and row.inv.values}
        decided = chosen(setting.choices, [name], {name: kept["customerp"]}, {name: kept["invoiced"]})
        winner = decided or choose(policy, setting.erp_edited.get("lines"), setting.inv_edited.get("lines"))
        base = {n: pair[index] for n, pair in row.child.shadow.items()}
        by = "a person" if decided else policy
        conflicts.append((name, base, kept["customerp"], kept["invoiced"], winner, by))
        if winner is None:
            return _Fate(row, erp_keeps=row.erp is not None, inv_keeps=row.inv is not None, child=row.child), []
        if winner != here:
            return _Fate(row, erp_keeps=False, inv_keeps=False, child=row.child), []
    elif first and side_of(spec.owner) != here:
        return _Fate(row, erp_keeps=False, inv_keeps=False), []
    values, outcome = _carried(spec, line, here, setting)
    if outcome is not None:
        return _Fate(row, erp_keeps=row.erp is not None, inv_keeps=row.inv is not None, child=row.child), [outcome]
    fate = _Fate(row, child=row.child)
    if here == "customerp":
        fate.to_target = values
    else:
        fate.to_source = values
    return fate, []


def _carried(spec: Lines, line: Line, here: System, setting: Setting) -> tuple[Values, Merged | None]:
    """All values of a new line for the other side; or why it cannot be added there."""
    empty: Values = dict.fromkeys(line.values)
    carried: Values = {}
    for pair in spec.pairs:
        erp, inv = (line.values, empty) if here == "customerp" else (empty, line.values)
        outcome = merge((pair,), {}, erp, inv, setting)
        if outcome.waits_for:
            return {}, outcome
        if outcome.remarks:
            reasons = "; ".join(reason for _, _, reason in outcome.remarks)
            return {}, Merged(remarks=((pair.name, "unmappable", f"the line cannot be added: {reasons}"),))
        written = outcome.to_target if here == "customerp" else outcome.to_source
        carried[pair.name] = written.get(pair.name)
    return carried, None


def _target_list(fates: Sequence[_Fate], erp: Sequence[Line], inv: Sequence[Line]) -> tuple[LineChange, ...] | None:
    by_inv = {fate.row.inv.id: fate for fate in fates if fate.row.inv is not None}
    if not any((fate.row.inv is not None and not fate.inv_keeps) or fate.to_target for fate in fates):
        return None
    result: list[LineChange] = []
    for line in inv:
        fate = by_inv[line.id]
        if fate.inv_keeps:
            counterpart = fate.row.erp.id if fate.row.erp else ""
            result.append(
                LineChange(None if fate.anew else line.id, counterpart, fate.to_target, _values(fate.row.erp))
            )
    new = {
        fate.row.erp.id: LineChange(None, fate.row.erp.id, fate.to_target, fate.row.erp.values)
        for fate in fates
        if fate.row.erp is not None and fate.row.inv is None and fate.to_target
    }
    return _woven(result, new, [line.id for line in erp])


def _source_list(fates: Sequence[_Fate], erp: Sequence[Line], inv: Sequence[Line]) -> tuple[LineChange, ...] | None:
    by_erp = {fate.row.erp.id: fate for fate in fates if fate.row.erp is not None}
    if not any((fate.row.erp is not None and not fate.erp_keeps) or fate.to_source for fate in fates):
        return None
    result: list[LineChange] = []
    for line in erp:
        fate = by_erp[line.id]
        if fate.erp_keeps:
            counterpart = fate.row.inv.id if fate.row.inv else ""
            result.append(LineChange(line.id, counterpart, fate.to_source, _values(fate.row.inv)))
    new = {
        fate.row.inv.id: LineChange(None, fate.row.inv.id, fate.to_source, fate.row.inv.values)
        for fate in fates
        if fate.row.inv is not None and fate.row.erp is None and fate.to_source
    }
    return _woven(result, new, [line.id for line in inv])


def _values(line: Line | None) -> Values:
    return line.values if line is not None else {}


def _woven(kept: list[LineChange], new: Mapping[str, LineChange], order: Iterable[str]) -> tuple[LineChange, ...]:
    """The kept lines in their own order, each new one behind the counterpart of its predecessor."""
    result = list(kept)
    before: str | None = None
    for line in order:
        if line in new:
            place = next((n for n, change in enumerate(result) if change.counterpart == before), None)
            result.insert(
                len(result) if place is None and before else (place + 1 if place is not None else 0), new[line]
            )
        before = line
    return tuple(result)


def adopt(
    spec: Lines,
    side: System,
    desired: Sequence[LineChange],
    current: Sequence[Line],
    children: Sequence[Child],
    other: Sequence[Line],
) -> tuple[Child, ...]:
    """Line links after a list was sent: lines keep their ids, new ones are known by what they say, then by their order.

    `other` is the list of the other side. What it still has and a person has removed on this `side` keeps its link
    until it is removed there, too; without one it would look like a new line and come back.

    What a line says may come back changed: Invoiced drops an item that is archived, for example. A line without a link
    would be taken for a new one, and be added on the other side once more.

    A pair enters the shadow with the value it was sent from and the value the system answered with, so that a
    source that moved while the call was under way still counts as edited.
    """
    by_id = {line.id: line for line in current}
    known = {(child.inv if side == "invoiced" else child.erp): child for child in children}
    named = {change.id for change in desired if change.id is not None}
    unnamed = deque(line for line in current if line.id not in named)
    new = [change for change in desired if change.id is None]
    found = [_next_like(change, unnamed) for change in new]
    same = (spec.identity,)
    found = [line or _next_like(change, unnamed, same) for change, line in zip(new, found, strict=True)]
    if found.count(None) == len(unnamed):
        found = [line or unnamed.popleft() for line in found]
    fresh = iter(found)
    result: list[Child] = []
    for change in desired:
        line = by_id.get(change.id) if change.id is not None else next(fresh)
        if line is None or not change.counterpart:
            continue
        erp_id, inv_id = (change.counterpart, line.id) if side == "invoiced" else (line.id, change.counterpart)
        shadow: dict[str, Agreed] = dict(known[line.id].shadow) if line.id in known else {}
        for name in change.values:
            if name in change.sent_from:
                shadow[name] = (
                    (change.sent_from[name], line.values[name])
                    if side == "invoiced"
                    else (line.values[name], change.sent_from[name])
                )
        result.append(Child(erp_id, inv_id, shadow))
    sent = {change.counterpart for change in desired}
    there = {line.id for line in other} - sent
    return (*result, *(child for child in children if (child.erp if side == "invoiced" else child.inv) in there))


def _next_like(change: LineChange, unnamed: deque[Line], names: Iterable[str] | None = None) -> Line | None:
    """The first line that says what was sent, or as much of it as `names`."""
    wanted = {name: change.values.get(name) for name in names} if names is not None else change.values
    for line in unnamed:
        if all(line.values.get(name) == value for name, value in wanted.items() if names or value is not None):
            unnamed.remove(line)
            return line
    return None


def total(lines: Iterable[Values], decimals: int) -> Decimal:
    """What the lines come to: each amount rounded half up, less its discount rounded half up."""
    unit = Decimal(1).scaleb(-decimals)
    sum_ = Decimal(0)
    for line in lines:
        amount = (Decimal(str(line["quantity"] or 0)) * Decimal(str(line["unitPrice"] or 0))).quantize(
            unit, ROUND_HALF_UP
        )
        percent = Decimal(str(line["discountPercent"] or 0))
        sum_ += amount - (max(Decimal(0), amount) * percent / 100).quantize(unit, ROUND_HALF_UP)
    return sum_


def summary(lines: Iterable[Line]) -> list[dict[str, Value]]:
    """Lines as people read them in a report: the values, without ids."""
    return [dict(line.values) for line in lines]
