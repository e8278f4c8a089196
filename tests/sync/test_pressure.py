"""Systems that ask for less, records that fail again and again, and properties written to and fro."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from sync import Pacing, State, SystemClock
from sync.decisions import rearm
from sync.flow import load_flows
from sync.history import Decided
from sync.invoiced import Invoiced
from sync.slots import Slots

COMPANY = next(flow for flow in load_flows() if flow.id == "customer-company")
KARI = Decided("Kari Nordmann", datetime(2026, 3, 1, 9, tzinfo=UTC))


def _link(world: Any) -> Any:
    return world.store.by_remote("customer-company", "customerp", "CU000001")


def _day_of_runs(world: Any) -> None:
    """Run as a timer would, every ten minutes."""
    for _ in range(24 * 6):
        world.clock.advance(600 - 60)
        world.run()


@pytest.fixture
def failing(world: Any) -> Any:
    """Answers 500 to whatever is asked about one customer beside lists, as long as `broken`."""
    world.tried, world.broken = [], True

    def fail(request: httpx.Request) -> httpx.Response | None:
        path = request.url.raw_path.decode()
        if "type%5D=company" in path or not path.startswith("/customers"):
            return None
        world.tried.append((request.method, path))
        single = request.method == "GET"
        return httpx.Response(500, json={"type": "api", "message": "oops"}) if world.broken and not single else None

    world.wires["invoiced"].before = fail
    return world


def test_a_create_that_always_fails_costs_seven_calls_a_day_and_is_then_given_up(
    failing: Any, acme: dict[str, Any]
) -> None:
    failing.erp.create("customers", **acme)
    _day_of_runs(failing)
    assert [method for method, _ in failing.tried] == ["POST", *["PATCH", "POST"] * 3]
    assert _link(failing).state is State.DEAD
    assert [(n.kind, n.reason) for n in _link(failing).notices] == [
        ("needs_attention", "Invoiced: POST /customers answered 500: oops")
    ]
    failing.broken = False
    assert failing.run().writes == ()
    rearm(failing.store, COMPANY, _link(failing).id, KARI)
    assert [write.operation for write in failing.run().writes] == ["create"]
    assert _link(failing).attempts == 0


def test_what_went_well_before_one_failure_is_no_reason_to_give_a_record_up(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.run()
    world.erp.change("customers", "CU000001", name="Acme Two")
    world.inv.change("customers", 70001, phone="+47 22 00 00 01")
    edits = iter(({"email": "post@two.example"}, {"organisationNumber": "2"}))
    answers = iter((None, None, httpx.Response(500, json={"title": "oops"}), None))

    def twice_too_late_and_then_broken(request: httpx.Request) -> httpx.Response | None:
        if request.method != "PATCH":
            return None
        edit = next(edits, None)
        if edit is not None:
            world.erp.change("customers", "CU000001", **edit)
        return next(answers)

    world.wires["customerp"].before = twice_too_late_and_then_broken
    world.run()
    assert _link(world).state is State.RETRY
    world.clock.advance(900)
    world.run()
    assert world.erp.read("customers", "CU000001")["phone"] == "+47 22 00 00 01"
    assert next(answers, "all given") == "all given"


def test_a_change_that_always_fails_costs_no_more_with_its_look_ups(failing: Any, acme: dict[str, Any]) -> None:
    failing.broken = False
    failing.erp.create("customers", **acme)
    failing.run()
    failing.tried.clear()
    failing.broken = True
    failing.erp.change("customers", "CU000001", name="Acme Two")
    _day_of_runs(failing)
    assert [method for method, _ in failing.tried] == ["PATCH", *["PATCH", "GET", "PATCH"] * 2]
    assert _link(failing).state is State.DEAD
    failing.broken = False
    failing.erp.change("customers", "CU000001", name="Acme Three")  # what changes is tried again without being asked
    failing.run()
    assert [customer["name"] for customer in failing.inv.list("customers")] == ["Acme Three"]


def test_a_create_that_took_effect_and_cannot_be_read_costs_no_more_with_its_look_ups(
    world: Any, acme: dict[str, Any]
) -> None:
    world.erp.create("customers", **acme)
    tried: list[str] = []

    def fail(request: httpx.Request) -> httpx.Response | None:
        if "type%5D=company" in str(request.url) or not request.url.path.startswith("/customers"):
            return None
        tried.append(request.method)
        if request.method == "POST":
            world.inv.call("POST", "/customers", json.loads(request.content))
        if request.method == "PATCH":  # asked under the key of the create
            return httpx.Response(200, json=world.inv.list("customers")[0])
        return httpx.Response(500, json={"type": "api", "message": "oops"})

    world.wires["invoiced"].before = fail
    _day_of_runs(world)
    assert tried == ["POST", *["PATCH", "GET"] * 3]
    assert _link(world).state is State.DEAD


def test_a_failed_create_that_took_effect_is_adopted_with_the_edits_made_since(
    world: Any, acme: dict[str, Any]
) -> None:
    world.erp.create("customers", **acme)

    def answer_500(request: httpx.Request) -> httpx.Response | None:
        if request.method != "POST":
            return None
        world.wires["invoiced"].before = lambda request: None
        world.inv.call("POST", "/customers", json.loads(request.content))
        return httpx.Response(500, json={"type": "api", "message": "oops"})

    world.wires["invoiced"].before = answer_500
    world.run()
    [there] = world.inv.list("customers")
    world.inv.change("customers", there["id"], name="Edited meanwhile")
    report = world.run()
    assert [write.operation for write in report.writes] == ["create", "update"]
    assert world.erp.read("customers", "CU000001")["name"] == "Edited meanwhile"
    assert len(world.inv.list("customers")) == 1


def test_a_number_that_is_only_reserved_is_asked_for_again_and_then_left_to_a_person(
    world: Any, acme: dict[str, Any]
) -> None:
    world.erp.create("customers", **acme)
    taken = {"type": "invalid_request", "message": "Number has already been taken", "param": "number"}
    world.wires["invoiced"].before = lambda request: (
        httpx.Response(400, json=taken) if request.method == "POST" else None
    )
    world.run()
    assert _link(world).state is State.RETRY
    assert _link(world).next_attempt_at == pytest.approx(world.clock.now().timestamp() + 100, abs=0.5)
    world.run()
    assert not [call for call in world.calls if call[0] == "POST"]
    world.clock.advance(60)
    world.run()
    assert _link(world).state is State.NEEDS_ATTENTION
    assert _link(world).reason.endswith("no record with it is to be found")


def test_a_number_that_stays_reserved_for_a_create_that_failed_is_waited_for(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    failed = httpx.Response(500, json={"type": "api_error", "message": "oops"})
    taken = httpx.Response(400, json={"type": "invalid_request", "message": "taken", "param": "number"})
    answers = iter((failed, taken))
    world.wires["invoiced"].before = lambda request: next(answers, None) if request.method == "POST" else None
    world.run()
    world.clock.advance(10)
    world.run()
    assert _link(world).state is State.RETRY
    assert _link(world).next_attempt_at == pytest.approx(world.clock.now().timestamp() + 100, abs=0.5)
    world.clock.advance(100)
    assert [write.operation for write in world.run().writes] == ["create"]


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({}, 5.0),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "Sun, 01 Mar 2026 08:02:00 GMT", "Date": "Sun, 01 Mar 2026 08:00:00 GMT"}, 120.0),
        ({"Retry-After": "soon"}, 5.0),
        ({"Retry-After": "99999999"}, 900),
    ],
)
def test_after_429_it_waits_as_long_as_it_is_told(
    world: Any, acme: dict[str, Any], headers: dict[str, str], waits: float
) -> None:
    world.erp.create("customers", **acme)
    refusals = [httpx.Response(429, headers=headers, text="{}")]
    world.wires["invoiced"].before = lambda request: refusals.pop() if request.method == "POST" and refusals else None
    assert [write.operation for write in world.run().writes] == ["create"]
    assert world.slept == [waits]


def test_429_without_end_is_no_failure_of_the_record(world: Any, acme: dict[str, Any]) -> None:
    world.erp.create("customers", **acme)
    world.wires["invoiced"].before = lambda request: (
        httpx.Response(429, text="{}") if request.method == "POST" else None
    )
    for _ in range(9):
        world.clock.advance(900)
        world.run()
    assert (_link(world).state, _link(world).attempts) == (State.RETRY, 0)


def test_slots_are_halved_once_a_burst_and_come_back_one_by_one() -> None:
    async def work() -> list[int]:
        slots, limits, most, busy = Slots(8), [], 0, 0
        slots.pressed(began=1.0, now=2.0)
        slots.pressed(began=1.5, now=2.5)  # of the same burst
        limits.append(slots.limit)

        async def call() -> None:
            nonlocal busy, most
            async with slots:
                busy += 1
                most = max(most, busy)
                await asyncio.sleep(0)
                busy -= 1

        async with asyncio.TaskGroup() as group:
            for _ in range(20):
                group.create_task(call())
        limits.append(most)
        for _ in range(4):
            slots.eased()
        limits.append(slots.limit)
        slots.pressed(began=3.0, now=4.0)
        for began in range(5, 9):
            slots.pressed(began=began, now=began)
        limits.append(slots.limit)
        for _ in range(99):
            slots.eased()
        return [*limits, slots.limit]

    assert asyncio.run(work()) == [4, 4, 5, 1, 8]


def test_a_slot_is_not_lost_with_a_call_that_was_called_off() -> None:
    async def work() -> int:
        slots = Slots(1)
        await slots.__aenter__()
        waiting = [asyncio.create_task(slots.__aenter__()) for _ in range(2)]
        await asyncio.sleep(0)
        leaving = asyncio.create_task(slots.__aexit__())
        await asyncio.sleep(0)  # the first has its turn now, and does not know it yet
        waiting[0].cancel()
        await asyncio.gather(leaving, waiting[1])
        return slots.limit

    assert asyncio.run(asyncio.wait_for(work(), 5)) == 1


def test_the_next_call_is_sent_before_the_answer_of_the_last_one_is_looked_at() -> None:
    said: list[str] = []

    async def call(slots: Slots, name: str) -> None:
        async with slots:
            said.append(f"{name} sent")
            await asyncio.sleep(0)
        said.append(f"{name} looked at")

    async def calls() -> None:
        slots = Slots(1)
        await asyncio.gather(*(call(slots, name) for name in ("one", "two", "three")))

    asyncio.run(calls())
    assert said == ["one sent", "two sent", "one looked at", "three sent", "two looked at", "three looked at"]


def test_a_property_that_is_written_to_and_fro_is_slowed_down_and_nothing_is_lost(
    world: Any, acme: dict[str, Any]
) -> None:
    world.erp.create("customers", **acme)
    world.run()
    [there] = world.inv.list("customers")
    for number in range(4):
        world.erp.change("customers", "CU000001", phone=str(number))
        report = world.run()
    assert (report.writes, [notice.field for notice in report.notices]) == ((), ["phone"])
    assert _link(world).state is State.RETRY
    world.erp.change("customers", "CU000001", name="Other properties wait with it")
    assert world.run().writes == ()
    world.clock.advance(600)
    [write] = world.run().writes
    assert sorted(write.fields) == ["name", "phone"]
    assert world.inv.read("customers", there["id"])["phone"] == "3"


def test_a_system_that_asks_for_less_gets_less(world: Any) -> None:
    slots, answers = Slots(16), [httpx.Response(200, json={"id": 1}), httpx.Response(429, text="{}")]
    transport = httpx.MockTransport(lambda request: answers.pop())
    pacing = Pacing(sleep=world._sleep)
    invoiced = Invoiced(world.invoiced, transport=transport, clock=SystemClock(), pacing=pacing, slots=slots)
    asyncio.run(invoiced.read("customers", "1"))
    assert (slots.limit, world.slept) == (8, [5.0])
