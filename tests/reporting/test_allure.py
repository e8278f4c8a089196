"""What Allure gets to read, shown by a small run of pytest-bdd with the bridge in it."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from counterpart.reporting import relative, transcript

FEATURE = """\
@shop-till/create
Feature: Things are counted
  What this is good for.

  Background:
    Given a till

  @id:row
  Scenario Outline: <case> of things
    When <count> are put in
    Then it holds <count>

    Examples:
      | case | count |
      | one  | 1     |
      | two  | 2     |

  @id:plain
  Scenario Outline: Rows whose title names no column
    Then it holds <count>

    Examples:
      | case  | count |
      | three | 0     |

  @id:tables @severity:critical @severity:huge @owner:Ann @issue:QA-12
  Scenario: Tables
    When these are put in
      | property | value |
      | colour   | red   |
    And as a list
      | a | b | c |
      | 1 | 2 | 3 |

  @id:fails
  Scenario: A step that fails
    Then it holds 7
    And it holds 0

  @id:breaks
  Scenario: A step that breaks
    Then it breaks
    And it holds 0

  @id:skips
  Scenario: A step that skips
    Then it is skipped
    And it holds 0
"""
CONFTEST = """
from dataclasses import dataclass
from pathlib import Path
import pytest
from pytest_bdd import given, parsers, then, when
from counterpart.reporting import AllureBridge, Evidence, ScenarioResult

BRIDGE = AllureBridge(Path(__file__).parent)

@dataclass
class Exchange:
    step: int = 2
    actor: str = "sync"
    method: str = "PATCH"
    url: str = "https://invoiced.emulator.example/items/1"
    request_text: str = '{"unit_cost": 1.10}'
    status: int = 200
    response_text: str = "plain"

def pytest_bdd_before_scenario(request, feature, scenario):
    BRIDGE.before_scenario(request.node, feature, scenario)
    request.node.scenario = scenario

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call":
        tags = tuple(sorted(item.scenario.tags))
        BRIDGE.settle(ScenarioResult(
            item.nodeid, "things.feature", next(tag[3:] for tag in tags if tag.startswith("id:")), item.scenario.name,
            item.name.partition("[")[2].rstrip("]") or None, tags, ("shop-till/create", "shop-till/other"), (),
            report.outcome, "", (), Evidence(None, None, 0, ""), "emulator run", 0.0,
        ))
    return report

def pytest_bdd_apply_tag(tag):
    return True
def pytest_bdd_before_step(step):
    BRIDGE.before_step(step)
def pytest_bdd_after_step():
    BRIDGE.after_step()
def pytest_bdd_step_error(exception):
    BRIDGE.step_error(exception)
def pytest_bdd_after_scenario():
    BRIDGE.after_scenario([Exchange()])

@given("a till", target_fixture="till")
def till(): return []
@when(parsers.parse("{count:d} are put in"))
def put(till, count): till.extend(range(count))
@when("these are put in")
@when("as a list")
def these(till, datatable): pass
@then(parsers.parse("it holds {count:d}"))
def holds(till, count): assert len(till) == count, f"the till holds {len(till)}, see {__file__}"
@then("it breaks")
def breaks(): raise RuntimeError("no \\udc80 luck")
@then("it is skipped")
def skipped(): pytest.skip("not today")
"""

LINKS = "--allure-link-pattern=issue:https://tracker.example/{}"


@dataclass(frozen=True)
class Run:
    """The results of a run by their title, and the folder they lie in."""

    results: dict[str, dict[str, Any]]
    folder: Path

    def attachment(self, shown: dict[str, Any]) -> str:
        [attached] = shown["attachments"]
        return (self.folder / attached["source"]).read_text("utf-8")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    root = tmp_path_factory.mktemp("project")
    (root / "things.feature").write_text(FEATURE, "utf-8")
    (root / "conftest.py").write_text(CONFTEST, "utf-8")
    (root / "test_things.py").write_text("from pytest_bdd import scenarios\nscenarios('things.feature')\n", "utf-8")
    (root / "pytest.ini").write_text("[pytest]\n", "utf-8")
    plugins = ["schemathesis", "hypothesispytest", "recording", "cacheprovider", "xdist"]
    off = [word for name in plugins for word in ("-p", f"no:{name}")]
    command = [sys.executable, "-m", "pytest", "-q", "--alluredir=results", LINKS, *off]
    done = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", errors="replace", timeout=60)
    assert done.returncode == 1, done.stdout + done.stderr
    found = [json.loads(path.read_text("utf-8")) for path in (root / "results").glob("*-result.json")]
    return Run({result["name"]: result for result in found}, root / "results")


def _steps(result: dict[str, Any]) -> list[tuple[str, str]]:
    return [(step["name"], step["status"]) for step in result["steps"]]


def test_titles_are_the_gherkins_and_tell_rows_apart(run: Run) -> None:
    assert {name: result["status"] for name, result in run.results.items()} == {
        "one of things": "passed",
        "two of things": "passed",
        "Rows whose title names no column [three-0]": "passed",
        "Tables": "passed",
        "A step that fails": "failed",
        "A step that breaks": "broken",
        "A step that skips": "skipped",
    }


def test_flow_item_and_scenario_are_epic_feature_and_story(run: Run) -> None:
    def labels(name: str) -> list[tuple[str, str]]:
        wanted = ("epic", "feature", "story", "severity", "owner")
        return sorted((each["name"], each["value"]) for each in run.results[name]["labels"] if each["name"] in wanted)

    items = [("epic", "shop-till"), ("feature", "shop-till/create"), ("feature", "shop-till/other")]
    assert labels("one of things") == [*items, ("story", "row")]
    assert labels("Tables") == [*items, ("owner", "Ann"), ("severity", "critical"), ("story", "Tables")]


def test_tags_name_links(run: Run) -> None:
    [link] = run.results["Tables"]["links"]
    assert link == {"type": "issue", "name": "QA-12", "url": "https://tracker.example/QA-12"}


def test_a_result_is_known_by_item_scenario_and_row(run: Run) -> None:
    result = run.results["two of things"]
    assert result["fullName"] == "shop-till/create/row[two-2]"
    assert result["historyId"] == result["testCaseId"]
    assert len({each["historyId"] for each in run.results.values()}) == len(run.results)


def test_steps_and_parameters_are_those_of_the_row(run: Run) -> None:
    result = run.results["two of things"]
    assert _steps(result) == [
        ("Given a till", "passed"),
        ("When 2 are put in", "passed"),
        ("Then it holds 2", "passed"),
    ]
    assert [(each["name"], each["value"]) for each in result["parameters"]] == [("case", "two"), ("count", "2")]
    assert result["description"] == "What this is good for."


def test_tables_belong_to_their_step(run: Run) -> None:
    _, two, three = run.results["Tables"]["steps"]
    assert two["parameters"] == [{"name": "colour", "value": "red"}]
    assert list(csv.reader(run.attachment(three).splitlines())) == [["a", "b", "c"], ["1", "2", "3"]]


@pytest.mark.parametrize(
    ("name", "step", "status"),
    [
        ("A step that fails", "Then it holds 7", "failed"),
        ("A step that breaks", "Then it breaks", "broken"),
        ("A step that skips", "Then it is skipped", "skipped"),
    ],
)
def test_steps_after_the_last_one_are_skipped(run: Run, name: str, step: str, status: str) -> None:
    assert _steps(run.results[name]) == [("Given a till", "passed"), (step, status), ("And it holds 0", "skipped")]


def test_the_exchange_is_attached_as_people_read_it(run: Run) -> None:
    assert run.attachment(run.results["Tables"]) == (
        '=== step 2, sync: PATCH https://invoiced.emulator.example/items/1\n{\n  "unit_cost": 1.10\n}\n--- 200\nplain\n'
    )


def test_no_path_of_this_machine_is_in_any_result(run: Run) -> None:
    root = run.folder.parent
    for path in run.folder.iterdir():
        text = path.read_text("utf-8")
        for place in (str(root), sys.prefix, str(Path.home())):
            assert place not in text, path.name
    assert run.results["A step that fails"]["steps"][1]["statusDetails"]["message"].startswith(
        "the till holds 0, see conftest.py"
    )


def test_no_container_is_written_for_fixtures(run: Run) -> None:
    assert sorted({path.name.rpartition("-")[2] for path in run.folder.iterdir()}) == [
        "attachment.csv",
        "attachment.txt",
        "result.json",
    ]


def test_results_are_whole(run: Run) -> None:
    for result in run.results.values():
        assert {"uuid", "name", "status", "start", "stop", "labels", "steps"} <= result.keys()
        assert result["start"] <= result["stop"]
        assert all(step["start"] <= step["stop"] for step in result["steps"])


def test_paths_become_relative() -> None:
    root = Path("/srv/project")
    text = (
        f"/srv/project/steps/then.py:3: see {sys.prefix}/lib/x.py and https://a.example/srv/project/b, cwd /srv/project"
    )
    assert relative(text, root) == (
        "steps/then.py:3: see <environment>/lib/x.py and https://a.example/srv/project/b, cwd ."
    )


@dataclass(frozen=True)
class Said:
    """An exchange."""

    response_text: str
    step: int | None = None
    actor: str | None = None
    method: str = "GET"
    url: str = "https://x.example/"
    request_text: str = ""
    status: int = 200


def test_a_long_answer_is_cut() -> None:
    text = transcript([Said("x" * 20_005)])
    assert text.startswith("=== outside the steps, unknown: GET https://x.example/\n--- 200\nxxx")
    assert text.endswith("x\n... 5 more characters, to be read in the cassette\n")


def test_numbers_keep_their_digits() -> None:
    assert '"a": 1.10' in transcript([Said('{"a": 1.10, "b": 12345678901234567890.1}')])
    assert '"b": 12345678901234567890.1' in transcript([Said('{"a": 1.10, "b": 12345678901234567890.1}')])
