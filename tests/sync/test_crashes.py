"""The crash table: die at every commit and around every call, start again, come to the right end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from sync import Store


class Killed(BaseException):
    """The process ends here."""


class Fuse:
    """Burns down by one at every point where a process can die."""

    def __init__(self, length: int) -> None:
        self.left = length
        self.points = 0

    def burn(self, *_: object) -> None:
        self.points += 1
        if self.points == self.left:
            raise Killed


class Mortal(Store):
    """A store whose process may die just before or just after a commit."""

    fuse = Fuse(0)

    def commit(self) -> None:
        self.fuse.burn()
        super().commit()
        self.fuse.burn()


def _seed(world: Any, acme: dict[str, Any]) -> None:
    customer = world.erp.create("customers", **acme)
    product = world.erp.create("products", sku="bolt", name="Bolt", unitPrice="10", currency="NOK")
    line = {"productId": product["id"], "quantity": "2", "unitPrice": "10", "discountPercent": "5"}
    world.erp.create(
        "orders", number="O-1", customerId=customer["id"], currency="NOK", orderDate="2026-03-01", lines=[line]
    )


def _edit(world: Any) -> None:
    [invoice] = world.inv.list("invoices")
    [customer] = world.inv.list("customers")
    world.erp.change("customers", "CU000001", name="Acme Two", phone=None)
    world.inv.change("customers", customer["id"], city="Bergen")
    world.erp.change("products", "PR000001", unitPrice="12")
    world.erp.change("orders", "OR000001", lines=[{"id": "L1", "quantity": "3"}, {"quantity": "1", "unitPrice": "7"}])
    world.inv.change("invoices", invoice["id"], notes="Call first")


def _mortal_run(world: Any, length: int) -> Fuse:
    """A run that dies at the given point, or not at all."""
    fuse = Fuse(length)
    Mortal.fuse = Fuse(0)  # opening is not part of it
    world.restart(lambda path: Mortal.open(path, durable=False))
    Mortal.fuse = fuse

    def before(request: httpx.Request) -> httpx.Response | None:
        fuse.burn()
        return None

    for wire in world.wires.values():
        wire.before, wire.after = before, fuse.burn
    try:
        world.run()
    except Killed:
        pass
    finally:
        for wire in world.wires.values():
            wire.before, wire.after = (lambda request: None), (lambda request: None)
        Mortal.fuse = Fuse(0)
        world.restart()
    return fuse


def _state(world: Any) -> dict[str, Any]:
    """What both sides say, without what differs between any two runs."""

    def pick(record: dict[str, Any], *names: str) -> dict[str, Any]:
        return {name: record[name] for name in names}

    lines = ("quantity", "unit_cost", "catalog_item")
    return {
        "customers": [pick(c, "number", "name", "phone", "city", "metadata") for c in world.inv.list("customers")],
        "items": [pick(i, "id", "name", "unit_cost", "currency") for i in world.inv.list("items")],
        "archived": len(world.inv.list("items", archived="1")) <= 2,
        "invoices": [
            pick(i, "number", "notes", "total", "draft") | {"items": [pick(line, *lines) for line in i["items"]]}
            for i in world.inv.list("invoices")
        ],
        "coupons": [coupon["id"] for coupon in world.inv.list("coupons")],
        "erp customers": [pick(c, "name", "phone", "address") for c in world.erp.list("customers")],
        "erp products": [pick(p, "unitPrice", "discontinued") for p in world.erp.list("products")],
        "erp orders": [
            pick(o, "notes", "total", "status") | {"lines": [line["quantity"] for line in o["lines"]]}
            for o in world.erp.list("orders")
        ],
    }


Build = Callable[[], Any]


@pytest.fixture
def build(tmp_path: Path, world: Any) -> Build:
    """A fresh world each time, of the same make as the fixture."""
    worlds = 0

    def make() -> Any:
        nonlocal worlds
        worlds += 1
        folder = tmp_path / str(worlds)
        folder.mkdir()
        return type(world)(folder)

    return make


@pytest.mark.parametrize("edits", [False, True], ids=["first load", "edits on both sides"])
def test_a_crash_at_any_point_costs_nothing(build: Build, acme: dict[str, Any], edits: bool) -> None:
    def prepared() -> Any:
        world = build()
        _seed(world, acme)
        if edits:
            world.run()
            _edit(world)
        return world

    calm = prepared()
    points = _mortal_run(calm, 0).points
    expected = _state(calm)
    calm.store.close()
    assert points > 30
    assert expected["archived"]

    for point in range(1, points + 1):
        world = prepared()
        _mortal_run(world, point)
        world.run()
        assert _state(world) == expected, f"died at point {point} of {points}"
        assert world.store.open_intents() == []
        assert world.run().writes == (), f"died at point {point} of {points}: another round still writes"
        world.store.close()


def test_our_own_write_with_a_lost_answer_does_not_beat_a_newer_edit(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [customer] = world.inv.list("customers")
    world.erp.change("customers", "CU000001", name="From the ERP")

    def die(request: httpx.Request) -> None:
        if request.method == "PATCH":
            raise Killed

    world.wires["invoiced"].after = die
    with pytest.raises(Killed):
        world.run()
    world.wires["invoiced"].after = lambda request: None
    world.erp.change("customers", "CU000001", name="Newer")
    world.restart()
    report = world.run()

    assert report.conflicts == ()
    assert world.inv.read("customers", customer["id"])["name"] == "Newer"
    assert world.erp.read("customers", "CU000001")["name"] == "Newer"


def test_a_lost_answer_to_a_create_is_looked_up_in_the_same_run(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    lost: list[str] = []

    def lose(request: httpx.Request) -> None:
        if request.method == "POST" and not lost:
            lost.append(request.url.path)
            raise httpx.ReadTimeout("lost", request=request)

    world.wires["invoiced"].after = lose
    report = world.run()

    assert [write.operation for write in report.writes] == ["create"]
    assert [customer["number"] for customer in world.inv.list("customers")] == ["C-1"]
    assert world.slept == [2.0]
    assert world.run().writes == ()
