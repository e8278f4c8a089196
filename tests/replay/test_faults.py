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

Calls = list[Any]


@pytest.fixture
def program(call: Any) -> Calls:
    return [
        call(1, "driver", "POST", f"{OFFICE}/customers", CUSTOMER),
        call(2, "sync", "GET", f"{OFFICE}/customers?number=C-1"),
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
    "independent reads in another order": move(2, 1),
    "independent final reads in another order": move(8, 7),
    "writes to different records in another order": move(6, 5),
}


@pytest.mark.parametrize("variant", HARMLESS.values(), ids=list(HARMLESS))
def test_a_harmless_change_passes(stand: Any, script: Any, program: Calls, variant: Callable[[Calls], Calls]) -> None:
    cassette = stand.record(script(program))

    assert stand.replay(cassette, script(variant(program))) == []
