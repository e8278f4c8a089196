"""I8: what the history has to tell, property by property, and what the shadow has to hold of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from explore import play
from people import Event
from replaying import Written, contradictions
from scene import Plan

from sync import Store, history
from sync.history import Entry
from sync.links import Child, Link, State

# Each changes one property in Customerp, of a customer, a product and an order that are linked by then.
EDITS = {
    "text": ("phone", Event(15.0, "erp edits a customer", 0, 8)),
    "number": ("payment_terms", Event(15.0, "erp edits a customer", 0, 5)),
    "boolean": ("active", Event(15.0, "erp edits a customer", 0, 13)),
    "address": ("address1", Event(15.0, "erp edits a customer", 0, 4)),
    "amount": ("unit_cost", Event(15.0, "erp edits a product", 0, 12)),
    "archive": ("archived", Event(15.0, "erp edits a product", 0, 4)),
    "date": ("due_date", Event(15.0, "erp edits an order", 0, 2)),
    "status": ("state", Event(15.0, "erp changes an order's status", 0, 0)),
    "void": ("state", Event(15.0, "erp changes an order's status", 0, 1)),
    "lines": ("items", Event(15.0, "erp edits an order's lines", 0, 8)),
}


@pytest.mark.parametrize("kind", EDITS)
def test_a_history_that_leaves_out_a_property_is_seen(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path, edit = EDITS[kind]
    linked = (Event(0.0, "erp creates a customer", 1, 2), Event(0.0, "erp creates a product", 1, 1))
    plan = Plan(7, (*linked, Event(0.0, "erp creates an order", 1, 1), edit), length=30.0, in_flight=2)
    assert play(plan).violation is None

    of_write = history.of_write

    def forgetful(*told: Any) -> Entry:
        entry = of_write(*told)
        kept = {name: both for name, both in entry.fields.items() if name != path or entry.operation == "create"}
        return replace(entry, fields=kept)

    monkeypatch.setattr(history, "of_write", forgetful)
    violation = play(plan).violation
    assert violation is not None
    assert violation.invariant == "I8"
    assert "history ends with" in violation.what


CARRIED = [
    ("customer-company", "name", "name", "Acme AS", ["Acme AS", "Acme AS"], ["Acme AS", "Zwei GmbH"]),
    ("customer-company", "address.city", "city", "Oslo", ["Oslo", "Oslo"], ["Bergen", "Bergen"]),
    ("customer-company", "paymentTermsDays", "payment_terms", "NET 14", [14, "net-14"], [30, "NET 14"]),
    ("customer-company", "active", "active", False, [False, False], [True, False]),
    ("product-item", "unitPrice", "unit_cost", "19.90", ["19.9", "19.9"], ["19.9", "19.91"]),
    ("product-item", "discontinued", "archived", True, [True, True], [True, False]),
    ("order-invoice", "dueDate", "due_date", "2026-03-15", ["2026-03-15"] * 2, ["2026-03-16"] * 2),
    ("order-invoice", "status", "state", "issued", ["confirmed", "issued"], ["draft", "issued"]),
]


@pytest.mark.parametrize(("flow", "name", "path", "told", "right", "wrong"), CARRIED)
def test_the_last_word_of_the_history_is_what_the_shadow_holds(
    flow: str, name: str, path: str, told: Any, right: list[Any], wrong: list[Any]
) -> None:
    assert _contradictions(flow, {path: told}, {name: right}) == []
    [found] = _contradictions(flow, {path: told}, {name: wrong})
    assert found.startswith(f"{flow} 1 {name}: the history gives ")


def test_the_lines_of_the_history_are_those_that_are_linked() -> None:
    told = [
        {"productId": "sku-1", "description": None, "quantity": "3", "unitPrice": "10", "discountPercent": "5"},
        {"productId": None, "description": "Travel", "quantity": "2", "unitPrice": "7.5", "discountPercent": None},
    ]
    linked = [
        Child("L2", "502", {name: (value, value) for name, value in told[1].items()}),
        Child("L1", "501", {name: (value, value) for name, value in told[0].items()}),
    ]
    assert _contradictions("order-invoice", {"items": told}, {}, linked) == []
    linked[1] = Child("L1", "501", {**linked[1].shadow, "quantity": ("3", "4")})
    [found] = _contradictions("order-invoice", {"items": told}, {}, linked)
    assert found.startswith("order-invoice 1 lines: the history gives ")


def test_what_people_have_edited_since_is_not_held_against_the_shadow() -> None:
    written = Written()
    written.edit("customer-company", "invoiced", "2", {"name": "Zwei GmbH"})
    assert _contradictions("customer-company", {"name": "Acme AS"}, {"name": ["Zwei GmbH"] * 2}, written=written) == []


def _contradictions(
    flow: str,
    told: dict[str, Any],
    shadow: dict[str, Any],
    children: Iterable[Any] = (),
    written: Written | None = None,
) -> list[str]:
    """Of one link, and a write to Invoiced that replaced nothing."""
    store = Store.open(":memory:", durable=False)
    agreed = {name: tuple(pair) for name, pair in shadow.items()}
    store.save(Link(flow, erp_id="1", inv_id="2", state=State.LINKED, shadow=agreed, children=tuple(children)))
    fields = {path: (None, value) for path, value in told.items()}
    store.record(Entry("", flow, 1, "", "sync", "update", "invoiced", "customerp", fields=fields))
    found = list(contradictions(store._db, written or Written()))
    store.close()
    return found
