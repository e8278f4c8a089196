"""What the document leaves open, what was decided about it, and what stays undecided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from counterpart.checklist import (
    Additional,
    Approval,
    Checklist,
    Decisions,
    DecisionsError,
    Supplement,
    Verdict,
    judge,
    open_points,
    read,
)
from counterpart.checklist.decisions import settle

AGREED = Approval("Kari Nordmann", date(2026, 3, 1), "Controller", "Agreed in the meeting of 1 March.")
CREATE = "customer-company/create"


@pytest.fixture
def doubled(write: Callable[..., str]) -> Checklist:
    """A document that sends every customer to an organisation and to a person."""
    flows = [("Customer", "Customers (organisation data)"), ("Customer", "Customers (human data)")]
    return Checklist.of(read(write(flows=flows).encode()))


def test_every_flow_leaves_four_points_open(checklist: Checklist) -> None:
    points = [point for point in open_points(checklist) if point.id.endswith(":product-item")]
    assert [(point.id, point.question, point.items) for point in points] == [
        (
            "match-key:product-item",
            "By which property is the counterpart of a Customerp Product recognised?",
            ("product-item/create", "product-item/link-stable"),
        ),
        (
            "conflict:product-item",
            "Whose edit stands when a Customerp Product and its Invoiced Item were both edited?",
            ("product-item/link-stable", "product-item/edit-source", "product-item/edit-target"),
        ),
        (
            "clearing:product-item",
            "Does a value that was cleared in a Customerp Product or its Invoiced Item travel?",
            ("product-item/edit-source", "product-item/edit-target", "product-item/properties-unspecified"),
        ),
        (
            "deletes:product-item",
            "What becomes of the other one when a Customerp Product or its Invoiced Item is deleted?",
            ("product-item/link-stable",),
        ),
    ]


def test_what_is_shipped_says_what_happens_and_approves_nothing(checklist: Checklist) -> None:
    shipped = Decisions.load(Path(__file__).parents[2] / "features" / "decisions.toml", checklist)
    assert len(shipped.made) == len(shipped.points) == len(shipped.unapproved) == 12
    assert {each.point.partition(":")[0]: each.standing for each in shipped.made.values()} == {
        "match-key": "suggested",
        "conflict": "undecided",
        "clearing": "undecided",
        "deletes": "undecided",
    }


def test_without_a_file_nothing_is_decided(checklist: Checklist, tmp_path: Path) -> None:
    assert len(Decisions.load(tmp_path / "decisions.toml", checklist).undecided) == 12


def test_deciding_writes_the_file_and_a_second_time_changes_it(checklist: Checklist, tmp_path: Path) -> None:
    path = tmp_path / "decisions.toml"
    settle(path, checklist, "deletes:product-item", "keep", "Nothing comes back to life.")
    settle(path, checklist, "deletes:product-item", "deactivate", "Archived is enough.")
    settle(path, checklist, "conflict:product-item", "Customerp", "Prices are kept there.")
    assert path.read_text("utf-8") == (
        '[[decision]]\npoint = "deletes:product-item"\nchoice = "deactivate"\nreason = "Archived is enough."\n'
        'standing = "suggested"\nshows = "keep"\n\n'
        '[[decision]]\npoint = "conflict:product-item"\nchoice = "Customerp"\n'
        'reason = "Prices are kept there."\nstanding = "suggested"\n'
    )


def test_a_choice_that_flow_and_scenarios_do_not_show_keeps_items_open_until_somebody_says_that_they_do(
    checklist: Checklist, shown: Callable[..., Any], ended: Any, tmp_path: Path
) -> None:
    path, scenarios = tmp_path / "decisions.toml", [shown("s", CREATE)]
    settle(path, checklist, "match-key:customer-company", "number", "As it is.")
    settle(path, checklist, "match-key:customer-company", "e-mail", "As agreed.", AGREED)
    assert _verdict(checklist, Decisions.load(path, checklist), scenarios, ended()) == (
        "open",
        "Decided otherwise than flow and scenarios do: By which property is the counterpart of a Customerp Customer "
        "recognised? e-mail; they show: number.",
    )
    settle(path, checklist, "match-key:customer-company", "tax id", "On second thoughts.", AGREED)
    assert Decisions.load(path, checklist).made["match-key:customer-company"].shows == "number"
    settle(path, checklist, "match-key:customer-company", "tax id", "On second thoughts.", AGREED, shown=True)
    assert _verdict(checklist, Decisions.load(path, checklist), scenarios, ended())[0] == "passed"
    settle(path, checklist, "match-key:customer-company", "number", "After all.", AGREED)
    settle(path, checklist, "match-key:customer-company", "tax id", "No.", AGREED)
    assert "shows" not in path.read_text("utf-8")


def test_an_approval_lapses_with_the_choice_and_with_the_statement(checklist: Checklist, tmp_path: Path) -> None:
    path = tmp_path / "decisions.toml"
    assert settle(path, checklist, "deletes:product-item", "keep", "As agreed.", AGREED).standing == "approved"
    reworded = replace(checklist, items=tuple(replace(item, fingerprint="0" * 64) for item in checklist.items))
    [lapsed] = Decisions.load(path, reworded).made.values()
    assert (lapsed.standing, lapsed.lapsed and lapsed.lapsed.by) == ("suggested", "Kari Nordmann")
    path.write_text(path.read_text("utf-8").replace('"keep"', '"deactivate"'), "utf-8")
    [lapsed] = Decisions.load(path, checklist).made.values()
    assert (lapsed.standing, lapsed.lapsed is None) == ("suggested", False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[decide]]\n", "it has [[decision]] tables only"),
        ('[[decision]]\npoint = "x"\n', "decision 1: 'choice' must be a text"),
        (
            '[[decision]]\npoint = "deletes:x"\nchoice = "keep"\nstanding = "agreed"\nreason = "y"\nowner = "z"\n',
            "no open point is called 'deletes:x'; did you mean deletes:product-item or deletes:",
        ),
        (
            '[[decision]]\npoint = "deletes:product-item"\nchoice = "keep"\nstanding = "approved"\nreason = "y"\n',
            "it is approved by nobody",
        ),
        (
            '[[decision]]\npoint = "deletes:product-item"\nchoice = "keep"\nshows = 1\nstanding = "suggested"\n'
            'reason = "y"\n',
            "'shows' must be a text; write shows = ",
        ),
    ],
)
def test_every_mistake_is_said(checklist: Checklist, tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "decisions.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(DecisionsError) as caught:
        Decisions.load(path, checklist)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")


def _verdict(checklist: Checklist, decisions: Decisions | None, scenarios: list[Any], run: Any) -> tuple[str, str]:
    judged = judge(checklist, Supplement(()), scenarios, run, decisions)
    [found] = [each for each in judged.items if each.item.short == CREATE]
    return found.verdict.value, found.reason


def test_a_blocked_item_is_blocked_until_its_point_is_approved(
    doubled: Checklist, shown: Callable[..., Any], ended: Any, tmp_path: Path
) -> None:
    path, scenarios = tmp_path / "decisions.toml", [shown("s", CREATE)]
    reason = (
        "Every Customer goes to organisation data and to human data (customer-company and customer-person); as written "
        "each record would be created twice, and no rule tells people from organisations."
    )
    assert _verdict(doubled, None, scenarios, ended()) == ("blocked", reason)
    settle(path, doubled, "roles:customer", "organisationNumber is set", "It tells a company.")
    assert _verdict(doubled, Decisions.load(path, doubled), scenarios, ended()) == ("blocked", reason)
    settle(path, doubled, "roles:customer", "organisationNumber is set", "It tells a company.", AGREED)
    settle(path, doubled, "match-key:customer-company", "number", "It is unique.", AGREED)
    assert _verdict(doubled, Decisions.load(path, doubled), scenarios, ended()) == (
        "passed",
        "The only scenario passed.",
    )
    failed = [shown("s", CREATE, outcome="failed")]
    assert _verdict(doubled, None, failed, ended(exit_status=1))[0] == "failed"


def test_an_undecided_point_keeps_an_item_open_and_a_suggestion_is_an_assumption(
    checklist: Checklist, shown: Callable[..., Any], ended: Any, tmp_path: Path
) -> None:
    path, scenarios = tmp_path / "decisions.toml", [shown("s", CREATE)]
    assert _verdict(checklist, Decisions.load(path, checklist), scenarios, ended()) == (
        "open",
        "Nobody has decided: By which property is the counterpart of a Customerp Customer recognised? "
        "Its scenarios: the only scenario passed.",
    )
    path.write_text(
        '[[decision]]\npoint = "match-key:customer-company"\nchoice = "by number"\nreason = "As it was."\n'
        'standing = "undecided"\n',
        "utf-8",
    )
    assert _verdict(checklist, Decisions.load(path, checklist), scenarios, ended()) == (
        "open",
        "Nobody has decided: By which property is the counterpart of a Customerp Customer recognised? "
        "Meanwhile: by number. Its scenarios: the only scenario passed.",
    )
    settle(path, checklist, "match-key:customer-company", "by number", "It is unique on both sides.")
    assert _verdict(checklist, Decisions.load(path, checklist), scenarios, ended()) == (
        "passed on assumption",
        "The only scenario passed. Rests on a decision that is suggested, not approved: match-key:customer-company.",
    )
    assert _verdict(checklist, None, scenarios, ended())[0] == Verdict.PASSED


def test_items_beyond_the_document_depend_on_what_their_requirements_are_about(
    checklist: Checklist, shown: Callable[..., Any], ended: Any, tmp_path: Path
) -> None:
    path = tmp_path / "additional.toml"
    path.write_text(
        '[[requirement]]\nnumber = 58\nwording = "Nothing else is deleted."\n\n'
        '[[item]]\nshort = "product-item/deletes"\n'
        'wording = "What is deleted stays deleted."\nrequirements = [58]\n',
        "utf-8",
    )
    additional = Additional.load(path, checklist)
    decisions = Decisions.load(tmp_path / "decisions.toml", checklist).including(additional)
    assert [point.id for point, _ in decisions.of("product-item/deletes")] == ["deletes:product-item"]
    scenarios = [shown("s", "product-item/deletes")]
    judged = judge(checklist, Supplement(()), scenarios, ended(), decisions, additional=additional.items)
    assert [each.verdict for each in judged.additional] == [Verdict.OPEN]
    # What an approval is bound to are the document's statements.
    assert {point.says for point in decisions.points} == {point.says for point in open_points(checklist)}


def test_blocks_survive_the_checklist_file(doubled: Checklist, tmp_path: Path) -> None:
    doubled.save(tmp_path / "checklist.toml")
    loaded = Checklist.load(tmp_path / "checklist.toml")
    assert [(item.short, item.decision) for item in loaded.items if item.blocked] == [
        ("customer-company/create", "roles:customer"),
        ("customer-person/create", "roles:customer"),
    ]
