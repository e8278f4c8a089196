"""Customers that were merged in Invoiced: two records of Customerp would share a counterpart, so a person decides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from sync import Engine, State, load_flows
from sync.decisions import choose, resolve
from sync.history import Decided
from sync.invariants import violations
from sync.invoiced_records import merged_by
from sync.resolving import LinkedRecords

FLOWS = load_flows()
COMPANY = next(flow for flow in FLOWS if flow.id == "customer-company")
KARI = Decided("Kari Nordmann", datetime(2026, 3, 1, 9, tzinfo=UTC))
LINE = {"quantity": "1", "unitPrice": "10"}
MERGED = (
    "merged into 70002 in Invoiced; whether the Customer in Customerp stays by itself is to be decided",
    "ambiguous",
)


@pytest.fixture
def merged(world: Any, acme: dict[str, Any]) -> Any:
    """CU000001 with an order and CU000002, whose counterparts 70001 and 70002 were merged into 70002."""
    world.erp.create("customers", **acme)
    world.erp.create("customers", number="C-2", name="Survivor")
    _order(world, "O-1")
    world.run()
    world.inv.call("POST", "/customers/70002/merge", {"customer": 70001})
    return world


def _order(world: Any, number: str) -> None:
    world.erp.create(
        "orders", number=number, customerId="CU000001", currency="NOK", orderDate="2026-03-01", lines=[LINE]
    )


def _scan(world: Any) -> Any:
    world.clock.advance(60)
    return asyncio.run(world._with_engine(lambda engine: Engine.run(engine, complete=True)))


def _link(world: Any, id_: str = "CU000001") -> Any:
    return world.store.by_remote("customer-company", "customerp", id_)


def _answering(path: str, answer: httpx.Response) -> Callable[[httpx.Request], httpx.Response | None]:
    return lambda request: answer if request.url.path.endswith(path) else None


def _told(report: Any) -> list[tuple[str, str]]:
    return [(notice.reason, notice.kind) for notice in report.notices if notice.flow == "customer-company"]


def test_what_was_merged_waits_for_a_person_and_is_never_linked_anew(merged: Any) -> None:
    report = _scan(merged)
    assert (report.writes, _told(report)) == ((), [MERGED])
    [conflict] = report.conflicts
    assert (conflict.key, conflict.field, conflict.customerp, conflict.invoiced, conflict.winner) == (
        "C-1",
        "merged",
        "kept",
        "merged into 70002",
        None,
    )
    assert (_link(merged).state, _link(merged).inv_id) == (State.AMBIGUOUS, "70001")
    assert _link(merged, "CU000002").inv_id == "70002"
    assert merged.inv.list("invoices")[0]["customer"] == 70002
    merged.erp.change("customers", "CU000001", name="Edited meanwhile")
    assert (merged.run().writes, _scan(merged).writes, _link(merged).state) == ((), (), State.AMBIGUOUS)
    flows = {flow.id: flow for flow in FLOWS}
    assert list(violations(merged.store.links(), flows, LinkedRecords(merged.store))) == []


def test_a_change_of_what_was_merged_asks_first_too(merged: Any) -> None:
    """No list has shown that it is gone; the refused change is what tells."""
    merged.erp.change("customers", "CU000001", name="Edited meanwhile")
    report = merged.run()
    assert (report.writes, _told(report)) == ((), [MERGED])


def test_a_new_order_waits_until_its_customer_has_a_counterpart_again(merged: Any) -> None:
    _scan(merged)
    _order(merged, "O-2")
    report = merged.run()
    assert (report.writes, [notice.kind for notice in report.notices if notice.key == "O-2"]) == ((), ["waiting"])
    resolve(merged.store, _link(merged).id, "merged", "customerp", KARI)
    report = merged.run()
    assert [(write.system, write.record_type, write.operation) for write in report.writes] == [
        ("invoiced", "Customer", "create"),
        ("invoiced", "Invoice", "create"),
    ]
    assert [row["customer"] for row in merged.inv.list("invoices")] == [70002, int(_link(merged).inv_id)]
    assert (_link(merged).state, _link(merged).generation) == (State.LINKED, 2)
    assert (merged.run().writes, _scan(merged).writes) == ((), ())


@pytest.mark.parametrize(
    ("on_delete", "active", "fate"), [("keep", True, "left alone"), ("deactivate", False, "deactivated")]
)
def test_a_merge_that_a_person_accepts_counts_as_a_delete(merged: Any, on_delete: Any, active: bool, fate: str) -> None:
    merged.flows = tuple(replace(flow, on_delete=on_delete) for flow in FLOWS)
    _scan(merged)
    resolve(merged.store, _link(merged).id, "merged", "invoiced", KARI)
    assert (f"merged into 70002 in Invoiced; the Customer in Customerp is {fate}", "divergence") in _told(merged.run())
    assert merged.erp.read("customers", "CU000001")["active"] is active
    assert (_link(merged).state, merged.run().writes) == (State.TOMBSTONED, ())


def test_a_person_may_link_with_the_survivor_where_nobody_else_is(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    survivor = world.inv.create("customers", name="Acme, entered twice", number="X-9")
    world.inv.call("POST", f"/customers/{survivor['id']}/merge", {"customer": 70001})
    _scan(world)
    choose(world.store, COMPANY, _link(world).id, str(survivor["id"]), KARI)
    assert [(write.operation, write.key) for write in world.run().writes] == [("update", "C-1")]
    assert (_link(world).inv_id, _link(world).state) == (str(survivor["id"]), State.LINKED)
    assert world.store.by_remote("customer-company", "invoiced", "70001").state is State.TOMBSTONED
    assert (world.run().writes, _scan(world).writes) == ((), ())


def test_a_merge_is_found_behind_a_hundred_later_ones(merged: Any) -> None:
    for number in range(101):
        extra = merged.inv.create("customers", name="Entered twice", number=f"X-{number}")
        merged.inv.call("POST", "/customers/70002/merge", {"customer": extra["id"]})
    _scan(merged)
    assert _link(merged).state is State.AMBIGUOUS
    pages = [path for _, path in merged.calls if "customer.merged" in path]
    assert len(pages) == 2


def test_a_merge_whose_event_was_lost_looks_like_a_delete(merged: Any) -> None:
    merged.wires["invoiced"].before = _answering("/events", httpx.Response(200, json=[]))
    assert ("deleted in Invoiced; the Customer in Customerp is left alone", "divergence") in _told(_scan(merged))
    assert _link(merged).state is State.TOMBSTONED


@pytest.mark.parametrize(
    ("event", "survivor"),
    [
        ({"data": {"object": {"id": 2, "original_customer": {"id": 1}}}}, "2"),
        ({"data": {"object": {"id": 3, "original_customer": {"id": 2}}}}, None),
        ({"data": {"object": {}}}, None),  # Invoiced has lost what the event held
        ({"data": None}, None),
        (None, None),
    ],
)
def test_only_an_event_that_names_the_missing_customer_tells_of_its_merge(event: Any, survivor: str | None) -> None:
    assert merged_by(event, "1") == survivor


def test_where_the_events_cannot_be_had_nothing_is_decided(merged: Any) -> None:
    merged.wires["invoiced"].before = _answering("/events", httpx.Response(500, json={}))
    _scan(merged)
    assert _link(merged).state is State.LINKED
    merged.wires["invoiced"].before = lambda request: None
    _scan(merged)
    assert _link(merged).state is State.AMBIGUOUS
