"""Edits a second over HTTP, beside a bare httpx loop that moves the same records with as many calls in flight.

    python bench/engine_throughput.py [edits]

The loop reads the same pages and sends the same changes; it stores nothing and checks nothing. The sync's weekly scan,
for which the loop has nothing to compare, is not due. The loop runs a second time over the sync's own carrier, to show
what comes from that and what from the sync. Both systems answer in a process of their own, after the latency given. CPU
is that of the client's process alone.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import multiprocessing
import socket
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn

sys.path.insert(0, str(Path(__file__).parent))

from engine import CUSTOMERS, filled, over_http, table
from plenty import Plenty, asgi, edits

from sync import Store
from sync.network import Network

IN_FLIGHT = 16
ROUNDS = 3
HEADERS = {"Content-Type": "application/json", "Accept-Encoding": "identity"}


@dataclass(frozen=True)
class Took:
    """Seconds on the wall and of the processor."""

    wall: float
    cpu: float


def _serve(total: int, many: int, latency: float, empty: bool, strangers: bool, listener: socket.socket) -> None:
    plenty = Plenty(total, empty=empty, strangers=strangers)
    plenty.now += 100
    for number in edits(many, total):
        plenty.edit_inv(number, city="Bergen", phone="1")
    plenty.now += 10
    config = uvicorn.Config(asgi(plenty, latency), lifespan="off", ws="none", log_config=None, access_log=False)
    uvicorn.Server(config).run([listener])


class Served:
    """Both systems in a process of their own, with edits in Invoiced that are still to travel."""

    def __init__(self, total: int, many: int, latency: float, *, empty: bool = False, strangers: bool = False) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        given = (total, many, latency, empty, strangers, self._listener)
        self._process = multiprocessing.get_context("fork").Process(target=_serve, args=given, daemon=True)

    def __enter__(self) -> str:
        self._process.start()
        for _ in range(200):
            try:
                httpx.get(f"{self.url}/invoiced/customers/70000")
                break
            except httpx.HTTPError:
                time.sleep(0.05)
        return self.url

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()
        self._listener.close()


async def _ours(url: str, store: Store) -> tuple[Took, int]:
    engine = over_http(url, store, IN_FLIGHT)
    wall, cpu = time.perf_counter(), time.process_time()
    report = await engine.run()
    took = Took(time.perf_counter() - wall, time.process_time() - cpu)
    await engine.close()
    return took, len(report.writes)


class Loop(ABC):
    """Reads what has changed in Invoiced and sends it to Customerp, as fast as its client can."""

    @abstractmethod
    async def ask(self, method: str, url: str, body: dict[str, Any] | None = None) -> Any:
        """The parsed answer to a request."""

    @abstractmethod
    async def close(self) -> None:
        """Close the connections."""

    async def run(self, url: str, since: int) -> tuple[Took, int]:
        """What it took, and how many edits there were."""
        wall, cpu = time.perf_counter(), time.process_time()
        rows, _ = await asyncio.gather(
            self._pages(url, since), self.ask("GET", f"{url}/customerp/changes?since=0&limit=100")
        )
        queue = iter(rows)

        async def worker() -> None:
            for raw in queue:
                body = {"address": {"city": raw["city"]}, "phone": raw["phone"]}
                await self.ask("PATCH", f"{url}/customerp/customers/CU{raw['id'] - 70_000:08}", body)

        await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
        await self.close()
        return Took(time.perf_counter() - wall, time.process_time() - cpu), len(rows)

    async def _pages(self, url: str, since: int) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for page in itertools.count(1):
            found = await self.ask("GET", f"{url}/invoiced/customers?updated_after={since}&per_page=100&page={page}")
            rows += found
            if len(found) < 100:
                return rows
        raise AssertionError


class BareHttpx(Loop):
    """By httpx's client."""

    def __init__(self) -> None:
        limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
        self._client = httpx.AsyncClient(limits=limits, timeout=30)

    async def ask(self, method: str, url: str, body: dict[str, Any] | None = None) -> Any:
        """The parsed answer to a request."""
        return (await self._client.request(method, url, json=body)).json()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


class BareCarrier(Loop):
    """By what carries the calls of the sync."""

    def __init__(self) -> None:
        self._carrier = Network()

    async def ask(self, method: str, url: str, body: dict[str, Any] | None = None) -> Any:
        """The parsed answer to a request."""
        content = None if body is None else json.dumps(body).encode()
        return json.loads((await self._carrier.carry(method, url, HEADERS, content)).body)

    async def close(self) -> None:
        """Close the connections."""
        await self._carrier.close()


async def _bare(kind: type[Loop], url: str, since: int) -> tuple[Took, int]:
    return await kind().run(url, since)


def _measured(many: int, latency: float) -> list[Took]:
    """The sync, httpx and the carrier: each the best of some rounds, in turn, over systems and a store as new."""
    took: dict[str, list[Took]] = {"sync": [], "httpx": [], "carrier": []}
    with tempfile.TemporaryDirectory() as folder:
        for round_ in range(ROUNDS):
            with Served(many, many, latency) as url:
                store = filled(Path(folder) / str(round_), many)
                with store.transaction():
                    store.set_cursor("scan", datetime.now(UTC).isoformat())
                since = int(store.cursor(f"invoiced:{CUSTOMERS.id}") or 0)
                ours, moved = asyncio.run(_ours(url, store))
                store.close()
                assert moved == many, moved
                took["sync"].append(ours)
            for name, kind in (("httpx", BareHttpx), ("carrier", BareCarrier)):
                with Served(many, many, latency) as url:
                    bare, moved = asyncio.run(_bare(kind, url, since))
                    assert moved == many, moved
                    took[name].append(bare)
    return [Took(min(one.wall for one in all_), min(one.cpu for one in all_)) for all_ in took.values()]


def main() -> None:
    """Prints the table."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 800
    rows = []
    for latency in (0.1, 0.0):
        ours, *bares = _measured(many, latency)
        setting = f"{latency * 1000:.0f} ms, {IN_FLIGHT} in flight"
        rows.append((setting, "the sync", f"{many / ours.wall:.0f}", "", f"{ours.cpu / many * 1e6:.0f}", ""))
        for name, bare in zip(("bare httpx", "bare loop over the sync's carrier"), bares, strict=True):
            above = (ours.cpu - bare.cpu) / many * 1e6
            rows.append((
                "", name, f"{many / bare.wall:.0f}", f"{bare.wall / ours.wall:.2f}", f"{bare.cpu / many * 1e6:.0f}",
                f"{above:+.0f}",
            ))  # fmt: skip
    columns = ("latency", "", "edits/s", "sync's ratio to it", "CPU us an edit", "sync's CPU above it")
    table(f"{many:,} edits of Invoiced arrive in Customerp (best of {ROUNDS} rounds)", columns, rows)


if __name__ == "__main__":
    main()
