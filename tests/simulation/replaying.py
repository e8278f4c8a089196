"""I8: the history, played again, gives the shadow, and holds what the log of calls shows to have been written.

Only texts with one form on both sides are compared, as only they need no converter.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from mapping import text
from shadows import shadows

# What Invoiced calls the property, by what Customerp and the flows do.
TEXTS = {"name": "name", "phone": "phone", "email": "email", "notes": "notes", "purchaseOrder": "purchase_order"}
_NAMES = {"customerp": {name: name for name in TEXTS}, "invoiced": {path: name for name, path in TEXTS.items()}}

Index = tuple[str, str, str]  # system, id of the record there, property


@dataclass
class Written:
    """What the sync wrote last, and whether that has changed since or was ignored, as the log of calls shows it.

    The history keeps what was sent; what became of it, where a system made something else of it, is told beside it.
    """

    values: dict[Index, str | None] = field(default_factory=dict)
    changed: set[Index] = field(default_factory=set)

    def write(
        self, system: str, id_: str, sent: Mapping[str, Any], applied: Mapping[str, Any], before: Mapping[str, Any]
    ) -> None:
        for path, name in _NAMES[system].items():
            index = (system, id_, name)
            if path in applied and plain(applied[path]) == plain(before.get(path)):
                continue  # sent along, as a part of the whole
            if path in applied:
                self.values[index] = plain(applied[path])
                self.changed.discard(index)
            elif path in sent:
                self.values.pop(index, None)
                self.changed.add(index)

    def edit(self, system: str, id_: str, body: Mapping[str, Any]) -> None:
        for path, name in _NAMES[system].items():
            if path in body:
                self.changed.add((system, id_, name))

    def part(self, *ids: str) -> None:
        """Two records are a pair no more; what was written to them is in the history of that pair."""
        self.values = {index: value for index, value in self.values.items() if index[1] not in ids}


def contradictions(database: sqlite3.Connection, written: Written) -> Iterator[str]:
    """Where history, calls and shadow tell three stories."""
    told = _told(database)
    settled = "erp_id IS NOT NULL AND inv_id IS NOT NULL AND intent IS NULL AND state <> 'tombstoned'"
    for shadow in shadows(database, settled):
        flow, erp_id = shadow.flow, shadow.erp_id
        ids = {"customerp": erp_id, "invoiced": shadow.inv_id}
        ends = {(system, name): value for system, name, value in told[shadow.link]}
        for system, id_ in ids.items():
            for name in TEXTS:
                called, end = written.values.get((system, id_, name)), ends.get((system, name))
                if (system, id_, name) in written.changed:
                    continue  # whose answer was lost before that, nobody can tell any more
                if called != end and (system, id_, name) in written.values:
                    yield f"{flow} {erp_id} {name} in {system}: history ends with {end!r}, calls with {called!r}"
        last = {name: (system, value) for system, name, value in told[shadow.link]}
        for name, (system, value) in last.items():
            index = (system, ids[system], name)
            pair = shadow.agreed.get(name)
            if pair is None or name in shadow.diverged or index in written.changed:
                continue
            if any(plain(side) != value for side in pair):
                yield f"{flow} {erp_id} {name}: the history gives {value!r}, the shadow holds {pair!r}"


def _told(database: sqlite3.Connection) -> defaultdict[int, list[tuple[str, str, str | None]]]:
    told: defaultdict[int, list[tuple[str, str, str | None]]] = defaultdict(list)
    for link, system, fields in database.execute(
        "SELECT link, system, fields FROM history WHERE by = 'sync' AND system IS NOT NULL ORDER BY id"
    ):
        for path, (_, now) in msgspec.json.decode(fields).items():
            if path in _NAMES[system] and not isinstance(now, list | dict):
                told[link].append((system, _NAMES[system][path], plain(now)))
    return told


def plain(value: Any) -> str | None:
    """E-mail addresses are compared in lower case, other texts never differ in case alone."""
    said = text(value)
    return None if said is None else said.lower()
