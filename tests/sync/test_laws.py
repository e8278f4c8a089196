"""Laws of converters, of the merge of groups, of the cursor and of the JSON that carries both."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.converters import PLAIN, Choice, Converter, Day
from sync.invoiced import Invoiced
from sync.links import Agreed
from sync.merge import Setting, merge
from sync.schema import Pair, Unit
from sync.values import BadValue, Values, dumps, kept, loads, recalling, stamp_of

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


THERE: dict[str, st.SearchStrategy[Any]] = {
    **RAW,
    "date": st.dates(min_value=date(1970, 1, 1)).map(lambda day: Day().wire_target(day.isoformat())) | st.none(),
    "terms": st.builds(
        "{}{}{}".format, st.sampled_from(["NET ", "net-", "2% 10 Net "]), st.integers(0, 9999), st.just("")
    )
    | st.none(),
    "choice": st.sampled_from(["draft", "issued", None]),
}


@pytest.mark.parametrize("name", CONVERTERS)
@given(data=st.data())
def test_what_comes_from_the_other_side_agrees_also_where_the_way_back_says_it_differently(
    name: str, data: st.DataObject
) -> None:
    """`net-30` is 30, which goes back as `NET 30`: no edit, or the two sides would never rest."""
    converter, resolve = CONVERTERS[name], Nobody()
    value = converter.read_target(data.draw(THERE[name]))
    carried = converter.to_source(value, resolve)
    assert converter.agree(carried, value, resolve)
    assert converter.agree(carried, converter.to_target(carried, resolve), resolve)
    assert converter.read_source(_over_the_wire(converter.wire_source(carried))) == carried


@given(
    gaps=st.lists(st.floats(0, 5), min_size=2, max_size=6),
    changed=st.floats(0, 30),
    shown_after=st.floats(0, 0.99),
    began=st.floats(10**9, 2 * 10**9),
)
def test_no_change_is_missed_however_walks_and_changes_follow_each_other(
    gaps: list[float], changed: float, shown_after: float, began: float
) -> None:
    """A walk may have passed the page of what changes while it is under way; the next one then has to show it.

    Times are the server's: stamps and its Date header in whole seconds, `updated_after` strict. A change is shown
    up to a second after its stamp.
    """
    walks = [began + sum(gaps[:n]) for n in range(len(gaps))]
    visible = began + changed + shown_after
    following = next((n for n, start in enumerate(walks) if n > 0 and start >= visible), None)
    if following is not None:
        cursor = Invoiced.cursor(float(int(walks[following - 1])))
        earlier = walks[following - 1] >= visible  # then it was in that walk already
        assert cursor is not None
        assert earlier or int(began + changed) > int(cursor)


TEXTS = st.sampled_from([None, "a", "b", "c"])
AGREED = st.tuples(TEXTS, TEXTS)


@st.composite
def met(draw: st.DrawFn) -> tuple[Unit, dict[str, Agreed], Values, Values, Setting]:
    """Up to three pairs that change as one, with whatever was recorded of them and whatever stands on both sides."""
    size = draw(st.integers(1, 3))
    shared: dict[str, Any] = {
        "direction": draw(st.sampled_from(["both", "to_target", "to_source", "create_only"])),
        "owner": draw(st.sampled_from(["erp", "invoiced"])),
        "conflict": draw(st.sampled_from(["erp", "invoiced", "latest", "manual"])),
        "on_clear": draw(st.sampled_from(["travel", "keep"])),
    }
    unit = tuple(Pair(f"p{n}", f"q{n}", group="g", **shared) for n in range(size))
    shadow = draw(st.dictionaries(st.sampled_from([pair.name for pair in unit]), AGREED))
    erp, inv = ({pair.name: draw(TEXTS) for pair in unit} for _ in range(2))
    stamps: list[dict[str, float]] = [
        draw(st.dictionaries(st.sampled_from(list(erp)), st.floats(0, 9))) for _ in range(2)
    ]
    setting = Setting(Nobody(), erp_edited=stamps[0], inv_edited=stamps[1], ours=draw(st.booleans()))
    return unit, shadow, erp, inv, setting


@given(met())
def test_what_nobody_has_touched_is_never_written(given_: tuple[Any, ...]) -> None:
    _, shadow, erp, inv, _ = given_
    merged = merge(*given_)
    untouched = {name for name, pair in shadow.items() if pair == (erp[name], inv[name])}
    assert untouched.isdisjoint(merged.to_target)
    assert untouched.isdisjoint(merged.to_source)


@given(met())
def test_what_agrees_is_not_written_on_either_side_unless_a_conflict_carries_its_group(given_: tuple[Any, ...]) -> None:
    _, _, erp, inv, _ = given_
    merged = merge(*given_)
    same = {name for name in erp if erp[name] == inv[name]}
    assert same.isdisjoint(merged.to_target)
    assert same.isdisjoint(merged.to_source)
    if len(same) == len(erp):
        assert (merged.clash, merged.diverge) == (None, {})


@given(met())
def test_after_its_writes_a_merge_has_nothing_left_to_write(given_: tuple[Any, ...]) -> None:
    unit, shadow, erp, inv, setting = given_
    once = merge(*given_)
    ours, theirs = {**erp, **once.to_source}, {**inv, **once.to_target}
    written = once.to_source.keys() | once.to_target.keys() | once.diverge.keys()
    settled = {**shadow, **once.advance, **{name: (ours[name], theirs[name]) for name in written}}
    twice = merge(unit, settled, ours, theirs, setting)
    assert (twice.to_target, twice.to_source) == ({}, {})


@given(met())
def test_no_side_is_written_where_it_only_shows_and_no_name_on_both(given_: tuple[Any, ...]) -> None:
    unit, *_ = given_
    merged = merge(*given_)
    assert not merged.to_target.keys() & merged.to_source.keys()
    assert unit[0].direction in ("both", "to_target") or not merged.to_target
    assert unit[0].direction in ("both", "to_source") or not merged.to_source


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
    assert repr(recalling(object)(kept(value))) == repr(value)


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
