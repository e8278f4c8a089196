"""I5 for single lines: what a person does to one stands, where nobody has touched its counterpart.

The law of edits judges a list as a whole, so that with edits on both sides anything might become of a line of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from mapping import COLLECTIONS
from sides import Pair, Sides
from violation import Violation

ORDERS = "order-invoice"
_LISTS = {"customerp": ("orders", "lines"), "invoiced": ("invoices", "items")}
_PLAIN = ("description", "quantity", "unitPrice", "unit_cost")  # of a line, and in one form only
LINE = {"productId", "description", "quantity", "unitPrice", "discountPercent"}  # as the flow names what it carries
Place = tuple[str, str, str]  # system, document, line


@dataclass
class Lines:
    """What people have made of the lines of pairs, and which counterparts should follow."""

    sides: Sides
    _edited: defaultdict[Place, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))  # the last word
    _linked: dict[Place, tuple[Pair, Place]] = field(default_factory=dict)  # a line that was edited: its counterpart
    _due: dict[Place, tuple[Pair, Place]] = field(default_factory=dict)  # a counterpart: what was taken out

    def edited(
        self,
        system: str,
        id_: str,
        before: dict[str, Any],
        after: dict[str, Any],
        linked: Sequence[tuple[Pair, str, str]],
    ) -> None:
        """A person has changed a document; `linked`: lines of its pair that both sides were known to agree on."""
        _, name = _LISTS[system]
        was, now = ({str(line["id"]): line for line in raw[name]} for raw in (before, after))
        changed = {line for line in was.keys() & now.keys() if was[line] != now[line]}
        for line in changed:
            new = {key: now[line][key] for key in _PLAIN if key in now[line] and was[line].get(key) != now[line][key]}
            self._edited[system, id_, line] |= new
        for pair, erp, inv in linked:
            ends = ("customerp", pair[1], erp), ("invoiced", pair[2], inv)
            here, there = ends if system == "customerp" else ends[::-1]
            if here[2] in was and here[2] not in now:
                self._due[there] = (pair, here)
            elif here[2] in changed:
                self._linked[here] = (pair, there)

    def overwritten(self, pair: Pair) -> None:
        """A list was replaced by one that was made before the last edit of it could be seen."""
        for known in (self._due, self._linked):
            for place in [place for place, (of, _) in known.items() if of == pair]:
                del known[place]

    def check(self, said: set[str], linked: Collection[tuple[Pair, str, str]]) -> None:
        """At rest; `said`: numbers of orders of whose lines a person was told, `linked`: as for `edited`, now."""
        for there, (pair, here) in self._due.items():
            lines = self._lines(there, pair, said)
            if lines is not None and there[2] in lines and not {here, there} & self._edited.keys():
                raise Violation(
                    "I5", f"{pair}: {here[2]} was taken out in {here[0]}, and {there[2]} of {there[0]} stays"
                )
        for here, (pair, there) in self._linked.items():
            lines = self._lines(here, pair, said)
            ends = (here[2], there[2]) if here[0] == "customerp" else (there[2], here[2])
            if lines is None or here[2] not in lines or there in self._edited or (pair, *ends) not in linked:
                continue
            for key, value in self._edited[here].items():
                if lines[here[2]][key] != value:
                    found = lines[here[2]][key]
                    raise Violation("I5", f"{pair}: {key} of line {here[2]} in {here[0]} was {value!r}, now {found!r}")

    def _lines(self, place: Place, pair: Pair, said: set[str]) -> dict[str, dict[str, Any]] | None:
        """The lines of a document, unless its pair is none any more, or something is known to be wrong with them."""
        system, id_, _ = place
        collection, name = _LISTS[system]
        raw = self.sides.raw(system, collection, id_)
        order = self.sides.raw("customerp", COLLECTIONS[ORDERS][0], pair[1])
        if raw is None or order is None or self.sides.units(pair) is None:
            return None
        if " ".join(str(order["number"]).split()) in said:
            return None
        return {str(line["id"]): line for line in raw[name]}
