"""An Invoiced account: its settings, everything it holds, and the switches for facts that sources leave open."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from counterpart.emulators.clock import Clock
from counterpart.emulators.errors import InvoicedError, UnusableSnapshot
from counterpart.emulators.invoiced_values import fold
from counterpart.emulators.outbox import Outbox
from counterpart.emulators.snapshot import dump, kept, load
from counterpart.emulators.table import Row, Table
from counterpart.emulators.wire import Response

_SKIPS = 100
_ALPHANUMERICS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class Switches:
    """Facts on which the sources of the reference differ, or that nobody could exercise; see docs/fidelity.md."""

    items_updated_after: Literal["ignored", "honoured"] = "ignored"
    """Documented for `GET /items`, but the implementation does not look at it."""
    overlong_text: Literal["truncated", "kept"] = "truncated"
    """Text without a length rule that exceeds its database column: cut there, though the write echoes it whole."""
    due_date_without_terms: Literal["cleared", "kept"] = "cleared"
    """What recomputing leaves of an explicit due date when `date` is changed and no terms give a day count."""
    merged_documents: Literal["touched", "untouched"] = "touched"
    """Whether invoices that a merge of customers moves get a new `updated_at`, which the database gives unasked."""
    four_byte_characters: Literal["kept", "replaced"] = "kept"
    """What becomes of characters beyond the Basic Multilingual Plane in text columns: the database may put `?`."""
    uncoercible_values: Literal["refused", "broken"] = "refused"
    """Values that reach typed code, such as `currency: null` on an invoice: 400, or the 500 of the implementation."""

    @property
    def text(self) -> dict[str, bool]:
        """How text is stored: cut to its column, without characters of four bytes."""
        return {"cut": self.overlong_text == "truncated", "narrow": self.four_byte_characters == "replaced"}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the owner of the account has chosen; the time zone is UTC."""

    currency: str = "usd"
    country: str = "US"
    payment_terms: str | None = None
    customer_type: str = "company"
    concurrent_calls: int = 20
    """How many calls of one key may be under way; beyond, 429."""
    invoices_a_day: int | None = None
    """The quota on new documents, if there is one."""


@kept("record", "template", "following", "taken")
@dataclass(slots=True)
class Numbering:
    """Unique numbers from a template; a number supplied by the caller does not advance the counter."""

    record: str
    template: str
    following: int = 1
    taken: dict[str, int] = field(default_factory=dict)

    def draw(self) -> str:
        """The next free number; taken ones are skipped, a hundred at most."""
        for _ in range(_SKIPS):
            number = self.template % self.following
            self.following += 1
            if fold(number) not in self.taken:
                return number
        raise InvoicedError(f"Could not generate a unique {self.record} number", "number")

    def refuse_taken(self, number: str, by: int | None) -> None:
        """Raise when another record than `by` has the number, in whatever case."""
        holder = self.taken.get(fold(number))
        if holder is not None and holder != by:
            raise InvoicedError(f"The given {self.record} number has already been taken: {number}", "number")

    def assign(self, number: str, id_: int, before: str | None = None) -> None:
        """Note whose number it is; `before` is given up."""
        if before is not None:
            self.release(before)
        self.taken[fold(number)] = id_

    def release(self, number: str) -> None:
        """Make the number free again."""
        self.taken.pop(fold(number), None)


@kept("table", "newest")
@dataclass(slots=True)
class Catalog:
    """Records whose id the client chooses: deleting archives them, and an archived id may be created again."""

    table: Table = field(default_factory=Table)
    newest: dict[str, int] = field(default_factory=dict)

    def find(self, id_: str) -> Row | None:
        """The newest record of this id, archived or not."""
        key = self.newest.get(id_)
        return None if key is None else self.table.get(key)

    def shown(self, id_: str) -> Row | None:
        """The newest record of this id as answers show it: nothing there tells whether it is archived."""
        row = self.find(id_)
        return None if row is None else {name: value for name, value in row.items() if name != "archived"}

    def active(self, id_: object) -> Row | None:
        """The record of this id unless it is archived."""
        row = self.find(id_) if isinstance(id_, str) else None
        return None if row is None or row.get("archived") else row

    def add(self, row: Row) -> None:
        """Add a record; it becomes the newest of its id."""
        self.newest[row["id"]] = self.table.add(row)

    def put(self, row: Row) -> None:
        """Replace the newest record of this id."""
        self.table.put(self.newest[row["id"]], row)


@dataclass(slots=True)
class Account:
    """All state of one account; ids start far apart, so that one kind of id is never taken for another."""

    clock: Clock
    base_url: str
    settings: Settings
    switches: Switches
    random: random.Random
    customers: Table = field(default_factory=lambda: Table(70001))
    invoices: Table = field(default_factory=lambda: Table(880001))
    payments: Table = field(default_factory=lambda: Table(330001))
    items: Catalog = field(default_factory=Catalog)
    coupons: Catalog = field(default_factory=Catalog)
    tax_rates: Catalog = field(default_factory=Catalog)
    customer_numbers: Numbering = field(default_factory=lambda: Numbering("customer", "CUST-%05d"))
    invoice_numbers: Numbering = field(default_factory=lambda: Numbering("invoice", "INV-%05d"))
    invoices_of: dict[int, tuple[int, ...]] = field(default_factory=dict)
    due: list[tuple[int, int]] = field(default_factory=list)
    """Heap of (due date, invoice id): what the background job has yet to mark as past due."""
    counters: dict[str, int] = field(
        default_factory=lambda: {"line_item": 5500001, "discount": 9100001, "tax": 9500001, "request": 1}
    )
    replies: dict[str, tuple[int, Response]] = field(default_factory=dict)
    counts: dict[object, tuple[int, int]] = field(default_factory=dict)
    cursors: dict[object, tuple[int, int]] = field(default_factory=dict)
    contacts: Table = field(default_factory=lambda: Table(100001))
    contacts_of: dict[int, dict[int, None]] = field(default_factory=dict)
    events: Table = field(default_factory=lambda: Table(9300001))
    webhooks: Table = field(default_factory=lambda: Table(4001))
    webhook_attempts: Table = field(default_factory=lambda: Table(6001))
    outbox: Outbox = field(default_factory=lambda: Outbox(interval=3600, most=48))
    invoiced_today: tuple[int, int] = (0, 0)
    """The day, counted from 1970, and the invoices created on it."""
    touched: dict[tuple[str, int], Row | None] = field(default_factory=dict)
    """What this request has written, by kind and id, as it was before; None for what was not there."""

    def touch(self, kind: str, id_: int, before: Row | None) -> None:
        """Note a write, for the events that follow the request."""
        self.touched.setdefault((kind, id_), before)

    def draw(self, counter: str) -> int:
        """The next id of a counter."""
        id_ = self.counters[counter]
        self.counters[counter] = id_ + 1
        return id_

    def drawn(self) -> tuple[dict[str, int], int, int]:
        """How far ids and numbers have been given out."""
        return dict(self.counters), self.customer_numbers.following, self.invoice_numbers.following

    def roll_back(self, drawn: tuple[dict[str, int], int, int]) -> None:
        """Leave what a failed request has drawn and touched as a rolled-back transaction leaves it."""
        counters, self.customer_numbers.following, self.invoice_numbers.following = drawn
        self.counters.update(counters)
        self.touched.clear()

    def snapshot(self) -> object:
        """Everything the account holds, as a JSON value."""
        state = {name: dump(getattr(self, name)) for name in _STATE}
        return state | {"random": dump(self.random.getstate())}

    def restore(self, snapshot: object) -> None:
        """Hold what a snapshot holds and nothing else; raises UnusableSnapshot and then holds what it held."""
        if not isinstance(snapshot, dict) or snapshot.keys() != {*_STATE, "random"}:
            raise UnusableSnapshot("it is not one of Invoiced")
        state = {name: load(snapshot[name], type(getattr(self, name))) for name in _STATE}
        try:
            self.random.setstate(load(snapshot["random"], tuple))
        except (TypeError, ValueError) as error:
            raise UnusableSnapshot(f"its random state is no such thing ({error})") from None
        for name, value in state.items():
            setattr(self, name, value)

    def random_id(self) -> str:
        """Six alphanumerics, as Invoiced gives to an item without an id."""
        return self.random_text(6)

    def random_text(self, length: int) -> str:
        """So many alphanumerics."""
        return "".join(self.random.choices(_ALPHANUMERICS, k=length))

    def uncoercible(self, message: str, param: str) -> InvoicedError:
        """The answer to a value that reaches typed code."""
        if self.switches.uncoercible_values == "broken":
            return InvoicedError("An internal error occurred", status=500)
        return InvoicedError(message, param)


_STATE = (
    "customers", "invoices", "payments", "items", "coupons", "tax_rates", "customer_numbers", "invoice_numbers",
    "invoices_of", "due", "counters", "replies", "counts", "cursors", "contacts", "contacts_of", "events", "webhooks",
    "webhook_attempts", "outbox", "invoiced_today",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request, parsed."""

    path: str
    arguments: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    """The query as it was sent, decoded, in order."""
    query: Mapping[str, Any]
    """The query with brackets nested: `filter[name]=x` is `{"filter": {"name": "x"}}`."""
    body: Mapping[str, Any]
    now: int
    accept: str = ""
    """The media types that the caller takes."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A status and the value to be written as JSON; None for an empty body, bytes for a PDF."""

    status: int
    value: object = None
    headers: tuple[tuple[str, str], ...] = ()
