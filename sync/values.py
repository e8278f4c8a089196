"""Values in canonical form, and JSON that keeps decimals exact.

A canonical value is a string, a whole number, a boolean or None, so that equal means equal and storing loses nothing.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any, NoReturn, TypeAlias, TypeVar

import msgspec

Value: TypeAlias = str | int | bool | None
Values: TypeAlias = dict[str, Value]
Raw: TypeAlias = dict[str, Any]
Kept = TypeVar("Kept")

_DIGITS = 40  # twice what either API stores; keeps 1e999999 from filling the memory

_LATEST = 253402300799  # UNIX seconds of the last second of the year 9999


class BadValue(ValueError):
    """A record holds something that the property cannot be."""


def text(raw: object) -> str | None:
    """Trimmed NFC text; empty is None. Invoiced echoes numbers sent as text before it stores them as text."""
    if raw is None:
        return None
    if isinstance(raw, str) and raw.isascii():
        return raw.strip() or None  # is NFC as it is
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal):
        raise BadValue(f"expected text, got {_short(raw)}")
    return unicodedata.normalize("NFC", str(raw)).strip() or None


def boolean(raw: object) -> bool | None:
    """A boolean, or None."""
    if raw is None or isinstance(raw, bool):
        return raw
    raise BadValue(f"expected true or false, got {_short(raw)}")


def integer(raw: object) -> int | None:
    """A whole number, or None."""
    if raw is None or (isinstance(raw, int) and not isinstance(raw, bool)):
        return raw
    raise BadValue(f"expected a whole number, got {_short(raw)}")


def decimal(raw: object) -> str | None:
    """A decimal number in its shortest plain form: `19.90` and `19.9` are both `19.9`."""
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal):
        raise BadValue(f"expected a number, got {_short(raw)}")
    try:
        number = Decimal(raw)
    except InvalidOperation:
        raise BadValue(f"expected a number, got {_short(raw)}") from None
    if not number.is_finite() or abs(number.adjusted()) > _DIGITS or len(number.as_tuple().digits) > _DIGITS:
        raise BadValue(f"expected a number of at most {_DIGITS} digits, got {_short(raw)}")
    return plain(number)


def plain(number: Decimal) -> str:
    """The shortest plain notation, never with an exponent or a negative zero."""
    if not number:
        return "0"
    written = format(number, "f")
    return written.rstrip("0").rstrip(".") if "." in written else written


def day(raw: object) -> str | None:
    """An ISO calendar day, or None."""
    if raw is None:
        return None
    try:
        return date.fromisoformat(str(raw)).isoformat()
    except ValueError:
        raise BadValue(f"expected a day like 2026-03-01, got {_short(raw)}") from None


def day_of(seconds: object) -> str | None:
    """The UTC day in which a UNIX time lies."""
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | Decimal):
        raise BadValue(f"expected UNIX seconds, got {_short(seconds)}")
    try:
        return datetime.fromtimestamp(int(seconds), UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        raise BadValue(f"expected UNIX seconds, got {_short(seconds)}") from None


def seconds_of(iso_day: str) -> int:
    """UNIX seconds of the day's midnight in UTC."""
    return int(datetime.fromisoformat(iso_day).replace(tzinfo=UTC).timestamp())


def words(raw: object) -> str | None:
    """A set of words as the JSON text of its sorted list, so that order and repetition are no edit; empty is None."""
    if raw is None:
        return None
    if not isinstance(raw, list):
        raise BadValue(f"expected a list of texts, got {_short(raw)}")
    found = {word for word in map(text, raw) if word is not None}
    return json.dumps(sorted(found), ensure_ascii=False) if found else None


def words_of(value: Value) -> list[str]:
    """The words of a set."""
    return list(json.loads(value)) if isinstance(value, str) else []


def stamp_of(raw: object) -> float:
    """UNIX seconds of an RFC 3339 time or of UNIX seconds; 0 when there is none."""
    if isinstance(raw, str):
        try:
            return datetime.fromisoformat(raw).timestamp()
        except ValueError:
            raise BadValue(f"expected a time, got {_short(raw)}") from None
    if isinstance(raw, int | Decimal) and not isinstance(raw, bool):
        if not -_LATEST <= raw <= _LATEST:
            raise BadValue(f"expected a time, got {_short(raw)}")
        return float(raw)
    return 0.0


MISSING = object()


def pick(raw: Mapping[str, Any], path: str, otherwise: object = None) -> Any:
    """The value at a dotted path; `otherwise` where the path ends early."""
    if "." not in path:
        return raw.get(path, otherwise) if isinstance(raw, dict) else otherwise
    found: Any = raw
    for name in path.split("."):
        if not isinstance(found, dict):
            return otherwise
        found = found.get(name, otherwise)
    return found


def put(raw: Raw, path: str, value: object) -> None:
    """Set the value at a dotted path, opening objects on the way."""
    *parents, last = path.split(".")
    for name in parents:
        raw = raw.setdefault(name, {})
    raw[last] = value


def dumps(value: object) -> str:
    """JSON with Decimals written as they are; the standard encoder knows only floats."""
    try:
        return _plainly(value)
    except TypeError:
        return _exactly(value)


def loads(text: str | bytes) -> Any:
    """JSON with fractions as exact Decimals; raises ValueError for anything that is not JSON."""
    try:
        return _quick.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        pass  # not JSON, or one of the few texts that only the standard decoder takes for it
    try:
        return _decoder.decode(text if isinstance(text, str) else text.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def kept(value: object) -> str:
    """JSON for a store of our own, of canonical values, floats and structs."""
    try:
        return _encoder.encode(value).decode()
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value))  # half of a surrogate pair, which JSON can only spell out


def fingerprint(value: object) -> bytes:
    """Sixteen bytes by which a value that was read is known again; members in another order make another value."""
    try:
        text = _encoder.encode(value)
    except UnicodeEncodeError:
        text = repr(value).encode(errors="surrogatepass")
    return blake2b(text, digest_size=16).digest()


def recalling(kind: type[Kept]) -> Callable[[str], Kept]:
    """A reader of what `kept` has written of a kind of value."""
    decoder = msgspec.json.Decoder(kind)

    def recalled(text: str) -> Kept:
        try:
            return decoder.decode(text)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return msgspec.convert(json.loads(text), kind)

    return recalled


def _exactly(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(name)}:{_exactly(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_exactly, value)) + "]"
    return json.dumps(value)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _short(value: object) -> str:
    written = repr(value)
    return written if len(written) <= 40 else written[:37] + "..."


# Made once: json.dumps and json.loads with options build a new one on every call.
_plainly = json.JSONEncoder(separators=(",", ":")).encode
_encoder = msgspec.json.Encoder(decimal_format="number")
_quick = msgspec.json.Decoder(float_hook=Decimal)
_decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constant)
