"""How Invoiced reads attribute values: coercions, length rules counted in bytes, metadata, nested queries."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

from counterpart.emulators.codes import COUNTRIES, CURRENCIES
from counterpart.emulators.errors import InvoicedError
from counterpart.emulators.jsontext import encode

Rule = Callable[[str, Any], Any]
"""Reads the value of a named attribute into what is stored; raises InvoicedError."""

# A column of twenty digits, ten of them decimals.
_LARGEST = Decimal("9999999999.9999999999")
_TENTH_DECIMAL = Decimal("1E-10")
_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_CATALOG_ID = re.compile(r"[A-Za-z0-9_:-]{2,255}")
_GL_ACCOUNT = re.compile(r"[A-Za-z0-9-]{4,255}")
_TERMS_DAYS = re.compile(r"net[\s-]*([0-9]{1,4})\b", re.IGNORECASE)
_MOST_KEYS, _LONGEST_KEY, _LONGEST_VALUE = 10, 40, 255
_FOUR_BYTES = re.compile("[\U00010000-\U0010ffff]")
_DEEPEST = 8


def title(name: str) -> str:
    """An attribute's name as error messages spell it: `unit_cost` is `Unit Cost`."""
    return name.replace("_", " ").title()


def fold(text: str) -> str:
    """Text as the database compares it: without case, accents and trailing spaces."""
    if text.isascii():
        return text.lower().rstrip(" ")
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char)).rstrip(" ")


def invalid(name: str) -> InvoicedError:
    """The refusal of a value that fits no rule of its attribute."""
    return InvoicedError(f"{title(name)} is invalid", name)


def sized(least: int, most: int, *, nullable: bool) -> Rule:
    """A string of so many bytes; a number is refused, null and an empty string only if not nullable."""

    def rule(name: str, value: Any) -> Any:
        if nullable and (value is None or value == ""):
            return None
        if value is None:
            raise InvoicedError(f"{title(name)} is missing", name)
        if not isinstance(value, str) or not least <= len(value.encode()) <= most:
            raise InvoicedError(f"{title(name)} must be a string between {least} and {most} characters.", name)
        return value

    return rule


def free_text(name: str, value: Any) -> Any:
    """Text without a rule: a JSON number is stored as its digits, an empty string as null."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else None
    if isinstance(value, (int, Decimal)):
        return encode(value)
    raise invalid(name)


def boolean(name: str, value: Any) -> bool:
    """A JSON boolean, or the 0 and 1 and words that forms send for it."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"1", "true", "0", "false", ""}:
        return value.lower() in {"1", "true"}
    if isinstance(value, int) and value in {0, 1}:
        return value == 1
    raise invalid(name)


def numeric(name: str, value: Any) -> Decimal:
    """A number, or text that is one; within the twenty digits of its column."""
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return bounded(Decimal(value))
    if isinstance(value, str):
        try:
            return bounded(Decimal(value.strip())) if len(value) <= 64 else bounded(Decimal(0))
        except InvalidOperation:
            pass
    raise InvoicedError(f"{title(name)} only allows numbers", name)


def coerced(name: str, value: Any, absent: Decimal) -> Decimal:
    """A line's quantity or price: text that is no number counts as 0, null as the default."""
    if value is None:
        return absent
    if isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, (list, dict)):
        raise InvoicedError(f"{title(name)} only allows numbers", "items")
    try:
        return numeric(name, value)
    except InvoicedError:
        return Decimal(0)


def bounded(number: Decimal) -> Decimal:
    """A number cut to what its column holds: ten digits before the point and ten after."""
    if not number.is_finite():
        return Decimal(0)
    if abs(number) >= _LARGEST:
        return _LARGEST.copy_sign(number)
    return number.quantize(_TENTH_DECIMAL, context=_WIDE)


def timestamp(name: str, value: Any) -> int | None:
    """UNIX seconds; date texts are parsed too, in the account's time zone (UTC)."""
    if value is None or value == "":
        return None
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool) and 0 <= value < 2**32:
        return int(value)
    if isinstance(value, str):
        if value.isascii() and value.isdigit() and len(value) <= 10:
            return int(value)
        try:
            parsed = datetime.fromisoformat(value)
            return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())
        except (ValueError, OverflowError):
            pass
    raise InvoicedError(f"{title(name)} only allows timestamps", name)


def email(name: str, value: Any) -> Any:
    """An e-mail address, trimmed and in lower case."""
    if value is None or value == "":
        return None
    address = value.strip().lower() if isinstance(value, str) else ""
    if len(address.encode()) > 255 or not _EMAIL.fullmatch(address):
        raise InvoicedError(f"{title(name)} must be a valid email address", name)
    return address


def currency(name: str, value: Any) -> Any:
    """An accepted currency code in lower case, or null; the refusal blames no attribute."""
    if value is None or value == "":
        return None
    code = value.upper() if isinstance(value, str) else ""
    if code not in CURRENCIES and code != "BTC":
        raise InvoicedError(f"Invalid currency code: {str(value)[:40]}")
    return code.lower()


def country(name: str, value: Any) -> Any:
    """A country code in upper case, or null."""
    if value is None or value == "":
        return None
    code = value.upper() if isinstance(value, str) else ""
    if code not in COUNTRIES:
        raise invalid(name)
    return code


def language(name: str, value: Any) -> Any:
    """Two bytes in lower case, or null."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value.encode()) != 2:
        raise InvoicedError(f"{title(name)} must be a string between 2 and 2 characters.", name)
    return value.lower()


def one_of(*values: str) -> Rule:
    """One of the allowed values."""

    def rule(name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in values:
            raise InvoicedError(f"{title(name)} must be one of the allowed values", name)
        return value

    return rule


def catalog_id(name: str, value: Any) -> str:
    """An id that the client chooses."""
    if not isinstance(value, str) or not _CATALOG_ID.fullmatch(value):
        raise invalid(name)
    return value


def rate_ids(name: str, value: Any) -> list[str]:
    """A list of tax rates, by id or as the objects that answers show, each once."""
    if not isinstance(value, list):
        raise invalid(name)
    ids: dict[str, None] = {}
    for item in value:
        id_ = item.get("id") if isinstance(item, dict) else item
        if not isinstance(id_, str):
            raise invalid(name)
        ids[id_] = None
    return list(ids)


def autopay(name: str, value: Any) -> bool:
    """Whether to collect automatically, which needs a payment method; this account has none."""
    if boolean(name, value):
        raise InvoicedError("AutoPay needs a payment method that supports it", name)
    return False


def gl_account(name: str, value: Any) -> Any:
    """The code of a ledger account, or null; the account need not exist."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _GL_ACCOUNT.fullmatch(value):
        raise invalid(name)
    return value


def metadata(name: str, value: Any) -> dict[str, str]:
    """The whole map as it is stored: every value as text, `true` as "1", objects and arrays as JSON."""
    if value is None or value == []:
        return {}
    if not isinstance(value, dict) or len(value) > _MOST_KEYS:
        raise InvoicedError(f"Metadata must be an object of at most {_MOST_KEYS} keys", "metadata")
    stored: dict[str, str] = {}
    for key, item in value.items():
        if not key or len(key.encode()) > _LONGEST_KEY:
            raise InvoicedError(f"Metadata keys must have 1 to {_LONGEST_KEY} characters", "metadata")
        if item is None:
            raise InvoicedError(f"The metadata value of {key} is invalid", "metadata")
        text = _stored_text(item)
        if len(text.encode()) > _LONGEST_VALUE:
            raise InvoicedError(f"Metadata values must have at most {_LONGEST_VALUE} characters", "metadata")
        stored[key] = text
    return stored


def _stored_text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return value if isinstance(value, str) else encode(value)


def terms_days(terms: str | None) -> int | None:
    """The day count in payment terms such as `NET 30` or `2% 10 NET 30`, or None."""
    found = _TERMS_DAYS.search(terms) if terms else None
    return int(found.group(1)) if found else None


def assign(
    rules: Mapping[str, Rule], body: Mapping[str, Any], columns: Mapping[str, int], *, cut: bool, narrow: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is stored of a body, and what the answer to the write echoes differently.

    Text given as a number, typed metadata and text beyond its column come back as sent from the write itself; any later
    read shows what is stored. `columns` gives the characters a column holds; they bind only when `cut`. When `narrow`,
    characters of four bytes do not fit in.
    """
    stored: dict[str, Any] = {}
    echoed: dict[str, Any] = {}
    for name, rule in rules.items():
        if name in body:
            given = body[name]
            value = rule(name, given)
            if isinstance(value, str):
                value = as_held(value, columns.get(name), cut=cut, narrow=narrow)
            stored[name] = value
            if value and value != given and (name in columns or rule is metadata):
                echoed[name] = given
    return stored, echoed


def as_held(text: str, column: int | None, *, cut: bool, narrow: bool) -> str:
    """What a text column of so many characters keeps of a text; see `assign`."""
    if cut and column is not None:
        text = text[:column]
    return _FOUR_BYTES.sub("?", text) if narrow and not text.isascii() else text


def refuse_mass_assignment(record: str, blocked: Iterable[str], body: Mapping[str, Any]) -> None:
    """Raise for the first read-only attribute that was sent back."""
    for name in body:
        if name in blocked:
            raise InvoicedError(f"Mass assignment of {name} on {record} is not allowed")


def unknown_option(name: str, known: Iterable[str], param: str) -> InvoicedError:
    """The refusal of a parameter that a closed set does not have."""
    options = ", ".join(f"'{option}'" for option in sorted(known))
    return InvoicedError(f"The option '{name[:80]}' does not exist. Defined options are: {options}.", param)


def nest(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Bracketed names as nested values: `a[b][]=1` is `{"a": {"b": ["1"]}}`; a list where keys count from 0."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        head, bracket, rest = name.partition("[")
        keys = [head, *rest.removesuffix("]").split("][")] if bracket else [head]
        node = root
        for key in keys[: _DEEPEST - 1][:-1]:
            child = node.get(key)
            if not isinstance(child, dict):
                child = node[key] = {}
            node = child
        last = keys[-1]
        node[str(len(node)) if last == "" and bracket else last] = value
    return {key: _listed(value) for key, value in root.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    items = {key: _listed(item) for key, item in value.items()}
    return list(items.values()) if list(items) == [str(at) for at in range(len(items))] else items
