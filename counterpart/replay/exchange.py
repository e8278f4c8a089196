"""One request and its answer, and how they stand in a file that vcrpy reads too."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from counterpart.replay.matching import Headers


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, without secrets; header names in lower case.

    `step` counts from one, 0 is outside any step; both `step` and `actor` are None in recordings of other tools.
    """

    step: int | None
    actor: str | None
    method: str
    url: str
    request_headers: Headers
    request_body: bytes
    status: int
    response_headers: Headers
    response_body: bytes

    @property
    def request_text(self) -> str:
        """The request's body as text; bytes that are no UTF-8 are shown as escapes."""
        return self.request_body.decode("utf-8", "backslashreplace")

    @property
    def response_text(self) -> str:
        """The answer's body as text; bytes that are no UTF-8 are shown as escapes."""
        return self.response_body.decode("utf-8", "backslashreplace")

    def __str__(self) -> str:
        return f"{self.method} {self.url}"


class Misshapen(Exception):
    """A place in the document that is not what the format says."""

    def __init__(self, what: str, *place: object) -> None:
        super().__init__(f"{'.'.join(map(str, place))} {what}")


def to_dict(exchange: Exchange) -> dict[str, Any]:
    """An exchange as an entry of the file."""
    request_body, request_is_text = _to_text(exchange.request_body)
    response_body, response_is_text = _to_text(exchange.response_body)
    entry: dict[str, Any] = {
        "request": {
            "method": exchange.method,
            "uri": exchange.url,
            "body": request_body,
            "headers": _to_lists(exchange.request_headers),
        },
        "response": {
            "status": {"code": exchange.status, "message": _reason(exchange.status)},
            "headers": _to_lists(exchange.response_headers),
            "body": {"string": response_body},
        },
    }
    if exchange.step is not None:
        entry["counterpart"] = {"step": exchange.step, "actor": exchange.actor}
        binary = [name for name, text in (("request", request_is_text), ("response", response_is_text)) if not text]
        if binary:
            entry["counterpart"]["base64"] = binary
    return entry


def from_dict(position: int, entry: object) -> Exchange:
    """The exchange of an entry, ours or vcrpy's; raises Misshapen."""
    place = ("interactions", position)
    members = dict_at(entry, *place)
    request = dict_at(members.get("request"), *place, "request")
    response = dict_at(members.get("response"), *place, "response")
    status = dict_at(response.get("status"), *place, "response", "status")
    ours = dict_at(members["counterpart"], *place, "counterpart") if "counterpart" in members else None
    binary = list_at(ours.get("base64", []), *place, "counterpart", "base64") if ours else []
    body = response.get("body")
    if isinstance(body, dict):
        body = body.get("string")
    return Exchange(
        step=_int(ours.get("step"), *place, "counterpart", "step") if ours else None,
        actor=_str(ours.get("actor"), *place, "counterpart", "actor") if ours else None,
        method=_str(request.get("method"), *place, "request", "method"),
        url=_url(request.get("uri"), *place, "request", "uri"),
        request_headers=_from_lists(request.get("headers") or {}, *place, "request", "headers"),
        request_body=_from_text(request.get("body"), "request" in binary, *place, "request", "body"),
        status=_int(status.get("code"), *place, "response", "status", "code"),
        response_headers=_from_lists(response.get("headers") or {}, *place, "response", "headers"),
        response_body=_from_text(body, "response" in binary, *place, "response", "body"),
    )


def _to_lists(headers: Headers) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    for name, value in headers:
        lists.setdefault(name, []).append(value)
    return {name: lists[name] for name in sorted(lists)}


def _from_lists(headers: object, *place: object) -> Headers:
    pairs: list[tuple[str, str]] = []
    for name, values in dict_at(headers, *place).items():
        for value in values if type(values) is list else (values,):
            if type(name) is str and type(value) is str:
                pairs.append((name.lower(), value))
            else:
                text = value.decode("latin-1") if isinstance(value, bytes) else value
                pairs.append((_str(name, *place).lower(), _str(text, *place, name)))
    return tuple(pairs)


def _to_text(body: bytes) -> tuple[str, bool]:
    try:
        return body.decode(), True
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), False


def _from_text(body: object, encoded: bool, *place: object) -> bytes:
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    text = _str(body, *place)
    try:
        return base64.b64decode(text, validate=True) if encoded else text.encode()
    except (binascii.Error, UnicodeEncodeError):
        raise Misshapen("cannot be decoded", *place) from None


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def dict_at(value: object, *place: object) -> dict[str, Any]:
    """An object of the document; raises Misshapen."""
    if not isinstance(value, dict):
        raise Misshapen("is not an object", *place)
    return value


def list_at(value: object, *place: object) -> list[Any]:
    """A list of the document; raises Misshapen."""
    if not isinstance(value, list):
        raise Misshapen("is not a list", *place)
    return value


def _str(value: object, *place: object) -> str:
    if not isinstance(value, str):
        raise Misshapen("is not text", *place)
    return value


def _url(value: object, *place: object) -> str:
    text = _str(value, *place)
    if not _is_address(text):
        raise Misshapen("is not an address", *place)
    return text


@lru_cache(maxsize=4096)
def _is_address(text: str) -> bool:
    try:
        urlsplit(text).port  # noqa: B018 (parsed only when asked for)
    except ValueError:
        return False
    return True


def _int(value: object, *place: object) -> int:
    if type(value) is not int:
        raise Misshapen("is not a whole number", *place)
    return value
