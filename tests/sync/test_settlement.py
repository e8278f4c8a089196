"""The shadow after a write: what was sent from and what came back, not what either side says by now (R3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sync import Flow, load_flows
from sync.connector import Record
from sync.links import Child, Intent, Interval, Line, Link, Observation
from sync.settlement import observe, recovered, settle

FLOW: Flow = next(flow for flow in load_flows() if flow.id == "product-item")
RAW: dict[str, Any] = {"id": "bolt", "name": "Old", "description": "d", "type": None, "unit_cost": 1, "currency": "nok"}


class Nobody:
    def target_of(self, flow: str, source_id: str) -> str | None:
        return None

    def source_of(self, flow: str, target_id: str) -> str | None:
        return None


def _seen(**changed: Any) -> tuple[Record, Observation]:
    raw = RAW | {"archived": False} | changed
    record = Record("bolt", raw, 10.0)
    return record, observe(FLOW, "invoiced", record, Interval(1, 5.0, 6.0))


def _link(sent: str, now: str) -> Link:
    """A link whose write of the name is under way; the ERP says `now` by the time the answer comes."""
    _, inv = _seen()
    values = {"sku": "bolt", "name": now, "description": "d", "category": None, "unitPrice": "1", "currency": "NOK"}
    erp = Observation({**values, "discontinued": False}, Interval(1, 4.0, 4.5))
    fields = {"name": (sent, sent, "Old"), "description": ("e", "e", "d")}
    intent = Intent("invoiced", "update", "items", "bolt", (), fields, None, "key-1")
    shadow = {name: (erp.values[name], inv.values[name]) for name in values} | {"name": ("Old", "Old")}
    return Link(FLOW.id, 1, "PR1", "bolt", erp=erp, inv=inv, shadow=shadow, intent=intent)


def test_a_source_that_moved_while_the_call_was_under_way_still_counts_as_edited() -> None:
    record, new = _seen(name="Sent", description="e")
    after, notices = settle(FLOW, _link("Sent", "Newer"), record, new, Nobody())
    assert after.shadow["name"] == ("Sent", "Sent")
    assert after.erp is not None
    assert after.erp.values["name"] == "Newer"
    assert (after.intent, after.dirty, notices) == (None, True, [])


@pytest.mark.parametrize(
    ("returned", "kind"), [("Old", "unwritable"), ("Cut", "divergence")], ids=["refused", "normalised"]
)
def test_a_value_that_comes_back_different_is_told_and_not_sent_again(returned: str, kind: str) -> None:
    record, new = _seen(name=returned, description="e")
    after, notices = settle(FLOW, _link("Sent", "Sent"), record, new, Nobody())
    assert after.shadow["name"] == ("Sent", returned)
    assert [(notice.field, notice.kind) for notice in notices] == [("name", kind)]


@pytest.mark.parametrize(
    ("shown", "shadow"),
    [
        ({"name": "Sent", "description": "e"}, ("Sent", "Sent")),
        ({"name": "Theirs", "description": "e"}, ("Sent", "Sent")),  # arrived, and edited since
        ({"name": "Old", "description": "d"}, ("Old", "Old")),  # never arrived
        ({"name": "Theirs", "description": "d"}, ("Old", "Old")),  # cannot be told
    ],
    ids=["arrived", "arrived and edited", "lost", "lost and edited"],
)
def test_a_write_whose_answer_was_lost_is_recognised_by_its_values(shown: Any, shadow: Any) -> None:
    record, new = _seen(**shown)
    after, _ = recovered(FLOW, _link("Sent", "Sent"), record, new, Nobody())
    assert after.shadow["name"] == shadow
    assert replace(after, intent=None) == after


ORDERS: Flow = next(flow for flow in load_flows() if flow.id == "order-invoice")


def _customer_link(erp_address: dict[str, str], desired: dict[str, str]) -> Link:
    """A customer whose address is being written into Customerp, where it was Road 0, Oslo."""
    flow = next(flow for flow in load_flows() if flow.id == "customer-company")
    pairs = [pair.name for pair in flow.pairs]
    values = dict.fromkeys(pairs) | {"number": "C-1", "address.line1": "Road 0", "address.city": "Oslo"}
    fields = {name: (value, value, values[name]) for name, value in desired.items()}
    intent = Intent("customerp", "update", "customers", "CU1", (), fields, None, "key-1")
    seen = Observation(values, Interval(1, 4.0, 4.5))
    return Link(
        flow.id, 1, "CU1", "70001", erp=seen, inv=seen, shadow={n: (v, v) for n, v in values.items()}, intent=intent
    )


def test_a_part_of_our_own_write_that_was_set_back_in_customerp_is_an_edit() -> None:
    flow = next(flow for flow in load_flows() if flow.id == "customer-company")
    link = _customer_link({}, {"address.line1": "Road 1", "address.city": "Bergen"})
    raw = {"id": "CU1", "number": "C-1", "address": {"line1": "Road 1", "city": "Oslo"}}
    record = Record("CU1", raw, 10.0)
    after, found = recovered(flow, link, record, observe(flow, "customerp", record, Interval(1, 5.0, 6.0)), Nobody())
    assert found
    assert after.shadow["address.line1"] == ("Road 1", "Road 1")
    assert after.shadow["address.city"] == ("Bergen", "Bergen")


def _line(id_: str, description: str, quantity: str) -> Line:
    return Line(
        id_, {**dict.fromkeys(pair.name for pair in LINES.pairs), "description": description} | {"quantity": quantity}
    )


LINES = ORDERS.lines
assert LINES is not None
TRAVEL, HOTEL = _line("L1", "Travel", "2"), _line("L2", "Hotel", "1")


def _wanted(line: Line, id_: str | None = None, **values: str) -> dict[str, Any]:
    return {
        "id": id_,
        "counterpart": line.id,
        "values": values or dict(line.values),
        "sent_from": dict(line.values) | values,
        "whole": {},
    }


def _order(operation: str, before: list[Line], children: tuple[Child, ...], lines: list[dict[str, Any]]) -> Link:
    values = dict.fromkeys(pair.name for pair in ORDERS.pairs)
    intent = Intent("invoiced", operation, "invoices", "88", (), {}, tuple(lines), "key-1")
    erp = Observation(values, Interval(1, 4.0, 4.5), lines=(TRAVEL, HOTEL))
    inv = Observation(values, Interval(1, 4.0, 4.5), lines=tuple(before))
    return Link(ORDERS.id, 1, "OR1", "88", erp=erp, inv=inv, children=children, intent=intent)


def _child(erp: str, inv: str, line: Line, **changed: Any) -> Child:
    return Child(erp, inv, {name: (value, value) for name, value in (line.values | changed).items()})


@pytest.mark.parametrize(
    ("link", "shown", "children"),
    [
        (
            _order("create", [], (), [_wanted(TRAVEL), _wanted(HOTEL)]),
            [_line("i2", "Hotel", "1")],
            [_child("L1", "", TRAVEL), _child("L2", "i2", HOTEL)],
        ),
        (
            _order("update", [_line("i1", "Travel", "5")], (_child("L1", "i1", _line("L1", "Travel", "5")),),
                   [_wanted(TRAVEL, "i1", quantity="2"), _wanted(HOTEL)]),
            [_line("i1", "By train", "2"), _line("i2", "Hotel", "1")],
            [_child("L1", "i1", TRAVEL), _child("L2", "i2", HOTEL)],
        ),
        (
            _order("update", [_line("i1", "Travel", "5")], (_child("L1", "i1", _line("L1", "Travel", "5")),),
                   [_wanted(TRAVEL, "i1", quantity="2"), _wanted(HOTEL)]),
            [_line("i2", "Hotel", "1")],
            [_child("L1", "i1", TRAVEL), _child("L2", "i2", HOTEL)],
        ),
        (
            _order("update", [_line("i1", "Travel", "5")], (_child("L1", "i1", _line("L1", "Travel", "5")),),
                   [_wanted(TRAVEL, "i1", quantity="2"), _wanted(HOTEL)]),
            [_line("i1", "By train", "5")],
            [_child("L1", "i1", _line("L1", "Travel", "5"))],
        ),
    ],
    ids=["created, one removed since", "changed, one edited since", "changed, one removed since", "never arrived"],
)  # fmt: skip
def test_lines_whose_answer_was_lost_are_linked_as_they_were_sent(
    link: Link, shown: list[Line], children: list[Child]
) -> None:
    assert link.inv is not None
    new = replace(link.inv, lines=tuple(shown), seen=Interval(1, 5.0, 6.0))
    after, _ = recovered(ORDERS, link, Record("88", {}, 10.0), new, Nobody())
    assert sorted(after.children, key=lambda child: child.erp) == children


def test_a_field_that_is_as_desired_by_chance_says_nothing_of_lines_that_are_as_before() -> None:
    before = _line("i1", "Travel", "5")
    held = _order("update", [before], (_child("L1", "i1", _line("L1", "Travel", "5")),), [_wanted(TRAVEL, "i1")])
    assert held.intent is not None
    assert held.inv is not None
    link = replace(held, intent=replace(held.intent, fields={"notes": ("Hurry", "Hurry", None)}))
    new = replace(held.inv, values={**held.inv.values, "notes": "Hurry"}, seen=Interval(1, 5.0, 6.0))
    after, found = recovered(ORDERS, link, Record("88", {}, 10.0), new, Nobody())
    assert (after.shadow["notes"], found) == (("Hurry", "Hurry"), True)
    assert after.children == held.children
