"""What the misses of a run mean: their causes counted, and the missed scenarios run again over the emulators.

A miss says that the traffic differs from the recording. Whether the outcome differs as well, only a run against systems
that answer for themselves can show.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from counterpart.reporting import ScenarioResult
from counterpart.reporting.errors import ReportingError
from counterpart.reporting.results import RESULTS, Results

NAME = "counterpart-diagnosis"
"""The plugin's name: `-p no:counterpart-diagnosis` leaves it out."""
_MOST_SHOWN = 12
_SECONDS = 1800


@dataclass(frozen=True)
class Diagnosis:
    """What became of a missed scenario over the emulators; `right` is None where it did not run to its end."""

    right: bool | None
    message: str = ""

    def __str__(self) -> str:
        if self.right is None:
            return "Run again over the emulators: not known, it did not run to its end there."
        if self.right:
            return "Run again over the emulators: outcome right, only the traffic differs."
        return f"Run again over the emulators: outcome wrong: {self.message}"


UNKNOWN = Diagnosis(None)


class Diagnosing:
    """A pytest plugin of the controlling process; hears of all misses and tells at the end what they mean."""

    def __init__(self, root: Path, amend: Callable[[str, str], None]) -> None:
        """`amend` is told a node id and the sentence to be added to its result."""
        self._root, self._amend = root, amend
        self._causes: dict[str, list[str]] = defaultdict(list)
        self._missed: dict[str, None] = {}
        self.diagnoses: dict[str, Diagnosis] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take over what a scenario has missed."""
        for cause in dict.fromkeys(getattr(report, "counterpart_misses", ())):
            self._causes[cause].append(report.nodeid)
            self._missed[report.nodeid] = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Run again what was missed, unless the run was cut short."""
        if not self._missed or exitstatus != pytest.ExitCode.TESTS_FAILED:
            return
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.ensure_newline()
            reporter.write_line(f"Running {_count(len(self._missed), 'missed scenario')} again over the emulators ...")
        workers = getattr(session.config.option, "numprocesses", None) or 0
        self.diagnoses = again(self._root, list(self._missed), workers=min(workers, len(self._missed)))
        for node_id, diagnosis in self.diagnoses.items():
            self._amend(node_id, str(diagnosis))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the causes, most frequent first, and the diagnosis of each scenario."""
        if self._missed:
            terminalreporter.section("what differs from the recordings")
            terminalreporter.write_line(told(self._causes, self.diagnoses))


def again(root: Path, node_ids: Sequence[str], *, workers: int = 0) -> dict[str, Diagnosis]:
    """Run scenarios over the emulators, in a process of their own that touches no report."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    with tempfile.TemporaryDirectory(prefix="counterpart-again-") as folder:
        command = [sys.executable, "-m", "pytest", *node_ids, "--against=emulators", f"--reports={folder}", "-q"]
        command += ["-p", "no:allure_pytest", *(["-n", str(workers)] if workers > 1 else [])]
        subprocess.run(command, cwd=root, env=environment, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603 - our own words
        try:
            found = {each.node_id: _diagnosis(each) for each in Results.load(Path(folder) / RESULTS).tests}
        except ReportingError:
            found = {}
    return {node_id: found.get(node_id, UNKNOWN) for node_id in node_ids}


def told(causes: Mapping[str, Sequence[str]], diagnoses: Mapping[str, Diagnosis]) -> str:
    """The causes with how many scenarios have each, then the scenarios by what the emulators say of them."""
    missed = dict.fromkeys(node_id for scenarios in causes.values() for node_id in scenarios)
    lines = [f"{_count(len(missed), 'scenario')} missed for {_count(len(causes), 'cause')}:"]
    ordered = sorted(causes.items(), key=lambda pair: -len(pair[1]))
    for cause, scenarios in ordered[:_MOST_SHOWN]:
        lines.append(f"  {len(scenarios):>4}  {cause}")
    if len(ordered) > _MOST_SHOWN:
        lines.append(f"        and {len(ordered) - _MOST_SHOWN} others")
    wrong = {node_id: each for node_id, each in diagnoses.items() if each.right is False}
    right = [node_id for node_id, each in diagnoses.items() if each.right]
    unknown = [node_id for node_id, each in diagnoses.items() if each.right is None]
    if wrong:
        lines += ["", f"Outcome wrong, over the emulators as well ({len(wrong)}):"]
        lines += [f"  {node_id}\n    {each.message}" for node_id, each in list(wrong.items())[:_MOST_SHOWN]]
    if right:
        lines += ["", f"Outcome right, only the traffic differs ({len(right)}):"]
        lines += [f"  {node_id}" for node_id in right[:_MOST_SHOWN]]
        lines.append("  If the new traffic is meant, record them again and review: counterpart cassettes review")
    if unknown:
        lines += ["", f"Did not run to their end over the emulators ({len(unknown)}):"]
        lines += [f"  {node_id}" for node_id in unknown[:_MOST_SHOWN]]
    return "\n".join(lines)


def _diagnosis(test: ScenarioResult) -> Diagnosis:
    if test.outcome == "passed":
        return Diagnosis(True)
    lines = test.message.strip().splitlines()
    return Diagnosis(False, ": ".join(line.strip() for line in lines[:2])) if test.outcome == "failed" else UNKNOWN


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
