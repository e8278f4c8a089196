"""Several calls at once: places for twenty, records locked while they are changed, answers not yet sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from counterpart.emulators import Fault, Request, Server

BUSY = "This customer is currently being updated by another process. Please try again later."


@pytest.fixture
def begun(invoiced: Any, in_process: None) -> Callable[..., Request]:
    """Begins calls that do not end: each takes its place and does nothing more."""

    def begin(method: str = "GET", path: str = "/", body: Any = None, **headers: str) -> Request:
        sent = {"authorization": invoiced.emulator.authorization, "content-type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        call = Request(method, path, "", sent, b"" if body is None else json.dumps(body).encode())
        assert invoiced.emulator.enter(call) is None
        return call

    return begin


def test_probe_56_more_than_twenty_calls_of_one_key_at_once(invoiced: Any, begun: Any) -> None:
    held = [begun() for _ in range(20)]
    refused = invoiced.call("GET /customers")
    assert (refused.status_code, refused.headers.get("Retry-After")) == (429, None)
    assert refused.json() == {
        "type": "rate_limit_error",
        "message": "Too many concurrent requests! You can only make 20 concurrent requests at a time.",
    }
    invoiced.emulator.leave(held[7])
    assert invoiced.call("GET /customers").status_code == 200


def test_a_place_that_is_not_given_back_frees_itself_after_a_minute(invoiced: Any, begun: Any) -> None:
    for _ in range(20):
        begun()
    invoiced.clock.advance(59)
    assert invoiced.call("GET /customers").status_code == 429
    invoiced.clock.advance(1)
    assert invoiced.call("GET /customers").status_code == 200


@pytest.mark.parametrize(
    ("request_", "body", "status"),
    [
        ("PATCH /customers/70001", {"phone": "1"}, 400),
        ("PATCH /customers/70002", {"phone": "1"}, 200),
        ("GET /customers/70001", None, 200),
        ("POST /customers/70001/contacts", {"name": "Ada"}, 201),
        ("PATCH /items/widget", {"name": "W"}, 200),
    ],
)
def test_a_customer_being_changed_takes_no_other_change(
    invoiced: Any, begun: Any, request_: str, body: Any, status: int
) -> None:
    invoiced.json("POST /customers", {"name": "B"})
    begun("PATCH", "/customers/70001")
    answer = invoiced.call(request_, body)
    assert answer.status_code == status
    assert status != 400 or answer.json() == {"type": "invalid_request", "message": BUSY}


def test_a_lock_goes_with_its_call_or_after_a_minute(invoiced: Any, begun: Any) -> None:
    invoiced.json("POST /invoices", {"customer": 70001, "draft": True})
    first = begun("PATCH", "/invoices/880001", {"notes": "first"})
    assert invoiced.call("PATCH /invoices/880001", {"notes": "x"}).json()["message"].startswith("This invoice is ")
    assert invoiced.emulator.handle(first).status == 200
    invoiced.emulator.leave(first)
    assert invoiced.json("PATCH /invoices/880001", {"notes": "second"})["notes"] == "second"
    begun("PATCH", "/invoices/880001")
    invoiced.clock.advance(60)
    assert invoiced.json("PATCH /invoices/880001", {"notes": "third"})["notes"] == "third"


def test_the_refusal_of_a_locked_record_sticks_to_its_idempotency_key(invoiced: Any, begun: Any) -> None:
    first = begun("PATCH", "/customers/70001")
    key = {"Idempotency-Key": "abcdef"}
    assert invoiced.call("PATCH /customers/70001", {"phone": "1"}, headers=key).status_code == 400
    invoiced.emulator.leave(first)
    assert invoiced.call("PATCH /customers/70001", {"phone": "1"}, headers=key).json()["message"] == BUSY


def test_a_retry_while_the_first_call_is_under_way_takes_effect_again(invoiced: Any, begun: Any) -> None:
    first = begun("POST", "/customers", {"name": "B"}, idempotency_key="abcdef")
    assert json.loads(invoiced.emulator.handle(first).body)["id"] == 70002
    key = {"Idempotency-Key": "abcdef"}
    assert invoiced.call("POST /customers", {"name": "B"}, headers=key).json()["id"] == 70003
    invoiced.emulator.leave(first)
    assert invoiced.call("POST /customers", {"name": "B"}, headers=key).json()["id"] == 70002
    assert len(invoiced.json("GET /customers")) == 3


def test_over_http_slow_calls_meet_each_other(invoiced: Any) -> None:
    invoiced.emulator.faults.arm(Fault("latency", method="PATCH", seconds=0.3, times=3))

    async def calls(url: str) -> list[httpx.Response]:
        headers = {"Authorization": invoiced.emulator.authorization}
        async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
            changes = (client.patch("/customers/70001", json={"phone": str(at)}) for at in range(3))
            return [*await asyncio.gather(*changes), await client.patch("/customers/70001", json={"phone": "9"})]

    with Server({"invoiced": invoiced.emulator}) as server:
        *together, alone = asyncio.run(calls(server.urls["invoiced"]))
    statuses = [answer.status_code for answer in together]
    assert 1 <= statuses.count(400) <= 2
    assert set(statuses) == {200, 400}
    assert alone.status_code == 200
