"""I8: the history, played again, gives the shadow, and holds what the log of calls shows to have been written."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from forms import PROPERTIES, lines, named, paths
from shadows import Shadow, shadows

Index = tuple[str, str, str]  # system, id of the record there, property


@dataclass
class Written:
    """What the sync wrote last, and whether that has changed since or was ignored, as the log of calls shows it.

    The history keeps what was sent; what became of it, where a system made something else of it, is told beside it.
    """

    values: dict[Index, Any] = field(default_factory=dict)
    changed: set[Index] = field(default_factory=set)

    def write(
        self,
        flow: str,
        system: str,
        id_: str,
        sent: Mapping[str, Any],
        applied: Mapping[str, Any],
        before: Mapping[str, Any],
    ) -> None:
        """A write, by path: as it was sent, as it was applied, and what it has met."""
        now, was = dict(named(flow, system, applied)), dict(named(flow, system, before))
        for name in paths(flow, system, sent):
            index = (system, id_, name)
            if name not in now:
                self.values.pop(index, None)
                self.changed.add(index)
            elif now[name] != was.get(name):  # otherwise it was sent along, as a part of the whole
                self.values[index] = now[name]
                self.changed.discard(index)

    def edit(self, flow: str, system: str, id_: str, body: Mapping[str, Any]) -> None:
        """A person's, by path."""
        self.changed |= {(system, id_, name) for name in paths(flow, system, body)}

    def part(self, *ids: str) -> None:
        """Two records are a pair no more; what was written to them is in the history of that pair."""
        self.values = {index: value for index, value in self.values.items() if index[1] not in ids}


def contradictions(database: sqlite3.Connection, written: Written) -> Iterator[str]:
    """Where history, calls and shadow tell three stories."""
    told, creates = _told(database)
    settled = "erp_id IS NOT NULL AND inv_id IS NOT NULL AND intent IS NULL AND state <> 'tombstoned'"
    for shadow in shadows(database, settled):
        flow, erp_id = shadow.flow, shadow.erp_id
        if shadow.generation > 1 and creates[shadow.link] < shadow.generation:
            continue  # it has met another counterpart, which was there before, and the history does not tell when
        ids = {"customerp": erp_id, "invoiced": shadow.inv_id}
        ends = {(system, name): value for system, name, value in told[shadow.link]}
        for system, id_ in ids.items():
            for each in PROPERTIES[flow]:
                name = each.customerp
                called, end = written.values.get((system, id_, name)), ends.get((system, name))
                if (system, id_, name) in written.changed:
                    continue  # whose answer was lost before that, nobody can tell any more
                if called != end and (system, id_, name) in written.values:
                    yield f"{flow} {erp_id} {name} in {system}: history ends with {end!r}, calls with {called!r}"
        agreed = _agreed(shadow)
        last = {name: (system, value) for system, name, value in told[shadow.link]}
        for name, (system, value) in last.items():
            index = (system, ids[system], name)
            pair = agreed.get(name)
            if pair is None or name in shadow.diverged or index in written.changed:
                continue
            if pair[system] != value or (name != "lines" and len({*pair.values()}) > 1):
                yield f"{flow} {erp_id} {name}: the history gives {value!r}, the shadow holds {pair!r}"


def _told(database: sqlite3.Connection) -> tuple[defaultdict[int, list[tuple[str, str, Any]]], Counter[int]]:
    """What was written to each pair since it was made, and how often a link was given a counterpart of its own."""
    told: defaultdict[int, list[tuple[str, str, Any]]] = defaultdict(list)
    creates: Counter[int] = Counter()
    for link, flow, system, operation, fields in database.execute(
        "SELECT link, flow, system, operation, fields FROM history WHERE by = 'sync' AND system IS NOT NULL ORDER BY id"
    ):
        if operation == "create":
            creates[link] += 1
            told[link].clear()  # whatever was written to a counterpart that is gone says nothing of this one
        now = {path: stands for path, (_, stands) in msgspec.json.decode(fields).items()}
        told[link] += ((system, name, value) for name, value in named(flow, system, now))
    return told, creates


def _agreed(shadow: Shadow) -> dict[str, dict[str, Any]]:
    """What each side is known to say; lines only where each is linked, and each side names its own products."""
    agreed = {
        each.customerp: {
            system: each.form(side)
            for system, side in zip(("customerp", "invoiced"), shadow.agreed[each.customerp], strict=True)
        }
        for each in PROPERTIES[shadow.flow]
        if each.customerp in shadow.agreed
    }
    # A list is written whole, also where a person has to decide about a part of it.
    held = shadow.children if shadow.state == "linked" else []
    if held and all(erp and inv and len(pairs) == 5 for erp, inv, pairs in held):
        agreed["lines"] = {
            system: lines([{name: pair[n] for name, pair in pairs.items()} for _, _, pairs in held])
            for n, system in enumerate(("customerp", "invoiced"))
        }
    return agreed
