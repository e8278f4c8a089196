"""What a run has shown; whatever is doubtful is not passed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from counterpart.checklist import Approval, Checklist, Judgement, Supplement, Verdict, judge

EDIT = "customer-company/edit-source"
OPEN = "customer-company/properties-unspecified"
NAME = ("Invoiced", "name")


@pytest.fixture
def approved(supplement: Supplement) -> Supplement:
    """The supplement as if everything had been agreed."""
    approval = Approval("Kari Nordmann", date(2026, 3, 1))
    return Supplement(tuple(replace(row, standing="approved", approved=approval) for row in supplement.rows))


def _item(judgement: Judgement, short: str = EDIT) -> tuple[str, str]:
    [found] = [each for each in judgement.items if each.item.short == short]
    return found.verdict.value, found.reason


def _row(judgement: Judgement, id_: str) -> tuple[str, str]:
    [found] = [each for each in judgement.rows if each.row.id == id_]
    return found.to_target.verdict.value, found.to_source.verdict.value


@pytest.mark.parametrize(
    ("outcomes", "run", "verdict", "reason"),
    [
        ([], {}, "not run", "No scenario proves it."),
        ([], {"partial": True}, "not run", "No scenario of it was run."),
        ([], {"expected": {EDIT: 4}}, "not run", "None of 4 scenarios was run to its end."),
        (["passed"], {}, "passed", "The only scenario passed."),
        (["passed", "passed"], {}, "passed", "All 2 scenarios passed."),
        (["passed", "failed"], {}, "failed", "1 of 2 scenarios failed: s1."),
        (["passed", "error"], {}, "failed", "1 of 2 scenarios failed: s1."),
        (["failed"] * 5, {}, "failed", "5 of 5 scenarios failed: s0, s1, s2, …."),
        (["skipped"], {}, "not run", "None of 1 scenario was run to its end."),
        (
            ["passed", "skipped"],
            {},
            "not run",
            "Only 1 of 2 scenarios were run to their end; all of them passed.",
        ),
        (
            ["passed"],
            {"expected": {EDIT: 2}},
            "not run",
            "Only 1 of 2 scenarios were run to their end; all of them passed.",
        ),
        (["passed", "passed"], {"expected": {EDIT: 2}, "partial": True}, "passed", "All 2 scenarios passed."),
        (
            ["passed"],
            {"partial": True},
            "not run",
            "A partial run: 1 scenario passed, others may not have been run.",
        ),
    ],
)
def test_an_item_by_its_scenarios(
    checklist: Checklist,
    approved: Supplement,
    shown: Callable[..., Any],
    ended: Callable[..., Any],
    outcomes: list[str],
    run: dict[str, Any],
    verdict: str,
    reason: str,
) -> None:
    scenarios = [shown(f"s{number}", EDIT, outcome=outcome) for number, outcome in enumerate(outcomes)]
    assert _item(judge(checklist, approved, scenarios, ended(**run))) == (verdict, reason)


def test_what_rests_on_a_suggested_row_passes_on_assumption(
    checklist: Checklist, supplement: Supplement, approved: Supplement, shown: Callable[..., Any], ended: Any
) -> None:
    scenarios = [shown("renamed", EDIT, pairs=(NAME,))]
    assert _item(judge(checklist, supplement, scenarios, ended())) == (
        "passed on assumption",
        "The only scenario passed; it rests on a property pair that is suggested, not approved.",
    )
    assert _item(judge(checklist, approved, scenarios, ended())) == ("passed", "The only scenario passed.")


def test_a_counterpart_is_recognised_by_a_suggested_match_key(
    checklist: Checklist, supplement: Supplement, shown: Callable[..., Any], ended: Any
) -> None:
    judgement = judge(checklist, supplement, [shown("alone", "customer-company/create")], ended())
    assert _item(judgement, "customer-company/create")[0] == "passed on assumption"
    assert [row.id for row in judgement.items[0].rests_on] == ["customer-company/number>number"]


def test_agreed_rows_that_are_proven_leave_the_item_open(
    checklist: Checklist, approved: Supplement, shown: Callable[..., Any], ended: Any
) -> None:
    """The document lists no rows, so that no scenario can close what it leaves open."""
    rows = approved.of("customer-company")
    pairs = tuple(pair for row in rows for pair in (("Customerp", row.source), ("Invoiced", row.target)))
    verdict, reason = _item(judge(checklist, approved, [shown("all", OPEN, pairs=pairs)], ended()), OPEN)
    assert verdict == "open"
    assert reason == (
        "Agreed rows proven: all 14 rows of the supplement are approved and were seen to arrive; 1 of 1 scenario "
        "passed. The document itself lists none, so the item is closed only by a named person's decision."
    )
    some = judge(checklist, approved, [shown("all", OPEN, pairs=pairs[:-2])], ended())
    assert "Agreed rows proven" not in _item(some, OPEN)[1]


@pytest.mark.parametrize("outcome", ["failed", "error"])
def test_a_pair_is_judged_in_each_direction(
    checklist: Checklist,
    supplement: Supplement,
    approved: Supplement,
    shown: Callable[..., Any],
    ended: Any,
    outcome: str,
) -> None:
    scenarios = [shown("renamed", EDIT, pairs=(NAME,)), shown("again", EDIT, pairs=(NAME,), outcome="skipped")]
    assert _row(judge(checklist, supplement, scenarios, ended()), "customer-company/name>name") == (
        "passed on assumption",
        "not run",
    )
    back = [*scenarios, shown("back", "customer-company/edit-target", pairs=(("Customerp", "name"),), outcome=outcome)]
    judgement = judge(checklist, approved, back, ended())
    assert _row(judgement, "customer-company/name>name") == ("passed", "failed")
    assert _item(judgement, OPEN) == ("failed", "1 of 14 pairs of the supplement failed: name ↔ name.")


def test_the_same_path_of_another_flow_is_another_property(
    checklist: Checklist, supplement: Supplement, shown: Callable[..., Any], ended: Any
) -> None:
    judgement = judge(checklist, supplement, [shown("renamed", EDIT, pairs=(NAME,))], ended())
    assert _row(judgement, "product-item/name>name") == ("not run", "not run")


@pytest.mark.parametrize(
    ("row", "item", "pairs", "verdicts"),
    [
        ("product-item/sku>id", "product-item/edit-source", (("Invoiced", "id"),), ("deviation", "deviation")),
        ("product-item/sku>id", "product-item/edit-source", (), ("deviation", "deviation")),
        (
            "order-invoice/customerId>customer",
            "order-invoice/create",
            (("Invoiced", "customer"),),
            ("deviation", "deviation"),
        ),
        (
            "order-invoice/paymentState>status",
            "order-invoice/edit-target",
            (("Customerp", "paymentState"), ("Invoiced", "status")),
            ("deviation", "passed"),
        ),
    ],
)
def test_a_pair_that_cannot_travel_by_nature_is_never_passed(
    checklist: Checklist,
    approved: Supplement,
    shown: Callable[..., Any],
    ended: Any,
    row: str,
    item: str,
    pairs: tuple[tuple[str, str], ...],
    verdicts: tuple[str, str],
) -> None:
    judgement = judge(checklist, approved, [shown("s", item, pairs=pairs)], ended())
    assert _row(judgement, row) == verdicts
    [found] = [each for each in judgement.rows if each.row.id == row]
    assert found.to_target.reason == found.row.deviation


def test_a_place_that_two_rows_share_speaks_for_the_one_that_carries_there(
    checklist: Checklist, approved: Supplement, shown: Callable[..., Any], ended: Any
) -> None:
    scenarios = [shown("confirmed", "order-invoice/edit-source", pairs=(("Invoiced", "status"),))]
    judgement = judge(checklist, approved, scenarios, ended())
    [found] = [each for each in judgement.items if each.item.short == "order-invoice/edit-source"]
    assert [row.id for row in found.rests_on] == ["order-invoice/status>status"]


@pytest.mark.parametrize("outcomes", [[], ["passed"], ["skipped"]])
def test_properties_that_the_document_does_not_list_stay_open(
    checklist: Checklist, approved: Supplement, shown: Callable[..., Any], ended: Any, outcomes: list[str]
) -> None:
    scenarios = [shown("several", OPEN, outcome=outcome) for outcome in outcomes]
    assert _item(judge(checklist, approved, scenarios, ended()), OPEN)[0] == "open"


def test_a_failed_scenario_of_an_open_item_fails_it(
    checklist: Checklist, approved: Supplement, shown: Callable[..., Any], ended: Any
) -> None:
    judgement = judge(checklist, approved, [shown("several", OPEN, outcome="failed")], ended())
    assert _item(judgement, OPEN) == ("failed", "1 of 1 scenario failed: several.")


def test_an_open_item_says_what_the_supplement_has(
    checklist: Checklist, supplement: Supplement, shown: Callable[..., Any], ended: Any
) -> None:
    assert _item(judge(checklist, supplement, [shown("several", OPEN)], ended()), OPEN) == (
        "open",
        "The document lists no rows; the supplement has 14, none of them approved, reported apart; "
        "1 of 1 scenario passed. 28 of 28 directions were not seen to arrive.",
    )
    assert _item(judge(checklist, Supplement(()), [shown("several", OPEN)], ended()), OPEN) == (
        "open",
        "The document lists no rows, and the supplement suggests none.",
    )


def test_an_item_is_as_well_proven_as_by_its_weakest_evidence(
    checklist: Checklist, approved: Supplement, shown: Callable[..., Any], ended: Any
) -> None:
    scenarios = [
        shown("a", EDIT, proof="live run"),
        shown("b", EDIT, proof="emulator run"),
        shown("c", EDIT, proof="emulator recording", outcome="skipped"),
    ]
    judgement = judge(checklist, approved, scenarios, ended())
    assert {each.item.short: each.proof for each in judgement.items if each.proof} == {EDIT: "emulator run"}


@pytest.mark.parametrize(
    ("outcomes", "run", "sentence"),
    [
        ([], {}, "Nothing was proven: no scenario was run."),
        (["skipped"], {}, "Nothing was proven: no scenario was run."),
        (["passed"], {}, "Of 15 items, 11 were not run, 1 passed and 3 are open."),
        (["failed"], {"exit_status": 1}, "Of 15 items, 1 failed, 11 were not run and 3 are open."),
        (
            ["passed"],
            {"exit_status": 2},
            "The run was cut short (exit status 2). Of 15 items, 11 were not run, 1 passed and 3 are open.",
        ),
        (
            ["passed"],
            {"exit_status": 1},
            "Something outside the scenarios failed. Of 15 items, 11 were not run, 1 passed and 3 are open.",
        ),
        (
            ["passed"],
            {"partial": True, "expected": {EDIT: 1}},
            "A partial run. Of 15 items, 11 were not run, 1 passed and 3 are open.",
        ),
    ],
)
def test_one_sentence_sums_it_up(
    checklist: Checklist,
    approved: Supplement,
    shown: Callable[..., Any],
    ended: Any,
    outcomes: list[str],
    run: dict[str, Any],
    sentence: str,
) -> None:
    scenarios = [shown("s", EDIT, outcome=outcome) for outcome in outcomes]
    judgement = judge(checklist, approved, scenarios, ended(**run))
    assert (judgement.sentence, judgement.proven) == (sentence, False)


def test_proven_means_every_item_and_a_clean_whole_run(
    checklist: Checklist, approved: Supplement, shown: Callable[..., Any], ended: Any
) -> None:
    closed = replace(checklist, items=tuple(item for item in checklist.items if item.kind != "properties-unspecified"))
    scenarios = [shown("s", item.short) for item in closed.items]
    whole = judge(closed, approved, scenarios, ended())
    assert (whole.sentence, whole.proven, whole.count(Verdict.PASSED)) == ("Of 12 items, 12 passed.", True, 12)
    outside = [*scenarios, shown("more", "product-item/conflict", outcome="failed")]
    for others in (
        judge(closed, approved, scenarios, ended(partial=True, expected={i.short: 1 for i in closed.items})),
        judge(closed, approved, scenarios, ended(exit_status=1)),
        judge(closed, approved, outside, ended()),
        judge(closed, approved, scenarios[1:], ended()),
        judge(replace(closed, items=()), approved, scenarios, ended()),
    ):
        assert not others.proven


def test_a_failure_outside_the_checklist_is_told(
    checklist: Checklist, approved: Supplement, shown: Callable[..., Any], ended: Any
) -> None:
    scenarios = [shown("s", EDIT), shown("more", "product-item/conflict", outcome="failed")]
    assert judge(checklist, approved, scenarios, ended(exit_status=1)).sentence == (
        "Of 15 items, 11 were not run, 1 passed and 3 are open. 1 scenario outside the checklist failed."
    )
