"""Products and items, end to end: prices by archive and create, archiving, ids that never change."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import httpx
import pytest

from sync import Write
from sync.errors import EndpointDown

FLOW = "product-item"


@pytest.fixture
def bolt(world: Any) -> str:
    """A product with its item, the item with attributes that the flow does not map."""
    product = world.erp.create("products", sku="bolt-1", name="Bolt", unitPrice="19.90", currency="NOK")
    world.run()
    world.inv.change("items", "bolt-1", gl_account="4400-10", metadata={"erp_id": product["id"], "shelf": "7"})
    return str(product["id"])


def _item(world: Any) -> dict[str, Any]:
    item = world.inv.read("items", "bolt-1")
    return {name: item[name] for name in ("name", "unit_cost", "currency", "gl_account", "metadata", "taxable")}


def test_a_price_change_archives_and_creates_again_and_keeps_the_rest(world: Any, bolt: str) -> None:
    world.erp.change("products", bolt, unitPrice="21.005", name="Bolt M8")
    plan = world.plan()
    assert world.written() == []
    report = world.run()

    assert report.writes == plan.writes == (
        Write(FLOW, "invoiced", "replace", "Item", "bolt-1",
              {"name": ("Bolt", "Bolt M8"), "unit_cost": ("19.9", "21.005")}),
    )  # fmt: skip
    assert _item(world) == {
        "name": "Bolt M8", "unit_cost": 21.005, "currency": "nok", "gl_account": "4400-10",
        "metadata": {"erp_id": bolt, "shelf": "7"}, "taxable": True,
    }  # fmt: skip
    assert world.written() == [("DELETE", "invoiced/items/bolt-1"), ("POST", "invoiced/items?include=archived")]
    assert world.run().writes == ()


def test_an_item_that_the_list_has_just_shown_is_not_read_again_before_it_is_written(world: Any, bolt: str) -> None:
    world.clock.advance(60)
    world.erp.change("products", bolt, name="Bolt M8")
    world.run()
    calls = [(method, path.partition("?")[0]) for method, path in world.calls if "/items/" in path]
    assert calls == [("PATCH", "invoiced/items/bolt-1")]


def test_a_price_that_a_person_changes_in_invoiced_travels_to_the_erp(world: Any, bolt: str) -> None:
    world.inv.delete("items", "bolt-1")
    world.inv.create("items", id="bolt-1", name="Bolt", unit_cost=25.5, currency="nok")
    report = world.run()
    assert [(write.system, dict(write.fields)) for write in report.writes] == [
        ("customerp", {"unitPrice": ("19.9", "25.5")})
    ]
    product = world.erp.read("products", bolt)
    assert (product["unitPrice"], product["discontinued"]) == ("25.5", False)
    assert world.run().writes == ()


def test_discontinuing_archives_and_coming_back_creates_again(world: Any, bolt: str) -> None:
    world.erp.change("products", bolt, discontinued=True)
    assert [write.operation for write in world.run().writes] == ["archive"]
    assert world.inv.list("items") == []

    world.erp.change("products", bolt, unitPrice="30")
    report = world.run()
    assert report.writes == ()
    assert {(notice.field, notice.kind) for notice in report.notices} == {("unitPrice", "frozen")}

    world.erp.change("products", bolt, discontinued=False)
    assert [write.operation for write in world.run().writes] == ["restore"]
    assert _item(world)["unit_cost"] == 30
    assert _item(world)["gl_account"] == "4400-10"
    assert world.run().writes == ()


def test_a_new_sku_is_reported_and_nothing_is_written(world: Any, bolt: str) -> None:
    world.erp.change("products", bolt, sku="bolt-2")
    report = world.run()
    assert report.writes == ()
    assert [(notice.field, notice.kind) for notice in report.notices] == [("sku", "deviation")]
    assert [item["id"] for item in world.inv.list("items")] == ["bolt-1"]


def test_the_erp_wins_a_conflict_over_the_price(world: Any, bolt: str) -> None:
    world.erp.change("products", bolt, unitPrice="1")
    world.inv.delete("items", "bolt-1")
    world.inv.create("items", id="bolt-1", name="Bolt", unit_cost=2, currency="nok")
    report = world.run()
    assert [(c.field, c.customerp, c.invoiced, c.winner) for c in report.conflicts] == [
        ("unitPrice", "1", "2", "customerp")
    ]
    assert _item(world)["unit_cost"] == 1
    assert world.run().writes == ()


def test_ids_are_case_sensitive(world: Any) -> None:
    for sku in ("bolt", "Bolt"):
        world.erp.create("products", sku=sku, name=sku, unitPrice="1", currency="NOK")
    world.run()
    assert sorted(item["id"] for item in world.inv.list("items")) == ["Bolt", "bolt"]


def test_a_price_keeps_ten_decimals(world: Any) -> None:
    world.erp.create("products", sku="bolt", name="Bolt", unitPrice="1234567.0123456789", currency="NOK")
    world.run()
    world.inv.change("items", "bolt", name="Bolt M8")
    world.run()
    assert world.erp.list("products")[0]["unitPrice"] == "1234567.0123456789"
    assert world.run().writes == ()


@pytest.mark.parametrize("status", [429, 503, 400])
@pytest.mark.parametrize("change", [{"unitPrice": "21.005"}, {"discontinued": True}])
def test_what_was_archived_stays_our_own_doing_although_the_next_call_is_turned_away(
    world: Any, bolt: str, status: int, change: dict[str, Any]
) -> None:
    world.erp.change("products", bolt, **change)
    calls: list[str] = []

    def turn_away(request: httpx.Request) -> httpx.Response | None:
        calls.append(request.method)
        away = "DELETE" in calls[:-1] and "items" in request.url.path
        return httpx.Response(status, json={"message": "Not now"}) if away else None

    world.wires["invoiced"].before = turn_away
    with suppress(EndpointDown):
        world.run()
    world.wires["invoiced"].before = lambda request: None
    world.clock.advance(3600)
    world.run()
    product = world.erp.read("products", bolt)
    gone = "discontinued" in change
    assert ({**product, **change}, product["discontinued"]) == (product, gone)
    assert [item["id"] for item in world.inv.list("items")] == ([] if gone else ["bolt-1"])
    last = world.store.history()[-1]
    assert (last.operation, [*last.fields]) == (("archive", ["archived"]) if gone else ("replace", ["unit_cost"]))
    assert world.run().writes == ()


def test_what_cannot_be_created_again_comes_back_as_it_is_once_somebody_has_corrected_it(world: Any, bolt: str) -> None:
    def refuse(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(400, json={"message": "No"}) if b"Bad" in request.read() else None

    world.wires["invoiced"].before = refuse
    world.erp.change("products", bolt, unitPrice="21.005", name="Bad bolt")
    assert [(notice.key, notice.kind) for notice in world.run().notices] == [("bolt-1", "needs_attention")]
    world.erp.change("products", bolt, name="Bolt M8")
    world.clock.advance(3600)
    world.run()
    assert (_item(world)["name"], _item(world)["unit_cost"]) == ("Bolt M8", 21.005)
    assert world.erp.read("products", bolt)["discontinued"] is False
    assert world.run().writes == ()
