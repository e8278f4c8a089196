"""What is wrong outside gets a clear error, and nothing is half done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from sync import (
    AccountRefused,
    BadAnswer,
    ConfigError,
    Endpoint,
    EndpointDown,
    EndpointMissing,
    NotAStore,
    State,
    Store,
    StoreInUse,
    endpoints,
)


def _answer(status: int, text: str, **headers: str) -> Any:
    return lambda request: httpx.Response(status, text=text, headers=headers)


@pytest.mark.parametrize("in_flight", [1, 16])
@pytest.mark.parametrize(
    ("system", "answer", "error", "text"),
    [
        ("invoiced", _answer(200, "<html>"), BadAnswer, "Invoiced at https://invoiced.emulator.example: answers"),
        ("customerp", _answer(200, "[1"), BadAnswer, "something that is not JSON"),
        ("customerp", _answer(200, '{"data": NaN}'), BadAnswer, "something that is not JSON"),
        ("invoiced", _answer(200, "{}"), BadAnswer, "something that is not a list"),
        ("customerp", _answer(200, "[]"), BadAnswer, "in another form than its contract"),
        ("invoiced", _answer(200, "[" * 100_000), BadAnswer, "something that is not JSON"),
        ("invoiced", _answer(302, "", location="https://elsewhere.example/"), BadAnswer, "redirects are not followed"),
        ("invoiced", _answer(200, "x" * (17 * 1024 * 1024)), BadAnswer, "more than"),
    ],
)
def test_an_answer_that_is_not_the_api_stops_the_run(
    world: Any, acme: dict[str, Any], in_flight: int, system: str, answer: Any, error: type[Exception], text: str
) -> None:
    world.in_flight = in_flight
    world.erp.create("customers", **acme)
    world.wires[system].before = answer
    with pytest.raises(error, match=text):
        world.run()
    world.wires[system].before = lambda request: None
    assert world.inv.list("customers") == []
    assert len(world.run().writes) == 1


def test_wrong_credentials_stop_the_run_and_are_not_shown(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.invoiced = Endpoint(world.invoiced.base_url, "WrongKey00000000000000000000000")
    with pytest.raises(AccountRefused) as refused:
        world.run()
    assert str(refused.value) == (
        "Invoiced at https://invoiced.emulator.example: answers 401 to GET /customers. "
        "Check the credential in the environment and the rights of its account."
    )
    assert "WrongKey" not in repr(world.invoiced) + str(refused.value)
    assert world.written() == []


def test_an_endpoint_that_is_down_is_named(world: Any) -> None:
    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    world.wires["customerp"].before = down
    with pytest.raises(EndpointDown, match=r"Customerp at https://customerp\.emulator\.example: cannot be reached"):
        world.run()


def test_a_busy_system_is_given_time(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    refusals = [_answer(429, "{}"), _answer(503, "")]
    world.wires["invoiced"].before = lambda request: refusals.pop()(request) if refusals else None
    assert len(world.run().writes) == 1
    assert world.slept == [2.0, 5.0]


def test_a_system_that_fails_for_one_record_is_asked_again_later_with_another_key(
    world: Any, acme: dict[str, Any]
) -> None:
    world.erp.create("customers", **acme)
    keys: list[str] = []

    def fail(request: httpx.Request) -> httpx.Response | None:
        if request.method != "POST":
            return None
        keys.append(request.headers["idempotency-key"])
        return httpx.Response(500, json={"type": "api", "message": "oops"}) if len(keys) == 1 else None

    world.wires["invoiced"].before = fail
    report = world.run()
    assert [(notice.key, notice.kind) for notice in report.notices] == [("C-1", "needs_attention")]
    assert [write.key for write in world.run().writes] == ["C-1"]
    assert len(set(keys)) == 2


def test_a_refused_record_waits_until_it_changes_and_the_others_go_on(world: Any) -> None:
    # Customerp counts characters, Invoiced bytes.
    world.erp.create("customers", number="C-1", name="é" * 200)
    world.erp.create("customers", number="C-2", name="Good")
    report = world.run()
    assert [write.key for write in report.writes] == ["C-2"]
    assert [(n.key, n.field) for n in report.notices if n.kind == "needs_attention"] == [("C-1", "name")]
    world.run()
    assert world.written() == []
    world.erp.change("customers", "CU000001", name="é" * 100)
    assert [write.key for write in world.run().writes] == ["C-1"]


def test_a_record_that_cannot_be_read_is_reported_and_the_others_go_on(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    good = world.erp.read("customers", "CU000001")
    page = {"data": [{**good, "active": "yes"}, {**good, "id": "CU000009", "number": "C-9"}, 7], "nextCursor": None}

    def odd(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(200, json=page) if request.url.path == "/customers" else None

    world.wires["customerp"].before = odd
    report = world.run()
    assert [write.key for write in report.writes] == ["C-9"]
    assert [notice.reason for notice in report.notices] == [
        "Customerp shows a record that cannot be read: active: expected true or false, got 'yes'",
        "Customerp shows a record that cannot be read: a record without an id",
    ]


def test_what_waited_for_a_record_that_could_not_be_read_goes_on_when_it_can(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()

    def odd(request: httpx.Request) -> httpx.Response | None:
        if request.method != "GET" or request.url.path not in ("/customers", "/customers/70001"):
            return None
        there = {**world.inv.read("customers", 70001), "active": "yes"}
        return httpx.Response(200, json=there if request.url.path.endswith("1") else [there])

    world.wires["invoiced"].before = odd
    world.inv.change("customers", 70001, chase=False)  # which is not mapped
    world.erp.change("customers", "CU000001", name="Acme Two")
    world.clock.advance(10)
    world.run()
    [notice] = world.open().status().notices
    assert (notice.kind, notice.key) == ("needs_attention", "C-1")
    world.wires["invoiced"].before = lambda request: None
    world.run()
    assert world.inv.read("customers", 70001)["name"] == "Acme Two"
    assert world.open().status().notices == ()


def test_what_a_list_has_shown_unreadable_is_read_again_before_it_is_written(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    world.clock.advance(60)
    world.inv.change("customers", 70001, phone="+47 22 00 00 01")
    odd = [{**world.inv.read("customers", 70001), "active": "yes"}]
    world.wires["invoiced"].before = lambda request: (
        httpx.Response(200, json=odd, headers={"Date": world.clock.http_date()})
        if request.url.path == "/customers"
        else None
    )
    world.run()
    world.wires["invoiced"].before = lambda request: None
    world.clock.advance(60)  # from here on, no list of changes shows it any more
    world.erp.change("customers", "CU000001", phone="+47 22 00 00 02")
    [conflict] = world.run().conflicts
    assert (conflict.field, conflict.customerp, conflict.invoiced) == ("phone", "+47 22 00 00 02", "+47 22 00 00 01")


def test_a_write_of_unknown_outcome_stays_known_while_its_record_cannot_be_read(
    world: Any, acme: dict[str, Any]
) -> None:
    world.erp.create("customers", **acme)
    world.run()
    world.inv.change("customers", 70001, name="Acme Two")
    lost: list[str] = []

    def lose(request: httpx.Request) -> None:
        if request.method == "PATCH" and not lost:
            lost.append("answer")
            raise httpx.ReadTimeout("lost", request=request)

    def odd(request: httpx.Request) -> httpx.Response | None:
        if not lost or request.url.path != "/customers/CU000001":
            return None
        return httpx.Response(200, json={**world.erp.read("customers", "CU000001"), "active": "yes"})

    world.wires["customerp"].after, world.wires["customerp"].before = lose, odd
    world.run()
    link = world.store.by_remote("customer-company", "customerp", "CU000001")
    assert (link.state, link.intent is None) == (State.RETRY, False)
    world.wires["customerp"].before = lambda request: None
    world.clock.advance(900)
    world.run()
    assert [entry.fields for entry in world.store.history() if entry.operation == "update"] == [
        {"name": ["Acme AS", "Acme Two"]}
    ]


def test_two_people_who_never_stop_do_not_keep_the_run_busy_for_ever(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [there] = world.inv.list("customers")
    edits = iter(range(1000))

    def rename(request: httpx.Request) -> None:
        if request.method == "PATCH":
            world.erp.change("customers", "CU000001", name=f"Name {next(edits)}")

    def ring(request: httpx.Request) -> None:
        if request.method == "PATCH":
            world.inv.change("customers", there["id"], phone=str(next(edits)))

    world.wires["customerp"].before, world.wires["invoiced"].before = rename, ring
    world.erp.change("customers", "CU000001", name="First")
    report = world.run()
    assert [(notice.kind, notice.reason) for notice in report.notices] == [
        ("needs_attention", "written 3 times in ten minutes; it is left alone until they are over")
    ]


def test_the_environment_says_where_and_how() -> None:
    environ = {
        "COUNTERPART_CUSTOMERP_URL": "http://127.0.0.1:1/",
        "COUNTERPART_CUSTOMERP_TOKEN": "t",
        "COUNTERPART_INVOICED_URL": "https://api.example.com",
        "COUNTERPART_INVOICED_KEY": "k",
    }
    assert endpoints(environ) == {
        "customerp": Endpoint("http://127.0.0.1:1", "t"),
        "invoiced": Endpoint("https://api.example.com", "k"),
    }
    with pytest.raises(EndpointMissing, match="COUNTERPART_CUSTOMERP_TOKEN, COUNTERPART_INVOICED_KEY not set"):
        endpoints({**environ, "COUNTERPART_CUSTOMERP_TOKEN": "", "COUNTERPART_INVOICED_KEY": " "})
    for url in ("ftp://x", "nonsense", "https://user:secret@host", "http://[::1"):
        with pytest.raises(ConfigError) as error:
            endpoints({**environ, "COUNTERPART_INVOICED_URL": url})
        assert "secret" not in str(error.value)


def test_a_store_is_used_by_one_process_and_keeps_to_its_kind(tmp_path: Path) -> None:
    path = tmp_path / "sync.sqlite"
    first = Store.open(path)
    with pytest.raises(StoreInUse, match="another process works on this store"):
        Store.open(path)
    first.close()
    Store.open(path).close()

    other = tmp_path / "other.sqlite"
    other.write_bytes(b"not a database at all" * 100)
    with pytest.raises(NotAStore, match="not a store of the sync"):
        Store.open(other)
