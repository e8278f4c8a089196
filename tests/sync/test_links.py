"""Ordering of observations, and what the store gives back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync import values
from sync.errors import Superseded
from sync.links import Child, Conflict, Intent, Interval, Line, Link, Notice, Observation, State, accept, edits
from sync.rows import from_row, to_row
from sync.store import Store

WRITE = Observation({"name": "ours"}, Interval(1, 10.0, 11.0), stamp=100.0)


@pytest.mark.parametrize(
    ("new", "verdict"),
    [
        (Observation({"name": "theirs"}, Interval(1, 11.0, 12.0), stamp=100.0), "accept"),
        (Observation({"name": "before"}, Interval(1, 9.0, 12.0), stamp=99.0), "drop"),
        (Observation({"name": "theirs"}, Interval(1, 9.0, 12.0), stamp=101.0), "accept"),
        (Observation({"name": "unclear"}, Interval(1, 9.0, 12.0), stamp=100.0), "recheck"),
        (Observation({"name": "ours"}, Interval(1, 9.0, 12.0), stamp=100.0), "drop"),
        (Observation({"name": "theirs"}, Interval(2, 0.0, 1.0), stamp=100.0), "accept"),
        (Observation({"name": "before"}, Interval(1, 11.0, 12.0), stamp=99.0), "recheck"),
        (Observation({"name": "before"}, Interval(2, 0.0, 1.0), stamp=99.0), "recheck"),
        (Observation({"name": "ours"}, Interval(1, 11.0, 12.0), stamp=99.0), "accept"),
    ],
    ids=[
        "after",
        "page from before our write",
        "newer",
        "same second",
        "same content",
        "another session",
        "copy that lags behind",
        "copy that lags behind, another session",
        "copy that says the same",
    ],
)
def test_a_page_from_before_our_write_is_not_a_person_undoing_it(new: Observation, verdict: str) -> None:
    assert accept(WRITE, new) == verdict


@pytest.mark.parametrize(
    ("began", "version", "verdict"),
    [(9.0, 6, "drop"), (9.0, 8, "accept"), (9.0, 7, "recheck"), (11.0, 6, "recheck"), (11.0, 8, "accept")],
)
def test_where_records_have_versions_they_decide_and_not_the_stamps(began: float, version: int, verdict: str) -> None:
    current = replace(WRITE, version=7)
    stamp = 50.0 if version > 7 else 150.0  # says the opposite
    new = Observation({"name": "theirs"}, Interval(1, began, 12.0), stamp=stamp, version=version)
    assert accept(current, new) == verdict


def test_a_value_keeps_the_time_at_which_it_was_first_seen() -> None:
    shadow = {"name": ("a", "a"), "phone": ("1", "1")}
    first = Observation({"name": "b", "phone": "1"}, Interval(1, 0, 1), stamp=10.0)
    first = replace(first, edited=edits(None, first, shadow, 0))
    second = Observation({"name": "b", "phone": "2"}, Interval(1, 2, 3), stamp=20.0)
    found = edits(first, second, shadow, 0)
    assert (found["name"], found["phone"]) == (10.0, 20.0)


def test_a_record_that_was_never_compared_has_left_nothing_behind() -> None:
    first = Observation({"name": "a"}, Interval(1, 0, 1), stamp=10.0)
    assert edits(None, first, {}, 0) == {}
    assert edits(first, replace(first, values={"name": "b"}, stamp=20.0), {}, 0) == {"name": 20.0}


FULL = Link(
    "order-invoice", 0, "OR1", "7", "o-1", "o-1", "OR1", 2, State.WRITING, "because", "customer-company:CU1", True,
    True, 3, 12.5, 0, {"notes": ("a", None)}, {"notes": "why"}, (Child("L1", "8", {"quantity": ("1", "1")}),),
    Observation({"notes": "a"}, Interval(1, 0.0, 1.0), 5.5, 3, (Line("L1", {"quantity": "1"}),), None, {"notes": 5.5}),
    Observation({"notes": None}, Interval(1, 1.0, 2.0), 6.0, None, (), "paid"),
    Intent("invoiced", "update", "invoices", "7", ({"body": {"unit_cost": Decimal("0.1"), "n": 2}},),
           {"notes": ("a", "a", None)}, ({"id": None, "values": {}},), "key-1", 1.5),
    (Notice("order-invoice", "O-1", None, "waiting", "x"),),
    (
        Conflict("order-invoice", "O-1", "notes", ("a", None), "b", "c", None, "manual"),
        Conflict("order-invoice", "O-1", "lines", {"quantity": "1"}, {"quantity": "2"}, None, None, "manual"),
    ),
)  # fmt: skip


def test_a_link_comes_back_as_it_was_stored() -> None:
    store = Store.open(":memory:")
    with store.transaction():
        saved = store.save(FULL)
    assert store.link(saved.id) == replace(FULL, id=1, version=1) == store.by_remote("order-invoice", "invoiced", "7")
    assert store.copy().link(saved.id) == saved


values_ = st.dictionaries(st.sampled_from("abc"), st.sampled_from((None, "x", "y", 1, True)))


@given(values_, values_, st.dictionaries(st.sampled_from("abc"), st.tuples(*[st.sampled_from((None, "x"))] * 2)))
def test_a_shadow_comes_back_whether_or_not_it_is_what_both_sides_show(
    erp: values.Values, inv: values.Values, shadow: dict[str, Any]
) -> None:
    seen = Interval(1, 0.0, 1.0)
    link = Link("f", 7, erp=Observation(erp, seen), inv=Observation(inv, seen))
    for agreed in (shadow, {name: (value, inv.get(name)) for name, value in erp.items()}):
        there = replace(link, shadow=agreed)
        assert from_row((7, *to_row(there, 0))) == there


def test_the_slower_of_two_handlers_is_told() -> None:
    store = Store.open(":memory:")
    with store.transaction():
        link = store.save(Link("f", erp_id="1"))
        store.save(link)
        with pytest.raises(Superseded):
            store.save(link)


def test_a_failed_transaction_leaves_nothing() -> None:
    store = Store.open(":memory:")

    def fail() -> None:
        with store.transaction():
            store.save(Link("f", erp_id="1"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.by_remote("f", "customerp", "1") is None


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("19.90", "19.9"),
        ("0.0", "0"),
        ("-0", "0"),
        (Decimal("1E+2"), "100"),
        (55, "55"),
        ("0.0000000001", "0.0000000001"),
    ],
)
def test_decimals(raw: object, canonical: str) -> None:
    assert values.decimal(raw) == canonical


@pytest.mark.parametrize("raw", ["1e999999", "NaN", "Infinity", "ten", True, [], "9" * 60])
def test_what_is_no_decimal(raw: object) -> None:
    with pytest.raises(values.BadValue):
        values.decimal(raw)


def test_text_is_compared_composed_and_trimmed() -> None:
    assert values.text("  Jose\u0301 ") == "Jos\u00e9"
    assert values.text(" ") is None


def test_json_keeps_decimals_exact() -> None:
    text = values.dumps({"unit_cost": Decimal("1234567.0123456789"), "n": [1, None, True, "\u00e9"]})
    assert text == '{"unit_cost":1234567.0123456789,"n":[1,null,true,"\\u00e9"]}'
    assert values.loads(text)["unit_cost"] == Decimal("1234567.0123456789")
