"""Edits that our writes overwrote unseen in Invoiced, as its log of events tells afterwards."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from sync import Engine, load_flows
from sync.audit import overwritten
from sync.connector import Logged
from sync.history import Entry
from sync.invoiced_records import logged

COMPANY = next(flow for flow in load_flows() if flow.id == "customer-company")


@pytest.fixture
def linked(world: Any, acme: dict[str, Any]) -> Any:
    """CU000001 and 70001, linked."""
    world.erp.create("customers", **acme)
    world.run()
    return world


def _scan(world: Any) -> Any:
    world.clock.advance(60)
    return asyncio.run(world._with_engine(lambda engine: Engine.run(engine, complete=True)))


def _just_before_our_write(world: Any, **edit: Any) -> None:
    """Somebody edits the customer in Invoiced while our change of it is on its way."""

    def race(request: httpx.Request) -> None:
        if request.method == "PATCH":
            world.wires["invoiced"].before = lambda request: None
            world.inv.change("customers", 70001, **edit)

    world.wires["invoiced"].before = race


def _history(world: Any) -> list[tuple[str, str, Any]]:
    return [(entry.by, entry.operation, entry.fields) for entry in world.store.history()]


def test_an_edit_that_our_write_overwrote_unseen_is_told_once_and_kept(linked: Any) -> None:
    linked.erp.change("customers", "CU000001", phone="111", name="Acme Nord")
    _just_before_our_write(linked, phone="999", email="new@acme.example")
    linked.run()
    assert linked.inv.read("customers", 70001)["phone"] == "111"
    report = _scan(linked)
    [told] = [notice for notice in report.notices if notice.kind == "needs_attention"]
    assert (told.key, told.field, report.scan.overwritten) == ("C-1", "phone", 1)
    assert told.reason == (
        "'111' overwrote '999', edited in Invoiced just before our write of 2026-03-01 08:02:00 UTC; event 9300003"
    )
    assert _history(linked)[-1] == ("audit", "overwrote", {"phone": ["999", "111"]})
    again = _scan(linked)
    assert (again.scan.overwritten, again.notices) == (0, ())


def test_what_was_overwritten_knowingly_is_no_finding(linked: Any) -> None:
    for phone, name in (("111", "Acme Nord"), ("222", "x" * 255), (None, "  Acme  "), ("111", "Acme AS")):
        linked.erp.change("customers", "CU000001", phone=phone, name=name)
        linked.inv.change("customers", 70001, phone="999", email="new@acme.example")
        linked.run()
    report = _scan(linked)
    assert (report.scan.overwritten, report.notices) == (0, ())


def test_the_log_is_read_page_by_page_from_where_it_was_left(linked: Any) -> None:
    for number in range(120):
        linked.inv.change("customers", 70001, phone=f"{number}")
    linked.run()
    _scan(linked)
    asked = [path for _, path in linked.calls if path.startswith("invoiced/events")]
    linked.calls.clear()
    _scan(linked)
    again = [path for _, path in linked.calls if path.startswith("invoiced/events")]
    assert ([path[-6:] for path in asked], [path[-6:] for path in again]) == (["page=1", "page=2"], ["page=1"])
    assert asked[0] != again[0]


@pytest.mark.parametrize("answer", [httpx.Response(500, json={}), httpx.Response(400, json={"message": "no"})])
def test_a_log_that_cannot_be_read_is_told_and_read_the_next_time(linked: Any, answer: httpx.Response) -> None:
    linked.erp.change("customers", "CU000001", phone="111")
    _just_before_our_write(linked, phone="999")
    linked.run()
    linked.wires["invoiced"].before = lambda request: answer if request.url.path.endswith("/events") else None
    report = _scan(linked)
    [told] = [notice.reason for notice in report.notices if notice.flow == "*"]
    assert told.endswith("whether edits were overwritten unseen is looked for in the next complete run")
    linked.wires["invoiced"].before = lambda request: None
    assert (report.scan.overwritten, _scan(linked).scan.overwritten) == (0, 1)


def test_a_write_that_failed_after_its_effect_counts_before_anybody_has_looked_again(linked: Any) -> None:
    def fail_after(request: httpx.Request) -> httpx.Response | None:
        if request.method != "PATCH":
            return None
        linked.inv.change("customers", 70001, phone="999")
        linked.inv.change("customers", 70001, phone="111")
        return httpx.Response(500, json={})

    linked.erp.change("customers", "CU000001", phone="111")
    linked.wires["invoiced"].before = fail_after
    report = asyncio.run(linked._with_engine(lambda engine: Engine.run(engine, complete=True)))
    assert len(linked.store.open_intents()) == 1
    assert [notice.reason.partition(",")[0] for notice in report.notices if notice.field == "phone"] == [
        "'111' overwrote '999'"
    ]


def _wrote(path: str, before: Any, now: Any, by: str = "sync", at: int = 0) -> Entry:
    return Entry(
        datetime.fromtimestamp(at, UTC).isoformat(),
        COMPANY.id,
        1,
        "C-1",
        by,
        "update",
        "invoiced",
        fields={path: [before, now]},
    )


@pytest.mark.parametrize(
    ("before", "after", "written", "found"),
    [
        ({"phone": "9"}, {"phone": "1"}, [_wrote("phone", "0", "1")], {"phone": ("9", "1")}),
        ({"phone": None}, {"phone": "1"}, [_wrote("phone", "0", "1")], {"phone": (None, "1")}),
        ({"phone": "0"}, {"phone": "1"}, [_wrote("phone", "0", "1")], {}),  # as we had seen it
        ({"phone": " 0 "}, {"phone": "1"}, [_wrote("phone", "0", "1")], {}),  # in canonical form
        ({"phone": "9"}, {"phone": "1"}, [_wrote("phone", "0", "2")], {}),  # somebody else's change
        ({"phone": "9"}, {"phone": "1"}, [_wrote("phone", "0", "1", "audit")], {}),
        ({"phone": "9"}, {"phone": "1"}, [_wrote("name", "0", "1")], {}),
        ({"name": "y"}, {"name": "x" * 255}, [_wrote("name", "z", "x" * 300)], {"name": ("y", "x" * 255)}),  # cut
        (
            {"phone": "9"},
            {"phone": "1"},
            [_wrote("phone", "9", "1", at=-1), _wrote("phone", "0", "1", at=60), _wrote("phone", "9", "1", at=99)],
            {},
        ),  # the first noted after it, as far as clocks tell
        (
            {"phone": "9"},
            {"phone": "1"},
            [_wrote("phone", "9", "1", at=-2), _wrote("phone", "0", "1", at=60), _wrote("phone", "9", "1", at=99)],
            {"phone": ("9", "1")},
        ),
        ({"name": "y"}, {"name": "A B"}, [_wrote("name", "z", "a  b")], {"name": ("y", "A B")}),  # squeezed
        ({"balance": 1}, {"balance": 2}, [_wrote("phone", "0", "1")], {}),
        ({"phone": ["9"]}, {"phone": "1"}, [_wrote("phone", "0", "1")], {}),  # nothing that can be read
    ],
)
def test_only_what_we_wrote_over_something_unseen_is_found(
    before: dict[str, Any], after: dict[str, Any], written: list[Entry], found: dict[str, Any]
) -> None:
    assert overwritten(COMPANY, Logged(1, 0.0, "customers", "70001", before, after), written) == found


OBJECT = {"id": 70001, "phone": "1"}


@pytest.mark.parametrize(
    ("event", "change"),
    [
        (
            {
                "id": 5,
                "type": "customer.updated",
                "timestamp": 9,
                "data": {"object": OBJECT, "previous": {"phone": "0"}},
            },
            Logged(5, 9.0, "customers", "70001", {"phone": "0"}, OBJECT),
        ),
        (
            {"id": 5, "type": "invoice.paid", "timestamp": 9, "data": {"object": OBJECT}, "previous": {"notes": None}},
            Logged(5, 9.0, "invoices", "70001", {"notes": None}, OBJECT),
        ),
        ({"id": 5, "type": "customer.updated", "timestamp": 9, "data": {"object": {}}}, None),  # lost by Invoiced
        ({"id": 5, "type": "customer.created", "timestamp": 9, "data": {"object": OBJECT}}, None),
        ({"id": 5, "type": "contact.updated", "timestamp": 9, "data": {"object": OBJECT, "previous": {}}}, None),
        ({"id": "x", "type": "customer.updated", "timestamp": 9, "data": {"object": OBJECT}}, None),
        ({"type": None}, None),
        (None, None),
    ],
)
def test_a_change_is_read_from_an_event_wherever_the_earlier_values_stand(event: Any, change: Logged | None) -> None:
    assert logged(event) == change
