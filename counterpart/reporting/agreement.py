"""Whether the reports that lie beside results are of these results: somebody may have put others there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from counterpart.reporting.allure_folder import STATUSES
from counterpart.reporting.junit import junit
from counterpart.reporting.places import Places
from counterpart.reporting.results import Results


def disagreements(places: Places, results: Results, signoff: Path) -> Iterator[str]:
    """What each report says otherwise than the results, in sentences; a report that is not there says nothing."""
    if places.junit.is_file() and places.junit.read_bytes() != junit(results):
        yield f"{places.junit} does not say what the results say"
    if places.allure.is_dir() and (told := _allure(places.allure, results)):
        yield f"{places.allure} {told}"
    if signoff.is_file() and (told := _signoff(signoff, results)):
        yield f"{signoff} {told}"


def _allure(folder: Path, results: Results) -> str:
    last: dict[str, tuple[int, str]] = {}
    for path in folder.glob("*-result.json"):
        try:
            content = json.loads(path.read_bytes())
            found = (int(content["start"]), str(content["status"]))
            last[content["fullName"]] = max(found, last.get(content["fullName"], found))
        except (ValueError, KeyError, TypeError):
            return f"has a file that cannot be read, {path.name}"
    expected = {each.name: STATUSES[each.outcome] for each in results.tests}
    shown = {name: status for name, (_, status) in last.items()}
    for name in sorted(expected.keys() | shown.keys()):
        if expected.get(name) != shown.get(name):
            here, there = shown.get(name, "nothing"), expected.get(name, "nothing")
            return f"says of {name} {here}, and the results say {there}"
    return ""


def _signoff(path: Path, results: Results) -> str:
    try:
        content = json.loads(path.read_bytes())
        if content["state"] != "complete":
            return "says that a run is under way or was cut short"
        run = content["run"]
        scenarios = {each["node_id"]: each["outcome"] for each in _scenarios(content)}
    except (ValueError, KeyError, TypeError):
        return "cannot be read"
    facts = results.facts
    for name in ("started", "finished", "revision", "artifact"):
        if run.get(name) != getattr(facts, name):
            return (
                f"is of another run: its {name} is {run.get(name)!r}, and that of the results is "
                f"{getattr(facts, name)!r}"
            )
    outcomes = {each.node_id: each.outcome for each in results.ran}
    for node_id, outcome in sorted(scenarios.items()):
        if outcomes.get(node_id, "not run") != outcome:
            return f"says of {node_id} {outcome}, and the results say {outcomes.get(node_id, 'not run')}"
    return ""


def _scenarios(content: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    items = [item for flow in content["flows"] for item in flow["items"]]
    for item in [*items, *content.get("additional_items", ())]:
        yield from item["scenarios"]
