"""What Customerp accepts in a body: fields with their checks, merge-patch, and every fault with its JSON pointer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from counterpart.emulators.codes import COUNTRIES, CURRENCIES
from counterpart.emulators.table import Row

Fault = tuple[str, str]
"""A JSON pointer into the body and what is wrong there."""

MOST_LINES = 1000


class _Wrong(Exception):
    """What a check has against a value."""


@dataclass(frozen=True, slots=True)
class Field:
    """One writable property: its check, and what a record shows when the body leaves it out."""

    check: Callable[[object], object]
    required: bool = False
    nullable: bool = False
    default: object = None


def _text(longest: int, *, unit: str = "characters") -> Callable[[object], object]:
    def check(value: object) -> object:
        if not isinstance(value, str):
            raise _Wrong("must be a string")
        size = len(value.encode()) if unit == "bytes" else len(value)
        if not 1 <= size <= longest:
            raise _Wrong(f"must have 1 to {longest} {unit}")
        return value

    return check


def _pattern(pattern: str, description: str, *, longest: int = 64) -> Callable[[object], object]:
    matches = re.compile(pattern, re.ASCII).fullmatch

    def check(value: object) -> object:
        if not isinstance(value, str):
            raise _Wrong("must be a string")
        if len(value) > longest or not matches(value):
            raise _Wrong(f"must be {description}")
        return value

    return check


def _one_of(values: frozenset[str], description: str) -> Callable[[object], object]:
    def check(value: object) -> object:
        if not isinstance(value, str) or value not in values:
            raise _Wrong(f"must be {description}")
        return value

    return check


def _boolean(value: object) -> object:
    if not isinstance(value, bool):
        raise _Wrong("must be true or false")
    return value


def _days(value: object) -> object:
    if isinstance(value, Decimal) and value == value.to_integral_value():
        value = int(value)  # JSON knows one kind of number: 30.0 is the integer 30
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 3650:
        raise _Wrong("must be an integer from 0 to 3650")
    return value


def _date(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise _Wrong("must be a date, YYYY-MM-DD")
    try:
        date.fromisoformat(value)
    except ValueError:
        raise _Wrong("must be a date of the calendar") from None
    return value


_DECIMAL = r"-?[0-9]{1,10}(\.[0-9]{1,10})?"
_decimal = _pattern(_DECIMAL, 'a decimal string such as "12.5", at most 10 digits before and after the point')


def _percent(value: object) -> object:
    if not 0 <= Decimal(str(_decimal(value))) <= 100:
        raise _Wrong("must be from 0 to 100")
    return value


_email = _pattern(r"[^@\s]+@[^@\s]+", "an e-mail address", longest=255)
_currency = _one_of(CURRENCIES, "an ISO 4217 code in upper case")
_country = _one_of(COUNTRIES, "an ISO 3166-1 alpha-2 code in upper case")

EXTERNAL_REF = Field(_text(255), nullable=True)

ADDRESS: dict[str, Field] = {
    **dict.fromkeys(("line1", "line2", "city", "region", "postalCode"), Field(_text(255), nullable=True)),
    "country": Field(_country, nullable=True),
}

CUSTOMER: dict[str, Field] = {
    "externalRef": EXTERNAL_REF,
    "number": Field(_text(32, unit="bytes"), required=True),
    "name": Field(_text(255), required=True),
    "email": Field(_email, nullable=True),
    "phone": Field(_text(64), nullable=True),
    "organisationNumber": Field(_text(64), nullable=True),
    "currency": Field(_currency, nullable=True),
    "paymentTermsDays": Field(_days, nullable=True),
    "active": Field(_boolean, default=True),
}

PRODUCT: dict[str, Field] = {
    "externalRef": EXTERNAL_REF,
    "sku": Field(_pattern(r"[A-Za-z0-9_:-]{2,64}", "2 to 64 of the characters A-Z a-z 0-9 _ : -"), required=True),
    "name": Field(_text(255), required=True),
    "description": Field(_text(4000), nullable=True),
    "category": Field(_text(255), nullable=True),
    "unitPrice": Field(_decimal, required=True),
    "currency": Field(_currency, required=True),
    "discontinued": Field(_boolean, default=False),
}

ORDER: dict[str, Field] = {
    "externalRef": EXTERNAL_REF,
    "number": Field(_text(32, unit="bytes"), required=True),
    "customerId": Field(_text(64), required=True),
    "currency": Field(_currency, required=True),
    "orderDate": Field(_date, required=True),
    "dueDate": Field(_date, nullable=True),
    "purchaseOrder": Field(_text(32, unit="bytes"), nullable=True),
    "notes": Field(_text(4000), nullable=True),
    "status": Field(
        _one_of(frozenset({"draft", "confirmed", "cancelled"}), "draft, confirmed or cancelled"),
        default="draft",
    ),
    "paymentState": Field(
        _one_of(frozenset({"unpaid", "partial", "paid"}), "unpaid, partial or paid"), default="unpaid"
    ),
}

LINE: dict[str, Field] = {
    "productId": Field(_text(64), nullable=True),
    "description": Field(_text(4000), nullable=True),
    "quantity": Field(_decimal, required=True),
    "unitPrice": Field(_decimal, required=True),
    "discountPercent": Field(_percent, nullable=True),
}

READ_ONLY = frozenset({"id", "version", "createdAt", "updatedAt", "total"})


def merge(
    fields: Mapping[str, Field],
    body: Mapping[str, object],
    kept: Row | None,
    faults: list[Fault],
    *,
    at: str = "",
    nested: frozenset[str] = frozenset(),
) -> Row:
    """The properties after a body is merged into `kept` (None on creation); faults are added to the list.

    Keys in `nested` are known but left to the caller.
    """
    row: Row = (
        {name: field.default for name, field in fields.items()}
        if kept is None
        else {name: kept[name] for name in fields}
    )
    for name, value in body.items():
        field = fields.get(name)
        pointer = f"{at}/{escape(name)}"
        if field is None:
            if name not in nested:
                faults.append((pointer, "is read-only" if name in READ_ONLY else "is not a property of this record"))
        elif value is None or (value == "" and field.nullable):
            # An empty text says nothing; storing it as null spares every client a second spelling of nothing.
            if field.nullable:
                row[name] = None
            else:
                faults.append((pointer, "must not be null"))
        else:
            try:
                row[name] = field.check(value)
            except _Wrong as wrong:
                faults.append((pointer, str(wrong)))
    if kept is None:
        faults.extend(
            (f"{at}/{name}", "is required") for name, field in fields.items() if field.required and name not in body
        )
    return row


def merge_address(body: Mapping[str, object], kept: Row | None, faults: list[Fault]) -> Row:
    """The whole address after the body's `address` is merged key by key; null empties it."""
    empty: Row = dict.fromkeys(ADDRESS)
    before: Row = empty if kept is None else kept["address"]
    given = body.get("address", {})
    if given is None:
        return empty
    if not isinstance(given, dict):
        faults.append(("/address", "must be an object or null"))
        return before
    return merge(ADDRESS, given, before, faults, at="/address")


def merge_lines(body: Mapping[str, object], kept: list[Row], faults: list[Fault]) -> list[Row] | None:
    """The new list of lines, or None when the body has none; a line without `id` is still to be numbered."""
    if "lines" not in body:
        return None
    given = body["lines"]
    if not isinstance(given, list):
        faults.append(("/lines", "must be an array"))
        return None
    if len(given) > MOST_LINES:
        faults.append(("/lines", f"must have at most {MOST_LINES} lines"))
        return None
    known = {line["id"]: line for line in kept}
    lines: list[Row] = []
    for at, item in enumerate(given):
        pointer = f"/lines/{at}"
        if not isinstance(item, dict):
            faults.append((pointer, "must be an object"))
            continue
        before: Row | None = None
        if "id" in item:
            before = known.pop(item["id"], None) if isinstance(item["id"], str) else None
            if before is None:
                faults.append((f"{pointer}/id", "is not a line of this order, or is given twice"))
                continue
        line = merge(LINE, item, before, faults, at=pointer, nested=frozenset({"id"}))
        lines.append(line if before is None else {"id": before["id"], **line})
    return lines


def escape(name: str) -> str:
    """A name as a segment of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
