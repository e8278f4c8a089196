"""Carries the emulators' webhook calls out, to addresses on this machine only."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from types import TracebackType

import httpx

from counterpart.emulators.emulator import Emulator
from counterpart.emulators.outcomes import deliveries
from counterpart.emulators.wire import Delivery

_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
# As Invoiced allows: ten seconds to connect, thirty in all.
_TIMEOUT = httpx.Timeout(30, connect=10)
_POLL_SECONDS = 0.05

Send = Callable[[Delivery], int | None]
"""Makes one call; returns the status that came back, None for no answer."""


def deliver(emulator: Emulator, send: Send) -> int:
    """Make the calls that are due now, one after the other, and return how many were made."""
    made = deliveries(emulator)
    for delivery in made:
        emulator.settle(delivery, send(delivery))
    return len(made)


def post(delivery: Delivery) -> int | None:
    """One call over HTTP. Redirects count as failures; an address that is not this machine's is never called."""
    try:
        if httpx.URL(delivery.url).host not in _HOSTS:
            return None
        with httpx.Client(trust_env=False, timeout=_TIMEOUT) as client:
            return client.post(delivery.url, content=delivery.body, headers=list(delivery.headers)).status_code
    except (httpx.HTTPError, httpx.InvalidURL):
        return None


class Courier:
    """A context in which a thread delivers whatever the emulators' clocks make due."""

    def __init__(self, emulators: Iterable[Emulator], send: Send = post) -> None:
        self._emulators, self._send = tuple(emulators), send
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhook courier", daemon=True)

    def __enter__(self) -> Courier:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=1)

    def _run(self) -> None:
        while not self._stop.wait(_POLL_SECONDS):
            for emulator in self._emulators:
                deliver(emulator, self._send)
