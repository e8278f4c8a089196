"""Prints which scenarios noticed which seeded fault, and leaves it for the sign-off in reports/faults.json."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

REPORTS = Path(__file__).parents[2] / "reports"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table fault -> scenarios, whichever worker found it."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    found = sorted(
        (name.removeprefix("fault: "), str(scenarios))
        for report in reports
        if report.when == "call"
        for name, scenarios in report.user_properties
        if name.startswith("fault: ")
    )
    if found:
        terminalreporter.section("seeded faults and the scenarios that notice them in replay")
        width = max(len(fault) for fault, _ in found)
        for fault, scenarios in found:
            terminalreporter.write_line(f"{fault:<{width}}  {scenarios}")
    # A run of some faults only must not pass for one of all.
    config = terminalreporter.config
    if found and not config.option.keyword and not any("::" in each for each in config.args):
        told: dict[str, list[str]] = {}
        for fault, scenarios in found:
            for item in dict.fromkeys(map(_item, scenarios.removesuffix(", ...").split(", "))):
                told.setdefault(item, []).append(fault)
        REPORTS.mkdir(exist_ok=True)
        (REPORTS / "faults.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")


def _item(scenario: str) -> str:
    """The item of a scenario: its folder, and the kind that its feature file is named after."""
    flow, feature, _ = scenario.split("/", 2)
    return f"{flow}/{'properties-unspecified' if feature == 'properties' else feature}"
