"""What the ERP remembers: records by kind, an index over what must be unique, and the log of changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from counterpart.emulators.customerp_records import CUSTOMER, ORDER, PRODUCT, Fault, Field
from counterpart.emulators.outbox import Outbox
from counterpart.emulators.snapshot import kept
from counterpart.emulators.table import Row, Table
from counterpart.emulators.wire import Response


@dataclass(frozen=True, slots=True)
class Kind:
    """One record type: how it is named, checked, kept unique and found."""

    name: str
    prefix: str
    fields: Mapping[str, Field]
    nested: frozenset[str]
    unique: tuple[str, ...]
    filters: tuple[str, ...]


KINDS: dict[str, Kind] = {
    "customers": Kind(
        "customer",
        "CU",
        CUSTOMER,
        frozenset({"address"}),
        ("number", "externalRef"),
        ("number", "externalRef"),
    ),
    "products": Kind("product", "PR", PRODUCT, frozenset(), ("sku", "externalRef"), ("sku", "externalRef")),
    "orders": Kind(
        "order",
        "OR",
        ORDER,
        frozenset({"lines"}),
        ("number", "externalRef"),
        ("number", "customerId", "externalRef"),
    ),
}

MINIMAL: dict[str, Kind] = {
    path: replace(
        kind,
        fields={name: field for name, field in kind.fields.items() if name != "externalRef"},
        unique=tuple(name for name in kind.unique if name != "externalRef"),
        filters=tuple(name for name in kind.filters if name != "externalRef"),
    )
    for path, kind in KINDS.items()
}


@kept("_index", "_table")
class Collection:
    """The records of one kind, with an index over each unique property."""

    __slots__ = ("_index", "_table", "kind")

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._table = Table()
        self._index: dict[tuple[str, str], int] = {}

    def __iter__(self) -> Iterator[Row]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)

    @property
    def next_id(self) -> str:
        """The id that `add` will be given."""
        return f"{self.kind.prefix}{self._table.next_id:06d}"

    def get(self, id_: str) -> Row | None:
        """The record of an id, or None."""
        row = self._table.named(id_[2:])
        return row if row is not None and row["id"] == id_ else None

    def taken(self, name: str, value: str) -> bool:
        """Whether a record has this value in a unique property."""
        return (name, value) in self._index

    def matching(self, wanted: Mapping[str, str], after: int) -> Iterator[Row]:
        """Records behind a position, ascending, whose properties equal the wanted values."""
        for name in self.kind.unique:
            if name in wanted:
                number = self._index.get((name, wanted[name]), 0)
                row = self._table.get(number)
                rows: Iterator[Row] = iter([row] if row is not None and number > after else [])
                break
        else:
            rows = (row for _, row in self._table.after(after))
        return (row for row in rows if all(row[name] == value for name, value in wanted.items()))

    def add(self, row: Row) -> None:
        """Store a new record."""
        self._table.add(row)
        self._note(row)

    def replace(self, before: Row, after: Row) -> None:
        """Store a record anew."""
        self._forget(before)
        self._table.put(position(after), after)
        self._note(after)

    def remove(self, row: Row) -> None:
        """Remove a record; its id is never given again."""
        self._forget(row)
        self._table.remove(position(row))

    def _note(self, row: Row) -> None:
        for name in self.kind.unique:
            if row[name] is not None:
                self._index[(name, row[name])] = position(row)

    def _forget(self, row: Row) -> None:
        for name in self.kind.unique:
            if row[name] is not None:
                del self._index[(name, row[name])]


@kept("collections", "changes", "lines_given", "replies", "outbox")
@dataclass(slots=True)
class State:
    """Everything the ERP remembers."""

    collections: dict[str, Collection]
    changes: list[Row] = field(default_factory=list)
    lines_given: dict[str, int] = field(default_factory=dict)
    replies: dict[tuple[str, str, str], tuple[int, bytes, Response]] = field(default_factory=dict)
    outbox: Outbox = field(default_factory=lambda: Outbox(interval=60, most=60))

    def dangling(self, order: Row) -> Iterator[Fault]:
        """What an order refers to and is not there."""
        collections = self.collections
        if collections["customers"].get(order["customerId"]) is None:
            yield "/customerId", f"There is no customer {order['customerId']}"
        for at, line in enumerate(order["lines"]):
            product = line["productId"]
            if product is not None and collections["products"].get(product) is None:
                yield f"/lines/{at}/productId", f"There is no product {product}"

    def number_lines(self, row: Row) -> None:
        """Give new lines their ids; a line's id is never given again within its order."""
        if "lines" not in row:
            return
        given = self.lines_given.get(row["id"], 0)
        lines: list[Row] = []
        for line in row["lines"]:
            if "id" not in line:
                given += 1
                line = {"id": f"L{given}", **line}
            lines.append(line)
        row["lines"] = lines
        self.lines_given[row["id"]] = given

    def in_use(self, id_: str) -> bool:
        """Whether an order refers to the record."""
        if id_.startswith("OR"):
            return False
        orders = self.collections["orders"]
        if id_.startswith("CU"):
            return any(order["customerId"] == id_ for order in orders)
        return any(line["productId"] == id_ for order in orders for line in order["lines"])


def position(row: Row) -> int:
    """The number in a record's id, by which listings are ordered."""
    return int(row["id"][2:])
