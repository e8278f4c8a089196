"""Links that need no call come to rest together, without a handler, and to the same rest as one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from sync import Pacing, Store, SystemClock, resting
from sync.converters import Reference
from sync.events import Event, LinkRested
from sync.links import Conflict, Intent, Interval, Link, Notice, Observation, State
from sync.ports import Storage
from sync.run import Run
from sync.schema import Flow, Pair, Side
from sync.walk import Walk


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


NUMBER = Pair("number", "number")
PART = Pair("part", "part", Reference("things"))
PAIRS = (NUMBER, Pair("name", "name", conflict="manual"), Pair("price", "price"), PART)
FLOW = Flow("things", Side("things", "Thing"), Side("items", "Item"), NUMBER, True, PAIRS)
ERP = {"number": "1", "name": "Al", "price": "5", "part": None}
INTENT = Intent("invoiced", "update", "items", "9", (), {}, None, "key-1", 0.0)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A run without a system: whatever made a call would fail."""
    store: Storage = Store.open(tmp_path / "store.sqlite", durable=False)
    clock = SystemClock()
    walk = Walk(store, clock, 1, None)
    yield Run(store, {}, {"things": FLOW}, clock, lambda: "key", Pacing(), walk, 1, lambda event: None)
    store.close()


def _seen(**values: Any) -> Observation:
    return Observation({**ERP, **values}, Interval(1, 0.0, 0.1), 1.0)


def _linked(erp: Observation, inv: Observation, **more: Any) -> Link:
    agreed = {name: (value, value) for name, value in ERP.items()}
    return Link("things", erp_id="CU1", inv_id="9", erp_key="1", inv_key="1", erp=erp, inv=inv, shadow=agreed, **more)


def _settled(run: Run, *links: Link) -> tuple[list[int], list[Link]]:
    """Which of the links are left, by their place, and all that the store has then."""
    with run.store.transaction():
        ids = [run.store.save(link).id for link in links]
    left = resting.settle(run, FLOW, ids)
    return [ids.index(id_) for id_ in left], list(run.store.links())


CLASH = Conflict("things", "1", "name", ("Al", "Al"), "Bo", "Cy", None, "manual", (None, None))
WAITS = "waits for the Thing CU7, which Customerp has not shown"


@pytest.mark.parametrize(
    ("link", "rest"),
    [
        (_linked(_seen(), _seen(), notices=(Notice("things", "1", None, "frozen", "old"),)), {"notices": ()}),
        (_linked(_seen(price="6"), _seen(price="6")), {}),
        (_linked(_seen(name="Bo"), _seen(name="Cy")), {"state": State.CONFLICTED, "conflicts": (CLASH,)}),
        (
            _linked(_seen(part="CU7"), _seen()),
            {"state": State.WAITING, "reason": WAITS, "waits_for": "things:CU7",
             "notices": (Notice("things", "1", "part", "waiting", "things:CU7 is not linked yet"),)},
        ),
    ],
    ids=["agree", "edited alike", "edited in different ways", "waits"],
)  # fmt: skip
def test_a_pair_rests_where_nothing_is_to_be_written(run: Run, link: Link, rest: Any) -> None:
    said: list[Event] = []
    run.listen = said.append
    left, [rested] = _settled(run, replace(link, reason="before"))
    assert link.erp is not None
    assert link.inv is not None
    agreed = {name: (link.erp.values[name], link.inv.values[name]) for name in ERP if name != "part"}
    shadow = link.shadow if "state" in rest else {**link.shadow, **agreed}
    expected = {"state": State.LINKED, "reason": None, "dirty": False, "shadow": shadow, "version": 2, "id": rested.id}
    assert (left, rested) == ([], replace(link, **expected | rest))
    assert said == [LinkRested("things", rested.id, rested.state, 0.0)]


@pytest.mark.parametrize(
    "link",
    [
        _linked(_seen(price="6"), _seen()),
        _linked(_seen(), _seen(price="6")),
        _linked(_seen(), _seen(), intent=INTENT),
        _linked(_seen(), _seen(), recheck=True),
        _linked(_seen(), _seen(), deleted="invoiced"),
        _linked(_seen(), _seen(), state=State.TOMBSTONED),
        Link("things", erp_id="CU1", recheck=True),
        Link("things", erp_id="CU1", erp_key="2", erp=_seen(number="2")),
    ],
    ids=["edit", "edit there", "open write", "to be read", "deleted", "tombstone", "never read", "no counterpart"],
)
def test_whatever_else_is_left_as_it_is(run: Run, link: Link) -> None:
    left, [same] = _settled(run, link)
    assert (left, same) == ([0], replace(link, id=same.id, version=1))


HERE = Link("things", erp_id="CU1", erp_key="1", erp=_seen())
THERE = Link("things", inv_id="9", inv_key="1", inv=_seen(), dirty=True)


@pytest.mark.parametrize("state", [State.DISCOVERED, State.WAITING, State.NEEDS_ATTENTION])
def test_a_record_rests_with_the_counterpart_that_is_there_and_what_waits_for_it_is_woken(
    run: Run, state: State
) -> None:
    waiting = Link("things", erp_id="CU2", erp_key="2", erp=_seen(number="2"), dirty=False, waits_for="things:CU1")
    left, [rested, woken] = _settled(run, replace(HERE, state=state), THERE, waiting)
    assert left == [2]
    assert (rested.erp_id, rested.inv_id, rested.state, rested.dirty) == ("CU1", "9", State.LINKED, False)
    assert (woken.erp_id, woken.dirty, woken.waits_for) == ("CU2", True, None)


@pytest.mark.parametrize(
    "here",
    [
        replace(HERE, intent=INTENT),
        replace(HERE, recheck=True),
        replace(HERE, state=State.TOMBSTONED),
        replace(HERE, erp=_seen(price="6")),
        replace(HERE, erp=None),
    ],
    ids=["open create", "to be read", "tombstone", "differs", "never read"],
)
def test_a_record_with_a_counterpart_is_left_where_more_is_to_be_done(run: Run, here: Link) -> None:
    left, links = _settled(run, here, replace(THERE, dirty=False))
    assert left == [0, 1]
    assert [(link.erp_id, link.inv_id) for link in links] == [("CU1", None), (None, "9")]
