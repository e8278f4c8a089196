"""Records that meet for the first time are linked by the page, and to the same as one at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync import Pacing, Store, SystemClock, resting
from sync.converters import Currency, Reference
from sync.errors import Superseded
from sync.events import Event
from sync.links import Intent, Interval, Link, Meeting, Notice, Observation, State
from sync.matching import find
from sync.plan import in_agreement
from sync.run import Run
from sync.schema import Flow, Lines, Pair, Side
from sync.walk import Walk

NUMBER, NAME, CURRENCY = Pair("number", "number"), Pair("name", "name"), Pair("currency", "currency", Currency())
PAIRS = (NUMBER, NAME, CURRENCY, Pair("part", "part", Reference("things")))
FLOW = Flow("things", Side("things", "Thing"), Side("items", "Item"), NUMBER, False, PAIRS, further=(NAME,))
INTENT = Intent("invoiced", "update", "items", "9", (), {}, None, "key-1", 0.0)


class Singly(Store):
    """A store that knows no short way."""

    def meetings(self, links: Sequence[int]) -> list[Meeting]:
        return []


def _seen(number: str | None, name: str | None = "Al", currency: str = "NOK", part: str | None = None) -> Observation:
    return Observation({"number": number, "name": name, "currency": currency, "part": part}, Interval(1, 0.0, 0.1))


def _ours(id_: str, number: Any, **more: Any) -> Link:
    seen = more.pop("erp", _seen(number))
    return Link("things", erp_id=id_, erp_key=FLOW.key(number), **{"erp": seen, "dirty": True, **more})


def _theirs(id_: str, number: Any, **more: Any) -> Link:
    seen = more.pop("inv", _seen(number, currency="nok"))
    return Link("things", inv_id=id_, inv_key=FLOW.key(number), **{"inv": seen, "dirty": False, **more})


NUMBERS = st.sampled_from(["A", "a", "B", None])
SEEN = st.builds(_seen, NUMBERS, st.sampled_from(["Al", "Bo", None]), st.sampled_from(["NOK", "nok"]))
SAID: list[dict[str, Any]] = [
    {"recheck": True},
    {"generation": 2},
    {"state": State.TOMBSTONED},
    {"state": State.AMBIGUOUS},
    {"reason": "several"},
    {"waits_for": "things:CU1"},
    {"next_attempt_at": 1.0, "attempts": 2},
    {"notices": (Notice("things", "A", None, "waiting", "old"),)},
    {"diverged": {"name": "is left alone"}},
    {"shadow": {"name": ("Al", "Al")}},
    {"deleted": "invoiced"},
    {"intent": INTENT},
]
MORE = st.one_of(st.just({}), st.just({}), st.sampled_from(SAID))


@st.composite
def lone(draw: st.DrawFn, ours: bool, id_: str) -> Link:
    """A record of one side; most of them were only seen."""
    seen, more = draw(SEEN), draw(MORE)
    if ours:
        return _ours(id_, seen.values["number"], erp=seen, **more)
    reference = draw(st.sampled_from([None, None, "CU1", "CU2", "CU9"]))
    return _theirs(id_, seen.values["number"], inv=seen, reference=reference, **more)


@st.composite
def stores(draw: st.DrawFn) -> list[Link]:
    """What both sides have shown, in any order."""
    numbers = range(1, 4)
    links = [draw(lone(True, f"CU{n}")) for n in numbers] + [draw(lone(False, str(n))) for n in numbers]
    both = _ours("CU7", "A", inv_id="7", inv_key="a", reference=draw(st.sampled_from(["CU7", "CU1"])), dirty=False)
    return draw(st.permutations([*links, both] if draw(st.booleans()) else links))


def _run(store: Store, said: list[Event]) -> Run:
    clock = SystemClock()
    return Run(store, {}, {"things": FLOW}, clock, lambda: "key", Pacing(), Walk(store, clock, 1, None), 1, said.append)


def _settled(kind: type[Store], links: list[Link]) -> dict[str, Any]:
    """All that there is after as much as possible was settled without a call."""
    said: list[Event] = []
    store = kind.open(":memory:", durable=False)
    run = _run(store, said)
    with store.transaction():
        store.add(links)
    for meeting in store.meetings(store.dirty("things")):
        adopted = find(store, FLOW, store.link(meeting.ours)).adopted
        assert adopted is not None
        assert adopted.id == meeting.theirs
    left = resting.settle(run, FLOW, store.dirty("things"))
    told = {link: notices for link, notices in run.outcome.notices.items() if notices}
    found = {"links": list(store.links()), "left": left, "said": said, "notices": told, "history": store.history()}
    store.close()
    return found


@given(stores())
@example([_ours("CU1", "A"), _theirs("1", "A"), _ours("CU2", "B", waits_for="things:CU1", dirty=False)])
@example([_ours("CU1", "A", waits_for="things:CU1"), _theirs("1", "A")])  # refers to itself
@example([_theirs("1", "B", reference="CU1", inv=_seen("A", currency="nok")), _ours("CU1", "A"), _theirs("2", "A")])
def test_together_they_come_to_the_same_as_one_at_a_time(links: list[Link]) -> None:
    assert _settled(Store, links) == _settled(Singly, links)


OURS, THEIRS = _ours("CU1", "A"), _theirs("1", "A")


@pytest.mark.parametrize(
    ("links", "met"),
    [
        ([OURS, THEIRS], [(1, 2)]),
        ([OURS, replace(THEIRS, reference="CU1", inv_key="b")], [(1, 2)]),
        ([OURS, THEIRS, _theirs("2", "B", reference="CU1")], [(1, 3)]),
        ([OURS, replace(THEIRS, flow="others")], []),
        ([OURS, replace(THEIRS, reference="CU2")], []),
        ([OURS, THEIRS, _theirs("2", "A")], []),
        ([OURS, THEIRS, _ours("CU2", "a")], []),
        ([OURS, replace(THEIRS, reference="CU1"), _theirs("2", "B", reference="CU1")], []),
        ([OURS, THEIRS, replace(THEIRS, inv_id="2", inv_key="b", reference="CU1", erp_id="CU2")], []),
        ([replace(OURS, erp=None), THEIRS], []),
        ([OURS, replace(THEIRS, inv=None)], []),
        ([replace(OURS, inv_id="9"), THEIRS], []),
        ([OURS, replace(THEIRS, erp_id="CU9")], []),
        *(([replace(OURS, **said), THEIRS], []) for said in SAID),
        *(([OURS, replace(THEIRS, **said)], []) for said in SAID),
    ],
)
def test_only_what_no_rule_could_deny_is_found_at_once(links: list[Link], met: list[tuple[int, int]]) -> None:
    store = Store.open(":memory:", durable=False)
    with store.transaction():
        store.add(links)
    found = store.meetings([*range(1, len(links) + 1)])
    assert [(meeting.ours, meeting.theirs) for meeting in found] == met
    assert all((meeting.erp_id, meeting.erp) == ("CU1", OURS.erp) for meeting in found)
    store.close()


@pytest.mark.parametrize(
    "inv",
    [
        _seen("A", currency="eur"),
        _seen("A", "Bo", currency="nok"),
        _seen("A", currency="nok", part="7"),
    ],
    ids=["another currency", "another name", "refers to what is not linked"],
)
def test_records_that_differ_are_left_to_the_usual_way(inv: Observation) -> None:
    links = [OURS, replace(THEIRS, inv=inv)]
    assert in_agreement(FLOW, _seen("A"), inv, _run(Store.open(":memory:"), [])) is False
    assert _settled(Store, links) == _settled(Singly, links)


def test_documents_are_left_to_the_usual_way_which_compares_their_lines_and_totals() -> None:
    store = Store.open(":memory:", durable=False)
    documents = dataclasses.replace(FLOW, lines=Lines("lines", "items", (NAME,), "name"))
    seen = _seen("A"), _seen("A", currency="nok")
    agree = [in_agreement(flow, *seen, _run(store, [])) for flow in (FLOW, documents)]
    assert agree == [True, False]
    store.close()


@pytest.mark.parametrize("told", [OURS, THEIRS], ids=["ours", "theirs"])
def test_what_was_linked_meanwhile_is_not_joined(told: Link) -> None:
    store = Store.open(":memory:", durable=False)
    with store.transaction():
        store.add([OURS, THEIRS])
    [meeting] = store.meetings([1, 2])
    with store.transaction():
        ours, theirs = store.link(1), store.link(2)
        if told is OURS:
            store.save(replace(ours, inv_id="9"))
        else:
            store.remove(theirs)
    before = list(store.links())
    with pytest.raises(Superseded), store.transaction():
        store.join(meeting)
    assert list(store.links()) == before
    store.close()


def test_of_two_that_were_joined_one_link_is_known() -> None:
    store = Store.open(":memory:", durable=False)
    with store.transaction():
        store.add([OURS, THEIRS])
        assert (store.link(1).inv_id, store.link(2).inv_id) == (None, "1")
        [meeting] = store.meetings([1, 2])
        store.join(meeting)
    assert (store.link(1).inv_id, store.link(1).version) == ("1", 2)
    with pytest.raises(Superseded):
        store.link(2)
    store.close()
