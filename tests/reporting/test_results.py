"""The file from which every report is made: what is written is read again, and nothing else is taken for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from counterpart.reporting import NoResults, Problem, Results, ResultsError, RunFacts, TornResults, VoidResults
from counterpart.reporting.results import void


@pytest.fixture
def results(scenario: Callable[..., Any], facts: Callable[..., RunFacts]) -> Results:
    tests = (scenario("order-invoice/create"), scenario("order-invoice/create", "many", "two-pages", outcome="failed"))
    return Results(facts(lint=("a warning",)), tests, (Problem("interrupted", "KeyboardInterrupt"),))


def test_what_is_written_is_read_again(tmp_path: Path, results: Results) -> None:
    results.save(tmp_path / "results.json")
    assert Results.load(tmp_path / "results.json") == results


def test_a_run_that_began_takes_the_results_of_the_last_one_back(tmp_path: Path, results: Results) -> None:
    path = tmp_path / "results.json"
    results.save(path)
    void(path)
    with pytest.raises(VoidResults, match="a run was begun and has not come to its end"):
        Results.load(path)


def test_no_file_is_no_results(tmp_path: Path) -> None:
    with pytest.raises(NoResults, match=r"there are no results\. Run the checklist"):
        Results.load(tmp_path / "results.json")


def changed(results: Results, place: str, value: object) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(results.to_dict()))
    *parents, last = place.split("/")
    node: Any = data
    for each in parents:
        node = node[int(each) if isinstance(node, list) else each]
    node[last] = value
    return data


@pytest.mark.parametrize(
    ("place", "value", "cause"),
    [
        ("schema", "counterpart-results/9", "it is of the format 'counterpart-results/9'"),
        ("schema", None, "at schema:"),
        ("tests/0/outcome", "splendid", "at tests/0/outcome:"),
        ("tests/0/outcome", "failed", "its counts are not those of its tests"),
        ("tests/0/evidence", None, "at tests/0/evidence:"),
        ("tests/1/node_id", "features/order-invoice/create.feature::alone", "the same test more than once"),
        ("facts/dirty", "no", "at facts/dirty:"),
        ("facts/exit_status", "0", "at facts/exit_status:"),
        ("facts/surprise", 1, "surprise"),
    ],
)
def test_what_is_no_results_says_where(results: Results, place: str, value: object, cause: str) -> None:
    with pytest.raises(TornResults) as refused:
        Results.from_dict(changed(results, place, value), Path("results.json"))
    assert cause in refused.value.cause


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"schema": "counterpart-results/1"}', "[" * 100_000])
def test_a_torn_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(text, "utf-8")
    with pytest.raises(ResultsError):
        Results.load(path)
