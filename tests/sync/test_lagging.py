"""A copy that lags behind, or a backup put back, shows an older state: it counts only if the record says so."""

from __future__ import annotations

from typing import Any

import httpx

from counterpart.emulators import Fault
from sync import State


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
