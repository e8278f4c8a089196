"""How fast the emulators answer, over loopback and below HTTP, and what 200,000 records cost in memory.

Server and load client are processes of their own, each on one core where there are two; the client writes raw
requests to one socket, because httpx ends near 1,000 calls a second. The peer is a bare Starlette application that
returns fixed JSON of a customer's size from the same uvicorn with the same HTTP parser; `make .venv/peers` installs it.

Each rate is told twice: by the wall, and by the CPU time (user and system) of the server, which is what one core to
itself would give. The figures are held against the second: other work on the machine lengthens the wall only.

    python bench/emulators.py [--seconds 3] [--records 100000]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn

from counterpart.emulators import Clock, Customerp, Emulator, Invoiced, Request, Server

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
FIGURES = {"get": 1500, "patch": 1000, "list": 20_000, "below": 20_000, "memory": 400}


def serve_starlette(body: bytes, found: Any, stop: Any) -> None:
    """Serve an application that looks at no request and knows one answer."""
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route

    async def customer(request: Any) -> Response:
        return Response(body, media_type="application/json")

    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        Starlette(routes=[Route("/customers/{id}", customer)]),
        http="h11",
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    found.put((f"http://127.0.0.1:{listener.getsockname()[1]}", "x", "/customers/70001"))
    stop.wait()
    server.should_exit = True
    thread.join()


def call(emulator: Invoiced | Customerp, method: str, path: str, body: Any = None, query: str = "") -> Request:
    """A request as the emulator below HTTP is handed it."""
    headers = {"authorization": emulator.authorization, "content-type": "application/json"}
    return Request(method, path, query, headers, b"" if body is None else json.dumps(body).encode())


def filled(records: int) -> Invoiced:
    """An account with so many customers and as many invoices of three lines with prices of their own."""
    invoiced = Invoiced(Clock(START))
    for at in range(records):
        body = {"name": f"Customer {at}", "number": f"K-{at}", "email": f"ap{at}@x.example", "city": "Kiel"}
        assert invoiced.handle(call(invoiced, "POST", "/customers", body)).status == 201
    for at in range(records):
        lines = [
            {"name": f"Line {line}", "quantity": 1 + (at + line) % 9, "unit_cost": (at * 7 + line * 31) % 90_000 / 100}
            for line in range(3)
        ]
        body = {"customer": 70001 + at, "items": lines, "payment_terms": "NET 30"}
        assert invoiced.handle(call(invoiced, "POST", "/invoices", body)).status == 201
    return invoiced


def megabytes() -> float:
    """The memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _measure_memory(records: int, found: Any) -> None:
    before = megabytes()
    invoiced = filled(records)
    found.put((before, megabytes(), len(invoiced.handle(call(invoiced, "GET", "/customers")).body)))


def _serve(name: str, records: int, found: Any, stop: Any) -> None:
    pin(0)
    emulator: Any
    if name == "customerp":
        emulator = Customerp(Clock(START))
        emulator.handle(call(emulator, "POST", "/customers", {"number": "K-1", "name": "Nordlicht"}))
        path = "/customers/CU000001"
    elif name == "invoiced":
        emulator = Invoiced(Clock(START))
        for at in range(records):
            emulator.handle(call(emulator, "POST", "/customers", {"name": f"Customer {at}", "number": f"K-{at}"}))
        path = "/customers/70001"
    else:
        sample = Invoiced(Clock(START))
        serve_starlette(sample.handle(call(sample, "POST", "/customers", {"name": "Nordlicht"})).body, found, stop)
        return
    with Server({name: emulator}) as server:
        found.put((server.urls[name], emulator.authorization, path))
        stop.wait()


def pin(core: int) -> None:
    """Stay on one core, where the machine has it."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[core % len(cores)]})


@contextmanager
def served(name: str, records: int = 1) -> Iterator[tuple[str, str, str, int]]:
    """An emulator or the peer in a process of its own: URL, credentials, path of a record, process id."""
    context = multiprocessing.get_context("spawn")
    found, stop = context.Queue(), context.Event()
    process = context.Process(target=_serve, args=(name, records, found, stop))
    process.start()
    try:
        assert process.pid is not None
        yield *found.get(timeout=120), process.pid
    finally:
        stop.set()
        process.join()


class Raw:
    """A load client: one connection, one call at a time, no parsing beyond the length."""

    def __init__(self, url: str, authorization: str) -> None:
        host, port = url.removeprefix("http://").split(":")
        self._socket = socket.create_connection((host, int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = f"Host: {host}\r\nAuthorization: {authorization}\r\nContent-Type: application/json\r\n"

    def request(self, method: str, target: str, body: bytes = b"") -> bytes:
        """The bytes to be sent."""
        return f"{method} {target} HTTP/1.1\r\n{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def send(self, request: bytes) -> bytes:
        """Send and read the whole answer; it must be a 200."""
        self._socket.sendall(request)
        data = self._socket.recv(65536)
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._socket.recv(65536)
        assert data.startswith(b"HTTP/1.1 200"), data[:200]
        at = data.lower().index(b"content-length: ") + 16
        length = int(data[at : data.index(b"\r", at)])
        while len(data) < end + 4 + length:
            data += self._socket.recv(1 << 20)
        return data[end + 4 :]


@dataclass(frozen=True)
class Rate:
    """How often a second something was done, by the wall and by the CPU time of who did it."""

    wall: float
    cpu: float


def cpu_seconds(pid: int) -> float:
    """The CPU time, user and system, that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rate(pid: int, seconds: float, once: Callable[[], Any]) -> Rate:
    """How often a second something can be done, until the process has worked for so many seconds."""
    count, began, start = 0, cpu_seconds(pid), time.perf_counter()
    while (used := cpu_seconds(pid) - began) < seconds:
        for _ in range(200):
            once()
        count += 200
    return Rate(count / (time.perf_counter() - start), count / used)


def over_loopback(seconds: float, records: int) -> dict[str, Rate]:
    """Calls a second by what is called."""
    found: dict[str, Rate] = {}
    for name in ("starlette", "customerp", "invoiced"):
        with served(name) as (url, authorization, path, pid):
            client = Raw(url, authorization)
            calls = {
                "get": client.request("GET", path),
                "patch": client.request("PATCH", path, b'{"phone":"+49 30 1"}'),
            }
            for verb, call_ in calls.items():
                if (name, verb) != ("starlette", "patch"):
                    found[f"{name} {verb}"] = rate(pid, seconds, partial(client.send, call_))
    with served("invoiced", records) as (url, authorization, _, pid):
        client = Raw(url, authorization)
        began, start, listed = cpu_seconds(pid), time.perf_counter(), 0
        for page in range(1, records // 100 + 1):
            listed += client.send(client.request("GET", f"/customers?page={page}")).count(b'"object":"customer"')
        assert listed == records, listed
        found["listing"] = Rate(records / (time.perf_counter() - start), records / (cpu_seconds(pid) - began))
    return found


def below_http(seconds: float) -> dict[str, Rate]:
    """Operations a second of the core by itself."""
    clock = Clock(START)
    invoiced, customerp = Invoiced(clock), Customerp(clock)
    invoiced.handle(call(invoiced, "POST", "/customers", {"name": "Nordlicht"}))
    customerp.handle(call(customerp, "POST", "/customers", {"number": "K-1", "name": "Nordlicht"}))
    body = {"phone": "+49 30 1"}
    calls: dict[str, tuple[Emulator, Request]] = {
        "invoiced get": (invoiced, call(invoiced, "GET", "/customers/70001")),
        "invoiced patch": (invoiced, call(invoiced, "PATCH", "/customers/70001", body)),
        "customerp get": (customerp, call(customerp, "GET", "/customers/CU000001")),
        "customerp patch": (customerp, call(customerp, "PATCH", "/customers/CU000001", body)),
    }
    return {
        name: rate(os.getpid(), seconds, partial(emulator.handle, request))
        for name, (emulator, request) in calls.items()
    }


def told(name: str, value: Rate, figure: float | None = None, *, unit: str) -> None:
    """A line of the report, with the figure to reach."""
    verdict = f"   at least {figure:,}: {'yes' if value.cpu >= figure else 'NO'}" if figure is not None else ""
    print(f"  {name:<28} {value.cpu:>10,.0f} {unit} of CPU{value.wall:>10,.0f} by the wall{verdict}", flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=3.0, help="of CPU time for each rate")
    options.add_argument("--records", type=int, default=100_000)
    given = options.parse_args()
    pin(1)
    wire = over_loopback(given.seconds, given.records)
    print("Over loopback, server on one core, one connection")
    for name in ("starlette get", "customerp get", "invoiced get", "customerp patch", "invoiced patch"):
        figure = FIGURES.get(name.split()[1]) if not name.startswith("starlette") else None
        told(name, wire[name], figure, unit="calls/s")
    for name in ("customerp", "invoiced"):
        told_ratio = wire[f"{name} get"].cpu / wire["starlette get"].cpu
        print(f"  {name} get, ratio to bare Starlette: {told_ratio:.2f}")
    told(f"list {given.records:,} customers", wire["listing"], FIGURES["list"], unit="records/s")
    print("Below HTTP")
    for name, value in below_http(given.seconds).items():
        told(name, value, FIGURES["below"], unit="calls/s")
    context = multiprocessing.get_context("spawn")
    found = context.Queue()
    process = context.Process(target=_measure_memory, args=(given.records, found))
    process.start()
    before, after, _ = found.get(timeout=600)
    process.join()
    print(f"Memory of the process, {given.records:,} customers and {given.records:,} invoices of 3 lines")
    print(f"  {before:,.0f} MB before any record, {after:,.0f} MB with all of them", end="")
    print(f"   under {FIGURES['memory']} MB: {'yes' if after < FIGURES['memory'] else 'NO'}")


if __name__ == "__main__":
    main()
