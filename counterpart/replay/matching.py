"""When two requests are the same: pure functions from a request to its canonical form, and what differs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, DecimalException
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

Headers = tuple[tuple[str, str], ...]

HARMLESS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "date",
        "host",
        "keep-alive",
        "te",
        "traceparent",
        "tracestate",
        "transfer-encoding",
        "user-agent",
        "x-request-id",
    }
)
"""Request headers that carry nothing an API acts on: framing, the client's name, tracing."""

COMPARED = frozenset(
    {
        "accept",
        "accept-language",
        "authorization",
        "content-encoding",
        "content-language",
        "content-type",
        "idempotency-key",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-unmodified-since",
        "prefer",
        "range",
    }
)
"""Request headers whose values are recorded and compared; of any other only the presence is, since it may be secret."""

KEPT_OF_ANSWERS = frozenset(
    {
        "allow",
        "content-language",
        "content-type",
        "date",
        "deprecation",
        "etag",
        "last-modified",
        "link",
        "location",
        "ratelimit",
        "ratelimit-limit",
        "ratelimit-policy",
        "ratelimit-remaining",
        "ratelimit-reset",
        "retry-after",
        "sunset",
        "www-authenticate",
        "x-total-count",
    }
)
"""What of an answer's headers a client may act on; the rest says how it was carried, or is a cookie."""

IDEMPOTENCY_KEY = "idempotency-key"
ABSENT = "(absent)"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")
_UNRESERVED = frozenset("-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_ID = re.compile(r"\d+|[A-Za-z]{0,8}[-_]?\d{3,}[A-Za-z0-9-]*|[0-9a-fA-F-]{32,36}")
_FLOAT = "\x00"
_EXACT = Context(prec=MAX_PREC, Emin=MIN_EMIN, Emax=MAX_EMAX)
_LONGEST_VALUE = 200


class Canonical(NamedTuple):
    """A request reduced to what counts; equal ones are interchangeable. Usable as a dictionary key."""

    method: str
    url: str
    query: Headers
    headers: Headers
    body: str | bytes


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two requests differ; values as JSON text, or `(absent)`."""

    path: str
    asked: str
    recorded: str

    def __str__(self) -> str:
        return f"{self.path}: sent {self.asked}, recorded {self.recorded}"


def canonical(method: str, url: str, headers: Headers, body: bytes) -> Canonical:
    """Reduce a request as it is recorded: without secrets and harmless headers, header names in lower case.

    JSON bodies count by type and value (`1`, `1.0`, `true` and `"1"` all differ; key order and white space do not),
    others by their bytes; queries as multisets; the value of an Idempotency-Key not at all, its presence does.
    """
    address, query = _address(url)
    counted = _counted(headers)
    return Canonical(method.upper(), address, query, counted, _body(counted, body) if body else "")


def differences(asked: Canonical, recorded: Canonical) -> list[Difference]:
    """Everything in which two requests differ, outer parts first; empty exactly when they are equal."""
    found = [
        Difference(name, show(mine), show(theirs))
        for name, mine, theirs in (
            ("method", asked.method, recorded.method),
            ("url", asked.url, recorded.url),
        )
        if mine != theirs
    ]
    found += _pairs("query", asked.query, recorded.query)
    found += _pairs("headers", asked.headers, recorded.headers)
    if asked.body != recorded.body:
        found += _values("body", _parsed(asked.body), _parsed(recorded.body))
    return found


def show(value: object) -> str:
    """A value as JSON text, shortened when long."""
    if value is NOTHING:
        return ABSENT
    if isinstance(value, str) and value.startswith(_FLOAT):
        return value[1:]
    text = json.dumps(_plain(value), ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}... ({len(text)} characters)"


def place(url: str) -> str:
    """An address without its query and with ids left open, by which calls of different scenarios are alike."""
    parts = urlsplit(url)
    path = "/".join("{id}" if _ID.fullmatch(unquote(each)) else each for each in parts.path.split("/"))
    return f"{parts.scheme}://{parts.netloc}{path}"


# One scenario asks again and again for the same few addresses, with the same headers: each is taken apart once.
@lru_cache(maxsize=4096)
def _address(url: str) -> tuple[str, Headers]:
    """Scheme, host, port and path in one spelling, and the query as a sorted multiset."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.port is not None and parts.port != _DEFAULT_PORTS.get(parts.scheme):
        host = f"{host}:{parts.port}"
    path = parts.path or "/"
    if "%" in path:
        path = _ESCAPE.sub(_escape, path)
    query = tuple(sorted(parse_qsl(parts.query, keep_blank_values=True))) if parts.query else ()
    return f"{parts.scheme}://{host}{path}", query


def _escape(match: re.Match[str]) -> str:
    """Equivalent escapes in one spelling (RFC 3986, 6.2.2)."""
    character = chr(int(match[0][1:], 16))
    return character if character in _UNRESERVED else match[0].upper()


@lru_cache(maxsize=1024)
def _counted(headers: Headers) -> Headers:
    return tuple(sorted(_compared(headers)))


def _compared(headers: Headers) -> Iterator[tuple[str, str]]:
    for name, value in headers:
        if name == "content-type":
            yield name, _media_type(value)
        elif name == IDEMPOTENCY_KEY:
            yield name, "<idempotency-key>"
        elif name == "accept" and value.strip() == "*/*":
            continue  # RFC 9110, 12.5.1: the same as no Accept at all
        else:
            yield name, value.strip()


def _media_type(value: str) -> str:
    """The type and its parameters without `charset=utf-8`, which is what JSON is anyway (RFC 8259, 8.1)."""
    kind, *parameters = (part.strip() for part in value.split(";"))
    kept = [part for part in parameters if part.lower().replace('"', "") not in ("charset=utf-8", "charset=utf8", "")]
    return ";".join([kind.lower(), *kept])


@lru_cache(maxsize=1024)
def _body(headers: Headers, body: bytes) -> str | bytes:
    media_type = next((value.partition(";")[0] for name, value in headers if name == "content-type"), "")
    if media_type and not media_type.endswith("json"):
        return body
    try:
        return json.dumps(_json_value(body), sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError, DecimalException):
        return body


def _json_value(body: bytes) -> Any:
    """The JSON value of a body; raises ValueError for one that has no single exact meaning (twin keys)."""
    if b"\\u0000" in body:
        raise ValueError("NUL marks decimals here")
    return _DECODER.decode(body.decode())


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("an object names a key twice")
    return members


def _float(text: str) -> str:
    """A decimal exactly as meant: binary floats would make different long decimals equal."""
    digits = str(_EXACT.create_decimal(text).normalize(_EXACT))
    return f"{_FLOAT}{digits}" if "." in digits or "E" in digits else f"{_FLOAT}{digits}.0"


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float)


class _Nothing:
    """The value of a place that one side does not have."""


NOTHING = _Nothing()


def _pairs(place: str, asked: Headers, recorded: Headers) -> Iterator[Difference]:
    for name in dict.fromkeys(name for name, _ in (*asked, *recorded)):
        mine = [value for each, value in asked if each == name]
        theirs = [value for each, value in recorded if each == name]
        if mine != theirs:
            yield Difference(f"{place}.{name}", _listed(mine), _listed(theirs))


def _listed(values: list[str]) -> str:
    return " and ".join(map(show, values)) if values else ABSENT


def _parsed(body: str | bytes) -> object:
    if isinstance(body, bytes):
        return body
    return json.loads(body) if body else NOTHING


def _values(path: str, asked: object, recorded: object) -> Iterator[Difference]:
    if isinstance(asked, dict) and isinstance(recorded, dict):
        for key in dict.fromkeys((*asked, *recorded)):
            yield from _values(f"{path}.{key}", asked.get(key, NOTHING), recorded.get(key, NOTHING))
    elif isinstance(asked, list) and isinstance(recorded, list):
        for position in range(max(len(asked), len(recorded))):
            mine = asked[position] if position < len(asked) else NOTHING
            theirs = recorded[position] if position < len(recorded) else NOTHING
            yield from _values(f"{path}[{position}]", mine, theirs)
    # Python holds 1 == True, JSON does not.
    elif type(asked) is not type(recorded) or asked != recorded:
        yield Difference(path, show(asked), show(recorded))


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, str) and value.startswith(_FLOAT):
        return float(value[1:])
    return value
