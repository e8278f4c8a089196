"""Faults of a client that a replay notices with default settings, and changes that it lets pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

SHOP, OFFICE = "https://shop.example", "https://office.example"
ADDRESS = {"city": "Bath", "country": "GB"}
CUSTOMER = {"number": "C-1", "name": "Ada", "address": ADDRESS, "active": True}
LINE = {"quantity": 3, "unit_cost": 12.5}
INVOICE = {"customer": 5001, "number": "I-1", "items": [LINE]}

MATCHED = (("If-Match", '"1"'), ("Content-Type", "application/json"))

Calls = list[Any]


@pytest.fixture
def program(call: Any) -> Calls:
    return [
        call(1, "driver", "POST", f"{OFFICE}/customers", CUSTOMER),
        call(2, "sync", "GET", f"{OFFICE}/customers?number=C-1&name=Ada+L&limit=10"),
        call(2, "sync", "GET", f"{SHOP}/customers?number=C-1"),
        call(2, "sync", "POST", f"{SHOP}/customers", CUSTOMER, (("Idempotency-Key", "a-1"),)),
        call(2, "sync", "POST", f"{SHOP}/invoices", INVOICE, (("Idempotency-Key", "a-2"),)),
        call(2, "sync", "PATCH", f"{SHOP}/customers/5001", {"name": "Ada L"}, (("If-Match", '"1"'),)),
        call(2, "sync", "PATCH", f"{OFFICE}/customers/9001", {"externalRef": "5001"}),
        call(3, "driver", "GET", f"{SHOP}/customers/5001"),
        call(3, "driver", "GET", f"{SHOP}/invoices/5002"),
    ]


def change(position: int, **values: Any) -> Callable[[Calls], Calls]:
    def fault(calls: Calls) -> Calls:
        return [*calls[:position], replace(calls[position], **values), *calls[position + 1 :]]

    return fault


def move(position: int, to: int) -> Callable[[Calls], Calls]:
    def fault(calls: Calls) -> Calls:
        rest = [*calls[:position], *calls[position + 1 :]]
        return [*rest[:to], calls[position], *rest[to:]]

    return fault


def omit(position: int) -> Callable[[Calls], Calls]:
    return lambda calls: [*calls[:position], *calls[position + 1 :]]


def repeat(position: int) -> Callable[[Calls], Calls]:
    return lambda calls: [*calls[: position + 1], *calls[position:]]


FAULTS = {
    "value changed": change(3, json={**CUSTOMER, "name": "Eve"}),
    "nested value changed": change(3, json={**CUSTOMER, "address": {**ADDRESS, "city": "York"}}),
    "field dropped": change(3, json={"number": "C-1", "name": "Ada", "address": ADDRESS}),
    "extra field": change(3, json={**CUSTOMER, "notes": ""}),
    "unit cost changed": change(4, json={**INVOICE, "items": [{**LINE, "unit_cost": 12.05}]}),
    "number as text": change(4, json={**INVOICE, "items": [{**LINE, "quantity": "3"}]}),
    "empty update": change(5, json={}),
    "wrong record id": change(5, url=f"{SHOP}/customers/5002"),
    "filter dropped": change(2, url=f"{SHOP}/customers"),
    "wrong verb": change(5, method="PUT"),
    "last read omitted": omit(8),
    "update omitted": omit(5),
    "create sent twice": repeat(3),
    "invoice before customer": move(4, 3),
    "update before create": move(5, 3),
    "idempotency header dropped": change(3, headers=()),
    "wrong credentials": change(3, credential="AnotherKey0123456789"),
    "last read repeated": repeat(8),
    # beyond the first eighteen
    "whole number as decimal": change(4, json={**INVOICE, "items": [{**LINE, "quantity": 3.0}]}),
    "true as one": change(3, json={**CUSTOMER, "active": 1}),
    "null instead of absence": change(3, json={**CUSTOMER, "notes": None}),
    "lines in another order": change(4, json={**INVOICE, "items": [LINE, {**LINE, "quantity": 1}]}),
    "body as text": change(3, json=None, content=b'"C-1"'),
    "another media type": change(5, headers=(("If-Match", '"1"'), ("Content-Type", "application/merge-patch+json"))),
    "another charset": change(5, headers=(("If-Match", '"1"'), ("Content-Type", "application/json; charset=utf-16"))),
    "another precondition": change(5, headers=(("If-Match", '"2"'),)),
    "precondition dropped": change(5, headers=()),
    "a header more": change(5, headers=(("If-Match", '"1"'), ("X-Dry-Run", "1"))),
    "another path": change(2, url=f"{SHOP}/v2/customers?number=C-1"),
    "a slash more": change(2, url=f"{SHOP}/customers/?number=C-1"),
    "other letters in the path": change(2, url=f"{SHOP}/Customers?number=C-1"),
    "another host": change(2, url=f"{OFFICE}/customers?number=C-1", step=2),
    "no encryption": change(2, url="http://shop.example/customers?number=C-1"),
    "another port": change(2, url="https://shop.example:8443/customers?number=C-1"),
    "filter twice": change(2, url=f"{SHOP}/customers?number=C-1&number=C-1"),
    "filter emptied": change(2, url=f"{SHOP}/customers?number="),
    "the same key twice": change(4, headers=(("Idempotency-Key", "a-1"),)),
    "write a step late": lambda calls: [*calls[:6], replace(calls[6], step=3), *calls[7:]],
    "read a step early": lambda calls: [*calls[:7], replace(calls[7], step=2), *calls[8:]],
    "sent by another": change(7, actor="sync"),
    # values that look alike
    "letter case": change(3, json={**CUSTOMER, "name": "ADA"}),
    "a blank at the end": change(3, json={**CUSTOMER, "name": "Ada "}),
    "a letter of another script": change(3, json={**CUSTOMER, "name": "\u0410da"}),
    "composed letters taken apart": change(3, json={**CUSTOMER, "name": "A\u0308da"}),
    "true as text": change(3, json={**CUSTOMER, "active": "true"}),
    "true as false": change(3, json={**CUSTOMER, "active": False}),
    "value emptied": change(3, json={**CUSTOMER, "name": ""}),
    "value as null": change(3, json={**CUSTOMER, "name": None}),
    "value as list": change(3, json={**CUSTOMER, "name": ["Ada"]}),
    "key in another case": change(3, json={"Number": "C-1", "name": "Ada", "address": ADDRESS, "active": True}),
    "nested field dropped": change(3, json={**CUSTOMER, "address": {"city": "Bath"}}),
    "object flattened": change(3, json={**CUSTOMER, "address": "Bath"}),
    "object emptied": change(3, json={**CUSTOMER, "address": {}}),
    "last digit of a decimal": change(4, json={**INVOICE, "items": [{**LINE, "unit_cost": 12.500000000000002}]}),
    "sign turned": change(4, json={**INVOICE, "items": [{**LINE, "unit_cost": -12.5}]}),
    "reference as text": change(4, json={**INVOICE, "customer": "5001"}),
    "line dropped": change(4, json={**INVOICE, "items": []}),
    "line twice": change(4, json={**INVOICE, "items": [LINE, LINE]}),
    "lines not a list": change(4, json={**INVOICE, "items": LINE}),
    # bodies
    "body dropped": change(5, json=None),
    "body cut": change(5, json=None, content=b'{"name":"Ada L"', headers=MATCHED),
    "body with more behind it": change(5, json=None, content=b'{"name":"Ada L"}{}', headers=MATCHED),
    "body behind a mark": change(5, json=None, content=b'\xef\xbb\xbf{"name":"Ada L"}', headers=MATCHED),
    "key twice in a body": change(5, json=None, content=b'{"name":"Eve","name":"Ada L"}', headers=MATCHED),
    "form instead of JSON": change(
        5,
        json=None,
        content=b"name=Ada+L",
        headers=(*MATCHED[:1], ("Content-Type", "application/x-www-form-urlencoded")),
    ),
    "body on a read": change(8, json={"fields": "id"}),
    # headers
    "precondition weakened": change(5, headers=(("If-Match", 'W/"1"'),)),
    "precondition twice": change(5, headers=(("If-Match", '"1"'), ("If-Match", '"1"'))),
    "precondition turned": change(5, headers=(("If-None-Match", '"1"'),)),
    "another answer asked for": change(8, headers=(("Accept", "application/xml"),)),
    "another language": change(8, headers=(("Accept-Language", "de"),)),
    "a part asked for": change(8, headers=(("Range", "bytes=0-1"),)),
    "body said to be packed": change(5, headers=(("If-Match", '"1"'), ("Content-Encoding", "gzip"))),
    "a preference": change(5, headers=(("If-Match", '"1"'), ("Prefer", "return=minimal"))),
    "verb overridden": change(5, headers=(("If-Match", '"1"'), ("X-HTTP-Method-Override", "DELETE"))),
    "idempotency key on a change": change(5, headers=(("If-Match", '"1"'), ("Idempotency-Key", "a-3"))),
    "another user's token": change(1, credential="another-token-of-the-office"),
    # addresses
    "parameter dropped": change(1, url=f"{OFFICE}/customers?number=C-1&name=Ada+L"),
    "parameter more": change(1, url=f"{OFFICE}/customers?number=C-1&name=Ada+L&limit=10&page=2"),
    "parameter changed": change(1, url=f"{OFFICE}/customers?number=C-1&name=Ada+L&limit=100"),
    "parameter in another case": change(1, url=f"{OFFICE}/customers?Number=C-1&name=Ada+L&limit=10"),
    "plus for itself": change(1, url=f"{OFFICE}/customers?number=C-1&name=Ada%2BL&limit=10"),
    "slash escaped": change(7, url=f"{SHOP}/customers%2F5001"),
    "slash doubled": change(7, url=f"{SHOP}//customers/5001"),
    # calls
    "deleted instead of updated": change(5, method="DELETE", json=None),
    "head instead of get": change(7, method="HEAD"),
    "list instead of record": change(7, url=f"{SHOP}/customers"),
    "look-up dropped": omit(2),
    "create dropped": omit(3),
    "two reads dropped": lambda calls: calls[:7],
    "all sent twice": lambda calls: [each for each in calls for _ in range(2)],
    "nothing sent": lambda calls: [],
    "last step omitted": lambda calls: calls[:7],
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
def test_a_fault_is_noticed(stand: Any, script: Any, program: Calls, fault: Callable[[Calls], Calls]) -> None:
    cassette = stand.record(script(program))

    assert stand.replay(cassette, script(fault(program)))


HARMLESS = {
    "unchanged": lambda calls: calls,
    "keys in another order": change(3, json=dict(reversed(CUSTOMER.items()))),
    "white space in the body": change(
        5,
        json=None,
        content=b'{ "name" :\n "Ada L" }',
        headers=(("If-Match", '"1"'), ("Content-Type", "application/json")),
    ),
    "escapes in the body": change(
        5,
        json=None,
        content=b'{"name":"\\u0041da L"}',
        headers=(("If-Match", '"1"'), ("Content-Type", "application/json")),
    ),
    "utf-8 said": change(5, headers=(("If-Match", '"1"'), ("Content-Type", 'Application/JSON; charset="UTF-8"'))),
    "name of a header": change(5, headers=(("IF-MATCH", '"1"'),)),
    "another client": change(5, headers=(("If-Match", '"1"'), ("User-Agent", "other/2"), ("Accept-Encoding", "br"))),
    "traced": change(5, headers=(("traceparent", "00-1-1-01"), ("X-Request-Id", "7"), ("If-Match", '"1"'))),
    "accepting anything explicitly": change(5, headers=(("Accept", "*/*"), ("If-Match", '"1"'))),
    "other idempotency keys": change(3, headers=(("Idempotency-Key", "z-9"),)),
    "letters of the host": change(2, url="https://SHOP.example:443/customers?number=C-1"),
    "escapes in the address": change(2, url=f"{SHOP}/%63ustomers?number=%43-1"),
    "a decimal spelt otherwise": change(
        4,
        json=None,
        content=b'{"customer":5001,"number":"I-1","items":[{"quantity":3,"unit_cost":1.250e1}]}',
        headers=(("Idempotency-Key", "a-2"), ("Content-Type", "application/json")),
    ),
    "parameters in another order": change(1, url=f"{OFFICE}/customers?limit=10&name=Ada+L&number=C-1"),
    "a blank escaped": change(1, url=f"{OFFICE}/customers?number=C-1&name=Ada%20L&limit=10"),
    "escapes in small letters": change(1, url=f"{OFFICE}/customers?number=C%2d1&name=Ada+L&limit=10"),
    "nested keys in another order": change(3, json={**CUSTOMER, "address": dict(reversed(ADDRESS.items()))}),
    "an exponent": change(
        4,
        json=None,
        content=b'{"customer":5001,"number":"I-1","items":[{"quantity":3,"unit_cost":0.125E+2}]}',
        headers=(("Idempotency-Key", "a-2"), ("Content-Type", "application/json")),
    ),
    "a blank as an escape in the body": change(5, json=None, content=b'{"name":"\\u0041da\\u0020L"}', headers=MATCHED),
    "indented": change(5, json=None, content=b'{\r\n\t"name": "Ada L"\r\n}\n', headers=MATCHED),
    "blanks around a header": change(5, headers=(("If-Match", ' "1" '),)),
    "media type spelt otherwise": change(
        5, headers=(("If-Match", '"1"'), ("Content-Type", "application/JSON ; charset=utf8"))
    ),
    "a connection of one's own": change(5, headers=(("If-Match", '"1"'), ("Connection", "close"))),
    "a date": change(5, headers=(("If-Match", '"1"'), ("Date", "Mon, 02 Mar 2026 08:00:00 GMT"))),
    "states of a trace": change(5, headers=(("If-Match", '"1"'), ("tracestate", "a=1"), ("TE", "trailers"))),
    "headers in another order": change(5, headers=tuple(reversed(MATCHED))),
    "verb in small letters": change(5, method="patch"),
    "both keys new": lambda calls: change(4, headers=(("Idempotency-Key", "z-2"),))(
        change(3, headers=(("Idempotency-Key", "z-1"),))(calls)
    ),
    "all reads of one step in another order": lambda calls: [*calls[:1], calls[2], calls[1], *calls[3:]],
    "independent reads in another order": move(2, 1),
    "independent final reads in another order": move(8, 7),
    "writes to different records in another order": move(6, 5),
}


@pytest.mark.parametrize("variant", HARMLESS.values(), ids=list(HARMLESS))
def test_a_harmless_change_passes(stand: Any, script: Any, program: Calls, variant: Callable[[Calls], Calls]) -> None:
    cassette = stand.record(script(program))

    assert stand.replay(cassette, script(variant(program))) == []
