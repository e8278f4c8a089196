"""Edits in Invoiced that the sync overwrote without having seen them: its audit has to tell each, and nothing else.

What the sync had seen is what the stored intent of its write says; only texts are compared, as they need no converter.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from forms import words

_PATHS = {"name": "name", "phone": "phone", "email": "email", "notes": "notes", "purchase_order": "purchaseOrder"}

Lost = tuple[str, str, str | None, str | None]  # id in Invoiced, property there, what was lost, what stands


class Unseen:
    """What the log of calls shows to have been overwritten unseen."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._lost: list[Lost] = []

    def write(self, id_: str, before: Mapping[str, Any], applied: Mapping[str, Any]) -> bool:
        """A change by the sync, as it was applied; whether something that it had not seen was lost by it."""
        lost = len(self._lost)
        intent = self._database.execute("SELECT intent FROM link WHERE inv_id = ? AND intent IS NOT NULL", (id_,))
        found = intent.fetchone()
        fields = msgspec.json.decode(found[0])[5] if found is not None else {}
        for path, name in _PATHS.items():
            if path not in applied or name not in fields:
                continue
            known, was, stands = words(fields[name][2]), words(before.get(path)), words(applied[path])
            if was not in (known, stands):
                self._lost.append((id_, path, was, stands))
        return len(self._lost) > lost

    def contradictions(self, counts: Counter[str]) -> Iterator[str]:
        """What the audit has not told, or told without cause; writes with one outcome it cannot tell apart."""
        told = set(self._history("audit"))
        outcomes = Counter((id_, path, stands) for id_, path, _, stands in self._history("sync"))
        statement = "SELECT inv_id FROM link WHERE generation = 1 AND state <> 'tombstoned'"
        first = {inv_id for (inv_id,) in self._database.execute(statement)}  # the history names links, not counterparts
        for lost in self._lost:
            id_, path, was, stands = lost
            if id_ not in first:
                counts["overwritten unseen, and its record is gone"] += 1
            elif lost in told:
                counts["overwritten unseen, told by the audit"] += 1
            elif outcomes[id_, path, stands] > 1:
                counts["overwritten unseen, one of several writes with one outcome"] += 1
            else:
                yield f"{path} of {id_}: {was!r} was overwritten with {stands!r} unseen, and the audit does not say so"
        for id_, path, was, stands in told - set(self._lost):
            if id_ not in first:
                continue
            yield f"{path} of {id_}: the audit says that {stands!r} overwrote {was!r} unseen, which is not so"

    def _history(self, by: str) -> Iterator[Lost]:
        statement = (
            "SELECT inv_id, fields FROM history JOIN link ON link.id = link WHERE by = ? AND system = 'invoiced'"
        )
        for inv_id, fields in self._database.execute(statement, (by,)):
            for path, (was, stands) in msgspec.json.decode(fields).items():
                if path in _PATHS:
                    yield inv_id, path, words(was), words(stands)
