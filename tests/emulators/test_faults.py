"""Every fault strikes the call it is armed for, in process and over HTTP alike, and nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from counterpart.emulators import Fault, Server, UnusableFault, asgi

PAIR = ("invoiced", "customerp")


def customers(api: Any) -> list[str]:
    """The names of the customers that the system holds."""
    found = api.json("GET /customers")
    return [row["name"] for row in (found["data"] if isinstance(found, dict) else found)]


def create(api: Any) -> httpx.Response:
    return api.call("POST /customers", {"name": "Nordlicht", "number": "K-1"})


@pytest.mark.parametrize("name", PAIR)
@pytest.mark.parametrize("kind", ["401", "429", "500", "502", "503"])
def test_a_refusal_comes_once_and_without_effect(both: dict[str, Any], name: str, kind: Any) -> None:
    api = both[name]
    api.emulator.faults.arm(Fault(kind, method="POST"))
    assert customers(api) == []
    assert create(api).status_code == int(kind)
    assert customers(api) == []
    assert create(api).status_code == 201
    assert [(fault.kind, call) for fault, call in api.emulator.faults.struck] == [(kind, "POST /customers")]


def test_refusals_are_in_the_words_of_their_api(invoiced: Any, customerp: Any) -> None:
    for api in (invoiced, customerp):
        api.emulator.faults.arm(*(Fault(kind) for kind in ("401", "429", "500", "502")))
    ours = [invoiced.call("GET /customers") for _ in range(4)]
    theirs = [customerp.call("GET /customers") for _ in range(4)]
    types = ["invalid_request", "rate_limit_error", "api_error"]
    assert [response.json()["type"] for response in ours[:3]] == types
    problems = ["unauthorized", "too-many-requests", "internal"]
    assert [response.json()["type"].rpartition("/")[2] for response in theirs[:3]] == problems
    assert [response.headers.get("Retry-After") for response in (ours[1], theirs[1])] == [None, "1"]
    assert {response.headers["Content-Type"] for response in (ours[3], theirs[3])} == {"text/html"}


@pytest.mark.parametrize("name", PAIR)
@pytest.mark.parametrize(
    ("kind", "error", "after"),
    [
        ("reset-before", httpx.ReadError, []),
        ("reset-after", httpx.ReadError, ["Nordlicht"]),
        ("timeout-before", httpx.ReadTimeout, []),
        ("timeout-after", httpx.ReadTimeout, ["Nordlicht"]),
        ("truncated-body", httpx.RemoteProtocolError, ["Nordlicht"]),
    ],
)
def test_a_broken_call_raises_and_has_its_effect_or_not(
    both: dict[str, Any], name: str, kind: Any, error: type[Exception], after: list[str]
) -> None:
    api = both[name]
    api.client.timeout = 0.2
    api.emulator.faults.arm(Fault(kind, method="POST", path="/cust*", seconds=0.4 if "timeout" in kind else 0))
    with pytest.raises(error):
        create(api)
    assert customers(api) == after


def test_a_spoilt_answer_is_whole_for_http(both: dict[str, Any]) -> None:
    api = both["invoiced"]
    api.emulator.faults.arm(Fault("malformed-json"), Fault("wrong-content-type"))
    malformed, mislabelled = api.call("GET /customers"), api.call("GET /customers")
    assert (malformed.status_code, malformed.text) == (200, "[")
    assert (mislabelled.headers["Content-Type"], mislabelled.json()) == ("text/html", [])


def test_an_attribute_is_ignored_or_cut(both: dict[str, Any]) -> None:
    api = both["customerp"]
    api.emulator.faults.arm(Fault("ignored-field", field="email"), Fault("truncated-text", field="name", length=4))
    first = api.json("POST /customers", {"number": "K-1", "name": "Nordlicht", "email": "a@b.example"})
    second = api.json("POST /customers", {"number": "K-2", "name": "Nordlicht"})
    assert (first["email"], first["name"], second["name"]) == (None, "Nordlicht", "Nord")


def test_an_answer_lacks_an_attribute(both: dict[str, Any]) -> None:
    api = both["customerp"]
    api.emulator.faults.arm(Fault("missing-field", field="id"), Fault("missing-field", field="number"))
    made = api.json("POST /customers", {"number": "K-1", "name": "Nordlicht"})
    listed = api.json("GET /customers")["data"]
    assert ("id" in made, made["number"]) == (False, "K-1")
    assert [("number" in each, each["id"]) for each in listed] == [(False, "CU000001")]


def test_a_change_feed_goes_on_and_leaves_out_what_has_happened(customerp: Any) -> None:
    create(customerp)
    customerp.emulator.faults.arm(Fault("empty-list", path="/changes"))
    assert customerp.json("GET /changes?since=0") == {"changes": [], "next": 1, "more": False}


def test_somebody_else_is_faster(customerp: Any) -> None:
    create(customerp)
    customerp.emulator.faults.arm(Fault("overtaken", "PATCH", field="name", value="Sydlys"))
    refused = customerp.call("PATCH /customers/CU000001", {"phone": "1"}, headers={"If-Match": '"1"'})
    assert (refused.status_code, customers(customerp)) == (412, ["Sydlys"])


def test_a_copy_that_lags_behind_shows_what_was_there_before(both: dict[str, Any]) -> None:
    for api in both.values():
        create(api)
        api.emulator.faults.arm(Fault("outdated", "GET", "/customers", skip=1))
        seen = [api.call("GET /customers")]
        api.call("POST /customers", {"name": "Sydlys", "number": "K-2"})
        seen += [api.call("GET /customers"), api.call("GET /customers")]
        assert [answer.text.count('"number"') for answer in seen] == [1, 1, 2]
        assert len(seen[1].headers.get_list("Date")) == 1
        with pytest.raises(UnusableFault, match="so skip is at least 1"):
            api.emulator.faults.arm(Fault("outdated", "GET", "/customers"))


def test_a_skewed_clock_stamps_records_and_dates_for_the_calls_it_strikes(both: dict[str, Any]) -> None:
    for api in both.values():
        api.emulator.faults.arm(Fault("clock-skew", seconds=-90))
        assert create(api).headers["Date"] == "Sun, 01 Mar 2026 07:58:30 GMT"
        assert api.call("GET /customers").headers["Date"] == "Sun, 01 Mar 2026 08:00:00 GMT"
    assert both["invoiced"].json("GET /customers/70001")["created_at"] == 1772352000 - 90
    assert both["customerp"].json("GET /customers/CU000001")["createdAt"] == "2026-03-01T07:58:30.000Z"


def test_latency_moves_the_logical_clock_in_process(invoiced: Any, in_process: None) -> None:
    invoiced.emulator.faults.arm(Fault("latency", seconds=5))
    assert invoiced.call("GET /customers").headers["Date"] == "Sun, 01 Mar 2026 08:00:00 GMT"
    assert invoiced.clock.now().isoformat() == "2026-03-01T08:00:05+00:00"


def test_calls_are_counted_before_a_fault_strikes_and_while_it_does(invoiced: Any) -> None:
    invoiced.emulator.faults.arm(Fault("500", path="/customers/*", skip=1, times=2))
    calls = [f"GET /customers{tail}" for tail in ("/70001", "", "/70001", "/70001", "/70001")]
    assert [invoiced.call(call).status_code for call in calls] == [200, 200, 500, 500, 200]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"kind": "earthquake"}, "there is no kind 'earthquake'"),
        ({"kind": "ignored-field"}, "needs the name of a field"),
        ({"kind": "latency"}, "needs a number of seconds"),
        ({"kind": "timeout-before", "seconds": 1e9}, "lasts from 0 to 120 seconds"),
        ({"kind": "500", "times": 0}, "times is at least 1"),
    ],
)
def test_a_fault_that_cannot_strike_cannot_be_armed(given: Any, told: str) -> None:
    with pytest.raises(UnusableFault, match=told):
        Fault(**given)


def test_twenty_calls_of_one_key_may_be_under_way(invoiced: Any) -> None:
    invoiced.emulator.faults.arm(Fault("latency", seconds=1, times=20))

    async def calls(url: str) -> list[httpx.Response]:
        headers = {"Authorization": invoiced.emulator.authorization}
        async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
            found = await asyncio.gather(*(client.get("/customers") for _ in range(25)))
            return [*found, await client.get("/customers")]

    with Server({"invoiced": invoiced.emulator}) as server:
        *together, alone = asyncio.run(calls(server.urls["invoiced"]))
    refused = [answer for answer in together if answer.status_code == 429]
    assert 1 <= len(refused) <= 5
    assert refused[0].headers.get("Retry-After") is None
    assert refused[0].json() == {
        "type": "rate_limit_error",
        "message": "Too many concurrent requests! You can only make 20 concurrent requests at a time.",
    }
    assert alone.status_code == 200


def test_a_server_that_cannot_break_off_says_so(invoiced: Any) -> None:
    invoiced.emulator.faults.arm(Fault("reset-before"))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(asgi(invoiced.emulator)), base_url="http://x")

    async def call() -> None:
        await client.get("/customers")

    with pytest.raises(ConnectionResetError, match="no way to break off"):
        asyncio.run(call())
