"""The law of single lines can fail: over both systems, without a sync between them."""

from __future__ import annotations

from typing import Any

import pytest
from clockwork import VirtualClock
from lines import ORDERS, Lines
from memory import Memory
from network import Person
from sides import Pair, Sides
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
        [invoice] = sides.inv.list("invoices")
        theirs = before["items"] if system == "invoiced" else invoice["items"]
        law.edited(system, str(before["id"]), before, person.list(collection)[0], _linked(sides, theirs))


def _linked(sides: Sides, items: list[dict[str, Any]]) -> list[tuple[Pair, str, str]]:
    pair = (ORDERS, sides.erp.list("orders")[0]["id"], str(sides.inv.list("invoices")[0]["id"]))
    return [(pair, line, str(item["id"])) for line, item in zip(("L1", "L2"), items, strict=False)]


def _items(sides: Sides, *quantities: int) -> list[dict[str, Any]]:
    kept = ("id", "description", "unit_cost")  # what is not sent is emptied, and what costs nothing is paid
    items = sides.inv.list("invoices")[0]["items"]
    return [
        {name: item[name] for name in kept} | {"quantity": number}
        for item, number in zip(items, quantities, strict=False)
    ]


def test_a_line_that_comes_back_and_an_edit_that_is_undone_are_seen(sides: Sides) -> None:
    law, linked = Lines(sides), _linked(sides, sides.inv.list("invoices")[0]["items"])
    _edit(sides, law, "invoiced", _items(sides, 3))
    with pytest.raises(Violation, match="was taken out in invoiced, and L2 of customerp stays"):
        law.check(set(), linked)
    law.check({"O-1"}, linked)  # a person was told
    _edit(sides, None, "customerp", [{"id": "L1", "quantity": "3"}])
    law.check(set(), linked)
    _edit(sides, None, "invoiced", _items(sides, 1))
    with pytest.raises(Violation, match="in invoiced was 3, now 1"):
        law.check(set(), linked)


def test_a_line_that_people_have_edited_on_both_sides_is_for_other_laws(sides: Sides) -> None:
    law, linked = Lines(sides), _linked(sides, sides.inv.list("invoices")[0]["items"])
    _edit(sides, law, "customerp", [{"id": "L1", "quantity": "2"}, {"id": "L2"}])
    _edit(sides, law, "invoiced", _items(sides, 3, 1))
    _edit(sides, None, "customerp", [{"id": "L1", "quantity": "3"}, {"id": "L2"}])
    law.check(set(), linked)
