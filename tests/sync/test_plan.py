"""Plans of small flows, whole: what each side is to receive, what is settled without a write, and what is told."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from sync.converters import PLAIN, Choice, Reference
from sync.links import Child, Intent, Interval, Line, Link, Notice, Observation, State
from sync.plan import Change, Creation, LinkPlan, agreed, plan_create, plan_deactivation, plan_link, wrong_total
from sync.schema import Flow, Late, Lines, Pair, Side

NUMBER = Pair("number", "no")
PAIRS = (
    NUMBER,
    Pair("name", "name"),
    Pair("terms", "terms", PLAIN["terms"]),
    Pair("owner", "holder", Reference("people")),
    Pair("stock", "stock", direction="to_target"),
    Pair("paid", "paid", direction="to_source"),
    Pair("kind", "kind", direction="create_only"),
    Pair("state", "state", Choice({"live": "on", "gone": "off"})),
)
# As read from a file: an equal text, and not the one that the program holds.
PAIRS = tuple(replace(pair, direction=json.loads(json.dumps(pair.direction))) for pair in PAIRS)
FLOW = Flow(
    "things", Side("things", "Thing"), Side("items", "Item"), NUMBER, True, PAIRS, create="both",
    deactivated={"state": "gone"},
)  # fmt: skip
SEEN = Interval(1, 0.0, 0.1)


class People:
    """Ada is linked, and nobody else."""

    def target_of(self, flow: str, source_id: str) -> str | None:
        return "77" if source_id == "ada" else None

    def source_of(self, flow: str, target_id: str) -> str | None:
        return "ada" if target_id == "77" else None


def erp(**more: Any) -> Observation:
    values = {"number": "1", "name": "N", "terms": 30, "owner": "ada", "stock": "5", "paid": "no", "kind": "k"}
    return Observation({**values, "state": "live", **more}, SEEN)


def inv(**more: Any) -> Observation:
    values = {"number": "1", "name": "N", "terms": "NET 30", "owner": "77", "stock": "5", "paid": "no", "kind": "k"}
    return Observation({**values, "state": "on", **more}, SEEN)


def linked(ours: Observation, theirs: Observation) -> Link:
    """A link whose sides agreed on what both helpers say by default."""
    shadow = {name: (value, inv().values[name]) for name, value in erp().values.items()}
    return Link("things", 1, "1", "9", reference="1", erp=ours, inv=theirs, shadow=shadow)


def test_a_counterpart_in_invoiced_gets_all_but_what_invoiced_only_shows() -> None:
    assert plan_create(FLOW, Link("things", erp_id="1", erp=erp(name=None)), People()) == Creation(
        Change({"number": "1", "terms": "NET 30", "owner": "77", "stock": "5", "kind": "k", "state": "on"})
    )


def test_a_counterpart_in_customerp_gets_all_but_what_customerp_only_shows() -> None:
    link = Link("things", inv_id="9", inv=inv())
    assert plan_create(FLOW, link, People(), "customerp") == Creation(
        Change({"number": "1", "name": "N", "terms": 30, "owner": "ada", "paid": "no", "kind": "k", "state": "live"})
    )


@pytest.mark.parametrize(
    ("flow", "ours", "expected"),
    [
        (FLOW, erp(owner="bob"), Creation(None, ("owner", "waiting", "people:bob is not linked yet"), "people:bob")),
        (FLOW, erp(state="odd"), Creation(None, ("state", "unmappable", "'odd' has no counterpart"))),
        (
            replace(FLOW, when={"kind": ("x",)}),
            erp(),
            Creation(None, ("kind", "divergence", "kind is 'k', so no Item is created")),
        ),
        (
            replace(FLOW, unless={"state": ("live",)}),
            erp(),
            Creation(None, ("state", "divergence", "state is 'live', so no Item is created")),
        ),
    ],
)
def test_why_a_counterpart_is_not_created_now(flow: Flow, ours: Observation, expected: Creation) -> None:
    assert plan_create(flow, Link("things", erp_id="1", erp=ours), People()) == expected


def test_conditions_are_about_customerps_values_also_for_a_record_of_invoiced() -> None:
    link = Link("things", inv_id="9", inv=inv())
    flow = replace(FLOW, when={"state": ("live",)})
    assert plan_create(flow, link, People(), "customerp").change is not None
    refused = plan_create(replace(FLOW, unless={"state": ("live",)}), link, People(), "customerp")
    assert refused == Creation(None, ("state", "divergence", "state is 'live', so no Thing is created"))


def test_lines_are_created_with_what_they_come_from() -> None:
    lines = Lines("rows", "items", (Pair("what", "what"), Pair("owner", "holder", Reference("people"))), "what")
    row = Line("L1", {"what": "w", "owner": "ada"})
    flow = replace(FLOW, lines=lines)
    creation = plan_create(flow, Link("things", erp_id="1", erp=structs.replace(erp(), lines=(row,))), People())
    assert creation.change is not None
    assert creation.change.lines is not None
    [line] = creation.change.lines
    assert (line.id, line.counterpart, line.values, line.sent_from) == (
        None,
        "L1",
        {"what": "w", "owner": "77"},
        {"what": "w", "owner": "ada"},
    )


def test_nothing_is_planned_at_rest() -> None:
    link = linked(erp(), inv())
    assert plan_link(FLOW, link, People()) == LinkPlan(Change(), Change(), link.shadow, {}, (), (), (), None)


def test_each_side_receives_the_edits_of_the_other() -> None:
    plan = plan_link(FLOW, linked(erp(name="E", stock="6"), inv(terms="NET 14", paid="yes")), People())
    assert (plan.to_target, plan.to_source) == (
        Change({"name": "E", "stock": "6"}),
        Change({"terms": 14, "paid": "yes"}),
    )
    assert (plan.conflicts, plan.notices, plan.waits_for) == ((), (), None)


def test_a_side_that_only_follows_is_set_back_and_told() -> None:
    plan = plan_link(FLOW, linked(erp(paid="maybe"), inv(stock="7")), People())
    assert (plan.to_target, plan.to_source) == (Change({"stock": "5"}), Change({"paid": "no"}))
    assert plan.notices == (
        Notice("things", "1", "stock", "deviation", "edited in Invoiced, which only follows here; set back"),
        Notice("things", "1", "paid", "deviation", "edited in Customerp, which only follows here; set back"),
    )


def test_a_divergence_that_stands_is_told_unless_it_is_being_written() -> None:
    group = (Pair("a", "a", group="g"), Pair("b", "b", group="g"))
    flow = replace(FLOW, pairs=(NUMBER, *group))
    values = {"number": "1", "a": "x", "b": "y"}
    ours, theirs = Observation(values, SEEN), Observation({**values, "a": "z"}, SEEN)
    shadow = {"number": ("1", "1"), "a": ("x", "z"), "b": ("y", "y")}
    link = Link("things", 1, "1", "9", erp=ours, inv=theirs, shadow=shadow, diverged={"a": "cut"})
    told = (Notice("things", "1", "a", "divergence", "cut"),)
    assert plan_link(flow, link, People()).notices == told

    other = structs.replace(link, erp=structs.replace(ours, values={**values, "b": "Y"}))
    plan = plan_link(flow, other, People())
    assert (plan.to_target, plan.notices, plan.diverged) == (Change({"b": "Y"}), told, {"a": "cut"})

    same = structs.replace(link, erp=structs.replace(ours, values={**values, "a": "X"}))
    plan = plan_link(flow, same, People())
    assert (plan.to_target, plan.notices) == (Change({"a": "X"}), ())

    back = plan_link(flow, structs.replace(link, inv=structs.replace(theirs, values={**values, "a": "Z"})), People())
    assert (back.to_source, back.notices) == (Change({"a": "Z"}), ())

    agreed = plan_link(flow, structs.replace(link, erp=structs.replace(ours, values={**values, "a": "z"})), People())
    assert (agreed.to_target, agreed.diverged, agreed.notices, agreed.shadow["a"]) == (Change(), {}, (), ("z", "z"))


def test_a_reference_to_what_is_not_linked_waits_and_the_rest_goes_on() -> None:
    plan = plan_link(FLOW, linked(erp(owner="bob", name="E"), inv()), People())
    assert (plan.to_target, plan.waits_for) == (Change({"name": "E"}), "people:bob")


@pytest.mark.parametrize(
    ("deleted", "ours", "theirs", "fields"),
    [
        ("customerp", erp(), inv(), {"state": "off"}),
        ("customerp", erp(), inv(state="another"), {"state": "off"}),
        ("customerp", erp(), inv(state=json.loads('"off"')), {}),
        ("invoiced", erp(), inv(), {"state": "gone"}),
        ("invoiced", erp(state="gone"), inv(), {}),
    ],
)
def test_what_tells_a_side_of_a_delete(deleted: Any, ours: Observation, theirs: Observation, fields: Any) -> None:
    link = structs.replace(linked(ours, theirs), deleted=deleted)
    assert plan_deactivation(FLOW, link, People()) == Change(fields)


def test_a_divergence_that_is_set_back_is_told_once() -> None:
    link = linked(erp(paid="maybe"), inv(paid="cut"))
    link = structs.replace(link, shadow={**link.shadow, "paid": ("no", "cut")}, diverged={"paid": "why"})
    plan = plan_link(FLOW, link, People())
    assert plan.to_source == Change({"paid": "cut"})
    assert plan.notices == (
        Notice("things", "1", "paid", "deviation", "edited in Customerp, which only follows here; set back"),
    )


def test_a_line_that_refers_to_what_is_not_linked_waits_too() -> None:
    lines = Lines("rows", "items", (Pair("what", "what"), Pair("owner", "holder", Reference("people"))), "what")
    ours = structs.replace(erp(name="E"), lines=(Line("L1", {"what": "w", "owner": "bob"}),))
    plan = plan_link(replace(FLOW, lines=lines), linked(ours, inv()), People())
    assert (plan.to_target, plan.waits_for) == (Change({"name": "E"}), "people:bob")


@pytest.mark.parametrize(
    ("ours", "theirs", "policy"), [("gone", "odd", "manual"), ("live", "off", "manual"), ("live", "odd", "erp")]
)
def test_a_document_is_late_when_either_side_says_so_and_a_word_without_counterpart_does_not(
    ours: str, theirs: str, policy: str
) -> None:
    flow = replace(FLOW, late=Late("state", frozenset({"gone"}), "manual"))
    plan = plan_link(flow, linked(erp(state=ours, name="A"), inv(state=theirs, name="B")), People())
    assert [(each.field, each.policy) for each in plan.conflicts if each.field == "name"] == [("name", policy)]


@pytest.mark.parametrize(
    ("reference", "fields", "diverged"), [("thing-1", {}, {"land": "its own"}), ("x", {"land": "US"}, {})]
)
def test_what_invoiced_filled_in_is_its_default_only_in_a_record_that_was_created_for_this_one(
    reference: str, fields: dict[str, str], diverged: dict[str, str]
) -> None:
    flow = replace(FLOW, pairs=(NUMBER, Pair("land", "country", target_default="its own")))
    ours = Observation({"number": "1", "land": None}, SEEN)
    theirs = Observation({"number": "1", "land": "US"}, SEEN)
    same = json.loads(json.dumps(reference))  # as it comes from the store
    link = Link("things", 1, "thing-1", "9", reference=same, erp=ours, inv=theirs, shadow={"number": ("1", "1")})
    plan = plan_link(flow, link, People())
    assert (plan.to_target, plan.to_source, plan.diverged) == (Change(), Change(fields), diverged)


ROWS = Lines("rows", "items", (Pair("what", "what"),), "what")
OPEN = Intent("invoiced", "update", "items", "9", (), {}, None, "key-1", 0.0)


@pytest.mark.parametrize("state", [state for state in State if state is not State.TOMBSTONED])
@pytest.mark.parametrize("dirty", [True, False])
def test_what_both_sides_say_counts_unless_it_has_been_compared_already(state: State, dirty: bool) -> None:
    link = structs.replace(
        linked(erp(name="E", stock="6"), inv(name="E")), state=state, dirty=dirty, diverged={"name": "cut"}
    )
    compared = state is State.LINKED and not dirty
    expected = link if compared else structs.replace(link, shadow={**link.shadow, "name": ("E", "E")}, diverged={})
    assert agreed(FLOW, link, People()) == expected


@pytest.mark.parametrize("intent", [None, OPEN])
def test_lines_that_say_the_same_are_linked_unless_a_list_may_be_under_way(intent: Intent | None) -> None:
    flow, row = replace(FLOW, lines=ROWS), {"what": "w"}
    link = linked(structs.replace(erp(), lines=(Line("L1", row),)), structs.replace(inv(), lines=(Line("i1", row),)))
    children = () if intent else (Child("L1", "i1", {"what": ("w", "w")}),)
    assert agreed(flow, structs.replace(link, intent=intent), People()).children == children


@pytest.mark.parametrize(("operation", "counts"), [("update", True), ("replace", False)])
def test_an_item_that_we_archive_to_create_it_anew_has_not_been_archived_by_anybody(
    operation: str, counts: bool
) -> None:
    flow = replace(FLOW, pairs=(NUMBER, Pair("gone", "archived"), Pair("name", "name")))
    seen = Observation({"number": "1", "gone": True, "name": "E"}, SEEN)
    shadow = {"number": ("1", "1"), "gone": (False, False), "name": ("N", "N")}
    link = Link(
        "things", 1, "1", "9", erp=seen, inv=seen, shadow=shadow, intent=structs.replace(OPEN, operation=operation)
    )
    after = agreed(flow, link, People())
    assert (after.shadow["gone"], after.shadow["name"]) == ((counts, counts), ("E", "E"))


PRICED = {"quantity": "3", "unitPrice": "1.115", "discountPercent": None, "what": "w"}


@pytest.mark.parametrize(
    ("line", "shown", "told"),
    [
        (PRICED, None, None),
        (PRICED, "3.35", None),
        (PRICED, "3.345", None),  # as Invoiced shows what it does not round
        (PRICED, "3.34", "the lines come to 3.35 in Customerp and to 3.34 in Invoiced"),
        (PRICED, "3.36", "the lines come to 3.35 in Customerp and to 3.36 in Invoiced"),
        (PRICED, "3", "the lines come to 3.35 in Customerp and to 3 in Invoiced"),
        ({**PRICED, "quantity": "2", "unitPrice": "1.5"}, "3", None),
        ({"quantity": "1", "unitPrice": "2", "discountPercent": "50"}, "2",
         "the lines come to 1.00 in Customerp and to 2 in Invoiced"),
        ({"quantity": "3", "unitPrice": "1.115"}, "9", None),  # a line of another flow, which nobody can add up
    ],
)  # fmt: skip
def test_what_lines_come_to_on_both_sides(line: Any, shown: str | None, told: str | None) -> None:
    ours = structs.replace(erp(), lines=(Line("L1", line),))
    assert wrong_total(ours, structs.replace(inv(), total=shown)) == told


@pytest.mark.parametrize("theirs", [{"discountPercent": "-1"}, {"what": "v"}])
def test_totals_are_not_compared_while_lines_are_in_conflict_or_cannot_be_carried(theirs: dict[str, str]) -> None:
    pairs = (Pair("what", "what", conflict="manual"), Pair("quantity", "q"), Pair("unitPrice", "u"))
    lines = Lines("rows", "items", (*pairs, Pair("discountPercent", "d", Choice({"0": "0"}))), "what")
    before = {**PRICED, "discountPercent": "0"}
    child = Child("L1", "91", {name: (value, value) for name, value in before.items()})
    ours = structs.replace(erp(), lines=(Line("L1", before | ({"what": "x"} if "what" in theirs else {})),))
    shown = structs.replace(inv(), lines=(Line("91", before | theirs),), total="9")
    plan = plan_link(replace(FLOW, lines=lines), structs.replace(linked(ours, shown), children=(child,)), People())
    assert [notice for notice in plan.notices if "come to" in notice.reason] == []
    assert bool(plan.conflicts) is ("what" in theirs)
