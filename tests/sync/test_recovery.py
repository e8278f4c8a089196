"""What becomes of a write whose process ended in the middle of it, or whose answer was lost: look first, then act.

test_conformance kills the process at every point and sees that nothing is lost; here stands, point by point, what is
asked after the restart, and what somebody may have done meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from sync.links import State

DAY = 90_000  # seconds, after which Invoiced has forgotten what it answered under a key
NOBODY = "999999999999999999"  # the record about which Invoiced is asked what it answered under a key


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def stocked(world: Any, acme: dict[str, Any]) -> Any:
    """A customer, a product and an order of it, linked and at rest."""
    world.erp.create("customers", **acme)
    world.erp.create("products", sku="bolt", name="Bolt", unitPrice="1", currency="NOK")
    line = {"productId": "PR000001", "quantity": "2", "unitPrice": "1"}
    order = {"number": "O-1", "customerId": "CU000001", "currency": "NOK", "orderDate": "2026-03-01"}
    world.erp.create("orders", **order, lines=[line])
    assert len(world.run().writes) == 3
    return world


def _killed(world: Any, method: str, *, applied: bool, system: str = "invoiced") -> None:
    """A run whose process ends at the first call of this method, before or after it has its effect."""

    def die(request: httpx.Request) -> None:
        if request.method == method:
            raise Killed

    wire = world.wires[system]
    if applied:
        wire.after = die
    else:
        wire.before = die
    with pytest.raises(Killed):
        world.run()
    wire.before = wire.after = lambda request: None
    world.restart()


def _failed(world: Any, method: str) -> None:
    """A run whose calls of this method are answered with an error and have no effect; the next attempt is due."""
    world.wires["invoiced"].before = lambda request: (
        httpx.Response(500, json={"type": "api", "message": "oops"}) if request.method == method else None
    )
    world.run()
    world.wires["invoiced"].before = lambda request: None
    world.clock.advance(3600)


def _asked(world: Any) -> list[str]:
    """The calls of the last run about open writes: those before it begins to read."""
    calls = [f"{method} {unquote(path)}" for method, path in world.calls]
    return calls[: calls.index(next(call for call in calls if "customerp/changes" in call))]


def _written(world: Any) -> list[str]:
    """The writes of the last run after that."""
    calls = [f"{method} {unquote(path)}" for method, path in world.calls]
    return [call for call in calls[len(_asked(world)) :] if not call.startswith("GET")]


LOOK_UP = ["GET invoiced/customers?metadata[erp_id]=CU000002", "GET invoiced/customers?filter[number]=C-2"]
COMPANY, INVOICE, ITEM = (
    "invoiced/customers/70001",
    "invoiced/invoices/880001",
    "GET invoiced/items/bolt?include=archived",
)
ERP = "customerp/customers/CU000001"
ANEW = ["DELETE invoiced/items/bolt", "POST invoiced/items?include=archived"]
KEY_OF = {kind: f"PATCH invoiced/{kind}/{NOBODY}" for kind in ("customers", "invoices", "items")}
EDITS: dict[str, Callable[[Any], Any]] = {
    "create": lambda world: world.erp.create("customers", number="C-2", name="Two"),
    "change": lambda world: world.erp.change("customers", "CU000001", phone="1"),
    "list": lambda world: world.erp.change("orders", "OR000001", lines=[{"id": "L1", "quantity": "3"}]),
    "price": lambda world: world.erp.change("products", "PR000001", unitPrice="2"),
    "archive": lambda world: world.erp.change("products", "PR000001", discontinued=True),
    "back": lambda world: world.inv.change("customers", 70001, phone="1"),
}


@pytest.mark.parametrize("later", [0, DAY], ids=["soon", "a day later"])
@pytest.mark.parametrize(
    ("edit", "method", "applied", "asked", "written"),
    [
        # A create: look up; none, so the same call under the same key; one, so what was answered under its key.
        ("create", "POST", False, [*LOOK_UP, "POST invoiced/customers"], []),
        ("create", "POST", True, [LOOK_UP[0], KEY_OF["customers"]], []),
        # A change: what was answered under its key, and what the record says now; if it had no effect, plan again.
        ("change", "PATCH", False, [KEY_OF["customers"], f"GET {COMPANY}"], [f"PATCH {COMPANY}"]),
        ("change", "PATCH", True, [KEY_OF["customers"], f"GET {COMPANY}"], []),
        ("list", "PATCH", False, [KEY_OF["invoices"], f"GET {INVOICE}"], [f"PATCH {INVOICE}"]),
        ("list", "PATCH", True, [KEY_OF["invoices"], f"GET {INVOICE}"], []),
        # Archive and create anew is one write: not begun; half done; done, and the answer lost.
        ("price", "DELETE", False, [KEY_OF["items"], ITEM], ANEW),
        ("price", "DELETE", True, [KEY_OF["items"], ITEM, *ANEW], []),
        ("price", "POST", False, [KEY_OF["items"], ITEM, *ANEW], []),
        ("price", "POST", True, [KEY_OF["items"], ITEM], []),
        # A DELETE has no key under which to ask.
        ("archive", "DELETE", False, [ITEM], [ANEW[0]]),
        ("archive", "DELETE", True, [ITEM], []),
        # Customerp guards by version: the same call once more has its effect, or is answered as before.
        ("back", "PATCH", False, [f"PATCH {ERP}", f"GET {ERP}"], []),
        ("back", "PATCH", True, [f"PATCH {ERP}", f"GET {ERP}"], []),
    ],
)
def test_what_is_asked_after_a_crash_before_anything_else(
    stocked: Any, edit: str, method: str, applied: bool, asked: list[str], written: list[str], later: int
) -> None:
    EDITS[edit](stocked)
    _killed(stocked, method, applied=applied, system="customerp" if edit == "back" else "invoiced")
    stocked.clock.advance(later)
    report = stocked.run()
    assert (_asked(stocked), _written(stocked)) == (asked, written)
    assert (len(report.writes), report.conflicts) == (1, ())
    assert stocked.run().writes == ()


def test_a_create_that_may_still_be_under_way_is_sent_under_the_same_key(stocked: Any) -> None:
    keys: list[str] = []

    def note(request: httpx.Request) -> None:
        if request.method == "POST":
            keys.append(request.headers["Idempotency-Key"])
            if len(keys) == 1:
                raise Killed

    EDITS["create"](stocked)
    stocked.wires["invoiced"].before = note
    with pytest.raises(Killed):
        stocked.run()
    stocked.restart()
    stocked.run()
    assert len(keys) == 2
    assert keys[0] == keys[1]


@pytest.mark.parametrize("later", [0, DAY], ids=["soon", "a day later"])
@pytest.mark.parametrize("system", ["invoiced", "customerp"])
@pytest.mark.parametrize(
    ("here", "there", "name", "phone", "untold"),
    [
        ({}, {}, "Ours", "1", []),
        ({"name": "Newer"}, {}, "Newer", "1", []),  # our own write is no edit that could beat a newer one
        ({}, {"name": "Theirs"}, "Theirs", "1", []),  # an edit of what arrived
        ({"phone": "3"}, {"name": "Theirs"}, "Theirs", "3", []),
        ({}, {"name": "Theirs", "phone": "2"}, "Theirs", "2", ["name", "phone"]),  # a day later nothing shows it
    ],
)
def test_what_is_edited_after_a_change_that_arrived_unseen(
    stocked: Any, system: str, later: int, here: Any, there: Any, name: str, phone: str, untold: list[str]
) -> None:
    """`here` is the side whose edit is written to the other one, in `system`."""
    change = {
        "customerp": lambda **values: stocked.erp.change("customers", "CU000001", **values),
        "invoiced": lambda **values: stocked.inv.change("customers", 70001, **values),
    }
    source = "customerp" if system == "invoiced" else "invoiced"
    change[source](name="Ours", phone="1")
    _killed(stocked, "PATCH", applied=True, system=system)
    for side, values in ((source, here), (system, there)):
        if values:
            change[side](**values)
    stocked.clock.advance(later)
    report = stocked.run()
    assert [conflict.field for conflict in report.conflicts] == (untold if later else [])
    assert [
        (record["name"], record["phone"])
        for record in (stocked.erp.read("customers", "CU000001"), stocked.inv.read("customers", 70001))
    ] == [(name, phone)] * 2
    assert stocked.run().writes == ()


@pytest.mark.parametrize("how", ["the process ends", "an error"])  # then it is looked up before all is read, or after
@pytest.mark.parametrize(
    ("here", "there", "name", "price", "gone"),
    [
        ({}, {}, "Bolt", 2, False),
        ({}, {"name": "Theirs"}, "Theirs", 2, False),
        ({"unitPrice": "3"}, {"name": "Theirs"}, "Theirs", 3, False),
        ({"unitPrice": "1"}, {"name": "Theirs"}, "Theirs", 1, False),  # the new price is not wanted any more
        ({"unitPrice": "1"}, {}, "Bolt", 1, False),
        ({"discontinued": True}, {"name": "Theirs"}, "Theirs", 2, True),
        ({"discontinued": True}, {}, "Bolt", 2, True),
    ],
)
def test_what_is_edited_while_an_item_is_archived_to_be_created_anew(
    stocked: Any, how: str, here: Any, there: Any, name: str, price: int, gone: bool
) -> None:
    EDITS["price"](stocked)
    if how == "the process ends":
        _killed(stocked, "DELETE", applied=True)
    else:
        _failed(stocked, "POST")
    if there:
        stocked.inv.call("PATCH", "/items/bolt", there, include="archived")
    if here:
        stocked.erp.change("products", "PR000001", **here)
    report = stocked.run()
    assert report.conflicts == ()
    product, active = stocked.erp.read("products", "PR000001"), stocked.inv.list("items")
    assert (product["name"], product["unitPrice"], product["discontinued"]) == (name, here.get("unitPrice", "2"), gone)
    item = stocked.inv.list("items", archived="1")[-1] if gone else active[0]
    assert (item["name"], item["unit_cost"], active == []) == (name, price, gone)
    assert stocked.run().writes == ()


def _link(world: Any, erp_id: str = "CU000002") -> Any:
    return world.store.by_remote("customer-company", "customerp", erp_id)


def _create_lost(world: Any) -> int:
    """A customer is created, and the process ends before the answer is stored; returns the id in Invoiced."""
    EDITS["create"](world)
    _killed(world, "POST", applied=True)
    return int(world.inv.list("customers")[-1]["id"])


@pytest.mark.parametrize("later", [0, DAY], ids=["soon", "a day later"])
def test_a_record_that_took_the_number_of_one_that_was_deleted_is_met_for_the_first_time(
    stocked: Any, later: int
) -> None:
    stocked.inv.delete("customers", _create_lost(stocked))
    other = stocked.inv.create("customers", number="C-2", name="Another", city="Bergen", country="NO", type="company")
    stocked.clock.advance(later)
    report = stocked.run()
    assert [(write.system, write.operation, write.fields) for write in report.writes] == [
        ("invoiced", "update", {"name": ("Another", "Two")}),
        ("customerp", "update", {"address.city": (None, "Bergen"), "address.country": (None, "NO")}),
    ]
    assert _link(stocked).inv_id == str(other["id"])
    assert len(stocked.inv.list("customers")) == 2


@pytest.mark.parametrize("later", [0, DAY], ids=["soon", "a day later"])
def test_of_two_records_that_name_the_same_counterpart_a_person_chooses(stocked: Any, later: int) -> None:
    ours = _create_lost(stocked)
    twin = stocked.inv.create("customers", number="C-3", name="Twin", type="company", metadata={"erp_id": "CU000002"})
    stocked.clock.advance(later)
    report = stocked.run()
    reason = f"the Customer records {ours}, {twin['id']} of Invoiced all name CU000002"
    assert [(notice.kind, notice.reason) for notice in report.notices if notice.key == "C-2"] == [("ambiguous", reason)]
    assert (_link(stocked).state, report.writes) == (State.AMBIGUOUS, ())


@pytest.mark.parametrize(
    ("theirs", "found", "kind", "reason"),
    [
        ({"type": "company", "name": "Another"}, None, None, None),
        ({"type": "company", "name": "Another"}, {"name": ["Another"]}, "needs_attention",
         "its number is taken, and the record that has it cannot be read"),
        ({"type": "person", "name": "A person"}, None, "needs_attention",
         "its number belongs to 70002 of Invoiced, which does not take part"),
        ({"type": "company", "name": "Another", "metadata": {"erp_id": "CU000009"}}, None, "ambiguous",
         "70002 of Invoiced has its number but names CU000009"),
    ],
    ids=["a company", "one that cannot be read", "a person", "somebody else's"],
)  # fmt: skip
def test_who_took_the_number_since_the_walk_is_looked_up(
    stocked: Any, theirs: Any, found: Any, kind: str | None, reason: str | None
) -> None:
    EDITS["create"](stocked)

    def take(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST":
            stocked.wires["invoiced"].before = show
            stocked.inv.create("customers", number="C-2", **theirs)
        return None

    def show(request: httpx.Request) -> httpx.Response | None:
        if found is None or "filter%5Bnumber%5D" not in str(request.url):
            return None
        return httpx.Response(200, json=[stocked.inv.read("customers", 70002) | found])

    stocked.wires["invoiced"].before = take
    report = stocked.run()
    told = [(notice.kind, notice.reason) for notice in report.notices if notice.key in ("C-2", "70002")]
    if kind is None:
        assert (_link(stocked).inv_id, _link(stocked).state) == ("70002", State.LINKED)
        assert stocked.inv.read("customers", 70002)["name"] == "Two"
    else:
        assert told[-1:] == [(kind, reason)]
        assert _link(stocked).inv_id is None
    assert {write.operation for write in report.writes} == (set() if kind else {"update"})


def test_what_waits_for_a_record_goes_on_when_its_create_turns_out_to_have_arrived(stocked: Any) -> None:
    EDITS["create"](stocked)
    order = {"number": "O-2", "customerId": "CU000002", "currency": "NOK", "orderDate": "2026-03-01"}
    stocked.erp.create("orders", **order, lines=[{"quantity": "1", "unitPrice": "1"}])

    def fail(request: httpx.Request) -> httpx.Response | None:
        if request.method != "POST":
            return None
        stocked.inv.call("POST", "/customers", json.loads(request.content))
        return httpx.Response(500, json={"type": "api", "message": "oops"})

    stocked.wires["invoiced"].before = fail
    assert stocked.run().writes == ()
    stocked.wires["invoiced"].before = lambda request: None
    stocked.clock.advance(3600)
    assert [(write.operation, write.key) for write in stocked.run().writes] == [("create", "C-2"), ("create", "O-2")]


@pytest.mark.parametrize("later", [0, 23 * 3600 - 70], ids=["soon", "hardly a day later"])
def test_a_change_that_never_arrived_is_not_told_by_an_edit_that_looks_like_it(stocked: Any, later: int) -> None:
    stocked.erp.change("customers", "CU000001", name="Alike", phone="1")
    _killed(stocked, "PATCH", applied=False)
    stocked.inv.change("customers", 70001, name="Alike", phone="2")
    stocked.clock.advance(later)
    assert [conflict.field for conflict in stocked.run().conflicts] == ["phone"]


@pytest.mark.parametrize("answer", [[], "gone", {"id": 4}, {"id": 99999}], ids=["a list", "a text", "one", "another"])
def test_what_is_answered_under_a_key_counts_only_if_it_is_about_the_record(stocked: Any, answer: Any) -> None:
    EDITS["change"](stocked)
    _killed(stocked, "PATCH", applied=True)
    stocked.wires["invoiced"].before = lambda request: (
        httpx.Response(200, json=answer) if request.url.path.endswith(NOBODY) else None
    )
    report = stocked.run()
    assert ([write.fields for write in report.writes], report.notices) == ([{"phone": ("+47 22 00 00 00", "1")}], ())
    assert stocked.run().writes == ()


@pytest.mark.parametrize(("applied", "answer", "told"), [(True, None, ["name"]), (False, 4, []), (False, 99999, [])])
def test_of_a_record_that_is_gone_only_its_own_answer_says_that_a_change_arrived(
    world: Any, acme: dict[str, Any], applied: bool, answer: int | None, told: list[str]
) -> None:
    world.erp.create("customers", **acme)
    world.run()
    world.erp.change("customers", "CU000001", name="Renamed")
    _killed(world, "PATCH", applied=applied)
    there = world.inv.read("customers", 70001)
    world.inv.delete("customers", 70001)
    world.wires["invoiced"].before = lambda request: (
        httpx.Response(200, json={**there, "id": answer}) if answer and request.url.path.endswith(NOBODY) else None
    )
    assert [name for write in world.run().writes for name in write.fields] == told
    assert _link(world, "CU000001").state is State.TOMBSTONED
