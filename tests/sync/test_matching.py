"""Finding the counterpart that is there already: key by key, each only where it is unique on both sides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sync import State, Store
from sync.links import Interval, Link, Observation
from sync.matching import Match, find
from sync.schema import Flow, Pair, Side

TAX = {"organisationNumber": "999888777"}
MAIL = {"email": "post@acme.example"}


def _linked(world: Any, id_: str = "CU000001") -> str | None:
    """The counterpart of a customer, after a run that has created nothing."""
    link = world.store.by_remote("customer-company", "customerp", id_)
    return link.inv_id if link.linked else None


def _there(world: Any, name: str, **more: Any) -> str:
    """A company that somebody has entered in Invoiced, under the number that it gives."""
    return str(world.inv.create("customers", name=name, type="company", **more)["id"])


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(TAX, {"tax_id": "999888777"}), (MAIL, {"email": "POST@acme.example"})],
    ids=["tax id", "e-mail address"],
)
def test_a_key_that_one_record_of_either_side_has_links_them(world: Any, ours: Any, theirs: Any) -> None:
    there = _there(world, "Acme Inc", **theirs)
    _there(world, "Acme AS")  # the name alone tells nothing
    world.erp.create("customers", number="C-1", name="Acme AS", **ours)
    world.run()
    assert _linked(world) == there
    assert world.inv.read("customers", there)["number"] == "C-1"
    assert len(world.inv.list("customers")) == 2
    assert world.run().writes == ()


def test_what_tells_more_goes_first(world: Any) -> None:
    _there(world, "By mail", email="post@acme.example")
    tax = _there(world, "By tax id", tax_id="999888777")
    number = _there(world, "By number", number="C-2")
    world.erp.create("customers", number="C-1", name="Acme", **TAX, **MAIL)
    world.erp.create("customers", number="C-2", name="Beta", **MAIL)
    world.run()
    assert (_linked(world), _linked(world, "CU000002")) == (tax, number)


@pytest.mark.parametrize("mine", [1, 2])
def test_several_are_left_to_a_person(world: Any, mine: int) -> None:
    for number in range(3 - mine):
        _there(world, f"Acme {number}", email="post@acme.example")
    for number in range(mine):
        world.erp.create("customers", number=f"C-{number}", name="Acme", **MAIL)
    assert world.run().writes == ()
    link = world.store.by_remote("customer-company", "customerp", "CU000001")
    assert link.state is State.AMBIGUOUS
    assert ("share the email" if mine == 2 else "share its email") in link.reason


def test_what_linked_companies_share_tells_nothing(world: Any) -> None:
    world.erp.create("customers", number="C-1", name="Mother", **MAIL)
    world.run()
    mother = _linked(world)
    other = _there(world, "Somebody", email="post@acme.example")
    world.erp.create("customers", number="C-2", name="Daughter", **MAIL)
    world.run()
    assert _linked(world) == mother
    assert _linked(world, "CU000002") not in (None, mother, other)
    assert world.run().writes == ()


def test_who_belongs_to_another_by_its_number_is_no_candidate(world: Any) -> None:
    theirs = _there(world, "Beta", number="C-2", email="post@acme.example")
    world.erp.create("customers", number="C-1", name="Acme", **MAIL)
    world.erp.create("customers", number="C-2", name="Beta", **MAIL)
    world.run()
    assert _linked(world, "CU000002") == theirs
    assert _linked(world) not in (None, theirs)


NAME = Pair("name", "name")
FLOW = Flow(
    "people", Side("people", "Person"), Side("contacts", "Contact"), NAME, True, (NAME,)
)  # names need not be unique
SEEN = Observation({"name": "Kari"}, Interval(1, 0.0, 0.1))
HERE = Link("people", erp_id="P1", erp_key="Kari", erp=SEEN)


def _contact(id_: str, **more: Any) -> Link:
    return Link("people", inv_id=id_, inv_key="Kari", inv=SEEN, **more)


@pytest.mark.parametrize(
    ("others", "found"),
    [
        ([], None),
        ([_contact("1")], "1"),
        ([_contact("1", reference="P1"), _contact("2")], "1"),
        ([_contact("1", state=State.TOMBSTONED)], None),
        ([_contact("1"), _contact("2")], "the Contact records 1, 2 of Invoiced share its number"),
        ([_contact("1", reference="P1"), _contact("2", reference="P1")],
         "the Contact records 1, 2 of Invoiced all name P1"),
        ([_contact("1", erp_id="P2")], "its number belongs to 1 of Invoiced, which is linked with P2"),
        ([_contact("1", reference="P2")], "1 of Invoiced has its number but names P2"),
        ([_contact("1", reference="P2"), Link("people", erp_id="P2", state=State.TOMBSTONED)], "1"),
        ([_contact("1"), Link("people", erp_id="P2", erp_key="Kari", erp=SEEN)],
         "P1, P2 of Customerp share the name Kari"),
    ],
)  # fmt: skip
def test_what_the_match_key_finds(tmp_path: Path, others: list[Link], found: str | None) -> None:
    store = Store.open(tmp_path / "store.sqlite", durable=False)
    with store.transaction():
        link, *saved = [store.save(each) for each in (HERE, *others)]
    match = find(store, FLOW, link)
    if found is None or found == "1":
        assert match == Match(next((each for each in saved if each.inv_id == found), None))
    else:
        assert match == Match(problem=("ambiguous", found))
    store.close()
