"""Laws of converters, of the cursor and of the JSON that carries both."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.converters import PLAIN, Choice, Converter
from sync.invoiced import Invoiced
from sync.values import BadValue, dumps, kept, loads, recalled, stamp_of

DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=4)
RAW: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text(max_size=40),
    "email": st.emails(),
    "country": st.sampled_from(["NO", "no", "De", "", None]),
    "currency": st.sampled_from(["NOK", "nok", "Eur", "", None]),
    "boolean": st.booleans() | st.none(),
    "decimal": DECIMALS | DECIMALS.map(str) | st.integers(-(10**9), 10**9),
    "date": st.dates().map(lambda day: day.isoformat()) | st.none(),
    "terms": st.integers(0, 9999) | st.none(),
    "percent": st.decimals(0, 100, allow_nan=False, places=2).map(str) | st.none(),
    "words": st.lists(st.text(max_size=8), max_size=4) | st.none(),
    "choice": st.sampled_from(["draft", "confirmed", None]),
}
CONVERTERS: dict[str, Converter] = {**PLAIN, "choice": Choice({"draft": "draft", "confirmed": "issued"})}


class Nobody:
    """Resolves no reference."""

    def target_of(self, flow: str, source_id: str) -> str | None:
        return None

    def source_of(self, flow: str, target_id: str) -> str | None:
        return None


def _over_the_wire(value: object) -> object:
    return loads(dumps(value))


@pytest.mark.parametrize("name", CONVERTERS)
def test_there_are_values_for_each_converter(name: str) -> None:
    assert name in RAW


@pytest.mark.parametrize("name", CONVERTERS)
@given(data=st.data())
def test_what_is_read_reads_the_same_after_it_was_written(name: str, data: st.DataObject) -> None:
    converter = CONVERTERS[name]
    value = converter.read_source(data.draw(RAW[name]))
    assert converter.read_source(_over_the_wire(converter.wire_source(value))) == value


@pytest.mark.parametrize("name", CONVERTERS)
@given(data=st.data())
def test_what_is_carried_over_agrees_comes_back_and_arrives_as_it_was_sent(name: str, data: st.DataObject) -> None:
    converter, resolve = CONVERTERS[name], Nobody()
    value = converter.read_source(data.draw(RAW[name]))
    carried = converter.to_target(value, resolve)
    assert converter.agree(value, carried, resolve)
    assert converter.to_source(carried, resolve) == value
    assert converter.read_target(_over_the_wire(converter.wire_target(carried))) == carried


@given(began=st.floats(10**9, 2 * 10**9), later=st.floats(-0.99, 10**6))
def test_whatever_changes_from_a_second_before_a_walk_on_is_in_the_next_one(began: float, later: float) -> None:
    """Stamps and the Date header have whole seconds; `updated_after` is strict."""
    cursor = Invoiced.cursor(float(int(began)))
    assert cursor is not None
    assert int(began + later) > int(cursor)


@given(began=st.floats(10**9, 2 * 10**9), later=st.floats(0, 10**6))
def test_the_cursor_never_goes_back(began: float, later: float) -> None:
    one, other = Invoiced.cursor(began), Invoiced.cursor(began + later)
    assert one is not None
    assert other is not None
    assert int(one) <= int(other)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | DECIMALS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_numbers_survive_the_wire_exactly(value: object) -> None:
    assert loads(dumps(value)) == value
    assert loads(dumps(value).encode()) == value


@given(JSON)
def test_what_holds_no_decimal_is_written_as_the_standard_library_writes_it(value: object) -> None:
    plain = json.loads(dumps(value), parse_float=str)
    assert dumps(plain) == json.dumps(plain, separators=(",", ":"))
    assert dumps([plain, Decimal("1.50")]) == f"[{dumps(plain)},1.5]"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters()), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_what_the_store_keeps_it_recalls(value: Any) -> None:
    assert repr(recalled(kept(value))) == repr(value)


@given(st.text('0123456789.eE+-[]{}"\\u,:dD8 \ufeffabntruefalsNI', max_size=12) | JSON.map(json.dumps))
def test_an_answer_is_read_as_the_standard_decoder_reads_it(text: str) -> None:
    def no_constant(name: str) -> None:
        raise ValueError(name)

    def read(decode: Callable[[str], Any]) -> str:
        try:
            return repr(decode(text))
        except ValueError:
            return "not JSON"

    assert read(loads) == read(json.JSONDecoder(parse_float=Decimal, parse_constant=no_constant).decode)


@pytest.mark.parametrize("raw", [10**400, Decimal("1e400"), -(10**12), "2026-02-30T00:00:00Z"])
def test_what_is_no_time_is_refused_and_never_infinite(raw: object) -> None:
    with pytest.raises(BadValue, match="expected a time"):
        stamp_of(raw)
