"""Whether a document still says what the checklist was derived from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from counterpart.checklist.checklist import Checklist
from counterpart.checklist.items import Item
from counterpart.checklist.model import Document


class Change(StrEnum):
    """What became of an item, or of the document as a whole."""

    GONE = "gone"
    NEW = "new"
    REWORDED = "reworded"
    MOVED = "moved"
    BLOCKED = "blocked"
    PAIR = "other systems"
    TEXT = "other text"


@dataclass(frozen=True)
class Difference:
    """One difference; `item` is a short id, or None for the document as a whole, `line` is where to look in it."""

    change: Change
    item: str | None
    sentence: str
    line: int | None = None

    @property
    def concerns_items(self) -> bool:
        """Whether there is something to prove anew; other text alone, such as the introduction, leaves all items."""
        return self.change is not Change.TEXT


def compare(checklist: Checklist, document: Document) -> tuple[Difference, ...]:
    """Every difference, what vanished or is blocked now first; nothing when the document says the same.

    Another Generated line, line ends, spelling of a name, or order of the flows makes no item differ.
    """
    found = Checklist.of(document)
    if found.document.pair != checklist.document.pair:
        return (
            Difference(
                Change.PAIR,
                None,
                f"The document is of {found.document.pair}, the checklist of {checklist.document.pair}; nothing else "
                "was compared.",
            ),
        )
    old = {item.id: item for item in checklist.items}
    new = {item.id: item for item in found.items}
    differences = [_gone(item, found) for item in checklist.items if item.id not in new]
    differences += [
        Difference(
            Change.BLOCKED,
            item.short,
            f"{item.short} is blocked until {item.decision} is decided: {item.blocked}",
            item.line,
        )
        for item in found.items
        if item.blocked and (item.id not in old or old[item.id].decision != item.decision)
    ]
    differences += [
        Difference(
            Change.REWORDED,
            item.short,
            f"{item.short} is stated in other words than when it was derived; review it and its scenarios.",
            new[item.id].line,
        )
        for item in checklist.items
        if item.id in new and new[item.id].fingerprint != item.fingerprint
    ]
    differences += [
        Difference(Change.NEW, item.short, f"{item.short} is new: {item.wording} No scenario proves it.", item.line)
        for item in found.items
        if item.id not in old
    ]
    if not differences and found.document.content_key != checklist.document.content_key:
        differences.append(
            Difference(
                Change.TEXT,
                None,
                "The text differs, but no statement does: another introduction, spelling of a name, or order.",
            )
        )
    return tuple(differences)


def _gone(item: Item, found: Checklist) -> Difference:
    # Rows that were listed and are gone weigh more than a table that was always empty.
    louder = " Properties that were listed are listed no more." if item.kind.startswith("property-") else ""
    filled = item.kind == "properties-unspecified" and any(
        other.flow == item.flow and other.kind == "unlisted" for other in found.items
    )
    cause = "the document now lists properties" if filled else "the document no longer states it"
    return Difference(Change.GONE, item.short, f"{item.short} is gone: {cause}.{louder}")
