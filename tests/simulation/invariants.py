"""The invariants, checked on the log of what happened in both systems and never inside the engine.

I1 every linked pair agrees or says why not; I2 no record has two counterparts; I3 at rest nothing is written; I4 every
record is linked or says why not; I5 no edit is lost without a conflict; I6 a counterpart is created once; I7 shadow
pairs agree; I8 the history, played again, gives the shadow; I9 one write a record at a time; I10 no write without a
stored intent; I11 never more calls than allowed; I12 no unchanged property in a PATCH.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import quiet
from auditing import Unseen
from mapping import COLLECTIONS, FLOWS, LENIENT, SAME, agree, leaves, text, unit_of
from network import SLOWEST, Call
from replaying import Written, contradictions
from sides import Pair, Sides
from traffic import Traffic
from violation import Violation

from sync import Conflict

_ADDRESS = ("line1", "line2", "city", "region", "postalCode")
_DERIVED = {"paymentState"}  # one way, so an edit in Customerp is set back
_COMPANIONS = {"due_date", "items", "lines", "metadata"}

_LOGGED = ("customers", "invoices")  # items make no events
_GUARD = 5.0 + SLOWEST + 0.5  # the sync's own bound, and the way back of the answer to the read


@dataclass
class _Touch:
    """A request that is being applied."""

    actor: Call | None
    system: str
    method: str
    path: str
    body: bytes
    collection: str = ""
    id: str | None = None
    pair: Pair | None = None
    units: tuple[dict[str, Any], dict[str, Any]] | None = None
    raw: dict[str, Any] | None = None


@dataclass
class Books:
    """What happened so far, as far as the invariants need it."""

    now: Callable[[], float]
    database: sqlite3.Connection
    cap: int
    sides: Sides = field(init=False)
    trace: list[str] = field(default_factory=list)
    writes: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._pairs: dict[tuple[str, str, str], Pair] = {}
        self._pending: dict[tuple[Pair, str], set[str]] = {}
        # When people's edits came to the same on both sides, and the stamps of both records then.
        self._met: dict[tuple[Pair, str], tuple[float, float, float]] = {}
        # When both sides of edits that had met were found to have been read; what was sent before that knew of none.
        self._settled: dict[tuple[Pair, str], float] = {}
        self._edited: dict[tuple[Pair, str], float] = {}  # when a person last edited the unit in Invoiced
        self._traffic = Traffic(self.database, self.cap)
        self._changed: dict[tuple[str, str, str], float] = {}
        self._editors: dict[tuple[Pair, str], set[str]] = {}  # on which sides people ever edited
        self._replaced: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
        # What the sync last wrote over: a person who sets that back cannot be told from a property that was ignored.
        self._overwritten: dict[tuple[Pair, str], Any] = {}
        self._creates: Counter[tuple[str, str]] = Counter()
        self._addresses: defaultdict[Pair, set[Any]] = defaultdict(set)  # as either side ever had them
        self._written, self._unseen = Written(), Unseen(self.database)
        self._answered: set[str] = set()  # keys under which something was done

    # What the network tells

    def sent(self, call: Call, in_flight: int) -> None:
        self._traffic.sent(call, in_flight)

    def before(self, actor: Call | None, system: str, method: str, path: str, body: bytes) -> _Touch:
        touch = _Touch(actor, system, method, path, body)
        _, collection, *rest = path.split("/")
        touch.collection = collection
        if method == "GET":
            return touch
        touch.id = next(iter(rest), None)
        if collection == "items" and touch.id is None:
            touch.id = json.loads(body).get("id")
        if touch.id is not None:
            touch.raw = self.sides.raw(system, collection, touch.id)
            touch.pair = self._pair(system, collection, touch.id)
            if touch.pair is not None and self.sides.units(touch.pair) is None:
                # One of the two is gone, so this one may have another counterpart by now.
                self._pairs.pop((system, collection, touch.id), None)
                touch.pair = self._pair(system, collection, touch.id)
            if touch.pair is not None:
                touch.units = self.sides.units(touch.pair)
            self._as_one(touch)
        return touch

    def _as_one(self, touch: _Touch) -> None:
        """Archiving an item and creating it again are one write of a price; between the two nothing is judged."""
        if touch.collection != "items" or touch.id is None:
            return
        if touch.method == "POST" and touch.actor is not None:
            touch.units = self._replaced.pop(touch.id, touch.units)
        elif touch.method == "DELETE" and touch.units is not None:
            stored = self.database.execute("SELECT intent FROM link WHERE inv_id = ?", (touch.id,)).fetchone()
            if stored and stored[0] and stored[0].startswith('["invoiced","replace"'):
                if touch.actor is not None and not (touch.raw or {}).get("archived"):
                    self._replaced[touch.id] = touch.units
                # A person who archives it before we do cannot be told from us.
                touch.units = None

    def after(self, touch: _Touch, status: int, answer: bytes) -> None:
        now, who = self.now(), "sync" if touch.actor else "somebody"
        self.trace.append(
            f"{now:9.2f} {who} {touch.system} {touch.method} {touch.path} {touch.body.decode()[:400]} -> {status}"
        )
        if status >= 300:
            return
        if touch.actor is not None and touch.actor.key is not None:
            if touch.actor.key in self._answered:
                return  # an earlier answer once more
            self._answered.add(touch.actor.key)
        if touch.method == "GET":
            if touch.actor is not None:
                self._traffic.note(touch.actor)
            return
        if touch.collection == "coupons":
            return
        if touch.actor is not None:
            self.writes += 1
            self.counts["writes"] += 1
            self._check_unchanged(touch)
            self._check_seen(touch)
        created = touch.id is None or (touch.collection == "items" and touch.raw is None)
        if created and touch.actor is not None:
            self._created(touch, json.loads(answer))
        if touch.id is not None:
            self._changed[touch.system, touch.collection, touch.id] = now
        if touch.body and touch.method in ("POST", "PATCH"):
            id_, body = touch.id or str(json.loads(answer)["id"]), json.loads(touch.body)
            pair = self._pairs.get((touch.system, touch.collection, id_))
            alone = touch.raw is not None and touch.units is None
            if touch.actor is not None and (alone or (pair is not None and self.sides.units(pair) is None)):
                pass  # its counterpart was deleted meanwhile, so the two are no pair
            elif touch.actor is not None:
                self._written.write(touch.system, id_, json.loads(touch.actor.body), body, touch.raw or {})
                if touch.method == "PATCH" and touch.collection in _LOGGED and touch.system == "invoiced":
                    self._unseen.write(id_, touch.raw or {}, body)
            else:
                self._written.edit(touch.system, id_, body)
        if touch.pair is not None and touch.units is not None:
            self._judge(touch, now)
        if touch.pair is not None and touch.method == "DELETE" and touch.collection != "items":
            # Who is left may get another counterpart.
            flow, erp_id, inv_id = touch.pair
            self._pairs.pop(("customerp", COLLECTIONS[flow][0], erp_id), None)
            self._pairs.pop(("invoiced", COLLECTIONS[flow][1], inv_id), None)
            self._written.part(erp_id, inv_id)

    # Judging a write

    def _judge(self, touch: _Touch, now: float) -> None:
        assert touch.pair is not None
        assert touch.units is not None
        pair, (erp_before, inv_before) = touch.pair, touch.units
        found = self.sides.units(pair)
        if found is None:
            return
        erp, inv = found
        self._check_whole(touch, pair, erp, inv)
        other = "invoiced" if touch.system == "customerp" else "customerp"
        sent = now if touch.actor is None else self._traffic.first_sent(touch.actor)
        for unit in erp:
            if unit in _DERIVED:
                continue
            index = (pair, unit)
            pending = self._pending.setdefault(index, set())
            met = self._met.get(index)
            if met is not None and self._seen(pair, *met):
                pending.clear()
                del self._met[index]
                self._settled[index] = now
            was, is_ = (erp_before, erp) if touch.system == "customerp" else (inv_before, inv)
            moved = was[unit] != is_[unit] or self._respelt(touch, unit)
            # An empty due date goes with every other, but whoever empties it means that, until it has travelled.
            emptied = moved and erp[unit] is LENIENT and inv[unit] is not None
            meant = emptied and (touch.actor is None or "customerp" in pending)
            alike = agree(erp[unit], inv[unit]) and not meant
            if touch.actor is None:
                if moved:
                    self.counts["edits"] += 1
                    last = self._edited.get(index)
                    self.counts["edits of one property within a second"] += last is not None and int(last) == int(now)
                    pending.add(touch.system)
                    self._editors.setdefault(index, set()).add(touch.system)
                    self._edited[index] = now
            elif moved and pending == {touch.system}:
                known = (
                    self._unguarded(touch, index) or not self._merged(pair) or self._set_back(touch, index, was[unit])
                )
                if not known:
                    raise Violation(
                        "I5",
                        f"{pair} {unit}: the sync overwrote {was[unit]!r} with {is_[unit]!r} in {touch.system}, "
                        f"where a person had edited it at {self._edited.get(index, 0):.2f} and nobody elsewhere",
                    )
                self.counts["overwritten in the unguarded window"] += 1
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
            if alike and touch.actor is not None and moved:
                pending.clear()
                self._met.pop(index, None)
            elif alike and moved and unit != "lines":
                # The sync may have seen a value in between; until it has read both again, it cannot know who was last.
                # Lists that look alike need not hold the same lines: two people who take out one of two equal lines
                # each have taken out both.
                self._met[index] = (now, *self.sides.stamps(pair))
            elif moved:
                self._met.pop(index, None)
                if touch.actor is not None:
                    pending.add(other)

    def _check_whole(self, touch: _Touch, pair: Pair, erp: dict[str, Any], inv: dict[str, Any]) -> None:
        """An address that the sync writes is one that somebody has meant, and no mixture of two."""
        if "address" not in erp or touch.units is None:
            return
        known = self._addresses[pair]
        known |= {units["address"] for units in touch.units}
        now = (erp if touch.system == "customerp" else inv)["address"]
        spoilt = touch.actor is None or touch.actor.body != touch.body or self._unguarded(touch, (pair, "address"))
        if spoilt or not self._merged(pair, *(f"address.{part}" for part in _ADDRESS)):
            known.add(now)
        elif now not in known:
            raise Violation("I5", f"{pair}: {touch.actor} makes the address {now!r}, which nobody has meant")

    def _respelt(self, touch: _Touch, unit: str) -> bool:
        """Whether a person has set a text to other blanks: to Customerp that is another text."""
        if touch.actor is not None or touch.system != "customerp" or touch.raw is None or touch.id is None:
            return False
        before, now = touch.raw, self.sides.raw("customerp", touch.collection, touch.id)
        return now is not None and isinstance(before.get(unit), str) and before[unit] != now[unit]

    def _seen(self, pair: Pair, since: float, erp_stamp: float, inv_stamp: float) -> bool:
        """Whether the sync has read both records after a time, and kept what it read."""
        flow, erp_id, inv_id = pair
        statement = "SELECT erp, inv FROM link WHERE flow = ? AND erp_id = ? AND erp IS NOT NULL AND inv IS NOT NULL"
        kept = self.database.execute(statement, pair[:2]).fetchone()
        if kept is None or json.loads(kept[0])[2] < erp_stamp or json.loads(kept[1])[2] < inv_stamp:
            return False
        source, target = COLLECTIONS[flow]
        now = self.now()
        return (
            self._traffic.last("customerp", source, erp_id, now) > since
            and self._traffic.last("invoiced", target, inv_id, now) > since
        )

    def _merged(self, pair: Pair, *names: str) -> bool:
        """Whether the pair was brought together before; until then the owner's value stands."""
        statement = "SELECT shadow FROM link WHERE flow = ? AND erp_id = ?"
        row = self.database.execute(statement, pair[:2]).fetchone()
        shadow = json.loads(row[0]) if row is not None else {}
        return bool(shadow) and all(name in shadow for name in names)

    def _unguarded(self, touch: _Touch, index: tuple[Pair, str]) -> bool:
        """Whether the edit came between the last read and the write; Invoiced has no conditional writes."""
        if touch.system == "customerp":
            return False
        assert touch.actor is not None
        sent = self._traffic.first_sent(touch.actor)
        read = self._traffic.last("invoiced", touch.collection, index[0][2], sent)
        # It has to be sent as soon after that as the sync promises to. A document's coupons are made between the two,
        # which takes calls of their own.
        in_time = touch.collection == "invoices" or sent - read <= _GUARD
        return self._edited.get(index, 0.0) >= read and in_time

    def _set_back(self, touch: _Touch, index: tuple[Pair, str], was: Any) -> bool:
        """Whether a person in Invoiced put back what the sync had written over, or a part of it.

        That cannot be told from a property that Invoiced ignored. Customerp ignores nothing.
        """
        if touch.system == "customerp" or index not in self._overwritten:
            return False
        before = self._overwritten[index]
        if index[1] == "address":
            return any(one is not None and one == other for one, other in zip(before, was, strict=True))
        return bool(before == was)

    def _check_unchanged(self, touch: _Touch) -> None:
        if touch.method != "PATCH" or touch.raw is None or touch.id is None:
            return
        index = (touch.system, touch.collection, touch.id)
        assert touch.actor is not None
        if self._changed.get(index, 0.0) >= self._traffic.last(*index, self._traffic.first_sent(touch.actor)):
            return
        body: dict[str, Any] = json.loads(touch.actor.body)
        for name, value in leaves(body):
            held: Any = touch.raw
            for part in name.split("."):
                held = held.get(part) if isinstance(held, dict) else None
            if name not in _COMPANIONS and held == value and not isinstance(value, list):
                raise Violation("I12", f"{touch.actor} sends {name} as it was")

    def _check_seen(self, touch: _Touch) -> None:
        """What is replaced in Customerp is what the sync has seen there; its conditional writes see to that."""
        if touch.system != "customerp" or touch.method != "PATCH" or touch.raw is None:
            return
        row = self.database.execute("SELECT intent FROM link WHERE erp_id = ?", (touch.id,)).fetchone()
        for name, (_, _, before) in json.loads(row[0])[5].items() if row and row[0] else ():
            if name in SAME | {"name"} and text(touch.raw.get(name)) != text(before) and name != "email":
                raise Violation("I5", f"{touch.actor} replaces {touch.raw.get(name)!r} and takes it for {before!r}")

    def _created(self, touch: _Touch, answer: dict[str, Any]) -> None:
        reference = (answer.get("metadata") or {}).get("erp_id")
        if reference is None:
            raise Violation("I6", f"{touch.actor} created a record that names no counterpart")
        self._creates[touch.collection, reference] += 1
        self.counts["creates"] += 1
        if self._creates[touch.collection, reference] > 1:
            raise Violation("I6", f"{touch.actor} creates a counterpart of {reference} a second time")
        pair = (FLOWS[touch.collection], reference, str(answer["id"]))
        self._pairs["invoiced", touch.collection, pair[2]] = pair
        self._pairs["customerp", COLLECTIONS[pair[0]][0], reference] = pair
        units = self.sides.units(pair)
        if units is not None:
            for unit, value in units[0].items():
                # What both say by now may have been another value when the create was sent, or in between.
                index, alike = (pair, unit), agree(value, units[1][unit])
                self._pending[index] = {"customerp"}
                self._editors[index] = set() if alike else {"customerp"}
                if alike:
                    self._met[index] = (self.now(), *self.sides.stamps(pair))

    def _pair(self, system: str, collection: str, id_: str) -> Pair | None:
        known = self._pairs.get((system, collection, id_))
        if known is not None:
            return known
        column = "erp_id" if system == "customerp" else "inv_id"
        flow = next((f for f, pair in COLLECTIONS.items() if pair[0 if system == "customerp" else 1] == collection), "")
        row = self.database.execute(
            f"SELECT erp_id, inv_id, dirty FROM link WHERE flow = ? AND {column} = ? AND state <> 'tombstoned'",
            (flow, id_),
        ).fetchone()
        if row is None or None in row:
            return None
        pair = (flow, *row[:2])
        units = self.sides.units(pair)
        if units is not None:  # otherwise one of them is gone, and the other may get another counterpart
            self._pairs[system, collection, id_] = pair
            for unit, value in units[0].items():
                index, alike = (pair, unit), agree(value, units[1][unit])
                self._pending.setdefault(index, set() if alike and not row[2] else {"customerp", "invoiced"})
                if alike and row[2]:
                    # What both say by now, the sync may not have read yet.
                    self._met.setdefault(index, (self.now(), *self.sides.stamps(pair)))
                self._editors[index] = {"customerp", "invoiced"}
        return pair

    def reported(self, conflicts: Iterable[Conflict]) -> None:
        """A conflict takes two: our own write, seen again, is no edit."""
        for conflict in conflicts:
            self.counts["conflicts"] += 1
            row = self.database.execute(
                "SELECT erp_id, inv_id FROM link WHERE flow = ? AND erp_key = ? AND inv_id IS NOT NULL",
                (conflict.flow, conflict.key if conflict.flow == "product-item" else conflict.key.casefold()),
            ).fetchone()
            unit = unit_of(conflict.flow, conflict.field)
            if row is None:
                continue
            editors = self._editors.get(((conflict.flow, *row), unit), set())
            # A value that Invoiced squeezed and whose answer was lost cannot be told from an edit.
            squeezed = isinstance(conflict.base, tuple) and text(conflict.base[1]) == text(conflict.invoiced)
            if editors != {"customerp", "invoiced"} and unit in SAME | {"name"} and not squeezed:
                raise Violation("I5", f"{conflict} is called a conflict, and only {editors or 'nobody'} edited it")

    def at_rest(self, listed: Iterable[tuple[str, str, str | None]]) -> None:
        """`listed`: flow, key and property of every notice and conflict that stands."""
        quiet.complete(self.database, self.sides, listed, self.counts)
        quiet.shadows_agree(self.database)
        for contradiction in contradictions(self.database, self._written):
            raise Violation("I8", contradiction)
        for contradiction in self._unseen.contradictions(self.counts):
            raise Violation("the audit", contradiction)
