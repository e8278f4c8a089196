"""Which records the sync may take for each other's counterpart: told from how people have entered them.

Two that were there before are linked by their number, else by a tax id or an e-mail address that no other record has
which is still free, the one that tells most first; never by a name. And they are linked, so that none is created beside
the one that was there. Where people have changed such a key since, nobody can tell what it was then.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from mapping import text
from violation import Violation

_KEYS = {"number": "number", "organisationNumber": "tax_id", "email": "email"}  # the one that tells most first


class Matches:
    """The keys of customers and companies, as they were entered."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._erp: dict[str, dict[str, str | None]] = {}
        self._inv: dict[str, dict[str, str | None]] = {}
        self._changed: set[str] = set()  # ids of records of which a key was changed
        self._first: set[str] = set()  # ids of those that were there from the beginning

    def entered(self, system: str, id_: str, record: Mapping[str, Any], now: float) -> None:
        """A person has entered a customer."""
        if now == 0:
            self._first.add(id_)
        known, paths = (
            (self._erp, _KEYS) if system == "customerp" else (self._inv, {path: path for path in _KEYS.values()})
        )
        known[id_] = {path: (text(record.get(path)) or "").lower() or None for path in paths}

    def edited(self, id_: str, change: Mapping[str, Any]) -> None:
        """Somebody has changed a customer, a person or the sync."""
        if change.keys() & (_KEYS.keys() | set(_KEYS.values())):
            self._changed.add(id_)

    def gone(self, id_: str) -> None:
        """A person has deleted a customer, maybe before the sync could find it."""
        self._first.discard(id_)

    def check(self) -> None:
        """I2, of all links between records that people have entered on both sides."""
        linked = self._database.execute(
            "SELECT erp_id, inv_id FROM link WHERE flow = 'customer-company' AND erp_id IS NOT NULL "
            "AND inv_id IS NOT NULL AND state <> 'tombstoned'"
        )
        for erp_id, inv_id in linked:
            if erp_id in self._erp and inv_id in self._inv:
                self._check(erp_id, inv_id)
            elif erp_id in self._first and not self._changed:
                self._check_created(erp_id, inv_id)

    def _check_created(self, erp_id: str, inv_id: str) -> None:
        """A counterpart that the sync has made: was there one already?"""
        erp = self._erp[erp_id]
        for there, inv in self._inv.items():
            keys = [name for name, path in _KEYS.items() if erp[name] is not None and erp[name] == inv[path]]
            if there in self._first and keys and not self._shared(keys[0], erp):
                raise Violation("I6", f"{inv_id} was created for {erp_id}, and {there} has its {keys[0]}")

    def _check(self, erp_id: str, inv_id: str) -> None:
        erp, inv = self._erp[erp_id], self._inv[inv_id]
        shared = [name for name, path in _KEYS.items() if erp[name] is not None and erp[name] == inv[path]]
        if not shared and not {erp_id, inv_id} & self._changed:
            raise Violation("I2", f"{erp_id} and {inv_id} were linked, and have no key in common")
        if not shared or shared[0] == "number" or self._changed - {inv_id}:
            return
        for name in [*_KEYS][: [*_KEYS].index(shared[0])]:
            better = [there for there in self._first & self._inv.keys() if self._inv[there][_KEYS[name]] == erp[name]]
            if erp[name] is not None and better and not self._shared(name, erp):
                raise Violation(
                    "I2", f"{erp_id} and {inv_id} were linked by their {shared[0]}, and {better} has its {name}"
                )
        others = self._shared(shared[0], erp)
        if others:
            raise Violation("I2", f"{erp_id} and {inv_id} were linked by their {shared[0]}, which {others} share")

    def _shared(self, name: str, erp: Mapping[str, str | None]) -> list[str]:
        """Who has the same key, if they are more than two."""
        sides = ((self._erp, name), (self._inv, _KEYS[name]))
        found = [
            id_
            for records, path in sides
            for id_, each in records.items()
            if each[path] == erp[name] and (name == "number" or not self._numbered(each))
        ]
        return found if len(found) > 2 else []

    def _numbered(self, one: Mapping[str, str | None]) -> bool:
        """Whether a record has a counterpart by its number."""
        return sum(each["number"] == one["number"] for each in (*self._erp.values(), *self._inv.values())) > 1
