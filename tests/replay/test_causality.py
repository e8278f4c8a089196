"""Which orders of the same requests a recording allows, decided from the recording alone."""

from __future__ import annotations

import contextlib
import itertools
import json
import random
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpart.replay import Cassette, Exchange, MissKind, Playing, ReplayMiss, Secrets
from counterpart.replay.causality import Mode, Order, threads

SHOP = "https://shop.example"


def told(line: str, answer: Any = None, body: Any = None, *, status: int = 200, headers: Any = ()) -> Exchange:
    """`GET /customers/1` and what it answers."""
    method, path = line.split(" ")
    return Exchange(
        step=1,
        actor="sync",
        method=method,
        url=path if path.startswith("https") else SHOP + path,
        request_headers=(),
        request_body=json.dumps(body).encode() if body is not None else b"",
        status=status,
        response_headers=tuple(headers),
        response_body=json.dumps(answer).encode() if answer is not None else b"",
    )


CREATE = told("POST /customers", {"id": 5001, "name": "Ada"}, {"name": "Ada"}, status=201)
CREATE_OTHER = told("POST /customers", {"id": 5002, "name": "Eve"}, {"name": "Eve"}, status=201)
READ = told("GET /customers/5001", {"id": 5001, "name": "Ada"})
READ_OTHER = told("GET /customers/5002", {"id": 5002, "name": "Eve"})
CHANGE = told("PATCH /customers/5001", {"id": 5001, "name": "Bea"}, {"name": "Bea"})
CHANGE_BACK = told("PATCH /customers/5001", {"id": 5001, "name": "Ada"}, {"name": "Ada"})
CHANGE_OTHER = told("PATCH /customers/5002", {"id": 5002, "name": "Fay"}, {"name": "Fay"})
DELETE = told("DELETE /customers/5001", status=204)
LIST = told("GET /customers", [{"id": 5001}, {"id": 5002}])
EMPTY_LIST = told("GET /customers", [])
INVOICES = told("GET /invoices", [{"id": 7001, "customer": 5001}])
INVOICE = told("POST /invoices", {"id": 7001, "customer": 5001}, {"customer": 5001}, status=201)
INVOICE_OTHER = told("POST /invoices", {"id": 7002, "customer": 5002}, {"customer": 5002}, status=201)
READ_INVOICE = told("GET /invoices/7001", {"id": 7001, "status": "paid"})
VOID = told("POST /invoices/7001/void", {"id": 7001, "status": "voided"})
ISSUE = told("POST /invoices/7001/send", {"id": 7001, "status": "sent"})
PAYMENT = told("POST /payments", {"id": 8001}, {"applied_to": [{"invoice": 7001, "amount": 5}]}, status=201)
CHANGES = told("GET /changes?since=0", {"changes": [{"sequence": 1, "id": 5001}], "next": 1})
NO_CHANGES = told("GET /changes?since=1", {"changes": [], "next": 1})
REFUSED = told("POST /customers", {"message": "taken"}, {"name": "Ada"}, status=409)
FIRST_PAGE = told("GET /customers?limit=1", {"data": [{"id": 5001}], "nextCursor": "abc"})
SECOND_PAGE = told("GET /customers?limit=1&cursor=abc", {"data": [{"id": 5002}], "nextCursor": None})
LINKS = f'<{SHOP}/items?page=1>; rel="self", <{SHOP}/items?page=2>; title="more"; rel="next"'
LINKED_PAGE = told("GET /items", [], headers=[("link", LINKS)])
NEXT_LINKED_PAGE = told("GET /items?page=2", [])
MISSING = told("GET /items/blue-one", {"message": "no"}, status=404)
CREATE_ITEM = told("POST /items", {"id": "blue-one"}, {"id": "blue-one"}, status=201)
ARCHIVE_ITEM = told("DELETE /items/blue-one", status=204)
ELSEWHERE = told("POST https://office.example/customers", {"id": 9001}, {"ref": 5001}, status=201)
LOCATED = told("POST /orders", None, {}, status=201, headers=[("location", f"{SHOP}/orders/o-1")])
READ_LOCATED = told("GET /orders/o-1", {"total": 1})

ORDER = told("POST /orders", {"id": "o-1", "lines": [{"id": "L1"}]}, {}, status=201)
CHANGE_OTHER_ORDER = told("PATCH /orders/o-2", {"id": "o-2"}, {"lines": [{"id": "L1"}]})
EXPANDED = told("GET /orders/o-1", {"id": "o-1", "customer": {"id": 5001}})

ORDERED = {
    "use of an id from a record shown within another": (EXPANDED, CHANGE),
    "read before create": (CREATE, READ),
    "change before create": (CREATE, CHANGE),
    "dependent before what it depends on": (CREATE, INVOICE),
    "dependent elsewhere": (CREATE, ELSEWHERE),
    "use of an id from a list": (LIST, CHANGE),
    "use of an id from Location": (LOCATED, READ_LOCATED),
    "second page before first": (FIRST_PAGE, SECOND_PAGE),
    "linked page before its link": (LINKED_PAGE, NEXT_LINKED_PAGE),
    "read before change": (CREATE, CHANGE, READ),
    "read after change": (CREATE, READ, CHANGE),
    "two changes of one record": (CREATE, CHANGE, CHANGE_BACK),
    "change after delete": (CREATE, CHANGE, DELETE),
    "list before create": (CREATE, EMPTY_LIST),
    "list after create": (EMPTY_LIST, CREATE),
    "list after change": (CREATE, LIST, CHANGE),
    "refused create before the one it repeats": (CREATE, REFUSED),
    "look-up after create": (MISSING, CREATE_ITEM),
    "create again before archiving": (CREATE_ITEM, ARCHIVE_ITEM, CREATE_ITEM),
    "action before creation": (INVOICE, VOID),
    "two actions on one record": (INVOICE, ISSUE, VOID),
    "read after an action": (INVOICE, READ_INVOICE, VOID),
    "read before a payment of it": (INVOICE, PAYMENT, READ_INVOICE),
    "list before a payment of a member": (INVOICE, PAYMENT, INVOICES),
    "change of what an order refers to": (CREATE, CHANGE, INVOICE),
    "feed before a create it shows": (CREATE, CHANGES),
    "feed after a change": (CREATE, CHANGES, NO_CHANGES, CHANGE),
}


@pytest.mark.parametrize("recorded", ORDERED.values(), ids=list(ORDERED))
def test_the_last_two_keep_their_order(recorded: tuple[Exchange, ...]) -> None:
    order = Order(recorded)
    last = len(recorded) - 1
    for position in range(last - 1):
        order.settle(position)

    assert order.ready(last - 1)
    assert not order.ready(last)
    assert order.blockers(last) == [last - 1]
    order.settle(last - 1)
    assert order.ready(last)


FREE = {
    "two reads": (CREATE, CREATE_OTHER, READ, READ_OTHER),
    "read and list": (CREATE, LIST, READ),
    "two lists": (LIST, INVOICES),
    "two creates": (CREATE, CREATE_OTHER),
    "changes of two records": (CREATE, CREATE_OTHER, CHANGE, CHANGE_OTHER),
    "change and read of another": (CREATE, CREATE_OTHER, CHANGE, READ_OTHER),
    "create and read of another": (CREATE, CREATE_OTHER, READ),
    "dependents of two records": (CREATE, CREATE_OTHER, INVOICE, INVOICE_OTHER),
    "list of one kind and create of another": (INVOICES, CREATE_OTHER),
    "create and a list elsewhere": (CREATE, told("GET https://office.example/customers", [])),
    "a small number that is an id too": (told("POST /a", {"id": 7}, {}, status=201), told("POST /b", {}, {"days": 7})),
    "a page number that is a cursor too": (told("GET /a", {"next": 2}), told("GET /b/2?page=2", {})),
    "a record's next date": (told("GET /a/x", {"id": "x", "next_date": 2}), told("GET /a/x?page=2", {"id": "x"})),
    "lines of two orders": (ORDER, CHANGE_OTHER_ORDER),
    "no next page": (told("GET /a", {"next": None}), told("GET /a?cursor=", {})),
}


@pytest.mark.parametrize("recorded", FREE.values(), ids=list(FREE))
def test_the_last_two_may_change_places(recorded: tuple[Exchange, ...]) -> None:
    order = Order(recorded)
    last = len(recorded) - 1
    for position in range(last - 1):
        order.settle(position)

    assert order.ready(last)
    order.settle(last)
    assert order.ready(last - 1)
    assert order.blockers(last) == []


def missed(recorded: Sequence[Exchange], played: Sequence[Exchange]) -> list[MissKind]:
    """What a replay of `recorded` says of a program that sends the requests of `played`."""
    session = Playing(Cassette(tuple(recorded)), Secrets({}), lambda seconds: None)
    transport = session.transport("sync")
    session.begin_step(1, "")
    with contextlib.suppress(ReplayMiss):
        for each in played:
            transport.handle_request(httpx.Request(each.method, each.url, content=each.request_body or None))
        session.end_step()
    return [miss.kind for miss in session.misses]


# Two equal requests have no order that anybody could see.
ORDER_FAULTS = {name: each for name, each in ORDERED.items() if each[-2:] != (CREATE, REFUSED)}


@pytest.mark.parametrize("recorded", ORDER_FAULTS.values(), ids=list(ORDER_FAULTS))
def test_an_order_fault_is_noticed(recorded: tuple[Exchange, ...]) -> None:
    assert len(ORDER_FAULTS) >= 20
    assert missed(recorded, recorded) == []
    assert missed(recorded, [*recorded[:-2], recorded[-1], recorded[-2]]) == [MissKind.TOO_EARLY]


@pytest.mark.parametrize("recorded", FREE.values(), ids=list(FREE))
def test_a_free_order_is_accepted(recorded: tuple[Exchange, ...]) -> None:
    assert missed(recorded, [*recorded[:-2], recorded[-1], recorded[-2]]) == []


LINES = st.lists(
    st.sampled_from([each for group in (*ORDERED.values(), *FREE.values()) for each in group]), max_size=14
)


def conflicts(recorded: list[Exchange]) -> set[tuple[int, int]]:
    """Pairs that keep their order: they share a thread, and not both in one way that others may share."""
    parts = list(threads(recorded))
    return {
        (first, second)
        for first, second in itertools.combinations(range(len(parts)), 2)
        for thread in parts[first].keys() & parts[second].keys()
        if parts[first][thread] is not parts[second][thread] or parts[first][thread] is Mode.ALONE
    }


@given(LINES, st.randoms())
@settings(max_examples=300)
def test_an_exchange_is_ready_exactly_when_all_that_conflicts_is_done(
    recorded: list[Exchange], random_: random.Random
) -> None:
    order = Order(recorded)
    pairs = conflicts(recorded)
    left = set(range(len(recorded)))
    while left:
        ready = {each for each in left if order.ready(each)}
        assert ready == {each for each in left if not any((other, each) in pairs for other in left)}
        chosen = random_.choice(sorted(ready))
        order.settle(chosen)
        left.remove(chosen)


def test_settling_twice_counts_once() -> None:
    order = Order([CREATE, CHANGE, CHANGE_BACK])

    order.settle(0)
    order.settle(0)

    assert [order.ready(1), order.ready(2)] == [True, False]


def test_threads_found_late_know_what_has_taken_place() -> None:
    order = Order([CREATE, CREATE_OTHER, CHANGE, CHANGE_BACK])
    order.settle(0)

    assert [order.ready(2), order.ready(3), order.blockers(3)] == [True, False, [2]]
    order.settle(2)
    assert [order.ready(1), order.ready(3), order.blockers(3)] == [True, True, []]


def test_a_program_that_keeps_the_recorded_order_pays_for_no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(exchanges: object) -> None:
        raise AssertionError("threads were found")

    monkeypatch.setattr("counterpart.replay.causality.threads", found)
    order = Order([CREATE, CHANGE, CHANGE_BACK])
    for position in range(3):
        assert order.ready(position)
        order.settle(position)
