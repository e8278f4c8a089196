"""Customers, end to end against both emulators."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from sync import Conflict, Notice, State, Store, Write, invoiced

FLOW = "customer-company"


def test_every_customer_gets_one_counterpart_and_rest_follows(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    report = world.run()

    assert report.writes == (
        Write(FLOW, "invoiced", "create", "Customer", "C-1", {
            "number": (None, "C-1"), "name": (None, "Acme AS"), "email": (None, "post@acme.example"),
            "phone": (None, "+47 22 00 00 00"), "address1": (None, "Storgata 1"), "city": (None, "Oslo"),
            "postal_code": (None, "0155"), "country": (None, "NO"), "tax_id": (None, "999888777"),
            "currency": (None, "nok"), "payment_terms": (None, "NET 30"), "active": (None, True),
        }),
    )  # fmt: skip
    [made] = world.inv.list("customers")
    assert (made["type"], made["metadata"], made["currency"]) == ("company", {"erp_id": "CU000001"}, "nok")
    assert world.run().writes == ()
    world.restart()
    assert world.run().writes == ()


def test_a_plan_writes_nothing_and_equals_the_run(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    world.erp.change("customers", "CU000001", name="Acme Two")
    world.erp.create("customers", number="C-2", name="Second")
    plan = world.plan()
    assert world.written() == []
    assert [write.operation for write in plan.writes] == ["update", "create"]
    assert world.plan() == plan
    assert world.run().writes == plan.writes


def test_more_records_than_one_page(world: Any) -> None:
    for number in range(205):
        world.erp.create("customers", number=f"C-{number:03}", name=f"Customer {number}")
    world.run()
    assert len({c["number"] for p in "123" for c in world.inv.list("customers", page=p)}) == 205
    assert world.run().writes == ()

    world.restart(lambda path: Store.open(path.with_name("new.sqlite"), durable=False))
    world.run()
    assert world.written() == []


def test_an_edit_that_others_move_behind_the_last_page_is_read(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invoiced, "_PAGE", 2)
    for number in range(5):
        world.erp.create("customers", number=f"C-{number}", name="Acme AS")
    world.run()
    world.run()  # behind what was created
    ids = [customer["id"] for customer in world.inv.list("customers")]
    for id_ in (ids[0], ids[1], ids[4]):
        world.inv.change("customers", id_, phone="1")

    def edit_more(request: httpx.Request) -> None:
        if request.url.path == "/customers" and request.url.params.get("page") == "2":
            world.wires["invoiced"].before = lambda request: None
            for id_ in ids[2:4]:
                world.inv.change("customers", id_, phone="2")

    world.wires["invoiced"].before = edit_more
    world.run()
    assert [customer["phone"] for customer in world.erp.list("customers")] == ["1", "1", "2", "2", "1"]


def test_different_properties_edited_on_both_sides_both_travel(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [there] = world.inv.list("customers")
    world.erp.change("customers", "CU000001", name="Æsop & Søn 株式会社", phone=None)
    world.inv.change("customers", there["id"], city="Bergen", payment_terms="NET 14")
    plan = world.plan()
    assert world.written() == []
    report = world.run()
    assert report.writes == plan.writes

    assert [(write.system, dict(write.fields)) for write in report.writes] == [
        ("invoiced", {"name": ("Acme AS", "Æsop & Søn 株式会社"), "phone": ("+47 22 00 00 00", None)}),
        ("customerp", {"address.city": ("Oslo", "Bergen"), "paymentTermsDays": (30, 14)}),
    ]
    assert world.written() == [
        ("PATCH", f"invoiced/customers/{there['id']}"),
        ("PATCH", "customerp/customers/CU000001"),
    ]
    assert world.run().writes == ()


def test_the_later_of_two_edits_of_a_contact_wins_and_is_shown(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [there] = world.inv.list("customers")
    world.erp.change("customers", "CU000001", phone="1", organisationNumber="111")
    world.clock.advance(10)
    world.inv.change("customers", there["id"], phone="2", tax_id="222")
    report = world.run()

    assert tuple(replace(conflict, stamps=(None, None)) for conflict in report.conflicts) == (
        Conflict(FLOW, "C-1", "phone", ("+47 22 00 00 00", "+47 22 00 00 00"), "1", "2", "invoiced", "latest"),
        Conflict(FLOW, "C-1", "organisationNumber", ("999888777", "999888777"), "111", "222", "customerp", "erp"),
    )
    assert world.erp.read("customers", "CU000001")["phone"] == "2"
    assert world.inv.read("customers", there["id"])["tax_id"] == "111"
    assert world.run().writes == ()


def test_a_record_with_the_same_number_is_linked_instead_of_copied(world: Any, acme: dict[str, Any]) -> None:
    there = world.inv.create("customers", number="c-1", name="Acme", phone="7", notes="ours", country="NO")
    world.erp.create("customers", **{**acme, "phone": None})
    world.inv.create("customers", name="Only in Invoiced")
    world.run()

    assert [c["name"] for c in world.inv.list("customers")] == ["Acme AS", "Only in Invoiced"]
    assert world.inv.read("customers", there["id"])["number"] == "C-1"
    assert world.erp.read("customers", "CU000001")["phone"] == "7"
    assert world.open().status().only_in_invoiced[FLOW] == 1
    assert world.run().writes == ()


def test_two_candidates_are_left_to_a_person(world: Any) -> None:
    world.erp.create("customers", number="a-1", name="Small")
    world.erp.create("customers", number="A-1", name="Large")
    report = world.run()
    assert report.writes == ()
    assert {(n.kind, n.reason) for n in report.notices} == {
        ("ambiguous", "CU000001, CU000002 of Customerp share the number a-1")
    }


def test_a_number_taken_by_a_person_is_reported_and_others_go_on(world: Any) -> None:
    world.inv.create("customers", number="C-1", name="Ola", type="person")
    world.erp.create("customers", number="C-1", name="Acme")
    world.erp.create("customers", number="C-2", name="Other")
    report = world.run()
    assert [write.key for write in report.writes] == ["C-2"]
    assert [(n.key, n.kind) for n in report.notices if n.field is None] == [("C-1", "needs_attention")]
    assert world.run().writes == ()


def test_a_country_left_empty_stays_empty_and_says_why(world: Any) -> None:
    world.erp.create("customers", number="C-1", name="Acme")
    report = world.run()
    reason = "Invoiced fills an empty country with the account's own"
    assert report.notices == (Notice(FLOW, "C-1", "address.country", "divergence", reason),)
    assert world.erp.read("customers", "CU000001")["address"]["country"] is None
    assert world.run().writes == ()


def test_terms_without_a_day_count_are_reported_and_left_alone(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [there] = world.inv.list("customers")
    world.inv.change("customers", there["id"], payment_terms="Due on receipt")
    report = world.run()
    assert report.writes == ()
    assert [(n.field, n.kind) for n in report.notices] == [("paymentTermsDays", "unmappable")]
    assert world.erp.read("customers", "CU000001")["paymentTermsDays"] == 30


def test_deleting_deletes_nothing_and_nothing_comes_back(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    world.erp.delete("customers", "CU000001")
    [notice] = world.run().notices
    assert notice.reason == "deleted in Customerp; the Customer in Invoiced is left alone"
    [there] = world.inv.list("customers")
    world.inv.change("customers", there["id"], name="Edited")
    assert world.run().writes == ()
    assert world.erp.list("customers") == []

    world.erp.create("customers", **acme)
    world.run()
    assert [c["name"] for c in world.inv.list("customers")] == ["Acme AS"]


def test_a_customer_deleted_in_invoiced_is_not_created_again(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    world.inv.delete("customers", world.inv.list("customers")[0]["id"])
    world.erp.change("customers", "CU000001", name="Edited")
    report = world.run()
    assert [notice.reason for notice in report.notices] == [
        "deleted in Invoiced; the Customer in Customerp is left alone"
    ]
    assert report.writes == ()
    assert world.inv.list("customers") == []
    assert world.store.by_remote(FLOW, "customerp", "CU000001").state is State.TOMBSTONED


def test_a_touch_is_no_edit(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [there] = world.inv.list("customers")
    world.inv.change("customers", there["id"], notes="not mapped")
    assert world.run().writes == ()


def test_an_edit_in_the_second_of_the_last_walk_is_seen(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [there] = world.inv.list("customers")
    # In the very second in which the walk began, right after it had read the page.
    done: list[str] = []

    def edit(request: Any) -> None:
        if request.url.path == "/customers" and not done:
            done.append("edit")
            world.inv.change("customers", there["id"], name="At once")

    world.wires["invoiced"].after = edit
    world.run()
    world.run()
    assert world.erp.read("customers", "CU000001")["name"] == "At once"


def test_an_edit_just_before_our_write_is_not_overwritten(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [there] = world.inv.list("customers")
    world.inv.change("customers", there["id"], tax_id="222")
    edited: list[str] = []

    def edit(request: Any) -> None:
        if request.method == "PATCH" and not edited:
            edited.append("edit")
            world.erp.change("customers", "CU000001", organisationNumber="111")

    world.wires["customerp"].before = edit
    [conflict] = world.run().conflicts
    assert (conflict.customerp, conflict.invoiced, conflict.winner) == ("111", "222", "customerp")
    assert world.inv.read("customers", there["id"])["tax_id"] == "111"
    assert world.run().writes == ()


def test_an_address_is_one_value(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [there] = world.inv.list("customers")
    world.erp.change("customers", "CU000001", address={"line1": "Torget 2"})
    world.clock.advance(10)
    world.inv.change("customers", there["id"], city="Bergen")
    report = world.run()
    assert [(c.field, c.winner) for c in report.conflicts] == [
        ("address.line1", "invoiced"),
        ("address.city", "invoiced"),
    ]
    address = world.erp.read("customers", "CU000001")["address"]
    assert (address["line1"], address["city"]) == ("Storgata 1", "Bergen")


def test_sixteen_calls_in_flight_come_to_the_same_end(world: Any) -> None:
    world.in_flight = 16
    for number in range(30):
        world.erp.create("customers", number=f"C-{number:03}", name=f"Customer {number}")
    world.run()
    assert len(world.inv.list("customers")) == 30
    assert world.run().writes == ()


def test_a_record_last_seen_a_while_ago_is_read_again_before_it_is_written(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [there] = world.inv.list("customers")
    world.erp.change("customers", "CU000001", organisationNumber="111")

    def pause(request: Any) -> None:
        if request.url.path == "/invoices":
            world.clock.advance(10)
            world.inv.change("customers", there["id"], tax_id="222")

    world.wires["invoiced"].after = pause
    [conflict] = world.run().conflicts
    assert (conflict.field, conflict.customerp, conflict.invoiced) == ("organisationNumber", "111", "222")


def test_a_plan_writes_nothing_to_a_record_that_is_gone(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    world.inv.delete("customers", world.inv.list("customers")[0]["id"])
    world.erp.change("customers", "CU000001", phone="1")
    plan, report = world.plan(), world.run()
    assert (plan.writes, report.writes) == ((), ())
    assert [(notice.key, notice.kind) for notice in plan.notices] == [("C-1", "divergence")]
    assert plan.notices == report.notices
