"""What each report says of each test, by the notation of that report: node id -> ending."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

# The words of pytest's closing line, and the ending that each of them counts.
WORDS = {
    "passed": "passed",
    "failed": "failed",
    "error": "error",
    "errors": "error",
    "skipped": "skipped",
    "xfailed": "xfailed",
    "xpassed": "xpassed",
    "flaky": "flaky",
    "deselected": "not run",
}
SKIPPED = {"pytest.skip": "skipped", "pytest.xfail": "xfailed", "counterpart.not-run": "not run"}
STATUSES = {
    "passed": "passed",
    "flaky": "passed",
    "xpassed": "passed",
    "failed": "failed",
    "error": "broken",
    "skipped": "skipped",
    "xfailed": "skipped",
    "not run": "unknown",
}


def terminal(out: str) -> Counter[str]:
    """How many tests the closing line counts under each ending."""
    lines = re.findall(r"^=+ (.*) in [\d.:]+.*s.* =+$", out, re.MULTILINE)
    found: Counter[str] = Counter()
    for count, word in re.findall(r"(\d+) (\w+)", re.sub(r"\x1b\[[\d;]*m", "", lines[-1])) if lines else ():
        if word in WORDS:
            found[WORDS[word]] += int(count)
    return found


def results(reports: Path) -> dict[str, str]:
    """The results file."""
    data = json.loads((reports / "results.json").read_text("utf-8"))
    return {each["node_id"]: each["outcome"] for each in data.get("tests", ())}


def junit(reports: Path) -> dict[str, str]:
    """The JUnit file; the sums of its suites have to be those of its cases."""
    path = reports / "junit.xml"
    if not path.exists():
        return {}
    root = ElementTree.parse(path).getroot()
    found = {_node_id(case): _ending(case) for case in root.iter("testcase")}
    sums = Counter({name: int(root.get(name, "-1")) for name in ("tests", "failures", "errors", "skipped")})
    endings = Counter(found.values())
    skipped = sum(endings[each] for each in SKIPPED.values())
    if sums != Counter(tests=len(found), failures=endings["failed"], errors=endings["error"], skipped=skipped):
        raise AssertionError(f"JUnit says {dict(sums)} and holds {dict(endings)}")
    return found


def _node_id(case: ElementTree.Element) -> str:
    file, name = case.get("file", ""), case.get("name", "")
    return name if name == file else f"{file}::{name}"


def _ending(case: ElementTree.Element) -> str:
    skipped = case.find("skipped")
    if skipped is not None:
        return SKIPPED[skipped.get("type", "")]
    for element, ending in (("failure", "failed"), ("error", "error"), ("properties", "xpassed")):
        if case.find(element) is not None:
            return ending
    return "flaky" if case.find("flakyFailure") is not None or case.find("flakyError") is not None else "passed"


def allure(reports: Path) -> dict[str, tuple[str, bool]]:
    """Allure's results: full name -> status and whether it is called flaky, of the last try of each history."""
    tries: dict[str, list[dict[str, object]]] = {}
    for path in (reports / "allure-results").glob("*-result.json"):
        found = json.loads(path.read_text("utf-8"))
        tries.setdefault(found["historyId"], []).append(found)
    last = [max(each, key=lambda found: int(str(found["start"]))) for each in tries.values()]
    return {str(each["fullName"]): (str(each["status"]), _flaky(each)) for each in last}


def _flaky(found: dict[str, object]) -> bool:
    details = found.get("statusDetails")
    return isinstance(details, dict) and bool(details.get("flaky"))


def signoff(reports: Path) -> dict[str, str]:
    """The sign-off: every scenario of an item, and what stands beside the checklist."""
    data = json.loads((reports / "signoff" / "signoff.json").read_text("utf-8"))
    if data["state"] != "complete":
        return {}
    scenarios = [each for flow in data["flows"] for item in flow["items"] for each in item["scenarios"]]
    return {each["node_id"]: each["outcome"] for each in [*scenarios, *data["additional"]]}


def disagreements(reports: Path, out: str, expected: dict[str, str]) -> list[str]:
    """Where a report tells another ending of a test than the expected one; sentences."""
    found = results(reports)
    wrong = _compare("results", found, expected)
    wrong += _compare("JUnit", junit(reports), expected)
    ran = {node_id: ending for node_id, ending in expected.items() if ending != "not run"}
    shown = {node_id: ending for node_id, ending in signoff(reports).items() if ending != "not run"}
    wrong += _compare("sign-off", shown, ran)
    names = _names(reports)
    statuses = {names.get(name, name): status for name, status in allure(reports).items()}
    wanted = {node_id: (STATUSES[ending], ending == "flaky") for node_id, ending in expected.items()}
    wrong += _compare("Allure results", statuses, wanted)
    counted = terminal(out)
    if counted != Counter(expected.values()):
        wrong.append(f"terminal counts {dict(counted)}, expected {dict(Counter(expected.values()))}")
    return wrong


def _names(reports: Path) -> dict[str, str]:
    data = json.loads((reports / "results.json").read_text("utf-8"))
    return {
        f"{each['items'][0]}/{each['scenario_id']}" + (f"[{each['row_key']}]" if each["row_key"] else ""): each[
            "node_id"
        ]
        for each in data.get("tests", ())
        if each["items"]
    }


def _compare(report: str, found: dict[str, object] | dict[str, str], expected: dict[str, object]) -> list[str]:
    return [
        f"{report} says of {node_id} {found.get(node_id, 'nothing')}, expected {expected.get(node_id, 'nothing')}"
        for node_id in sorted(found.keys() | expected.keys())
        if found.get(node_id) != expected.get(node_id)
    ]
