"""An ERP that only lists, reads, creates and changes: all still arrives, and the report says what is not guaranteed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sync import BadAnswer
from sync.guarantees import GUARANTEES, missing


@pytest.fixture
def minimal(world: Any, tmp_path: Path) -> Iterator[Any]:
    folder = tmp_path / "minimal"
    folder.mkdir()
    built = type(world)(folder, "minimal")
    yield built
    built.store.close()


def _order(world: Any, acme: dict[str, Any]) -> dict[str, Any]:
    customer = world.erp.create("customers", **acme)
    line = {"quantity": "2", "unitPrice": "10"}
    order: dict[str, Any] = world.erp.create(
        "orders", number="O-1", customerId=customer["id"], currency="NOK", orderDate="2026-03-01", lines=[line]
    )
    return order


def test_records_and_edits_arrive_on_both_sides_and_the_report_says_what_is_missing(
    minimal: Any, acme: dict[str, Any]
) -> None:
    order = _order(minimal, acme)
    report = minimal.run()
    assert [(write.operation, write.key) for write in report.writes] == [("create", "C-1"), ("create", "O-1")]
    assert report.missing == tuple(GUARANTEES.values())

    [customer] = minimal.inv.list("customers")
    minimal.inv.change("customers", customer["id"], city="Bergen")
    minimal.erp.change("orders", order["id"], notes="Call first")
    assert [(write.system, write.fields) for write in minimal.run().writes] == [
        ("customerp", {"address.city": ("Oslo", "Bergen")}),
        ("invoiced", {"notes": (None, "Call first")}),
    ]
    assert (minimal.run().writes, minimal.written()) == ((), [])


def test_the_full_profile_misses_nothing(world: Any) -> None:
    assert (world.run().missing, world.plan().missing) == ((), ())


def test_only_what_the_erp_does_not_name_is_missing() -> None:
    assert missing(tuple(GUARANTEES)[1:]) == (GUARANTEES["etag"],)


def test_an_erp_that_says_nothing_of_its_parts_has_none(minimal: Any) -> None:
    minimal.wires["customerp"].before = lambda request: (
        httpx.Response(404, json={}) if request.url.path == "/capabilities" else None
    )
    assert minimal.run().missing == tuple(GUARANTEES.values())


def test_an_erp_that_promises_a_change_feed_and_has_none_is_not_believed(world: Any) -> None:
    world.wires["customerp"].before = lambda request: (
        httpx.Response(404, json={}) if request.url.path == "/changes" else None
    )
    with pytest.raises(BadAnswer, match="GET /changes"):
        world.run()


def test_every_counted_page_is_read(minimal: Any) -> None:
    for number in range(101):
        minimal.erp.create("customers", number=f"C-{number}", name="Someone")
    assert len(minimal.run().writes) == 101
    assert ("GET", "customerp/customers?limit=100&page=2") in minimal.calls


def test_a_line_list_is_read_again_before_it_is_replaced(minimal: Any, acme: dict[str, Any]) -> None:
    order = _order(minimal, acme)
    minimal.run()
    [invoice] = minimal.inv.list("invoices")
    minimal.inv.change("invoices", invoice["id"], items=[{"id": invoice["items"][0]["id"], "quantity": 5}])

    def add_a_line(request: httpx.Request) -> None:
        if request.url.path == "/invoices":
            minimal.wires["invoiced"].after = lambda request: None
            lines = [{"id": "L1"}, {"quantity": "1", "unitPrice": "7"}]
            minimal.erp.change("orders", order["id"], lines=lines)

    minimal.wires["invoiced"].after = add_a_line
    minimal.run()
    assert [line["quantity"] for line in minimal.erp.read("orders", order["id"])["lines"]] == ["5", "1"]


def test_a_record_seen_long_ago_is_read_again_before_it_is_changed(minimal: Any, acme: dict[str, Any]) -> None:
    minimal.erp.create("customers", **acme)
    minimal.run()
    [customer] = minimal.inv.list("customers")
    minimal.inv.change("customers", customer["id"], phone="1")

    def edit_and_dawdle(request: httpx.Request) -> None:
        if request.url.path == "/invoices":
            minimal.erp.change("customers", "CU000001", phone="2")
            minimal.clock.advance(6)

    minimal.wires["invoiced"].after = edit_and_dawdle
    report = minimal.run()
    # The later edit wins, instead of being overwritten unseen.
    assert [(conflict.field, conflict.winner) for conflict in report.conflicts] == [("phone", "customerp")]
    assert minimal.inv.read("customers", customer["id"])["phone"] == "2"


def test_a_delete_is_noticed_by_absence_in_any_run(minimal: Any, acme: dict[str, Any]) -> None:
    minimal.erp.create("customers", **acme)
    minimal.run()
    collection = minimal.erp.emulator._state.collections["customers"]
    collection.remove(collection.get("CU000001"))
    assert [notice.reason for notice in minimal.run().notices] == [
        "deleted in Customerp; the Customer in Invoiced is left alone"
    ]
    assert minimal.run().writes == ()
