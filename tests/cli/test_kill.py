"""`counterpart sync run` killed in the middle, and started again: no second copy, no lost edit."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest


def fill(world: Any, customers: int) -> None:
    product = world.customerp.create(
        "products", {"sku": "SITE-VISIT", "name": "Site visit", "unitPrice": "120", "currency": "EUR"}
    )
    for number in range(1, customers + 1):
        customer = world.customerp.create("customers", {"number": f"K-{number:03}", "name": f"Customer {number}"})
        world.customerp.create(
            "orders",
            {
                "number": f"SO-{number:03}",
                "customerId": customer.id,
                "currency": "EUR",
                "orderDate": "2026-03-02",
                "status": "confirmed",
                "lines": [{"productId": product.id, "quantity": "3", "unitPrice": "120", "discountPercent": "10"}],
            },
        )


def run_killed_at(world: Any, write: int, when: str) -> int:
    """Run the sync and kill it at its n-th write to Invoiced, before or after the effect; returns its exit code."""
    world.watched.writes = 0
    process: subprocess.Popen[str] = world.start("sync", "run")
    setattr(world.watched, when, lambda count: process.kill() if count == write else None)
    process.communicate(timeout=60)
    setattr(world.watched, when, lambda count: None)
    return process.returncode


def numbers(world: Any, kind: str) -> list[str]:
    return sorted(record.values["number"] for record in world.invoiced.list(kind))


@pytest.mark.parametrize("when", ["before", "after"])
def test_nothing_is_created_twice_and_nothing_is_missing(world: Any, when: str) -> None:
    fill(world, customers=12)
    assert [run_killed_at(world, write, when) for write in (1, 4, 9, 11)] == [-9, -9, -9, -9]
    assert world.run("sync", "run")[0] == 0
    assert numbers(world, "customers") == [f"K-{number:03}" for number in range(1, 13)]
    assert numbers(world, "invoices") == [f"SO-{number:03}" for number in range(1, 13)]
    assert [item.id for item in world.invoiced.list("items")] == ["SITE-VISIT"]
    world.watched.writes = 0
    assert world.run("sync", "run")[0] == 0
    assert world.watched.writes == 0


@pytest.mark.parametrize("when", ["before", "after"])
def test_no_edit_is_lost(world: Any, when: str) -> None:
    fill(world, customers=6)
    assert world.run("sync", "run")[0] == 0
    for customer in world.customerp.list("customers"):
        world.customerp.change(customer, {"name": f"Renamed {customer.values['number']}"})
    for customer in world.invoiced.list("customers"):
        world.invoiced.change(customer, {"phone": f"555-{customer.values['number']}"})
    assert run_killed_at(world, 3, when) == -9
    # A newer edit of a record whose write was under way must not be taken for the echo of that write.
    late = world.customerp.find("customers", "number", "K-003")[0]
    world.customerp.change(late, {"name": "Renamed again"})
    assert world.run("sync", "run")[0] == 0
    expected = {
        f"K-{number:03}": ("Renamed again" if number == 3 else f"Renamed K-{number:03}", f"555-K-{number:03}")
        for number in range(1, 7)
    }
    for driver in (world.customerp, world.invoiced):
        found = {
            each.values["number"]: (each.values["name"], each.values["phone"]) for each in driver.list("customers")
        }
        assert found == expected
