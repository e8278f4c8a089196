"""Where what is to be proven and what a sync carries disagree: pairs that only one of them has, or has otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from counterpart.checklist import Checklist, Row, Supplement
from counterpart.checklist.supplement import Travels
from counterpart.gherkin import Finding
from counterpart.trace import line_of_row


@dataclass(frozen=True)
class CarriedPair:
    """A property pair as a sync carries it, and where it says so.

    Paths are written as in a supplement; `types` are the supplement's types whose values its converter understands.
    """

    flow: str
    source: str
    target: str
    travels: Travels
    types: frozenset[str]
    match_key: bool
    path: Path
    line: int

    @property
    def id(self) -> str:
        """The name that a supplement's row for it has."""
        return f"{self.flow}/{self.source}>{self.target}"


def disagreements(
    checklist: Checklist, supplement: Supplement, carried: Sequence[CarriedPair], path: Path
) -> Iterator[Finding]:
    """Where the supplement at `path` and a sync disagree about the flows of a checklist.

    A flow that is blocked as a whole is passed over, and so is one of the sync that the checklist does not have.
    """
    by_id = {pair.id: pair for pair in carried}
    blocked = {flow for flow, items in checklist.by_flow.items() if all(item.blocked for item in items)}
    for row in supplement.rows:
        if row.flow in blocked:
            continue
        line = line_of_row(path, row)
        if pair := by_id.get(row.id):
            for message, cure in _differences(row, pair):
                yield Finding("carried-otherwise", path, line, f"{row.id} {message}", cure)
        else:
            cure = "let the sync carry it, or reject it: counterpart supplement reject"
            yield Finding("uncarried-row", path, line, f"{row.id} is to be proven, and no flow carries it", cure)
    named = {row.id for row in supplement.rows} | set(_listed(checklist))
    rejected = {row.id for row in supplement.rejected}
    for pair in carried:
        if pair.flow not in checklist.by_flow or pair.flow in blocked or pair.id in named:
            continue
        if pair.id in rejected:
            message, cure = "is carried, and the supplement rejects it", "take it out of the flow"
        else:
            message = "is carried, and nothing says that it is to be proven"
            cure = f"suggest it: {_suggestion(pair)}, or take it out of the flow"
        yield Finding("unproven-pair", pair.path, pair.line, f"{pair.id} {message}", cure)


def _differences(row: Row, pair: CarriedPair) -> Iterator[tuple[str, str]]:
    place = f"{pair.path}:{pair.line}"
    if row.travels != pair.travels:
        yield f"is to travel {row.travels}, and {place} carries it {pair.travels}", "make the two say the same"
    if row.type not in pair.types:
        understood = " or ".join(sorted(pair.types))
        yield f"is a {row.type}, and {place} converts it as {understood}", "correct the row's type or the converter"
    if row.match_key != pair.match_key:
        whose = ("the supplement", place) if row.match_key else (place, "the supplement")
        yield f"is the match key in {whose[0]} and not in {whose[1]}", "recognise records by one pair"


def _suggestion(pair: CarriedPair) -> str:
    way = "" if pair.travels == "both" else f" --travels {pair.travels} --deviation WHY"
    kind = "text" if "text" in pair.types else min(pair.types)
    return f"counterpart supplement suggest '{pair.id}' --type {kind}{way} --reason WHY"


def _listed(checklist: Checklist) -> Iterator[str]:
    """The pairs that the document itself lists."""
    for item in checklist.items:
        if item.kind == "property-source":
            yield item.short.replace("/property-source/", "/", 1)
