"""What Allure reads besides what allure-pytest has written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from counterpart.reporting import RecordSeen, Results
from counterpart.reporting.allure_folder import complete, history_id
from counterpart.reporting.events import Attempt, Difference
from counterpart.reporting.results import Problem

Make = Callable[..., Any]


def written(folder: Path) -> list[dict[str, Any]]:
    found = [json.loads(path.read_text("utf-8")) for path in folder.glob("*-result.json")]
    return sorted(found, key=lambda each: (each["fullName"], each["start"]))


def test_a_test_that_nobody_has_written_is_not_lost(tmp_path: Path, scenario: Make, facts: Make) -> None:
    crashed = scenario(
        "order-invoice/create", outcome="error", cause="harness is broken", message="worker 'gw0' crashed", steps=()
    )
    complete(tmp_path, Results(facts(), (crashed,)))
    [result] = written(tmp_path)
    assert (result["status"], result["statusDetails"]) == (
        "broken",
        {"message": "Harness is broken: worker 'gw0' crashed"},
    )
    assert result["historyId"] == history_id("order-invoice/create/alone")
    assert {"name": "feature", "value": "order-invoice/create"} in result["labels"]


def test_tries_are_retries_of_one_history(tmp_path: Path, scenario: Make, facts: Make) -> None:
    flaky = scenario("order-invoice/create", outcome="flaky", attempts=(Attempt("failed", "1 is 2", 0.1),))
    complete(tmp_path, Results(facts(), (flaky,)))
    first, last = written(tmp_path)
    assert first["historyId"] == last["historyId"]
    assert first["start"] < last["start"]
    assert (first["status"], last["status"], last["statusDetails"]["flaky"]) == ("failed", "passed", True)


def test_a_new_title_and_file_keep_the_history(scenario: Make) -> None:
    one = scenario("order-invoice/create", "many", "two-pages")
    other = scenario("order-invoice/create", "many", "two-pages", title="Anew", node_id="x", feature="y.feature")
    assert one.name == other.name == "order-invoice/create/many[two-pages]"


def test_what_allure_pytest_wrote_is_put_right_in_its_place(tmp_path: Path, scenario: Make, facts: Make) -> None:
    path = tmp_path / "abc-result.json"
    steps = [{"name": "Given a thing", "status": "passed"}]
    path.write_text(json.dumps({"fullName": "order-invoice/create/alone", "start": 5, "steps": steps}), "utf-8")
    complete(tmp_path, Results(facts(), (scenario("order-invoice/create", outcome="failed", message="no"),)))
    [result] = written(tmp_path)
    assert (result["status"], result["steps"]) == ("failed", steps)


def test_both_records_and_the_difference_are_attached(tmp_path: Path, scenario: Make, facts: Make) -> None:
    test = scenario(
        "order-invoice/create",
        outcome="failed",
        difference=Difference("the number of lines", "1\n2", "1\n3"),
        records=(
            RecordSeen("Customerp", "orders", "7", {"notes": "a"}, {"notes": "b", "number": "1"}),
            RecordSeen("Invoiced", "invoices", "8", None, {"notes": "a"}),
        ),
    )
    complete(tmp_path, Results(facts(), (test,)))
    [result] = written(tmp_path)
    texts = {each["name"]: (tmp_path / each["source"]).read_bytes().decode() for each in result["attachments"]}
    assert texts == {
        "Expected and actual": "the number of lines\n(- expected, + actual)\n\n  1\n- 2\n+ 3\n",
        "Both records": "record,property,before,after,\r\n"
        "Customerp orders 7,notes,a,b,changed\r\nCustomerp orders 7,number,,1,changed\r\n"
        "Invoiced invoices 8,notes,,a,\r\n",
    }


def test_what_stands_beside(tmp_path: Path, scenario: Make, facts: Make) -> None:
    ci = {"ci": "GitLab CI", "name": "prove", "number": "42", "url": "https://ci.example/42"}
    told = facts(ci=ci, product="Sync 4.2", artifact="sha256:1", dirty=True)
    complete(tmp_path, Results(told, (), (Problem("interrupted", "KeyboardInterrupt"),)))
    assert json.loads((tmp_path / "executor.json").read_text("utf-8")) == {
        "name": "GitLab CI",
        "type": "gitlab",
        "buildName": "prove #42",
        "buildUrl": "https://ci.example/42",
        "reportName": "Counterpart",
        "buildOrder": 42,
    }
    environment = (tmp_path / "environment.properties").read_text("utf-8")
    assert "Product = Sync 4.2 sha256:1\nRevision = 63aa3b4f00d1 with changes\n" in environment
    categories = json.loads((tmp_path / "categories.json").read_text("utf-8"))
    assert [each["name"] for each in categories] == [
        "Sync is wrong",
        "Recording is stale",
        "Contract is violated",
        "Harness is broken",
    ]
    [problems] = tmp_path.glob("*-globals.json")
    assert json.loads(problems.read_text("utf-8"))["errors"] == [{"message": "interrupted: KeyboardInterrupt"}]


@pytest.mark.parametrize("cause", ["Sync is wrong", "Recording is stale", "Contract is violated", "Harness is broken"])
def test_both_versions_of_allure_sort_by_the_same_words(cause: str) -> None:
    shipped = json.loads((Path(__file__).parents[2] / "allurerc.json").read_text("utf-8"))["categories"]
    [rule] = [each for each in shipped if each["name"] == cause]
    assert rule["messageRegex"] == f"^{cause}: "
