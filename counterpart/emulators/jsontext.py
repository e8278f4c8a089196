"""JSON in and out with exact decimals, and bounds on what a request may ask of the parser."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from counterpart.emulators.errors import MalformedJson

# The exponents of a binary double. A smaller one is zero there; a larger one would expand into megabytes of digits.
_LARGEST_EXPONENT = 308
_DEEPEST = 512
_PLAIN = frozenset((str, int, bool, type(None)))


def decode(body: bytes) -> object:
    """The value of a JSON text, fractions as Decimal; raises MalformedJson."""
    try:
        value: object = json.loads(body.decode("utf-8"), parse_float=_decimal, parse_constant=_constant)
        if b"\\u" in body:
            _plain(value).encode("utf-8")  # an unpaired surrogate is no character
    except (ValueError, InvalidOperation) as error:
        raise MalformedJson(str(error)) from None
    except RecursionError:
        raise MalformedJson(f"Nested more than {_DEEPEST} levels deep") from None
    return value


def encode(value: object) -> str:
    """Compact JSON with sorted keys and ASCII only; decimals become numbers, whole ones without a fraction."""
    return _compact(value)


def encode_escaped(value: object) -> str:
    """The same with every slash escaped, as PHP writes it; a slash stands only in strings."""
    return _compact(value).replace("/", "\\/")


def encode_pretty(value: object) -> str:
    """The same value indented and unescaped, for people."""
    return json.dumps(value, sort_keys=True, indent=4, ensure_ascii=False, default=_number)


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if not number or number.adjusted() < -_LARGEST_EXPONENT:
        return Decimal(0)
    if number.adjusted() > _LARGEST_EXPONENT:
        raise ValueError(f"The number {text[:20]} is out of range")
    return number


def _constant(text: str) -> object:
    raise ValueError(f"{text} is not JSON")


def _number(value: object) -> int | float:
    if isinstance(value, Decimal):
        number = float(value)
        return int(number) if number.is_integer() else number
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def _compact(value: object) -> str:
    """What `_slowly` writes, in less time: most values are of ASCII."""
    try:
        text = _quickly(_numbered(value))
    except UnicodeEncodeError:  # half of a surrogate pair
        return _slowly(value)
    return text.decode() if text.isascii() and b"\x7f" not in text else _slowly(value)


def _numbered(value: Any) -> Any:
    """The value with decimals as they are written; what holds none is not copied."""
    kind = type(value)
    if kind is dict:
        changed = {name: _numbered(item) for name, item in value.items() if type(item) not in _PLAIN}
        return value | changed if changed else value
    if kind is list or kind is tuple:
        return [_numbered(item) for item in value]
    if kind is Decimal:
        value = _number(value)
    return msgspec.Raw(repr(value).encode()) if type(value) is float else value


# Made once: json.dumps with options builds a new encoder on every call.
_slowly = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_number).encode
_quickly = msgspec.json.Encoder(order="deterministic").encode
_plain = json.JSONEncoder(ensure_ascii=False, default=_number).encode
