"""Webhooks, as both emulators send them: only genuine ones wake, once, and what they say is never believed."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync import load_flows
from sync.errors import NotGenuine
from sync.wakeups import read, wake

SECRET = "a secret of both"
HEADERS = {"customerp": "X-Customerp-Signature", "invoiced": "X-Invoiced-Signature"}


@pytest.fixture
def linked(world: Any, acme: dict[str, Any]) -> Any:
    """A linked customer, and both systems with an address to call."""
    world.erp.create("customers", **acme)
    world.run()
    world.erp.emulator.subscribe("https://hook.example", SECRET)
    hook = world.inv.call("POST", "/webhooks", {"url": "https://hook.example"}, include="secret")
    world.secrets = {"customerp": SECRET, "invoiced": hook["secret"]}
    return world


def _delivered(world: Any, system: str) -> tuple[bytes, str]:
    """The last call that a system makes."""
    world.clock.advance(1)
    call = (world.erp if system == "customerp" else world.inv).emulator.due()[-1]
    return call.body, dict(call.headers)[HEADERS[system]]


def _edit(world: Any, system: str) -> None:
    if system == "customerp":
        world.erp.change("customers", "CU000001", phone="1")
    else:
        world.inv.change("customers", world.inv.list("customers")[0]["id"], phone="1")


@pytest.mark.parametrize("system", ["customerp", "invoiced"])
def test_a_genuine_call_wakes_its_link_once(linked: Any, system: Any) -> None:
    _edit(linked, system)
    body, signature = _delivered(linked, system)
    event = read(system, body, signature, linked.secrets[system], linked.clock.now())
    assert event.records == (("customers", "CU000001" if system == "customerp" else "70001"),)
    assert wake(linked.store, load_flows(), event, linked.clock.now())
    link = linked.store.by_remote("customer-company", "customerp", "CU000001")
    assert (link.dirty, link.recheck) == (True, True)
    assert not wake(linked.store, load_flows(), event, linked.clock.now())
    assert linked.store.by_remote("customer-company", "customerp", "CU000001") == link
    assert [write.fields for write in linked.run().writes] == [{"phone": ("+47 22 00 00 00", "1")}]
    assert linked.run().writes == ()


@pytest.mark.parametrize("system", ["customerp", "invoiced"])
def test_what_a_call_says_is_not_believed(linked: Any, system: Any) -> None:
    _edit(linked, system)
    body, signature = _delivered(linked, system)
    linked.erp.change("customers", "CU000001", phone=None)
    linked.inv.change("customers", linked.inv.list("customers")[0]["id"], phone=None)
    wake(
        linked.store,
        load_flows(),
        read(system, body, signature, linked.secrets[system], linked.clock.now()),
        linked.clock.now(),
    )
    linked.run()
    assert (linked.erp.list("customers")[0]["phone"], linked.inv.list("customers")[0]["phone"]) == (None, None)


@pytest.mark.parametrize("system", ["customerp", "invoiced"])
@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda body, signature: (body + b" ", signature), "its signature is not that of its body"),
        (
            lambda body, signature: (body, signature[:-1] + ("0" if signature[-1] != "0" else "1")),
            "not that of its body",
        ),
        (lambda body, signature: (b"x" * 1_000_001, signature), "more than 1000000 bytes"),
        (lambda body, signature: (body, ""), "not"),
    ],
)
def test_anything_else_is_refused(linked: Any, system: Any, spoil: Any, problem: str) -> None:
    _edit(linked, system)
    body, signature = spoil(*_delivered(linked, system))
    with pytest.raises(NotGenuine, match=problem):
        read(system, body, signature, linked.secrets[system], linked.clock.now())


def test_an_old_call_of_customerp_cannot_be_played_again(linked: Any) -> None:
    _edit(linked, "customerp")
    body, signature = _delivered(linked, "customerp")
    with pytest.raises(NotGenuine, match="more than 300 seconds away"):
        read("customerp", body, signature, SECRET, linked.clock.now() + timedelta(seconds=302))


def test_a_signed_text_that_is_no_event_is_refused() -> None:
    for body in (b"[]", b"nonsense", json.dumps({"id": "x", "type": "customer.updated"}).encode()):
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        with pytest.raises(NotGenuine, match="not in the form of the API"):
            read("invoiced", body, signature, SECRET, datetime.now(UTC))


def test_a_merge_names_both_customers(linked: Any) -> None:
    linked.erp.create("customers", number="C-2", name="Survivor")
    linked.run()
    loser, survivor = linked.inv.list("customers")
    linked.inv.call("POST", f"/customers/{survivor['id']}/merge", {"customer": loser["id"]})
    body, signature = _delivered(linked, "invoiced")
    event = read("invoiced", body, signature, linked.secrets["invoiced"], linked.clock.now())
    assert event.records == (("customers", str(survivor["id"])), ("customers", str(loser["id"])))
    wake(linked.store, load_flows(), event, linked.clock.now())
    report = linked.run()
    assert [notice.reason for notice in report.notices if notice.key == "C-1"] == [
        "deleted in Invoiced; the Customer in Customerp is left alone"
    ]
    assert (report.writes, len(linked.inv.list("customers"))) == ((), 1)
