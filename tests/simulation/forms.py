"""Each property that the flows map: its names on both sides, and the one form in which all that is said of it compares.

Said by a request, by the history, and by both sides of a shadow; told a second time, as in `mapping`, so that a wrong
converter cannot hide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from mapping import days, leaves, percent, text


def words(value: Any) -> str | None:
    """E-mail addresses and codes are compared in lower case, other texts never differ in case alone."""
    said = text(value)
    return None if said is None else said.lower()


def amount(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value)).normalize()


def day(value: Any) -> str | None:
    return datetime.fromtimestamp(value, UTC).date().isoformat() if isinstance(value, int) else value


def truth(value: Any) -> Any:
    return value


def status(value: Any) -> Any:
    """Invoiced knows drafts by a mark of their own; its words for the rest are others."""
    if isinstance(value, bool):
        return "draft" if value else "confirmed"
    return {"issued": "confirmed", "void": "cancelled"}.get(value, value)


def lines(value: Any) -> tuple[Any, ...] | None:
    """A list without its order, which no property maps; products are named as each side does."""
    return None if value is None else tuple(sorted(map(_line, value), key=repr))


def products(listed: Iterable[Mapping[str, Any]]) -> set[str]:
    """The products that lines name; Invoiced drops those whose item is archived."""
    return {product for line in listed if (product := _product(line))}


def _product(line: Mapping[str, Any]) -> str | None:
    product: str | None = line.get("productId")
    item = line.get("catalog_item")
    return product or (item["id"] if isinstance(item, Mapping) else item)


def _line(line: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        _product(line),
        text(line["description"]),
        amount(line["quantity"]),
        amount(line["unit_cost"] if "unit_cost" in line else line["unitPrice"]),
        percent(line["discounts"]) if "discounts" in line else amount(line["discountPercent"]),
    )


@dataclass(frozen=True)
class Property:
    """One property pair; `invoiced` is None where only Customerp is written."""

    customerp: str
    invoiced: str | None
    form: Callable[[Any], Any] = words

    def path(self, system: str) -> str | None:
        return self.customerp if system == "customerp" else self.invoiced


PROPERTIES = {
    "customer-company": (
        Property("number", "number"),
        Property("name", "name"),
        Property("email", "email"),
        Property("phone", "phone"),
        Property("address.line1", "address1"),
        Property("address.line2", "address2"),
        Property("address.city", "city"),
        Property("address.region", "state"),
        Property("address.postalCode", "postal_code"),
        Property("address.country", "country"),
        Property("organisationNumber", "tax_id"),
        Property("currency", "currency"),
        Property("paymentTermsDays", "payment_terms", days),
        Property("active", "active", truth),
    ),
    "product-item": (
        Property("name", "name"),
        Property("description", "description"),
        Property("category", "type"),
        Property("unitPrice", "unit_cost", amount),
        Property("currency", "currency"),
        Property("discontinued", "archived", truth),
    ),
    "order-invoice": (
        Property("currency", "currency"),
        Property("orderDate", "date", day),
        Property("dueDate", "due_date", day),
        Property("purchaseOrder", "purchase_order"),
        Property("notes", "notes"),
        Property("status", "state", status),
        Property("paymentState", None),
        Property("lines", "items", lines),
    ),
}


def shown(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What a record or a body says, by path."""
    values = dict(leaves(dict(raw)))
    if "draft" in values:
        values["state"] = values.pop("draft")
    return values


def said(method: str, path: str, body: bytes) -> dict[str, Any]:
    """What a request says of a record, by path; some of that it says without words."""
    values = shown(msgspec.json.decode(body)) if body else {}
    if path.endswith("/void"):
        values["state"] = "void"
    if path.startswith("/items") and method == "POST":
        values = {"description": None, "type": None, "archived": False} | values
    if path.startswith("/items") and method == "DELETE":
        values["archived"] = True
    return values


def named(flow: str, system: str, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The mapped properties among values by path: name and form."""
    for each in PROPERTIES[flow]:
        path = each.path(system)
        if path in values:
            yield each.customerp, each.form(values[path])


def paths(flow: str, system: str, values: Mapping[str, Any]) -> dict[str, str]:
    """The mapped properties among values by path: name and path."""
    both = {each.customerp: each.path(system) for each in PROPERTIES[flow]}
    return {name: path for name, path in both.items() if path is not None and path in values}
