"""The three-way merge: its table, and laws that hold for every value."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from sync.converters import PLAIN, Terms
from sync.converters import Choice as Words
from sync.flow import Pair
from sync.lines import LineChange, LinesMerged
from sync.links import Choice
from sync.merge import Clash, Merged, Setting, choose, chosen, merge
from sync.plan import Change, Creation, LinkPlan
from sync.values import Value, Values, words, words_of


class Nobody:
    """No record is linked."""

    def target_of(self, flow: str, source_id: str) -> str | None:
        return None

    def source_of(self, flow: str, target_id: str) -> str | None:
        return None


SETTING = Setting(Nobody())
NAME = Pair("name", "name", conflict="erp")


@pytest.mark.parametrize(
    ("base", "erp", "inv", "expected"),
    [
        (("a", "a"), "a", "a", Merged()),
        (("a", "a"), "b", "a", Merged(to_target={"name": "b"})),
        (("a", "a"), "a", "b", Merged(to_source={"name": "b"})),
        (("a", "a"), None, "a", Merged(to_target={"name": None})),
        (("a", "a"), "b", "b", Merged(advance={"name": ("b", "b")})),
        (("a", "a"), "b", "c", Merged(to_target={"name": "b"}, clash=Clash(("name",), "customerp", "erp"))),
        (None, "a", "a", Merged(advance={"name": ("a", "a")})),
        (None, "a", None, Merged(to_target={"name": "a"})),
        (None, None, "a", Merged(to_source={"name": "a"})),
        (None, "a", "b", Merged(to_target={"name": "a"})),
    ],
)
def test_table(base: tuple[Value, Value] | None, erp: Value, inv: Value, expected: Merged) -> None:
    shadow = {} if base is None else {"name": base}
    assert merge((NAME,), shadow, {"name": erp}, {"name": inv}, SETTING) == expected


TERMS = Pair("days", "terms", PLAIN["terms"])


def test_a_text_without_a_day_count_is_reported_and_both_sides_are_left_alone() -> None:
    reason = "the terms 'Due on receipt' have no day count; the other side is left alone"
    edited = merge((TERMS,), {"days": (30, "NET 30")}, {"days": 30}, {"days": "Due on receipt"}, SETTING)
    assert edited == Merged(remarks=(("days", "unmappable", reason),))
    met = merge((TERMS,), {}, {"days": 30}, {"days": "Due on receipt"}, SETTING)
    assert (met.to_target, met.to_source, list(met.diverge)) == ({}, {}, ["days"])


def test_an_accepted_divergence_causes_no_write_until_a_side_is_edited() -> None:
    pair = Pair("country", "country", PLAIN["country"], target_default="the account's own")
    setting = structs.replace(SETTING, diverged={"country": "the account's own"})
    shadow = {"country": (None, "US")}
    standing = merge((pair,), shadow, {"country": None}, {"country": "US"}, setting)
    assert standing == Merged(remarks=(("country", "divergence", "the account's own"),))
    assert merge((pair,), shadow, {"country": None}, {"country": "NO"}, setting).to_source == {"country": "NO"}


GROUP = (
    Pair("line1", "address1", group="address", conflict="latest"),
    Pair("city", "city", group="address", conflict="latest"),
)


def test_a_group_changes_as_one_and_in_a_conflict_the_winners_stands_whole() -> None:
    shadow = {"line1": ("A", "A"), "city": ("B", "B")}
    one = merge(GROUP, shadow, {"line1": "A2", "city": "B"}, {"line1": "A", "city": "B"}, SETTING)
    assert one == Merged(to_target={"line1": "A2"})
    both = merge(
        GROUP,
        shadow,
        {"line1": "A2", "city": "B"},
        {"line1": "A", "city": "B2"},
        structs.replace(SETTING, erp_edited={"line1": 100.9}, inv_edited={"city": 103.0}),
    )
    assert both == Merged(to_source={"line1": "A", "city": "B2"}, clash=Clash(("line1", "city"), "invoiced", "latest"))


@pytest.mark.parametrize(
    ("policy", "erp", "inv", "winner"),
    [
        ("erp", 1.0, 99.0, "customerp"),
        ("invoiced", 99.0, 1.0, "invoiced"),
        ("manual", 1.0, 99.0, None),
        ("latest", 10.0, 12.0, "invoiced"),
        ("latest", 10.999, 11.0, "customerp"),
        ("latest", 10.0, 11.0, "customerp"),
        ("latest", 12.0, 10.0, "customerp"),
        ("latest", None, 12.0, "customerp"),
    ],
)
def test_policies(policy: str, erp: float | None, inv: float | None, winner: str | None) -> None:
    assert choose(policy, erp, inv) == winner  # type: ignore[arg-type]


values = st.one_of(st.none(), st.sampled_from(["a", "b", "c"]))
pairs = st.sampled_from([NAME, replace(NAME, conflict="invoiced"), replace(NAME, conflict="manual")])


@given(pairs, st.tuples(values), values, values)
def test_no_edit_is_lost_without_a_conflict(pair: Pair, base: tuple[Value], erp: Value, inv: Value) -> None:
    outcome = merge((pair,), {"name": (base[0], base[0])}, {"name": erp}, {"name": inv}, SETTING)
    after_erp, after_inv = outcome.to_source.get("name", erp), outcome.to_target.get("name", inv)
    if outcome.clash is None:
        assert after_erp == after_inv
        assert all(after_erp == edited for edited in (erp, inv) if edited != base[0])
    else:
        assert erp != base[0]
        assert inv != base[0]
        assert erp != inv


@given(pairs, values, values, values)
def test_merging_again_after_the_writes_does_nothing(pair: Pair, base: Value, erp: Value, inv: Value) -> None:
    outcome = merge((pair,), {"name": (base, base)}, {"name": erp}, {"name": inv}, SETTING)
    settled = (outcome.to_source.get("name", erp), outcome.to_target.get("name", inv))
    if outcome.clash is None or outcome.clash.winner is not None:
        assert merge((pair,), {"name": settled}, {"name": settled[0]}, {"name": settled[1]}, SETTING) == Merged()


@given(values, values, values)
def test_the_two_sides_are_treated_alike(base: Value, erp: Value, inv: Value) -> None:
    one = merge((NAME,), {"name": (base, base)}, {"name": erp}, {"name": inv}, SETTING)
    other = merge((replace(NAME, conflict="invoiced"),), {"name": (base, base)}, {"name": inv}, {"name": erp}, SETTING)
    assert (one.to_target, one.to_source, one.advance) == (other.to_source, other.to_target, other.advance)


@given(st.integers(0, 3650))
def test_terms_come_back_as_they_went(days: int) -> None:
    terms = Terms()
    assert terms.to_source(terms.to_target(days, Nobody()), Nobody()) == days


@pytest.mark.parametrize(("text", "days"), [("NET 30", 30), ("net-14", 14), ("2% 10 NET 30", 30), ("Net 0", 0)])
def test_terms_are_read_as_invoiced_reads_them(text: str, days: int) -> None:
    assert Terms().to_source(text, Nobody()) == days


TAGS = Pair("tags", "tags", PLAIN["words"], conflict="union")


@pytest.mark.parametrize(
    ("base", "erp", "inv", "to_target", "to_source"),
    [
        (["a"], ["a", "b"], ["a"], ["a", "b"], "same"),
        (["a", "b"], ["a", "b"], ["b"], "same", ["b"]),
        (["a", "b"], ["a", "b", "c"], ["b", "d"], ["b", "c", "d"], ["b", "c", "d"]),
        (["a"], [], ["a"], [], "same"),
        (None, ["a"], ["b"], ["a", "b"], ["a", "b"]),
        (["a"], ["b", "a"], ["a", "b", "b"], "same", "same"),
    ],
)
def test_sets_are_united(
    base: list[str] | None, erp: list[str], inv: list[str], to_target: Any, to_source: Any
) -> None:
    kept = words(base)
    shadow = {} if base is None else {"tags": (kept, kept)}
    merged = merge((TAGS,), shadow, {"tags": words(erp)}, {"tags": words(inv)}, SETTING)
    assert merged.to_target == ({} if to_target == "same" else {"tags": words(to_target)})
    assert merged.to_source == ({} if to_source == "same" else {"tags": words(to_source)})
    assert merged.clash is None


sets = st.lists(st.sampled_from("abcd"))


@given(sets, sets, sets)
def test_a_united_set_loses_no_addition_and_keeps_no_removal(base: list[str], erp: list[str], inv: list[str]) -> None:
    shadow = {"tags": (words(base), words(base))}
    values: tuple[Values, Values] = ({"tags": words(erp)}, {"tags": words(inv)})
    merged = merge((TAGS,), shadow, *values, SETTING)
    there = words_of((values[1] | merged.to_target)["tags"])
    assert there == words_of((values[0] | merged.to_source)["tags"])
    added, removed = (set(erp) | set(inv)) - set(base), set(base) - (set(erp) & set(inv))
    assert set(there) == (set(base) | added) - removed


def test_a_value_without_counterpart_that_meets_nothing_is_recorded_and_told() -> None:
    met = merge((TERMS,), {}, {"days": None}, {"days": "Due on receipt"}, SETTING)
    reason = "the terms 'Due on receipt' have no day count; the other side is left alone"
    assert met == Merged(diverge={"days": reason}, remarks=(("days", "unmappable", reason),))


@pytest.mark.parametrize("kind", [Merged, Setting, Clash, LineChange, LinesMerged, Change, LinkPlan, Creation])
def test_what_was_decided_cannot_be_changed(kind: Any) -> None:
    assert kind.__struct_config__.frozen


@pytest.mark.parametrize(("erp", "inv"), [(["a", "b"], ["a"]), (["a"], ["a", "b"])])
def test_a_word_that_only_one_side_ever_had_was_not_removed_by_the_other(erp: list[str], inv: list[str]) -> None:
    merged = merge(
        (TAGS,), {"tags": (words(erp), words(inv))}, {"tags": words([*erp, "c"])}, {"tags": words(inv)}, SETTING
    )
    assert words_of(({"tags": words(inv)} | merged.to_target)["tags"]) == ["a", "b", "c"]


COUNTRY = Pair("country", "country", PLAIN["country"], target_default="the account's own")


@pytest.mark.parametrize(
    ("ours", "expected"),
    [
        (False, Merged(to_source={"country": "US"})),
        (
            True,
            Merged(diverge={"country": "the account's own"}, remarks=(("country", "divergence", "the account's own"),)),
        ),
    ],
)
def test_what_invoiced_fills_in_by_itself_travels_only_from_a_record_that_we_did_not_create(
    ours: bool, expected: Merged
) -> None:
    met = merge((COUNTRY,), {}, {"country": None}, {"country": "US"}, structs.replace(SETTING, ours=ours))
    assert met == expected
    assert Setting(Nobody()).ours is False


def test_a_side_that_only_follows_has_not_strayed_before_both_have_met() -> None:
    follower = replace(NAME, direction="to_target")
    assert merge((follower,), {}, {"name": "a"}, {"name": "b"}, SETTING) == Merged(to_target={"name": "a"})


@pytest.mark.parametrize(
    ("first", "ours", "expected"),
    [
        (
            replace(TERMS, group="g", on_clear="keep"),
            None,
            Merged(to_target={"name": "b"}, diverge={"days": "clearing this property does not travel"}),
        ),
        (
            Pair("days", "terms", Words({"live": "NET 30"}), group="g"),
            "odd",
            Merged(
                to_target={"name": "b"},
                remarks=(("days", "unmappable", "'odd' has no counterpart; the other side is left alone"),),
            ),
        ),
    ],
    ids=["cleared, which does not travel", "without counterpart"],
)
def test_the_rest_of_a_group_travels_without_what_stays_behind(first: Pair, ours: Value, expected: Merged) -> None:
    shadow: dict[str, Any] = {"days": ("live", "NET 30"), "name": ("a", "a")}
    unit = (first, replace(NAME, group="g"))
    merged = merge(unit, shadow, {"days": ours, "name": "b"}, {"days": "NET 30", "name": "a"}, SETTING)
    assert merged == expected


@pytest.mark.parametrize(
    ("erp", "inv", "winner"), [("m", "n", "invoiced"), ("a", "n", None), ("z", "n", None), ("m", "a", None)]
)
def test_a_decision_counts_only_for_the_values_that_were_seen(erp: str, inv: str, winner: str | None) -> None:
    decided = {"name": Choice("invoiced", "m", "n")}
    assert chosen(decided, ["other", "name"], {"name": erp}, {"name": inv}) == winner


def test_an_equal_value_that_was_read_again_is_no_edit() -> None:
    shadow: dict[str, tuple[Value, Value]] = {"name": ("Acme AS", "Acme AS")}
    again, other = {"name": json.loads('"Acme AS"')}, {"name": "Acme"}
    assert merge((NAME,), shadow, again, other, SETTING) == Merged(to_source={"name": "Acme"})
    assert merge((NAME,), shadow, other, again, SETTING) == Merged(to_target={"name": "Acme"})
