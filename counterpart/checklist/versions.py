"""What became of a document between two versions: flows, statements and property rows, what vanished first."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from counterpart.checklist.blocks import told
from counterpart.checklist.compare import Change
from counterpart.checklist.flows import MergedFlow, merged
from counterpart.checklist.items import Item, derive
from counterpart.checklist.model import Document, PropertyRow, Statement

What = Literal["document", "flow", "statement", "row", "item"]
# How loudly something is told: rows that vanished weigh more than a table that was always empty.
LOUD, PLAIN, QUIET = 0, 1, 2


@dataclass(frozen=True)
class VersionDifference:
    """One difference between two versions; `items` are the short ids that it touches, lines are None where it is not.

    `weight` is 0 for what vanished or is blocked now, 1 for what is new or reworded, 2 for what only looks different.
    """

    what: What
    change: Change
    flow: str | None
    sentence: str
    old_line: int | None
    new_line: int | None
    items: tuple[str, ...]
    weight: int


def compare_versions(old: Document, new: Document) -> tuple[VersionDifference, ...]:
    """Every difference between two versions of one document, the weightiest first; another printing has none."""
    if old.pair != new.pair:
        sentence = f"One document is of {old.pair}, the other of {new.pair}; nothing else was compared."
        return (VersionDifference("document", Change.PAIR, None, sentence, 1, 1, (), LOUD),)
    found = [*_renamed(old, new), *_flows(old, new), *_blocked(old, new)]
    if not found and old.content_key != new.content_key:
        sentence = "The text differs, but nothing that it states: the introduction, or how the file is stored."
        found.append(VersionDifference("document", Change.TEXT, None, sentence, None, None, (), QUIET))
    return tuple(sorted(found, key=lambda each: each.weight))


def _renamed(old: Document, new: Document) -> Iterator[VersionDifference]:
    for name, before, after in (("source", old.source, new.source), ("target", old.target, new.target)):
        if before.raw != after.raw:
            sentence = f"The {name} system is spelled {after.raw!r}, formerly {before.raw!r}; it is the same system."
            yield VersionDifference("document", Change.TEXT, None, sentence, 2, 2, (), QUIET)
    headings = [{flow.key: flow.heading for flow in document.flows} for document in (old, new)]
    for key, heading in headings[1].items():
        if key in headings[0] and headings[0][key] != heading:
            sentence = f"The heading {headings[0][key]!r} is now {heading!r}; it is the same flow."
            yield VersionDifference("document", Change.TEXT, None, sentence, None, None, (), QUIET)


def _flows(old: Document, new: Document) -> Iterator[VersionDifference]:
    before = {(flow.source.id, flow.target.id): flow for flow in merged(old)}
    after = {(flow.source.id, flow.target.id): flow for flow in merged(new)}
    items_before, items_after = _items(old), _items(new)
    for key, flow in before.items():
        if key not in after:
            rows = f", and with it {_rows(len(flow.rows))} that it listed" if flow.rows else ""
            sentence = f"The flow {flow.short} is gone{rows}."
            touched = tuple(item.short for item in items_before[flow.short])
            yield VersionDifference("flow", Change.GONE, flow.short, sentence, _line(flow), None, touched, LOUD)
    for key, flow in after.items():
        if key not in before:
            rows = f", with {_rows(len(flow.rows))}" if flow.rows else ", without a list of properties"
            sentence = f"The flow {flow.short} is new{rows}."
            touched = tuple(item.short for item in items_after[flow.short])
            yield VersionDifference("flow", Change.NEW, flow.short, sentence, None, _line(flow), touched, PLAIN)
    for key in _moved(list(before), list(after)):
        sentence = f"The flow {after[key].short} stands in another place."
        yield VersionDifference(
            "flow", Change.MOVED, after[key].short, sentence, _line(before[key]), _line(after[key]), (), QUIET
        )
    shared = [(before[key], after[key]) for key in before if key in after]
    for one, other in shared:
        yield from _statements(one, other, items_before[one.short], items_after[other.short])
    yield from _all_rows(shared)


def _statements(
    old: MergedFlow, new: MergedFlow, items_before: Sequence[Item], items_after: Sequence[Item]
) -> Iterator[VersionDifference]:
    gone = _missing(old.statements, new.statements, _said)
    come = _missing(new.statements, old.statements, _said)
    for statement in gone:
        successor = next((each for each in come if each.kind == statement.kind), None)
        lost = _of(statement, items_before)
        if successor is not None:
            come.remove(successor)
            sentence = f"{new.short} now says: {told(successor)}; formerly: {told(statement)}."
            touched = tuple(dict.fromkeys((*lost, *_of(successor, items_after))))
            yield VersionDifference(
                "statement", Change.REWORDED, new.short, sentence, statement.line, successor.line, touched, PLAIN
            )
        else:
            sentence = f"{new.short} no longer says: {told(statement)}."
            yield VersionDifference("statement", Change.GONE, new.short, sentence, statement.line, None, lost, LOUD)
    for statement in come:
        sentence = f"{new.short} says in addition: {told(statement)}."
        touched = _of(statement, items_after)
        yield VersionDifference("statement", Change.NEW, new.short, sentence, None, statement.line, touched, PLAIN)


def _all_rows(shared: Sequence[tuple[MergedFlow, MergedFlow]]) -> Iterator[VersionDifference]:
    gone = [(old, new, row) for old, new in shared for row in _missing(old.rows, new.rows, _pair)]
    come = [(old, new, row) for old, new in shared for row in _missing(new.rows, old.rows, _pair)]
    arrivals = {(_pair(row), new.source.id): (new, row) for _, new, row in come}
    settled: set[int] = set()
    for old, new, row in gone:
        if arrived := arrivals.get((_pair(row), old.source.id)):
            flow, there = arrived
            settled.add(id(there))
            sentence = f"The row {_name(row)} moved from {old.short} to {flow.short}."
            touched = (*_row_items(old, row), *_row_items(flow, there))
            yield VersionDifference("row", Change.MOVED, flow.short, sentence, row.line, there.line, touched, PLAIN)
            continue
        now = " and its table lists nothing any more" if not new.rows else ""
        sentence = f"The row {_name(row)} of {new.short} is gone{now}. Properties that were listed are listed no more."
        yield VersionDifference("row", Change.GONE, new.short, sentence, row.line, None, _row_items(old, row), LOUD)
    for _, new, row in come:
        if id(row) not in settled:
            sentence = f"The row {_name(row)} of {new.short} is new."
            yield VersionDifference("row", Change.NEW, new.short, sentence, None, row.line, _row_items(new, row), PLAIN)
    for old, new in shared:
        yield from _kept_rows(old, new)


def _kept_rows(old: MergedFlow, new: MergedFlow) -> Iterator[VersionDifference]:
    before, after = {_pair(row): row for row in old.rows}, {_pair(row): row for row in new.rows}
    for key, row in before.items():
        if key in after and row.type.raw != after[key].type.raw:
            there = after[key]
            sentence = f"The row {_name(row)} of {new.short} has the type {there.type.raw}, formerly {row.type.raw}."
            yield VersionDifference(
                "row", Change.REWORDED, new.short, sentence, row.line, there.line, _row_items(new, there), PLAIN
            )
    for key in _moved(list(before), list(after)):
        sentence = f"The row {_name(after[key])} of {new.short} stands in another place."
        yield VersionDifference("row", Change.MOVED, new.short, sentence, before[key].line, after[key].line, (), QUIET)


def _blocked(old: Document, new: Document) -> Iterator[VersionDifference]:
    """Items that cannot be signed off any more before somebody decides."""
    held = {(item.id, item.decision) for item in derive(old)[1] if item.blocked}
    for item in derive(new)[1]:
        if item.blocked and (item.id, item.decision) not in held:
            sentence = f"{item.short} is blocked until {item.decision} is decided: {item.blocked}"
            yield VersionDifference("item", Change.BLOCKED, item.flow, sentence, None, item.line, (item.short,), LOUD)


_Key = TypeVar("_Key", bound=Hashable)
_Each = TypeVar("_Each")


def _missing(here: Sequence[_Each], there: Sequence[_Each], key: Callable[[_Each], Hashable]) -> list[_Each]:
    """What stands here and not there."""
    known = set(map(key, there))
    return [each for each in here if key(each) not in known]


def _moved(before: Sequence[_Key], after: Sequence[_Key]) -> list[_Key]:
    """The fewest of those on both sides that must have moved for the others to have kept their order.

    The others are a longest rising chain, found by patience sorting in n log n.
    """
    places = {key: number for number, key in enumerate(before)}
    common = [key for key in after if key in places]
    ends: list[int] = []
    last: list[int] = []
    previous: list[int | None] = []
    for index, key in enumerate(common):
        at = bisect_left(ends, places[key])
        previous.append(last[at - 1] if at else None)
        ends[at : at + 1] = [places[key]]
        last[at : at + 1] = [index]
    kept: set[int] = set()
    step = last[-1] if last else None
    while step is not None:
        kept.add(step)
        step = previous[step]
    return [key for index, key in enumerate(common) if index not in kept]


def _said(statement: Statement) -> Hashable:
    return (statement.kind, statement.text)


def _pair(row: PropertyRow) -> Hashable:
    return (row.source.path, row.source.conditions, row.target.path, row.target.conditions)


def _name(row: PropertyRow) -> str:
    return f"{row.source} > {row.target}"


def _row_items(flow: MergedFlow, row: PropertyRow) -> tuple[str, ...]:
    name = flow.row_names[row]
    return (f"{flow.short}/property-source/{name}", f"{flow.short}/property-target/{name}")


def _items(document: Document) -> Mapping[str, Sequence[Item]]:
    flows, items = derive(document)
    found: dict[str, list[Item]] = {flow.id: [] for flow in flows}
    for item in items:
        found[item.flow].append(item)
    return found


def _of(statement: Statement, items: Sequence[Item]) -> tuple[str, ...]:
    return tuple(item.short for item in items if statement.line <= item.line <= max(statement.line, statement.last))


def _line(flow: MergedFlow) -> int:
    return flow.sections[0].line


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
