"""Rows by ascending id, with the page after a given id found by bisection."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Any

from counterpart.emulators.snapshot import kept

Row = dict[str, Any]


def sparse(row: Row, defaults: Row) -> Row:
    """Only what differs from the defaults: most properties of most records are never set, and memory is finite."""
    return {name: value for name, value in row.items() if name not in defaults or value != defaults[name]}


@kept("_ids", "_next", "_rows")
class Table:
    """Rows keyed by integer ids that only grow; a row is replaced whole, never changed in place."""

    __slots__ = ("_ids", "_next", "_rows")

    def __init__(self, first: int = 1) -> None:
        self._rows: dict[int, Row] = {}
        self._ids: list[int] = []
        self._next = first

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[Row]:
        return map(self._rows.__getitem__, self._ids)

    @property
    def next_id(self) -> int:
        """The id that `add` will give."""
        return self._next

    def get(self, id_: int) -> Row | None:
        """The row, or None."""
        return self._rows.get(id_)

    def named(self, text: str) -> Row | None:
        """The row whose id a path or a text spells, or None."""
        return self._rows.get(int(text)) if text.isascii() and text.isdigit() and len(text) <= 18 else None

    def add(self, row: Row) -> int:
        """Append a row under the next id and return that id."""
        id_ = self._next
        self._next += 1
        self._rows[id_] = row
        self._ids.append(id_)
        return id_

    def put(self, id_: int, row: Row) -> None:
        """Replace an existing row."""
        self._rows[id_] = row

    def remove(self, id_: int) -> None:
        """Remove a row; its id is never given again."""
        del self._rows[id_]
        del self._ids[bisect_left(self._ids, id_)]

    def after(self, id_: int) -> Iterator[tuple[int, Row]]:
        """Ids and rows beyond an id, ascending; all of them after 0."""
        ids, rows = self._ids, self._rows
        return ((ids[at], rows[ids[at]]) for at in range(bisect_right(ids, id_), len(ids)))

    def before(self, id_: int) -> Iterator[tuple[int, Row]]:
        """Ids and rows below an id, descending."""
        ids, rows = self._ids, self._rows
        return ((ids[at], rows[ids[at]]) for at in range(bisect_left(ids, id_) - 1, -1, -1))

    def window(self, start: int, stop: int) -> list[tuple[int, Row]]:
        """Ids and rows from position `start` up to `stop`."""
        return [(id_, self._rows[id_]) for id_ in self._ids[start:stop]]
