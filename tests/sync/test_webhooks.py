"""Webhooks ring and say nothing: who may ring, how often it counts, and what is refused."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from sync.links import System
from sync.webhooks import MAX_BODY, Doorbell, authentic

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
SECRETS: dict[System, str] = {"customerp": "one secret", "invoiced": "another"}
CHANGE = b'{"sequence":7,"type":"customer","id":"CU000001","version":2,"operation":"changed"}'
EVENT = b'{"id":12,"timestamp":1772352000,"type":"customer.updated","data":{}}'


class Frozen:
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0


def signed(system: System, body: bytes, secret: str, at: float = NOW.timestamp()) -> str:
    if system == "invoiced":
        return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    stamped = f"{int(at)}.".encode() + body
    return f"t={int(at)},v1={hmac.new(secret.encode(), stamped, hashlib.sha256).hexdigest()}"


def ring(*calls: tuple[str, str, bytes, str | None]) -> tuple[list[int], int]:
    """The answers to calls (method, system, body, signature), and how often it rang."""
    rung: list[None] = []
    app: Any = Doorbell(SECRETS, lambda: rung.append(None), Frozen())

    async def all_of_them() -> list[int]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            answers = []
            for method, system, body, signature in calls:
                headers = {} if signature is None else {f"X-{system.title()}-Signature": signature.encode("latin-1")}
                answers.append(
                    (await client.request(method, f"/webhooks/{system}", content=body, headers=headers)).status_code
                )
            return answers

    return asyncio.run(all_of_them()), len(rung)


@pytest.mark.parametrize(("system", "body"), [("customerp", CHANGE), ("invoiced", EVENT)])
def test_a_signed_call_rings_once_however_often_it_comes(system: System, body: bytes) -> None:
    call = ("POST", system, body, signed(system, body, SECRETS[system]))
    assert ring(call, call, call) == ([204, 204, 204], 1)


def test_two_changes_of_one_record_are_two_events() -> None:
    bodies = (CHANGE, CHANGE.replace(b"7", b"8"))
    calls = [("POST", "customerp", body, signed("customerp", body, "one secret")) for body in bodies]
    assert ring(*calls) == ([204, 204], 2)


@pytest.mark.parametrize(
    ("method", "system", "body", "signature", "status"),
    [
        ("POST", "customerp", CHANGE, None, 401),
        ("POST", "customerp", CHANGE, signed("customerp", CHANGE, "another"), 401),
        ("POST", "customerp", CHANGE + b" ", signed("customerp", CHANGE, "one secret"), 401),
        ("POST", "customerp", CHANGE, signed("customerp", CHANGE, "one secret", NOW.timestamp() - 301), 401),
        ("POST", "customerp", CHANGE, "t=1772352000,v1=\xff", 401),
        ("POST", "invoiced", EVENT, "", 401),
        ("POST", "invoiced", EVENT, signed("invoiced", EVENT, "one secret"), 401),
        ("POST", "nobody", EVENT, None, 404),
        ("GET", "invoiced", b"", None, 405),
        ("POST", "invoiced", b"x" * (MAX_BODY + 1), None, 413),
    ],
)
def test_whatever_else_comes_rings_nothing(
    method: str, system: str, body: bytes, signature: str | None, status: int
) -> None:
    assert ring((method, system, body, signature)) == ([status], 0)


def test_a_body_that_is_no_json_is_an_event_of_its_own() -> None:
    body = b"[" * 100_000
    assert ring(("POST", "invoiced", body, signed("invoiced", body, "another"))) == ([204], 1)


def test_a_time_is_part_of_what_customerp_signs() -> None:
    signature = signed("customerp", CHANGE, "one secret")
    moved = signature.replace("t=17723520", "t=17723521")
    assert authentic("customerp", "one secret", signature, CHANGE, NOW.timestamp())
    assert not authentic("customerp", "one secret", moved, CHANGE, NOW.timestamp() + 100)
