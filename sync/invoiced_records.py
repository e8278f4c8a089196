"""What Invoiced's records mean and which operations change them; pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sync import values
from sync.connector import Call, Logged, Operation, Prepared, Record, Wanted, WantedLine
from sync.links import NoticeKind
from sync.values import BadValue, Raw

REFERENCE = "erp_id"  # our key in metadata

_CREATE_ONLY = ("unit_cost", "currency")
_ITEM_CARRIED = (
    "name",
    "description",
    "type",
    "unit_cost",
    "currency",
    "taxable",
    "discountable",
    "gl_account",
    "avalara_tax_code",
    "avalara_location_code",
    "metadata",
)
_LINE_KEPT = ("type", "name", "description", "quantity", "unit_cost", "discountable", "taxable", "metadata")
_NO_MINOR = frozenset(
    ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vuv", "xaf", "xof", "xpf")
)
_ARCHIVED = {"include": "archived"}
_LOGGED = {"customer": "customers", "invoice": "invoices"}


def record(kind: str, raw: Raw) -> Record:
    """The record with virtual properties: `state`, `payment` and `discount` of invoices; raises BadValue."""
    if not isinstance(raw, dict) or raw.get("id") in (None, "") or isinstance(raw.get("id"), bool | dict | list):
        raise BadValue("a record without an id")
    metadata = raw.get("metadata")
    reference = metadata.get(REFERENCE) if isinstance(metadata, dict) else None
    stamp = values.stamp_of(raw.get("updated_at"))
    base: dict[str, Any] = {
        "id": str(raw["id"]),
        "stamp": stamp,
        "reference": str(reference) if reference is not None else None,
    }
    if kind == "items":
        return Record(data={**raw, "archived": raw.get("archived") is True}, **base)
    if kind == "invoices":
        return _invoice(raw, base)
    return Record(data=raw, **base)


def logged(event: Any) -> Logged | None:
    """The change that an event of the log tells of; None where it tells of none that can be read."""
    try:
        kind, _, what = event["type"].partition(".")
        data = event["data"]
        before = data.get("previous") or event.get("previous")  # the API's own examples have it in both places
        id_, number, at = str(data["object"]["id"]), int(event["id"]), float(event["timestamp"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    if what not in ("updated", "paid") or kind not in _LOGGED or not isinstance(before, dict):
        return None
    return Logged(number, at, _LOGGED[kind], id_, before, data["object"])


def merged_by(event: Any, loser: str) -> str | None:
    """The customer that another one became part of, if that is what an event of type `customer.merged` tells."""
    try:
        survivor = event["data"]["object"]
        return str(survivor["id"]) if str(survivor["original_customer"]["id"]) == loser else None
    except (KeyError, TypeError):
        return None


def _invoice(raw: Raw, base: Mapping[str, Any]) -> Record:
    items = raw.get("items") or []
    if not isinstance(items, list) or not all(isinstance(line, dict) and "id" in line for line in items):
        raise BadValue("items are no list of lines")
    state = "void" if raw.get("status") == "voided" else "draft" if raw.get("draft") else "issued"
    balance, total = raw.get("balance"), raw.get("total")
    if raw.get("paid"):
        payment = "paid"
    elif isinstance(balance, int | Decimal) and isinstance(total, int | Decimal) and 0 < balance < total:
        payment = "partial"
    else:
        payment = "unpaid"
    frozen = "voided" if state == "void" else "paid" if raw.get("paid") else "closed" if raw.get("closed") else None
    lines = [{**line, "id": str(line["id"]), "discount": _discount(line)} for line in items]
    data = {**raw, "customer": _id(raw.get("customer")), "state": state, "payment": payment, "items": lines}
    return Record(data=data, frozen=frozen, lines_total=_lines_total(items), **base)


def _id(customer: object) -> str | None:
    found = customer.get("id") if isinstance(customer, dict) else customer
    return None if found is None else str(found)


def _discount(line: Mapping[str, Any]) -> str | None:
    """The percentage of a line's only discount; otherwise a description of what there is instead."""
    entries = line.get("discounts") or []
    if not entries:
        return None
    coupon = entries[0].get("coupon")
    if len(entries) == 1 and isinstance(coupon, dict) and coupon.get("is_percent"):
        return values.decimal(coupon.get("value"))
    amount = values.decimal(sum((Decimal(entry.get("amount") or 0) for entry in entries), Decimal(0)))
    return f"amount of {amount}"


def _lines_total(items: list[Raw]) -> Decimal | None:
    if any("amount" not in line for line in items):
        return None
    return sum(
        (
            Decimal(line["amount"])
            - sum((Decimal(d.get("amount") or 0) for d in line.get("discounts") or []), Decimal(0))
            for line in items
        ),
        Decimal(0),
    )


def prepare(wanted: Wanted) -> Prepared:
    """The next operation of a change."""
    if wanted.id is None:
        return _create(wanted)
    if wanted.raw is None and any(path.startswith("metadata.") for path in wanted.assign):
        return Prepared(needs_raw=True)  # a PATCH replaces metadata whole
    if wanted.side.object == "items":
        return _change_item(wanted)
    if wanted.side.object == "invoices":
        return _change_invoice(wanted)
    return _patch(wanted, wanted.assign)


def _patch(
    wanted: Wanted,
    assign: Mapping[str, Any],
    *,
    before: tuple[Call, ...] = (),
    blocked: Mapping[str, tuple[NoticeKind, str]] | None = None,
    extra: Mapping[str, Any] | None = None,
    covers: frozenset[str] | None = None,
) -> Prepared:
    body: Raw = {}
    for path, value in {**assign, **(extra or {})}.items():
        values.put(body, path, value)
    if "metadata" in body and wanted.raw is not None:
        body["metadata"] = {**(wanted.raw.get("metadata") or {}), **body["metadata"]}
    if not body:
        return Prepared(blocked=blocked or {})
    params = _ARCHIVED if wanted.side.object == "items" else {}
    call = Call("PATCH", f"/{wanted.side.object}/{wanted.id}", body, params)
    operation = Operation("update", wanted.side.object, wanted.id, (*before, call))
    return Prepared(operation, covers if covers is not None else frozenset(assign), blocked or {})


def _create(wanted: Wanted) -> Prepared:
    body: Raw = dict(wanted.side.filter)
    for path, value in wanted.assign.items():
        values.put(body, path, value)
    covers = set(wanted.assign)
    before: tuple[Call, ...] = ()
    params: Mapping[str, str] = {}
    if wanted.side.object == "items":
        params = _ARCHIVED
        if body.pop("archived", False):
            covers.discard("archived")  # an item is born active
    if wanted.side.object == "invoices":
        body["draft"] = body.pop("state", "draft") == "draft"
        # Taxes are not mapped, and none may appear on their own.
        body["calculate_taxes"] = False
        lines = wanted.lines or ()
        before = _coupons(lines)
        body["items"] = [_line(line, None) for line in lines]
        covers.add(wanted.lines_path)
    body["metadata"] = {**body.get("metadata", {}), REFERENCE: wanted.reference}
    call = Call("POST", f"/{wanted.side.object}", body, params)
    return Prepared(Operation("create", wanted.side.object, None, (*before, call)), frozenset(covers))


def _change_item(wanted: Wanted) -> Prepared:
    assign = dict(wanted.assign)
    price = [path for path in _CREATE_ONLY if path in assign]
    archived = wanted.current.get("archived") is True
    path = f"/items/{wanted.id}"
    if assign.get("archived") is False and archived:
        return _item_anew(wanted, "restore", ())
    if price and not archived and "archived" not in assign:
        return _item_anew(wanted, "replace", (Call("DELETE", path),))
    blocked: dict[str, tuple[NoticeKind, str]] = dict.fromkeys(
        price, ("frozen", "the item is archived; price and currency follow when it is active again")
    )
    rest = {name: value for name, value in assign.items() if name not in (*price, "archived")}
    if rest or not assign.get("archived"):
        return _patch(wanted, rest, blocked=blocked)
    calls = (Call("DELETE", path), Call("GET", path, None, _ARCHIVED))
    return Prepared(Operation("archive", "items", wanted.id, calls), frozenset({"archived"}), blocked)


def _item_anew(wanted: Wanted, name: str, before: tuple[Call, ...]) -> Prepared:
    """Create under the same id; everything that can be set is carried over from the item as it is now."""
    if wanted.raw is None:
        return Prepared(needs_raw=True)
    body: Raw = {key: wanted.raw[key] for key in _ITEM_CARRIED if wanted.raw.get(key) is not None}
    taxes = [tax["id"] if isinstance(tax, dict) else tax for tax in wanted.raw.get("taxes") or []]
    if taxes:
        body["taxes"] = taxes
    for path, value in wanted.whole.items():
        if path != "archived":
            values.put(body, path, value)
    body["id"] = wanted.id
    body = {key: value for key, value in body.items() if value is not None}
    call = Call("POST", "/items", body, _ARCHIVED)
    return Prepared(Operation(name, "items", wanted.id, (*before, call)), frozenset(wanted.assign))


def _change_invoice(wanted: Wanted) -> Prepared:
    assign = dict(wanted.assign)
    state = assign.pop("state", None)
    blocked: dict[str, tuple[NoticeKind, str]] = {}
    if wanted.frozen:
        reason = f"the invoice is {wanted.frozen} and takes no changes"
        blocked |= dict.fromkeys(assign, ("frozen", reason))
        if wanted.lines is not None:
            blocked[wanted.lines_path] = ("frozen", reason)
        assign = {}
    if state == "draft":
        blocked["state"] = ("unwritable", "an issued invoice cannot become a draft again")
        state = None
    elif state is not None and wanted.frozen in ("paid", "voided"):
        blocked["state"] = ("frozen", f"the invoice is {wanted.frozen} and takes no changes")
        state = None
    elif state == "void" and wanted.current.get("payment") != "unpaid":
        blocked["state"] = ("frozen", "the invoice has a payment and cannot be voided")
        state = None
    lines = None if wanted.frozen else wanted.lines
    if not assign and lines is None and state == "void":
        call = Call("POST", f"/invoices/{wanted.id}/void")
        return Prepared(Operation("void", "invoices", wanted.id, (call,)), frozenset({"state"}), blocked)
    if not assign and lines is None and state is None:
        return Prepared(blocked=blocked)
    if wanted.raw is None:
        return Prepared(needs_raw=True)
    covers = set(assign)
    extra: Raw = {path: value for path, value in wanted.companions.items() if path not in assign}
    if state == "issued":
        extra["draft"] = False
        covers.add("state")
    before: tuple[Call, ...] = ()
    if lines is not None:
        known = {str(line["id"]): line for line in wanted.raw.get("items") or []}
        before = _coupons(lines)
        extra["items"] = [_line(line, known.get(line.id) if line.id else None) for line in lines]
        covers.add(wanted.lines_path)
    return _patch(wanted, assign, before=before, blocked=blocked, extra=extra, covers=frozenset(covers))


def _line(line: WantedLine, kept: Raw | None) -> Raw:
    """A line for the complete list; an absent key of a kept line would go back to its default."""
    given = dict(line.values)
    body: Raw = {}
    if kept is not None:
        body = {"id": kept["id"], **{key: kept[key] for key in _LINE_KEPT if key in kept}}
        body["discounts"] = [_rate(entry, "coupon") for entry in kept.get("discounts") or []]
        body["taxes"] = [_rate(entry, "tax_rate") for entry in kept.get("taxes") or []]
    if "discount" in given:
        percent = given.pop("discount")
        body["discounts"] = [] if percent is None else [{"coupon": coupon_id(percent)}]
    if given.get("catalog_item") is None:
        given.pop("catalog_item", None)
    return body | given


def _rate(entry: Mapping[str, Any], kind: str) -> Raw:
    rate = entry.get(kind)
    return {"id": entry["id"], **({kind: rate["id"]} if isinstance(rate, dict) else {"amount": entry["amount"]})}


def coupon_id(percent: str) -> str:
    """Ids take no dots: 12.5 % is `erp-pct-12_5`."""
    return f"erp-pct-{percent.replace('.', '_')}"


def _coupons(lines: tuple[WantedLine, ...]) -> tuple[Call, ...]:
    """Invoiced knows a percentage only through a coupon; those that are missing are created first."""
    percents = dict.fromkeys(line.values["discount"] for line in lines if line.values.get("discount") is not None)
    return tuple(
        Call(
            "POST",
            "/coupons",
            {"id": coupon_id(percent), "name": f"{percent} %", "is_percent": True, "value": Decimal(percent)},
            unless=f"/coupons/{coupon_id(percent)}",
            note="Coupon",
        )
        for percent in percents
    )


def predict(operation: Operation, current: Raw | None, placeholder: str) -> Raw:
    """The record an operation would answer with, as far as it can be known beforehand."""
    *_, call = operation.calls
    raw = dict(current or {})
    body = dict(call.body or {})
    if operation.name == "void":
        return raw | {"status": "voided", "balance": 0}
    if operation.name == "archive":
        return raw | {"archived": True}
    if operation.object == "invoices":
        return _predict_invoice(raw, body, placeholder)
    if operation.name in ("restore", "replace") or (operation.object == "items" and operation.name == "create"):
        return {**dict.fromkeys(("description", "type")), **body, "archived": False}
    return {"id": placeholder, **raw, **body}


def _predict_invoice(raw: Raw, body: Raw, placeholder: str) -> Raw:
    result = {"id": placeholder, **raw, **body}
    result.pop("calculate_taxes", None)
    known = {str(line["id"]): line for line in raw.get("items") or []}
    unit = Decimal(1) if str(result.get("currency")).lower() in _NO_MINOR else Decimal("0.01")
    result["items"] = [
        _predict_line(line, known.get(str(line.get("id"))), unit, f"{placeholder} {number}")
        for number, line in enumerate(result.get("items") or [], start=1)
    ]
    total = _lines_total(result["items"]) or Decimal(0)
    before = raw.get("total")
    paid = Decimal(before) - Decimal(raw.get("balance") or 0) if before is not None and "items" in body else Decimal(0)
    if "items" in body or before is None:
        result |= {"total": total, "balance": total - paid}
    # An issued invoice without anything to pay is born paid and closed.
    settled = not result.get("draft") and Decimal(result.get("balance") or 0) <= 0 and raw.get("status") != "voided"
    return result | {"paid": settled, "closed": settled or raw.get("closed") is True}


def _predict_line(line: Raw, known: Raw | None, unit: Decimal, placeholder: str) -> Raw:
    merged = {"catalog_item": None, "description": None, "id": placeholder, **(known or {}), **line}
    amount = (Decimal(merged.get("quantity") or 0) * Decimal(merged.get("unit_cost") or 0)).quantize(
        unit, ROUND_HALF_UP
    )
    discounts = []
    for entry in merged.get("discounts") or []:
        coupon = entry.get("coupon")
        if isinstance(coupon, str) and coupon.startswith("erp-pct-"):
            percent = Decimal(coupon.removeprefix("erp-pct-").replace("_", "."))
            off = (max(Decimal(0), amount) * percent / 100).quantize(unit, ROUND_HALF_UP)
            rate = {"id": coupon, "is_percent": True, "value": percent}
            discounts.append({"id": entry.get("id", placeholder), "coupon": rate, "amount": off})
        else:
            old = next((d for d in (known or {}).get("discounts", []) if d.get("id") == entry.get("id")), entry)
            discounts.append(old)
    return merged | {"amount": amount, "discounts": discounts}
