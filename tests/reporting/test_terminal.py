"""The table that closes a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from counterpart.checklist import Checklist, Supplement
from counterpart.reporting import RunFacts, ScenarioResult, SignOff, build, closing_table


@pytest.fixture
def signoff(
    tmp_path: Path,
    checklist: Checklist,
    supplement: Supplement,
    scenario: Callable[..., ScenarioResult],
    facts: Callable[..., RunFacts],
) -> SignOff:
    results = [
        *(scenario(f"customer-company/{kind}") for kind in ("create", "link-stable", "properties-unspecified")),
        scenario("customer-company/edit-source", "property", "phone", pairs=(("Invoiced", "phone"),)),
        scenario("customer-company/edit-target", "property", "phone", outcome="failed"),
    ]
    return build(tmp_path, checklist, supplement, results, facts(exit_status=1))


def test_the_whole_table(signoff: SignOff, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert closing_table(signoff, tmp_path / "reports") == (
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

Of 15 items, 1 failed, 8 were not run, 3 passed on assumption and 3 are open.
The scenarios were replayed from recordings made against our own emulators of
both systems. No answer shown here came from the real service.
All 35 property pairs are suggested and approved by nobody; what rests on them
passes on assumption.
Reports: reports/signoff/index.html (signoff.json beside it), reports/junit.xml,
         reports/allure-results
"""
    )


def test_it_fits_eighty_columns_and_needs_no_colour(signoff: SignOff, tmp_path: Path) -> None:
    plain = closing_table(signoff, tmp_path)
    assert "\x1b" not in plain
    assert max(len(line) for line in plain.splitlines() if "eports" not in line and "allure" not in line) <= 80


def test_colour_adds_nothing_but_colour(signoff: SignOff, tmp_path: Path) -> None:
    coloured = closing_table(signoff, tmp_path, colour=True)
    assert "\x1b[1;31m✗ failed" in coloured
