"""Line items, discounts and taxes of an invoice: how a list in a request becomes the list that is stored."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from counterpart.emulators.errors import InvoicedError
from counterpart.emulators.invoiced_account import Account, Catalog
from counterpart.emulators.invoiced_values import as_held, boolean, coerced, metadata, numeric
from counterpart.emulators.table import Row, sparse
from counterpart.emulators.totals import Line, Rate, Totals, invoice_totals

EntryKind = Literal["discount", "tax"]

DEFAULTS: Row = {
    "catalog_item": None, "description": "", "discountable": True, "discounts": [], "metadata": {}, "name": "",
    "object": "line_item", "taxable": True, "taxes": [], "type": None,
}  # fmt: skip
_RATE = {"discount": "coupon", "tax": "tax_rate"}
_LISTS: dict[EntryKind, str] = {"discount": "discounts", "tax": "taxes"}
_FROM_ITEM = ("name", "description", "type", "unit_cost", "taxable", "discountable", "taxes")
_COLUMNS = {"name": 255, "description": 65_535, "type": 50}  # those of items; nobody knows a line's
_MOST_LINES = 1000
_NOTHING = Decimal(0)


def lines(account: Account, given: Any, kept: Sequence[Row], now: int) -> list[Row]:
    """The complete new list of lines in the order given; lines of `kept` that are not mentioned fall away.

    An absent key of a kept line goes back to its default, or to the catalog item's value when `catalog_item` is
    sent; only `catalog_item` and `metadata` survive omission.
    """
    if not isinstance(given, list):
        given = []
    if len(given) > _MOST_LINES:
        raise InvoicedError(f"Items must have at most {_MOST_LINES} lines", "items")
    known = {line["id"]: line for line in kept}
    return [_line(account, item, known, now) for item in given]


def entries(
    account: Account, kind: EntryKind, given: Any, kept: Sequence[Row], now: int, *, param: str | None = None
) -> list[Row]:
    """The complete new list of discounts or taxes; unknown rates and custom amounts of 0 are dropped silently."""
    param = param or _LISTS[kind]
    if not isinstance(given, list):
        raise account.uncoercible(f"{param.title()} is invalid", param)
    known = {entry["id"]: entry for entry in kept}
    found: list[Row] = []
    rates: set[str] = set()
    for item in given:
        fields = item if isinstance(item, dict) else {_RATE[kind]: item}
        id_ = fields.get("id")
        if id_ is not None and id_ not in known:
            raise InvoicedError(f"Referenced {kind} that does not exist: {str(id_)[:40]}", param)
        reference = fields.get(_RATE[kind])
        if isinstance(reference, dict):
            reference = reference.get("id")
        if reference is not None:
            if _rate(account, kind, reference) is None or reference in rates:
                continue
            rates.add(reference)
            # Computed with the totals; until then a kept entry has its old amount, which shows whether it changes.
            entry: Row = {_RATE[kind]: reference, "amount": _NOTHING if id_ is None else known[id_]["amount"]}
        else:
            amount = numeric("amount", fields.get("amount", 0))
            if not amount:
                continue
            entry = {_RATE[kind]: None, "amount": amount}
        entry["id"] = account.draw(kind) if id_ is None else id_
        entry["updated_at"] = known[id_]["updated_at"] if id_ is not None else now
        found.append(entry)
    return found


def priced(account: Account, invoice: Row, now: int) -> Row:
    """The invoice with every amount computed anew; raises when the total is negative."""
    totals = _totals(account, invoice)
    items: list[Row] = []
    for line, amounts in zip(invoice["items"], totals.lines, strict=True):
        computed = line | {"amount": amounts.amount}
        for kind, shares in (("discounts", amounts.discounts), ("taxes", amounts.taxes)):
            if kind in line:
                computed[kind] = _shared(line[kind], shares, now)
        items.append(computed)
    if totals.total < 0:
        raise InvoicedError("Total is invalid", "total")
    return invoice | {
        "items": items,
        "discounts": _shared(invoice["discounts"], totals.discounts, now),
        "taxes": _shared(invoice["taxes"], totals.taxes, now),
        "subtotal": totals.subtotal,
        # The same number, not an equal one: there are many invoices, and a Decimal takes a hundred bytes.
        "total": totals.subtotal if totals.total == totals.subtotal else totals.total,
    }


def refuse_double_taxes(invoice: Row) -> None:
    """Raise when one tax rate stands on a line and on the invoice."""
    whole = {entry["tax_rate"] for entry in invoice["taxes"]} - {None}
    if any(entry["tax_rate"] in whole for line in invoice["items"] for entry in line.get("taxes", ())):
        raise InvoicedError("The same tax rate cannot be applied to a line and to the invoice", "items")


def pack(account: Account, items: Sequence[Row]) -> bytes:
    """Lines as they are kept, their texts as their columns hold them.

    As text they take a quarter of the memory, and most of them are never looked at again.
    """
    held = [_held(account, line) for line in items]
    return json.dumps(held, separators=(",", ":"), sort_keys=True, default=_plain).encode()


def unpack(packed: bytes | list[Row]) -> list[Row]:
    """The lines that `pack` made text of; lines that are no text come back as they are."""
    if not isinstance(packed, bytes):
        return packed
    items: list[Row] = json.loads(packed)
    for line in items:
        for name in ("quantity", "unit_cost", "amount"):
            line[name] = Decimal(line[name])
        for name in _LISTS.values():
            for entry in line.get(name, ()):
                entry["amount"] = Decimal(entry["amount"])
    return items


def line_view(account: Account, line: Row) -> Row:
    """A line as answers show it."""
    shown = DEFAULTS | line
    if shown["discounts"]:
        shown["discounts"] = [entry_view(account, "discount", entry) for entry in shown["discounts"]]
    if shown["taxes"]:
        shown["taxes"] = [entry_view(account, "tax", entry) for entry in shown["taxes"]]
    return shown


def entry_view(account: Account, kind: EntryKind, entry: Row) -> Row:
    """A discount or tax as answers show it, with its rate as it reads today."""
    id_ = entry[_RATE[kind]]
    rate = None if id_ is None else _catalog(account, kind).shown(id_)
    shown = entry | {"object": kind, _RATE[kind]: rate}
    return shown | {"expires": None, "from_payment_terms": False} if kind == "discount" else shown


def _line(account: Account, given: Any, known: dict[int, Row], now: int) -> Row:
    if not isinstance(given, dict):
        raise InvoicedError("Line item must be an array", "items")
    before: Row | None = None
    if given.get("id") is not None:
        id_ = given["id"]
        before = known.pop(id_, None) if isinstance(id_, int) else None
        if before is None:
            raise InvoicedError(f"Referenced line item that does not exist: {str(id_)[:40]}", "items")
    reference = given.get("catalog_item")
    if isinstance(reference, dict):
        reference = reference.get("id")
    item = account.items.active(reference)
    filled: Mapping[str, Any] = given if item is None else {**_from_item(item), **given}
    line: Row = {
        "id": account.draw("line_item") if before is None else before["id"],
        "catalog_item": (None if item is None else item["id"]) if before is None else before.get("catalog_item"),
        "type": _label(filled.get("type")),
        "name": _trimmed(filled.get("name")),
        "description": _trimmed(filled.get("description")),
        "quantity": coerced("quantity", filled.get("quantity"), Decimal(1)),
        "unit_cost": coerced("unit_cost", filled.get("unit_cost"), _NOTHING),
        "discountable": boolean("discountable", filled.get("discountable", True)),
        "taxable": boolean("taxable", filled.get("taxable", True)),
        "created_at": now if before is None else before["created_at"],
        "updated_at": now if before is None else before["updated_at"],
    }
    for kind, name in _LISTS.items():
        kept = [] if before is None else before.get(name, [])
        line[name] = entries(account, kind, filled.get(name, []), kept, now)
    if "metadata" in filled:
        line["metadata"] = metadata("metadata", filled["metadata"])
    elif before is not None:
        line["metadata"] = before.get("metadata", {})
    line = sparse(line, DEFAULTS)
    if before is not None and line | {"amount": before["amount"]} != before:
        line["updated_at"] = now
    return line


def _held(account: Account, line: Row) -> Row:
    texts = {
        name: as_held(line[name], most, **account.switches.text) for name, most in _COLUMNS.items() if name in line
    }
    return {**line, **texts}


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _from_item(item: Row) -> Row:
    return {name: item[name] for name in _FROM_ITEM if name in item}


def _trimmed(value: Any) -> str:
    return str(_label(value, "")).strip()


def _label(value: Any, absent: Any = None) -> Any:
    if value is None or isinstance(value, (list, dict)):
        return absent
    return value if isinstance(value, str) else str(value)


def _rate(account: Account, kind: EntryKind, id_: Any) -> Row | None:
    return _catalog(account, kind).find(id_) if isinstance(id_, str) else None


def _catalog(account: Account, kind: EntryKind) -> Catalog:
    return account.coupons if kind == "discount" else account.tax_rates


def _rates(account: Account, kind: EntryKind, found: Iterable[Row]) -> tuple[Rate, ...]:
    rates: list[Rate] = []
    for entry in found:
        rate = _rate(account, kind, entry[_RATE[kind]])
        if rate is None:
            rates.append(Rate(entry["amount"]))
        else:
            rates.append(Rate(rate["value"], rate["is_percent"], rate.get("inclusive", False)))
    return tuple(rates)


def _totals(account: Account, invoice: Row) -> Totals:
    return invoice_totals(
        (
            Line(
                line["quantity"],
                line["unit_cost"],
                line.get("discountable", True),
                line.get("taxable", True),
                _rates(account, "discount", line.get("discounts", ())),
                _rates(account, "tax", line.get("taxes", ())),
            )
            for line in invoice["items"]
        ),
        _rates(account, "discount", invoice["discounts"]),
        _rates(account, "tax", invoice["taxes"]),
        invoice["currency"],
    )


def _shared(found: Sequence[Row], shares: Sequence[Decimal], now: int) -> list[Row]:
    return [
        entry if entry["amount"] == share else entry | {"amount": share, "updated_at": now}
        for entry, share in zip(found, shares, strict=True)
    ]
