"""What the sync may do to the counterpart of a customer that was deleted in Customerp: deactivate it, and not many.

Once it has read what was deleted, it carries nothing more over from it; and of more than ten that were deleted in one
stroke it deactivates none before a person says so, since that many are rather a mistake.
"""

from __future__ import annotations

import json
import sqlite3

from network import Call
from traffic import Traffic
from violation import Violation

_FEW = 10


class Deleting:
    """Customers that people have deleted in Customerp, and what became of their counterparts."""

    def __init__(self, database: sqlite3.Connection, traffic: Traffic) -> None:
        self._database, self._traffic = database, traffic
        self._deleted: dict[str, float] = {}  # counterparts of what was deleted, and when
        self._gone: set[str] = set()
        self._strokes: dict[float, set[str]] = {}

    def deleted(self, erp_id: str, now: float) -> None:
        """A person has deleted a customer."""
        self._gone.add(erp_id)
        statement = "SELECT inv_id FROM link WHERE flow = 'customer-company' AND erp_id = ? AND inv_id IS NOT NULL"
        row = self._database.execute(statement, (erp_id,)).fetchone()
        if row is not None:
            self._deleted[row[0]] = now
            self._strokes.setdefault(now, set()).add(row[0])

    def check(self, call: Call, inv_id: str) -> None:
        """A change of a company by the sync."""
        when = self._deleted.get(inv_id)
        if when is None:
            return
        told = self._traffic.read_by(call.process, "customerp", "changes", self._traffic.first_sent(call))
        if told <= when:
            return
        if json.loads(call.body) == {"active": False}:
            if len(self._strokes[when]) > _FEW:
                raise Violation("deletes", f"{call} for one of {len(self._strokes[when])} deleted at once")
            return
        statement = "SELECT erp_id FROM link WHERE flow = 'customer-company' AND inv_id = ?"
        row = self._database.execute(statement, (inv_id,)).fetchone()
        if row is not None and row[0] in self._gone:
            raise Violation("deletes", f"{call} for {row[0]}, deleted at {when:.2f}, as was read at {told:.2f}")
