"""Walks over both systems: what is read, what of it is stored, and where the next walk begins."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest
from msgspec import structs

from sync import BadAnswer, Flow, State, Store, load_flows
from sync.connector import Record
from sync.links import Interval, Link, Notice, Observation, System
from sync.report import Progress
from sync.settlement import accepted, observe
from sync.walk import Walk, taken, worth_a_list

CUSTOMERS, ITEMS = (
    next(flow for flow in load_flows() if flow.id == name) for name in ("customer-company", "product-item")
)
BOTH = replace(ITEMS, create="both")  # a product is created for an item, too


def _look(name: str = "Bolt", *, stamp: int = 100, start: float = 9.0, digest: int | None = 2) -> Any:
    """An item as a list shows it, in a call that lasted a second."""
    raw = {"id": "bolt", "name": name, "unit_cost": 1, "currency": "nok", "archived": False}
    record = Record("bolt", raw, stamp, reference="PR1")
    seen = Interval(1, start, start + 1)
    return record, observe(ITEMS, "invoiced", record, seen, None if digest is None else bytes([digest]) * 16)


RECORD, SEEN = _look(start=5.0, digest=1)
LINKED = Link(
    ITEMS.id, 1, "PR1", "bolt", "bolt", "bolt", "PR1", state=State.LINKED, dirty=False,
    erp=SEEN, inv=structs.replace(SEEN, edited={"name": 100, "lines": 100}),
)  # fmt: skip
ALONE = structs.replace(LINKED, erp_id=None, erp_key=None, erp=None, state=State.DISCOVERED)
BURIED = structs.replace(LINKED, state=State.TOMBSTONED, deleted="customerp")


@pytest.mark.parametrize(
    ("changed", "known", "worth"),
    [
        (19, 1, False),  # one by one it is always few calls
        (20, 1, True),
        (20, 999, True),
        (20, 1000, False),  # ten pages: half the calls
        (20, 1001, False),
        (21, 1000, True),
        (500, 24_999, True),
        (500, 25_000, False),
    ],
)
def test_a_list_is_worth_it_where_it_takes_less_than_half_the_calls(changed: int, known: int, worth: bool) -> None:
    assert worth_a_list(changed, known) is worth


@pytest.mark.parametrize(
    ("link", "flow", "look", "stored", "changed", "edited"),
    [
        pytest.param(LINKED, ITEMS, _look(digest=1), False, {}, False, id="as it was"),
        pytest.param(LINKED, ITEMS, _look(), True, {}, False, id="saved again, nothing else"),
        pytest.param(
            structs.replace(LINKED, inv=structs.replace(SEEN, digest=None)),
            ITEMS, _look(stamp=101, digest=None), True, {}, False, id="saved again, read by itself",
        ),
        pytest.param(LINKED, ITEMS, _look("Bolt 2", stamp=101), True, {"dirty": True}, True, id="edited"),
        pytest.param(LINKED, ITEMS, _look("Bolt 0", stamp=99, start=5.5), False, {}, False, id="a late page"),
        pytest.param(
            LINKED, ITEMS, _look("Bolt 2", start=5.5), False, {"recheck": True, "dirty": True}, False, id="in doubt"
        ),
        pytest.param(
            structs.replace(LINKED, deleted="invoiced"),
            ITEMS, _look(), False, {"recheck": True, "dirty": True}, False, id="gone, and shown again",
        ),
        pytest.param(
            structs.replace(LINKED, deleted="customerp"),
            ITEMS, _look("Bolt 2"), True, {"dirty": True}, True, id="edited, and the other side is gone",
        ),
        pytest.param(
            structs.replace(LINKED, state=State.WRITING),
            ITEMS, _look("Bolt 2"), True, {"dirty": True}, True, id="edited, while it is written",
        ),
        pytest.param(BURIED, ITEMS, _look("Bolt 2"), True, {}, True, id="edited, and given up"),
        pytest.param(ALONE, ITEMS, _look("Bolt 2"), True, {}, True, id="edited, and gets no counterpart"),
        pytest.param(
            structs.replace(ALONE, dirty=True),
            ITEMS,
            _look("Bolt 2"),
            True,
            {"dirty": True},
            True,
            id="edited, and has work",
        ),
        pytest.param(ALONE, BOTH, _look("Bolt 2"), True, {"dirty": True}, True, id="edited, and gets a counterpart"),
    ],
)  # fmt: skip
def test_what_a_record_that_is_read_means_for_its_link(
    link: Link, flow: Flow, look: tuple[Record, Observation], stored: bool, changed: dict[str, Any], edited: bool
) -> None:
    accepted_ = accepted(flow, link, "invoiced", *look) if stored else link
    assert taken(flow, link, "invoiced", *look) == (structs.replace(accepted_, **changed), edited)


@pytest.mark.parametrize(("flow", "dirty"), [(ITEMS, False), (BOTH, True)])
def test_a_record_of_invoiced_begins_a_link_and_has_work_where_it_gets_a_counterpart(flow: Flow, dirty: bool) -> None:
    assert taken(flow, None, "invoiced", RECORD, SEEN) == (
        Link(ITEMS.id, inv_id="bolt", inv_key="bolt", reference="PR1", inv=SEEN, dirty=dirty), False,
    )  # fmt: skip


def test_a_record_of_customerp_begins_a_link_that_has_work() -> None:
    raw = {"id": "PR1", "sku": "Bolt", "name": "Bolt", "unitPrice": "1.50", "currency": "NOK", "discontinued": False}
    record = Record("PR1", raw, 100, version=3, reference="bolt")
    link, edited = taken(ITEMS, None, "customerp", record, observe(ITEMS, "customerp", record, Interval(1, 5, 6)))
    assert (link.erp_id, link.erp_key, link.inv_id, link.reference) == ("PR1", "Bolt", None, None)
    assert (link.state, link.dirty, edited) == (State.DISCOVERED, True, False)


def _reads(world: Any) -> list[str]:
    """What the last run has read, without queries."""
    return [path.partition("?")[0] for method, path in world.calls if method == "GET"]


def test_a_usual_run_lists_invoiced_and_reads_what_the_feed_of_customerp_names(world: Any) -> None:
    customer = world.erp.create("customers", number="C-1", name="Acme")
    product = world.erp.create("products", sku="bolt", name="Bolt", unitPrice="10", currency="NOK")
    order = world.erp.create(
        "orders", number="O-1", customerId=customer["id"], currency="NOK", orderDate="2026-03-01", lines=[]
    )
    world.run()
    lists = ["invoiced/customers", "invoiced/items", "invoiced/items", "invoiced/invoices"]
    world.run()
    assert _reads(world) == ["customerp/changes", *lists]

    world.erp.change("customers", customer["id"], active=False)
    world.erp.change("products", product["id"], description="M8")
    world.erp.change("orders", order["id"], notes="Call first")
    world.erp.delete("customers", world.erp.create("customers", number="C-2", name="Gone at once")["id"])
    report = world.run()
    assert _reads(world)[:8] == [
        "customerp/changes", "customerp/customers/CU000001", "customerp/products/PR000001", "customerp/orders/OR000001",
        *lists,
    ]  # fmt: skip
    assert [write.fields for write in report.writes] == [
        {"active": (True, False)}, {"description": (None, "M8")}, {"notes": (None, "Call first")},
    ]  # fmt: skip


def test_what_is_edited_on_a_page_that_was_read_while_others_are_read_is_seen_by_the_next_walk(world: Any) -> None:
    world.erp.create("customers", number="C-000", name="Acme")
    world.run()
    [first] = world.inv.list("customers")
    for number in range(1, 101):
        world.inv.create("customers", number=f"C-{number:03}", name="Only in Invoiced")

    def edit_behind_the_walk(request: httpx.Request) -> None:
        if request.url.path == "/customers" and request.url.params.get("page") == "2":
            world.inv.change("customers", first["id"], phone="1")
            world.clock.advance(60)

    world.wires["invoiced"].before = edit_behind_the_walk
    assert world.run().writes == ()
    assert [path for path in _reads(world) if path == "invoiced/customers"] == ["invoiced/customers"] * 2
    world.wires["invoiced"].before = lambda request: None
    assert [write.fields for write in world.run().writes] == [{"phone": (None, "1")}]


def test_a_first_walk_that_breaks_off_is_begun_anew(world: Any) -> None:
    for number in range(101):
        world.inv.create("customers", number=f"C-{number:03}", name="Only in Invoiced")
    world.wires["invoiced"].before = lambda request: (
        httpx.Response(200, text="<html>") if request.url.params.get("page") == "2" else None
    )
    with pytest.raises(BadAnswer):
        world.run()
    [first, *_] = world.inv.list("customers")
    assert len(list(world.store.links())) == 100
    assert world.store.cursor("invoiced:customer-company") is None

    world.wires["invoiced"].before = lambda request: None
    world.inv.change("customers", first["id"], name="Edited since")
    world.run()
    links = list(world.store.links())
    assert [link.inv.values["number"] for link in links] == [f"C-{number:03}" for number in range(101)]
    assert links[0].inv.values["name"] == "Edited since"


def test_what_a_list_has_shown_in_a_later_state_than_the_feed_is_not_read_again(world: Any) -> None:
    ids = [world.erp.create("customers", number=f"C-{number}", name="Someone")["id"] for number in range(20)]
    world.run()
    for id_ in ids:
        world.erp.change("customers", id_, phone="1")

    def edit_before_the_list(request: httpx.Request) -> None:
        if request.url.path == "/changes":
            world.erp.change("customers", ids[0], phone="2")

    world.wires["customerp"].after = edit_before_the_list
    assert len(world.run().writes) == 20
    assert [path for path in _reads(world) if path.startswith("customerp/customers")] == ["customerp/customers"]


def test_a_new_customer_that_could_not_be_read_yet_is_created_when_it_can(world: Any, acme: dict[str, Any]) -> None:
    world.run()
    world.erp.create("customers", **acme)
    world.wires["customerp"].before = lambda request: (
        httpx.Response(500, json={}) if request.url.path == "/customers/CU000001" else None
    )
    world.run()
    [link] = world.store.links()
    assert (link.erp_id, link.erp, link.recheck) == ("CU000001", None, True)
    world.erp.change("customers", "CU000001", name="Acme Two")
    world.wires["customerp"].before = lambda request: None
    assert [write.fields["name"] for write in world.run().writes] == [(None, "Acme Two")]


@pytest.mark.parametrize(
    ("changed", "asked_since"),
    [
        ({}, "1772352060"),  # when the record was last seen to change
        ({"inv": None}, "0"),
        ({"deleted": "customerp"}, None),  # the other side is gone already
        ({"erp_id": None, "erp_key": None, "erp": None}, None),
    ],
)
def test_only_where_a_link_loses_a_side_it_is_asked_for_what_the_record_was_merged_into(
    world: Any, acme: dict[str, Any], changed: dict[str, Any], asked_since: str | None
) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [link] = world.store.links()
    with world.store.transaction():
        world.store.save(structs.replace(link, **changed))
    survivor = world.inv.create("customers", name="Acme, entered twice", number="X-9")
    world.inv.call("POST", f"/customers/{survivor['id']}/merge", {"customer": 70001})
    world.calls.clear()
    engine = world.open()

    async def ask() -> str | None:
        became = await Walk(world.store, engine.clock, 1, None).became(engine.invoiced, CUSTOMERS, "70001")
        await engine.close()
        return became

    if asked_since is None:
        assert (asyncio.run(ask()), world.calls) == (None, [])
        return
    assert asyncio.run(ask()) == str(survivor["id"])
    query = f"filter%5Btype%5D=customer.merged&start_date={asked_since}&per_page=100&page=1"
    assert world.calls == [("GET", f"invoiced/events?{query}")]


class Watched(Store):
    """A store that says which transactions wait for the disk, and for which records a link was looked up."""

    asked: list[bool | str]

    def transaction(self, *, durable: bool = True) -> Any:
        self.asked.append(durable)
        return super().transaction(durable=durable)

    def by_remote(self, flow: str, system: System, id_: str) -> Link | None:
        self.asked.append(id_)
        return super().by_remote(flow, system, id_)


def _walk_invoiced(world: Any, complete: bool = False) -> Walk:
    engine = world.open()
    walk = Walk(world.store, engine.clock, 1, None, complete)

    async def read() -> None:
        await walk.invoiced(engine.invoiced, CUSTOMERS)
        await engine.close()

    world.clock.advance(60)
    asyncio.run(read())
    return walk


def test_a_page_costs_no_wait_for_the_disk_and_an_unchanged_record_no_look_up(world: Any) -> None:
    world.restart(lambda path: Watched.open(path, durable=False))
    store = world.store
    for number in range(101):
        world.inv.create("customers", number=f"C-{number}", name="Someone")
    [first, *_] = world.inv.list("customers")
    store.asked = []
    _walk_invoiced(world)
    assert store.asked == [False, False, True]  # two pages, then the cursor
    assert {len(link.inv.digest) for link in store.links()} == {16}

    world.inv.change("customers", first["id"], name="Somebody")
    store.asked.clear()
    walk = _walk_invoiced(world, complete=True)
    assert store.asked == [False, str(first["id"]), False, True]
    assert walk.notices == []


@pytest.mark.parametrize(("state", "woken"), [(State.LINKED, True), (State.WRITING, True), (State.TOMBSTONED, False)])
def test_an_edit_wakes_what_waits_for_the_record_unless_it_is_buried(
    world: Any, acme: dict[str, Any], state: State, woken: bool
) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [link], store = world.store.links(), world.store
    with store.transaction():
        store.save(structs.replace(link, state=state))
        order = store.save(Link("order-invoice", erp_id="OR1", dirty=False, waits_for="customer-company:CU000001"))
    world.inv.change("customers", link.inv_id, phone="1")
    _walk_invoiced(world)
    assert (store.link(order.id).dirty, store.link(link.id).dirty) == (woken, woken)


def test_a_doubt_that_is_known_already_is_not_stored_again(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [link] = world.store.links()
    with world.store.transaction():
        link = world.store.save(structs.replace(link, deleted="invoiced"))  # and a list shows the record
    _walk_invoiced(world, complete=True)
    [doubted] = world.store.links()
    assert doubted == structs.replace(link, recheck=True, dirty=True, version=link.version + 1)
    _walk_invoiced(world, complete=True)
    assert list(world.store.links()) == [doubted]


def test_a_walk_says_how_far_it_is(world: Any) -> None:
    for number in range(101):
        world.erp.create("customers", number=f"C-{number}", name="Someone")
        world.inv.create("customers", number=f"D-{number}", name="Someone")
    told: list[Progress] = []
    engine = world.open()
    walk = Walk(world.store, engine.clock, 1, told.append)

    async def read() -> None:
        await walk.customerp(engine.customerp, [CUSTOMERS])
        await walk.invoiced(engine.invoiced, CUSTOMERS)
        await engine.close()

    asyncio.run(read())
    assert told == [
        Progress("reading Customerp", 100, None),
        Progress("reading Customerp", 101, None),
        Progress("reading Invoiced", 201, None),
        Progress("reading Invoiced", 202, None),
    ]
    assert walk.scan is None


def _odd(world: Any, system: str, *records: Any) -> None:
    """A system lists these customers."""
    answer = {"data": list(records), "nextCursor": None} if system == "customerp" else list(records)
    world.wires[system].before = lambda request: (
        httpx.Response(200, json=answer) if request.url.path == "/customers" else None
    )


@pytest.mark.parametrize("odd", [7, None, [], {}, {"id": None}], ids=repr)
def test_what_has_no_id_is_told_and_the_rest_of_the_page_is_read(world: Any, acme: dict[str, Any], odd: Any) -> None:
    world.erp.create("customers", **acme)
    _odd(world, "customerp", odd, world.erp.read("customers", "CU000001"))
    report = world.run()
    assert [write.key for write in report.writes] == ["C-1"]
    assert report.notices == (
        Notice(
            CUSTOMERS.id, "?", None, "needs_attention",
            "Customerp shows a record that cannot be read: a record without an id",
        ),
    )  # fmt: skip


@pytest.mark.parametrize("system", ["customerp", "invoiced"])
def test_a_record_that_cannot_be_read_waits_for_a_person_and_is_neither_new_nor_gone(
    world: Any, acme: dict[str, Any], system: str
) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [there] = world.inv.list("customers")
    known = world.erp.read("customers", "CU000001") if system == "customerp" else there
    title, id_ = system.capitalize(), str(known["id"])
    _odd(world, system, {**known, "active": "yes"}, {**known, "id": type(known["id"])(1234), "active": "no"})
    report = world.run(complete=True)
    reasons = [
        f"{title} shows a record that cannot be read: active: expected true or false, got {value}"
        for value in ("'yes'", "'no'")
    ]
    notices = [
        Notice(CUSTOMERS.id, key, None, "needs_attention", reason)
        for key, reason in zip(("C-1", "1234"), reasons, strict=True)  # a known one goes by its number
    ]
    assert (list(report.notices), report.scan.unseen_deletes) == (notices, 0)
    links = [world.store.by_remote(CUSTOMERS.id, system, key) for key in (id_, "1234")]
    assert [(link.state, link.dirty, link.reason, list(link.notices)) for link in links] == [
        (State.NEEDS_ATTENTION, False, reason, [notice]) for reason, notice in zip(reasons, notices, strict=True)
    ]
    assert [link.linked for link in links] == [True, False]
    assert world.written() == []
