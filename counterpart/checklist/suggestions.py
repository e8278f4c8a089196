"""Property pairs that other documents list for an empty table; they are offered, and nobody adopts them unasked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from counterpart.checklist.flows import MergedFlow, merged
from counterpart.checklist.model import Document, PropertyRow

# What the data types of the documents are in a supplement; whatever else is compared as text.
TYPES = {
    "integer": "integer",
    "float": "decimal",
    "decimal": "decimal",
    "boolean": "boolean",
    "date": "date",
}


@dataclass(frozen=True)
class Suggestion:
    """A pair of properties for a flow, and which line of which document speaks for it."""

    source: str
    target: str
    type: str
    reason: str


def suggestions(flow: MergedFlow, document: Document, others: Sequence[Document]) -> tuple[Suggestion, ...]:
    """What other documents list for the same records, each pair once, the other direction's document first.

    A document of another source system speaks for the target's property only; the source's keeps the other's name.
    """
    found: dict[tuple[str, str], Suggestion] = {}
    for each in (*_opposite(flow, document, others), *_alike(flow, document, others)):
        found.setdefault((each.source, each.target), each)
    return tuple(found.values())


def _opposite(flow: MergedFlow, document: Document, others: Sequence[Document]) -> Iterator[Suggestion]:
    for other in others:
        if (other.source.id, other.target.id) != (document.target.id, document.source.id):
            continue
        for back in merged(other):
            if (back.source.id, back.target.id) == (flow.target.id, flow.source.id):
                for row in filter(_usable, back.rows):
                    reason = f"The other direction lists it: {_place(other, row)}."
                    yield Suggestion(row.target.path, row.source.path, _type(row), reason)


def _alike(flow: MergedFlow, document: Document, others: Sequence[Document]) -> Iterator[Suggestion]:
    for other in others:
        same_source = other.source.id == document.source.id
        for like in merged(other):
            if other.target.id != document.target.id or like.target.id != flow.target.id:
                continue
            if same_source and like.source.id != flow.source.id:
                continue
            whose = "the same flow" if same_source else f"the flow of {like.source.raw}"
            for row in filter(_usable, like.rows):
                reason = f"Another document lists it for {whose}: {_place(other, row)}."
                yield Suggestion(row.source.path, row.target.path, _type(row), reason)


def _usable(row: PropertyRow) -> bool:
    ends = (row.source, row.target)
    return not any(end.conditions or end.internal or end.synthetic or end.prefixed for end in ends)


def _type(row: PropertyRow) -> str:
    return TYPES.get(row.type.canonical, "text")


def _place(document: Document, row: PropertyRow) -> str:
    return f"{Path(document.path).name}, line {row.line}"
