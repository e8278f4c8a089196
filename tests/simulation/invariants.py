"""The invariants, checked on the log of what happened in both systems and never inside the engine.

I1 every linked pair agrees or says why not; I2 no record has two counterparts; I3 at rest nothing is written; I4 every
record is linked or says why not; I5 no edit is lost without a conflict; I6 a counterpart is created once; I7 shadow
pairs agree; I8 the history, played again, gives the shadow; I9 one write a record at a time; I10 no write without a
stored intent; I11 never more calls than allowed; I12 no unchanged property in a PATCH.
"""

from __future__ import annotations

import sqlite3
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import quiet
from auditing import Unseen
from clockwork import START
from deleting import Deleting
from edits import Edits, Touch
from forms import paths, products, said, shown
from lines import LINE, ORDERS, Lines
from mapping import COLLECTIONS, FLOW_OF, FLOWS, Units, leaves, tags, unit_of
from matches import Matches
from network import Call
from patience import Patience
from refusing import Refusals
from replaying import Written, contradictions
from shadows import shadows
from sides import Pair, Sides
from survivors import Survivors
from traffic import Traffic
from violation import Violation
from wording import Words

from sync import Conflict

_COMPANIONS = {"due_date", "items", "lines", "metadata"}
_COUPONS = 60.0  # seconds that it takes at most to look for the coupons of a document, and to make them
_LOGGED = ("customers", "invoices")  # items make no events


@dataclass
class Books:
    """What happened so far, as far as the invariants need it."""

    now: Callable[[], float]
    database: sqlite3.Connection
    sides: Sides
    cap: int
    deactivates: bool = False  # whether the other side is told of a delete
    trace: list[str] = field(default_factory=list)
    writes: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._pairs: dict[tuple[str, str, str], Pair] = {}
        self._traffic = Traffic(self.database, self.cap)
        self._edits = Edits(self.database, self.sides, self._traffic, self.counts)
        self._changed: dict[tuple[str, str, str], float] = {}
        self._replaced: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
        self._creates: Counter[tuple[str, str]] = Counter()
        self._written, self._unseen = Written(), Unseen(self.database)
        self._answered: set[str] = set()  # keys under which something was done
        self._patience, self._matches = Patience(self.database, self.cap), Matches(self.database)
        self._deleting = Deleting(self.database, self._traffic)
        self._lines = Lines(self.sides)
        self._wanted: dict[str, float] = {}  # orders, and when the first call was made to create their invoice
        self._survivors = Survivors(self.database, self.sides, self._traffic, self.deactivates)
        self._words = Words(self.database, self.sides)
        self._refusals = Refusals(self.database)
        self._losers: set[str] = set()  # companies that became part of another one

    # What the network tells

    def sent(self, call: Call, in_flight: int) -> None:
        self._traffic.sent(call, in_flight)
        if call.method == "POST" and call.path in ("/coupons", "/invoices"):
            creating = "SELECT erp_id FROM link WHERE flow = ? AND inv_id IS NULL AND intent IS NOT NULL"
            for (order,) in self.database.execute(creating, (ORDERS,)).fetchall():
                self._wanted.setdefault(order, call.sent)
        self._patience.sent(call, in_flight)
        self._refusals.sent(call)

    def begins(self) -> None:
        """A run of the sync begins."""
        self._refusals.begins()
        self._patience.begins()

    def before(self, actor: Call | None, system: str, method: str, path: str, body: bytes) -> Touch:
        touch = Touch(actor, system, method, path, body)
        _, collection, *rest = path.split("/")
        touch.collection = collection
        if method == "GET":
            return touch
        touch.id = next(iter(rest), None)
        if collection == "items" and touch.id is None:
            touch.id = msgspec.json.decode(body).get("id")
        if touch.id is not None:
            touch.raw = self.sides.raw(system, collection, touch.id)
            touch.pair = self._pair(system, collection, touch.id)
            if touch.pair is not None and self.sides.units(touch.pair) is None:
                # One of the two is gone, so this one may have another counterpart by now.
                self._pairs.pop((system, collection, touch.id), None)
                touch.pair = self._pair(system, collection, touch.id)
            if touch.pair is not None:
                touch.units = self._units(touch.pair)
            self._as_one(touch)
            self._check_frozen(touch)
            self._check_whole(touch)
            if actor is not None and (method, collection) == ("PATCH", "customers"):
                self._survivors.check(actor, system, touch.id)
                if system == "invoiced":
                    self._deleting.check(actor, touch.id)
        return touch

    def _units(self, pair: Pair) -> tuple[Units, Units] | None:
        """What both sides say; an item that the sync has archived only to create it again counts as not archived."""
        units = self.sides.units(pair)
        if units is None or pair[2] not in self._replaced:
            return units
        return units[0], {**units[1], "discontinued": False}

    def _check_frozen(self, touch: Touch) -> None:
        """No change is asked of a document that was seen to be closed, paid or voided, nor an end of a paid one."""
        raw = touch.raw
        if touch.actor is None or touch.collection != "invoices" or touch.method == "GET" or raw is None:
            return
        if raw["closed"] or raw["paid"] or raw["status"] == "voided" or (touch.method == "POST" and _with_payment(raw)):
            assert touch.id is not None
            read = self._traffic.last("invoiced", "invoices", touch.id, self._traffic.first_sent(touch.actor))
            if START.timestamp() + read >= raw["updated_at"] + 1:
                raise Violation("frozen", f"{touch.actor} although it is {raw['status']}, as was seen at {read:.2f}")

    def _check_whole(self, touch: Touch) -> None:
        """The lines of an invoice are replaced whole, so it is read by itself just before, but for its coupons."""
        if touch.actor is None or touch.method != "PATCH" or b'"items"' not in touch.body:
            return
        read = self._traffic.read_alone(touch.actor)
        if self._traffic.first_sent(touch.actor) - read > _COUPONS:
            raise Violation("whole", f"{touch.actor}, read by itself at {read:.2f}")

    def _as_one(self, touch: Touch) -> None:
        """Archiving an item and creating it again are one write of a price; between the two nothing is judged."""
        if touch.collection != "items" or touch.id is None:
            return
        if touch.method == "POST":
            before = self._replaced.pop(touch.id, touch.units)
            touch.units = touch.units if touch.actor is None else before
        elif touch.method == "DELETE" and touch.units is not None and self._replacing(touch.id):
            if not (touch.raw or {}).get("archived"):
                self._replaced[touch.id] = touch.units
            # A person who archives it before we do cannot be told from us.
            touch.units = None

    def _replacing(self, item: str) -> bool:
        stored = self.database.execute("SELECT intent FROM link WHERE inv_id = ?", (item,)).fetchone()
        return bool(stored and stored[0] and stored[0].startswith('["invoiced","replace"'))

    def after(self, touch: Touch, status: int, answer: bytes) -> None:
        now, who = self.now(), "sync" if touch.actor else "somebody"
        self.trace.append(
            f"{now:9.2f} {who} {touch.system} {touch.method} {touch.path} {touch.body.decode()[:400]} -> {status}"
        )
        if status >= 300:
            return
        if touch.actor is None:
            self._patience.acted()
        elif touch.actor.key is not None:
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
            self._traffic.wrote(touch.actor)
            self._edits.check_seen(touch)
        created = touch.id is None or (touch.collection == "items" and touch.raw is None)
        if created and touch.actor is not None:
            self._created(touch, msgspec.json.decode(answer))
        if touch.id is not None:
            self._changed[touch.system, touch.collection, touch.id] = now
            if (touch.system, touch.collection, touch.method) == ("customerp", "customers", "DELETE"):
                self._deleting.deleted(touch.id, now)
        self._note(touch, answer)
        if touch.collection == "customers" and touch.method == "DELETE":
            self._matches.gone(touch.id or "")
            if touch.pair is not None and touch.units is not None:
                left = "invoiced" if touch.system == "customerp" else "customerp"
                self._survivors.left(left, touch.pair, touch.units, self._edits.unsent(touch.pair, left), now)
        elif touch.collection == "customers" and touch.id is not None:
            if touch.actor is None:
                self._refusals.changed(touch.id)
            self._survivors.changed(touch.system, touch.id, now, by_person=touch.actor is None)
        if touch.collection == "customers" and touch.body and touch.method in ("POST", "PATCH"):
            if not created:
                self._matches.edited(touch.id or "", msgspec.json.decode(touch.body))
            elif touch.actor is None:
                made = msgspec.json.decode(answer)
                self._matches.entered(touch.system, touch.id or str(made["id"]), made, now)
            if touch.actor is None and touch.path.endswith("/merge"):
                self._losers.add(_merged(touch))
        if touch.method == "PATCH" and touch.collection in ("orders", "invoices"):
            self._list_changed(touch)
        self._note_words(touch)
        if touch.pair is not None and touch.units is not None and (units := self._units(touch.pair)) is not None:
            self._edits.judge(touch, units, now)
        elif touch.pair is not None and touch.actor is None:
            self._edits.alone(touch)
        elif (touch.system, touch.collection) == ("customerp", "customers"):
            self._edits.before_linking(touch)
        gone = self._pair("invoiced", "customers", _merged(touch)) if touch.path.endswith("/merge") else None
        if touch.method == "DELETE" and touch.collection != "items":
            gone = touch.pair
        if gone is not None:
            # Who is left may get another counterpart.
            flow, erp_id, inv_id = gone
            self._pairs.pop(("customerp", COLLECTIONS[flow][0], erp_id), None)
            self._pairs.pop(("invoiced", COLLECTIONS[flow][1], inv_id), None)
            self._written.part(erp_id, inv_id)

    def _list_changed(self, touch: Touch) -> None:
        assert touch.id is not None
        if touch.actor is not None:
            if touch.pair is not None and self._edits.unguarded(touch, (touch.pair, "lines")):
                self._lines.overwritten(touch.pair)
            return
        now = self.sides.raw(touch.system, touch.collection, touch.id)
        if touch.raw is None or now is None:
            return
        column = "erp_id" if touch.system == "customerp" else "inv_id"
        linked = self._linked_lines(f"AND {column} = ?", touch.id)
        self._lines.edited(touch.system, touch.id, touch.raw, now, linked)

    def _linked_lines(self, which: str = "", *parameters: str) -> list[tuple[Pair, str, str]]:
        """Lines of which both sides have agreed on everything; the owner's price stands where they have not yet."""
        return [
            ((shadow.flow, shadow.erp_id, shadow.inv_id), child[0], child[1])
            for shadow in shadows(self.database, f"flow = ? AND inv_id IS NOT NULL {which}", (ORDERS, *parameters))
            for child in shadow.children
            if child[2].keys() >= LINE
        ]

    def _note(self, touch: Touch, answer: bytes) -> None:
        """What was written and edited, for I8 and the audit."""
        flow = FLOW_OF.get((touch.system, touch.collection))
        if flow is None or (touch.id is None and touch.method != "POST"):
            return
        id_ = touch.id or str(msgspec.json.decode(answer)["id"])
        body = said(touch.method, touch.path, touch.body)
        if touch.actor is None:
            self._written.edit(flow, touch.system, id_, body)
            return
        sent = said(touch.method, touch.path, touch.actor.body)
        if touch.method == "POST" and (touch.raw is None or self._replacing(id_)):
            sent.pop("archived", None)  # born active, or archived only to be created again
        pair = self._pairs.get((touch.system, touch.collection, id_))
        alone = touch.raw is not None and touch.units is None
        if alone or (pair is not None and self.sides.units(pair) is None):
            return  # its counterpart was deleted meanwhile, so the two are no pair
        before, now = shown(touch.raw or {}), self.sides.raw(touch.system, touch.collection, id_) or {}
        applied = {path: value for path, value in body.items() if path not in ("items", "lines")}
        applied |= {
            path: now[path] for path in body.keys() - applied.keys() if products(body[path]) <= products(now[path])
        }
        if touch.units is not None and touch.pair is not None and flow == "product-item" and touch.method == "POST":
            for name, path in paths(flow, touch.system, applied).items():
                if self._edits.unguarded(touch, (touch.pair, unit_of(flow, name))):
                    del applied[path]  # it goes with the whole, over an edit that came too late to be seen
        self._written.write(flow, touch.system, id_, sent, applied, before)
        logged = touch.method == "PATCH" and touch.collection in _LOGGED and touch.system == "invoiced"
        if logged and self._unseen.write(id_, touch.raw or {}, msgspec.json.decode(touch.body)):
            self._edits.check_guard(touch)

    def _note_words(self, touch: Touch) -> None:
        """What became of the words of a customer, where there are such."""
        if "tags" not in (touch.raw or {}) or touch.id is None or touch.raw is None:
            return
        before, now = tags(touch.raw), tags(self.sides.raw(touch.system, touch.collection, touch.id) or {})
        if before == now or not now:
            return
        if touch.actor is None:
            self._words.edited(touch.id, before["tags"], now["tags"])
        elif touch.pair is not None and self._edits.unguarded(touch, (touch.pair, "tags")):
            self._words.overwritten_unseen(before["tags"] ^ now["tags"])

    def _check_unchanged(self, touch: Touch) -> None:
        if touch.method != "PATCH" or touch.raw is None or touch.id is None:
            return
        index = (touch.system, touch.collection, touch.id)
        assert touch.actor is not None
        if self._changed.get(index, 0.0) >= self._traffic.last(*index, self._traffic.first_sent(touch.actor)):
            return
        body: dict[str, Any] = msgspec.json.decode(touch.actor.body)
        for name, value in leaves(body):
            held: Any = touch.raw
            for part in name.split("."):
                held = held.get(part) if isinstance(held, dict) else None
            if name not in _COMPANIONS and _spelt(name, held) == _spelt(name, value) and not isinstance(value, list):
                raise Violation("I12", f"{touch.actor} sends {name} as it was")

    def _created(self, touch: Touch, answer: dict[str, Any]) -> None:
        reference = (answer.get("metadata") or {}).get("erp_id")
        if reference is None:
            raise Violation("I6", f"{touch.actor} created a record that names no counterpart")
        self._creates[touch.collection, reference] += 1
        self.counts["creates"] += 1
        if self._creates[touch.collection, reference] > 1 and not self._survivors.returns(reference):
            raise Violation("I6", f"{touch.actor} creates a counterpart of {reference} a second time")
        if touch.collection == "invoices":
            self._check_final(touch, reference)
        pair = (FLOWS[touch.collection], reference, str(answer["id"]))
        self._pairs["invoiced", touch.collection, pair[2]] = pair
        self._pairs["customerp", COLLECTIONS[pair[0]][0], reference] = pair
        units = self.sides.units(pair)
        if units is not None:
            self._edits.created(pair, units, self.now())

    def _check_final(self, touch: Touch, order: str) -> None:
        """An invoice is created in the state that its order was seen in; what creating does, no later change undoes.

        What was wanted when first a coupon was to be made for it is repeated as it was, and changed after.
        """
        raw, index = self.sides.raw("customerp", "orders", order), ("customerp", "orders", order)
        seen = self._traffic.last(*index, self._wanted[order])
        if raw is None or self._changed.get(index, 0.0) >= seen:
            return
        body = msgspec.json.decode(touch.body)
        if body["draft"] is not (raw["status"] == "draft"):
            raise Violation("create", f"{touch.actor} although the order is {raw['status']}, as was seen at {seen:.2f}")

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
            self._edits.adopted(pair, units, bool(row[2]), self.now())
        return pair

    def reported(self, conflicts: Iterable[Conflict]) -> None:
        """What a run of the sync calls conflicts."""
        self._edits.reported(conflicts)

    def at_rest(self, listed: Iterable[tuple[str, str, str | None]]) -> None:
        """`listed`: flow, key and property of every notice and conflict that stands."""
        listed = list(listed)
        told = {key for flow, key, name in listed if flow == ORDERS and _of_lines(name)}
        self._lines.check(told, set(self._linked_lines()))
        quiet.complete(self.database, self.sides, listed, self.counts)
        quiet.shadows_agree(self.database)
        refused = self._refusals.records()
        quiet.links_say_what_is_so(self.database, self.sides, self._losers, refused, self._patience.erred)
        self._matches.check()
        self._words.check()
        for contradiction in contradictions(self.database, self._written):
            raise Violation("I8", contradiction)
        for contradiction in self._unseen.contradictions(self.counts):
            raise Violation("the audit", contradiction)


def _of_lines(name: str | None) -> bool:
    return name is None or unit_of(ORDERS, name) == "lines"


def _spelt(name: str, value: Any) -> Any:
    """A value without what no edit is: blanks at its ends, how accents are composed, capitals of e-mail addresses."""
    if not isinstance(value, str):
        return value
    plain = unicodedata.normalize("NFC", value).strip()
    return (plain.lower() if name == "email" else plain) or None


def _with_payment(invoice: dict[str, Any]) -> bool:
    return bool(0 < invoice["balance"] < invoice["total"])


def _merged(touch: Touch) -> str:
    """The customer that a merge takes away."""
    return str(msgspec.json.decode(touch.body)["customer"])
