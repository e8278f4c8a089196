"""Requests to Customerp read, and its answers written: queries, cursors, bodies, preconditions, problems."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from counterpart.emulators.errors import CustomerpError, MalformedJson
from counterpart.emulators.jsontext import decode, encode
from counterpart.emulators.table import Row
from counterpart.emulators.wire import Request, Response

PROBLEMS = "https://customerp.example/problems/"

_LARGEST_PAGE = 100
LARGEST_BODY = 2_000_000
_MOST_PARAMETERS = 50
_KEY = re.compile(r"[!-~]{1,255}")


def query(request: Request, known: Sequence[str]) -> dict[str, str]:
    """The query by name; raises for a parameter that the operation does not know, and for one given twice."""
    if not request.query:
        return {}
    try:
        pairs = parse_qsl(request.query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS, errors="strict")
    except ValueError:
        raise bad_request(f"The query is not a list of at most {_MOST_PARAMETERS} UTF-8 parameters.") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in known:
            choice = ", ".join(known) or "none"
            raise bad_request(f"Unknown query parameter {name[:80]}; this operation knows: {choice}.")
        if name in found:
            raise bad_request(f"The query parameter {name} is given twice.")
        found[name] = value
    return found


def integer(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """An integer of the query within its bounds, or the default."""
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and least <= int(text) <= most):
        raise bad_request(f"The query parameter {name} must be an integer from {least} to {most}.")
    return int(text)


def limit(query: Mapping[str, str]) -> int:
    """How many records the caller wants in a page."""
    return integer(query, "limit", _LARGEST_PAGE, 1, _LARGEST_PAGE)


def cursor(number: int) -> str:
    """An opaque cursor behind a position."""
    return base64.urlsafe_b64encode(f"after:{number}".encode()).decode("ascii").rstrip("=")


def position(cursor: str) -> int:
    """The position that a cursor stands for."""
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError:
        text = ""
    word, _, digits = text.partition(":")
    if word != "after" or not digits.isdigit() or len(digits) > 18:
        raise bad_request("The cursor is not one that this API gave; start again without it.")
    return int(digits)


def idempotency_key(request: Request) -> str | None:
    """The key that a write is sent under, if any."""
    key = request.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise bad_request("The Idempotency-Key must have 1 to 255 printable characters of ASCII, without spaces.")
    return key


def body(request: Request) -> Mapping[str, object]:
    """The JSON object that was sent."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in {"application/json", "application/merge-patch+json"}:
        raise CustomerpError(
            415, "unsupported-media-type", "Unsupported media type", "Send the body as application/json."
        )
    if len(request.body) > LARGEST_BODY:
        raise CustomerpError(413, "too-large", "Too large", f"A body may have {LARGEST_BODY} bytes.")
    try:
        value = decode(request.body)
    except MalformedJson as error:
        raise CustomerpError(400, "malformed-json", "Malformed JSON", f"{error}.") from None
    if not isinstance(value, dict):
        raise CustomerpError(
            422, "invalid", "Invalid record", "The body is not an object.", errors=[("", "must be an object")]
        )
    return value


def precondition(request: Request, row: Row) -> None:
    """Raise when `If-Match` names another version."""
    wanted = request.headers.get("if-match")
    if wanted is None or wanted.strip() == "*":
        return
    if etag(row) not in {tag.strip() for tag in wanted.split(",")}:
        raise CustomerpError(
            412, "precondition-failed", "Precondition failed", f"{row['id']} is at version {row['version']}."
        )


def etag(row: Row) -> str:
    """The version of a record as an entity tag."""
    return f'"{row["version"]}"'


def record(status: int, row: Row, headers: Sequence[tuple[str, str]] = ()) -> Response:
    """A record as an answer, with its ETag."""
    return json(status, row, [("ETag", etag(row)), *headers])


def plain(row: Row) -> Row:
    """A record as the minimal profile shows it: without a version."""
    return {name: value for name, value in row.items() if name != "version"}


def signed(body: bytes, secret: str, now: int) -> tuple[tuple[str, str], ...]:
    """The headers of a webhook call; the signature covers the moment, so that an old call cannot be played again."""
    digest = hmac.new(secret.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    return (("Content-Type", "application/json"), ("X-Customerp-Signature", f"t={now},v1={digest}"))


def json(status: int, value: Any, headers: Sequence[tuple[str, str]] = ()) -> Response:
    """A value as an answer."""
    return Response(status, (("Content-Type", "application/json"), *headers), encode(value).encode("ascii"))


def problem(refusal: CustomerpError) -> Response:
    """A refusal as a problem body."""
    body: dict[str, object] = {
        "type": PROBLEMS + refusal.slug,
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail,
    }
    if refusal.errors:
        body["errors"] = [{"pointer": pointer, "detail": detail} for pointer, detail in refusal.errors]
    headers = (("Content-Type", "application/problem+json"), *refusal.headers)
    return Response(refusal.status, headers, encode(body).encode("ascii"))


def bad_request(detail: str) -> CustomerpError:
    """The refusal of a query or header."""
    return CustomerpError(400, "bad-request", "Bad request", detail)


def timestamp(instant: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, `2026-03-01T08:00:00.000Z`."""
    return f"{instant:%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03d}Z"


def whole_seconds(instant: datetime) -> str:
    """RFC 3339 in UTC with whole seconds, `2026-03-01T08:00:00Z`."""
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"
