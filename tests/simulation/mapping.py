"""What the flows promise, told a second time and independently of the sync, so that a wrong converter cannot hide."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

Raw = Mapping[str, Any]
Units = dict[str, Any]

FLOWS = {"customers": "customer-company", "items": "product-item", "invoices": "order-invoice"}
COLLECTIONS = {
    "customer-company": ("customers", "customers"),
    "product-item": ("products", "items"),
    "order-invoice": ("orders", "invoices"),
}
FLOW_OF = {
    (system, both[n]): flow for flow, both in COLLECTIONS.items() for n, system in enumerate(("customerp", "invoiced"))
}
KEYS = {"customer-company": "number", "product-item": "sku", "order-invoice": "number"}
SAME = {"notes", "purchaseOrder", "phone", "email", "description"}  # one form on both sides
LENIENT = object()  # empty in Customerp, so Invoiced's own default stands beside it


def text(value: Any) -> str | None:
    """Text as both sides compare it: blanks squeezed, cut at 255, empty is none."""
    return " ".join(str(value).split())[:255].strip() or None if value is not None else None


def _plain(value: Any) -> Any:
    return None if value is None else Decimal(str(value)).normalize()


def customerp(flow: str, raw: Raw, sku: Callable[[str], str | None]) -> Units:
    """A record of Customerp as units that change as one."""
    if flow == "customer-company":
        address = raw["address"]
        parts = ("line1", "line2", "city", "region", "postalCode")
        return {
            "number": text(raw["number"]),
            "name": text(raw["name"]),
            "email": (text(raw["email"]) or "").lower() or None,
            "phone": text(raw["phone"]),
            "address": tuple(text(address[part]) for part in parts),
            "address.country": text(address["country"]) or LENIENT,
            "organisationNumber": text(raw["organisationNumber"]),
            "currency": (raw["currency"] or "").lower() or LENIENT,
            "paymentTermsDays": raw["paymentTermsDays"] if raw["paymentTermsDays"] is not None else LENIENT,
            "active": raw["active"],
            **tags(raw),
        }
    if flow == "product-item":
        return {
            "name": text(raw["name"]),
            "description": text(raw["description"]),
            "category": text(raw["category"]),
            "price": (_plain(raw["unitPrice"]), raw["currency"].lower()),
            "discontinued": raw["discontinued"],
        }
    lines = _unordered(
        (
            sku(line["productId"]) if line["productId"] else None,
            text(line["description"]),
            _plain(line["quantity"]),
            _plain(line["unitPrice"]),
            _plain(line["discountPercent"]),
        )
        for line in raw["lines"]
    )
    return {
        "number": text(raw["number"]),
        "currency": raw["currency"].lower(),
        "orderDate": raw["orderDate"],
        "dueDate": raw["dueDate"] or LENIENT,
        "purchaseOrder": text(raw["purchaseOrder"]),
        "notes": text(raw["notes"]),
        "status": raw["status"],
        "paymentState": raw["paymentState"],
        "lines": lines,
    }


def invoiced(flow: str, raw: Raw) -> Units:
    """A record of Invoiced in the terms of its counterpart."""
    if flow == "customer-company":
        parts = ("address1", "address2", "city", "state", "postal_code")
        return {
            "number": text(raw["number"]),
            "name": text(raw["name"]),
            "email": (text(raw["email"]) or "").lower() or None,
            "phone": text(raw["phone"]),
            "address": tuple(text(raw[part]) for part in parts),
            "address.country": text(raw["country"]),
            "organisationNumber": text(raw["tax_id"]),
            "currency": raw["currency"],
            "paymentTermsDays": days(raw["payment_terms"]),
            "active": raw["active"],
            **tags(raw),
        }
    if flow == "product-item":
        return {
            "name": text(raw["name"]),
            "description": text(raw["description"]),
            "category": text(raw["type"]),
            "price": (_plain(raw["unit_cost"]), raw["currency"]),
            "discontinued": raw["archived"],
        }
    lines = _unordered(
        (
            line["catalog_item"]["id"] if isinstance(line["catalog_item"], Mapping) else line["catalog_item"],
            text(line["description"]),
            _plain(line["quantity"]),
            _plain(line["unit_cost"]),
            percent(line["discounts"]),
        )
        for line in raw["items"]
    )
    status = "cancelled" if raw["status"] == "voided" else "draft" if raw["draft"] else "confirmed"
    partial = 0 < raw["balance"] < raw["total"]
    return {
        "number": text(raw["number"]),
        "currency": raw["currency"],
        "orderDate": _day(raw["date"]),
        "dueDate": _day(raw["due_date"]),
        "purchaseOrder": text(raw["purchase_order"]),
        "notes": text(raw["notes"]),
        "status": status,
        "paymentState": "paid" if raw["paid"] else "partial" if partial else "unpaid",
        "lines": lines,
    }


def tags(raw: Raw) -> Units:
    """The words of a customer, where both systems know such."""
    return {"tags": frozenset(raw["tags"])} if "tags" in raw else {}


def agree(erp: Any, inv: Any) -> bool:
    """Whether the two sides of a unit say the same."""
    return erp is LENIENT or erp == inv


def unit_of(flow: str, field: str) -> str:
    """The unit a reported property belongs to."""
    if flow == "product-item" and field in ("unitPrice", "currency"):
        return "price"
    if field.startswith("address.") and field != "address.country":
        return "address"
    return "lines" if field.startswith("lines") else field


def properties(flow: str, unit: str) -> tuple[str, ...]:
    """The properties of a unit, as the flows name them; lines have shadows of their own."""
    if unit == "lines":
        return ()
    if unit == "address":
        return tuple(f"address.{part}" for part in ("line1", "line2", "city", "region", "postalCode"))
    return ("unitPrice", "currency") if flow == "product-item" and unit == "price" else (unit,)


def days(terms: Any) -> Any:
    """The days that payment terms stand for; other terms stand for themselves."""
    net = re.fullmatch(r"net[ -]*(\d+)", terms, re.IGNORECASE) if isinstance(terms, str) else None
    return int(net[1]) if net else terms


def _unordered(lines: Iterable[tuple[Any, ...]]) -> tuple[tuple[Any, ...], ...]:
    """The order of lines is no property that the flows map."""
    return tuple(sorted(lines, key=repr))


def percent(discounts: list[Raw]) -> Any:
    """The percentage that discounts stand for; `amount` where they stand for none."""
    if not discounts:
        return None
    coupon = discounts[0].get("coupon")
    return _plain(coupon["value"]) if len(discounts) == 1 and coupon else "amount"


def _day(seconds: int | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).date().isoformat()


def leaves(body: dict[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    """Every value of a body by its dotted path; metadata is one value."""
    for name, value in body.items():
        if isinstance(value, dict) and name != "metadata":
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
