"""What nobody knows for certain of Invoiced is a switch of its emulator: the sync holds in each of its positions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import httpx
import pytest

from counterpart.emulators import Request, Switches

POSITIONS = [
    (name, position)
    for name, kind in get_type_hints(Switches, include_extras=True).items()
    for position in get_args(kind)
]
PARTY = "Party \N{PARTY POPPER} AS"


@pytest.fixture(params=POSITIONS, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def switched(request: pytest.FixtureRequest, world: Any, tmp_path: Path) -> Iterator[Any]:
    """A world in which one fact is in one of its positions; there is a test for each."""
    folder = tmp_path / "switched"
    folder.mkdir()
    name, position = request.param
    built = type(world)(folder, switches=replace(Switches(), **{name: position}))
    yield built
    built.store.close()


@pytest.fixture
def stocked(switched: Any, acme: dict[str, Any]) -> Any:
    """A customer, a product and an order of it, linked and at rest."""
    customer = switched.erp.create("customers", **acme)
    product = switched.erp.create("products", sku="CABLE", name="Cable", unitPrice="10", currency="NOK")
    switched.erp.create(
        "orders", number="O-1", customerId=customer["id"], currency="NOK", orderDate="2026-03-01", dueDate="2026-03-20",
        status="confirmed", lines=[{"productId": product["id"], "quantity": "2", "unitPrice": "10"}],
    )  # fmt: skip
    assert len(switched.run().writes) == 3
    return switched


def everything(side: Any, *collections: str) -> list[Any]:
    """All records of a system, without what moves by being looked at."""
    return [side.list(collection) for collection in collections]


def settles(world: Any) -> None:
    """Another run writes nothing, and neither side has changed."""
    before = everything(world.erp, "customers", "products", "orders")
    report = world.run()
    assert (report.writes, world.written()) == ((), [])
    assert everything(world.erp, "customers", "products", "orders") == before


def test_there_are_two_positions_of_each_fact() -> None:
    assert len(POSITIONS) == 2 * len(get_type_hints(Switches))


def test_edits_of_each_record_arrive_from_either_side(stocked: Any) -> None:
    stocked.inv.change("items", "CABLE", name="Cable, red")
    stocked.inv.change("invoices", 880001, notes="Call first")
    stocked.erp.change("customers", "CU000001", phone="1")
    stocked.run()
    assert [row["name"] for row in stocked.erp.list("products")] == ["Cable, red"]
    assert [row["notes"] for row in stocked.erp.list("orders")] == ["Call first"]
    assert [row["phone"] for row in stocked.inv.list("customers")] == ["1"]
    settles(stocked)


def test_a_new_date_leaves_the_due_date_that_was_given(stocked: Any) -> None:
    due = stocked.inv.read("invoices", 880001)["due_date"]
    stocked.erp.change("orders", "OR000001", orderDate="2026-03-03")
    stocked.run()
    invoice = stocked.inv.read("invoices", 880001)
    assert (invoice["date"], invoice["due_date"]) == (1772496000, due)
    assert stocked.erp.read("orders", "OR000001")["dueDate"] == "2026-03-20"
    settles(stocked)


def test_what_invoiced_cuts_or_replaces_does_not_come_back(stocked: Any) -> None:
    category = "c" * 60  # ten more than the column of an item's type holds
    stocked.erp.change("products", "PR000001", category=category)
    stocked.erp.change("customers", "CU000001", name=PARTY)
    stocked.erp.create("products", sku="POPPER", name=PARTY, unitPrice="1", currency="NOK", category=category)
    stocked.run()
    settles(stocked)
    assert stocked.erp.read("customers", "CU000001")["name"] == PARTY
    assert [(row["name"], row["category"]) for row in stocked.erp.list("products")] == [
        ("Cable", category), (PARTY, category),
    ]  # fmt: skip


def test_what_was_cut_does_not_come_back_when_the_answer_was_lost_either(stocked: Any) -> None:
    category = "c" * 60
    lost: list[str] = []

    def lose(request: httpx.Request) -> None:
        if request.method in ("POST", "PATCH") and request.method not in lost:
            lost.append(request.method)
            raise httpx.ReadTimeout("lost", request=request)

    stocked.wires["invoiced"].after = lose
    stocked.erp.change("products", "PR000001", category=category)
    stocked.erp.create("products", sku="POPPER", name=PARTY, unitPrice="1", currency="NOK", category=category)
    stocked.run()
    assert sorted(lost) == ["PATCH", "POST"]
    settles(stocked)
    assert [row["category"] for row in stocked.erp.list("products")] == [category, category]
    assert stocked.erp.read("products", "PR000002")["name"] == PARTY


@pytest.mark.parametrize("lost_for", [None, 1, 90_000], ids=["answered", "answer lost", "lost for more than a day"])
def test_what_is_replaced_in_a_line_does_not_come_back(stocked: Any, lost_for: int | None) -> None:
    line = {"productId": "PR000001", "description": PARTY, "quantity": "1", "unitPrice": "3"}
    asked: list[str] = []

    def lose(request: httpx.Request) -> None:
        if lost_for and request.method in ("POST", "PATCH") and request.method not in asked:
            asked.append(request.method)
            stocked.clock.advance(lost_for)  # a day later nobody can tell any more what was answered
            raise httpx.ReadTimeout("lost", request=request)

    stocked.wires["invoiced"].after = lose
    order = stocked.erp.read("orders", "OR000001")
    stocked.erp.change("orders", "OR000001", lines=[order["lines"][0] | {"description": PARTY}, line])
    stocked.erp.create(
        "orders", number="O-2", customerId="CU000001", currency="NOK", orderDate="2026-03-01", dueDate="2026-03-20",
        status="confirmed", lines=[line],
    )  # fmt: skip
    stocked.run()
    assert sorted(asked) == (["PATCH", "POST"] if lost_for else [])
    settles(stocked)
    assert [[line["description"] for line in each["lines"]] for each in stocked.erp.list("orders")] == [
        [PARTY, PARTY], [PARTY],
    ]  # fmt: skip


def test_a_later_edit_of_what_was_cut_still_arrives(stocked: Any) -> None:
    stocked.erp.change("products", "PR000001", category="c" * 60)
    stocked.run()
    stocked.inv.change("items", "CABLE", type="Wire")
    stocked.run()
    assert stocked.erp.read("products", "PR000001")["category"] == "Wire"
    settles(stocked)


def test_a_customer_merged_away_in_invoiced_takes_nothing_with_it(stocked: Any) -> None:
    other = stocked.inv.create("customers", name="Acme again", number="C-9")
    stocked.inv.call("POST", f"/customers/{other['id']}/merge", {"customer": 70001})
    stocked.run()
    assert [row["number"] for row in stocked.erp.list("customers")] == ["C-1"]
    assert stocked.erp.read("orders", "OR000001")["customerId"] == "CU000001"
    settles(stocked)


def test_clearing_sends_nothing_that_typed_code_would_break_on(stocked: Any) -> None:
    stocked.erp.change("orders", "OR000001", dueDate=None, notes=None, lines=[])
    stocked.erp.change("customers", "CU000001", currency=None, paymentTermsDays=None, address=None)
    report = stocked.run()
    assert [notice.reason for notice in report.notices if notice.kind in ("needs_attention", "unwritable")] == []
    assert [(row["due_date"], row["items"]) for row in stocked.inv.list("invoices")] == [(None, [])]
    settles(stocked)


def test_a_record_that_another_process_is_changing_is_written_later(world: Any, acme: dict[str, Any]) -> None:
    customer = world.erp.create("customers", **acme)
    world.run()
    emulator = world.inv.emulator
    theirs = Request("PATCH", "/customers/70001", "", {"authorization": emulator.authorization}, b"")

    def begin_theirs(request: Any) -> None:
        if request.method == "PATCH":
            emulator.enter(theirs)

    world.wires["invoiced"].before = begin_theirs
    world.erp.change("customers", customer["id"], phone="1")
    report = world.run()
    assert [notice.reason.rpartition(": ")[2] for notice in report.notices] == [
        "This customer is currently being updated by another process. Please try again later."
    ]
    assert report.writes == ()
    world.wires["invoiced"].before = lambda request: None
    emulator.leave(theirs)
    assert [write.operation for write in world.run().writes] == ["update"]
    assert world.inv.read("customers", 70001)["phone"] == "1"
