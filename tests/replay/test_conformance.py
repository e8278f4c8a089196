"""What of a contract recorded traffic breaks: forty seeded violations, and nothing in clean traffic."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from counterpart.replay import Cassette, Exchange
from counterpart.replay.conformance import Rule, check
from counterpart.replay.contracts import Contract
from counterpart.replay.errors import UnusableContract
from counterpart.replay.survey import survey, survey_files

ROOT = Path(__file__).parents[2]
SHOP = "https://shop.example/v1"
CONTRACT = yaml.safe_load((Path(__file__).parent / "shop.openapi.yaml").read_text("utf-8"))
ORDER = {"number": "A-1", "secret": "s", "lines": [{"sku": "x"}]}
SHOWN = {"id": 7, "number": "A-1", "lines": [{"sku": "x"}]}
JSON = ("content-type", "application/json")
SIGNED = ("authorization", "Basic <shop-key>")


def told(
    line: str,
    status: int,
    answer: Any = None,
    body: Any = None,
    asked: tuple[tuple[str, str], ...] = (),
    answered: tuple[tuple[str, str], ...] = (),
) -> Exchange:
    method, path = line.split(" ", 1)
    return Exchange(
        step=1,
        actor="sync",
        method=method,
        url=SHOP + path,
        request_headers=(SIGNED, *((JSON,) if body is not None else ()), *asked),
        request_body=json.dumps(body).encode() if body is not None else b"",
        status=status,
        response_headers=(*((JSON,) if answer is not None else ()), *answered),
        response_body=json.dumps(answer).encode() if answer is not None else b"",
    )


LIST = told("GET /orders?state=open", 200, [SHOWN], answered=(("deprecation", "no"), ("link", "<x>; rel=self")))
CREATE = told(
    "POST /orders", 201, SHOWN, ORDER, (("idempotency-key", "<k-1>"),), (("location", "https://shop.example/7"),)
)
READ = told("GET /orders/7", 200, SHOWN)
LATEST = told("GET /orders/latest", 200, SHOWN)
DELETE = told("DELETE /orders/7", 204)
REFUSED = replace(
    CREATE,
    request_body=b"{}",
    status=422,
    response_headers=(("content-type", "application/problem+json"),),
    response_body=b'{"title":"no"}',
)


@pytest.fixture(scope="module")
def shop() -> Contract:
    return Contract(CONTRACT, "shop.openapi.yaml")


def sent(**members: Any) -> Exchange:
    return replace(CREATE, request_body=json.dumps({**ORDER, **members}).encode())


def shown(**members: Any) -> Exchange:
    return replace(READ, response_body=json.dumps({**SHOWN, **members}).encode())


def listed(query: str) -> Exchange:
    return replace(LIST, url=f"{SHOP}/orders?{query}")


SEEDED = {
    "host": (replace(READ, url="https://other.example/v1/orders/7"), Rule.UNKNOWN_HOST),
    "path": (replace(READ, url=f"{SHOP}/order/7"), Rule.UNKNOWN_PATH),
    "below no server": (replace(READ, url="https://shop.example/orders/7"), Rule.UNKNOWN_HOST),
    "method": (replace(READ, method="PUT"), Rule.UNKNOWN_METHOD),
    "no credential": (replace(READ, request_headers=()), Rule.CREDENTIALS),
    "another scheme": (replace(READ, request_headers=(("authorization", "Bearer <t>"),)), Rule.CREDENTIALS),
    "path parameter": (replace(READ, url=f"{SHOP}/orders/seven"), Rule.PARAMETER_INVALID),
    "path parameter out of range": (replace(READ, url=f"{SHOP}/orders/0"), Rule.PARAMETER_INVALID),
    "query parameter missing": (listed("limit=1"), Rule.PARAMETER_MISSING),
    "query parameter unknown": (listed("state=open&sort=id"), Rule.PARAMETER_UNKNOWN),
    "query parameter no number": (listed("state=open&limit=all"), Rule.PARAMETER_INVALID),
    "query parameter out of range": (listed("state=open&limit=101"), Rule.PARAMETER_INVALID),
    "query parameter of no such word": (listed("state=new"), Rule.PARAMETER_INVALID),
    "query parameter twice": (listed("state=open&state=closed"), Rule.PARAMETER_INVALID),
    "list parameter too long": (listed("state=open&ids=1,2,3"), Rule.PARAMETER_INVALID),
    "unknown member of a filter": (listed("state=open&filter[name]=x"), Rule.PARAMETER_INVALID),
    "wrong member of a filter": (listed("state=open&filter[paid]=yes"), Rule.PARAMETER_INVALID),
    "parameter that is JSON": (listed("state=open&span=[1,2]"), Rule.PARAMETER_INVALID),
    "header missing": (replace(CREATE, request_headers=(SIGNED, JSON)), Rule.PARAMETER_MISSING),
    "header too short": (
        replace(CREATE, request_headers=(SIGNED, JSON, ("idempotency-key", "abc"))),
        Rule.PARAMETER_INVALID,
    ),
    "no body": (replace(CREATE, request_body=b""), Rule.BODY_MISSING),
    "undeclared body": (replace(DELETE, request_body=b'{"force":true}'), Rule.BODY_UNKNOWN),
    "media type": (
        replace(CREATE, request_headers=(SIGNED, ("content-type", "text/csv"), ("idempotency-key", "<k>"))),
        Rule.BODY_TYPE,
    ),
    "broken body": (replace(CREATE, request_body=b'{"number":'), Rule.BODY_INVALID),
    "property missing": (replace(CREATE, request_body=b'{"number":"A-1"}'), Rule.BODY_INVALID),
    "property unknown": (sent(colour="red"), Rule.BODY_INVALID),
    "read-only property sent": (sent(id=7), Rule.BODY_INVALID),
    "property of another type": (sent(number=1), Rule.BODY_INVALID),
    "null where none may be": (sent(total=None), Rule.BODY_INVALID),
    "text too long": (sent(number="A-1234567"), Rule.BODY_INVALID),
    "pattern": (sent(number="a-1"), Rule.BODY_INVALID),
    "fraction finer than allowed": (sent(total=0.001), Rule.BODY_INVALID),
    "at an excluded limit": (sent(total=0), Rule.BODY_INVALID),
    "dependent property missing": (sent(paid=True), Rule.BODY_INVALID),
    "condition": (sent(state="closed"), Rule.BODY_INVALID),
    "too few lines": (sent(lines=[]), Rule.BODY_INVALID),
    "no line contains": (sent(lines=[{"sku": "x", "parts": ["spare"]}]), Rule.BODY_INVALID),
    "tuple too long": (sent(span=["a", 1, 2]), Rule.BODY_INVALID),
    "name of a property": (sent(tags={"A": 1}), Rule.BODY_INVALID),
    "property by pattern": (sent(tags={"xa": "1"}), Rule.BODY_INVALID),
    "both alternatives": (sent(payer={"iban": "x", "card": "y"}), Rule.BODY_INVALID),
    "status": (replace(READ, status=206), Rule.STATUS_UNKNOWN),
    "server error": (replace(READ, status=500), Rule.STATUS_UNKNOWN),
    "header of the answer missing": (replace(CREATE, response_headers=(JSON,)), Rule.HEADER_MISSING),
    "header of the answer": (
        replace(LIST, response_headers=(JSON, ("deprecation", "no"), ("link", "x"))),
        Rule.HEADER_INVALID,
    ),
    "no answer": (replace(READ, response_body=b""), Rule.ANSWER_MISSING),
    "answer where none may be": (replace(DELETE, response_body=b"{}"), Rule.ANSWER_UNKNOWN),
    "media type of the answer": (replace(READ, response_headers=(("content-type", "text/html"),)), Rule.ANSWER_TYPE),
    "broken answer": (replace(READ, response_body=b"<html>"), Rule.ANSWER_INVALID),
    "not a number": (replace(READ, response_body=b'{"id":NaN}'), Rule.ANSWER_INVALID),
    "property of the answer missing": (replace(READ, response_body=b'{"id":7,"number":"A"}'), Rule.ANSWER_INVALID),
    "write-only property shown": (shown(secret="s"), Rule.ANSWER_INVALID),
    "number as text": (shown(id="7"), Rule.ANSWER_INVALID),
    "whole number beyond its format": (shown(count=2**31), Rule.ANSWER_INVALID),
    "constant": (shown(kind="invoice"), Rule.ANSWER_INVALID),
    "no such word": (shown(state="new"), Rule.ANSWER_INVALID),
    "neither of two types": (shown(paid="yes", state="open"), Rule.ANSWER_INVALID),
    "instant": (shown(placed="2026-03-01 8:00"), Rule.ANSWER_INVALID),
    "day that is none": (shown(day="2026-02-30"), Rule.ANSWER_INVALID),
    "deep in a list": (
        replace(LIST, response_body=json.dumps([SHOWN, {**SHOWN, "lines": [{}]}]).encode()),
        Rule.ANSWER_INVALID,
    ),
    "twins in a list": (replace(LIST, response_body=json.dumps([SHOWN, SHOWN]).encode()), Rule.ANSWER_INVALID),
}


@pytest.mark.parametrize(("exchange", "rule"), SEEDED.values(), ids=list(SEEDED))
def test_a_seeded_violation_is_found(shop: Contract, exchange: Exchange, rule: Rule) -> None:
    assert {each.rule for each in check(exchange, [shop]).violations} == {rule}


CLEAN = {
    "list": LIST,
    "create": CREATE,
    "read": READ,
    "concrete before templated": LATEST,
    "delete": DELETE,
    "promised body of a HEAD": replace(READ, method="HEAD", response_body=b"", response_headers=()),
    "list of numbers": listed("state=open&ids=1,2&limit=100"),
    "filter": listed("state=open&filter[number]=7&filter%5Bpaid%5D=true"),
    "number that is meant as text": listed("state=open&filter[number]=1e3"),
    "JSON in a parameter": listed("state=open&span=[1]"),
    "charset": replace(READ, response_headers=(("content-type", "application/json; charset=utf-8"),)),
    "placeholder": replace(READ, url=f"{SHOP}/orders/<shop-key>"),
    "nothing but an empty object": replace(DELETE, request_body=b"{}"),
    "undeclared header": replace(READ, request_headers=(SIGNED, ("x-trace", "<masked>"))),
    "undeclared property of an answer": shown(colour="red"),
    "any status of a default": replace(LATEST, status=503),
    "largest whole number of its format": shown(count=2**31 - 1),
    "all conditions met": sent(state="closed", total=0.29, paid=None, span=["a", 1], tags={"xa": 1}),
}


@pytest.mark.parametrize("exchange", CLEAN.values(), ids=list(CLEAN))
def test_clean_traffic_raises_nothing(shop: Contract, exchange: Exchange) -> None:
    assert check(exchange, [shop]).violations == ()


def test_a_wrong_request_that_was_refused_keeps_to_the_contract(shop: Contract) -> None:
    found = survey([("a.yaml", Cassette((REFUSED,)))], [shop])

    assert [each.violation.rule for each in found.findings] == [Rule.BODY_INVALID] * 3
    assert found.violations == ()


def test_a_violation_says_where_and_what(shop: Contract) -> None:
    found = survey([("a.yaml", Cassette((READ, shown(id="7"))))], [shop])

    assert list(map(str, found.violations)) == [
        'a.yaml: interaction 2: shop.readOrder: answer-body-invalid at answer 200 /id: "7" is not of type "integer"'
    ]


def test_the_survey_tells_what_is_covered(shop: Contract) -> None:
    found = survey([("a.yaml", Cassette((LIST, DELETE), {"item": "order/create"}))], [shop])

    assert found.covered == {
        "operations": {"shop.listOrders", "shop.deleteOrder"},
        "parameters": {"shop.listOrders query state", "shop.deleteOrder path id"},
        "statuses": {"shop.listOrders 200", "shop.deleteOrder 204"},
        "properties": {f"shop.listOrders 200 [].{name}" for name in ("id", "number", "lines", "lines[].sku")},
    }
    assert found.to_text() == (
        "2 recorded exchanges held against the contracts\n"
        "\n"
        "               operations   parameters     statuses   properties\n"
        "order/create            2            2            2            4\n"
        "in all                2/6         2/10          2/7         4/80\n"
        "\n"
        "No recording calls shop.createOrder, shop.latestOrder, shop.probeOrder, shop.readOrder.\n"
        "No exchange breaks its contract.\n"
    )


def test_lost_coverage_is_named(shop: Contract) -> None:
    before = survey([("a.yaml", Cassette((LIST, DELETE)))], [shop]).to_dict()
    now = survey([("a.yaml", Cassette((LIST,)))], [shop])

    assert now.lost_since(before) == ["shop.deleteOrder", "shop.deleteOrder path id", "shop.deleteOrder 204"]
    # What the contract no longer knows cannot be covered.
    without = {path: {**item, "delete": None} for path, item in CONTRACT["paths"].items()}
    smaller = {path: {method: each for method, each in item.items() if each} for path, item in without.items()}
    assert (
        survey([("a.yaml", Cassette((LIST,)))], [Contract({**CONTRACT, "paths": smaller}, "shop")]).lost_since(before)
        == []
    )


def test_sarif_names_file_rule_and_level(shop: Contract) -> None:
    sarif = survey([("a.yaml", Cassette((shown(id="7"), REFUSED)))], [shop]).to_sarif()

    assert [
        (each["ruleId"], each["level"], each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
        for each in sarif["runs"][0]["results"][:2]
    ] == [("answer-body-invalid", "error", "a.yaml"), ("request-body-invalid", "note", "a.yaml")]


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"openapi": "3.0.3"}, "it is OpenAPI 3.0.3, and only 3.1 is read"),
        ({"info": {"$ref": "http://169.254.169.254/x"}}, "it refers to 'http://169.254.169.254/x', which is not part"),
        ({"servers": None}, "a part of it is missing or misshapen"),
        ({"paths": {"/x": {"$ref": "#/paths/~1x"}}}, "a part of it is missing or misshapen"),
    ],
    ids=["version", "foreign reference", "no servers", "circle"],
)
def test_a_contract_that_cannot_be_used_says_why(change: Mapping[str, Any], cause: str) -> None:
    with pytest.raises(UnusableContract, match="Correct the contract") as caught:
        Contract({**CONTRACT, **change}, "shop.openapi.yaml")
    assert caught.value.cause.startswith(cause)


# The reference knows `include` on writes, too; the contract of Invoiced does not say so yet.
# The minimal profile's contract is another one for the same host; what is recorded is the full profile.
CONTRACTS = ("customerp.openapi.yaml", "invoiced.openapi.yaml")
KNOWN_GAPS = {"parameter-unknown at query include"}


def test_our_recordings_raise_no_false_alarm() -> None:
    contracts = [Contract.load(ROOT / "contracts" / name) for name in CONTRACTS]

    found = survey_files(ROOT / "cassettes", contracts)

    assert found.exchanges > 500
    assert {f"{each.violation.rule} at {each.violation.place}" for each in found.violations} <= KNOWN_GAPS
