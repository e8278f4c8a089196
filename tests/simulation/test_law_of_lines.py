"""The law of single lines can fail: over both systems, without a sync between them."""

from __future__ import annotations

from typing import Any

import pytest
from clockwork import VirtualClock
from lines import ORDERS, Lines
from memory import Memory
from network import Person
from sides import Sides
from violation import Violation

from counterpart.emulators import Customerp, Invoiced


@pytest.fixture
def sides() -> Sides:
    """An order and an invoice of two lines each, which say the same."""
    clock = VirtualClock()
    sides = Sides(
        Person("customerp", Customerp(clock), None, Memory()),
        Person("invoiced", Invoiced(clock, seed=1), None, Memory()),
    )
    customer = sides.erp.call("POST", "/customers", {"number": "C-1", "name": "Acme"})
    company = sides.inv.call("POST", "/customers", {"type": "company", "name": "Acme"})
    texts = ("First", "Second")
    lines: list[dict[str, Any]] = [{"description": text, "quantity": "1", "unitPrice": "5"} for text in texts]
    sides.erp.call("POST", "/orders", {"number": "O-1", "customerId": customer["id"], "currency": "NOK",
                                       "orderDate": "2026-03-01", "lines": lines})  # fmt: skip
    items = [{"description": text, "quantity": 1, "unit_cost": 5} for text in texts]
    sides.inv.call("POST", "/invoices", {"customer": company["id"], "currency": "nok", "items": items})
    return sides


def _edit(sides: Sides, law: Lines | None, system: str, lines: list[dict[str, Any]]) -> None:
    """Somebody changes the lines of the only document; to the law it is a person, if it hears of it."""
    person, collection, name = {
        "customerp": (sides.erp, "orders", "lines"), "invoiced": (sides.inv, "invoices", "items"),
    }[system]  # fmt: skip
    [before] = person.list(collection)
    person.call("PATCH", f"/{collection}/{before['id']}", {name: lines})
    if law is not None:
        [order], [invoice] = sides.erp.list("orders"), sides.inv.list("invoices")
        pair = (ORDERS, order["id"], str(invoice["id"]))
        known = zip(("L1", "L2"), _ids(sides) if system == "customerp" else map(_id, before["items"]), strict=True)
        law.edited(system, str(before["id"]), before, person.list(collection)[0], [(pair, *each) for each in known])


def _id(line: dict[str, Any]) -> str:
    return str(line["id"])


def _ids(sides: Sides) -> list[str]:
    return [_id(line) for line in sides.inv.list("invoices")[0]["items"]]


def _items(sides: Sides, *quantities: int) -> list[dict[str, Any]]:
    kept = ("id", "description", "unit_cost")  # what is not sent is emptied, and what costs nothing is paid
    items = sides.inv.list("invoices")[0]["items"]
    return [
        {name: item[name] for name in kept} | {"quantity": number}
        for item, number in zip(items, quantities, strict=False)
    ]


def test_a_line_that_comes_back_and_an_edit_that_is_undone_are_seen(sides: Sides) -> None:
    law = Lines(sides)
    _edit(sides, law, "invoiced", _items(sides, 3))
    with pytest.raises(Violation, match="was taken out in invoiced, and L2 of customerp stays"):
        law.check(set())
    law.check({"O-1"})  # a person was told
    _edit(sides, None, "customerp", [{"id": "L1", "quantity": "3"}])
    law.check(set())
    _edit(sides, None, "invoiced", _items(sides, 1))
    with pytest.raises(Violation, match="in invoiced was 3, now 1"):
        law.check(set())


def test_a_line_that_people_have_edited_on_both_sides_is_for_other_laws(sides: Sides) -> None:
    law = Lines(sides)
    _edit(sides, law, "customerp", [{"id": "L1", "quantity": "2"}, {"id": "L2"}])
    _edit(sides, law, "invoiced", _items(sides, 3, 1))
    _edit(sides, None, "customerp", [{"id": "L1", "quantity": "3"}, {"id": "L2"}])
    law.check(set())
