"""How a replay answers, and what it says about requests that it cannot answer."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from vcr.cassette import Cassette as StockCassette
from vcr.record_mode import RecordMode
from vcr.request import Request as StockRequest

from counterpart.replay import Cassette, Exchange, MissKind, Playing, ReplayMiss, Secrets, Session

SHOP = "https://shop.example"
KEY = "KeyOfTheShop0123456789"
CURE = 'pytest "features/x.feature::alone" --against=emulators --record'


@pytest.fixture
def calls(call: Any) -> list[Any]:
    return [
        call(1, "driver", "POST", f"{SHOP}/customers", {"name": "Ada", "terms": 30}),
        call(2, "sync", "GET", f"{SHOP}/customers/5001"),
        call(2, "sync", "PATCH", f"{SHOP}/customers/5001", {"name": "Bea", "lines": [{"price": 1.5}]}),
        call(3, "driver", "GET", f"{SHOP}/customers/5001"),
    ]


def told(misses: list[Any]) -> str:
    return "\n".join(map(str, misses)).replace(
        f"  cure     correct the program; if the change is meant: {CURE}", "  cure"
    )


def test_another_value_shows_the_nearest_recording(stand: Any, script: Any, calls: Any) -> None:
    cassette = stand.record(script(calls))
    wrong = replace(calls[2], json={"name": "Eve", "lines": [{"price": "1.5"}, {}]})

    misses = stand.replay(cassette, script([*calls[:2], wrong, calls[3]]))

    assert (
        "\n".join(map(str, misses))
        == f"""\
order-invoice/create/alone, step 2 "step 2": not recorded
  asked    PATCH https://shop.example/customers/5001 by the sync
  nearest  PATCH https://shop.example/customers/5001, in step 2 by the sync, not sent yet
           body.lines[0].price: sent "1.5", recorded 1.5
           body.lines[1]: sent {{}}, recorded (absent)
           body.name: sent "Eve", recorded "Bea"
  cure     correct the program; if the change is meant: {CURE}"""
    )


def test_another_record_of_the_same_list_is_near(stand: Any, script: Any, calls: Any) -> None:
    cassette = stand.record(script(calls))
    wrong = replace(calls[2], url=f"{SHOP}/customers/5002")

    assert (
        told(stand.replay(cassette, script([*calls[:2], wrong])))
        == """\
order-invoice/create/alone, step 2 "step 2": not recorded
  asked    PATCH https://shop.example/customers/5002 by the sync
  nearest  PATCH https://shop.example/customers/5001, in step 2 by the sync, not sent yet
           url: sent "https://shop.example/customers/5002", recorded "https://shop.example/customers/5001"
  cure"""
    )


def test_wrong_credentials_are_a_difference(stand: Any, script: Any, calls: Any) -> None:
    cassette = stand.record(script(calls))
    wrong = replace(calls[2], credential="AnotherKey0123456789")

    assert (
        told(stand.replay(cassette, script([*calls[:2], wrong])))
        == """\
order-invoice/create/alone, step 2 "step 2": not recorded
  asked    PATCH https://shop.example/customers/5001 by the sync
  nearest  PATCH https://shop.example/customers/5001, in step 2 by the sync, not sent yet
           headers.authorization: sent "Basic <unknown-credential>", recorded "Basic <shop-key>"
  cure"""
    )


KINDS = {
    "nothing like it": (
        lambda c: [*c[:2], replace(c[2], method="PUT", url=f"{SHOP}/orders")],
        MissKind.NOT_RECORDED,
        "the recording holds nothing like it",
    ),
    "before its cause": (
        lambda c: [c[0], c[2]],
        MissKind.TOO_EARLY,
        "the recording has GET https://shop.example/customers/5001 before it, which has not been sent",
    ),
    "a step early": (
        lambda c: [c[0], replace(c[1], step=1)],
        MissKind.TOO_EARLY,
        "the recording has it in step 2 by the sync, not sent yet",
    ),
    "again": (
        lambda c: [c[0], c[0]],
        MissKind.REPEATED,
        "the recording has it in step 1 by the driver, answered already",
    ),
    "again later": (
        lambda c: [c[0], replace(c[0], step=2)],
        MissKind.REPEATED,
        "the recording has it in step 1 by the driver, answered already",
    ),
    "by the other": (
        lambda c: [*c[:2], replace(c[2], actor="driver")],
        MissKind.OTHER_ACTOR,
        "the recording has it in step 2 by the sync, not sent yet",
    ),
    "left out": (lambda c: [c[0], c[1], c[3]], MissKind.LEFT_OVER, ""),
}


@pytest.mark.parametrize(("fault", "kind", "detail"), KINDS.values(), ids=list(KINDS))
def test_the_first_miss_says_what_is_wrong(
    stand: Any, script: Any, calls: Any, fault: Any, kind: MissKind, detail: str
) -> None:
    cassette = stand.record(script(calls))

    miss = stand.replay(cassette, script(fault(calls)))[0]

    assert (miss.kind, miss.detail, miss.cure) == (kind, detail, CURE)


def swallowing(calls: list[Any]) -> Any:
    """A program that notes what goes wrong and carries on, as an engine does; the harness ends each step."""

    def program(session: Session) -> None:
        for step in sorted({call.step for call in calls}):
            session.begin_step(step, f"step {step}")
            for call in (each for each in calls if each.step == step):
                with (
                    contextlib.suppress(BaseException),
                    httpx.Client(transport=session.transport(call.actor)) as client,
                ):
                    call.send(client)
            with contextlib.suppress(ReplayMiss):
                session.end_step()

    return program


def test_a_write_that_comes_a_step_late_is_missed_twice(stand: Any, script: Any, calls: Any) -> None:
    cassette = stand.record(script(calls))
    late = replace(calls[2], step=3)

    assert (
        told(stand.replay(cassette, swallowing([*calls[:2], late, calls[3]])))
        == """\
order-invoice/create/alone, step 2 "step 2": recorded but not sent
  recorded PATCH https://shop.example/customers/5001 by the sync
  cure
order-invoice/create/alone, step 3 "step 3": too late
  asked    PATCH https://shop.example/customers/5001 by the sync
  because  the recording has it in step 2 by the sync, left out in its step
  cure"""
    )


def test_one_cause_is_one_miss(stand: Any, script: Any, calls: Any) -> None:
    cassette = stand.record(script(calls))
    wrong = replace(calls[2], json={"name": "Eve"})

    misses = stand.replay(cassette, swallowing([*calls[:2], wrong, calls[3]]))

    assert [miss.kind for miss in misses] == [MissKind.NOT_RECORDED]


def test_a_miss_that_the_program_swallows_ends_the_step_and_the_scenario(stand: Any, script: Any, calls: Any) -> None:
    session = stand.playing(stand.record(script(calls)))
    session.begin_step(1, "step 1")
    with httpx.Client(transport=session.transport("driver")) as client, contextlib.suppress(BaseException):
        client.get(f"{SHOP}/orders/1")

    with pytest.raises(ReplayMiss) as end_of_step:
        session.end_step()
    with pytest.raises(ReplayMiss) as end_of_scenario:
        session.finish()

    kinds = [MissKind.NOT_RECORDED, MissKind.LEFT_OVER]
    assert [miss.kind for miss in end_of_step.value.misses] == kinds
    assert [miss.kind for miss in end_of_scenario.value.misses] == [*kinds, *[MissKind.LEFT_OVER] * 3]
    assert list(end_of_scenario.value.misses) == session.misses
    assert end_of_step.value.miss is session.misses[0]


def test_an_engine_that_catches_exceptions_does_not_catch_a_miss(stand: Any, script: Any, calls: Any) -> None:
    session = stand.playing(stand.record(script(calls)))

    async def engine() -> str:
        async with httpx.AsyncClient(transport=session.transport("sync")) as client:
            try:
                await client.get(f"{SHOP}/unknown")
            except Exception:
                return "carried on"
        return "not reached"

    with pytest.raises(ReplayMiss):
        asyncio.run(engine())


def test_exchanges_show_what_was_sent_so_far(stand: Any, script: Any, calls: Any) -> None:
    cassette = stand.record(script(calls))
    session = stand.playing(cassette)
    with contextlib.suppress(ReplayMiss):
        script(calls[:2])(session)

    assert tuple(session.exchanges) == cassette.interactions[:2]


def test_requests_outside_any_step_are_recorded_and_replayed_so(stand: Any, call: Any) -> None:
    def program(session: Session) -> None:
        with httpx.Client(transport=session.transport("sync")) as client:
            call(0, "sync", "GET", f"{SHOP}/customers").send(client)

    cassette = stand.record(program)

    assert [each.step for each in cassette.interactions] == [0]
    assert stand.replay(cassette, program) == []
    assert (
        told(stand.replay(cassette, lambda session: None))
        == """\
order-invoice/create/alone, outside any step: recorded but not sent
  recorded GET https://shop.example/customers by the sync
  cure"""
    )


KEYS = {
    "others": ("x", "y", "x", None),
    "a retry with a new key": (
        "x",
        "y",
        "z",
        "its key is a new one; the recording repeats the key of an earlier request here",
    ),
    "one key for two requests": (
        "x",
        "x",
        "x",
        "it repeats the key of an earlier request; the recording has another key here",
    ),
}


@pytest.mark.parametrize(("first", "second", "third", "detail"), KEYS.values(), ids=list(KEYS))
def test_idempotency_keys_stand_for_each_other(
    stand: Any, script: Any, call: Any, first: str, second: str, third: str, detail: str | None
) -> None:
    def program(*keys: str) -> Any:
        urls = (f"{SHOP}/customers", f"{SHOP}/invoices", f"{SHOP}/customers")
        pairs = zip(keys, urls, strict=True)
        return script([call(1, "sync", "POST", url, {}, (("Idempotency-Key", key),)) for key, url in pairs])

    misses = stand.replay(stand.record(program("a", "b", "a")), program(first, second, third))

    assert [miss.detail for miss in misses] == ([detail] if detail else [])


def chains(length: int) -> tuple[Cassette, list[list[tuple[str, str, bytes]]]]:
    """Eight programs, each creating, changing and reading a record of its own, recorded one after the other."""
    programs: list[list[tuple[str, str, bytes]]] = []
    exchanges: list[Exchange] = []
    for number in range(8):
        id_ = f"r-{number}"
        program = [("POST", "/records", f'{{"n":{number}}}'.encode())]
        for change in range(length):
            program += [("PATCH", f"/records/{id_}", f'{{"n":{change}}}'.encode()), ("GET", f"/records/{id_}", b"")]
        answer = f'{{"id":"{id_}"}}'.encode()
        exchanges += [Exchange(1, "sync", m, f"{SHOP}{p}", (), b, 200, (), answer) for m, p, b in program]
        programs.append(program)
    return Cassette(tuple(exchanges)), programs


def request(method: str, path: str, body: bytes) -> httpx.Request:
    return httpx.Request(method, f"{SHOP}{path}", content=body or None)


def test_independent_threads_may_interleave(stand: Any) -> None:
    cassette, programs = chains(3)
    with ThreadPoolExecutor(8) as pool:
        for _ in range(60):
            session = Playing(cassette, Secrets({}), stand.ticks.append)
            session.begin_step(1, "all at once")
            start = threading.Barrier(8)

            def run(
                program: list[tuple[str, str, bytes]], session: Playing = session, start: threading.Barrier = start
            ) -> None:
                transport = session.transport("sync")
                start.wait()
                for each in program:
                    transport.handle_request(request(*each))

            for done in [pool.submit(run, program) for program in programs]:
                done.result()
            session.end_step()
            session.finish()


def test_independent_tasks_may_interleave(stand: Any) -> None:
    cassette, programs = chains(2)
    random_ = random.Random(7)

    async def run(program: list[tuple[str, str, bytes]], session: Playing) -> None:
        transport = session.transport("sync")
        for each in program:
            for _ in range(random_.randrange(4)):
                await asyncio.sleep(0)
            await transport.handle_async_request(request(*each))

    async def rounds() -> None:
        for _ in range(200):
            session = Playing(cassette, Secrets({}), stand.ticks.append)
            session.begin_step(1, "all at once")
            await asyncio.gather(*(run(program, session) for program in random_.sample(programs, 8)))
            session.end_step()
            session.finish()

    asyncio.run(rounds())


def test_a_recording_of_stock_vcrpy_is_played_by_order_alone(
    stand: Any, tmp_path: Path, script: Any, call: Any
) -> None:
    path = tmp_path / "stock.yaml"
    stock = StockCassette(str(path), record_mode=RecordMode.ALL)
    authorization = next(httpx.BasicAuth(KEY, "").auth_flow(httpx.Request("GET", SHOP))).headers["Authorization"]
    headers = {"Authorization": authorization, "User-Agent": "stock", "Accept": "*/*"}
    for name in ("Ada", "Bea"):
        answer = {
            "status": {"code": 200, "message": "OK"},
            "headers": {"Server": ["x"], "Content-Encoding": ["gzip"]},
            "body": {"string": name.encode()},
        }
        stock.append(StockRequest("GET", f"{SHOP}/customers/1", None, headers), answer)
    stock._save()
    seen = []

    def program(session: Session) -> None:
        for step, actor in ((1, "driver"), (2, "sync")):
            session.begin_step(step, "")
            with httpx.Client(transport=session.transport(actor)) as client:  # type: ignore[arg-type]
                seen.append(call(step, actor, "GET", f"{SHOP}/customers/1").send(client).text)
            session.end_step()

    assert stand.replay(Cassette.load(path), program) == []
    assert seen == ["Ada", "Bea"]
    again = script([call(1, "sync", "GET", f"{SHOP}/customers/1")] * 3)
    assert [miss.kind for miss in stand.replay(Cassette.load(path), again)] == [MissKind.REPEATED]
