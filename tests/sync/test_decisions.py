"""What waits for a person, and what becomes of the person's decision in the next run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from sync import Conflict, State
from sync.decisions import choose, rearm, resolve
from sync.errors import NothingToDecide
from sync.flow import load_flows
from sync.history import Decided

KARI = Decided("Kari Nordmann", datetime(2026, 3, 1, 9, tzinfo=UTC), "asked the customer")
COMPANY = next(flow for flow in load_flows() if flow.id == "customer-company")


@pytest.fixture
def disputed(world: Any, acme: dict[str, Any]) -> Any:
    """An issued order whose notes and first line were edited on both sides."""
    customer = world.erp.create("customers", **acme)
    order = world.erp.create(
        "orders",
        number="O-1",
        customerId=customer["id"],
        currency="NOK",
        orderDate="2026-03-01",
        status="confirmed",
        lines=[{"quantity": "1", "unitPrice": "10"}],
    )
    world.run()
    [invoice] = world.inv.list("invoices")
    line = invoice["items"][0]["id"]
    world.erp.change("orders", order["id"], notes="A", lines=[{"id": "L1", "quantity": "2"}])
    world.clock.advance(5)
    world.inv.change("invoices", invoice["id"], notes="B", items=[{"id": line, "quantity": 3, "unit_cost": 10}])
    world.run()
    return world


def _link(world: Any, flow: str, erp_id: str) -> Any:
    return world.store.by_remote(flow, "customerp", erp_id)


def test_a_conflict_keeps_base_both_values_and_both_stamps(disputed: Any) -> None:
    notes, quantity = _link(disputed, "order-invoice", "OR000001").conflicts
    assert notes == Conflict(
        "order-invoice", "O-1", "notes", (None, None), "A", "B", None, "manual", (1772352060.2, 1772352065.0)
    )
    assert (quantity.field, quantity.base, quantity.customerp, quantity.invoiced) == (
        "lines[1].quantity",
        ("1", "1"),
        "2",
        "3",
    )


@pytest.mark.parametrize(("winner", "notes", "quantity"), [("customerp", "A", "2"), ("invoiced", "B", "3")])
def test_the_next_run_carries_out_what_was_decided(disputed: Any, winner: Any, notes: str, quantity: str) -> None:
    link = _link(disputed, "order-invoice", "OR000001")
    for conflict in link.conflicts:
        assert resolve(disputed.store, link.id, conflict.field, winner, KARI).winner == winner
    disputed.restart()
    report = disputed.run()
    assert {(c.field, c.winner, c.policy) for c in report.conflicts} == {
        ("notes", winner, "a person"),
        ("lines[1].quantity", winner, "a person"),
    }
    order, [invoice] = disputed.erp.read("orders", "OR000001"), disputed.inv.list("invoices")
    assert (order["notes"], invoice["notes"]) == (notes, notes)
    assert (order["lines"][0]["quantity"], str(invoice["items"][0]["quantity"])) == (quantity, quantity)
    settled = _link(disputed, "order-invoice", "OR000001")
    assert (settled.state, settled.conflicts, settled.choices) == (State.LINKED, (), {})
    assert disputed.run().writes == ()


def test_a_decision_is_not_for_values_that_nobody_has_seen(disputed: Any) -> None:
    resolve(disputed.store, _link(disputed, "order-invoice", "OR000001").id, "notes", "customerp", KARI)
    disputed.erp.change("orders", "OR000001", notes="C")
    report = disputed.run()
    assert [(c.field, c.customerp, c.winner) for c in report.conflicts if c.field == "notes"] == [("notes", "C", None)]
    assert disputed.inv.list("invoices")[0]["notes"] == "B"
    assert disputed.erp.read("orders", "OR000001")["notes"] == "C"


def test_what_is_in_no_conflict_cannot_be_resolved(disputed: Any) -> None:
    link = _link(disputed, "order-invoice", "OR000001")
    with pytest.raises(NothingToDecide, match=r"no open conflict in 'number'. Choose from: notes, lines\[1\].quantity"):
        resolve(disputed.store, link.id, "number", "customerp", KARI)


def test_an_ambiguous_record_is_linked_with_the_one_that_was_chosen(world: Any, acme: dict[str, Any]) -> None:
    rival = world.erp.create("customers", number="c-1", name="Acme Holding")
    chosen = world.erp.create("customers", **acme)
    there = world.inv.create("customers", number="C-1", name="Acme")
    world.run()
    link = _link(world, COMPANY.id, chosen["id"])
    assert link.state is State.AMBIGUOUS
    choose(world.store, COMPANY, link.id, str(there["id"]), KARI)
    world.run()
    assert world.inv.read("customers", there["id"])["name"] == "Acme AS"
    assert _link(world, COMPANY.id, chosen["id"]).state is State.LINKED
    assert _link(world, COMPANY.id, rival["id"]).state is State.AMBIGUOUS
    assert len(world.inv.list("customers")) == 1

    other = _link(world, COMPANY.id, rival["id"])
    with pytest.raises(NothingToDecide, match=f"{there['id']} is linked with {chosen['id']} already"):
        choose(world.store, COMPANY, other.id, str(there["id"]), KARI)
    with pytest.raises(NothingToDecide, match="has shown no Customer 999"):
        choose(world.store, COMPANY, other.id, "999", KARI)
    with pytest.raises(NothingToDecide, match="waits for no choice"):
        choose(world.store, COMPANY, link.id, str(there["id"]), KARI)


def test_a_refused_record_is_tried_again_when_a_person_says_so(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.wires["invoiced"].before = lambda request: (
        httpx.Response(400, json={"type": "invalid_request", "message": "Not today", "param": "name"})
        if request.method == "POST"
        else None
    )
    world.run()
    world.wires["invoiced"].before = lambda request: None
    assert world.run().writes == ()
    link = _link(world, COMPANY.id, "CU000001")
    rearm(world.store, COMPANY, link.id, KARI)
    entry = world.store.history()[-1]
    assert (entry.at, entry.by, entry.operation, entry.key) == (
        "2026-03-01T09:00:00+00:00",
        "Kari Nordmann",
        "retry",
        "C-1",
    )
    assert [write.operation for write in world.run().writes] == ["create"]
    with pytest.raises(NothingToDecide, match="is linked"):
        rearm(world.store, COMPANY, link.id, KARI)
