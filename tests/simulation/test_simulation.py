"""A sample of the simulation; `python tests/simulation --seeds 1000` plays more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ablations import RULES, without
from canonical import CANONICAL
from explore import Coverage, Points, calm, every_crash, play, shortest, sites_of, sweep
from gherkin.parser import Parser
from memory import Memory
from people import Event
from scene import Plan
from telling import feature, story

# Few deeds, but each kind of write: creates on three flows, a coupon, a whole list, an update of either side.
SMALL = Plan(
    7,
    (
        Event(0.0, "erp creates a customer", 1, 1),
        Event(0.0, "erp creates a product", 1, 1),
        Event(0.0, "erp creates an order", 1, 1),
        Event(12.0, "erp edits a customer", 0, 1),
        Event(13.0, "invoiced edits a customer", 0, 2),
        Event(14.0, "erp edits an order's lines", 0, 8),
        Event(15.0, "erp edits a product", 0, 7),
        Event(16.0, "invoiced edits an invoice", 0, 0),
    ),
    length=30.0,
    in_flight=2,
)


@pytest.mark.parametrize("first", range(0, 40, 20))
def test_no_history_breaks_an_invariant(first: int) -> None:
    failed = [story(plan) for plan in map(Plan.of, range(first, first + 20)) if play(plan).violation]
    assert failed == []


def test_a_process_may_end_at_every_await_and_around_every_commit() -> None:
    points = Points()
    points.enumerated(play(calm(SMALL)))
    failed = []
    for plan in every_crash(SMALL):
        outcome = play(plan)
        points.add(plan, outcome)
        failed += [story(plan)] if outcome.violation else []
    assert failed == []
    assert points.known == points.forced.total() > 100
    assert set(points.forced) == {"the process ended at an await", "the process ended around a commit"}


@pytest.mark.parametrize("name", CANONICAL)
def test_the_canonical_histories_stand_the_end_of_their_process(name: str) -> None:
    """At one point of twelve; `simulate` forces them all."""
    points = list(every_crash(CANONICAL[name]))
    outcomes = [(plan, play(plan)) for plan in points[::12]]
    assert [story(plan) for plan, outcome in outcomes if outcome.violation] == []
    assert all(plan.crashes == {*outcome.crashes} for plan, outcome in outcomes)


def test_each_site_of_a_history_is_forced_and_a_play_of_it_can_be_repeated() -> None:
    swept, coverage = sweep(SMALL), Coverage()
    coverage.add(swept)
    assert [story(plan) for plan, outcome in swept.plays if outcome.violation] == []
    assert swept.known == swept.forced
    assert coverage.exhausted == 1
    assert {site.split()[0] for site in swept.known} >= {"await", "arrive", "deliver", "before", "after"}
    assert any(
        "_change:" in site and "(customer-company writing with update in invoiced)" in site for site in swept.known
    )
    plan, outcome = swept.plays[0]
    assert len(outcome.crashes) > 1
    assert play(plan).hash == outcome.hash


def test_the_same_seed_gives_the_same_trace() -> None:
    assert [play(Plan.of(seed)).hash for seed in (3, 5)] == [play(Plan.of(seed)).hash for seed in (3, 5)]
    assert play(Plan.of(3)).hash != play(replace(Plan.of(3), seed=5)).hash


TWICE = "a create is looked up, repeated under its key, and its number is unique"


def test_a_create_that_is_neither_looked_up_nor_known_by_its_key_or_number_makes_two() -> None:
    with without(TWICE):
        violation = play(Plan.of(5)).violation
    assert violation is not None
    assert violation.invariant == "I6"


def test_an_intent_without_its_values_takes_our_own_write_for_an_edit() -> None:
    rule = "an intent keeps what it writes"
    plan = RULES[rule].setting.sharpen(Plan.of(25))
    with without(None, RULES[rule].setting):
        assert play(plan).violation is None
    with without(rule, RULES[rule].setting):
        violation = play(plan).violation
    assert violation is not None
    assert violation.invariant == "I5"
    assert "name: the sync overwrote 'spoilt-82@x.example' with 'raced-78@x.example'" in violation.what


LATE = "a write whose answer was lost is in the history"


def test_a_write_that_the_history_does_not_tell_is_missed_when_it_is_played_again() -> None:
    with without(LATE):
        violation = play(Plan.of(5)).violation
    assert violation is not None
    assert violation.invariant == "I8"
    assert "history ends with None" in violation.what


def test_the_shadow_takes_what_was_sent_where_the_source_moves_during_the_call() -> None:
    rule = "the shadow takes what was sent from, not what the source says by now (R3)"
    setting = RULES[rule].setting
    plan = setting.sharpen(Plan.of(2))
    with without(None, setting):
        assert play(plan).violation is None
    with without(rule, setting):
        violation = play(plan).violation
    assert violation is not None
    assert violation.invariant == "I1"


def test_an_address_that_nobody_has_meant_is_seen() -> None:
    rule = "an address, a price change as one"
    plan = RULES[rule].setting.sharpen(Plan.of(2))
    assert play(plan).violation is None
    with without(rule):
        violation = play(plan).violation
    assert violation is not None
    assert "which nobody has meant" in violation.what


def test_a_failing_history_is_shortened_to_what_it_takes() -> None:
    with without(TWICE):
        short = shortest(Plan.of(5), "I6", most=120)
        told, worded = story(short), feature(short)
    assert len(short.events) < len(Plan.of(5).events) / 2
    assert len(short.faults) + len(short.crashes) <= 2
    assert "a second time" in told
    assert worded.startswith("Feature: Histories that the simulation found\n")
    assert "  Scenario: seed 5 keeps I6\n    Given people work for " in worded


def test_a_point_is_found_again_in_what_is_left_of_its_history() -> None:
    with without(LATE):
        plan = next(plan for plan in every_crash(SMALL) if play(plan).violation)
        short = shortest(plan, "I8", most=60)
        [before], [after] = plan.crashes, short.crashes
        worded = feature(short)
    assert len(short.events) < len(SMALL.events)
    assert sites_of(short)[after - 1] == sites_of(plan)[before - 1]
    [child] = Parser().parse(worded)["feature"]["children"]
    steps = [f"{step['keyword']}{step['text']}" for step in child["scenario"]["steps"]]
    assert steps[0] == "Given people work for 30 seconds, and the sync has at most 2 calls in flight"
    assert steps[1].startswith("And at 0.00 s erp creates a ")
    assert steps[-3] == f"And the sync ends at point {after} and starts again"
    assert f"      # {sites_of(short)[after - 1]}" in worded
    assert "      # somebody customerp POST /" in worded


def test_what_is_remembered_is_what_the_system_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    remembered = 0

    def recall(self: Memory, path: str, query: str, ask: Callable[[], Any]) -> Any:
        nonlocal remembered
        asked: list[Any] = []

        def asking() -> Any:
            asked.append(ask())
            return asked[0]

        told = known(self, path, query, asking)
        remembered += not asked
        assert told == ask(), path
        return told

    known = Memory.recall
    monkeypatch.setattr(Memory, "recall", recall)
    assert [play(Plan.of(seed)).violation for seed in range(10)] == [None] * 10
    assert remembered > 1000
