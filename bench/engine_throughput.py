"""Edits a second over HTTP, beside a bare httpx loop that moves the same records with as many calls in flight.

    python bench/engine_throughput.py [edits]

The loop reads the same pages and sends the same changes; it stores nothing and checks nothing. Both systems answer in a
process of their own, after the latency given. CPU is that of the client's process alone.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn

sys.path.insert(0, str(Path(__file__).parent))

from engine import CUSTOMERS, filled, over_http, table
from plenty import Plenty, asgi, edits

from sync import Store

IN_FLIGHT = 16
ROUNDS = 3


@dataclass(frozen=True)
class Took:
    """Seconds on the wall and of the processor."""

    wall: float
    cpu: float


def _serve(total: int, many: int, latency: float, empty: bool, listener: socket.socket) -> None:
    plenty = Plenty(total, empty=empty)
    plenty.now += 100
    for number in edits(many, total):
        plenty.edit_inv(number, city="Bergen", phone="1")
    plenty.now += 10
    config = uvicorn.Config(asgi(plenty, latency), lifespan="off", ws="none", log_config=None, access_log=False)
    uvicorn.Server(config).run([listener])


class Served:
    """Both systems in a process of their own, with edits in Invoiced that are still to travel."""

    def __init__(self, total: int, many: int, latency: float, *, empty: bool = False) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        given = (total, many, latency, empty, self._listener)
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


async def _bare(url: str, since: int) -> tuple[Took, int]:
    wall, cpu = time.perf_counter(), time.process_time()
    limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
    async with httpx.AsyncClient(limits=limits, timeout=30) as client:

        async def pages() -> list[dict[str, Any]]:
            rows: list[dict[str, Any]] = []
            for page in itertools.count(1):
                query = {"updated_after": str(since), "per_page": "100", "page": str(page)}
                answer = await client.get(f"{url}/invoiced/customers", params=query)
                found = answer.json()
                rows += found
                if len(found) < 100:
                    return rows
            raise AssertionError

        rows, _ = await asyncio.gather(
            pages(), client.get(f"{url}/customerp/changes", params={"since": "0", "limit": "100"})
        )
        queue = iter(rows)

        async def worker() -> None:
            for raw in queue:
                body = {"address": {"city": raw["city"]}, "phone": raw["phone"]}
                answer = await client.patch(f"{url}/customerp/customers/CU{raw['id'] - 70_000:08}", json=body)
                json.loads(answer.content)

        await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
    return Took(time.perf_counter() - wall, time.process_time() - cpu), len(rows)


def _measured(many: int, latency: float) -> tuple[Took, Took]:
    """The best of some rounds, both in turn, each over systems and a store as new."""
    ours, bare = [], []
    with tempfile.TemporaryDirectory() as folder:
        for round_ in range(ROUNDS):
            with Served(many, many, latency) as url:
                store = filled(Path(folder) / str(round_), many)
                took, moved = asyncio.run(_ours(url, store))
                since = int(store.cursor(f"invoiced:{CUSTOMERS.id}") or 0)
                store.close()
                assert moved == many, moved
                ours.append(took)
            with Served(many, many, latency) as url:
                took, moved = asyncio.run(_bare(url, since - 1000))
                assert moved == many, moved
                bare.append(took)

    def best(all_: list[Took]) -> Took:
        return Took(min(one.wall for one in all_), min(one.cpu for one in all_))

    return best(ours), best(bare)


def main() -> None:
    """Prints the table."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 800
    rows = []
    for latency in (0.1, 0.0):
        ours, bare = _measured(many, latency)
        above = (ours.cpu - bare.cpu) / many * 1e6
        rows.append((
            f"{latency * 1000:.0f} ms, {IN_FLIGHT} in flight", f"{many / ours.wall:.0f}", f"{many / bare.wall:.0f}",
            f"{bare.wall / ours.wall:.2f}",
            f"{ours.cpu / many * 1e6:.0f}", f"{bare.cpu / many * 1e6:.0f}", f"{above:+.0f}",
        ))  # fmt: skip
    columns = ("latency", "edits/s", "bare httpx", "ratio", "CPU us an edit", "bare httpx", "above")
    table(f"{many:,} edits of Invoiced arrive in Customerp (best of {ROUNDS} rounds)", columns, rows)


if __name__ == "__main__":
    main()
