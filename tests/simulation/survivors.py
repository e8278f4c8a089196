"""What the sync may do to a customer whose counterpart was deleted: an edit of it beats the delete.

Where flows tell the other side of a delete, they deactivate a record that nobody has changed. One that people have
edited since both sides last agreed gets another counterpart, or is left to a person; it is not deactivated.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mapping import Units
from network import Call
from sides import Pair, Sides
from traffic import Traffic
from violation import Violation

_STATE = "active"  # the one property that a delete changes itself


@dataclass
class _Survivor:
    """A record of which the other half was deleted."""

    pair: Pair
    agreed: dict[str, Any]  # what its units were when both sides last agreed
    edited: dict[str, tuple[float, Any]]  # what people made of them since, and when
    doubtful: frozenset[str]  # units of which it is not known what both sides agreed on
    ever: bool  # whether people have edited it beside the delete, although they may have set it back
    inactive: bool  # whether the one that was deleted said so of itself before


class Survivors:
    """Customers of either side whose counterpart people have deleted."""

    def __init__(self, database: sqlite3.Connection, sides: Sides, traffic: Traffic, restores: bool) -> None:
        """`restores`: whether an edited record gets another counterpart; by default nothing comes back."""
        self._database, self._sides, self._traffic, self._restores = database, sides, traffic, restores
        self._known: dict[tuple[str, str], _Survivor] = {}

    def left(
        self, system: str, pair: Pair, both: tuple[Units, Units], unsent: tuple[Units, frozenset[str]], now: float
    ) -> None:
        """The counterpart of a record was deleted; `unsent`: what people had edited of it by then, as Edits tells."""
        units, gone = both if system == "customerp" else both[::-1]
        known, doubtful = unsent
        edited = {unit: (now, units[unit]) for unit in known}
        survivor = _Survivor(pair, {**units, **known}, edited, doubtful, bool(edited), gone[_STATE] is False)
        self._known[system, pair[1 if system == "customerp" else 2]] = survivor

    def changed(self, system: str, id_: str, now: float, *, by_person: bool) -> None:
        """A customer was changed; what the sync still carries over counts as agreed."""
        survivor, raw = self._known.get((system, id_)), self._sides.raw(system, "customers", id_)
        if survivor is None or raw is None:
            return
        for unit, value in self._sides.half(system, survivor.pair[0], raw).items():
            if value == survivor.edited.get(unit, (now, survivor.agreed[unit]))[1]:
                continue
            if by_person:
                survivor.edited[unit] = now, value
                survivor.ever = True
            else:
                survivor.agreed[unit] = value
                survivor.edited.pop(unit, None)

    def returns(self, erp_id: str) -> bool:
        """Whether a customer of Customerp may get another counterpart: people have edited it beside the delete."""
        survivor = self._known.pop(("customerp", erp_id), None) if self._restores else None
        return survivor is not None and (bool(survivor.doubtful) or survivor.ever)

    def check(self, call: Call, system: str, id_: str) -> None:
        """The sync changes a customer."""
        survivor = self._known.get((system, id_))
        if survivor is None or survivor.inactive or json.loads(call.body) != {"active": False}:
            return  # what the deleted one said of itself is carried over like any other edit
        statement = "SELECT 1 FROM link WHERE flow = ? AND erp_id = ? AND inv_id = ?"
        if self._database.execute(statement, survivor.pair).fetchone() is None:
            return  # it has met another record since
        read = self._traffic.last(system, "customers", id_, self._traffic.first_sent(call))
        for unit, when, value in self._won(survivor):
            if when < read:
                raise Violation("deletes", f"{call} although {unit} was edited to {value!r}, as was read at {read:.2f}")

    def _won(self, survivor: _Survivor) -> Iterator[tuple[str, float, Any]]:
        """The edits that beat the delete."""
        for unit, (when, value) in survivor.edited.items():
            if unit not in (_STATE, *survivor.doubtful) and value != survivor.agreed[unit]:
                yield unit, when, value
