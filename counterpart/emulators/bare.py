"""What surrounds a handler that has nothing around it: no faults, no bound on calls, real time."""

from __future__ import annotations

from datetime import UTC, datetime

from counterpart.emulators.clock import Clock
from counterpart.emulators.emulator import Emulator
from counterpart.emulators.faults import Faults
from counterpart.emulators.wire import Handler, Request, Response


class _Bare(Emulator):
    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.clock = Clock(datetime.now(UTC), running=True)
        self.faults = Faults()

    def handle(self, request: Request) -> Response:
        return self._handler.handle(request)

    def failure(self, status: int) -> Response:
        return Response(status, (), b"")


def surrounded(handler: Handler) -> Emulator:
    """The handler itself when it is a whole emulator, else with the least that a carrier needs around it."""
    return handler if isinstance(handler, Emulator) else _Bare(handler)
