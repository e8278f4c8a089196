"""Processes that end and answers that get lost in the middle of a write; test_conformance has the whole crash table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from sync import Store
from sync.links import State


class Killed(BaseException):
    """The process ends here."""


def test_our_own_write_with_a_lost_answer_does_not_beat_a_newer_edit(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [customer] = world.inv.list("customers")
    world.erp.change("customers", "CU000001", name="From the ERP")

    def die(request: httpx.Request) -> None:
        if request.method == "PATCH":
            raise Killed

    world.wires["invoiced"].after = die
    with pytest.raises(Killed):
        world.run()
    world.wires["invoiced"].after = lambda request: None
    world.erp.change("customers", "CU000001", name="Newer")
    world.restart()
    report = world.run()

    assert report.conflicts == ()
    assert world.inv.read("customers", customer["id"])["name"] == "Newer"
    assert world.erp.read("customers", "CU000001")["name"] == "Newer"


def test_a_write_that_never_arrived_stays_so_although_the_next_looks_fail(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [customer] = world.inv.list("customers")
    world.inv.change("customers", customer["id"], phone="1")
    tries: list[str] = []

    def lose(request: httpx.Request) -> httpx.Response | None:
        if request.url.path != "/customers/CU000001":
            return None
        tries.append(request.method)
        if len(tries) == 1:
            world.erp.change("customers", "CU000001", email="new@acme.example")
            raise httpx.ReadTimeout("never arrives", request=request)
        return httpx.Response(500) if request.method == "GET" else None

    world.wires["customerp"].before = lose
    world.run()
    assert tries == ["PATCH", "PATCH", "GET"]
    world.inv.change("customers", customer["id"], phone=acme["phone"])
    world.run()
    world.wires["customerp"].before = lambda request: None
    world.erp.change("customers", "CU000001", phone="1")  # the very value that did not arrive
    world.clock.advance(600)
    world.run()
    assert world.erp.read("customers", "CU000001")["phone"] == "1"
    assert world.inv.read("customers", customer["id"])["phone"] == "1"


def test_a_lost_answer_to_a_create_is_looked_up_in_the_same_run(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    lost: list[str] = []

    def lose(request: httpx.Request) -> None:
        if request.method == "POST" and not lost:
            lost.append(request.url.path)
            raise httpx.ReadTimeout("lost", request=request)

    world.wires["invoiced"].after = lose
    report = world.run()

    assert [write.operation for write in report.writes] == ["create"]
    assert [customer["number"] for customer in world.inv.list("customers")] == ["C-1"]
    assert world.slept == [2.0]
    assert world.run().writes == ()


def test_an_edit_between_linking_and_the_first_merge_is_an_edit_of_a_linked_pair(
    world: Any, acme: dict[str, Any]
) -> None:
    world.erp.create("customers", **acme)
    theirs = world.inv.create("customers", type="company", number="C-1", name="Acme AS", city="Bergen")

    class Dying(Store):
        """Its process ends as soon as two records are linked."""

        def commit(self) -> None:
            super().commit()
            if any(link.linked for link in self.by_key("customer-company", "customerp", "c-1")):
                raise Killed

    world.restart(lambda path: Dying.open(path, durable=False))
    with pytest.raises(Killed):
        world.run()
    world.inv.change("customers", theirs["id"], name="Acme Two")
    world.restart()
    world.run()

    assert world.erp.read("customers", "CU000001")["name"] == "Acme Two"
    assert world.inv.read("customers", theirs["id"])["city"] == "Oslo"


def _lose(world: Any, method: str, *, applied: bool) -> None:
    """Lose the first answer to a call of this method, or the call itself."""
    lost: list[str] = []

    def lose(request: httpx.Request) -> None:
        if request.method == method and not lost:
            lost.append(request.url.path)
            raise httpx.ReadTimeout("lost", request=request)

    wire = world.wires["invoiced"]
    if applied:
        wire.after = lose
    else:
        wire.before = lose


@pytest.mark.parametrize("applied", [True, False], ids=["answer lost", "call lost"])
def test_what_a_lost_write_was_answered_is_asked_for_under_its_key(
    world: Any, acme: dict[str, Any], applied: bool
) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [customer] = world.inv.list("customers")
    world.erp.change("customers", "CU000001", phone=None)
    _lose(world, "PATCH", applied=applied)

    def edit(request: httpx.Request) -> httpx.Response | None:
        """A person sets the phone back before we ask; if our write arrived, that is the newer edit."""
        if request.url.path == "/customers/999999999999999999":
            world.inv.change("customers", customer["id"], phone="+47 22 00 00 00")
        return None

    inner = world.wires["invoiced"].before

    def before(request: httpx.Request) -> httpx.Response | None:
        return inner(request) or edit(request)

    world.wires["invoiced"].before = before
    report = world.run()

    expected = "+47 22 00 00 00" if applied else None
    assert (world.erp.read("customers", "CU000001")["phone"], world.inv.list("customers")[0]["phone"]) == (
        expected,
        expected,
    )
    assert report.conflicts == ()
    asked = [call for call in world.calls if call[1].endswith("/999999999999999999")]
    assert asked == [("PATCH", "invoiced/customers/999999999999999999")]
    assert world.run().writes == ()


def test_what_customerp_answered_is_asked_for_under_the_same_key(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    world.inv.change("customers", world.inv.list("customers")[0]["id"], phone="1")
    lost: list[str] = []

    def lose(request: httpx.Request) -> None:
        if request.method == "PATCH" and not lost:
            lost.append(request.url.path)
            world.erp.change("customers", "CU000001", phone=acme["phone"])  # a person sets it back
            raise httpx.ReadTimeout("lost", request=request)

    world.wires["customerp"].after = lose
    world.run()
    assert lost
    assert world.erp.read("customers", "CU000001")["phone"] == acme["phone"]
    assert world.inv.list("customers")[0]["phone"] == acme["phone"]


def test_an_intent_is_on_the_disk_before_its_call_and_nothing_else_waits_for_it(
    world: Any, acme: dict[str, Any], tmp_path: Path
) -> None:
    happened: list[str] = []

    class Watched(Store):
        def commit(self) -> None:
            (level,) = self._db.execute("PRAGMA synchronous").fetchone()
            happened.append(("waits" if level == 2 else "quick") + " intent" * bool(self.open_intents()))
            super().commit()

    def note(request: httpx.Request) -> None:
        happened.append(request.method)

    world.store.close()
    world.store = Watched.open(tmp_path / "durable", durable=True)
    world.erp.create("customers", **acme)
    world.run()
    happened.clear()
    world.wires["invoiced"].before = note
    world.erp.change("customers", "CU000001", name="Acme Two")
    world.run()

    write = happened.index("PATCH")
    others = "quick"  # links that need no call come to rest
    assert happened[write - 3 : write + 2] == [others, "quick intent", "waits intent", "PATCH", "quick"]


def _fail_after(world: Any, system: str, method: str) -> None:
    """The next call of this method takes effect, and is answered 500 all the same."""

    inner = world.wires[system].inner

    class Failing(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            response = await inner.handle_async_request(request)
            if request.method != method:
                return response
            world.wires[system].inner = inner
            return httpx.Response(500, json={"type": "api", "message": "oops"})

    world.wires[system].inner = Failing()


def test_a_create_that_failed_after_its_effect_and_was_deleted_is_not_made_again(
    world: Any, acme: dict[str, Any]
) -> None:
    world.erp.create("customers", **acme)
    _fail_after(world, "invoiced", "POST")
    world.run()
    [made] = world.inv.list("customers")
    world.inv.delete("customers", made["id"])
    world.clock.advance(600)
    world.run()
    assert world.inv.list("customers") == []
    assert world.store.by_remote("customer-company", "customerp", "CU000001").state is State.TOMBSTONED
    assert world.run().writes == ()


def test_a_change_whose_record_went_before_anybody_saw_it_is_in_the_history(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [there] = world.inv.list("customers")
    world.erp.change("customers", "CU000001", name="From the ERP")
    _lose(world, "PATCH", applied=True)

    def delete(request: httpx.Request) -> httpx.Response | None:
        if request.url.path == "/customers/999999999999999999":
            world.inv.delete("customers", there["id"])
        return None

    lost = world.wires["invoiced"].before
    world.wires["invoiced"].before = lambda request: lost(request) or delete(request)
    world.run()
    [last] = [entry for entry in world.store.history() if entry.system == "invoiced" and "name" in entry.fields][-1:]
    assert last.fields["name"] == [acme["name"], "From the ERP"]


def test_a_change_that_failed_after_its_effect_and_was_set_back_stays_set_back(
    world: Any, acme: dict[str, Any]
) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [there] = world.inv.list("customers")
    world.inv.change("customers", there["id"], name="From Invoiced")
    _fail_after(world, "customerp", "PATCH")
    world.run()
    assert world.erp.read("customers", "CU000001")["name"] == "From Invoiced"
    world.erp.change("customers", "CU000001", name=acme["name"])
    world.clock.advance(600)
    world.run()
    assert world.erp.read("customers", "CU000001")["name"] == acme["name"]
    assert world.inv.read("customers", there["id"])["name"] == acme["name"]


def test_two_equal_edits_count_although_the_process_ended_before_it_could_say_so(
    world: Any, acme: dict[str, Any]
) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [there] = world.inv.list("customers")
    world.erp.change("customers", "CU000001", name="Renamed")
    world.inv.change("customers", there["id"], name="Renamed")

    def die(request: httpx.Request) -> httpx.Response | None:
        if request.url.path == "/invoices":
            raise Killed  # both customers are read and stored by now
        return None

    world.wires["invoiced"].before = die
    with pytest.raises(Killed):
        world.run()
    world.wires["invoiced"].before = lambda request: None
    world.erp.change("customers", "CU000001", name=acme["name"])
    world.restart()
    world.run()
    assert world.erp.read("customers", "CU000001")["name"] == acme["name"]
    assert world.inv.read("customers", there["id"])["name"] == acme["name"]


def test_two_equal_edits_count_although_the_link_cannot_come_to_rest(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [there] = world.inv.list("customers")
    world.erp.change("customers", "CU000001", name="Renamed", phone="1")
    world.inv.change("customers", there["id"], name="Renamed")
    world.clock.advance(600)  # so that the record is read again before it is written

    def fail(request: httpx.Request) -> httpx.Response | None:
        failing = request.method == "GET" and request.url.path == f"/customers/{there['id']}"
        return httpx.Response(500, json={"type": "api", "message": "oops"}) if failing else None

    world.wires["invoiced"].before = fail
    world.wires["invoiced"].after = lambda request: world.clock.advance(6) if "invoices" in request.url.path else None
    world.run()
    assert world.store.by_remote("customer-company", "customerp", "CU000001").state is State.RETRY
    world.wires["invoiced"].before = world.wires["invoiced"].after = lambda request: None
    world.inv.change("customers", there["id"], name=acme["name"])
    world.clock.advance(3600)
    world.run()
    assert world.erp.read("customers", "CU000001")["name"] == acme["name"]
    assert world.inv.read("customers", there["id"])["phone"] == "1"


@pytest.mark.parametrize("unsettled", [False, True])
def test_two_equal_edits_count_although_one_is_set_back_before_they_are_compared(
    world: Any, acme: dict[str, Any], unsettled: bool
) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [there] = world.inv.list("customers")
    if unsettled:  # a write failed, perhaps after its effect, and is looked up before anything is compared
        world.erp.change("customers", "CU000001", phone="2")
        world.wires["invoiced"].before = lambda request: (
            httpx.Response(500, json={"type": "api", "message": "oops"}) if request.method == "PATCH" else None
        )
        world.run()
        world.wires["invoiced"].before = lambda request: None
        world.clock.advance(3600)
    world.erp.change("customers", "CU000001", name="Renamed", phone="1")
    world.inv.change("customers", there["id"], name="Renamed")

    def set_back(request: httpx.Request) -> None:
        if request.url.path == "/invoices":  # both customers were read, and the walk goes on
            world.inv.change("customers", there["id"], name=acme["name"])
            world.clock.advance(6)  # so that the record is read again before it is written

    world.wires["invoiced"].after = set_back
    world.run()
    world.wires["invoiced"].after = lambda request: None
    world.run()
    assert world.erp.read("customers", "CU000001")["name"] == acme["name"]
    assert world.inv.read("customers", there["id"])["name"] == acme["name"]
    assert world.inv.read("customers", there["id"])["phone"] == "1"
