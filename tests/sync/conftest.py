"""Both emulators under one logical clock, and an engine over them."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import httpx
import pytest

from counterpart.emulators import (
    CUSTOMERP_TOKEN,
    INVOICED_KEY,
    Clock,
    Customerp,
    Emulator,
    Invoiced,
    Request,
    Response,
    Switches,
    transport,
)

# In importlib mode pytest names this file sync.conftest and puts an empty module `sync` in the way of the real one.
if getattr(sys.modules.get("sync"), "__file__", None) is None:
    sys.modules.pop("sync", None)

from sync import Endpoint, Engine, Flow, Pacing, Plan, RunReport, Store
from sync.events import Listener, nobody
from sync.ports import Dispatch, Storage

START = datetime(2026, 3, 1, 8, tzinfo=UTC)


class LogicalClock:
    """The emulators' clock with the monotonic seconds that the engine asks for."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def now(self) -> datetime:
        return self.clock.now()

    def monotonic(self) -> float:
        return self.clock.now().timestamp() - START.timestamp()


class Side:
    """One emulator, spoken to below HTTP as a person with another client would."""

    def __init__(self, emulator: Emulator, authorization: str, patch: str) -> None:
        self.emulator, self.authorization, self.patch_type = emulator, authorization, patch

    def call(self, method: str, path: str, body: object = None, **query: str) -> Any:
        """The parsed body of a successful answer."""
        text = b"" if body is None else json.dumps(body).encode()
        kind = self.patch_type if method == "PATCH" else "application/json"
        headers = {"authorization": self.authorization, "content-type": kind}
        joined = "&".join(f"{quote(name)}={quote(value)}" for name, value in query.items())
        response: Response = self.emulator.handle(Request(method, path, joined, headers, text))
        assert response.status < 300, (response.status, response.body)
        return json.loads(response.body) if response.body else None

    def list(self, collection: str, **query: str) -> Any:
        found = self.call("GET", f"/{collection}", **query)
        return found["data"] if isinstance(found, dict) else found

    def create(self, collection: str, **body: Any) -> Any:
        return self.call("POST", f"/{collection}", body)

    def read(self, collection: str, id_: object) -> Any:
        return self.call("GET", f"/{collection}/{id_}")

    def change(self, collection: str, id_: object, **body: Any) -> Any:
        return self.call("PATCH", f"/{collection}/{id_}", body)

    def delete(self, collection: str, id_: object) -> None:
        self.call("DELETE", f"/{collection}/{id_}")


class Ticking(httpx.AsyncBaseTransport):
    """Ticks the clock around each call and keeps a list of calls; `before` and `after` are fault points."""

    def __init__(self, inner: httpx.AsyncBaseTransport, clock: Clock, calls: list[tuple[str, str]], name: str) -> None:
        self.inner, self.clock, self.calls, self.name = inner, clock, calls, name
        self.before: Callable[[httpx.Request], httpx.Response | None] = lambda request: None
        self.after: Callable[[httpx.Request], None] = lambda request: None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.clock.advance(0.01)
        answered = self.before(request)
        if answered is not None:
            return answered
        self.calls.append((request.method, f"{self.name}{request.url.raw_path.decode()}"))
        response = await self.inner.handle_async_request(request)
        self.clock.advance(0.01)
        self.after(request)
        return response


class World:
    """Two systems, a store and the sync between them."""

    def __init__(
        self,
        folder: Path,
        profile: Literal["full", "minimal"] = "full",
        switches: Switches = Switches(),  # noqa: B008 - frozen
    ) -> None:
        self.clock = Clock(START)
        self.path = folder / "sync.sqlite"
        customerp = Customerp(self.clock, profile=profile)
        invoiced = Invoiced(self.clock, switches=switches)
        self.erp = Side(customerp, f"Bearer {CUSTOMERP_TOKEN}", "application/merge-patch+json")
        basic = base64.b64encode(f"{INVOICED_KEY}:".encode()).decode()
        self.inv = Side(invoiced, f"Basic {basic}", "application/json")
        self.calls: list[tuple[str, str]] = []
        self.wires = {
            "customerp": Ticking(transport(customerp), self.clock, self.calls, "customerp"),
            "invoiced": Ticking(transport(invoiced), self.clock, self.calls, "invoiced"),
        }
        self.customerp = Endpoint(customerp.base_url, CUSTOMERP_TOKEN)
        self.invoiced = Endpoint(invoiced.base_url, INVOICED_KEY)
        self.slept: list[float] = []
        self.in_flight = 1
        self.dispatch: Dispatch | None = None
        self.listen: Listener = nobody
        self.flows: tuple[Flow, ...] | None = None
        self._ids = 0
        self.store: Storage = Store.open(self.path, durable=False)

    def _id(self) -> str:
        self._ids += 1
        return f"key-{self._ids:06}"

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def open(self) -> Engine:
        return Engine.open(
            self.store,
            customerp=self.customerp,
            invoiced=self.invoiced,
            flows=self.flows,
            transports=self.wires,
            clock=LogicalClock(self.clock),
            ids=self._id,
            in_flight=self.in_flight,
            dispatch=self.dispatch,
            pacing=Pacing(sleep=self._sleep),
            listen=self.listen,
        )

    def run(self, *, complete: bool = False) -> RunReport:
        """One run with a new engine, a minute after whatever happened before."""
        self.clock.advance(60)
        self.calls.clear()
        return asyncio.run(self._with_engine(lambda engine: engine.run(complete=complete)))

    def plan(self) -> Plan:
        self.calls.clear()
        return asyncio.run(self._with_engine(Engine.plan))

    async def _with_engine(self, work: Callable[[Engine], Any]) -> Any:
        engine = self.open()
        try:
            return await work(engine)
        finally:
            await engine.close()

    def restart(self, store: Callable[[Path], Storage] | None = None) -> None:
        """Lose all memory but the file."""
        self.store.close()
        self.store = store(self.path) if store else Store.open(self.path, durable=False)

    def written(self) -> list[tuple[str, str]]:
        """The calls of the last run that were not reads."""
        return [call for call in self.calls if call[0] != "GET"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    built = World(tmp_path)
    yield built
    built.store.close()


ACME: Mapping[str, Any] = {
    "number": "C-1",
    "name": "Acme AS",
    "email": "Post@Acme.example",
    "phone": "+47 22 00 00 00",
    "address": {"line1": "Storgata 1", "city": "Oslo", "postalCode": "0155", "country": "NO"},
    "organisationNumber": "999888777",
    "currency": "NOK",
    "paymentTermsDays": 30,
}


@pytest.fixture
def acme() -> dict[str, Any]:
    """A customer with every property that the flow maps."""
    return dict(ACME)
