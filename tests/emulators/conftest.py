"""A fresh account of each system, reached in process or over HTTP."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from counterpart.emulators import Clock, Customerp, Invoiced, Server, Settings, Switches, transport

# The table that the tests of Invoiced are written in is a plain file beside them.
sys.path.insert(0, str(Path(__file__).parent))

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
OVER_HTTP = os.environ.get("COUNTERPART_WIRE") == "http"
"""The switch by which the tests of both emulators go over loopback instead of staying in process."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if OVER_HTTP:
        skip = pytest.mark.skip(reason="holds calls or the clock in a way that only a call in process can see")
        for item in items:
            if "in_process" in getattr(item, "fixturenames", ()):
                item.add_marker(skip)


@pytest.fixture
def in_process() -> None:
    """Asked for by tests that make no sense over HTTP."""


@dataclass
class Api:
    """One emulator, its clock, and a client that is already authenticated."""

    emulator: Any
    clock: Clock
    client: httpx.Client

    def call(self, request: str, body: Any = None, **options: Any) -> httpx.Response:
        """Send `POST /path` with a JSON body, if any."""
        method, _, url = request.partition(" ")
        if body is not None:
            options["json"] = body
        return self.client.request(method, url, **options)

    def json(self, request: str, body: Any = None, **options: Any) -> Any:
        """The parsed answer of a call that succeeds."""
        response = self.call(request, body, **options)
        assert response.is_success, f"{request} answered {response.status_code}: {response.text}"
        return response.json() if response.content else None


def _client(emulator: Any) -> httpx.Client:
    return httpx.Client(
        transport=transport(emulator),
        base_url=emulator.base_url,
        headers={"Authorization": emulator.authorization},
        trust_env=False,
    )


@pytest.fixture
def reach() -> Iterator[Callable[[Any], httpx.Client]]:
    """Makes a client of an emulator: in process, or over loopback where COUNTERPART_WIRE is `http`."""
    with ExitStack() as stack:

        def client(emulator: Any) -> httpx.Client:
            found = stack.enter_context(_client(emulator))
            if OVER_HTTP:
                server = stack.enter_context(Server({"it": emulator}))
                # Another name would change the links in answers; only the way there is another one.
                found = stack.enter_context(
                    httpx.Client(
                        base_url=server.urls["it"], headers={"Authorization": emulator.authorization}, trust_env=False
                    )
                )
            return found

        yield client


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.fixture
def account(clock: Clock, reach: Callable[[Any], httpx.Client]) -> Callable[..., Api]:
    """Makes an Invoiced account: customer A is 70001 with number CUST-00001, and there is an item `widget` at 10.

    `settings` are the account's, everything else is a switch.
    """

    def make(*, settings: Settings = Settings(), **switches: Any) -> Api:  # noqa: B008 - frozen
        emulator = Invoiced(clock, switches=Switches(**switches), settings=settings)
        api = Api(emulator, clock, reach(emulator))
        api.json("POST /customers", {"name": "A"})
        api.json("POST /items", {"id": "widget", "name": "Widget", "unit_cost": 10})
        return api

    return make


@pytest.fixture
def invoiced(account: Callable[..., Api]) -> Api:
    return account()


@pytest.fixture
def customerp_like(clock: Clock, reach: Callable[[Any], httpx.Client]) -> Callable[..., Api]:
    """Makes a Customerp with options of the emulator."""

    def make(**options: Any) -> Api:
        emulator = Customerp(clock, **options)
        return Api(emulator, clock, reach(emulator))

    return make


@pytest.fixture
def customerp(customerp_like: Callable[..., Api]) -> Api:
    return customerp_like()


@pytest.fixture(params=["in process", "over loopback"])
def both(request: pytest.FixtureRequest, clock: Clock) -> Iterator[dict[str, Api]]:
    """Both emulators, empty, once below HTTP and once over it."""
    emulators: dict[str, Any] = {"invoiced": Invoiced(clock), "customerp": Customerp(clock)}
    with ExitStack() as stack:
        if request.param == "in process":
            yield {name: Api(emulator, clock, _client(emulator)) for name, emulator in emulators.items()}
            return
        server = stack.enter_context(Server(emulators))
        yield {
            name: Api(
                emulator,
                clock,
                stack.enter_context(
                    httpx.Client(
                        base_url=server.urls[name],
                        headers={"Authorization": emulator.authorization},
                        trust_env=False,
                    )
                ),
            )
            for name, emulator in emulators.items()
        }
