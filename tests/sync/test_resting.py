"""Links that need no call come to rest together, and to the same rest as one at a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sync import resting
from sync.links import Link, State


def _filled(world: Any) -> None:
    """Pairs that agree, that differ, that are doubled on either side, and records that are alone."""
    for number in range(4):
        world.erp.create("customers", number=f"C-{number}", name=f"Same {number}")
        world.inv.create("customers", number=f"c-{number}", name=f"Same {number}", type="company")
    world.inv.change("customers", world.inv.list("customers")[1]["id"], name="Other")
    world.erp.create("customers", number="A-7", name="Twice")
    world.erp.create("customers", number="a-7", name="Twice, too")
    world.inv.create("customers", number="A-7", name="Twice", type="company")
    world.erp.create("customers", number="C-8", name="Alone")
    world.inv.create("customers", number="C-9", name="Alone there", type="company")
    world.erp.create("products", sku="bolt", name="Bolt", unitPrice="1.5", currency="NOK")
    world.inv.create("items", id="bolt", name="Bolt", unit_cost=1.5, currency="nok")
    for number in ("O-1", "O-2"):
        lines = [{"productId": "PR000001", "quantity": "2", "unitPrice": "1.5"}]
        world.erp.create(
            "orders", number=number, customerId="CU000001", currency="NOK", orderDate="2026-03-01", lines=lines
        )


def _outcome(world: Any) -> tuple[list[Link], Any]:
    report = world.run()
    return [replace(link, id=0, version=0) for link in world.store.links()], report


def test_many_at_once_come_to_the_same_as_one_at_a_time(
    world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    one_by_one = type(world)(tmp_path / "other")
    for each in (world, one_by_one):
        _filled(each)
    together = _outcome(world)
    monkeypatch.setattr(resting, "settle", lambda run, flow, links: list(links))
    assert together == _outcome(one_by_one)
    assert {link.state for link in together[0]} == {State.LINKED, State.AMBIGUOUS, State.DISCOVERED}
