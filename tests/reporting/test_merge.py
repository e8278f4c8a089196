"""Shards and reruns, joined, say what one run would have said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from counterpart.reporting import Results, RunFacts, ScenarioResult, UnlikeResults
from counterpart.reporting.events import Attempt
from counterpart.reporting.merge import merge, missing
from counterpart.reporting.results import in_order

Make = Callable[..., Any]
NAMES = ("one", "two", "three")


@pytest.fixture
def part(scenario: Make, facts: Make) -> Callable[..., Results]:
    """A part of a run of three scenarios, with the outcome of those that it has run."""

    def make(minute: int = 0, exit_status: int = 0, **outcomes: str) -> Results:
        tests = [
            scenario("order-invoice/create", name, outcome=outcomes.get(name, "not run"), message=f"in minute {minute}")
            for name in NAMES
        ]
        ran = sum(1 for name in NAMES if name in outcomes)
        started, finished = f"2026-03-02T08:{minute:02}:00+00:00", f"2026-03-02T08:{minute:02}:07+00:00"
        told = facts(
            started=started, finished=finished, exit_status=exit_status, partial=ran < 3, selected=ran, total=3
        )
        return Results(told, in_order(tests))

    return make


def merged(*parts: Results) -> Results:
    return merge([(Path(f"part-{number}.json"), each) for number, each in enumerate(parts, 1)])


def outcomes(results: Results) -> dict[str, str]:
    return {each.id: each.outcome for each in results.tests}


def test_shards_are_one_run(part: Callable[..., Results]) -> None:
    whole = part(one="passed", two="passed", three="passed")
    shards = [part(one="passed"), part(two="passed"), part(three="passed")]
    assert merged(*shards) == whole
    assert merged(*reversed(shards)) == whole


def test_a_missing_shard_is_seen(part: Callable[..., Results]) -> None:
    found = merged(part(one="passed"), part(three="passed"))
    assert missing(found) == ("order-invoice/create/two",)
    assert found.facts.partial
    assert found.facts.selected == 2


def test_a_rerun_that_passes_makes_flaky_as_in_one_run(part: Callable[..., Results]) -> None:
    first = part(0, 1, one="passed", two="failed", three="passed")
    found = merged(part(1, 0, two="passed"), first)
    two = found.tests[2]
    assert outcomes(found) == {"one": "passed", "three": "passed", "two": "flaky"}
    assert two.attempts == (Attempt("failed", "in minute 0", 0.04),)
    assert two.message == "Passed in try 2 only."
    assert (found.facts.exit_status, found.facts.partial) == (0, False)
    assert (found.facts.started, found.facts.finished) == ("2026-03-02T08:00:00+00:00", "2026-03-02T08:01:07+00:00")


def test_a_rerun_that_fails_again_fails(part: Callable[..., Results]) -> None:
    found = merged(part(0, 1, one="passed", two="failed", three="passed"), part(1, 1, two="failed"))
    assert outcomes(found)["two"] == "failed"
    assert found.facts.exit_status == 1


@pytest.mark.parametrize(("status", "merged_status"), [(2, 2), (3, 3), (5, 0), (1, 1)])
def test_a_part_that_did_not_end_well_is_not_forgotten(
    part: Callable[..., Results], status: int, merged_status: int
) -> None:
    """5 is a part without tests, and 1 without a failed test means that something else failed."""
    assert merged(part(one="passed", two="passed", three="passed"), part(1, status)).facts.exit_status == merged_status


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"revision": "f" * 40}, "its revision is fff"),
        ({"dirty": True}, "its dirty is True, and that of part-1.json is False"),
        ({"contracts": {}}, "its contracts is {}"),
        ({"inputs": {"features": "b"}}, "its inputs is"),
        ({"artifact": "sha256:1"}, "its artifact is sha256:1"),
        ({"versions": {"pytest": "1"}}, "other versions of counterpart, pytest, python than part-1.json"),
    ],
)
def test_parts_of_different_runs_are_refused(part: Callable[..., Results], changed: dict[str, Any], cause: str) -> None:
    one, other = part(one="passed"), part(two="passed")
    with pytest.raises(UnlikeResults) as refused:
        merged(one, replace(other, facts=replace(other.facts, **changed)))
    assert cause in refused.value.cause


def test_parts_that_know_other_scenarios_are_refused(part: Callable[..., Results]) -> None:
    one, other = part(one="passed"), part(two="passed")
    with pytest.raises(UnlikeResults, match=r"it knows other scenarios than part-1\.json: features/order-invoice/"):
        merged(one, replace(other, tests=other.tests[:2]))


def test_facts_of_the_system_may_differ(part: Callable[..., Results], facts: Callable[..., RunFacts]) -> None:
    one, other = part(one="passed"), part(two="passed")
    versions = {**one.facts.versions, "system": "another machine"}
    assert missing(merged(one, replace(other, facts=replace(other.facts, versions=versions)))) == (
        "order-invoice/create/three",
    )


def test_a_test_that_passed_in_two_parts_passed(part: Callable[..., Results]) -> None:
    found: tuple[ScenarioResult, ...] = merged(part(one="passed"), part(1, one="passed")).tests
    assert (found[0].outcome, found[0].attempts) == ("passed", ())
