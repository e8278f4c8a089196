"""Faults that the simulation found, each with the shortest history that shows it."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from sync import EndpointDown

FLOW = "order-invoice"


def _error(status: int = 500) -> httpx.Response:
    return httpx.Response(status, json={"type": "api_error", "message": "oops"})


@pytest.fixture
def base(world: Any, acme: dict[str, Any]) -> dict[str, Any]:
    """An order of two lines, linked with its draft invoice."""
    customer = world.erp.create("customers", **acme)
    bolt = world.erp.create("products", sku="bolt", name="Bolt", unitPrice="10", currency="NOK")
    lines = [
        {"productId": bolt["id"], "quantity": "3", "unitPrice": "10"},
        {"description": "Travel", "quantity": "2", "unitPrice": "7.5"},
    ]
    body = {"number": "O-1", "customerId": customer["id"], "currency": "NOK", "orderDate": "2026-03-01"}
    order = world.erp.create("orders", **body, lines=lines)
    return {"customer": customer["id"], "bolt": bolt["id"], "order": order["id"], "body": body, "lines": lines}


def test_a_list_that_cannot_be_read_stops_the_run_as_a_system_that_is_down(world: Any) -> None:
    world.wires["customerp"].before = lambda request: _error() if request.url.path == "/changes" else None
    with pytest.raises(EndpointDown, match=r"answers 500 to GET /changes"):
        world.run()
    assert world.slept == [2.0, 4.0, 8.0]


def test_a_record_that_cannot_be_read_is_asked_for_again_and_stops_nothing(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    world.erp.change("customers", "CU000001", name="Acme Two")
    world.erp.create("customers", number="C-2", name="Zwei")
    world.wires["customerp"].before = lambda request: _error() if request.url.path.endswith("CU000001") else None
    assert [write.key for write in world.run().writes] == ["C-2"]
    world.wires["customerp"].before = lambda request: None
    assert [(write.key, dict(write.fields)) for write in world.run().writes] == [
        ("C-1", {"name": ("Acme AS", "Acme Two")})
    ]


def test_an_error_after_the_effect_does_not_turn_a_newer_edit_into_a_conflict(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    world.erp.change("customers", "CU000001", organisationNumber="111")

    [customer] = world.inv.list("customers")

    def fail(request: httpx.Request) -> httpx.Response | None:
        if request.method != "PATCH":
            return None
        world.wires["invoiced"].before = lambda request: None
        world.inv.change("customers", customer["id"], tax_id="111")  # it took effect all the same
        return _error()

    world.wires["invoiced"].before = fail
    world.run()
    world.erp.change("customers", "CU000001", organisationNumber="222")
    report = world.run()
    assert report.conflicts == ()
    assert world.inv.list("customers")[0]["tax_id"] == "222"


def test_an_error_leaves_open_whether_a_record_was_created(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    answers = [_error()]

    def fail(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and answers:
            body = {"type": "company", **{k: acme[k] for k in ("number", "name")}, "metadata": {"erp_id": "CU000001"}}
            world.inv.call("POST", "/customers", body)  # it took effect all the same
            return answers.pop()
        return None

    world.wires["invoiced"].before = fail
    world.run()
    world.run()
    assert [customer["number"] for customer in world.inv.list("customers")] == ["C-1"]
    assert world.store.open_intents() == []


def test_one_refused_property_leaves_the_others_going(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    world.inv.create("customers", type="company", number="C-9", name="Somebody")
    world.erp.change("customers", "CU000001", number="C-9", phone="+47 1")
    world.run()
    found = world.inv.list("customers")[0]
    assert (found["number"], found["phone"]) == ("C-1", "+47 1")
    assert [(n.key, n.field) for n in world.open().status().notices] == [("C-9", "number")]
    assert world.run().writes == ()


def test_a_line_removed_from_a_closed_invoice_does_not_come_back(world: Any, base: dict[str, Any]) -> None:
    world.run()
    [invoice] = world.inv.list("invoices")
    world.inv.call("POST", f"/invoices/{invoice['id']}/void")
    world.erp.change("orders", base["order"], lines=[{"id": "L2"}])
    world.run()
    world.run()
    world.erp.change("orders", base["order"], notes="Anything")
    world.run()
    assert [line["id"] for line in world.erp.read("orders", base["order"])["lines"]] == ["L2"]
    assert "lines" in {notice.field for notice in world.open().status().notices}


def test_a_line_whose_item_is_archived_is_told_and_not_added_twice(world: Any, base: dict[str, Any]) -> None:
    world.erp.change("products", base["bolt"], discontinued=True)
    world.run()
    world.erp.create("orders", **{**base["body"], "number": "O-2"}, lines=base["lines"])
    world.run()
    world.run()
    assert [len(invoice["items"]) for invoice in world.inv.list("invoices")] == [2, 2]
    assert [len(order["lines"]) for order in world.erp.list("orders")] == [2, 2]
    assert ("O-2", "lines[1].productId") in {(n.key, n.field) for n in world.open().status().notices}
    assert world.run().writes == ()


def test_a_payment_reaches_an_order_whose_cancellation_it_blocks(world: Any, base: dict[str, Any]) -> None:
    world.erp.change("orders", base["order"], status="confirmed")
    world.run()
    [invoice] = world.inv.list("invoices")

    def pay(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and request.url.path == "/customers":
            world.clock.advance(10)  # long enough for the invoice to be looked at once more
        if request.url.path == f"/invoices/{invoice['id']}":
            world.wires["invoiced"].before = lambda request: None
            applied = [{"type": "invoice", "invoice": invoice["id"], "amount": 5}]
            world.inv.call("POST", "/payments", {"amount": 5, "currency": "nok", "applied_to": applied})
        return None

    world.erp.create("customers", number="C-2", name="Zwei")
    world.erp.change("orders", base["order"], status="cancelled")
    world.wires["invoiced"].before = pay
    world.run()
    assert world.erp.read("orders", base["order"])["paymentState"] == "partial"


def test_what_differs_within_a_group_is_told_as_long_as_it_does(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", number="C-1", name="Acme", address={"line1": "Storgata 1", "city": "Oslo"})
    world.inv.create("customers", type="company", number="C-1", name="Acme")
    deaf = {"city"}
    inner = world.wires["invoiced"].inner.handle_async_request

    async def ignore(request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH":
            body = {name: value for name, value in json.loads(request.content).items() if name not in deaf}
            kept = {name: value for name, value in request.headers.items() if name != "content-length"}
            request = httpx.Request("PATCH", request.url, headers=kept, json=body)
        return await inner(request)

    world.wires["invoiced"].inner.handle_async_request = ignore
    world.run()
    told = {notice.field for notice in world.run().notices} | {n.field for n in world.open().status().notices}
    assert "address.city" in told


def test_a_refused_order_is_tried_again_when_its_customer_changes(world: Any, base: dict[str, Any]) -> None:
    refusing = [True]

    def refuse(request: httpx.Request) -> httpx.Response | None:
        if refusing and request.method == "POST" and request.url.path == "/invoices":
            return httpx.Response(400, json={"type": "invalid_request", "message": "inactive", "param": "customer"})
        return None

    world.wires["invoiced"].before = refuse
    world.run()
    refusing.clear()
    assert world.run().writes == ()
    world.erp.change("customers", base["customer"], name="Acme, repaired")
    assert [write.record_type for write in world.run().writes] == ["Customer", "Invoice"]


def _lose(world: Any, method: str, path: str) -> None:
    """The answer to the next such call is lost, and the sync goes down with it."""

    def lose(request: httpx.Request) -> None:
        if (request.method, request.url.path) == (method, path):
            world.wires["invoiced"].after = lambda request: None
            raise KeyboardInterrupt

    world.wires["invoiced"].after = lose
    with pytest.raises(KeyboardInterrupt):
        world.run()


def test_a_property_that_agreed_when_two_records_met_is_not_overwritten_later(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", number="C-1", name="Acme", phone="1")
    customer = world.inv.create("customers", type="company", number="C-1", name="Acme")
    _lose(world, "PATCH", f"/customers/{customer['id']}")
    world.inv.change("customers", customer["id"], name="Renamed")
    world.run()
    assert world.erp.read("customers", "CU000001")["name"] == "Renamed"
    assert world.inv.read("customers", customer["id"])["name"] == "Renamed"


def test_lines_edited_before_the_answer_to_their_creation_was_seen_keep_the_edit(
    world: Any, base: dict[str, Any]
) -> None:
    _lose(world, "POST", "/invoices")
    [invoice] = world.inv.list("invoices")
    names = ("id", "name", "description", "quantity", "unit_cost")
    lines = [{name: line[name] for name in names} for line in invoice["items"]]
    world.inv.change("invoices", invoice["id"], items=[lines[0] | {"quantity": 7}, lines[1]])
    world.run()
    assert [line["quantity"] for line in world.erp.read("orders", base["order"])["lines"]] == ["7", "2"]
    assert [line["quantity"] for line in world.inv.list("invoices")[0]["items"]] == [7, 2]
