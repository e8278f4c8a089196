"""Prints which scenarios noticed which seeded fault."""

from __future__ import annotations

import pytest


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
