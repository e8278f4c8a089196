"""The shadow after a write: what was sent from and what came back, not what either side says by now (R3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sync import Flow, load_flows
from sync.connector import Record
from sync.links import Intent, Interval, Link, Observation
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
