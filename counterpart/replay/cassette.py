"""Cassettes: the exchanges of one scenario in a file that stock vcrpy reads too.

The text is JSON, which is YAML as well: it loads about ten times faster than YAML and needs no tags.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from counterpart.replay.audit import credentials_in
from counterpart.replay.errors import (
    CassetteError,
    MissingCassette,
    NotACassette,
    TornCassette,
    UnknownVersion,
    UnsafeCassette,
    WrongCassette,
)
from counterpart.replay.foreign import MalformedYaml, parse_yaml
from counterpart.replay.matching import Headers
from counterpart.replay.secrets import Secrets

FORMAT = 1
LARGEST = 64 * 1024 * 1024
SUFFIX = ".yaml"
_CURE = "Record the scenario again"
_SEALS = ("count", "sha256")
# Characters that JSON may hold and YAML 1.1 may not, or takes for a line break.
_NOT_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


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


@dataclass(frozen=True)
class Cassette:
    """Exchanges in the order in which their requests were sent, and what is known about their recording."""

    interactions: tuple[Exchange, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    secrets: Secrets = field(default_factory=lambda: Secrets({}), repr=False, compare=False)

    @property
    def foreign(self) -> bool:
        """Whether another tool recorded it, so that nothing says which step and actor sent what."""
        return any(each.step is None for each in self.interactions)

    @property
    def sha256(self) -> str:
        """The hash of interactions and metadata, whatever white space and line ends their file has."""
        return _hash([_to_dict(each) for each in self.interactions], self.metadata)

    @classmethod
    def load(cls, path: Path | str, *, expected: Mapping[str, object] | None = None, cure: str = "") -> Cassette:
        """Read a file; `expected` are metadata it must have, `cure` the command that records it again.

        Raises a CassetteError: MissingCassette, NotACassette, TornCassette, WrongCassette or UnknownVersion.
        """
        path = Path(path)
        cure = f"{_CURE}: {cure}" if cure else f"{_CURE}."
        document = _read(path, cure)
        try:
            entries = _list(document.get("interactions"), "interactions")
            interactions = tuple(_from_dict(position, entry) for position, entry in enumerate(entries))
            metadata = _dict(document.get("metadata") or {}, "metadata")
        except _Misshapen as misshapen:
            raise NotACassette(path, f"it is no cassette: {misshapen}", cure) from None
        cassette = cls(interactions, {key: value for key, value in metadata.items() if key not in _SEALS})
        if not cassette.foreign or any(seal in metadata for seal in _SEALS):
            _check_seals(path, entries, metadata, cure)
        for key, value in (expected or {}).items():
            if metadata.get(key) != value:
                raise WrongCassette(path, f"its {key} is {metadata.get(key)!r}, expected {value!r}", cure)
        return cassette

    def save(self, path: Path | str, *, volatile: Sequence[str] = ()) -> bool:
        """Write the file at once or not at all; returns whether it changed.

        A file that differs only in the `volatile` metadata is left as it is. Raises UnsafeCassette.
        """
        path = Path(path)
        if left := self.secrets_left():
            raise UnsafeCassette(path, left)
        if self._same_as(path, volatile):
            return False
        text = self.dumps()
        # What nobody has named a secret may look like one all the same.
        if found := credentials_in(json.loads(text)):
            raise UnsafeCassette(path, [f"{what} at {pointer}" for pointer, what in found])
        write_whole(path, text)
        return True

    def dumps(self) -> str:
        """The text of the file."""
        metadata = {**self.metadata, "count": len(self.interactions), "sha256": self.sha256}
        document = {
            "version": FORMAT,
            "interactions": [_to_dict(each) for each in self.interactions],
            "metadata": {key: metadata[key] for key in sorted(metadata)},
        }
        text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
        return _NOT_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"

    def secrets_left(self) -> list[str]:
        """Where known secrets are readable: `<name> in request 3 (url)`, never their values."""
        left = [f"<{name}> in the metadata" for name in self.secrets.found_in(json.dumps(self.metadata, default=str))]
        for number, each in enumerate(self.interactions, 1):
            parts = {
                "url": each.url,
                "request headers": "\n".join(f"{name}: {value}" for name, value in each.request_headers),
                "request body": each.request_text,
                "answer's headers": "\n".join(f"{name}: {value}" for name, value in each.response_headers),
                "answer's body": each.response_text,
            }
            left += [
                f"<{name}> in interaction {number} ({part})"
                for part, text in parts.items()
                for name in self.secrets.found_in(text)
            ]
        return left

    def _same_as(self, path: Path, volatile: Sequence[str]) -> bool:
        def lasting(cassette: Cassette) -> tuple[object, ...]:
            kept = {key: value for key, value in cassette.metadata.items() if key not in volatile}
            return cassette.interactions, json.dumps(kept, sort_keys=True)

        try:
            return lasting(Cassette.load(path)) == lasting(self)
        except CassetteError:
            return False


def path_for(root: Path, item: str, scenario_id: str, row_key: str | None = None) -> Path:
    """Where a scenario's cassette lies: `<root>/<flow>/<kind>/<scenario>[--<row>].yaml`.

    Raises ValueError for names that could leave the folder or that file systems tell apart differently.
    """
    flow, _, kind = item.partition("/")
    for name in (flow, kind, scenario_id, *([row_key] if row_key is not None else [])):
        if not re.fullmatch(r"[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?", name):
            raise ValueError(f"{name!r} cannot be part of a cassette's name; use small letters, digits and hyphens")
    row = f"--{row_key}" if row_key is not None else ""
    return root / flow / kind / f"{scenario_id}{row}{SUFFIX}"


def write_whole(path: Path, text: str) -> None:
    """Write a file so that whoever reads it, also after a crash, finds the old content or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


class _Misshapen(Exception):
    """A place in the document that is not what the format says."""

    def __init__(self, what: str, *place: object) -> None:
        super().__init__(f"{'.'.join(map(str, place))} {what}")


def _read(path: Path, cure: str) -> dict[str, Any]:
    try:
        size = path.stat().st_size
        if size > LARGEST:
            cause = f"it has {size} bytes, more than the {LARGEST} that are read"
            raise NotACassette(path, cause, cure)
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise MissingCassette(path, "there is no such recording", cure) from None
    except UnicodeDecodeError as error:
        raise NotACassette(path, f"it is not UTF-8 ({error.reason} at byte {error.start})", cure) from None
    except OSError as error:
        raise NotACassette(path, f"it cannot be read: {error.strerror}", cure) from error
    if not text.strip():
        raise NotACassette(path, "it is empty", cure)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        # Recordings of vcrpy and pytest-recording are YAML; one of ours that is no JSON any more has been cut.
        if text.lstrip().startswith("{"):
            raise TornCassette(path, "its JSON text is broken, so it was cut or edited", cure) from None
        try:
            document = parse_yaml(text)
        except MalformedYaml as malformed:
            raise NotACassette(path, f"it is no cassette: {malformed}", cure) from None
    if not isinstance(document, dict) or "interactions" not in document:
        raise NotACassette(path, "it is no cassette: it has no interactions", cure)
    if document.get("version") != FORMAT:
        version = document.get("version")
        raise UnknownVersion(path, f"its format version is {version!r}; this program knows {FORMAT}", cure)
    return document


def _check_seals(path: Path, interactions: list[dict[str, Any]], metadata: Mapping[str, Any], cure: str) -> None:
    missing = [seal for seal in _SEALS if seal not in metadata]
    if missing:
        raise TornCassette(path, f"its metadata lack {' and '.join(missing)}, so it was cut or edited", cure)
    if metadata["count"] != len(interactions):
        held = f"{metadata['count']} interactions and holds {len(interactions)}"
        raise TornCassette(path, f"it says {held}, so it was cut or edited", cure)
    if metadata["sha256"] != _hash(interactions, metadata):
        raise TornCassette(path, "its hash does not fit its content, so it was cut or edited", cure)


def _hash(interactions: list[dict[str, Any]], metadata: Mapping[str, Any]) -> str:
    kept = {key: value for key, value in metadata.items() if key not in _SEALS}
    text = json.dumps({"interactions": interactions, "metadata": kept}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _to_dict(exchange: Exchange) -> dict[str, Any]:
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


def _from_dict(position: int, entry: object) -> Exchange:
    place = ("interactions", position)
    members = _dict(entry, *place)
    request = _dict(members.get("request"), *place, "request")
    response = _dict(members.get("response"), *place, "response")
    status = _dict(response.get("status"), *place, "response", "status")
    ours = _dict(members["counterpart"], *place, "counterpart") if "counterpart" in members else None
    binary = _list(ours.get("base64", []), *place, "counterpart", "base64") if ours else []
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
    for name, values in _dict(headers, *place).items():
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
        raise _Misshapen("cannot be decoded", *place) from None


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _dict(value: object, *place: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Misshapen("is not an object", *place)
    return value


def _list(value: object, *place: object) -> list[Any]:
    if not isinstance(value, list):
        raise _Misshapen("is not a list", *place)
    return value


def _str(value: object, *place: object) -> str:
    if not isinstance(value, str):
        raise _Misshapen("is not text", *place)
    return value


def _url(value: object, *place: object) -> str:
    text = _str(value, *place)
    if not _is_address(text):
        raise _Misshapen("is not an address", *place)
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
        raise _Misshapen("is not a whole number", *place)
    return value
