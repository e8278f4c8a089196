"""The link after an answer: what was sent from and what came back, not what either side says by now (R3, R4)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from sync.connector import Record
from sync.converters import PLAIN
from sync.links import Child, Intent, Interval, Line, Link, Notice, Observation, State, System
from sync.merge import Setting, merge
from sync.schema import Flow, Lines, Pair, Side
from sync.settlement import accepted, observe, recovered, settle
from sync.values import BadValue, Values, words

NUMBER = Pair("number", "no")
FLOW = Flow(
    "things",
    Side("things", "Thing"),
    Side("items", "Item"),
    NUMBER,
    False,
    (
        NUMBER,
        Pair("name", "title"),
        Pair("terms", "terms", PLAIN["terms"]),
        Pair("home.land", "country", target_default="the account's own"),
    ),
    lines=Lines("rows", "items", (Pair("what", "text"), Pair("count", "quantity", PLAIN["decimal"])), "what"),
)
BEFORE: Values = {"number": "T-1", "name": "Al", "terms": None, "home.land": None}
SEEN, LATER = Interval(1, 1.0, 2.0), Interval(1, 5.0, 6.0)
ERP, INV = Record("CU1", {}, 20.0, version=7), Record("9", {}, 20.0, reference="CU1")


class Nobody:
    def target_of(self, flow: str, source_id: str) -> str | None:
        return None

    def source_of(self, flow: str, target_id: str) -> str | None:
        return None


def _writing(system: System, operation: str, fields: Any, lines: Any = None, **more: Any) -> Link:
    """A link with an open write, that has failed before."""
    seen = Observation(BEFORE, SEEN, 10.0)
    stored = json.loads(json.dumps(fields))  # a store gives back equal texts, and not the same ones
    intent = Intent(system, operation, "items", "9", (), {n: tuple(v) for n, v in stored.items()}, lines, "key-1", 0.0)
    return Link(
        "things", 1, "CU1", "9", state=State.WRITING, reason="failed", waits_for="other:1", attempts=3, dirty=False,
        erp=seen, inv=seen, shadow={"number": ("T-1", "T-1"), "name": ("Al", "Al")}, diverged={"name": "cut"},
        children=(Child("L1", "i1", {"what": ("Wood", "Wood")}),), intent=intent, **more,
    )  # fmt: skip


LAND = "home.land"
CUT = {"name": "cut"}  # what was known not to agree before the write
NAME = {"name": ("Bo", "Bo", "Al")}
OWN = {**CUT, LAND: "the account's own"}
KEPT, MADE = "Invoiced kept 'Al' instead of 'Bo'", "Invoiced made 'Cy' of 'Bo'"
HELD, TURNED = "Customerp kept 'Al' instead of 'Bo'", "Customerp made 'Cy' of 'Bo'"


@pytest.mark.parametrize(
    ("system", "operation", "fields", "returned", "shadow", "diverged", "told"),
    [
        # As desired, each in the words of its side; what did not agree before, does now.
        ("invoiced", "update", NAME, {"name": "Bo"}, {"name": ("Bo", "Bo")}, {}, None),
        ("invoiced", "update", {"terms": (9, "NET 9", None)}, {"terms": "NET 9"}, {"terms": (9, "NET 9")}, CUT, None),
        ("customerp", "update", {"terms": ("net 9", 9, None)}, {"terms": 9}, {"terms": (9, "net 9")}, CUT, None),
        # Not as desired, and it means the same all the same.
        ("invoiced", "update", {"terms": (9, "NET 9", None)}, {"terms": "net-9"}, {"terms": (9, "net-9")}, CUT, None),
        # Still the old value: refused without a word. Another one: made into something else.
        ("invoiced", "update", NAME, {"name": "Al"}, {"name": ("Bo", "Al")}, {"name": KEPT}, ("unwritable", KEPT)),
        ("invoiced", "update", NAME, {"name": "Cy"}, {"name": ("Bo", "Cy")}, {"name": MADE}, ("divergence", MADE)),
        ("customerp", "update", NAME, {"name": "Al"}, {"name": ("Al", "Bo")}, {"name": HELD}, ("unwritable", HELD)),
        ("customerp", "update", NAME, {"name": "Cy"}, {"name": ("Cy", "Bo")}, {"name": TURNED}, ("divergence", TURNED)),
        # Empty, and Invoiced puts a value of its own: known, and no news.
        ("invoiced", "update", {LAND: (None, None, "SE")}, {LAND: "NO"}, {LAND: (None, "NO")}, OWN, None),
        ("invoiced", "create", {LAND: (None, None, None)}, {LAND: "NO"}, {LAND: (None, "NO")}, OWN, None),
        ("invoiced", "update", {LAND: ("SE", "SE", None)}, {LAND: "NO"}, {LAND: ("SE", "NO")},
         {**CUT, LAND: "Invoiced made 'NO' of 'SE'"}, ("divergence", "Invoiced made 'NO' of 'SE'")),
        # Not sent with a create, and something is there: the two values meet for the first time.
        ("invoiced", "create", {"terms": (None, None, None)}, {"terms": "NET 9"}, {}, CUT, None),
        ("invoiced", "create", {"terms": (None, None, None)}, {}, {"terms": (None, None)}, CUT, None),
        ("invoiced", "create", {"name": ("Bo", "Bo", None)}, {"name": "Cy"}, {"name": ("Bo", "Cy")}, {"name": MADE},
         ("divergence", MADE)),
        # Each property by itself, whatever has become of those before it.
        ("invoiced", "create", {"terms": (None, None, None), "number": ("T-1", "T-1", None), LAND: (None, None, None),
         "name": ("Bo", "Bo", None)}, {"terms": "NET 9", LAND: "NO", "name": "Cy"},
         {LAND: (None, "NO"), "name": ("Bo", "Cy")}, {**OWN, "name": MADE}, ("divergence", MADE)),
        # Cleared in a change, and something is there: it was not cleared.
        ("invoiced", "update", {"name": (None, None, "Al")}, {}, {"name": (None, "Al")},
         {"name": "Invoiced kept 'Al' instead of None"}, ("unwritable", "Invoiced kept 'Al' instead of None")),
    ],
)  # fmt: skip
def test_what_an_answer_makes_of_a_property(
    system: System, operation: str, fields: Any, returned: Values, shadow: Any, diverged: Any, told: Any
) -> None:
    link, record = _writing(system, operation, fields), INV if system == "invoiced" else ERP
    new = Observation({**BEFORE, **returned}, LATER, 20.0)
    after, notices = settle(FLOW, link, record, new, Nobody())
    assert after == structs.replace(
        accepted(FLOW, structs.replace(link, shadow={**link.shadow, **shadow}), system, record, new),
        diverged=diverged, intent=None, state=State.LINKED, reason=None, waits_for=None, attempts=0, dirty=True,
    )  # fmt: skip
    assert notices == ([] if told is None else [Notice("things", "T-1", list(fields)[-1], *told)])


def test_a_source_that_moved_while_the_call_was_under_way_still_counts_as_edited() -> None:
    link = _writing("invoiced", "update", NAME)
    moved = structs.replace(link, erp=Observation({**BEFORE, "name": "Newer"}, SEEN, 11.0))
    after, _ = settle(FLOW, moved, INV, Observation({**BEFORE, "name": "Bo"}, LATER, 20.0), Nobody())
    assert after.shadow["name"] == ("Bo", "Bo")
    assert after.erp is not None
    assert after.erp.values["name"] == "Newer"


def test_lines_are_linked_by_the_ids_that_come_back_where_a_list_was_sent() -> None:
    wood, nails = {"what": "Wood", "count": "2"}, {"what": "Nails", "count": "9"}
    sent = (
        {"id": "i1", "counterpart": "L1", "values": {"count": "2"}, "sent_from": wood, "whole": {}},
        {"id": None, "counterpart": "L2", "values": nails, "sent_from": nails, "whole": {}},
    )
    answer = Observation(BEFORE, LATER, 20.0, lines=(Line("i1", wood), Line("i2", nails)))
    with_list, without = (_writing("invoiced", "update", NAME, lines) for lines in (sent, None))
    after, _ = settle(FLOW, with_list, INV, answer, Nobody())
    assert after.children == (
        Child("L1", "i1", {"what": ("Wood", "Wood"), "count": ("2", "2")}),
        Child("L2", "i2", {"what": ("Nails", "Nails"), "count": ("9", "9")}),
    )
    assert settle(FLOW, without, INV, answer, Nobody())[0].children == without.children


def test_each_side_is_read_by_its_own_names_and_in_its_own_words() -> None:
    rows = [{"id": 4, "what": " Wood ", "count": "2.0"}]
    ours = {"number": "T-1", "name": "Al", "terms": 9, "home": {"land": "NO"}, "rows": rows}
    items = [{"id": 5, "text": "Wood", "quantity": 2}]
    theirs = {"no": "T-1", "title": "Al", "terms": "NET 9", "country": "NO", "items": items}
    values, line = {"number": "T-1", "name": "Al", "home.land": "NO"}, {"what": "Wood", "count": "2"}
    erp, inv = Record("CU1", ours, 20.0, version=7), Record("9", theirs, 20.0, frozen="paid")
    assert observe(FLOW, "customerp", erp, SEEN, b"digest") == Observation(
        {**values, "terms": 9}, SEEN, 20.0, 7, (Line("4", line),), digest=b"digest"
    )
    assert observe(FLOW, "invoiced", inv, SEEN) == Observation(
        {**values, "terms": "NET 9"}, SEEN, 20.0, None, (Line("5", line),), "paid"
    )
    assert observe(FLOW, "invoiced", structs.replace(inv, data={**theirs, "items": None}), SEEN).lines == ()
    assert observe(replace(FLOW, lines=None), "customerp", erp, SEEN).lines == ()
    with pytest.raises(BadValue, match=r"^title: expected text, got \[\]$"):
        observe(FLOW, "invoiced", structs.replace(inv, data={**theirs, "title": []}), SEEN)


def test_a_look_at_one_side_changes_what_is_known_of_that_side() -> None:
    agreed = {"number": ("T-1", "t-1"), "name": ("Al", "al"), "terms": (9, "NET 9")}
    link = Link("things", 1, "CU1", shadow=agreed)
    ours = Observation({"number": "T-1", "name": "Bo", "terms": 9}, LATER, 20.0)
    theirs = Observation({"number": "t-1", "name": "Al", "terms": "NET 9"}, LATER, 20.0)
    edited = {"name": 20.0, "lines": 20.0}
    assert accepted(FLOW, link, "customerp", ERP, ours) == structs.replace(
        link, erp=structs.replace(ours, edited=edited), erp_id="CU1", erp_key="t-1"
    )
    assert accepted(FLOW, link, "invoiced", INV, theirs) == structs.replace(
        link, inv=structs.replace(theirs, edited=edited), inv_id="9", inv_key="t-1", reference="CU1"
    )


TAGS = Pair("tags", "tags", PLAIN["words"], conflict="union")


@pytest.mark.parametrize("lost", [False, True], ids=["answered", "answer lost"])
@pytest.mark.parametrize(
    ("base", "erp", "inv"), [(None, "a", "b"), ("a", "ab", "ac"), ("ab", "bc", "a"), ("ab", "", "abc"), ("a", "", "")]
)
def test_a_united_set_takes_a_write_to_either_side(base: str | None, erp: str, inv: str, lost: bool) -> None:
    """What the first write brought to one side is no word that the other one has removed."""
    flow = Flow("things", Side("things", "Thing"), Side("items", "Item"), NUMBER, False, (NUMBER, TAGS))
    setting = Setting(Nobody())
    sides: dict[System, Values] = {
        system: {"number": "T-1", "tags": words([*tags])} for system, tags in (("customerp", erp), ("invoiced", inv))
    }
    united = merge((TAGS,), {} if base is None else {"tags": (words([*base]),) * 2}, *sides.values(), setting)
    wanted = united.to_target.get("tags", sides["invoiced"]["tags"])
    shadow: Any = {} if base is None else {"tags": (words([*base]),) * 2}
    for system, record in (("invoiced", INV), ("customerp", ERP)):
        merged = merge((TAGS,), shadow, sides["customerp"], sides["invoiced"], setting)
        change = merged.to_target if system == "invoiced" else merged.to_source
        if not change:
            continue
        source = sides["customerp" if system == "invoiced" else "invoiced"]["tags"]
        fields = {"tags": (source, change["tags"], sides[system]["tags"])}
        link = structs.replace(
            _writing(system, "update", fields), shadow=shadow, diverged={}, children=(),
            erp=Observation(sides["customerp"], SEEN, 10.0), inv=Observation(sides["invoiced"], SEEN, 10.0),
        )  # fmt: skip
        sides[system] = {**sides[system], **change}
        new = Observation(sides[system], LATER, 20.0)
        after, _ = recovered(flow, link, record, new) if lost else settle(flow, link, record, new, Nobody())
        shadow = after.shadow
    assert (sides["customerp"]["tags"], sides["invoiced"]["tags"]) == (wanted, wanted)
    assert not merge((TAGS,), shadow, *sides.values(), setting).to_source
