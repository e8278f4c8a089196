"""When two requests are the same, and how their differences are named."""

from __future__ import annotations

import json
import random
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from counterpart.replay.matching import Canonical, Headers, canonical, differences

URL = "https://shop.example/invoices"
JSON: Headers = (("content-type", "application/json"),)

scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-3, 3).map(abs) | st.text("aA1é\\", max_size=3)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3)
)


def sent(value: Any = None, *, url: str = URL, headers: Headers = JSON, body: bytes | None = None) -> Canonical:
    return canonical("POST", url, headers, json.dumps(value).encode() if body is None else body)


def same(one: Any, other: Any) -> bool:
    """Equality of JSON by type and value, written apart from the code under test."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


def rewritten(value: Any, random_: random.Random) -> str:
    """The same JSON with keys in another order and other white space."""
    if isinstance(value, dict):
        members = list(value.items())
        random_.shuffle(members)
        inside = [f" {json.dumps(key)}\n:{rewritten(each, random_)}" for key, each in members]
        return "{" + ",".join(inside) + " }"
    if isinstance(value, list):
        return "[ " + " ,".join(rewritten(each, random_) for each in value) + "]"
    return json.dumps(value, ensure_ascii=random_.random() < 0.5)


@given(values, st.randoms())
def test_another_spelling_of_the_same_json_is_the_same(value: Any, random_: random.Random) -> None:
    other = sent(body=rewritten(value, random_).encode())

    assert sent(value) == other
    assert differences(sent(value), other) == []


@given(values, values)
def test_requests_are_the_same_exactly_when_their_json_is(one: Any, other: Any) -> None:
    assert (sent(one) == sent(other)) is same(one, other)
    assert (differences(sent(one), sent(other)) == []) is same(one, other)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inner for place in places(each, (*path, key)))]


def with_value(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = with_value(value[path[0]], path[1:], new)
    return copy


@given(values, st.data())
def test_any_single_change_is_a_difference_at_its_place(value: Any, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(places(value)))
    new = data.draw(scalars)
    changed = with_value(value, path, new)
    assume(not same(changed, value))

    found = differences(sent(changed), sent(value))

    name = "body" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    assert sent(changed) != sent(value)
    assert [difference.path for difference in found] == [name]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.text("1 &é", max_size=2)), max_size=4), st.randoms())
def test_a_query_is_a_multiset(pairs: list[tuple[str, str]], random_: random.Random) -> None:
    shuffled = random_.sample(pairs, len(pairs))

    assert sent(url=f"{URL}?{urlencode(pairs)}") == sent(url=f"{URL}?{urlencode(shuffled)}")
    for left_out in range(len(pairs)):
        rest = [*pairs[:left_out], *pairs[left_out + 1 :]]
        assert sent(url=f"{URL}?{urlencode(pairs)}") != sent(url=f"{URL}?{urlencode(rest)}")


EXACT = {
    "whole number and decimal": (b"1", b"1.0"),
    "number and truth": (b"1", b"true"),
    "number and text": (b"1", b'"1"'),
    "nothing and false": (b"null", b"false"),
    "nothing and no body": (b"null", b""),
    "empty object and no body": (b"{}", b""),
    "decimals beyond binary precision": (b"0.1", b"0.1000000000000000000001"),
    "whole numbers beyond binary precision": (b"9007199254740993", b"9007199254740992"),
    "decimals out of range": (b"1e400", b"1e401"),
    "twin keys": (b'{"a":1,"a":2}', b'{"a":2}'),
    "text that looks like a marked decimal": (b'"\\u00001.5"', b"1.5"),
    "NaN": (b"NaN", b"null"),
}


@pytest.mark.parametrize(("one", "other"), EXACT.values(), ids=list(EXACT))
def test_what_looks_alike_is_told_apart(one: bytes, other: bytes) -> None:
    assert sent(body=one) != sent(body=other)
    assert differences(sent(body=one), sent(body=other)) != []


EQUAL = {
    "decimals": (b"12.50", b"1.25e1"),
    "letters": ('"é"'.encode(), b'"\\u00e9"'),
    "slashes": (b'"a/b"', b'"a\\/b"'),
}


@pytest.mark.parametrize(("one", "other"), EQUAL.values(), ids=list(EQUAL))
def test_what_means_the_same_is_the_same(one: bytes, other: bytes) -> None:
    assert sent(body=one) == sent(body=other)


def test_bodies_of_other_kinds_count_by_their_bytes() -> None:
    form = (("content-type", "application/x-www-form-urlencoded"),)

    assert sent(body=b"a=1&b=2", headers=form) != sent(body=b"b=2&a=1", headers=form)
    assert sent(body=b"\xff\x00", headers=()) == sent(body=b"\xff\x00", headers=())


def test_a_body_too_deep_to_parse_counts_by_its_bytes() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000

    assert sent(body=deep) == sent(body=deep)
    assert sent(body=deep).body == deep


def test_differences_are_named_from_outside_in() -> None:
    asked = canonical(
        "PATCH",
        "https://shop.example/invoices/7?expand=customer&page=2",
        (("content-type", "application/merge-patch+json"), ("x-dry-run", "<masked>")),
        b'{"items":[{"unit_cost":12.05,"quantity":3},{"id":1}],"notes":null,"paid":true}',
    )
    recorded = canonical(
        "POST",
        "https://shop.example/invoices/8?page=1",
        (("content-type", "application/json"), ("if-match", '"1"')),
        b'{"items":[{"unit_cost":12.5,"quantity":"3"}],"paid":1}',
    )

    assert [str(difference) for difference in differences(asked, recorded)] == [
        'method: sent "PATCH", recorded "POST"',
        'url: sent "https://shop.example/invoices/7", recorded "https://shop.example/invoices/8"',
        'query.expand: sent "customer", recorded (absent)',
        'query.page: sent "2", recorded "1"',
        'headers.content-type: sent "application/merge-patch+json", recorded "application/json"',
        'headers.x-dry-run: sent "<masked>", recorded (absent)',
        'headers.if-match: sent (absent), recorded "\\"1\\""',
        'body.items[0].quantity: sent 3, recorded "3"',
        "body.items[0].unit_cost: sent 12.05, recorded 12.5",
        'body.items[1]: sent {"id": 1}, recorded (absent)',
        "body.notes: sent null, recorded (absent)",
        "body.paid: sent true, recorded 1",
    ]


def test_a_long_value_is_shortened() -> None:
    (difference,) = differences(sent("x" * 5000), sent("y"))

    assert difference.asked == f'"{"x" * 199}... (5002 characters)'


ADDRESSES = {
    "host in capitals": ("https://SHOP.example/a", "https://shop.example/a"),
    "port of the scheme": ("https://shop.example:443/a", "https://shop.example/a"),
    "no path": ("https://shop.example", "https://shop.example/"),
    "escaped letters": ("https://shop.example/%61", "https://shop.example/a"),
    "escapes in capitals": ("https://shop.example/%c3%a9", "https://shop.example/%C3%A9"),
    "space in a query": ("https://shop.example/a?q=a+b", "https://shop.example/a?q=a%20b"),
    "an empty query": ("https://shop.example/a?", "https://shop.example/a"),
}


@pytest.mark.parametrize(("one", "other"), ADDRESSES.values(), ids=list(ADDRESSES))
def test_equivalent_addresses_are_the_same(one: str, other: str) -> None:
    assert sent(url=one) == sent(url=other)


def test_accepting_anything_says_nothing() -> None:
    assert sent(headers=(*JSON, ("accept", "*/*"))) == sent(headers=JSON)
    assert sent(headers=(*JSON, ("accept", "text/csv"))) != sent(headers=JSON)


def test_an_escaped_slash_is_no_slash() -> None:
    assert sent(url="https://shop.example/a%2Fb") != sent(url="https://shop.example/a/b")
