"""A scenario as it is written, and what it is known by: item, scenario id, row key.

Cassettes and reports go by this identity, so a new title or an inserted row orphans nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ID_TAG = "id:"
REQUIREMENT_TAG = "req:"
ROW_COLUMN = "case"
COLUMN = re.compile(r"<([^<>]+)>")


def slug(text: str) -> str:
    """The row key of an example: lower-case words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


@dataclass(frozen=True)
class Identity:
    """What a scenario is known by: the items it proves, its own id, and the key of its row in an outline."""

    items: tuple[str, ...]
    scenario: str
    row: str | None = None

    @property
    def item(self) -> str:
        """The item under which the scenario's recording is kept."""
        return self.items[0]

    def __str__(self) -> str:
        return f"{self.item}/{self.scenario}" + (f"[{self.row}]" if self.row else "")


@dataclass(frozen=True)
class Step:
    """A step as written; And and But read as the keyword before them, which is empty when there is none."""

    keyword: str
    text: str
    line: int
    table: tuple[tuple[str, ...], ...] | None = None
    docstring: str | None = None

    def columns(self) -> set[str]:
        """The columns that it names, in its sentence or below it."""
        cells = [cell for row in self.table or () for cell in row]
        return {name for text in (self.text, self.docstring or "", *cells) for name in COLUMN.findall(text)}


@dataclass(frozen=True)
class Examples:
    """One table of examples: its header, and its rows with their lines."""

    line: int
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    tagged: bool = False


@dataclass(frozen=True)
class Outline:
    """A scenario of a feature file as written; with examples it runs once a row."""

    path: Path
    line: int
    # The line of the first tag of its own, or `line`.
    begin: int
    title: str
    # Those of its feature first, each with its line.
    tagged: tuple[tuple[str, int], ...]
    background: tuple[Step, ...]
    own: tuple[Step, ...]
    examples: tuple[Examples, ...]
    # Called an outline, or written like one.
    templated: bool

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """Its tags without their lines."""
        return tuple(tag for tag, _ in self.tagged)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The background's steps and its own, in the order in which they run."""
        return self.background + self.own

    @cached_property
    def items(self) -> tuple[str, ...]:
        """The items it proves; the first one keeps its recording."""
        return tuple(dict.fromkeys(tag for tag in self.tags if "/" in tag))

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The ids it is given; a sound scenario has exactly one."""
        return tuple(tag.removeprefix(ID_TAG) for tag in self.tags if tag.startswith(ID_TAG))

    @property
    def id(self) -> str:
        """Its id; to be asked of sound scenarios only."""
        return self.ids[0]

    @cached_property
    def rows(self) -> tuple[str, ...]:
        """The key of each row."""
        return tuple(
            slug(cells[table.header.index(ROW_COLUMN)])
            for table in self.examples
            if ROW_COLUMN in table.header
            for _, cells in table.rows
        )

    def identities(self) -> tuple[Identity, ...]:
        """One identity a run of the scenario; none while it has no item, or not exactly one id."""
        if not self.items or len(self.ids) != 1:
            return ()
        return tuple(Identity(self.items, self.id, row) for row in self.rows or (None,))
