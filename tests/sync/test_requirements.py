"""Requirements of users that no other test shows by itself; docs/requirements.md has them all."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import Any

import httpx
import pytest

from sync import AccountRefused, State, load_flows


def _on(method: str, path: str, answer: httpx.Response) -> Any:
    return lambda request: answer if (request.method, request.url.path) == (method, path) else None


def test_a_record_that_is_deleted_before_it_was_sent_is_not_created(world: Any, acme: dict[str, Any]) -> None:
    world.run()
    world.erp.create("customers", **acme)
    world.erp.delete("customers", "CU000001")
    assert (world.run().writes, world.inv.list("customers")) == ((), [])

    world.erp.create("customers", **acme)
    world.wires["invoiced"].before = _on("POST", "/customers", httpx.Response(500, json={"message": "oops"}))
    world.run()
    world.erp.delete("customers", "CU000002")
    world.wires["invoiced"].before = lambda request: None
    world.clock.advance(900)
    assert (world.run().writes, world.inv.list("customers")) == ((), [])


def test_after_a_restore_of_the_memory_nothing_is_created_twice(world: Any, acme: dict[str, Any]) -> None:
    world.run()
    world.store.close()
    backup = world.path.with_suffix(".backup")
    shutil.copy(world.path, backup)
    world.restart()
    world.erp.create("customers", **acme)
    world.run()
    world.store.close()
    shutil.copy(backup, world.path)
    world.restart()
    assert {write.operation for write in world.run().writes} <= {"update"}
    assert len(world.inv.list("customers")) == 1
    assert world.run().writes == ()


def test_an_answer_without_a_key_is_told_and_not_taken_for_a_link(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.wires["invoiced"].before = _on("POST", "/customers", httpx.Response(201, json={"name": "Acme AS"}))
    report = world.run()
    assert report.writes == ()
    assert [(n.kind, n.reason) for n in report.notices] == [
        ("needs_attention", "it shows what cannot be read: a record without an id")
    ]
    assert not world.store.by_remote("customer-company", "customerp", "CU000001").linked


def test_two_records_without_a_match_key_stay_apart(world: Any, acme: dict[str, Any]) -> None:
    nameless = {"id": 9, "object": "customer", "type": "company", "number": None, "name": "Acme AS", "metadata": {}}
    there = [*world.inv.list("customers"), nameless]
    world.wires["invoiced"].before = _on("GET", "/customers", httpx.Response(200, json=there))
    world.erp.create("customers", **acme)
    assert [write.operation for write in world.run().writes] == ["create"]
    assert world.store.by_remote("customer-company", "invoiced", "9").erp_id is None


def test_a_link_lasts_when_the_match_key_changes(world: Any, acme: dict[str, Any]) -> None:
    world.inv.create("customers", number="C-1", name="Acme AS", type="company")
    world.erp.create("customers", **acme)
    world.run()
    [there] = world.inv.list("customers")
    world.inv.change("customers", there["id"], number="C-77", phone="1")
    world.run()
    assert (world.erp.list("customers")[0]["number"], world.erp.list("customers")[0]["phone"]) == ("C-77", "1")
    assert len(world.inv.list("customers")) == 1
    assert world.run().writes == ()


@pytest.mark.parametrize(("on_clear", "phone"), [("travel", None), ("keep", "+47 22 00 00 00")])
def test_clearing_travels_or_stays_as_the_flow_says(
    world: Any, acme: dict[str, Any], on_clear: Any, phone: str | None
) -> None:
    world.flows = tuple(
        replace(flow, pairs=tuple(replace(pair, on_clear=on_clear) for pair in flow.pairs)) for flow in load_flows()
    )
    world.erp.create("customers", **acme)
    world.run()
    world.erp.change("customers", "CU000001", phone=None)
    world.run()
    assert world.inv.list("customers")[0]["phone"] == phone
    assert world.run().writes == ()


def test_a_page_of_changes_that_leaves_a_record_out_deletes_nothing(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    world.erp.create("customers", number="C-2", name="Zwei")
    world.wires["customerp"].before = _on(
        "GET", "/changes", httpx.Response(200, json={"changes": [], "next": 1, "more": False})
    )
    world.wires["invoiced"].before = _on("GET", "/customers", httpx.Response(200, json=[]))
    assert (world.run().writes, world.run().notices) == ((), ())
    assert world.store.by_remote("customer-company", "customerp", "CU000001").state is State.LINKED


def test_nothing_is_written_before_both_sides_are_read(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    for number in range(150):
        world.inv.create("customers", number=f"X-{number}", name="Someone", type="company")
    world.inv.create("customers", number="C-1", name="On the second page", type="company")
    world.in_flight = 16
    world.run()
    methods = [method for method, _ in world.calls]
    first_write = next(n for n, method in enumerate(methods) if method != "GET")
    lists = [n for n, (_, path) in enumerate(world.calls) if "page=" in path or path.endswith("limit=100")]
    assert max(lists) < first_write
    assert len(world.inv.list("customers", per_page="100", page="2")) == 51


def test_after_credentials_were_refused_nothing_is_missing_or_doubled(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    world.wires["invoiced"].before = lambda request: httpx.Response(401, json={"message": "no"})
    world.erp.change("customers", "CU000001", phone="1")
    world.erp.create("customers", number="C-2", name="Zwei")
    with pytest.raises(AccountRefused):
        world.run()
    world.wires["invoiced"].before = lambda request: None
    assert {write.key for write in world.run().writes} == {"C-1", "C-2"}
    assert [customer["phone"] for customer in world.inv.list("customers")] == ["1", None]
    assert world.run().writes == ()
