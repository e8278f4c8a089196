"""What has changed between two recordings, and how much it matters: thirty drifts, and none where nothing drifted."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from counterpart.replay import Cassette, Exchange
from counterpart.replay.drift import Weight, compare, learn, to_text, verdict

SHOP = "https://shop.example"
JSON = ("content-type", "application/json")
NOON, ONE = "Mon, 02 Mar 2026 12:00:00 GMT", "Mon, 02 Mar 2026 13:00:00 GMT"


def told(
    line: str, answer: Any = None, body: Any = None, *, status: int = 200, step: int = 1, **headers: str
) -> Exchange:
    method, path = line.split(" ")
    return Exchange(
        step=step,
        actor="sync",
        method=method,
        url=SHOP + path,
        request_headers=(("authorization", "Basic <shop-key>"), ("idempotency-key", "<k-1>")),
        request_body=json.dumps(body).encode() if body is not None else b"",
        status=status,
        response_headers=(JSON, *((name.replace("_", "-"), value) for name, value in headers.items())),
        response_body=json.dumps(answer).encode() if answer is not None else b"",
    )


def recorded(customer: int = 5001, second: int = 7, token: str = "a1") -> list[Exchange]:
    stamp = f"2026-03-02T08:00:{second:02}.000Z"
    asked = {"name": "Ada", "terms": 30, "tags": ["x"]}
    shown = {
        "id": customer,
        **asked,
        "total": 12.5,
        "open": True,
        "note": None,
        "at": stamp,
        "updated_at": 1772438400 + second,
        "url": f"{SHOP}/s/{token}",
    }
    date = f"Mon, 02 Mar 2026 08:00:{second:02} GMT"
    return [
        told("POST /customers", shown, asked, status=201, location=f"{SHOP}/customers/{customer}", date=date),
        told(f"GET /customers/{customer}", shown, etag=f'"{token}"', x_total_count="1"),
        told(
            "GET /invoices?limit=100&page=1", [{"id": customer + 4000, "customer": customer, "lines": [{"sku": "q"}]}]
        ),
        told(f"PATCH /customers/{customer}", {**shown, "name": "Bea"}, {"name": "Bea"}, step=2),
    ]


VOLATILE = learn([Cassette(tuple(recorded(token=token))) for token in ("a1", "b2")])


def with_answer(position: int, **members: Any) -> Callable[[list[Exchange]], list[Exchange]]:
    def drift(calls: list[Exchange]) -> list[Exchange]:
        answer = json.loads(calls[position].response_body)
        target = answer[0] if isinstance(answer, list) else answer
        for name, value in members.items():
            if value is ...:
                del target[name]
            else:
                target[name] = value
        body = json.dumps(answer).encode()
        return [*calls[:position], replace(calls[position], response_body=body), *calls[position + 1 :]]

    return drift


def with_(position: int, **fields: Any) -> Callable[[list[Exchange]], list[Exchange]]:
    return lambda calls: [*calls[:position], replace(calls[position], **fields), *calls[position + 1 :]]


def headers(position: int, *pairs: tuple[str, str]) -> Callable[[list[Exchange]], list[Exchange]]:
    return lambda calls: with_(position, response_headers=(*calls[position].response_headers[:1], *pairs))(calls)


B, A, H = Weight.BREAKING, Weight.ADDITIVE, Weight.HARMLESS
DRIFTS: dict[str, tuple[Callable[[list[Exchange]], list[Exchange]], Weight, str]] = {
    "field gone": (with_answer(1, note=...), B, "answer body.note: null -> (absent)"),
    "field new": (with_answer(1, colour="red"), A, 'answer body.colour: (absent) -> "red"'),
    "number as text": (with_answer(1, total="12.5"), B, 'answer body.total: 12.5 -> "12.5"'),
    "whole number as decimal": (with_answer(1, terms=30.0), B, "answer body.terms: 30 -> 30.0"),
    "truth as number": (with_answer(1, open=1), B, "answer body.open: true -> 1"),
    "value instead of null": (with_answer(1, note="x"), B, 'answer body.note: null -> "x"'),
    "null instead of value": (with_answer(1, name=None), B, 'answer body.name: "Ada" -> null'),
    "declared value not kept": (with_answer(1, name="ADA"), B, 'answer body.name: "Ada" -> "ADA"'),
    "derived value": (with_answer(1, total=12.51), B, "answer body.total: 12.5 -> 12.51"),
    "list instead of value": (with_answer(1, name=["Ada"]), B, 'answer body.name: "Ada" -> ["Ada"]'),
    "entry more": (with_answer(1, tags=["x", "y"]), B, 'answer body.tags[]: "1 entries" -> "2 entries"'),
    "entry gone": (with_answer(1, tags=[]), B, 'answer body.tags[]: "1 entries" -> "0 entries"'),
    "entry changed": (with_answer(1, tags=["y"]), B, 'answer body.tags[0]: "x" -> "y"'),
    "field deep in a list": (with_answer(2, lines=[{}]), B, 'answer body[0].lines[0].sku: "q" -> (absent)'),
    "reference to another": (with_answer(2, customer=6001), B, "answer body[0].customer: 5001 -> 6001"),
    "list in an envelope": (
        with_(2, response_body=b'{"data":[]}'),
        B,
        'answer body: [{"id": 9001, "customer": 5001, "lines": [{"sku": "q"}]}] -> {"data": []}',
    ),
    "another instant": (
        with_answer(1, at="2026-03-02T09:00:00.000Z"),
        H,
        'answer body.at: "2026-03-02T08:00:07.000Z" -> "2026-03-02T09:00:00.000Z"',
    ),
    "instant of another form": (
        with_answer(1, at="02.03.2026"),
        B,
        'answer body.at: "2026-03-02T08:00:07.000Z" -> "02.03.2026"',
    ),
    "stamp as text": (with_answer(1, updated_at="1772438407"), B, 'answer body.updated_at: 1772438407 -> "1772438407"'),
    "status": (with_(1, status=206), B, "answer status: 200 -> 206"),
    "no answer": (with_(3, response_body=b""), B, "answer body: "),
    "no JSON": (with_(1, response_body=b"<html>"), B, "answer body: "),
    "header gone": (headers(1, ("etag", '"a1"')), B, 'answer header.x-total-count: "1" -> (absent)'),
    "header new": (
        headers(2, ("deprecation", "true")),
        A,
        'answer header.deprecation: (absent) -> "true"',
    ),
    "header changed": (headers(1, ("etag", '"a1"'), ("x-total-count", "2")), B, 'x-total-count: "1" -> "2"'),
    "media type": (
        with_(2, response_headers=(("content-type", "text/html"),)),
        B,
        'answer header.content-type: "application/json" -> "text/html"',
    ),
    "redirected": (headers(0, ("location", f"{SHOP}/clients/5001"), ("date", "x")), B, "answer header.location: "),
    "call gone": (lambda calls: [calls[0], *calls[2:]], B, "call: GET https://shop.example/customers/5001 -> (gone)"),
    "call new": (
        lambda calls: [*calls, told("GET /orders", [], step=2)],
        A,
        "call: (new) -> GET https://shop.example/orders",
    ),
    "verb": (with_(3, method="PUT"), B, "call: PATCH https://shop.example/customers/5001 -> (gone)"),
    "sent value": (with_(3, request_body=b'{"name":"Eve"}'), B, 'request body.name: "Bea" -> "Eve"'),
    "sent field more": (
        with_(3, request_body=b'{"name":"Bea","note":1}'),
        A,
        "request body.note: (absent) -> 1",
    ),
    "sent field less": (with_(0, request_body=b'{"name":"Ada","tags":["x"]}'), B, "request body.terms: 30 -> (absent)"),
    "sent instant": (
        with_(1, request_headers=(*recorded()[1].request_headers, ("if-modified-since", NOON))),
        A,
        f'request header.if-modified-since: (absent) -> "{NOON}"',
    ),
    "query": (with_(2, url=f"{SHOP}/invoices?limit=10&page=1"), B, 'request query.limit: "100" -> "10"'),
    "credential": (with_(2, request_headers=(("idempotency-key", "<k-1>"),)), B, "request header.authorization: "),
    "no idempotency key": (
        with_(2, request_headers=(("authorization", "Basic <shop-key>"),)),
        B,
        "request header.idempotency-key: ",
    ),
}


@pytest.mark.parametrize(("drift", "weight", "said"), DRIFTS.values(), ids=list(DRIFTS))
def test_a_drift_is_found_and_weighed(
    drift: Callable[[list[Exchange]], list[Exchange]], weight: Weight, said: str
) -> None:
    changes = compare(Cassette(tuple(recorded())), Cassette(tuple(drift(recorded()))), volatile=VOLATILE)

    assert verdict(changes) is weight
    assert any(said in str(each) for each in changes)


def test_a_change_says_call_and_field() -> None:
    changes = compare(Cassette(tuple(recorded())), Cassette(tuple(with_answer(1, name="ADA")(recorded()))))

    assert [*map(str, changes)] == [
        'breaking: GET https://shop.example/customers/{id} by the sync in step 1: answer body.name: "Ada" -> "ADA"'
    ]


def test_the_text_begins_with_the_verdict_and_the_gravest() -> None:
    def drifted(calls: list[Exchange]) -> list[Exchange]:
        return with_answer(1, colour="red", at="2026-03-03T00:00:00.000Z")(with_answer(3, total=1)(calls))

    changes = compare(Cassette(tuple(recorded())), Cassette(tuple(drifted(recorded()))))

    assert to_text(changes) == (
        "3 changes in 2 calls, breaking\n"
        "\n"
        "PATCH https://shop.example/customers/{id} by the sync in step 2\n"
        "  breaking answer body.total: 12.5 -> 1\n"
        "\n"
        "GET https://shop.example/customers/{id} by the sync in step 1\n"
        '  additive answer body.colour: (absent) -> "red"\n'
        '  harmless answer body.at: "2026-03-02T08:00:07.000Z" -> "2026-03-03T00:00:00.000Z"\n'
    )
    assert to_text([]) == "Nothing has changed.\n"


def test_a_hundred_recordings_of_an_unchanged_system_raise_no_alarm() -> None:
    random_ = random.Random(6)
    first = Cassette(tuple(recorded()))
    for _ in range(100):
        token = f"{random_.getrandbits(32):08x}"
        again = recorded(random_.randrange(1000, 10**6), random_.randrange(60), token)
        assert verdict(compare(first, Cassette(tuple(again)), volatile=VOLATILE)) is Weight.HARMLESS


def test_equal_recordings_have_no_difference() -> None:
    assert compare(Cassette(tuple(recorded())), Cassette(tuple(recorded()))) == []
    assert verdict([]) is Weight.HARMLESS


def test_the_volatile_is_learned_from_repetition_alone() -> None:
    get = "GET https://shop.example/customers/{id} by the sync in step 1"

    assert {f"{get} answer header.etag", f"{get} answer body.url"} <= VOLATILE
    assert not [each for each in VOLATILE if each.endswith("body.name")]


def test_an_instant_that_the_program_sends_is_no_noise() -> None:
    def asked(since: str) -> Cassette:
        return Cassette((replace(recorded()[1], request_headers=(("if-modified-since", since),)),))

    assert verdict(compare(asked(NOON), asked(ONE))) is Weight.BREAKING


def test_small_numbers_are_quantities_and_no_ids() -> None:
    def read(id_: int, quantity: int) -> Cassette:
        return Cassette((told("GET /lines", [{"id": id_, "quantity": quantity}]),))

    assert [each.path for each in compare(read(3, 3), read(4, 4))] == ["answer body[0].id", "answer body[0].quantity"]
    assert compare(read(5003, 3), read(5004, 3)) == []


def test_two_ids_that_become_one_are_no_renaming() -> None:
    def listed(*ids: int) -> Cassette:
        return Cassette((told("GET /customers", [{"id": each} for each in ids]),))

    assert verdict(compare(listed(5001, 5002), listed(6001, 6002))) is Weight.HARMLESS
    assert verdict(compare(listed(5001, 5002), listed(6001, 6001))) is Weight.BREAKING
