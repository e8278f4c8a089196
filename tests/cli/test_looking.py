"""What an operator sees of the state: links, one record with its history, and whether all is as it has to be."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import signal
import sqlite3
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from counterpart.cli.tables import show_notices
from sync.links import Notice
from sync.store import Store


@pytest.fixture
def linked(world: Any) -> Any:
    """A customer that was linked and then edited in Invoiced."""
    world.customerp.create("customers", {"number": "K-1", "name": "Nordlicht AS", "email": "post@example.com"})
    world.run("sync", "run")
    [record] = world.invoiced.list("customers")
    world.invoiced.change(record, {"email": "ap@example.com"})
    world.run("sync", "run")
    return world


def as_json(world: Any, *arguments: str) -> tuple[int, Any]:
    code, out, err = world.run("sync", *arguments, "--json")
    assert err.strip() == ""
    return code, json.loads(out)


def test_links_say_who_is_whose_counterpart(linked: Any) -> None:
    code, [link] = as_json(linked, "links", "--flow", "customer-company", "--in", "linked")
    assert (code, link["record"], link["state"], link["reason"]) == (0, "K-1", "linked", None)
    assert as_json(linked, "links", "--in", "dead") == (0, [])


def test_the_history_says_who_changed_what_from_which_side_and_what_it_replaced(linked: Any) -> None:
    code, [created, changed] = as_json(linked, "history")
    assert (code, created["operation"], created["system"], created["source"]) == (0, "create", "invoiced", "customerp")
    assert (changed["by"], changed["operation"], changed["system"], changed["source"], changed["fields"]) == (
        "sync",
        "update",
        "customerp",
        "invoiced",
        {"email": ["post@example.com", "ap@example.com"]},
    )
    assert changed["edited"] is not None


def test_the_history_of_one_record_or_one_flow(linked: Any) -> None:
    linked.run("sync", "pause", "order-invoice", "--reason", "month end", "--by", "Kari Nordmann")
    assert [entry["operation"] for entry in as_json(linked, "history", "K-1")[1]] == ["create", "update"]
    assert [entry["operation"] for entry in as_json(linked, "history", "K-1", "--latest", "1")[1]] == ["update"]
    assert [entry["operation"] for entry in as_json(linked, "history", "--flow", "order-invoice")[1]] == ["pause"]


def test_the_history_is_only_added_to(linked: Any) -> None:
    with sqlite3.connect(linked.state) as database:
        for statement in ("UPDATE history SET by = 'nobody'", "DELETE FROM history"):
            with pytest.raises(sqlite3.IntegrityError, match="the history is only added to"):
                database.execute(statement)


def test_a_record_is_shown_with_both_sides_and_its_history(linked: Any) -> None:
    code, out, _ = linked.run("sync", "show", "K-1")
    lines = [" ".join(line.replace("│", " ").split()) for line in out.splitlines()]
    assert code == 0
    assert lines[0] == "customer-company K-1: linked"
    assert "email ap@example.com ap@example.com" in lines
    assert "email post@example.com -> ap@example.com" in lines
    code, _, err = linked.run("sync", "show", "K-2")
    assert (code, err) == (2, "counterpart: No record 'K-2'. `counterpart sync links` lists them.\n")


def test_a_sound_state_passes_the_check_and_a_damaged_one_does_not(linked: Any) -> None:
    assert linked.run("sync", "check")[0] == 0
    store = Store.open(linked.state)
    [link] = store.links()
    with store.transaction():
        store.save(replace(link, shadow={**link.shadow, "name": ("One", "Another")}))
    store.close()
    code, [broken] = as_json(linked, "check")
    assert (code, broken["rule"], broken["key"], broken["field"]) == (1, "I7", "K-1", "name")


def test_a_paused_flow_is_read_and_not_written_until_it_is_resumed(linked: Any) -> None:
    pause = ("sync", "pause", "customer-company", "--reason", "month end", "--by", "Kari Nordmann")
    assert linked.run(*pause)[:2] == (0, "customer-company is paused.\n")
    [record] = linked.customerp.list("customers")
    linked.customerp.change(record, {"name": "Sørlys AS"})
    assert as_json(linked, "run")[1]["writes"] == []
    _, status = as_json(linked, "status")
    assert status["paused"]["customer-company"].endswith("by Kari Nordmann: month end")
    assert linked.run("sync", "resume", "--by", "Ola Nordmann")[1] == "customer-company goes on.\n"
    assert [write["fields"] for write in as_json(linked, "run")[1]["writes"]] == [
        {"name": ["Nordlicht AS", "Sørlys AS"]}
    ]
    assert [(e["by"], e["operation"], e["note"]) for e in as_json(linked, "history")[1] if e["by"] != "sync"] == [
        ("Kari Nordmann", "pause", "month end"),
        ("Ola Nordmann", "resume", None),
    ]


def test_a_flow_that_does_not_exist_cannot_be_paused(linked: Any) -> None:
    code, _, err = linked.run("sync", "pause", "customers", "--reason", "x")
    assert (code, "No flow 'customers'. Choose from customer-company, product-item, order-invoice." in err) == (2, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_watch_goes_round_after_round_and_stops_with_nothing_half_done(world: Any, number: int) -> None:
    process = world.start("sync", "watch", "--every", "1")
    rounds = 0
    for line in process.stderr:
        rounds += "run ended" in line
        if rounds == 1:
            world.customerp.create("customers", {"number": "K-1", "name": "Nordlicht AS"})
            rounds += 1
        if rounds == 4:
            break
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err.splitlines()[-1]) == (0, "Stopped; nothing is half done.")
    assert [record.values["number"] for record in world.invoiced.list("customers")] == ["K-1"]
    assert as_json(world, "status")[1]["open_intents"] == 0


def test_a_watch_tells_programs_what_each_round_did_on_a_line_of_its_own(world: Any) -> None:
    world.customerp.create("customers", {"number": "K-1", "name": "Nordlicht AS"})
    process = world.start("sync", "watch", "--every", "1", "--json")
    first, second = (json.loads(process.stdout.readline()) for _ in range(2))
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0
    assert [[write["key"] for write in done["writes"]] for done in (first, second)] == [["K-1"], []]


def test_a_signed_webhook_starts_the_next_round_at_once(world: Any) -> None:
    secret = "a secret of both"
    process = world.start(
        "sync", "watch", "--every", "3600", "--listen", "0", COUNTERPART_INVOICED_WEBHOOK_SECRET=secret
    )
    address = ""
    for line in process.stderr:
        address = address or "".join(re.findall(r"http://127\.0\.0\.1:\d+", line))
        if "run ended" in line:
            break
    world.customerp.create("customers", {"number": "K-1", "name": "Nordlicht AS"})
    body = b'{"id":1,"type":"customer.updated","data":{}}'
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    url = f"{address}/webhooks/invoiced"
    assert httpx.post(url, content=body, headers={"X-Invoiced-Signature": "0" * 64}).status_code == 401
    assert httpx.post(url, content=body, headers={"X-Invoiced-Signature": signature}).status_code == 204
    assert any("write settled" in line for line in process.stderr)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_listening_needs_a_secret(world: Any) -> None:
    code, _, err = world.run("sync", "watch", "--listen", "0")
    assert (code, "--listen needs a secret: set COUNTERPART_CUSTOMERP_WEBHOOK_SECRET" in err) == (2, True)


def test_deletes_are_allowed_by_name(linked: Any) -> None:
    allow = ("sync", "allow-deletes", "customer-company", "--by", "Kari Nordmann")
    assert linked.run(*allow)[:2] == (0, "No delete is pending.\n")
    entries = json.loads(linked.run("sync", "history", "--json")[1])
    assert [(each["by"], each["operation"], each["note"]) for each in entries if each["by"] != "sync"] == [
        ("Kari Nordmann", "allow deletes", "0 of them")
    ]


def test_what_is_to_be_said_of_many_records_is_said_once(capsys: Any) -> None:
    refused = [Notice("customer-company", f"K-{n}", "email", "needs_attention", "Not an address") for n in range(1, 8)]
    other = Notice("product-item", "P-1", None, "divergence", "It was rounded")
    show_notices([*refused[:3], other, *refused[3:]])
    assert capsys.readouterr().out.splitlines() == [
        "To be known of 8 records:",
        "customer-company K-1, K-2, K-3, K-4, K-5 and 2 more, email: needs attention",
        "    Not an address.",
        "product-item P-1: divergence",
        "    It was rounded.",
    ]
