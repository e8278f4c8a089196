"""I5 for single lines: one that a person takes out, and that nobody has touched elsewhere, is nowhere in the end.

The law of edits judges a list as a whole, so that with edits on both sides anything might become of a line of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mapping import COLLECTIONS
from sides import Pair, Sides
from violation import Violation

FLOW = "order-invoice"
_LISTS = {"customerp": ("orders", "lines"), "invoiced": ("invoices", "items")}
Place = tuple[str, str, str]  # system, document, line


@dataclass
class Removals:
    """Lines that people have taken out, and the counterparts that should follow."""

    sides: Sides
    _edited: set[Place] = field(default_factory=set)
    _due: dict[Place, tuple[Pair, Place]] = field(default_factory=dict)  # counterpart: what was taken out

    def edited(
        self, system: str, id_: str, before: dict[str, Any], after: dict[str, Any], linked: list[tuple[Pair, str, str]]
    ) -> None:
        """A person has changed a document; `linked`: lines of its pair, as the sync knows them to belong together."""
        _, name = _LISTS[system]
        was, now = ({str(line["id"]): line for line in raw[name]} for raw in (before, after))
        self._edited |= {(system, id_, line) for line in was.keys() & now.keys() if was[line] != now[line]}
        for pair, erp, inv in linked:
            ends = ("customerp", pair[1], erp), ("invoiced", pair[2], inv)
            here, there = ends if system == "customerp" else ends[::-1]
            if here[2] in was and here[2] not in now:
                self._due[there] = (pair, here)

    def overwritten(self, pair: Pair) -> None:
        """A list was replaced by one that was made before the last edit of it could be seen."""
        self._due = {there: due for there, due in self._due.items() if due[0] != pair}

    def check(self, said: set[str]) -> None:
        """At rest; `said`: numbers of orders of whose lines a person was told."""
        for (system, id_, line), (pair, here) in self._due.items():
            collection, name = _LISTS[system]
            raw, order = (
                self.sides.raw(system, collection, id_),
                self.sides.raw("customerp", COLLECTIONS[FLOW][0], pair[1]),
            )
            if raw is None or order is None or self.sides.units(pair) is None:
                continue
            if " ".join(str(order["number"]).split()) in said or {(system, id_, line), here} & self._edited:
                continue
            if line in {str(each["id"]) for each in raw[name]}:
                raise Violation("I5", f"{pair}: {here[2]} was taken out in {here[0]}, and {line} of {system} stays")
