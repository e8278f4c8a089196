"""Waivers, quarantine, stale recordings and what was proven by hand: what they change, and what they must not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from counterpart.checklist import (
    Approval,
    Checklist,
    Circumstances,
    ManualError,
    Quarantine,
    Supplement,
    Waiver,
    Waivers,
    WaiversError,
    judge,
)
from counterpart.checklist import manual as by_hand
from counterpart.checklist.waivers import write_waiver

EDIT, CREATE = "customer-company/edit-source", "customer-company/create"
OPEN = "customer-company/properties-unspecified"
TODAY = date(2026, 3, 2)
Judge = Callable[..., tuple[str, str]]


@pytest.fixture
def judged(checklist: Checklist, supplement: Supplement, shown: Callable[..., Any], ended: Any) -> Judge:
    """Verdict and reason of one item with one scenario of this outcome, every row approved."""
    agreed = Approval("Kari Nordmann", date(2026, 3, 1))
    rows = Supplement(tuple(replace(row, standing="approved", approved=agreed) for row in supplement.rows))

    def make(outcome: str | None = "passed", item: str = EDIT, **circumstances: Any) -> tuple[str, str]:
        scenarios = [shown("renamed", item, outcome=outcome)] if outcome else []
        given = Circumstances(**{"today": TODAY, **circumstances})
        found = judge(checklist, rows, scenarios, ended(exit_status=0), None, given)
        [each] = [each for each in found.items if each.item.short == item]
        return each.verdict.value, each.reason

    return make


def _waived(**changed: Any) -> Waivers:
    waiver = Waiver(EDIT, "The ERP is replaced in May.", "Late phone numbers.", "Ola", date(2026, 5, 31), None)
    waiver = replace(waiver, approved=Approval("Kari", date(2026, 3, 1), "Controller", "Agreed.", waiver.seal))
    return Waivers({EDIT: replace(waiver, **changed)}, {})


def test_a_waiver_lets_a_failed_item_pass_and_keeps_saying_why_it_failed(judged: Judge) -> None:
    assert judged("failed", waivers=_waived()) == (
        "waived",
        "Waived until 2026-05-31 by Kari: The ERP is replaced in May. Risk: Late phone numbers. "
        "Without the waiver failed: 1 of 1 scenario failed: renamed.",
    )


def test_a_passed_item_needs_no_waiver(judged: Judge) -> None:
    assert judged("passed", waivers=_waived()) == ("passed", "The only scenario passed. Its waiver is not needed.")


@pytest.mark.parametrize("outcome", ["passed", "failed"])
@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"expires": date(2026, 3, 1)}, "Its waiver ended on 2026-03-01"),
        ({"expires": None}, "Its waiver has no end"),
        ({"owner": ""}, "Its waiver has no owner"),
        ({"approved": None}, "Its waiver is approved by nobody"),
        ({"owner": "Kari"}, "Its waiver was approved by Kari, who owns it"),
        ({"risk": "None."}, "Its waiver was edited after Kari had approved it"),
    ],
)
def test_a_waiver_that_does_not_hold_counts_as_failed(
    judged: Judge, outcome: str, changed: dict[str, Any], reason: str
) -> None:
    waivers = _waived(**changed)
    if "expires" in changed:
        waiver = waivers.waivers[EDIT]
        assert waiver.approved is not None
        waivers = Waivers({EDIT: replace(waiver, approved=replace(waiver.approved, seal=waiver.seal))}, {})
    verdict, told = judged(outcome, waivers=waivers)
    assert (verdict, told.startswith(f"{reason}.")) == ("failed", True), told


def _quarantined(**changed: Any) -> Waivers:
    kept = Quarantine(f"{EDIT}/renamed", "A race in the test's own clock.", "Ola", date(2026, 3, 31))
    return Waivers({}, {kept.scenario: replace(kept, **changed)})


def test_what_passes_only_when_run_again_is_unproven(judged: Judge) -> None:
    assert judged("flaky") == ("flaky", "1 of 1 scenario passed only when run again: renamed.")
    assert judged("flaky", item=OPEN)[0] == "flaky"


@pytest.mark.parametrize("outcome", ["failed", "flaky"])
def test_quarantine_keeps_an_item_from_failing_and_never_makes_it_pass(judged: Judge, outcome: str) -> None:
    assert judged(outcome, waivers=_quarantined()) == (
        "flaky",
        "renamed is in quarantine until 2026-03-31 (Ola: A race in the test's own clock.). "
        "What passes only sometimes proves nothing.",
    )


@pytest.mark.parametrize("changed", [{"owner": ""}, {"expires": date(2026, 3, 1)}, {"expires": None}])
def test_quarantine_without_owner_or_past_its_end_does_nothing(judged: Judge, changed: dict[str, Any]) -> None:
    assert judged("failed", waivers=_quarantined(**changed))[0] == "failed"


def test_a_stale_recording_takes_a_pass_back_and_leaves_an_open_item_open(judged: Judge) -> None:
    stale = {f"{EDIT}::renamed": "the contract of changeCustomer has changed"}
    assert judged(stale=stale) == (
        "stale",
        "1 of 1 recordings are stale: the contract of changeCustomer has changed. The only scenario passed.",
    )
    assert judged("failed", stale=stale)[0] == "failed"
    assert judged(item=OPEN, stale={f"{OPEN}::renamed": "too old"})[0] == "open"


def test_an_item_proven_by_hand_says_so(checklist: Checklist, judged: Judge, tmp_path: Path) -> None:
    record = by_hand.ManualRecord(
        CREATE, "passed", "Kari", TODAY, "", "evidence/a.png", "0" * 64, checklist.items[0].fingerprint, ""
    )
    told = "Kari found by hand on 2026-03-02 that it passed (evidence/a.png)."
    assert judged(None, CREATE, manual={CREATE: [record]}) == ("passed", told)
    assert judged("passed", CREATE, manual={CREATE: [record]}) == ("passed", f"The only scenario passed. {told}")
    assert judged("failed", CREATE, manual={CREATE: [record]})[0] == "failed"
    assert judged("passed", CREATE, manual={CREATE: [record, replace(record, outcome="failed")]})[0] == "failed"


def test_a_record_by_hand_counts_for_what_it_was_made_for(checklist: Checklist, tmp_path: Path) -> None:
    evidence = tmp_path / "evidence" / "screen.txt"
    evidence.parent.mkdir()
    evidence.write_text("one company, K-100")
    path = tmp_path / "manual.toml"
    made = by_hand.record(path, tmp_path, checklist, CREATE, "passed", "Kari", "Seen.", evidence, "ERP 4.2", TODAY)
    assert by_hand.load(path) == (made,)
    assert (made.evidence, made.sha256) == ("evidence/screen.txt", sha256(b"one company, K-100").hexdigest())
    assert made.trouble(tmp_path, checklist, ["", "ERP 4.2"]) == ""
    assert made.trouble(tmp_path, checklist, ["", "ERP 4.3"]) == "it was recorded for ERP 4.2"
    other = replace(made, fingerprint="0" * 64)
    assert other.trouble(tmp_path, checklist, ["", "ERP 4.2"]) == "the statement has changed since it was recorded"
    evidence.write_text("two companies")
    assert made.trouble(tmp_path, checklist, ["", "ERP 4.2"]) == "its evidence evidence/screen.txt is not what it was"


def test_what_cannot_be_recorded_by_hand(checklist: Checklist, tmp_path: Path) -> None:
    def record(item: str, evidence: Path) -> None:
        by_hand.record(tmp_path / "m.toml", tmp_path / "p", checklist, item, "passed", "Kari", "", evidence, "", TODAY)

    with pytest.raises(ManualError, match="no item is called 'a/b'"):
        record("a/b", tmp_path / "p" / "x")
    with pytest.raises(ManualError, match="lies outside the project"):
        record(CREATE, tmp_path / "x")
    with pytest.raises(ManualError, match="there is no file x"):
        record(CREATE, tmp_path / "p" / "x")
    assert not (tmp_path / "m.toml").exists()


def test_mistakes_in_the_file_are_told_all_at_once(checklist: Checklist, tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text(
        '[[waiver]]\nitem = "x/y"\nreason = "R"\nrisk = ""\nexpires = 2026-01-01T00:00:00Z\nextra = 1\n'
        '[[quarantine]]\nscenario = "a/b/c"\n[other]\n'
    )
    with pytest.raises(WaiversError) as found:
        Waivers.load(path, checklist)
    assert list(found.value.defects) == [
        "'other' is no part of it; write [[waiver]] or [[quarantine]]",
        "waiver 1: 'extra' is no key of it; remove it",
        "waiver 1: 'risk' must be a text; write risk = \"...\"",
        "waiver 1: no item is called 'x/y'; `counterpart checklist items` has them",
        "waiver 1: 'expires' must be a day; write expires = 2027-01-31",
        "quarantine 1: 'reason' must be a text; write reason = \"...\"",
    ]
    assert Waivers.load(tmp_path / "none.toml", checklist) == Waivers({}, {})


def test_a_waiver_is_written_with_its_seal_and_replaced_by_the_next(checklist: Checklist, tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text('# Kept.\n[[quarantine]]\nscenario = "a/b/c"\nreason = "R"\nowner = "Ola"\nexpires = 2026-04-01\n')
    waiver = Waiver(EDIT, 'The "ERP" goes.', "Late.", "Ola", date(2026, 5, 31), None)
    approved = replace(waiver, approved=Approval("Kari", TODAY, "Controller", "Agreed.", waiver.seal))
    for made in (waiver, approved):
        write_waiver(path, checklist, (), made)
        loaded = Waivers.load(path, checklist)
        assert loaded.waivers == {EDIT: made}
        assert list(loaded.quarantined) == ["a/b/c"]
    assert approved.trouble(TODAY) == ""
    assert path.read_text().startswith("# Kept.\n")
    before = path.read_bytes()
    with pytest.raises(WaiversError, match="no item is called 'x/y'"):
        write_waiver(path, checklist, (), replace(waiver, item="x/y"))
    assert path.read_bytes() == before
