"""What a run has shown in a few lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from counterpart.checklist import Checklist, Supplement, Verdict, judge
from counterpart.reporting import Places, Results, brief, markdown
from counterpart.reporting.results import Problem

Make = Callable[..., Any]


@pytest.fixture
def told(checklist: Checklist, supplement: Supplement, scenario: Make, facts: Make) -> Make:
    """Results of these tests with their judgement."""

    def make(*tests: Any, problems: tuple[Problem, ...] = ()) -> tuple[Results, Any]:
        results = Results(facts(exit_status=1), tests, problems)
        return results, judge(checklist, supplement, results.ran, results.facts)

    return make


def test_ten_lines_at_most_each_within_its_width(
    told: Make, scenario: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    failed = [
        scenario("order-invoice/create", f"s{n}", outcome="failed", cause="sync is wrong", message=f"{n} is wrong\nx")
        for n in range(7)
    ]
    lines = brief(
        *told(*failed, problems=(Problem("interrupted", "a\x1b[2J" + "b" * 200),)), Places.below(tmp_path), 60
    )
    assert lines == [
        "Of 15 items, 1 failed, 11 were not run and 3 are open.",
        "7 tests: 7 failed.",
        f"interrupted: a [2J{'b' * 41}…",
        "  order-invoice/create/s0: sync is wrong: 0 is wrong",
        "  order-invoice/create/s1: sync is wrong: 1 is wrong",
        "  order-invoice/create/s2: sync is wrong: 2 is wrong",
        "  order-invoice/create/s3: sync is wrong: 3 is wrong",
        "  and 3 more",
        "Reports: signoff/index.html, results.json, junit.xml",
    ]


def test_what_blocks_most_items_is_told(told: Make, tmp_path: Path) -> None:
    results, judgement = told()
    items = tuple(replace(each, verdict=Verdict.BLOCKED, reason="No connector for B.") for each in judgement.items[:4])
    other = replace(items[0], reason="Nobody has said what applies.")
    lines = brief(results, replace(judgement, items=(*items, other)), Places.below(tmp_path), 60)
    assert lines[2] == "4 of 5 blocked: No connector for B."


def test_a_path_is_whole_or_not_there(told: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    places = Places.below(Path("a-folder-with-a-rather-long-name"))
    page, results = (f"{places.out}/{name}" for name in ("signoff/index.html", "results.json"))
    assert [brief(*told(), places, width)[-1] for width in (106, 107, 20)] == [
        f"Reports: {page}",
        f"Reports: {page}, {results}",
        "Reports: a-folder-w…",
    ]


def test_the_page_for_ci_sorts_failures_by_who_has_to_look(told: Make, scenario: Make) -> None:
    page = markdown(
        *told(
            scenario("order-invoice/create", "a", outcome="failed", cause="harness is broken", message="no luck"),
            scenario("order-invoice/create", "b", outcome="failed", cause="sync is wrong", message="1 is 2"),
            scenario("order-invoice/create", "c", outcome="flaky", message="Passed in try 2 only."),
        )
    )
    assert page.partition("\n\n### ")[2] == (
        "Sync is wrong (1)\n\n- `order-invoice/create/b`: 1 is 2\n"
        "\n### Harness is broken (1)\n\n- `order-invoice/create/a`: no luck\n"
        "\n### Passed only when run again (1)\n\n- `order-invoice/create/c`: Passed in try 2 only.\n"
    )
    assert "| order-invoice/create | ❌ failed | 0 of 3 | emulator recording |" in page


@pytest.mark.parametrize("hostile", ["a | b", "<script>x</script>", "[x](http://e)", "`x`", "# h\n| a |", "![i](u)"])
def test_text_from_outside_becomes_no_markup(told: Make, scenario: Make, hostile: str) -> None:
    test = scenario("order-invoice/create", "a", outcome="failed", cause="sync is wrong", message=hostile)
    [line] = [line for line in markdown(*told(test)).splitlines() if line.startswith("- ")]
    told_as = line.partition(": ")[2]
    unescaped = [
        sign for place, sign in enumerate(told_as) if sign in "|<>[]`#" and (place == 0 or told_as[place - 1] != "\\")
    ]
    assert unescaped == []
