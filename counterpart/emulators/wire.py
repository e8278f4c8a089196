"""Requests and responses below HTTP: what an emulator is handed and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from counterpart.emulators.snapshot import kept

if TYPE_CHECKING:
    from counterpart.emulators.clock import Clock
    from counterpart.emulators.faults import Faults


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


@runtime_checkable
class Emulator(Handler, Protocol):
    """A handler with what surrounds its calls: a clock, faults, places for calls under way, webhooks."""

    clock: Clock
    faults: Faults
    largest_body: ClassVar[int] = 2_000_000
    """Bytes of a request body beyond which a carrier need not read on."""

    def failure(self, status: int) -> Response:
        """How this API words a failure that has nothing to do with the request."""
        ...

    def enter(self, request: Request) -> Response | None:
        """Take a place among the calls under way, given back by `leave`; the refusal when none is free."""
        return None

    def leave(self, request: Request) -> None:
        """Give the place back that `enter` took."""
        return

    def due(self) -> list[Delivery]:
        """The webhook calls that are due now, in the order of what they tell."""
        return []

    def settle(self, delivery: Delivery, status: int | None) -> None:
        """Note how a delivery ended; None for no answer."""
        return
