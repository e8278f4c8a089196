"""What every emulator is to whoever carries its calls."""

from __future__ import annotations

from typing import ClassVar, Protocol, runtime_checkable

from counterpart.emulators.clock import Clock
from counterpart.emulators.faults import Faults
from counterpart.emulators.wire import Delivery, Handler, Request, Response


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
