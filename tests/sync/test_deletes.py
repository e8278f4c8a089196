"""Deletes: left alone by default; told to the other side where the flow says so; and what comes back to life."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from sync import Engine, State, load_flows
from sync.decisions import allow_deletes, resolve
from sync.history import Decided
from sync.links import Interval
from sync.walk import Walk

DEACTIVATE = tuple(replace(flow, on_delete="deactivate") for flow in load_flows())
COMPANY = next(flow for flow in DEACTIVATE if flow.id == "customer-company")
KARI = Decided("Kari Nordmann", datetime(2026, 3, 1, 9, tzinfo=UTC))


@pytest.fixture
def told(world: Any) -> Any:
    world.flows = DEACTIVATE
    return world


@pytest.fixture
def minimal(world: Any, tmp_path: Path) -> Iterator[Any]:
    folder = tmp_path / "minimal"
    folder.mkdir()
    built = type(world)(folder, "minimal")
    yield built
    built.store.close()


def _scan(world: Any) -> Any:
    world.clock.advance(60)
    world.calls.clear()
    return asyncio.run(world._with_engine(lambda engine: Engine.run(engine, complete=True)))


def _link(world: Any, id_: str = "CU000001") -> Any:
    return world.store.by_remote("customer-company", "customerp", id_)


def _order(world: Any, acme: dict[str, Any], **more: Any) -> tuple[Any, Any]:
    customer = world.erp.create("customers", **acme)
    order = world.erp.create(
        "orders",
        number="O-1",
        customerId=customer["id"],
        currency="NOK",
        orderDate="2026-03-01",
        lines=[{"quantity": "1", "unitPrice": "10"}],
        **more,
    )
    world.run()
    return order, world.inv.list("invoices")[0]


def test_a_deleted_customer_deactivates_its_counterpart(told: Any, acme: dict[str, Any]) -> None:
    told.erp.create("customers", **acme)
    told.run()
    [there] = told.inv.list("customers")
    told.erp.delete("customers", "CU000001")
    report = told.run()
    assert [(write.system, write.fields) for write in report.writes] == [("invoiced", {"active": (True, False)})]
    assert [notice.reason for notice in report.notices] == [
        "deleted in Customerp; the Customer in Invoiced is deactivated"
    ]
    assert told.inv.read("customers", there["id"])["active"] is False
    assert (_link(told).state, told.run().writes) == (State.TOMBSTONED, ())


def test_a_customer_deleted_in_invoiced_deactivates_the_one_in_customerp(told: Any, acme: dict[str, Any]) -> None:
    told.erp.create("customers", **acme)
    told.run()
    [there] = told.inv.list("customers")
    told.inv.delete("customers", there["id"])
    report = _scan(told)
    assert [(write.system, write.fields) for write in report.writes] == [("customerp", {"active": (True, False)})]
    assert (_link(told).state, told.run().writes) == (State.TOMBSTONED, ())


def test_a_deleted_product_archives_its_item(told: Any) -> None:
    told.erp.create("products", sku="bolt", name="Bolt", unitPrice="10", currency="NOK")
    told.run()
    told.erp.delete("products", "PR000001")
    assert [write.operation for write in told.run().writes] == ["archive"]
    assert told.inv.list("items") == []
    assert told.run().writes == ()


def test_a_deleted_order_voids_its_invoice(told: Any, acme: dict[str, Any]) -> None:
    order, invoice = _order(told, acme, status="confirmed")
    told.erp.delete("orders", order["id"])
    assert [write.operation for write in told.run().writes] == ["void"]
    assert told.inv.read("invoices", invoice["id"])["status"] == "voided"
    assert told.run().writes == ()


def test_an_order_whose_invoice_is_deleted_is_cancelled_and_stays(told: Any, acme: dict[str, Any]) -> None:
    order, invoice = _order(told, acme)
    told.inv.delete("invoices", invoice["id"])
    report = _scan(told)
    assert [write.fields for write in report.writes] == [{"status": ("draft", "cancelled")}]
    assert told.erp.read("orders", order["id"])["status"] == "cancelled"
    link = told.store.by_remote("order-invoice", "customerp", order["id"])
    assert link.shadow["status"] == ("cancelled", "void")  # as if the invoice had said so


def test_an_invoice_that_is_paid_is_not_voided_and_a_person_is_told(told: Any, acme: dict[str, Any]) -> None:
    order, invoice = _order(told, acme, status="confirmed")
    paid = {"type": "invoice", "invoice": invoice["id"], "amount": 10}
    told.inv.create("payments", customer=invoice["customer"], amount=10, currency="nok", applied_to=[paid])
    told.run()
    told.erp.delete("orders", order["id"])
    report = told.run()
    assert report.writes == ()
    assert [(notice.field, notice.kind) for notice in report.notices] == [("status", "frozen")]
    assert told.store.by_remote("order-invoice", "customerp", order["id"]).state is State.CONFLICTED


def test_an_edit_beats_a_delete_of_master_data_and_gets_a_new_counterpart(told: Any, acme: dict[str, Any]) -> None:
    told.erp.create("customers", **acme)
    told.run()
    [there] = told.inv.list("customers")
    told.inv.delete("customers", there["id"])
    told.erp.change("customers", "CU000001", name="Still in business")
    report = _scan(told)
    assert [(write.system, write.operation) for write in report.writes] == [("invoiced", "create")]
    [again] = told.inv.list("customers")
    assert (again["name"], again["id"] != there["id"]) == ("Still in business", True)
    assert (_link(told).generation, _link(told).state) == (2, State.LINKED)
    assert told.store.by_remote("customer-company", "invoiced", str(there["id"])).state is State.TOMBSTONED
    assert (told.run().writes, _scan(told).writes) == ((), ())


@pytest.mark.parametrize("winner", ["customerp", "invoiced"])
def test_a_delete_against_an_edit_of_a_document_is_left_to_a_person(
    told: Any, acme: dict[str, Any], winner: Any
) -> None:
    order, invoice = _order(told, acme, status="confirmed")
    told.erp.delete("orders", order["id"])
    told.inv.change("invoices", invoice["id"], notes="Call first")
    report = told.run()
    assert report.writes == ()
    [conflict] = report.conflicts
    assert (conflict.field, conflict.customerp, conflict.invoiced) == ("deleted", "deleted", "edited: notes")
    assert told.run().writes == ()

    link = told.store.by_remote("order-invoice", "customerp", order["id"])
    resolve(told.store, link.id, "deleted", winner, KARI)
    told.run()
    voided = told.inv.read("invoices", invoice["id"])["status"] == "voided"
    assert voided == (winner == "customerp")
    assert told.store.by_remote("order-invoice", "customerp", order["id"]).state is State.TOMBSTONED
    assert told.run().writes == ()


def test_an_edited_line_counts_as_an_edit_of_the_document(told: Any, acme: dict[str, Any]) -> None:
    order, invoice = _order(told, acme)
    told.erp.delete("orders", order["id"])
    line = {"id": invoice["items"][0]["id"], "quantity": 2, "unit_cost": 10}
    told.inv.change("invoices", invoice["id"], items=[line])
    assert [conflict.invoiced for conflict in told.run().conflicts] == ["edited: lines"]


def test_many_deletes_at_once_wait_for_a_person(told: Any) -> None:
    for number in range(12):
        told.erp.create("customers", number=f"C-{number}", name="Someone")
    told.run()
    for number in range(11):
        told.erp.delete("customers", f"CU{number + 1:06}")
    told.erp.change("customers", "CU000012", name="Still here")
    report = told.run()
    assert [write.fields for write in report.writes] == [{"name": ("Someone", "Still here")}]
    assert [(notice.key, notice.kind, notice.reason) for notice in report.notices if notice.field is None] == [
        ("*", "needs_attention", "11 deletes are pending; that many wait for a person to allow them")
    ]
    assert allow_deletes(told.store, COMPANY, KARI) == 11
    assert len(told.run().writes) == 11
    for number in range(100, 111):
        told.erp.create("customers", number=f"C-{number}", name="Someone")
    told.run()
    for number in range(11):
        told.erp.delete("customers", f"CU{number + 13:06}")
    assert told.run().writes == ()  # allowed once is not allowed for ever


def test_a_record_that_is_gone_on_both_sides_is_at_rest(told: Any, acme: dict[str, Any]) -> None:
    told.erp.create("customers", **acme)
    told.run()
    [there] = told.inv.list("customers")
    told.inv.delete("customers", there["id"])
    told.erp.delete("customers", "CU000001")
    assert (told.run().writes, _link(told).state) == ((), State.TOMBSTONED)
    assert (told.run().writes, told.written()) == ((), [])


def test_a_404_to_a_change_is_a_delete_only_if_reading_says_so_too(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    world.erp.change("customers", "CU000001", name="Acme Two")
    refusals = [httpx.Response(404, json={"type": "invalid_request", "message": "Not found"})]
    world.wires["invoiced"].before = lambda request: refusals.pop() if request.method == "PATCH" and refusals else None
    assert [write.operation for write in world.run().writes] == ["update"]
    assert _link(world).state is State.LINKED


def test_a_record_that_comes_back_meets_its_counterpart_anew(minimal: Any, acme: dict[str, Any]) -> None:
    minimal.erp.create("customers", **acme)
    minimal.run()
    backup = minimal.erp.emulator.snapshot()
    collection = minimal.erp.emulator._state.collections["customers"]
    collection.remove(collection.get("CU000001"))
    minimal.run()
    assert (_link(minimal).state, _link(minimal).deleted) == (State.TOMBSTONED, "customerp")
    minimal.erp.emulator.restore(backup)
    minimal.run()
    link = _link(minimal)
    assert (link.state, link.generation, link.deleted) == (State.LINKED, 2, None)
    assert len(minimal.inv.list("customers")) == 1
    assert minimal.run().writes == ()


def test_an_old_page_brings_nobody_back_to_life(world: Any, acme: dict[str, Any]) -> None:
    raw = world.erp.create("customers", **acme)
    world.run()
    world.erp.delete("customers", "CU000001")
    began = world.open().clock.monotonic()
    world.run()
    assert _link(world).state is State.TOMBSTONED
    engine, session = world.open(), int(world.store.cursor("session"))
    with world.store.transaction():
        walk = Walk(world.store, engine.clock, session, None)
        walk.take(COMPANY, engine.customerp, raw, Interval(session, began, began + 1))
    assert _link(world).state is State.TOMBSTONED


def test_deletes_that_turn_up_while_records_are_written_wait_for_what_else_was_deleted(told: Any) -> None:
    """Eleven are deleted after the run has read what was; the changes of two of them tell, and only of those two."""
    for number in range(12):
        told.erp.create("customers", number=f"C-{number}", name="Someone")
    told.run()
    for there in told.inv.list("customers")[:2]:
        told.inv.change("customers", there["id"], active=False)  # no edit that a delete is weighed against

    def delete_most(request: httpx.Request) -> None:
        if request.method == "PATCH":
            told.wires["customerp"].before = lambda request: None
            for number in range(11):
                told.erp.delete("customers", f"CU{number + 1:06}")

    told.wires["customerp"].before = delete_most
    report = told.run()
    assert (report.writes, [notice.reason for notice in report.notices]) == (
        (),
        ["deleted in Customerp; the other side is told in the next run, which first reads what else was deleted"] * 2,
    )
    report = told.run()
    assert (report.writes, [notice.reason for notice in report.notices if notice.key == "*"]) == (
        (),
        ["11 deletes are pending; that many wait for a person to allow them"],
    )


def test_what_was_deactivated_is_active_again_when_its_record_comes_back(minimal: Any, acme: dict[str, Any]) -> None:
    """A person edits the counterpart just after it was deactivated, so that the delete waits for a decision."""
    minimal.flows = DEACTIVATE
    minimal.erp.create("customers", **acme)
    minimal.run()
    [there] = minimal.inv.list("customers")
    backup = minimal.erp.emulator.snapshot()
    collection = minimal.erp.emulator._state.collections["customers"]
    collection.remove(collection.get("CU000001"))

    def edit(request: httpx.Request) -> None:
        if request.method == "PATCH":
            minimal.inv.change("customers", there["id"], phone="1")

    minimal.wires["invoiced"].after = edit
    assert [write.fields for write in minimal.run().writes] == [{"active": (True, False)}]
    assert (_link(minimal).state, _link(minimal).shadow["active"]) == (State.CONFLICTED, (False, False))

    minimal.wires["invoiced"].after = lambda request: None
    minimal.erp.emulator.restore(backup)
    minimal.run()
    again = minimal.inv.read("customers", there["id"])
    assert (again["active"], again["phone"]) == (True, "1")
    assert minimal.erp.read("customers", "CU000001")["phone"] == "1"
    assert minimal.run().writes == ()
