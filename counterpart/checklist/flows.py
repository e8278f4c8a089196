"""The flows of a document, sections with one source and one target folded into one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from counterpart.checklist.model import Document, DocumentFlow, PropertyRow, Statement
from counterpart.checklist.names import ObjectName

Side = Literal["source", "target"]
# How many rows a sentence names at most.
SHOWN = 3


@dataclass(frozen=True)
class MergedFlow:
    """What all sections of one flow say together; `short` is its id within the document."""

    short: str
    sections: tuple[DocumentFlow, ...]

    @property
    def source(self) -> ObjectName:
        """The source half, as first written."""
        return self.sections[0].source

    @property
    def target(self) -> ObjectName:
        """The target half, as first written."""
        return self.sections[0].target

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """Every statement once, in the order of the document."""
        return tuple({(each.kind, each.text): each for each in reversed(self._all)}.values())[::-1]

    @cached_property
    def rows(self) -> tuple[PropertyRow, ...]:
        """Every property row once, in the order of the document."""
        rows = [row for section in self.sections for row in section.table.rows]
        return tuple({row.key: row for row in reversed(rows)}.values())[::-1]

    @cached_property
    def disputed(self) -> tuple[Statement, ...]:
        """The statements that not every section makes; sections that repeat a heading can contradict each other."""
        made = Counter((each.kind, each.text) for each in self._all)
        return tuple(each for each in self.statements if made[(each.kind, each.text)] < len(self.sections))

    @property
    def rows_differ(self) -> bool:
        """Whether its sections list different rows."""
        return len({frozenset(row.key for row in section.table.rows) for section in self.sections}) > 1

    @cached_property
    def row_names(self) -> dict[PropertyRow, str]:
        """What each row is called in ids: both paths, with the conditions where only those tell rows apart."""
        plain = Counter(f"{row.source.path}>{row.target.path}" for row in self.rows)
        return {row: name if plain[name] == 1 else self._long(row) for row, name in self._plain()}

    def sharing(self, row: PropertyRow, side: Side) -> tuple[int, tuple[PropertyRow, ...]]:
        """How many other rows have values that come to the same place on this side, and the first few of them."""
        same = self._places[_place(row, side)]
        # A hostile table may have one target for all its rows, so that each of them has all the others.
        return len(same) - 1, tuple(other for other in same[:SHOWN] if other is not row)

    @cached_property
    def _places(self) -> dict[tuple[object, ...], list[PropertyRow]]:
        places: dict[tuple[object, ...], list[PropertyRow]] = {}
        for row in self.rows:
            for side in ("source", "target"):
                places.setdefault(_place(row, side), []).append(row)
        return places

    @property
    def _all(self) -> list[Statement]:
        return [statement for section in self.sections for statement in section.statements]

    def _plain(self) -> Iterator[tuple[PropertyRow, str]]:
        return ((row, f"{row.source.path}>{row.target.path}") for row in self.rows)

    @staticmethod
    def _long(row: PropertyRow) -> str:
        def end(path: str, conditions: Iterable[object]) -> str:
            return path + "".join(f"~{condition}".replace(" in ", "~").replace(" ", "") for condition in conditions)

        return f"{end(row.source.path, row.source.conditions)}>{end(row.target.path, row.target.conditions)}"


def _place(row: PropertyRow, side: str) -> tuple[object, ...]:
    end = row.source if side == "source" else row.target
    return (side, end.path, end.conditions)


def merged(document: Document) -> tuple[MergedFlow, ...]:
    """The flows of a document in the order of their first sections.

    A flow's short id is made of the words for its two records; where these do not tell two flows apart, of their ids.
    """
    sections: dict[tuple[str, str], list[DocumentFlow]] = {}
    for section in document.flows:
        sections.setdefault(section.key, []).append(section)
    shorts = Counter(f"{each[0].source.short}-{each[0].target.short}" for each in sections.values())
    found = []
    for same in sections.values():
        source, target = same[0].source, same[0].target
        short = f"{source.short}-{target.short}"
        if shorts[short] > 1:
            short = f"{source.id}-{target.id}".replace(".", "-")
        found.append(MergedFlow(short, tuple(same)))
    return tuple(found)
