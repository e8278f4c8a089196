"""What the record shows after a write whose answer was lost, and what counts as written by us for it.

Each row of a table is one look: what the write was to change, what the record shows now, and what that says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from sync.connector import Record
from sync.converters import PLAIN
from sync.links import Child, Intent, Interval, Line, Link, Observation, State, System
from sync.schema import Flow, Lines, Pair, Side
from sync.settlement import accepted, recovered
from sync.values import Values

NUMBER = Pair("number", "number")
ROWS = Lines("rows", "items", (Pair("what", "what"), Pair("count", "quantity"), Pair("of", "item", fixed=True)), "what")
FLOW = Flow(
    "things",
    Side("things", "Thing"),
    Side("items", "Item"),
    NUMBER,
    True,
    (
        NUMBER,
        Pair("name", "name"),
        Pair("note", "note"),
        Pair("terms", "terms", PLAIN["terms"]),
        Pair("land", "country", target_default="the account's own"),
    ),
    lines=ROWS,
)
BEFORE: Values = {"number": "1", "name": "Al", "note": "me", "terms": None, "land": None}
PARTY = "Hi \N{PARTY POPPER}"  # Invoiced keeps `Hi ?`
Fields = Mapping[str, tuple[Any, Any, Any]]  # sent from, desired, before


def _looked(link: Link, shown: Values, lines: tuple[Line, ...] = ()) -> tuple[Link, bool, Link]:
    """What was recovered, whether anything was, and the link as it would be with nothing but the look itself."""
    assert link.intent is not None
    system = link.intent.system
    record = Record("CU1" if system == "customerp" else "9", {}, 20.0, reference="CU1")
    new = Observation({**BEFORE, **shown}, Interval(1, 5.0, 6.0), 20.0, lines=lines)
    after, found = recovered(FLOW, link, record, new)
    return after, found, accepted(FLOW, replace(link, shadow=after.shadow), system, record, new)


def _writing(system: System, operation: str, fields: Fields, lines: Any = None, **more: Any) -> Link:
    seen = Observation(BEFORE, Interval(1, 1.0, 2.0), 10.0)
    stored, rows = json.loads(json.dumps([fields, lines]))  # a store gives back equal texts, and not the same ones
    intent = Intent(system, operation, "items", "9", (), {n: tuple(v) for n, v in stored.items()}, rows, "key-1", 0.0)
    values = {} if operation == "create" else {name: (value, value) for name, value in BEFORE.items()}
    return Link(
        "things", 1, "CU1", "9", state=State.RETRY, reason="no answer", dirty=False, erp=seen, inv=seen,
        shadow=values, diverged={"number": "cut", "name": "cut"}, intent=intent, **more,
    )  # fmt: skip


NAME: Fields = {"name": ("Bo", "Bo", "Al")}
BOTH: Fields = {**NAME, "note": ("no", "no", "me")}
AS_SENT = {"name": ("Bo", "Bo"), "note": ("no", "no")}
STILL = {"name": "cut"}  # what was known not to agree before the write
OWN = {**STILL, "land": "the account's own"}
CUT = {"name": f"Invoiced made 'Hi ?' of '{PARTY}'"}


@pytest.mark.parametrize(
    ("system", "operation", "fields", "shown", "shadow", "diverged", "found"),
    [
        # One property: only its own new value says that the write arrived.
        ("invoiced", "update", NAME, {"name": "Bo"}, {"name": ("Bo", "Bo")}, {}, True),
        ("invoiced", "update", NAME, {"name": "Al"}, {}, STILL, False),
        ("invoiced", "update", NAME, {"name": "Cy"}, {}, STILL, False),
        ("customerp", "update", NAME, {"name": "Cy"}, {}, STILL, False),
        # The shadow keeps what was sent from beside what arrived, each in the words of its side.
        ("invoiced", "update", {"terms": (9, "NET 9", None)}, {"terms": "NET 9"}, {"terms": (9, "NET 9")}, STILL, True),
        ("customerp", "update", {"terms": ("net 9", 9, None)}, {"terms": 9}, {"terms": (9, "net 9")}, STILL, True),
        # A write is atomic: what has neither its old nor its new value was edited after it.
        ("invoiced", "update", BOTH, {"name": "Bo", "note": "so"}, AS_SENT, {}, True),
        ("invoiced", "update", BOTH, {"name": "Aa", "note": "no"}, AS_SENT, {}, True),
        ("customerp", "update", BOTH, {"name": "Bo", "note": "ho"}, AS_SENT, {}, True),
        # What has its old value was set back in Customerp; Invoiced may have ignored it.
        ("customerp", "update", BOTH, {"name": "Bo", "note": "me"}, AS_SENT, {}, True),
        ("invoiced", "update", BOTH, {"name": "Bo", "note": "me"}, {"name": ("Bo", "Bo")}, {}, True),
        ("invoiced", "update", BOTH, {"name": "Al", "note": "so"}, {}, STILL, False),
        # A property that was as desired before says nothing of the others.
        ("invoiced", "update", {**BOTH, "name": ("Al", "Al", "Al")}, {"note": "so"}, {"name": ("Al", "Al")}, {}, True),
        # What Invoiced cut or replaced arrived, and is told.
        ("invoiced", "update", {"name": (PARTY, PARTY, "Al")}, {"name": "Hi ?"}, {"name": (PARTY, "Hi ?")}, CUT, True),
        ("customerp", "update", {"name": (PARTY, PARTY, "Al")}, {"name": "Hi ?"}, {}, STILL, False),
        # What was cleared, where Invoiced puts a value of its own, or does not.
        ("invoiced", "update", {"land": (None, None, "SE")}, {"land": "NO"}, {"land": (None, "NO")}, OWN, True),
        ("invoiced", "update", {"land": (None, None, "SE")}, {}, {"land": (None, None)}, STILL, True),
        ("invoiced", "update", {"land": (None, None, "SE")}, {"land": "SE"}, {}, STILL, False),
        ("invoiced", "update", {**NAME, "land": (None, None, "SE")}, {"name": "Bo", "land": "SE"},
         {"name": ("Bo", "Bo"), "land": (None, "SE")}, {"land": "the account's own"}, True),
        ("invoiced", "update", {"note": (None, None, "me")}, {"note": "so"}, {}, STILL, False),
        # A record that is there was created: whatever differs, or was not sent, was edited since.
        ("invoiced", "create", NAME, {"name": "Bo"}, {"name": ("Bo", "Bo")}, {}, True),
        ("invoiced", "create", {"terms": (9, "NET 9", None)}, {"terms": "late"}, {"terms": (9, "NET 9")}, STILL, True),
        ("invoiced", "create", NAME, {"name": None}, {"name": ("Bo", "Bo")}, {}, True),
        ("invoiced", "create", {"note": (None, None, None)}, {"note": "so"}, {"note": (None, None)}, STILL, True),
        ("invoiced", "create", {"note": (None, None, None)}, {"note": None}, {"note": (None, None)}, STILL, True),
        ("invoiced", "create", {"land": (None, None, None)}, {"land": "NO"}, {"land": (None, "NO")}, OWN, True),
        ("customerp", "create", {"terms": ("net 9", 9, None)}, {"terms": 8}, {"terms": (9, "net 9")}, STILL, True),
    ],
)  # fmt: skip
def test_what_a_record_shows_of_a_write_whose_answer_was_lost(
    system: System, operation: str, fields: Fields, shown: Values, shadow: Any, diverged: Any, found: bool
) -> None:
    link = _writing(system, operation, fields)
    after, told, looked = _looked(link, shown)
    assert (after.shadow, told) == ({**link.shadow, **shadow}, found)
    assert after == replace(
        looked, diverged={"number": "cut", **diverged}, intent=None, state=State.LINKED, reason=None, dirty=True
    )


WOOD: Values = {"what": "Wood", "count": "20", "of": "w1"}  # as Invoiced says it; Customerp's products are in capitals
NAILS: Values = {"what": "Nails", "count": "90", "of": "n1"}


def _ours(says: Values) -> Values:
    return {name: str(value).upper() if name == "of" else value for name, value in says.items()}


def _line(id_: str, says: Values, **more: Any) -> Line:
    return Line(id_, json.loads(json.dumps({**says, **more})))  # an API, too, gives equal texts and not the same ones


def _child(erp: str, inv: str, says: Values, **more: Any) -> Child:
    """Linked lines that agreed on what both say."""
    theirs = {**says, **more}
    return Child(erp, inv, {name: (value, theirs[name]) for name, value in _ours(theirs).items()})


def _kept(id_: str | None, counterpart: str, **theirs: Any) -> dict[str, Any]:
    """A line of the list that was sent, to Invoiced if its counterpart is one of Customerp's."""
    values, source = (_ours(theirs), theirs) if counterpart[:1] == "i" else (theirs, _ours(theirs))
    return {"id": id_, "counterpart": counterpart, "values": values, "sent_from": source, "whole": {}}


def _new(counterpart: str, theirs: Values) -> dict[str, Any]:
    return _kept(None, counterpart, **theirs)


COUNT = _kept("i1", "L1", count="30")
LINKED = (_child("L1", "i1", WOOD),)
MORE = _child("L1", "i1", WOOD, count="30")
LESS = _child("L1", "i1", WOOD, count="10")
BOTH_LINES = (*LINKED, _child("L2", "i2", NAILS))


@pytest.mark.parametrize(
    ("known", "sent", "shown", "children", "found"),
    [
        # A kept line has its new value; has it and was edited since; has its old one; has another one; is gone.
        (LINKED, [COUNT], [_line("i1", WOOD, count="30")], [MORE], True),
        (LINKED, [COUNT], [_line("i1", WOOD, count="30", what="Oak")], [MORE], True),
        (LINKED, [COUNT], [_line("i1", WOOD)], LINKED, False),
        (LINKED, [COUNT], [_line("i1", WOOD, count="50")], LINKED, False),
        (LINKED, [COUNT], [], LINKED, False),
        (LINKED, [_kept("i1", "L1", count="10")], [_line("i1", WOOD, count="10")], [LESS], True),
        # What a line had before says nothing.
        (LINKED, [_kept("i1", "L1", count="20")], [_line("i1", WOOD)], LINKED, False),
        (LINKED, [_kept("i1", "L1", of="w1")], [_line("i1", WOOD)], LINKED, False),
        # A new line is there, under an id that nobody knew; or is not; or says something else.
        (LINKED, [_kept("i1", "L1"), _new("L2", NAILS)], [_line("i1", WOOD), _line("i2", NAILS)], BOTH_LINES, True),
        (LINKED, [_kept("i1", "L1"), _new("L2", NAILS)], [_line("i1", WOOD)], LINKED, False),
        (LINKED, [_kept("i1", "L1"), _new("L2", NAILS)], [_line("i2", NAILS, count="80")], LINKED, False),
        (LINKED, [_kept("i1", "L1"), _new("L2", NAILS)], [_line("i2", NAILS, count="99")], LINKED, False),
        # One that says the same was there before: it is no new line.
        (LINKED, [_kept("i1", "L1"), _new("L2", WOOD)], [_line("i1", WOOD)], LINKED, False),
        # A new line is there although a person has removed the kept one: that is an edit.
        (LINKED, [COUNT, _new("L2", NAILS)], [_line("i2", NAILS)], [MORE, BOTH_LINES[1]], True),
        # A kept line shows it, and the new one was removed before anybody saw its id.
        (
            LINKED,
            [COUNT, _new("L2", NAILS)],
            [_line("i1", WOOD, count="30")],
            [MORE, _child("L2", "", NAILS)],
            True,
        ),
        # What was left out is gone, or still there; of two, one is.
        (BOTH_LINES, [_kept("i1", "L1")], [_line("i1", WOOD)], LINKED, True),
        (BOTH_LINES, [_kept("i1", "L1")], [_line("i1", WOOD), _line("i2", NAILS)], BOTH_LINES, False),
        (BOTH_LINES, [], [_line("i2", NAILS)], BOTH_LINES, False),
        (BOTH_LINES, [], [], (), True),
        # A line that only Invoiced has, and is to keep, is linked with none.
        (LINKED, [COUNT, _kept("i2", "")], [_line("i1", WOOD, count="30")], [MORE], True),
        # What may not be changed in a line may have been refused: the shadow keeps what is there.
        (
            LINKED,
            [_kept("i1", "L1", count="30", of="n1")],
            [_line("i1", WOOD, count="30")],
            [replace(MORE, shadow={**MORE.shadow, "of": ("N1", "w1")})],
            True,
        ),
        # What Invoiced cut in a line is there as it was cut.
        (
            LINKED,
            [_kept("i1", "L1", count="30", what=PARTY)],
            [_line("i1", WOOD, count="30", what="Hi ?")],
            [replace(MORE, shadow={**MORE.shadow, "what": (PARTY, "Hi ?")})],
            True,
        ),
    ],
)
def test_what_a_list_shows_of_a_write_whose_answer_was_lost(
    known: tuple[Child, ...], sent: list[Any], shown: list[Line], children: Any, found: bool
) -> None:
    after, told, _ = _looked(_writing("invoiced", "update", {}, tuple(sent), children=known), {}, tuple(shown))
    assert (after.children, told) == (tuple(children), found)
    assert (after.intent, after.state) == (None, State.LINKED)


def test_a_line_that_a_person_has_removed_keeps_its_link_until_it_goes_on_the_other_side_too() -> None:
    link = _writing("invoiced", "update", {}, (COUNT,), children=BOTH_LINES)
    assert link.erp is not None
    ours = (_line("L1", _ours(WOOD), count="30"), _line("L2", _ours(NAILS)))
    after, found, _ = _looked(replace(link, erp=replace(link.erp, lines=ours)), {}, (_line("i1", WOOD, count="30"),))
    assert (after.children, found) == ((MORE, BOTH_LINES[1]), True)


ARRIVED: Fields = {"name": ("Al", "Al", "Z")}  # a property that shows that the write arrived


@pytest.mark.parametrize(
    ("system", "operation", "known", "sent", "shown", "children"),
    [
        # Invoiced's list is as both sides agreed: set back or ignored, which cannot be told.
        ("invoiced", "update", LINKED, [COUNT], [_line("i1", WOOD)], LINKED),
        ("invoiced", "update", LINKED, [COUNT], [_line("i1", WOOD, count="50")], [MORE]),
        ("invoiced", "update", LINKED, [COUNT], [_line("i1", WOOD, count="10")], [MORE]),
        ("invoiced", "update", LINKED, [COUNT], [_line("i1", WOOD), _line("i9", NAILS)], [MORE]),
        ("invoiced", "update", LINKED, [COUNT], [], [MORE]),
        ("invoiced", "update", BOTH_LINES, [_kept("i1", "L1")], [_line("i1", WOOD), _line("i2", NAILS)], BOTH_LINES),
        ("invoiced", "update", (), [_new("L1", WOOD)], [], ()),
        # Customerp ignores nothing.
        ("customerp", "update", LINKED, [_kept("L1", "i1", count="30")], [_line("L1", _ours(WOOD))], [MORE]),
        ("customerp", "update", LINKED, [_kept("L1", "i1", of="n1")], [_line("L1", _ours(WOOD))],
         [_child("L1", "i1", WOOD, of="n1")]),
        ("customerp", "update", (), [_new("i1", WOOD)], [], [_child("", "i1", WOOD)]),
        # A list of which nothing was sent says nothing.
        ("invoiced", "update", LINKED, None, [_line("i1", WOOD, count="50")], LINKED),
        # A record that is there was created with its list.
        ("invoiced", "create", (), [_new("L1", WOOD), _new("L2", NAILS)], [_line("i2", NAILS)],
         [_child("L1", "", WOOD), _child("L2", "i2", NAILS)]),
        ("customerp", "create", (), [_new("i1", WOOD), _new("i2", NAILS)], [_line("L1", _ours(WOOD))],
         [_child("L1", "i1", WOOD), _child("", "i2", NAILS)]),
    ],
)  # fmt: skip
def test_what_becomes_of_a_list_whose_record_shows_that_the_write_arrived(
    system: System, operation: str, known: tuple[Child, ...], sent: list[Any] | None, shown: list[Line], children: Any
) -> None:
    lines = None if sent is None else tuple(sent)
    after, found, _ = _looked(_writing(system, operation, ARRIVED, lines, children=known), {}, tuple(shown))
    assert (after.children, found) == (tuple(children), True)


@pytest.mark.parametrize(
    ("sent", "shown", "arrived"), [("n1", "N1", True), ("n1", "W1", False), ("n1", "n1", False), ("w1", "W1", False)]
)
def test_a_list_of_customerp_is_compared_with_what_it_said_itself(sent: str, shown: str, arrived: bool) -> None:
    link = _writing("customerp", "update", {}, (_kept("L1", "i1", of=sent),), children=LINKED)
    after, found, _ = _looked(link, {}, (Line("L1", {**_ours(WOOD), "of": shown}),))
    assert (after.children, found) == ((_child("L1", "i1", WOOD, of=sent),) if arrived else LINKED, arrived)
