"""From what pytest reports of phases and tries to one ending a test."""

from __future__ import annotations

from dataclasses import replace

import pytest

from counterpart.reporting.events import Attempt, Outcome, ScenarioResult
from counterpart.tally import Tally

EMPTY = Tally({}, "emulator recording")
HERE = replace(EMPTY.unknown("a.feature::one", "not run", "not chosen"), kind="scenario")


def phase(outcome: Outcome, message: str = "") -> ScenarioResult:
    return replace(HERE, outcome=outcome, message=message)


@pytest.fixture
def tally() -> Tally:
    return Tally({HERE.node_id: HERE}, "emulator recording")


def ended(tally: Tally) -> tuple[Outcome, str, tuple[Attempt, ...]]:
    [test] = tally.close("It was interrupted.")
    return test.outcome, test.message, test.attempts


def test_what_nobody_has_run_is_not_lost(tally: Tally) -> None:
    assert tally.partial
    assert ended(tally) == ("not run", "not chosen", ())


@pytest.mark.parametrize(
    ("phases", "outcome", "message"),
    [
        ([phase("passed")], "passed", ""),
        ([phase("passed"), phase("error", "teardown broke")], "error", "teardown broke"),
        ([phase("failed", "1 is 2"), phase("error", "teardown broke")], "failed", "1 is 2\n\nteardown broke"),
        ([phase("skipped", "not today"), phase("error", "teardown broke")], "error", "not today\n\nteardown broke"),
        ([phase("xfailed", "known")], "xfailed", "known"),
    ],
)
def test_the_first_trouble_of_a_try_is_its_ending(
    tally: Tally, phases: list[ScenarioResult], outcome: str, message: str
) -> None:
    for each in phases:
        tally.take(each)
    assert ended(tally) == (outcome, message, ())


def test_a_pass_after_a_failed_try_is_flaky(tally: Tally) -> None:
    tally.again(phase("failed", "first"), 0)
    tally.again(phase("error", "first teardown"), 0)
    tally.again(phase("failed", "second"), 1)
    tally.take(phase("passed"))
    tries = (Attempt("failed", "first", 0.0), Attempt("failed", "second", 0.0))
    assert ended(tally) == ("flaky", "Passed in try 3 only.", tries)


def test_a_failure_after_a_failed_try_is_a_failure(tally: Tally) -> None:
    tally.again(phase("failed", "first"), 0)
    tally.take(phase("failed", "second"))
    assert ended(tally) == ("failed", "second", (Attempt("failed", "first", 0.0),))


def test_a_test_that_never_ended_is_an_error(tally: Tally) -> None:
    tally.begin(HERE.node_id)
    assert ended(tally) == ("error", "It was interrupted.", ())


def test_a_process_that_died_leaves_the_identity_of_its_test(tally: Tally) -> None:
    tally.take(tally.lost(HERE.node_id, "worker 'gw0' crashed"))
    [test] = tally.close("")
    assert (test.outcome, test.cause, test.kind) == ("error", "harness is broken", "scenario")
