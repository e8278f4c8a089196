"""A set of words that people keep on both sides: no addition gets lost, and no removal is undone.

Each word is added once, so it has to be there in the end on both sides if nobody has removed it, and else on neither.
"""

from __future__ import annotations

import sqlite3

from mapping import COLLECTIONS, tags
from sides import Pair, Sides
from violation import Violation

_FLOW = "customer-company"


class Words:
    """What people have done to the words of customers, in either system."""

    def __init__(self, database: sqlite3.Connection, sides: Sides) -> None:
        self._database, self._sides = database, sides
        self._added: dict[str, set[str]] = {}  # by id of the record
        self._removed: dict[str, set[str]] = {}
        self._doubtful: set[str] = set()  # of which the sync could not know what it wrote over

    def edited(self, id_: str, before: frozenset[str], now: frozenset[str]) -> None:
        """A person has changed them."""
        self._added.setdefault(id_, set()).update(now - before)
        self._removed.setdefault(id_, set()).update(before - now)

    def overwritten_unseen(self, words: frozenset[str]) -> None:
        """The sync has written over a list of Invoiced that had just been edited."""
        self._doubtful |= words

    def check(self) -> None:
        """I5, of all that are linked."""
        statement = (
            f"SELECT erp_id, inv_id FROM link WHERE flow = '{_FLOW}' AND state <> 'tombstoned' AND erp_id IS NOT NULL"
        )
        for erp_id, inv_id in self._database.execute(statement).fetchall():
            if inv_id is not None:
                self._check((_FLOW, erp_id, inv_id))

    def _check(self, pair: Pair) -> None:
        added, removed = (
            set[str]().union(*(known.get(id_, ()) for id_ in pair[1:])) for known in (self._added, self._removed)
        )
        for system, collection, id_ in zip(("customerp", "invoiced"), COLLECTIONS[_FLOW], pair[1:], strict=True):
            held = tags(self._sides.raw(system, collection, id_) or {}).get("tags", frozenset())
            wrong = (added - removed - held) | (removed & held)
            if wrong - self._doubtful:
                raise Violation("I5", f"{pair} in {system}: {sorted(wrong)} were added or removed, and are not so")
