"""Laws of the merge of two lists of lines, and how lines find each other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from sync import load_flows
from sync.converters import PLAIN
from sync.converters import Choice as Words
from sync.lines import LineChange, LinesMerged, adopt, merge_lines, total
from sync.links import Child, Choice, Line
from sync.merge import Setting
from sync.schema import Lines, Pair

SPEC = next(flow.lines for flow in load_flows() if flow.lines is not None)
assert SPEC is not None


class Linked:
    """Every product is linked with the item of the same name in small letters."""

    def target_of(self, flow: str, source_id: str) -> str | None:
        return source_id.lower()

    def source_of(self, flow: str, target_id: str) -> str | None:
        return target_id.upper()


SETTING = Setting(Linked())


def erp(id_: str, product: str | None = None, quantity: str = "1", **more: Any) -> Line:
    values = {"productId": product, "description": None, "quantity": quantity, "unitPrice": "5"}
    return Line(id_, {**values, "discountPercent": None, **more})


def mirror(line: Line, id_: str) -> Line:
    product = line.values["productId"]
    return Line(id_, {**line.values, "productId": None if product is None else str(product).lower()})


def agreed(lines: Sequence[Line]) -> tuple[list[Line], list[Child]]:
    """Invoiced's list for a list of the ERP, and the links between them as after a write."""
    theirs = [mirror(line, f"9{n}") for n, line in enumerate(lines)]
    children = [
        Child(a.id, b.id, {name: (a.values[name], b.values[name]) for name in a.values})
        for a, b in zip(lines, theirs, strict=True)
    ]
    return theirs, children


def applied(changes: Sequence[LineChange] | None, current: Sequence[Line]) -> list[Line]:
    """The list as the side that receives the changes has it afterwards."""
    if changes is None:
        return list(current)
    known = {line.id: line.values for line in current}
    return [
        Line(change.id or f"new{n}", {**known.get(change.id or "", {}), **change.values})
        for n, change in enumerate(changes)
    ]


products = st.sampled_from([None, "BOLT", "NUT"])
quantities = st.sampled_from(["1", "2", "3"])
lists = st.lists(st.tuples(products, quantities), max_size=5).map(
    lambda rows: [erp(f"L{n}", product, quantity) for n, (product, quantity) in enumerate(rows)]
)
edits = st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["drop", "1", "7", "8"])), max_size=3)


def edited(lines: list[Line], deeds: list[tuple[int, str]]) -> list[Line]:
    for at, deed in deeds:
        if at < len(lines) and deed == "drop":
            lines = lines[:at] + lines[at + 1 :]
        elif at < len(lines):
            lines = [
                *lines[:at],
                structs.replace(lines[at], values={**lines[at].values, "quantity": deed}),
                *lines[at + 1 :],
            ]
    return lines


def told(lines: Sequence[Line]) -> list[tuple[Any, ...]]:
    return [(str(line.values["productId"]).lower(), line.values["quantity"]) for line in lines]


@given(lists)
def test_lists_that_agree_are_left_alone(ours: list[Line]) -> None:
    theirs, children = agreed(ours)
    assert merge_lines(SPEC, children, ours, theirs, SETTING) == LinesMerged(None, None, tuple(children))


@given(lists, edits)
def test_edits_of_one_side_arrive_whole_and_the_next_merge_is_empty(
    ours: list[Line], deeds: list[tuple[int, str]]
) -> None:
    theirs, children = agreed(ours)
    now = [*edited(ours, deeds), erp("L9", "BOLT", "9")]
    merged = merge_lines(SPEC, children, now, theirs, SETTING)
    assert merged.to_source is None
    assert merged.conflicts == ()
    assert merged.to_target is not None
    arrived = applied(merged.to_target, theirs)
    assert sorted(told(arrived)) == sorted(told(now))
    after = adopt(SPEC, "invoiced", merged.to_target, arrived, merged.children, now)
    again = merge_lines(SPEC, after, now, arrived, SETTING)
    assert (again.to_target, again.to_source) == (None, None)


@given(lists, edits)
def test_a_removed_line_keeps_its_link_until_the_removal_is_written(
    ours: list[Line], deeds: list[tuple[int, str]]
) -> None:
    theirs, children = agreed(ours)
    now = edited(ours, deeds)
    once = merge_lines(SPEC, children, now, theirs, SETTING)
    twice = merge_lines(SPEC, once.children, now, theirs, SETTING)
    assert twice.to_target == once.to_target
    assert twice.to_source is None


@given(lists, edits, edits)
def test_edits_of_different_lines_on_both_sides_both_survive(
    ours: list[Line], mine: list[tuple[int, str]], yours: list[tuple[int, str]]
) -> None:
    theirs, children = agreed(ours)
    mine = [(at, deed) for at, deed in mine if at % 2 == 0 and deed != "drop"]
    yours = [(at, deed) for at, deed in yours if at % 2 == 1 and deed != "drop"]
    now, then = edited(ours, mine), edited(theirs, yours)
    merged = merge_lines(SPEC, children, now, then, SETTING)
    assert merged.conflicts == ()
    both = told(edited(edited(ours, mine), yours))
    assert told(applied(merged.to_target, then)) == both
    assert told(applied(merged.to_source, now)) == both


@given(lists, edits, edits)
def test_edits_and_removals_of_different_lines_survive_on_both_sides_though_one_side_is_written_first(
    ours: list[Line], mine: list[tuple[int, str]], yours: list[tuple[int, str]]
) -> None:
    theirs, children = agreed(ours)
    mine, yours = ([deed for deed in deeds if deed[0] % 2 == half] for half, deeds in enumerate((mine, yours)))
    mine, yours = (sorted(dict(deeds).items(), reverse=True) for deeds in (mine, yours))  # so that places stay
    now, then = edited(ours, mine), edited(theirs, yours)
    first = merge_lines(SPEC, children, now, then, SETTING)
    arrived = applied(first.to_target, then)
    links = adopt(SPEC, "invoiced", first.to_target, arrived, first.children, now) if first.to_target else children
    second = merge_lines(SPEC, links, now, arrived, SETTING)
    both = told(edited(ours, sorted((*mine, *yours), reverse=True)))
    assert (second.to_target, told(arrived), told(applied(second.to_source, now))) == (None, both, both)


@given(lists)
def test_two_lists_that_meet_for_the_first_time_become_the_owners(ours: list[Line]) -> None:
    other = [Line("90", {**mirror(erp("x", "NUT", "5"), "90").values})]
    merged = merge_lines(SPEC, (), ours, other, SETTING)
    if ours:
        assert sorted(told(applied(merged.to_target, other))) == sorted(told(ours))


def test_new_lines_whose_answer_says_something_else_are_known_by_their_order() -> None:
    first, second = erp("L1", "BOLT", "3"), erp("L2", None, "2")
    desired = [LineChange(None, line.id, mirror(line, "").values, line.values) for line in (first, second)]
    # The item is archived, so Invoiced drops it.
    answer = [Line("91", {**mirror(first, "91").values, "productId": None}), mirror(second, "92")]
    links = adopt(SPEC, "invoiced", desired, answer, (), ())
    assert [(child.erp, child.inv) for child in links] == [("L1", "91"), ("L2", "92")]
    assert links[0].shadow["productId"] == ("BOLT", None)


def test_what_differs_for_good_is_told_each_time() -> None:
    line = erp("L1", "BOLT", "3")
    other = Line("91", {**mirror(line, "91").values, "productId": None})
    child = Child("L1", "91", {name: (line.values[name], other.values[name]) for name in line.values})
    merged = merge_lines(SPEC, (child,), (line,), (other,), SETTING)
    assert merged.remarks == (("lines[1].productId", "divergence", "Customerp has 'BOLT', Invoiced None"),)
    assert (merged.to_target, merged.to_source) == (None, None)


MANUAL = structs.replace(SETTING, policy="manual")


def test_a_line_removed_in_customerp_and_edited_in_invoiced_waits_with_its_id() -> None:
    ours = [erp("L1"), erp("L2")]
    theirs, children = agreed(ours)
    now = [erp("L1", quantity="7")]
    there = [theirs[0], structs.replace(theirs[1], values={**theirs[1].values, "description": "Call"})]
    merged = merge_lines(SPEC, children, now, there, MANUAL)
    base = {"productId": None, "description": None, "quantity": "1", "unitPrice": "5", "discountPercent": None}
    assert merged.conflicts == (("lines[2]", base, None, {**base, "description": "Call"}, None, "manual"),)
    assert merged.to_target == (
        LineChange("90", "L1", {"quantity": "7"}, now[0].values),
        LineChange("91", "", {}, {}),
    )
    assert (merged.to_source, merged.children) == (None, tuple(children))


def test_a_line_removed_in_invoiced_and_edited_in_customerp_waits_too() -> None:
    ours = [erp("L1"), erp("L2")]
    theirs, children = agreed(ours)
    now = [ours[0], erp("L2", quantity="7")]
    there = [structs.replace(theirs[0], values={**theirs[0].values, "description": "Call"})]
    merged = merge_lines(SPEC, children, now, there, MANUAL)
    assert [(name, winner) for name, _, _, _, winner, _ in merged.conflicts] == [("lines[2]", None)]
    assert merged.to_target is None
    assert merged.to_source == (
        LineChange("L1", "90", {"description": "Call"}, there[0].values),
        LineChange("L2", "", {}, {}),
    )


@pytest.mark.parametrize("winner", ["customerp", "invoiced"])
def test_who_wins_a_line_that_one_side_removed_is_decided_like_any_conflict(winner: Any) -> None:
    ours = [erp("L1"), erp("L2")]
    theirs, children = agreed(ours)
    now = [ours[0], erp("L2", "BOLT", "7")]
    kept = {"lines[2]": Choice(json.loads(json.dumps(winner)), now[1].values, None)}  # as it comes from the store
    merged = merge_lines(SPEC, children, now, theirs[:1], structs.replace(MANUAL, choices=kept))
    assert [(who, by) for _, _, _, _, who, by in merged.conflicts] == [(winner, "a person")]
    if winner == "customerp":
        new = {**now[1].values, "productId": "bolt"}
        assert merged.to_target == (
            LineChange("90", "L1", {}, ours[0].values),
            LineChange(None, "L2", new, now[1].values),
        )
        assert merged.to_source is None
    else:
        assert merged.to_target is None
        assert merged.to_source == (LineChange("L1", "90", {}, theirs[0].values),)


def test_a_new_line_stands_behind_the_one_that_it_follows() -> None:
    ours = [erp("L1"), erp("L2")]
    theirs, children = agreed(ours)
    now = [erp("L8"), ours[0], erp("L9"), ours[1]]
    merged = merge_lines(SPEC, children, now, theirs, SETTING)
    assert merged.to_target is not None
    assert [(change.id, change.counterpart) for change in merged.to_target] == [
        (None, "L8"),
        ("90", "L1"),
        (None, "L9"),
        ("91", "L2"),
    ]
    there = [theirs[0], mirror(erp("x", "NUT"), "99"), theirs[1]]
    back = merge_lines(SPEC, children, ours, there, SETTING)
    assert back.to_target is None
    assert back.to_source is not None
    assert [(change.id, change.counterpart, change.values.get("productId")) for change in back.to_source] == [
        ("L1", "90", None),
        (None, "99", "NUT"),
        ("L2", "91", None),
    ]


class Strangers(Linked):
    """No item of Invoiced is linked with a product."""

    def source_of(self, flow: str, target_id: str) -> str | None:
        return None


def test_a_line_that_cannot_be_carried_over_stays_where_it_is_and_is_told() -> None:
    ours = [erp("L1")]
    theirs, children = agreed(ours)
    there = [theirs[0], mirror(erp("x", "NUT"), "99")]
    now = [erp("L1", quantity="7")]
    merged = merge_lines(SPEC, children, now, there, Setting(Strangers()))
    assert merged.to_target == (LineChange("90", "L1", {"quantity": "7"}, now[0].values), LineChange("99", "", {}, {}))
    assert merged.to_source is None
    reason = "the line cannot be added: 'nut' is not linked with a record of Customerp; the other side is left alone"
    assert merged.remarks == (("lines[2].productId", "unmappable", reason),)


@pytest.mark.parametrize("side", ["customerp", "invoiced"])
def test_a_line_removed_on_one_side_and_left_alone_on_the_other_goes_without_a_conflict(side: str) -> None:
    ours = [erp("L1"), erp("L2", "BOLT")]
    theirs, children = agreed(ours)
    if side == "customerp":
        merged = merge_lines(SPEC, children, ours[:1], theirs, MANUAL)
        assert (merged.to_target, merged.to_source) == ((LineChange("90", "L1", {}, ours[0].values),), None)
    else:
        merged = merge_lines(SPEC, children, ours, theirs[:1], MANUAL)
        assert (merged.to_target, merged.to_source) == (None, (LineChange("L1", "90", {}, theirs[0].values),))
    assert (merged.conflicts, merged.children) == ((), tuple(children))


def test_a_conflict_over_a_removed_line_shows_what_the_side_that_kept_it_had_before() -> None:
    ours = [erp("L1", "BOLT")]
    theirs, children = agreed(ours)
    kept = [erp("L1", "BOLT", "7")]
    [(name, base, here, there, winner, policy)] = merge_lines(SPEC, children, kept, [], MANUAL).conflicts
    assert (name, base, here, there, winner, policy) == (
        "lines[1]", dict(ours[0].values), dict(kept[0].values), None, None, "manual"
    )  # fmt: skip
    changed = [structs.replace(theirs[0], values={**theirs[0].values, "quantity": "7"})]
    [(_, base, here, there, _, _)] = merge_lines(SPEC, children, [], changed, MANUAL).conflicts
    assert (base, here, there) == (dict(theirs[0].values), None, dict(changed[0].values))


@pytest.mark.parametrize("identity", ["productId", "description", "quantity"])
def test_lines_without_a_link_meet_by_the_pair_that_identifies_them_and_nothing_else(identity: str) -> None:
    says: dict[str, tuple[str, str]] = {"productId": ("BOLT", "NUT"), "description": ("b", "n"), "quantity": ("1", "2")}
    one, other = ({"product" if name == "productId" else name: said[n] for name, said in says.items()} for n in (0, 1))
    ours = [erp("L1", **one), erp("L2", **other)]
    [first, second] = (mirror(line, id_) for line, id_ in zip(ours, ("91", "92"), strict=True))
    # All but what identifies them is exchanged.
    kept = {id_: line.values[identity] for id_, line in (("91", first), ("92", second))}
    theirs = [
        structs.replace(first, values={**second.values, identity: kept["91"]}),
        structs.replace(second, values={**first.values, identity: kept["92"]}),
    ]
    merged = merge_lines(replace(SPEC, identity=identity), (), ours, theirs, SETTING)
    assert [(child.erp, child.inv) for child in merged.children] == [("L1", "91"), ("L2", "92")]


DAYS = Lines("rows", "items", (Pair("days", "terms", PLAIN["terms"]), Pair("what", "what")), "days")


def test_a_line_meets_one_of_two_that_say_the_same_and_the_other_is_left_over() -> None:
    ours = [Line("L1", {"days": 30, "what": "w"})]
    theirs = [Line("91", {"days": "NET 30", "what": "w"}), Line("92", {"days": "net-30", "what": "w"})]
    merged = merge_lines(DAYS, (), ours, theirs, SETTING)
    assert [(child.erp, child.inv) for child in merged.children] == [("L1", "91")]
    assert merged.to_target == (LineChange("91", "L1", {}, ours[0].values),)


def test_where_the_side_wins_that_removed_a_line_it_goes_on_the_other_too() -> None:
    ours = [erp("L1"), erp("L2")]
    theirs, children = agreed(ours)
    there = [theirs[0], structs.replace(theirs[1], values={**theirs[1].values, "quantity": "7"})]
    merged = merge_lines(SPEC, children, ours[:1], there, structs.replace(SETTING, policy="erp"))
    assert [(name, winner) for name, _, _, _, winner, _ in merged.conflicts] == [("lines[2]", "customerp")]
    assert (merged.to_target, merged.to_source) == ((LineChange("90", "L1", {}, ours[0].values),), None)


def test_where_invoiced_owns_the_list_a_line_that_only_customerp_has_goes_when_both_meet() -> None:
    ours = [erp("L1", "BOLT"), erp("L2", "NUT")]
    theirs = [mirror(ours[0], "91")]
    merged = merge_lines(replace(SPEC, owner="invoiced"), (), ours, theirs, SETTING)
    assert (merged.to_target, merged.to_source) == (None, (LineChange("L1", "91", {}, theirs[0].values),))


def test_a_line_of_customerp_that_cannot_be_carried_over_stays_where_it_is() -> None:
    spec = Lines("rows", "items", (Pair("what", "what"), Pair("kind", "kind", Words({"live": "on"}))), "what")
    ours = [Line("L1", {"what": "a", "kind": "live"}), Line("L2", {"what": "b", "kind": "odd"})]
    child = Child("L1", "91", {"what": ("a", "a"), "kind": ("live", "on")})
    theirs = [Line("91", {"what": "A", "kind": "on"})]
    merged = merge_lines(spec, (child,), ours, theirs, SETTING)
    assert merged.to_source == (LineChange("L1", "91", {"what": "A"}, theirs[0].values), LineChange("L2", "", {}, {}))
    assert merged.to_target is None
    reason = "the line cannot be added: 'odd' has no counterpart; the other side is left alone"
    assert merged.remarks == (("rows[2].kind", "unmappable", reason),)


def test_a_line_that_is_new_in_invoiced_keeps_its_id_there() -> None:
    ours = [erp("L1")]
    theirs, children = agreed(ours)
    there = [theirs[0], mirror(erp("x", "NUT"), "99")]
    now = [erp("L1", quantity="7")]
    merged = merge_lines(SPEC, children, now, there, SETTING)
    assert merged.to_target == (LineChange("90", "L1", {"quantity": "7"}, now[0].values), LineChange("99", "", {}, {}))


def test_among_more_answers_than_new_lines_none_is_guessed() -> None:
    desired = [LineChange(None, "L1", mirror(erp("L1", "BOLT", "3"), "").values, {})]
    answer = [mirror(erp("x", "NUT", "4"), "91"), mirror(erp("y", "NUT", "5"), "92")]
    assert adopt(SPEC, "invoiced", desired, answer, (), ()) == ()


@pytest.mark.parametrize(
    ("lines", "decimals", "sum_"),
    [
        ([], 2, "0"),
        ([("3", "0.335", None), ("1", "10", None)], 2, "11.01"),  # 1.005, rounded half up
        ([("2", "10", "12.5")], 2, "17.50"),
        ([("1", "0.02", "25")], 2, "0.01"),  # less half a cent, rounded half up
        ([("1", "0.125", "0")], 3, "0.125"),
        ([("-1", "10", "50"), ("1", "4", "50")], 2, "-8.00"),  # nothing is taken off a credit
        ([("1", None, None), (None, "5", None), ("1", "7", None)], 2, "7.00"),
    ],
)
def test_what_lines_come_to(lines: list[tuple[str | None, ...]], decimals: int, sum_: str) -> None:
    values = [dict(zip(("quantity", "unitPrice", "discountPercent"), line, strict=True)) for line in lines]
    assert total(values, decimals) == Decimal(sum_)


def elsewhere(line: Line) -> Line:
    """The line as an answer says it: equal texts, and other objects."""
    return Line(line.id, json.loads(json.dumps(line.values)))


def test_after_a_list_was_sent_lines_keep_their_links_and_new_ones_are_known_by_what_they_say() -> None:
    child = Child("L1", "91", {"quantity": ("1", "1"), "unitPrice": ("5", "5")})
    bolt, nut = erp("L2", "BOLT", "7"), erp("L3", "NUT", "2")
    desired = [
        LineChange("91", "L1", {"quantity": "7"}, {"quantity": "7"}),
        LineChange("92", "", {}, {}),
        LineChange(None, "L2", mirror(bolt, "").values, bolt.values),
        LineChange(None, "L3", mirror(nut, "").values, nut.values),
    ]
    answer = [elsewhere(mirror(*each)) for each in ((bolt, "91"), (nut, "92"), (nut, "93"), (bolt, "94"))]
    assert adopt(SPEC, "invoiced", desired, answer, (child,), ()) == (
        Child("L1", "91", {"quantity": ("7", "7"), "unitPrice": ("5", "5")}),
        Child("L2", "94", {name: (value, answer[3].values[name]) for name, value in bolt.values.items()}),
        Child("L3", "93", {name: (value, answer[2].values[name]) for name, value in nut.values.items()}),
    )


def test_a_new_line_that_the_answer_does_not_show_has_no_link() -> None:
    desired = [LineChange(None, id_, mirror(erp(id_, id_), "").values, {}) for id_ in ("BOLT", "NUT")]
    assert adopt(SPEC, "invoiced", desired, [mirror(erp("x", "PIN", "4"), "91")], (), ()) == ()


@pytest.mark.parametrize("side", ["customerp", "invoiced"])
def test_a_line_that_was_read_again_is_not_edited(side: str) -> None:
    ours = [erp("L1", "BOLT", "12")]
    theirs, children = agreed(ours)
    lists = ([], [elsewhere(theirs[0])]) if side == "customerp" else ([elsewhere(ours[0])], [])
    merged = merge_lines(SPEC, children, *lists, MANUAL)
    assert (merged.conflicts, (merged.to_target, merged.to_source)) == (
        (), ((), None) if side == "customerp" else (None, ())
    )  # fmt: skip
