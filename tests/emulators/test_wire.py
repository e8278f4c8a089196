"""In process and over HTTP the emulators give the same answers; the clock, the router and the seeds hold."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

import counterpart.emulators as emulators
from counterpart.emulators import (
    Clock,
    Customerp,
    EmulatorError,
    Invoiced,
    Request,
    Server,
    ServerNotStarted,
    asgi,
    seed_data,
    transport,
)
from counterpart.emulators.router import Router

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
SCRIPT: list[tuple[str, str, Any]] = [
    ("invoiced", "POST /customers", {"name": "Nordlicht Ünïcode/Optik"}),
    ("invoiced", "POST /items", {"id": "a:b", "name": "X", "unit_cost": 0.1}),
    ("invoiced", "GET /items/a%3Ab", None),
    ("invoiced", "POST /invoices", {"customer": 70001, "items": [{"catalog_item": "a:b", "quantity": 3}]}),
    ("invoiced", "GET /invoices?filter[number]=inv-00001&per_page=1", None),
    ("invoiced", "DELETE /items/a:b", None),
    ("invoiced", "PUT /items/a:b", {}),
    ("invoiced", "GET /nope?x=%20", None),
    ("customerp", "POST /customers", {"number": "K-1", "name": "Ünïcode"}),
    ("customerp", "GET /customers?number=K-1", None),
    ("customerp", "PATCH /customers/CU000001", {"name": None}),
    ("customerp", "DELETE /customers/CU000001", None),
    ("customerp", "GET /changes", None),
]
EXPECTED = [201, 201, 200, 201, 200, 204, 405, 404, 201, 200, 422, 204, 200]


def answers(apis: dict[str, Any]) -> list[tuple[int, dict[str, str], bytes]]:
    responses = [apis[name].call(request, body) for name, request, body in SCRIPT]
    return [
        (r.status_code, {k: v for k, v in r.headers.items() if k not in ("content-length", "connection")}, r.content)
        for r in responses
    ]


def test_in_process_and_over_http_give_the_same_bytes(both: dict[str, Any], account: Any) -> None:
    clock = Clock(START)
    directly: dict[str, Any] = {"invoiced": Invoiced(clock), "customerp": Customerp(clock)}
    for name, emulator in directly.items():
        client = httpx.Client(transport=transport(emulator), base_url=emulator.base_url)
        client.headers["Authorization"] = emulator.authorization
        directly[name] = type(both[name])(emulator, clock, client)
    found = answers(both)
    assert [status for status, _, _ in found] == EXPECTED
    assert found == answers(directly)


def test_invoiced_escapes_slashes_and_all_but_ascii_unless_curl_asks(invoiced: Any) -> None:
    request = "POST /customers"
    body = {"name": "Ü/"}
    assert b'"name":"\\u00dc\\/"' in invoiced.call(request, body).content
    assert '"name": "Ü/"' in invoiced.call(request, body, headers={"User-Agent": "curl/8"}).text


def test_dates_come_from_the_clock(both: dict[str, Any]) -> None:
    dates = []
    for seconds in (0.0, 0.6, 0.6):
        both["invoiced"].clock.advance(seconds)
        dates.append([api.call("GET /customers").headers["Date"] for api in both.values()])
    assert dates == [["Sun, 01 Mar 2026 08:00:00 GMT"] * 2] * 2 + [["Sun, 01 Mar 2026 08:00:01 GMT"] * 2]


def test_head_answers_without_a_body(both: dict[str, Any]) -> None:
    response = both["invoiced"].call("HEAD /customers")
    assert (response.status_code, response.content) == (200, b"")


def test_one_transport_serves_async_clients_too(invoiced: Any) -> None:
    async def read() -> int:
        headers = {"Authorization": invoiced.emulator.authorization}
        async with httpx.AsyncClient(transport=transport(invoiced.emulator), headers=headers) as client:
            return (await client.get("https://invoiced.emulator.example/customers/70001")).status_code

    assert asyncio.run(read()) == 200


def test_links_follow_the_base_url(invoiced: Any) -> None:
    invoiced.emulator.base_url = "http://127.0.0.1:8080"
    assert invoiced.call("GET /customers").headers["Link"].startswith("<http://127.0.0.1:8080/customers?")


def test_a_taken_port_is_told_with_its_cure(invoiced: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = rf"invoiced emulator cannot listen on 127.0.0.1:{port}: .*leave it out"
        with pytest.raises(ServerNotStarted, match=told):
            Server({"invoiced": invoiced.emulator}, {"invoiced": port}).__enter__()
    assert issubclass(ServerNotStarted, EmulatorError)


@pytest.mark.parametrize(
    ("messages", "status"),
    [
        ([{"body": b"x" * 13_000_000, "more_body": True}, {"body": b"x" * 13_000_000}], 413),
        ([{"type": "http.disconnect"}], 400),
        ([], 408),
    ],
    ids=["too large", "gone", "too slow"],
)
def test_bodies_are_bounded(invoiced: Any, messages: list[dict[str, Any]], status: int) -> None:
    waiting = iter(messages)
    sent: list[Any] = []

    async def receive() -> Any:
        message = next(waiting, None)
        if message is None:
            await asyncio.Event().wait()
        return {"type": "http.request"} | (message or {})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/customers", "query_string": b"", "headers": []}
    asyncio.run(asgi(invoiced.emulator, body_seconds=0.01)(scope, receive, send))
    assert sent[0]["status"] == status


def test_the_clock_moves_when_told_and_never_back() -> None:
    clock = Clock(START)
    clock.advance(0.25)
    assert (clock.now().isoformat(), clock.seconds()) == ("2026-03-01T08:00:00.250000+00:00", 1772352000)
    with pytest.raises(ValueError, match="only moves forward"):
        clock.advance(-1)
    earlier = clock.shifted(-1)
    assert (earlier.now().isoformat(), earlier.running) == ("2026-03-01T07:59:59.250000+00:00", False)
    with pytest.raises(ValueError, match="needs a start with a time zone"):
        Clock(datetime(2026, 3, 1))


def test_a_running_clock_also_follows_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    wall = [100.0]
    monkeypatch.setattr("counterpart.emulators.clock.time.monotonic", lambda: wall[0])
    clock = Clock(START, running=True)
    clock.advance(1)
    wall[0] = 103.5
    assert clock.now().isoformat() == "2026-03-01T08:00:04.500000+00:00"
    clock.freeze()
    wall[0] = 200.0
    assert clock.now().isoformat() == "2026-03-01T08:00:04.500000+00:00"
    clock.run()
    wall[0] = 201.0
    assert clock.now().isoformat() == "2026-03-01T08:00:05.500000+00:00"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/items", ({"GET": "list"}, ())),
        ("/items/a%2Fb", ({"GET": "read", "PATCH": "change"}, ("a/b",))),
        ("/items/a/void", ({"POST": "void"}, ("a",))),
        ("/items/", None),
        ("/items/a/other", None),
        ("/", None),
        ("", None),
    ],
)
def test_routes(path: str, found: Any) -> None:
    router = Router(
        [
            ("GET", "/items", "list"),
            ("GET", "/items/{id}", "read"),
            ("PATCH", "/items/{id}", "change"),
            ("POST", "/items/{id}/void", "void"),
        ]
    )
    assert router.find(path) == found


def state(seed: int) -> list[bytes]:
    clock = Clock(START)
    invoiced, customerp = Invoiced(clock, seed=seed), Customerp(clock, seed=seed)
    seed_data(invoiced, customerp, seed=seed, customers=20)
    paths = [(invoiced, "/customers"), (customerp, "/customers"), (customerp, "/products"), (customerp, "/orders")]
    return [
        emulator.handle(Request("GET", path, "", {"authorization": emulator.authorization}, b"")).body
        for emulator, path in paths
    ]


def test_the_same_seed_makes_the_same_bytes() -> None:
    assert state(3) == state(3)
    assert state(3) != state(4)


def test_the_same_seed_draws_the_same_item_ids_after_a_reset(invoiced: Any) -> None:
    def drawn(seed: int) -> list[str]:
        invoiced.emulator.reset(seed)
        return [invoiced.json("POST /items", {"name": "X"})["id"] for _ in range(3)]

    first = drawn(5)
    assert first == drawn(5)
    assert first != drawn(6)
    assert all(len(id_) == 6 and id_.isalnum() for id_ in first)


def test_what_the_package_exports() -> None:
    assert sorted(emulators.__all__) == [
        "CUSTOMERP_TOKEN", "Clock", "Control", "Courier", "Customerp", "Delivery", "Emulator",
        "EmulatorError", "EmulatorTransport", "Fault", "Faults", "INVOICED_KEY", "Invoiced", "Outcome",
        "Profile", "Request", "Response", "Server", "ServerNotStarted", "Settings", "Switches",
        "UnusableFault", "UnusableSnapshot", "VERSION", "asgi", "deliver", "seed_data", "transport",
    ]  # fmt: skip
    assert all(hasattr(emulators, name) for name in emulators.__all__)
