"""What a person decides on the command line, and that the next run does it."""

from __future__ import annotations

import json
from typing import Any

from counterpart.cli.sync import sync


def conflict(world: Any) -> None:
    """An issued order whose notes were edited on both sides."""
    customer = world.customerp.create("customers", {"number": "K-1", "name": "Nordlicht AS"})
    order = world.customerp.create(
        "orders",
        {
            "number": "O-1",
            "customerId": customer.id,
            "currency": "EUR",
            "orderDate": "2026-03-01",
            "status": "confirmed",
            "lines": [{"quantity": "1", "unitPrice": "10"}],
        },
    )
    world.run("sync", "run")
    [invoice] = world.invoiced.list("invoices")
    world.customerp.change(order, {"notes": "Call first"})
    world.invoiced.change(invoice, {"notes": "Deliver at night"})
    assert world.run("sync", "run")[0] == 1


def test_a_conflict_is_listed_decided_and_carried_out(world: Any) -> None:
    conflict(world)
    code, out, _ = world.run("sync", "conflicts", "--json")
    [found] = json.loads(out)
    assert (code, found["key"], found["field"], found["customerp"], found["invoiced"]) == (
        1,
        "O-1",
        "notes",
        "Call first",
        "Deliver at night",
    )
    code, out, _ = world.run(
        "sync", "resolve", "O-1", "notes", "--winner", "invoiced", "--by", "Kari Nordmann", "--reason", "asked"
    )
    assert (code, out) == (
        0,
        "notes of O-1: Invoiced's 'Deliver at night' is to stand. The next run carries it out.\n",
    )
    assert world.run("sync", "run")[0] == 0
    [order] = world.customerp.list("orders")
    assert order.values["notes"] == "Deliver at night"
    assert world.run("sync", "conflicts")[:2] == (0, "Nothing to decide.\n")
    entries = json.loads(world.run("sync", "history", "--json")[1])
    [decision] = [entry for entry in entries if entry["by"] != "sync"]
    assert (decision["by"], decision["operation"], decision["note"]) == (
        "Kari Nordmann",
        "resolve",
        "notes: Invoiced wins; asked",
    )


def test_a_decision_that_fits_nothing_says_so(world: Any) -> None:
    conflict(world)
    code, _, err = world.run("sync", "resolve", "O-1", "number", "--winner", "invoiced")
    assert (code, "has no open conflict in 'number'. Choose from: notes." in err) == (2, True)
    code, _, err = world.run("sync", "link", "O-1", "70001")
    assert (code, "'O-1' is not ambiguous." in err) == (2, True)


def test_what_was_refused_is_tried_again_when_somebody_says_so(world: Any) -> None:
    world.customerp.create("customers", {"number": "K-1", "name": "Nordlicht AS", "email": "ap@localhost"})
    assert world.run("sync", "run")[0] == 1
    assert world.run("sync", "retry", "--by", "Kari Nordmann")[:2] == (
        0,
        "1 record will be tried again by the next run.\n",
    )
    assert world.run("sync", "run")[0] == 1
    assert world.run("sync", "retry", "K-9")[0] == 2


def test_a_decision_as_json_is_what_the_history_keeps_of_it(world: Any) -> None:
    world.run("sync", "run")
    code, out, err = world.run("sync", "pause", "order-invoice", "--reason", "month end", "--by", "Kari", "--json")
    [decision] = json.loads(out)
    assert (code, err) == (0, "")
    assert [decision] == json.loads(world.run("sync", "history", "--json")[1])
    assert (decision["by"], decision["operation"], decision["flow"], decision["note"]) == (
        "Kari",
        "pause",
        "order-invoice",
        "month end",
    )
    assert json.loads(world.run("sync", "retry", "--json")[1]) == []


def test_every_command_speaks_json() -> None:
    assert [name for name, command in sync.commands.items() if "--json" not in _options(command)] == []


def _options(command: Any) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}
