"""The table that closes a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from counterpart.checklist import Checklist, Supplement
from counterpart.reporting import Places, Results, RunFacts, ScenarioResult, SignOff, build, closing


@pytest.fixture
def run(
    tmp_path: Path,
    checklist: Checklist,
    supplement: Supplement,
    scenario: Callable[..., ScenarioResult],
    facts: Callable[..., RunFacts],
) -> tuple[Results, SignOff]:
    results = [
        *(scenario(f"customer-company/{kind}") for kind in ("create", "link-stable", "properties-unspecified")),
        scenario("customer-company/edit-source", "property", "phone", pairs=(("Invoiced", "phone"),)),
        scenario(
            "customer-company/edit-target",
            "property",
            "phone",
            outcome="failed",
            cause="sync is wrong",
            message="features/customer-company/edit-target.feature:9: Then …\nphone in Customerp is 1, expected 2",
        ),
    ]
    signoff = build(tmp_path, checklist, supplement, results, facts(exit_status=1))
    return Results(signoff.facts, tuple(results)), signoff


def test_the_whole_table(run: tuple[Results, SignOff], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert closing(*run, Places.below(tmp_path / "reports")) == (
        """\
Flow / item               Verdict                 Scenarios  Evidence
───────────────────────────────────────────────────────────────────────────────
customer-company
  create                  ~ passed on assumption        1/1  emulator recording
  link-stable             ~ passed on assumption        1/1  emulator recording
  edit-source             ~ passed on assumption        1/1  emulator recording
  edit-target             ✗ failed                      0/1  emulator recording
  properties-unspecified  ○ open                        1/1  emulator recording
order-invoice
  create                  - not run                    none  none
  link-stable             - not run                    none  none
  edit-source             - not run                    none  none
  edit-target             - not run                    none  none
  properties-unspecified  ○ open                       none  none
product-item
  create                  - not run                    none  none
  link-stable             - not run                    none  none
  edit-source             - not run                    none  none
  edit-target             - not run                    none  none
  properties-unspecified  ○ open                       none  none

The scenarios were replayed from recordings made against our own emulators of
both systems. No answer shown here came from the real service.
All 35 property pairs are suggested and approved by nobody; what rests on them
passes on assumption.

Of 15 items, 1 failed, 8 were not run, 3 passed on assumption and 3 are open.
5 tests: 4 passed, 1 failed.
  customer-company/edit-target/property[phone]: sync is wrong: phone in Custome…
Reports: reports/signoff/index.html, reports/results.json, reports/junit.xml
"""
    )


def test_it_fits_eighty_columns_and_needs_no_colour(run: tuple[Results, SignOff], tmp_path: Path) -> None:
    plain = closing(*run, Places.below(tmp_path))
    assert "\x1b" not in plain
    assert max(map(len, plain.splitlines())) <= 80


def test_colour_adds_nothing_but_colour(run: tuple[Results, SignOff], tmp_path: Path) -> None:
    coloured = closing(*run, Places.below(tmp_path), colour=True)
    assert "\x1b[1;31m✗ failed" in coloured


def test_a_long_name_takes_nothing_from_the_verdict(run: tuple[Results, SignOff], tmp_path: Path) -> None:
    results, signoff = run
    first, *others = signoff.judgement.items
    long = replace(first, item=replace(first.item, short=f"customer-company/property-source/{'a' * 60}>name"))
    judgement = replace(signoff.judgement, items=(long, *others))
    told = closing(results, replace(signoff, judgement=judgement), Places.below(tmp_path))
    assert "✗ failed                      0/1  emulator recording" in told
    assert "~ passed on assumption        1/1  emulator recording" in told
    assert max(map(len, told.splitlines())) <= 80
