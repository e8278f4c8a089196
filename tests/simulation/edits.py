"""I5: where people's edits are that have not travelled yet, and whether a write of the sync loses one.

An edit of a unit (a property, or the group that changes as one) is pending on its side until a write brings the other
side to agree. A write that changes what is pending only where it goes has lost an edit, unless nobody could have known.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from latest import DIALLED, Latest
from mapping import COLLECTIONS, LENIENT, SAME, Units, agree, properties, text, unit_of
from network import SLOWEST, Call
from shadows import shadows
from sides import Pair, Sides
from traffic import Traffic
from violation import Violation

from sync import Conflict

_DERIVED = {"paymentState"}  # one way, so an edit in Customerp is set back
_GUARD = 5.0 + SLOWEST + 0.5  # the sync's own bound, and the way back of the answer to the read


@dataclass
class Touch:
    """A request that is being applied."""

    actor: Call | None
    system: str
    method: str
    path: str
    body: bytes
    collection: str = ""
    id: str | None = None
    pair: Pair | None = None
    units: tuple[Units, Units] | None = None
    raw: dict[str, Any] | None = None


class Edits:
    """Each pair's units, and on which sides people have edited them."""

    def __init__(self, database: sqlite3.Connection, sides: Sides, traffic: Traffic, counts: Counter[str]) -> None:
        self._database, self._sides, self._traffic, self._counts = database, sides, traffic, counts
        self._latest = Latest(traffic)
        self._pending: dict[tuple[Pair, str], set[str]] = {}
        # When people's edits came to the same on both sides, and the stamps of both records then.
        self._met: dict[tuple[Pair, str], tuple[float, float, float]] = {}
        # When both sides of edits that had met were found to have been read; what was sent before that knew of none.
        self._settled: dict[tuple[Pair, str], float] = {}
        self._edited: dict[tuple[Pair, str], float] = {}  # when a person last edited the unit
        self._edited_in: dict[tuple[Pair, str, str], float] = {}  # the same, by system
        self._editors: dict[tuple[Pair, str], set[str]] = {}  # on which sides people ever edited
        # What the sync last wrote over: a person who sets that back cannot be told from a property that was ignored.
        self._overwritten: dict[tuple[Pair, str], Any] = {}
        # What both sides said when they last agreed; missing where they have come to the same by people's edits.
        self._base: dict[tuple[Pair, str], tuple[Any, Any]] = {}
        self._addresses: defaultdict[Pair, set[Any]] = defaultdict(set)  # as either side ever had them
        self._before: defaultdict[str, set[Any]] = defaultdict(set)  # as a customer had them before it was linked

    def created(self, pair: Pair, units: tuple[Units, Units], now: float) -> None:
        """The sync has made one of the two for the other."""
        for unit, value in units[0].items():
            # What both say by now may have been another value when the create was sent, or in between.
            index, alike = (pair, unit), agree(value, units[1][unit])
            self._pending[index] = {"customerp"}
            self._editors[index] = set() if alike else {"customerp"}
            if alike:
                self._met[index] = (now, *self._sides.stamps(pair))

    def adopted(self, pair: Pair, units: tuple[Units, Units], dirty: bool, now: float) -> None:
        """The sync has found that two belong together; while the link is `dirty`, it has not read both since."""
        for unit, value in units[0].items():
            index, alike = (pair, unit), agree(value, units[1][unit])
            self._pending.setdefault(index, set() if alike and not dirty else {"customerp", "invoiced"})
            if alike and dirty:
                # What both say by now, the sync may not have read yet.
                self._met.setdefault(index, (now, *self._sides.stamps(pair)))
            self._editors[index] = {"customerp", "invoiced"}

    def reported(self, conflicts: Iterable[Conflict]) -> None:
        """A conflict takes two: our own write, seen again, is no edit."""
        for conflict in conflicts:
            self._counts["conflicts"] += 1
            row = self._database.execute(
                "SELECT erp_id, inv_id FROM link WHERE flow = ? AND erp_key = ? AND inv_id IS NOT NULL",
                (conflict.flow, conflict.key if conflict.flow == "product-item" else conflict.key.casefold()),
            ).fetchone()
            unit = unit_of(conflict.flow, conflict.field)
            if row is None:
                continue
            # In the run in which it was found, the record may have got another counterpart.
            pairs = (
                who for (pair, of), who in self._editors.items() if (*pair[:2], of) == (conflict.flow, row[0], unit)
            )
            editors = set[str]().union(*pairs)
            # A value that Invoiced squeezed and whose answer was lost cannot be told from an edit.
            squeezed = isinstance(conflict.base, tuple) and text(conflict.base[1]) == text(conflict.invoiced)
            if editors != {"customerp", "invoiced"} and unit in SAME | {"name"} and not squeezed:
                raise Violation("I5", f"{conflict} is called a conflict, and only {editors or 'nobody'} edited it")

    def unsent(self, pair: Pair, system: str) -> tuple[dict[str, Any], frozenset[str]]:
        """What people have edited in a system without it having travelled: each unit as it was agreed before.

        And the units of which that is not known.
        """
        units = {unit for (of, unit), on in self._pending.items() if of == pair and system in on}
        known = {unit: self._base[pair, unit][system == "invoiced"] for unit in units if (pair, unit) in self._base}
        return known, frozenset(units - known.keys())

    def before_linking(self, touch: Touch) -> None:
        """A person edits a customer without a counterpart; what is created later may be what was so before."""
        if touch.id is not None and touch.raw is not None:
            self._before[touch.id].add(self._sides.half(touch.system, "customer-company", touch.raw)["address"])

    def alone(self, touch: Touch) -> None:
        """A person edits a record whose counterpart is gone, which the sync may not know yet; nothing is judged."""
        assert touch.pair is not None
        assert touch.id is not None
        now = self._sides.raw(touch.system, touch.collection, touch.id)
        if touch.raw is None or now is None:
            return
        flow = touch.pair[0]
        before, after = self._sides.half(touch.system, flow, touch.raw), self._sides.half(touch.system, flow, now)
        for unit in before:
            if before[unit] != after[unit]:
                self._editors.setdefault((touch.pair, unit), set()).add(touch.system)

    def judge(self, touch: Touch, units: tuple[Units, Units], now: float) -> None:
        """A write or an edit of a pair that was there before it; `units` are those just after it was applied."""
        assert touch.pair is not None
        assert touch.units is not None
        pair, (erp_before, inv_before), (erp, inv) = touch.pair, touch.units, units
        self._check_whole(touch, pair, erp, inv)
        other = "invoiced" if touch.system == "customerp" else "customerp"
        sent = now if touch.actor is None else self._traffic.first_sent(touch.actor)
        for unit in erp:
            if unit in _DERIVED:
                continue
            index = (pair, unit)
            pending = self._pending.setdefault(index, set())
            met = self._met.get(index)
            if met is not None and self._seen(pair, now, *met):
                pending.clear()
                del self._met[index]
                self._settled[index] = now
            was, is_ = (erp_before, erp) if touch.system == "customerp" else (inv_before, inv)
            moved = was[unit] != is_[unit] or self._respelt(touch, unit)
            # An empty due date goes with every other, but whoever empties it means that, until it has travelled.
            emptied = moved and erp[unit] is LENIENT and inv[unit] is not None
            meant = emptied and (touch.actor is None or "customerp" in pending)
            alike = agree(erp[unit], inv[unit]) and not meant
            if touch.actor is None and moved and not pending:
                self._base[index] = (erp_before[unit], inv_before[unit])
            if touch.actor is not None and moved and self._undecided(touch, index):
                raise Violation("conflict", f"{pair} {unit}: {touch.actor} decides what a person should")
            if moved and str(is_[unit]).startswith(DIALLED):
                self._dialled(touch, pair, pending, now)
            if touch.actor is not None and moved and _empty(is_[unit]) and not _empty(was[unit]):
                self._check_first(pair, unit, was[unit], touch.actor)
            if touch.actor is None:
                if moved:
                    self._counts["edits"] += 1
                    last = self._edited.get(index)
                    self._counts["edits of one property within a second"] += last is not None and int(last) == int(now)
                    pending.add(touch.system)
                    self._editors.setdefault(index, set()).add(touch.system)
                    self._edited[index] = self._edited_in[pair, unit, touch.system] = now
            elif moved and pending == {touch.system}:
                known = (
                    self.unguarded(touch, index)
                    or not self._merged(pair, unit)
                    or self._set_back(touch, index, was[unit])
                )
                if not known:
                    raise Violation(
                        "I5",
                        f"{pair} {unit}: the sync overwrote {was[unit]!r} with {is_[unit]!r} in {touch.system}, "
                        f"where a person had edited it at {self._edited.get(index, 0):.2f} and nobody elsewhere",
                    )
                self._counts["overwritten in the unguarded window"] += 1
            elif (
                moved
                and not pending
                and LENIENT not in (was[unit], erp[unit])  # empty, it agrees with every value, so nobody's edit shows
                and self._merged(pair, unit)
                and self._settled.get(index, 0.0) < sent
            ):
                raise Violation(
                    "I5",
                    f"{pair} {unit}: the sync changes {was[unit]!r} to {is_[unit]!r} in {touch.system}, and nobody "
                    f"has edited it in {other}",
                )
            if touch.actor is not None and moved:
                self._overwritten[index] = was[unit]
                self._base[index] = (is_[unit], is_[unit])
            carried = touch.actor is not None and (unit == "lines" or self._was_known(touch, pair, unit, other))
            if alike and carried and moved:
                pending.clear()
                self._met.pop(index, None)
            elif alike and moved and unit != "lines":
                # The sync may have seen a value in between; until it has read both again, it cannot know who was last.
                # So it is where its write meets an edit that it has not seen: it has brought over a part of an address,
                # and the rest is alike by chance.
                # Lists that look alike need not hold the same lines: two people who take out one of two equal lines
                # each have taken out both.
                self._met[index] = (now, *self._sides.stamps(pair))
                self._base.pop(index, None)
            elif moved:
                self._met.pop(index, None)
                if touch.actor is not None:
                    pending.add(other)

    def _was_known(self, touch: Touch, pair: Pair, unit: str, source: str) -> bool:
        """Whether the sync had seen the last edit of a unit in `source` when it first sent a write from there."""
        assert touch.actor is not None
        edited = self._edited_in.get((pair, unit, source), float("-inf"))
        collection, id_ = COLLECTIONS[pair[0]][source == "invoiced"], pair[1 + (source == "invoiced")]
        sent = self._traffic.first_sent(touch.actor)
        looked = self._traffic.last(source, collection, id_, sent)
        return max(looked, self._traffic.answered(source, collection, id_, sent)) >= edited

    def _dialled(self, touch: Touch, pair: Pair, pending: set[str], now: float) -> None:
        """Of two numbers that people have dialled, the later one stands."""
        if touch.actor is None:
            self._latest.edited(touch.system, touch.id or "", now)
            return
        if pending == {"customerp", "invoiced"}:
            self._latest.check(touch.actor, pair, touch.system)
        self._latest.overwritten(touch.system, touch.id or "")

    def _check_whole(self, touch: Touch, pair: Pair, erp: dict[str, Any], inv: dict[str, Any]) -> None:
        """An address that the sync writes is one that somebody has meant, and no mixture of two."""
        if "address" not in erp or touch.units is None:
            return
        known = self._addresses[pair]
        known |= self._before.pop(pair[1], set())
        known |= {units["address"] for units in touch.units}
        now = (erp if touch.system == "customerp" else inv)["address"]
        spoilt = touch.actor is None or touch.actor.body != touch.body or self.unguarded(touch, (pair, "address"))
        if spoilt or not self._merged(pair, "address"):
            known.add(now)
        elif now not in known:
            raise Violation("I5", f"{pair}: {touch.actor} makes the address {now!r}, which nobody has meant")

    def _undecided(self, touch: Touch, index: tuple[Pair, str]) -> bool:
        """Whether both sides of a document that was issued long ago say something new."""
        pair, unit = index
        base = self._base.get(index)
        if pair[0] != "order-invoice" or unit == "lines" or base is None or self.unguarded(touch, index):
            return False
        assert touch.units is not None
        erp, inv = touch.units
        issued = erp["status"] == inv["status"] == "confirmed" and not self._pending.get((pair, "status"))
        return issued and base[0] != erp[unit] != inv[unit] != base[1]

    def _check_first(self, pair: Pair, unit: str, was: Any, call: Call) -> None:
        """Where two records meet that were there before, no empty value beats a filled one."""
        if unit != "lines" and not self._merged(pair, unit):
            raise Violation("I5", f"{pair} {unit}: {call} empties {was!r}, which nobody has meant")

    def _respelt(self, touch: Touch, unit: str) -> bool:
        """Whether a person has set a text to other blanks: to Customerp that is another text."""
        if touch.actor is not None or touch.system != "customerp" or touch.raw is None or touch.id is None:
            return False
        before, now = touch.raw, self._sides.raw("customerp", touch.collection, touch.id)
        return now is not None and isinstance(before.get(unit), str) and before[unit] != now[unit]

    def _seen(self, pair: Pair, now: float, since: float, erp_stamp: float, inv_stamp: float) -> bool:
        """Whether the sync has read both records after a time, and kept what it read."""
        flow, erp_id, inv_id = pair
        source, target = COLLECTIONS[flow]
        if (
            self._traffic.last("customerp", source, erp_id, now) <= since
            or self._traffic.last("invoiced", target, inv_id, now) <= since
        ):
            return False
        statement = "SELECT erp, inv FROM link WHERE flow = ? AND erp_id = ? AND erp IS NOT NULL AND inv IS NOT NULL"
        kept = self._database.execute(statement, pair[:2]).fetchone()
        if kept is None:
            return False
        erp, inv = map(msgspec.json.decode, kept)
        return bool(erp[2] >= erp_stamp and inv[2] >= inv_stamp)

    def _merged(self, pair: Pair, unit: str) -> bool:
        """Whether the unit was brought together before; until then the owner's value stands."""
        agreed = [shadow.agreed for shadow in shadows(self._database, "flow = ? AND erp_id = ?", pair[:2])]
        return any(agreed) and all(name in agreed[0] for name in properties(pair[0], unit))

    def unguarded(self, touch: Touch, index: tuple[Pair, str]) -> bool:
        """Whether the edit came between the last read and the write; Invoiced has no conditional writes."""
        if touch.system == "customerp":
            return False
        read, in_time = self._looked(touch)
        return self._edited.get(index, 0.0) >= read and in_time

    def _looked(self, touch: Touch) -> tuple[float, bool]:
        """When the record of a write was read last before it was sent, and whether that was as late as promised."""
        assert touch.actor is not None
        assert touch.id is not None
        sent = self._traffic.first_sent(touch.actor)
        read = self._traffic.last(touch.system, touch.collection, touch.id, sent)
        # A document's coupons are made between the two, which takes calls of their own.
        return read, touch.collection == "invoices" or sent - read <= _GUARD

    def check_guard(self, touch: Touch) -> None:
        """What is overwritten unseen in Invoiced was edited after a late look, be it in conflict or not."""
        read, in_time = self._looked(touch)
        assert touch.actor is not None
        assert touch.id is not None
        sent = self._traffic.first_sent(touch.actor)
        answered = self._traffic.answered(touch.system, touch.collection, touch.id, sent)
        if not in_time and sent - answered > _GUARD:
            raise Violation("I5", f"{touch.actor} overwrites unseen what was read at {read:.2f} and not again")

    def _set_back(self, touch: Touch, index: tuple[Pair, str], was: Any) -> bool:
        """Whether a person in Invoiced put back what the sync had written over, or a part of it.

        That cannot be told from a property that Invoiced ignored. Customerp ignores nothing.
        """
        if touch.system == "customerp" or index not in self._overwritten:
            return False
        before = self._overwritten[index]
        if index[1] == "address":
            return any(one is not None and one == other for one, other in zip(before, was, strict=True))
        return bool(before == was)

    def check_seen(self, touch: Touch) -> None:
        """What is replaced in Customerp is what the sync has seen there; its conditional writes see to that."""
        if touch.system != "customerp" or touch.method != "PATCH" or touch.raw is None:
            return
        row = self._database.execute("SELECT intent FROM link WHERE erp_id = ?", (touch.id,)).fetchone()
        for name, (_, _, before) in msgspec.json.decode(row[0])[5].items() if row and row[0] else ():
            if name in SAME | {"name"} and text(touch.raw.get(name)) != text(before) and name != "email":
                raise Violation("I5", f"{touch.actor} replaces {touch.raw.get(name)!r} and takes it for {before!r}")


def _empty(value: Any) -> bool:
    return value is None or value is LENIENT or (isinstance(value, tuple) and not any(value))
