"""Steering the emulators: snapshots in process, everything over the control endpoint."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from counterpart.emulators import Control, Fault, UnusableSnapshot, seed_data, transport

TOKEN = "control-token"


@pytest.fixture
def control(invoiced: Any, customerp: Any) -> Any:
    steering = Control(invoiced.emulator, customerp.emulator, TOKEN)
    client = httpx.Client(
        transport=transport(steering), base_url="http://control", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    return type(invoiced)(steering, invoiced.clock, client)


def listings(*apis: Any) -> list[bytes]:
    paths = ("/customers", "/items", "/invoices", "/events", "/products", "/orders", "/changes", "/webhooks")
    return [answer.content for api in apis for path in paths if (answer := api.call(f"GET {path}")).status_code == 200]


def test_a_snapshot_brings_everything_back(invoiced: Any, customerp: Any) -> None:
    seed_data(invoiced.emulator, customerp.emulator, seed=1, customers=10)
    invoiced.json("POST /webhooks", {"url": "http://127.0.0.1:9/"})
    invoiced.json("POST /coupons", {"id": "ten", "name": "Ten", "value": 10})
    line = {"unit_cost": 12.045, "discounts": ["ten"]}
    invoiced.call("POST /invoices", {"customer": 70001, "items": [line]}, headers={"Idempotency-Key": "abcdef"})
    before = listings(invoiced, customerp)
    kept = [json.loads(json.dumps(api.emulator.snapshot())) for api in (invoiced, customerp)]
    later = [invoiced.json("POST /items", {"name": "X"})["id"]]
    for api, snapshot in zip((invoiced, customerp), kept, strict=True):
        api.emulator.reset(9)
        api.emulator.restore(snapshot)
    assert listings(invoiced, customerp) == before
    later.append(invoiced.json("POST /items", {"name": "X"})["id"])
    assert later[0] == later[1]
    replayed = invoiced.call("POST /invoices", {}, headers={"Idempotency-Key": "abcdef"})
    assert (replayed.status_code, replayed.json()["total"]) == (201, 10.84)
    assert customerp.json("POST /customers", {"number": "new", "name": "X"})["id"] == "CU000011"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda snapshot: None,
        lambda snapshot: {},
        lambda snapshot: snapshot | {"customers": 5},
        lambda snapshot: snapshot | {"customers": {"#": "os.system", "is": {}}},
        lambda snapshot: snapshot | {"customers": {"#": "Table", "is": {"_ids": []}}},
        lambda snapshot: snapshot | {"random": {"#": "tuple", "is": [1]}},
        lambda snapshot: snapshot | {"due": {"#": "decimal", "is": "x"}},
    ],
)
def test_a_spoilt_snapshot_is_refused_and_changes_nothing(invoiced: Any, spoil: Any) -> None:
    before = listings(invoiced)
    with pytest.raises(UnusableSnapshot):
        invoiced.emulator.restore(spoil(invoiced.emulator.snapshot()))
    assert listings(invoiced) == before


def test_a_snapshot_of_another_profile_is_refused(customerp: Any, customerp_like: Any) -> None:
    with pytest.raises(UnusableSnapshot, match="profile full"):
        customerp.emulator.restore(customerp_like(profile="minimal").emulator.snapshot())


def test_the_clock_over_http(control: Any) -> None:
    assert control.json("GET /clock") == {"now": "2026-03-01T08:00:00+00:00", "running": False}
    assert control.json("POST /clock", {"advance": 1.5})["now"] == "2026-03-01T08:00:01.500000+00:00"
    assert control.json("POST /clock", {"running": True})["running"] is True
    assert control.json("POST /clock", {"running": False, "advance": 60})["running"] is False


def test_reset_snapshot_and_restore_over_http(control: Any, invoiced: Any, customerp: Any) -> None:
    customerp.json("POST /customers", {"number": "K-1", "name": "A"})
    before = listings(invoiced, customerp)
    kept = control.json("GET /snapshot")
    control.json("POST /reset", {"seed": 3})
    assert invoiced.json("GET /customers") == customerp.json("GET /customers")["data"] == []
    control.json("PUT /snapshot", kept)
    assert listings(invoiced, customerp) == before
    assert control.call("PUT /snapshot", kept | {"customerp": {}}).status_code == 400
    assert listings(invoiced, customerp) == before


def test_faults_and_subscription_over_http(control: Any, invoiced: Any, customerp: Any) -> None:
    control.json("POST /faults", {"emulator": "invoiced", "kind": "503", "path": "/items*"})
    control.json("POST /faults", {"emulator": "customerp", "kind": "latency", "seconds": 2})
    assert invoiced.call("GET /items").status_code == 503
    told = control.json("GET /faults")
    assert told["invoiced"] == {"armed": [], "struck": [{"kind": "503", "call": "GET /items"}]}
    assert told["customerp"]["armed"][0]["seconds"] == 2
    control.json("DELETE /faults")
    assert control.json("GET /faults")["customerp"] == {"armed": [], "struck": []}
    control.json("POST /subscription", {"url": "http://127.0.0.1:9/", "secret": "s"})
    assert customerp.emulator.subscription == ("http://127.0.0.1:9/", "s")


@pytest.mark.parametrize(
    ("request_", "options", "status", "told"),
    [
        ("GET /clock", {"headers": {"Authorization": "Bearer wrong"}}, 401, "Send the control token"),
        ("GET /clock", {"headers": {"Authorization": ""}}, 401, "Send the control token"),
        ("GET /nope", {}, 404, "/nope answers nothing"),
        ("PUT /clock", {}, 405, "/clock answers GET, POST"),
        ("POST /clock", {}, 400, "advance"),
        ("POST /clock", {"content": b"{"}, 400, "not JSON"),
        ("POST /clock", {"content": b"[1]"}, 400, "not an object"),
        ("POST /clock", {"content": b'{"advance": -1}'}, 400, "from 0 to"),
        ("POST /clock", {"content": b'{"running": 1}'}, 400, "true or false"),
        ("POST /clock", {"content": b'{"advance": "1"}'}, 400, "from 0 to"),
        ("POST /faults", {"content": b'{"kind": "500"}'}, 400, "invoiced or customerp"),
        ("POST /faults", {"content": b'{"emulator": "invoiced"}'}, 400, "the kind is missing"),
        (
            "POST /faults",
            {"content": b'{"emulator": "invoiced", "kind": "500", "where": 1}'},
            400,
            "there is no 'where'",
        ),
        ("POST /faults", {"content": b'{"emulator": "invoiced", "kind": "500", "times": "1"}'}, 400, "of the type int"),
        ("POST /subscription", {"content": b'{"url": 5}'}, 400, "both texts"),
    ],
)
def test_refuses(control: Any, request_: str, options: Any, status: int, told: str) -> None:
    response = control.call(request_, **options)
    assert response.status_code == status
    assert told in response.json()["error"]


def test_a_reset_disarms(control: Any, invoiced: Any) -> None:
    invoiced.emulator.faults.arm(Fault("500"))
    control.json("POST /reset")
    assert invoiced.call("GET /customers").status_code == 200
