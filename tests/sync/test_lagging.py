"""A copy that lags behind, or a backup put back, shows an older state: it counts only if the record says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx

from counterpart.emulators import Fault
from sync import State, load_flows


def _lag(world: Any, side: str) -> None:
    """The list after the next one is answered as if nothing had changed in between."""
    getattr(world, side).emulator.faults.arm(Fault("outdated", "GET", "/customers", skip=1))


def test_an_old_page_is_not_a_person_undoing_our_edit(world: Any, acme: dict[str, Any]) -> None:
    customer = world.erp.create("customers", **acme)
    world.run()
    _lag(world, "inv")
    world.erp.change("customers", customer["id"], name="Acme Two")
    assert len(world.run().writes) == 1

    report = world.run()
    assert (report.writes, report.conflicts, world.written()) == ((), (), [])
    [counterpart] = world.inv.list("customers")
    assert ("GET", f"invoiced/customers/{counterpart['id']}") in world.calls
    assert world.erp.read("customers", customer["id"])["name"] == counterpart["name"] == "Acme Two"
    assert world.run().writes == ()


def test_an_old_page_of_deleted_records_brings_nobody_back(world: Any, acme: dict[str, Any]) -> None:
    customer = world.erp.create("customers", **acme)
    world.run()
    old = world.erp.list("customers")
    world.erp.delete("customers", customer["id"])
    world.run()

    world.restart()
    with world.store.transaction():
        world.store.set_cursor("customerp:customer-company", "")  # everything is listed again
    world.wires["customerp"].before = lambda request: (
        httpx.Response(200, json={"data": old, "nextCursor": None}) if request.url.path.endswith("/customers") else None
    )
    assert world.run().writes == ()
    link = world.store.by_remote("customer-company", "customerp", customer["id"])
    assert (link.state, link.dirty) == (State.TOMBSTONED, False)
    assert ("GET", f"customerp/customers/{customer['id']}") in world.calls


def test_what_a_backup_put_back_is_taken_over(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [before] = world.inv.list("customers")
    backup = world.inv.emulator.snapshot()
    world.clock.advance(60)
    world.inv.change("customers", before["id"], name="Acme Two")
    world.run()

    world.inv.emulator.restore(backup)
    world.clock.advance(7 * 86400)  # only a complete scan shows what carries an old stamp
    assert [write.fields["name"] for write in world.run().writes] == [("Acme Two", "Acme AS")]
    assert world.run().writes == ()


def test_what_the_first_list_lags_behind_is_read_by_itself(world: Any, acme: dict[str, Any]) -> None:
    """The list shows two of three customers, one as it was and one that is gone; the feed knows all."""
    world.erp.create("customers", **acme)
    world.erp.create("customers", number="C-2", name="Gone soon")
    old = world.erp.list("customers")
    world.erp.change("customers", "CU000001", name="Acme Two")
    world.erp.delete("customers", "CU000002")
    world.erp.create("customers", number="C-3", name="New")
    world.wires["customerp"].before = lambda request: (
        httpx.Response(200, json={"data": old, "nextCursor": None}) if request.url.path == "/customers" else None
    )
    world.run()
    assert [path for method, path in world.calls if method == "GET" and path.startswith("customerp/customers/")] == [
        "customerp/customers/CU000001",
        "customerp/customers/CU000003",
    ]
    assert [(each["number"], each["name"]) for each in world.inv.list("customers")] == [
        ("C-1", "Acme Two"),
        ("C-3", "New"),
    ]


def test_what_the_first_list_shows_as_it_is_is_not_read_again(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.erp.change("customers", "CU000001", name="Acme Two")
    world.erp.delete("customers", world.erp.create("customers", number="C-2", name="Gone at once")["id"])
    world.run()
    assert not [path for _, path in world.calls if path.startswith("customerp/customers/")]


def test_what_a_filter_leaves_out_of_the_first_list_is_not_looked_for(world: Any, acme: dict[str, Any]) -> None:
    [company, *others] = load_flows()
    world.flows = (replace(company, source=replace(company.source, filter={"number": "C-1"})), *others)
    world.erp.create("customers", **acme)
    world.erp.create("customers", number="C-2", name="Left out")
    world.run()
    assert [each["number"] for each in world.inv.list("customers")] == ["C-1"]
    assert not [path for _, path in world.calls if path.startswith("customerp/customers/")]


def test_of_a_record_that_a_page_shows_twice_the_later_state_counts(world: Any, acme: dict[str, Any]) -> None:
    first = world.erp.create("customers", **acme)
    second = {**first, "name": "Acme Two", "version": first["version"] + 1}
    world.wires["customerp"].before = lambda request: (
        httpx.Response(200, json={"data": [first, second], "nextCursor": None})
        if request.url.path.endswith("/customers")
        else None
    )
    world.run()
    assert [each["name"] for each in world.inv.list("customers")] == ["Acme Two"]
