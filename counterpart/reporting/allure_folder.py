"""What Allure gets to read besides what allure-pytest has written while tests ran.

Processes die, files cannot be collected, tests are not chosen or run again: the results of the run know, and the folder
is made to tell the same. One test is one history, whatever its title and file become; its tries are Allure's retries.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import md5
from pathlib import Path
from typing import Any
from uuid import uuid4

from counterpart.reporting.events import CAUSES, Outcome, RunFacts, ScenarioResult
from counterpart.reporting.results import Results

# Allure knows five statuses; an expected failure is one of the skipped, as allure-pytest has it.
STATUSES: dict[Outcome, str] = {
    "passed": "passed",
    "flaky": "passed",
    "xpassed": "passed",
    "failed": "failed",
    "error": "broken",
    "skipped": "skipped",
    "xfailed": "skipped",
    "not run": "unknown",
}
SEVERITIES = ("blocker", "critical", "normal", "minor", "trivial")
_LINKS = ("issue", "tms", "link")


def complete(folder: Path, results: Results) -> None:
    """Make the folder tell of each test and its tries what the results tell, and add what Allure shows beside."""
    folder.mkdir(parents=True, exist_ok=True)
    written = _written(folder)
    stop = _milliseconds(results.facts.finished)
    for test in results.tests:
        known = written.get(test.name, [])
        for content, path in _tries(test, known, stop):
            if path is None:
                path = folder / f"{content['uuid']}-result.json"
            _attach(folder, content, test)
            path.write_text(json.dumps(content), "ascii")
    for name, text in _beside(results):
        (folder / name).write_text(text, "utf-8", errors="backslashreplace")


def history_id(name: str) -> str:
    """What Allure knows a test by over many runs; it has the length of those that allure-pytest gives."""
    return md5(name.encode("utf-8", "backslashreplace"), usedforsecurity=False).hexdigest()


def labels(test: ScenarioResult) -> list[tuple[str, str]]:
    """Flow, item and scenario as epic, feature and story, and what tags such as `owner:Ann` say."""
    found = [("epic", flow) for flow in dict.fromkeys(each.partition("/")[0] for each in test.items)]
    found += [("feature", each) for each in test.items]
    found.append(("story", test.scenario_id if test.row_key else test.title))
    for name, value in _tagged(test):
        if name == "owner" or (name == "severity" and value in SEVERITIES):
            found.append((name, value))
    if test.cause:
        found.append(("tag", test.cause))
    return found


def links(test: ScenarioResult) -> list[tuple[str, str]]:
    """Kind and text of each link that a tag such as `issue:QA-12` names."""
    return [(name, value) for name, value in _tagged(test) if name in _LINKS]


def _tagged(test: ScenarioResult) -> Iterator[tuple[str, str]]:
    for tag in test.tags:
        name, colon, value = tag.partition(":")
        if colon and value:
            yield name, value


def _written(folder: Path) -> dict[str, list[tuple[dict[str, Any], Path]]]:
    """The results that lie in the folder by the name of their test, in the order in which they were begun."""
    found: dict[str, list[tuple[dict[str, Any], Path]]] = defaultdict(list)
    for path in folder.glob("*-result.json"):
        content = json.loads(path.read_text("utf-8"))
        found[content.get("fullName") or ""].append((content, path))
    for each in found.values():
        each.sort(key=lambda known: (known[0].get("start") or 0, known[1].name))
    return found


def _tries(
    test: ScenarioResult, known: list[tuple[dict[str, Any], Path]], stop: int
) -> Iterator[tuple[dict[str, Any], Path | None]]:
    """Every try of a test as Allure has it, with the file where it lies already."""
    tries = [replace(test, outcome=each.outcome, message=each.message, cause="") for each in test.attempts]
    endings = [*tries, test]
    missing = len(endings) - len(known)
    found: list[tuple[dict[str, Any], Path | None]] = [*known[-len(endings) :]]
    base = found[0][0]["start"] if found else stop
    # Tries of which nothing was written are told as having come before those that were.
    found = [(_anew(test, base - missing + number), None) for number in range(missing)] + found
    for (content, path), ended in zip(found, endings, strict=True):
        content["status"] = STATUSES[ended.outcome]
        content["statusDetails"] = _details(ended, flaky=test.outcome == "flaky")
        yield content, path


def _details(test: ScenarioResult, *, flaky: bool) -> dict[str, Any]:
    """The message begins with who has to look at it, by which Allure sorts failures into categories."""
    shown = f"{test.cause.capitalize()}: {test.headline}" if test.cause else test.headline
    details: dict[str, Any] = {"message": shown} if shown else {}
    if test.message.strip() not in ("", test.headline):
        details["trace"] = test.message
    return details | ({"flaky": True} if flaky else {})


def _anew(test: ScenarioResult, start: int) -> dict[str, Any]:
    """A result that nobody has written, since the process that ran the test is gone or nothing ran it."""
    steps = [{"name": f"{each.keyword} {each.text}", "status": each.outcome} for each in test.steps]
    return {
        "uuid": str(uuid4()),
        "name": test.title,
        "fullName": test.name,
        "historyId": history_id(test.name),
        "testCaseId": history_id(test.name),
        "start": start,
        "stop": start,
        "steps": steps,
        "attachments": [],
        "parameters": [{"name": name, "value": value, "excluded": True} for name, value in test.parameters],
        "labels": [{"name": name, "value": value} for name, value in labels(test)],
        "links": [{"type": name, "name": value, "url": value} for name, value in links(test)],
    }


def _attach(folder: Path, content: dict[str, Any], test: ScenarioResult) -> None:
    """Both records as a table, and where a comparison failed the difference."""
    attached = content.setdefault("attachments", [])
    named = {each["name"] for each in attached}
    for name, extension, kind, text in _attachments(test):
        if name not in named:
            source = f"{uuid4()}-attachment.{extension}"
            (folder / source).write_text(text, "utf-8", errors="backslashreplace")
            attached.append({"name": name, "source": source, "type": kind})


def _attachments(test: ScenarioResult) -> Iterator[tuple[str, str, str, str]]:
    if test.difference is not None:
        yield "Expected and actual", "txt", "text/plain", difference(test)
    if test.records:
        yield "Both records", "csv", "text/csv", records(test)


def difference(test: ScenarioResult) -> str:
    """What was expected and what was there instead, line by line where there are several."""
    found = test.difference
    assert found is not None
    lines = difflib.ndiff(found.expected.splitlines(), found.actual.splitlines())
    return f"{found.what}\n(- expected, + actual)\n\n" + "\n".join(line.rstrip("\n") for line in lines) + "\n"


def records(test: ScenarioResult) -> str:
    """Every property of the record and its counterpart, before and after, as CSV."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["record", "property", "before", "after", ""])
    for each in test.records:
        before, after = each.before or {}, each.after or {}
        for path in dict.fromkeys([*before, *after]):
            old, new = before.get(path, ""), after.get(path, "")
            changed = "changed" if each.before is not None and old != new else ""
            writer.writerow([f"{each.system} {each.kind} {each.id}", path, old, new, changed])
    return table.getvalue()


def _beside(results: Results) -> Iterator[tuple[str, str]]:
    """Files that Allure reads beside the results: name and text."""
    facts = results.facts
    yield "environment.properties", "".join(f"{name} = {_property(value)}\n" for name, value in _environment(facts))
    categories = [
        {
            "name": cause.capitalize(),
            "messageRegex": f"{cause.capitalize()}: .*",
            "matchedStatuses": ["failed", "broken"],
        }
        for cause in CAUSES
    ]
    yield "categories.json", json.dumps(categories, indent=1)
    if facts.ci:
        number = facts.ci.get("number", "")
        executor = {
            "name": facts.ci.get("ci", ""),
            "type": facts.ci.get("ci", "").split(" ")[0].lower(),
            "buildName": f"{facts.ci.get('name', '')} #{number}",
            "buildUrl": facts.ci.get("url", ""),
            "reportName": "Counterpart",
        }
        yield (
            "executor.json",
            json.dumps(executor | ({"buildOrder": int(number)} if number.isdigit() else {}), indent=1),
        )
    if results.problems:
        errors = [{"message": f"{each.kind}: {each.message}"} for each in results.problems]
        yield f"{uuid4()}-globals.json", json.dumps({"attachments": [], "errors": errors})


def _environment(facts: RunFacts) -> Iterator[tuple[str, str]]:
    yield "Against", facts.against
    yield "Product", f"{facts.product or 'not named'} {facts.artifact}".strip()
    yield "Revision", f"{facts.revision[:12] or 'unknown'}{' with changes' if facts.dirty else ''}"
    yield from ((name.replace(" ", "-"), value) for name, value in facts.versions.items())
    yield from ((name, value[:12]) for name, value in facts.contracts.items())


def _property(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", " ")


def _milliseconds(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)
