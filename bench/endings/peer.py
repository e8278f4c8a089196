"""The standard stack over the same ways: pytest-bdd, pytest's JUnit file and allure-pytest, without Counterpart."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ways import FUZZ, PLAIN, STEPS, WAYS, Way, feature

# Steps that compare by themselves, as there is no scene.
SCENE = """
import pytest


@pytest.fixture
def scene():
    class Scene:
        def equal(self, actual, expected, what):
            assert actual == expected, f"{what} is {actual}, expected {expected}"
    return Scene()
"""
ROWS = """
Feature: Rows

  Scenario Outline: Row of <count>
    Given nothing
    Then it holds

    Examples:
      | count |
      | 1     |
      | 1     |
"""
BOUND = "from pytest_bdd import scenarios\nscenarios('ways.feature')\n"
Told = dict[str, list[str]]


def run(folder: Path, files: dict[str, str], *arguments: str) -> str:
    """Run plain pytest in a folder of its own; returns its output."""
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
    off = [word for name in ("recording", "cacheprovider", "faker", "anyio") for word in ("-p", f"no:{name}")]
    reports = ["--junitxml=junit.xml", "--alluredir=allure", "-v"]
    command = [sys.executable, "-m", "pytest", *off, *reports, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False).stdout


def ways(folder: Path) -> dict[str, bool]:
    """By way to end, whether terminal, JUnit and Allure's results all tell its ending, and each test once."""
    found: dict[str, bool] = {}
    named = {_bound(way.name): way.ending for way in WAYS}
    out = run(
        _new(folder, "together"),
        {"conftest.py": SCENE + STEPS, "ways.feature": feature(WAYS), "test_ways.py": BOUND},
        "-W",
        "error:loud:UserWarning",
    )
    alike = _alike(folder / "together", out, named)
    found |= {way.name: alike[_bound(way.name)] for way in WAYS}
    out = run(_new(folder, "python"), {"test_plain.py": PLAIN, "test_fuzz.py": FUZZ})
    plain = {"test_holds": "passed", "test_does_not_hold": "failed"}
    found["plain test"] = all(_alike(folder / "python", out, plain).values())
    fuzz = {"test_fuzz[GET /good]": "passed", "test_fuzz[GET /bad]": "failed"}
    found["fuzz test"] = all(_alike(folder / "python", out, fuzz).values())
    crash = (Way("crash", "error", "the process dies"), Way("pass", "passed"))
    out = run(_new(folder, "crash"), _files(crash), "-n", "1")
    found["worker crash"] = all(_alike(folder / "crash", out, {"test_crash": "error", "test_pass": "passed"}).values())
    stopped = (Way("pass", "passed"), Way("stopped", "error", "somebody stops it"), Way("rest", "not run"))
    out = run(_new(folder, "stopped"), _files(stopped))
    endings = {"test_pass": "passed", "test_stopped": "error", "test_rest": "not run"}
    found["interrupt"] = all(_alike(folder / "stopped", out, endings).values())
    out = run(_new(folder, "broken"), {"test_broken.py": "import nothing_of_this_name\n"})
    found["collection error"] = all(_alike(folder / "broken", out, {"test_broken": "error"}).values())
    two = (Way("one", "passed"), Way("other", "not run"))
    out = run(_new(folder, "chosen"), _files(two), "-k", "one")
    found["deselected"] = all(_alike(folder / "chosen", out, {"test_one": "passed", "test_other": "not run"}).values())
    run(_new(folder, "rows"), {"conftest.py": SCENE + STEPS, "ways.feature": ROWS, "test_ways.py": BOUND})
    # Allure takes results of one history for tries of one test.
    histories = {each.get("historyId") for each in _results(folder / "rows")}
    found["equal outline rows"] = len(histories) == 2
    return found


def _files(chosen: tuple[Way, ...]) -> dict[str, str]:
    return {"conftest.py": SCENE + STEPS, "ways.feature": feature(chosen), "test_ways.py": BOUND}


def _new(folder: Path, name: str) -> Path:
    place = folder / name
    place.mkdir()
    return place


def _bound(name: str) -> str:
    # As pytest-bdd names tests.
    return "test_" + re.sub(r"\W", "", name)


def _alike(folder: Path, out: str, endings: dict[str, str]) -> dict[str, bool]:
    told = (_terminal(out), _junit(folder), _allure(folder))
    return {name: all(each.get(name, []) == [ending] for each in told) for name, ending in endings.items()}


def _terminal(out: str) -> Told:
    """What the lines of the running tests say, a try after the other."""
    words = "PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS|RERUN"
    found: Told = defaultdict(list)
    pattern = rf"^(?:\S+ )?(?:\[gw\d\] .*?({words}) )?(\S+?::[^\s\[]+(?:\[.*?\])?)(?: ({words}))?"
    lines = re.findall(pattern, out, re.MULTILINE)
    for before, node_id, after in lines:
        if word := before or after:
            found[node_id.rpartition("::")[2]].append({"XFAIL": "xfailed", "XPASS": "xpassed"}.get(word, word.lower()))
    for name in re.findall(r"^ERROR (\w+)\.py", out, re.MULTILINE):
        found[name].append("error")
    return {name: _tries(told) for name, told in found.items()}


def _tries(told: list[str]) -> list[str]:
    """Tries that the report itself calls so are one ending."""
    if "rerun" not in told:
        return told
    last = [each for each in told if each != "rerun"]
    return ["flaky" if last == ["passed"] else each for each in last]


def _junit(folder: Path) -> Told:
    found: Told = defaultdict(list)
    for case in ElementTree.parse(folder / "junit.xml").iter("testcase"):
        name = case.get("name", "").rpartition(".")[2]
        kinds = [each.tag for each in case if each.tag in ("failure", "error", "skipped")]
        ending = {"failure": "failed", "error": "error", "skipped": "skipped"}.get(kinds[-1] if kinds else "", "passed")
        skipped = case.find("skipped")
        if skipped is not None and skipped.get("type") == "pytest.xfail":
            ending = "xfailed"
        found[name].append(ending)
    return found


def _allure(folder: Path) -> Told:
    """The last try of each history; a pass after other tries is taken for flaky."""
    histories: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in _results(folder):
        histories[each.get("historyId") or each["uuid"]].append(each)
    found: Told = defaultdict(list)
    for tries in histories.values():
        last = max(tries, key=lambda each: int(each["start"]))
        message = (last.get("statusDetails") or {}).get("message", "")
        ending = {"broken": "error"}.get(last["status"], last["status"])
        if message.startswith(("XFAIL", "XPASS")):
            ending = f"{message[:5].lower()}ed"
        elif ending == "passed" and len(tries) > 1:
            ending = "flaky"
        name = last["name"] if "[" in last["name"] else last["fullName"].rpartition("#")[2]
        found[name].append(ending)
    return found


def _results(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text("utf-8")) for path in sorted((folder / "allure").glob("*-result.json"))]
