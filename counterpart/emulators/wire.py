"""Requests and responses below HTTP: what an emulator is handed and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from counterpart.emulators.snapshot import kept


@dataclass(frozen=True, slots=True)
class Request:
    """`path` and `query` as they came over the wire, still percent-encoded; header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@kept("status", "headers", "body")
@dataclass(frozen=True, slots=True)
class Response:
    """Headers without Content-Length, which whoever carries the response adds."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook call that is due; whoever carries it reports its outcome under the id."""

    id: int
    name: str
    """What it tells of, such as `customer.updated`."""
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Handler(Protocol):
    """Anything that answers requests below HTTP."""

    def handle(self, request: Request) -> Response:
        """Answer one request; what the caller did wrong is an answer too."""
        ...
