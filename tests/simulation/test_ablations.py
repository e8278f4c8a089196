"""Each rule that is taken away is missed: the laws of the simulation can fail, and fail for nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from ablations import RULES, Rule, without
from explore import play
from scene import Plan

# Where to look first, so that the search is short; a change of whatever decides chance only makes it longer.
HINTS = {
    "an older look does not replace a newer one (R2)": 7,
    "the shadow takes what came back, not what was wanted (R4)": 8,
    "a pair that does not agree is recorded as divergent": 8,
    "the cursor is the time at which the walk began, less a margin": 2,
    "archived items count as seen": 17,
    "the cursor moves when all is read": 4,
    "pages are read in an order that no edit changes": 14,
    "a name is no key": 11,
    "where two records meet, an empty value does not beat a filled one": 4,
    "an intent keeps what it writes": 5,
    "a lost answer is asked for under its key": 25,
    "archiving an item and creating it again are one write": 21,
    "Customerp is written on condition of its version": 4,
    "a write whose answer was lost is in the history": 4,
    "a record is woken by the one that it waits for": 28,
    "a record that always fails costs eight calls": 12,
    "429 is no failure of the record": 12,
    "what a list does not show is deleted only if reading says so, too": 4,
    "many that are missing at once are not taken for deleted": 12,
    "a merge is no delete": 4,
    "an old list brings no deleted record back": 2,
}

TABLE = Path(__file__).parents[2] / "docs" / "simulation.md"


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_history_fails_without_the_rule_and_not_with_it(rule: Rule) -> None:
    for seed in (HINTS.get(rule.name, 0), *range(150)):
        plan = rule.setting.sharpen(Plan.of(seed))
        with without(rule.name, rule.setting):
            violation = play(plan).violation
        if violation is not None:
            break
    assert violation is not None
    assert violation.invariant != "an exception"
    with without(None, rule.setting):
        assert play(plan).violation is None


def test_the_table_of_the_manual_names_each_rule_with_its_setting() -> None:
    rows = [line.strip("| ").split(" | ") for line in TABLE.read_text(encoding="utf-8").splitlines()]
    assert [row[:2] for row in rows if len(row) == 4 and row[3][:1].isdecimal()] == [
        [rule.name, rule.setting.name] for rule in RULES.values()
    ]
