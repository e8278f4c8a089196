"""What every adapter of the two ports has to pass: a store's promises, a dispatcher's, and the crash table over both.

A new adapter joins by one entry in STORES or DISPATCHERS.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from sync import Store, StoreInUse
from sync.dispatch import InProcess
from sync.errors import Superseded
from sync.links import Child, Conflict, Intent, Interval, Line, Link, Notice, Observation, State
from sync.ports import Dispatch, Handler, Storage

STORES: dict[str, Callable[[Path], Storage]] = {"sqlite": lambda path: Store.open(path, durable=False)}
DISPATCHERS: dict[str, Callable[[int], Dispatch]] = {"in process": InProcess}

WHOLE = Link(
    "customer-company",
    erp_id="CU1",
    inv_id="7",
    erp_key="c-1",
    inv_key="c-1",
    reference="CU1",
    generation=2,
    state=State.CONFLICTED,
    reason="both edited",
    waits_for="product-item:PR1",
    dirty=True,
    recheck=True,
    attempts=3,
    next_attempt_at=12.5,
    shadow={"name": ("A", "a"), "active": (True, True)},
    diverged={"name": "case"},
    children=(Child("L1", "11", {"quantity": ("2", "2")}),),
    erp=Observation({"name": "A", "active": True}, Interval(1, 0.5, 0.6), 1.5, 4, (Line("L1", {"quantity": "2"}),)),
    inv=Observation({"name": "a", "active": None}, Interval(1, 0.7, 0.8), 1.0, None, (), "closed", {"name": 1.0}),
    intent=Intent(
        "invoiced", "update", "customers", "7", ({"method": "PATCH"},), {"name": ("A", "a", None)}, None, "k", 1.5
    ),
    notices=(Notice("customer-company", "C-1", "name", "divergence", "case"),),
    conflicts=(Conflict("customer-company", "C-1", "name", ("A", "a"), "B", "b", None, "manual"),),
)


@pytest.fixture(params=STORES)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Storage]]:
    """Opens the same store again and again, as processes one after another would."""
    current: list[Storage] = []

    def again() -> Storage:
        if current:
            current.pop().close()
        current.append(STORES[request.param](tmp_path / "store"))
        return current[0]

    yield again
    current.pop().close()


def test_a_store_keeps_a_link_whole_for_the_next_process(opened: Callable[[], Storage]) -> None:
    store = opened()
    with store.transaction():
        saved = store.save(WHOLE)
        store.set_cursor("scan", "2026")
    store = opened()
    assert store.link(saved.id) == saved
    assert store.cursor("scan") == "2026"


def test_a_transaction_is_all_or_nothing(opened: Callable[[], Storage]) -> None:
    store = opened()

    def fail() -> None:
        with store.transaction():
            store.save(WHOLE)
            store.set_cursor("scan", "2026")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (store.by_remote("customer-company", "customerp", "CU1"), store.cursor("scan")) == (None, None)


def test_a_handler_that_was_overtaken_cannot_store(opened: Callable[[], Storage]) -> None:
    store = opened()
    with store.transaction():
        old = store.save(WHOLE)
    with store.transaction():
        new = store.save(old)
    with pytest.raises(Superseded), store.transaction():
        store.save(old)
    with store.transaction():
        store.remove(new)
    with pytest.raises(Superseded):
        store.link(new.id)


@pytest.mark.parametrize(("system", "id_"), [("customerp", "CU1"), ("invoiced", "7")])
def test_no_record_is_held_by_two_links(opened: Callable[[], Storage], system: Any, id_: str) -> None:
    store = opened()
    with store.transaction():
        store.save(WHOLE)
    rival = Link("customer-company", erp_id="CU1") if system == "customerp" else Link("customer-company", inv_id="7")
    with pytest.raises(Superseded), store.transaction():
        store.save(rival)
    found = store.by_remote("customer-company", system, id_)
    assert found is not None
    assert found.erp == WHOLE.erp
    with store.transaction():
        store.save(Link("product-item", erp_id="CU1", inv_id="7"))  # another flow's ids are its own


def test_work_is_found_in_order_and_by_what_it_waits_for(opened: Callable[[], Storage]) -> None:
    store = opened()
    with store.transaction():
        first = store.save(Link("a", erp_id="1"))
        idle = store.save(Link("a", erp_id="2", dirty=False, waits_for="b:9"))
        paused = store.save(Link("a", erp_id="3", dirty=False, next_attempt_at=100.0))
        store.save(Link("b", erp_id="4"))
    assert (store.dirty("a"), store.dirty("c")) == ([first.id], [])
    with store.transaction():
        store.wake("b:8")
        store.wake_due(99.0)
    assert store.dirty("a") == [first.id]
    with store.transaction():
        store.wake("b:9")
        store.wake_due(100.0)
    assert store.dirty("a") == [first.id, idle.id, paused.id]
    with pytest.raises(Superseded), store.transaction():
        store.save(idle)  # woken meanwhile: a handler that had it before may not put it to sleep


def test_links_are_found_by_what_their_records_say(opened: Callable[[], Storage]) -> None:
    store = opened()
    with store.transaction():
        saved = store.save(WHOLE)
    assert [link.id for link in store.by_key("customer-company", "customerp", "c-1")] == [saved.id]
    assert [link.id for link in store.by_key("customer-company", "invoiced", "c-1")] == [saved.id]
    assert [link.id for link in store.by_reference("customer-company", "CU1")] == [saved.id]
    assert [link.id for link in store.by_value("customer-company", "customerp", "name", "A")] == [saved.id]
    assert [link.id for link in store.by_value("customer-company", "invoiced", "name", "a")] == [saved.id]
    assert (
        store.by_value("customer-company", "invoiced", "name", "A")
        == store.by_value("o'ther", "customerp", "name", "A")
        == []
    )
    assert store.by_key("customer-company", "invoiced", "C-1") == store.by_reference("other", "CU1") == []


def test_records_that_meet_become_one_link_at_rest(opened: Callable[[], Storage]) -> None:
    store = opened()
    erp, inv = (Observation({"number": "1"}, Interval(1, 0.0, 0.1), digest=digest) for digest in (b"erp", b"inv"))
    ours, theirs = Link("a", erp_id="CU1", erp_key="1", erp=erp), Link("a", inv_id="7", inv_key="1", inv=inv)
    with store.transaction():
        store.add([ours, theirs])
        for meeting in store.meetings(store.dirty("a")):  # which may be left to the usual way
            store.join(meeting)
            joined = replace(ours, id=meeting.ours, inv_id="7", inv_key="1", inv=inv, shadow={"number": ("1", "1")})
            expected = replace(joined, state=State.LINKED, dirty=False, version=2)
            assert list(store.links()) == [expected]
    with pytest.raises(Superseded), store.transaction():
        store.add([Link("a", erp_id="CU2"), Link("a", erp_id="CU1")])
    assert store.by_remote("a", "customerp", "CU2") is None


def test_what_was_last_listed_of_a_record_is_known_by_its_digest_unless_it_was_deleted(
    opened: Callable[[], Storage],
) -> None:
    listed = Observation({"number": "1"}, Interval(1, 0.0, 0.1), digest=b"0123456789abcdef")
    store = opened()
    with store.transaction():
        store.save(Link("f", inv_id="1", inv=listed))
        store.save(Link("f", inv_id="2", inv=listed, state=State.TOMBSTONED))
        store.save(Link("f", inv_id="3", inv=listed, erp_id="CU3", deleted="invoiced"))
        store.save(Link("f", inv_id="4", inv=Observation({"number": "4"}, Interval(1, 0.0, 0.1))))
    known = {"1": b"0123456789abcdef", "2": None, "3": None, "4": None}
    assert opened().digests("f", "invoiced", ["1", "2", "3", "4", "5"]) == known


def test_the_versions_that_were_seen_last_are_known_of_many_at_once(opened: Callable[[], Storage]) -> None:
    store = opened()
    with store.transaction():
        store.save(Link("f", erp_id="1", erp=Observation({"number": "1"}, Interval(1, 0.0, 0.1), 9.0, 7)))
        store.save(Link("f", erp_id="2", erp=Observation({"number": "2"}, Interval(1, 0.0, 0.1), 9.0)))
        store.save(Link("f", erp_id="3"))
        store.save(Link("g", erp_id="4", erp=Observation({"number": "4"}, Interval(1, 0.0, 0.1), 9.0, 7)))
    assert opened().versions("f", ["1", "2", "3", "4"]) == {"1": 7, "2": None, "3": None}
    assert opened().versions("f", []) == {}


def test_a_transaction_that_fails_leaves_no_memory_of_its_links(opened: Callable[[], Storage]) -> None:
    store = opened()
    with store.transaction():
        kept = store.save(Link("f", erp_id="CU1", reason="kept", waits_for="f:CU2", dirty=False))

    def fail() -> None:
        with store.transaction():
            store.save(replace(kept, reason="lost"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.transaction():
        store.wake("f:CU2")
    assert store.link(kept.id) == replace(kept, version=2, waits_for=None, dirty=True) == opened().link(kept.id)


def test_open_writes_are_told_from_those_put_off(opened: Callable[[], Storage]) -> None:
    store = opened()
    with store.transaction():
        begun = store.save(Link("a", erp_id="1", intent=WHOLE.intent, state=State.WRITING))
        put_off = store.save(Link("a", erp_id="2", intent=WHOLE.intent, state=State.RETRY))
        store.save(Link("a", erp_id="3"))
    assert (store.open_intents(), store.interrupted()) == ([begun.id, put_off.id], [begun.id])


def test_a_scan_tells_what_it_has_not_shown(opened: Callable[[], Storage]) -> None:
    store = opened()
    with store.transaction():
        for id_ in ("1", "2", "3"):
            store.save(Link("a", erp_id=id_))
        store.save(Link("a", erp_id="4", state=State.TOMBSTONED))
    store.begin_scan()
    with store.transaction():
        store.mark_seen("a", "customerp", "2", 7.5)
    assert store.unseen("a", "customerp") == (["1", "3"], 3)
    assert [store.seen_at("a", "customerp", id_) for id_ in "12"] == [None, 7.5]
    store.begin_scan()
    assert store.unseen("a", "customerp") == (["1", "2", "3"], 3)


def test_a_copy_goes_its_own_way(opened: Callable[[], Storage]) -> None:
    store = opened()
    with store.transaction():
        saved = store.save(WHOLE)
    copy = store.copy()
    with copy.transaction():
        copy.remove(saved)
    assert store.link(saved.id) == saved
    copy.close()


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store.sqlite", durable=False)
    with pytest.raises(StoreInUse, match="another process works on this store"):
        Store.open(tmp_path / "store.sqlite")
    program = (
        f"from sync import Store, StoreInUse\ntry: Store.open({str(store.path)!r})\nexcept StoreInUse: print('no')"
    )
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert other.stdout == "no\n"
    store.close()
    Store.open(tmp_path / "store.sqlite", durable=False).close()


@pytest.mark.parametrize("name", DISPATCHERS)
def test_every_link_is_handled_and_none_twice_at_once(name: str) -> None:
    busy: set[int] = set()
    most = 0
    handled: list[int] = []

    async def handle(link: int) -> None:
        nonlocal most
        assert link not in busy
        busy.add(link)
        most = max(most, len(busy))
        for _ in range(link % 3):
            await asyncio.sleep(0)
        busy.remove(link)
        handled.append(link)

    work = [*range(10), *range(5)]
    asyncio.run(DISPATCHERS[name](4).run(work, handle))
    assert set(handled) == set(range(10))
    assert 1 < most <= 4


@pytest.mark.parametrize("name", DISPATCHERS)
def test_the_first_error_ends_the_others_and_is_raised_as_it_is(name: str) -> None:
    begun: list[int] = []

    async def handle(link: int) -> None:
        begun.append(link)
        if link == 1:
            raise ZeroDivisionError
        await asyncio.sleep(60)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(DISPATCHERS[name](2).run(range(9), handle))
    assert begun == [0, 1]


@pytest.mark.parametrize("name", DISPATCHERS)
def test_after_a_stop_nothing_more_is_begun(name: str) -> None:
    dispatch = DISPATCHERS[name](1)
    handled: list[int] = []

    async def handle(link: int) -> None:
        handled.append(link)
        dispatch.stop()

    asyncio.run(dispatch.run(range(9), handle))
    assert handled == [0]


class Careless:
    """A dispatcher at the limit of what the port allows: any order, and every link more than once."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    async def run(self, work: Sequence[int], handle: Handler) -> None:
        for link in self._random.sample([*work, *work], 2 * len(work)):
            await handle(link)

    def stop(self) -> None: ...


class Killed(BaseException):
    """The process ends here."""


class Fuse:
    """Burns down by one at every point where a process can die, and notes what kind of point each was."""

    def __init__(self, length: int) -> None:
        self.length, self.points = length, list[str]()

    def burn(self, point: str) -> None:
        self.points.append(point)
        if len(self.points) == self.length:
            raise Killed


class Mortal:
    """Any store, whose process may die just before or just after a commit."""

    def __init__(self, inner: Storage, fuse: Fuse) -> None:
        self._inner, self._fuse = inner, fuse

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[None]:
        with self._inner.transaction(durable=durable):
            yield
            self._fuse.burn("commit")
        self._fuse.burn("committed")


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


def _mortal_run(world: Any, make: Callable[[Path], Storage], length: int) -> Fuse:
    """A run that dies at the given point, or not at all."""
    fuse = Fuse(length)
    world.restart(lambda path: Mortal(make(path), fuse))

    def before(request: httpx.Request) -> httpx.Response | None:
        fuse.burn("read" if request.method == "GET" else "write")
        return None

    def after(request: httpx.Request) -> None:
        fuse.burn("answer to a read" if request.method == "GET" else "answer to a write")

    for wire in world.wires.values():
        wire.before, wire.after = before, after
    try:
        world.run()
    except Killed:
        pass
    finally:
        for wire in world.wires.values():
            wire.before, wire.after = (lambda request: None), (lambda request: None)
        world.restart(make)
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


def _history(world: Any) -> list[tuple[str, str, str, str]]:
    return sorted((entry.flow, entry.system, entry.operation, entry.key) for entry in world.store.history())


# The crash table, each row as two neighbouring points between which the process dies.
ROWS = {
    "inside T1": ("answer to a read", "commit"),
    "between pages": ("committed", "read"),
    "inside T2": ("committed", "commit"),
    "after T2, before the call": ("committed", "write"),
    "during the call, or applied and the answer lost": ("write", "answer to a write"),
    "answer in hand, inside T3": ("answer to a write", "commit"),
    "after T3": ("commit", "committed"),
}


@pytest.mark.parametrize("dispatch", DISPATCHERS)
@pytest.mark.parametrize("name", STORES)
@pytest.mark.parametrize("edits", [False, True], ids=["first load", "edits on both sides"])
def test_a_crash_at_any_point_costs_nothing(
    world: Any, tmp_path: Path, acme: dict[str, Any], name: str, dispatch: str, edits: bool
) -> None:
    worlds = 0

    def prepared() -> Any:
        nonlocal worlds
        worlds += 1
        folder = tmp_path / str(worlds)
        folder.mkdir()
        fresh = type(world)(folder)
        fresh.dispatch = DISPATCHERS[dispatch](1)
        fresh.restart(STORES[name])
        _seed(fresh, acme)
        if edits:
            fresh.run()
            _edit(fresh)
        return fresh

    calm = prepared()
    points = _mortal_run(calm, STORES[name], 0).points
    expected, told = _state(calm), _history(calm)
    calm.store.close()
    assert expected["archived"]
    neighbours = set(pairwise(points))
    assert [row for row, pair in ROWS.items() if pair not in neighbours] == []

    for point in range(1, len(points) + 1):
        world = prepared()
        _mortal_run(world, STORES[name], point)
        world.run()
        place = f"died at point {point} of {len(points)} ({points[point - 1]})"
        assert _state(world) == expected, place
        assert world.store.open_intents() == [], place
        assert _history(world) == told, f"{place}: a write is missing in the history, or there twice"
        assert world.run().writes == (), f"{place}: another round still writes"
        world.store.close()


@pytest.mark.parametrize("seed", range(3))
def test_neither_the_order_of_work_nor_its_repetition_matters(world: Any, acme: dict[str, Any], seed: int) -> None:
    world.dispatch = Careless(seed)
    _seed(world, acme)
    created = sorted((write.operation, write.key) for write in world.run().writes)
    assert created == [("create", "C-1"), ("create", "O-1"), ("create", "bolt"), ("create", "erp-pct-5")]
    _edit(world)
    assert len(world.run().writes) == 5
    assert world.run().writes == ()
