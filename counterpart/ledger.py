"""What a run has shown: step by step while a scenario runs, scenario by scenario while a run lasts."""

from __future__ import annotations

import os
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from platform import platform, python_version

import pytest
from pytest_bdd.parser import Scenario, Step

from counterpart.checklist import Checklist, Decisions, Supplement
from counterpart.reporting import (
    Evidence,
    RunFacts,
    ScenarioResult,
    SignOff,
    StepResult,
    build,
    closing_table,
    invalidate,
    relative,
)
from counterpart.reporting.events import Outcome, StepOutcome
from counterpart.scenarios import Identity, Outline
from counterpart.scene import Scene
from counterpart.stage import Stage

IDENTITY = pytest.StashKey[Identity]()
VERSIONED = ("counterpart", "pytest", "pytest-bdd", "vcrpy", "schemathesis", "faker", "allure-pytest", "httpx")


class StepLog:
    """The steps of one running scenario, in order, with their outcome."""

    def __init__(self, scenario: Scenario, feature: str) -> None:
        self.scenario = scenario
        self.feature = feature
        self.results: list[StepResult] = []
        self._open: tuple[Step, float] | None = None

    def begin(self, step: Step) -> int:
        """A step begins; returns its position in the scenario, counted from one, background included."""
        self._open = (step, time.perf_counter())
        return len(self.results) + 1

    def end(self, outcome: StepOutcome) -> None:
        """The open step ends; does nothing when none is open."""
        if self._open is not None:
            step, started = self._open
            self._open = None
            self._add(step, outcome, time.perf_counter() - started)

    def close(self) -> None:
        """The scenario ends: a step still open has failed, those not reached were skipped."""
        self.end("failed")
        for step in self.scenario.steps[len(self.results) :]:
            self._add(step, "skipped", 0.0)

    def place(self) -> str:
        """Where the scenario stands: file, line and words of the step that failed."""
        for result, step in zip(self.results, self.scenario.steps, strict=False):
            if result.outcome == "failed":
                return f"{self.feature}:{step.line_number}: {step.keyword.strip()} {step.name}"
        return f"{self.feature}:{self.scenario.line_number}: {self.scenario.name}"

    def _add(self, step: Step, outcome: StepOutcome, duration: float) -> None:
        table = tuple(tuple(map(str, row)) for row in step.datatable.raw()) if step.datatable else ()
        self.results.append(
            StepResult(len(self.results) + 1, step.keyword.strip(), step.name, outcome, duration, table)
        )


def scenario_result(
    stage: Stage, item: pytest.Item, scene: Scene | None, log: StepLog | None, report: pytest.TestReport
) -> ScenarioResult:
    """What became of one scenario, as a value that travels between processes."""
    identity = item.stash[IDENTITY]
    outcome: Outcome = "skipped" if report.skipped else "passed" if report.passed else "failed"
    if report.when != "call" and report.failed:
        outcome = "error"
    return ScenarioResult(
        node_id=item.nodeid,
        feature=item.path.relative_to(stage.root).as_posix(),
        scenario_id=identity.scenario,
        title=log.scenario.name if log else item.name,
        row_key=identity.row,
        tags=tuple(sorted(mark.name for mark in item.iter_markers())),
        items=identity.items,
        pairs=tuple(sorted(scene.pairs)) if scene else (),
        outcome=outcome,
        message=relative(report.longreprtext, stage.root),
        steps=tuple(log.results) if log else (),
        evidence=_evidence(stage, identity, scene),
        proof=scene.proof if scene else stage.proof,
        duration=report.duration,
        records=scene.records() if scene else (),
    )


def _evidence(stage: Stage, identity: Identity, scene: Scene | None) -> Evidence:
    path = stage.cassette(identity)
    exchanges = len(scene.session.exchanges) if scene else 0
    met = scene.met if scene else ""
    if stage.against != "replay" or not path.is_file():
        return Evidence(None, None, exchanges, f"{met or 'nothing'}, not recorded")
    digest = sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
    return Evidence(Path(os.path.relpath(path, stage.root)).as_posix(), digest, exchanges, met)


def withdraw(reports: Path) -> None:
    """Take away what an earlier run has left, so that nobody takes yesterday's green for today's."""
    (reports / "junit.xml").unlink(missing_ok=True)
    results = reports / "allure-results"
    for old in results.glob("*") if results.is_dir() else ():
        old.unlink()
    invalidate(reports / "signoff")


class Ledger:
    """Collects the scenarios of all workers in the controlling process and turns them into the reports.

    A pytest plugin of its own, registered only there.
    """

    def __init__(
        self,
        stage: Stage,
        checklist: Checklist,
        supplement: Supplement,
        decisions: Decisions,
        outlines: Sequence[Outline],
    ) -> None:
        self._stage = stage
        self._checklist = checklist
        self._supplement = supplement
        self._decisions = decisions
        self._expected = Counter(
            item for outline in outlines for identity in outline.identities() for item in identity.items
        )
        self._total = sum(len(outline.identities()) for outline in outlines)
        self._results: dict[str, ScenarioResult] = {}
        self._started = datetime.now(UTC)
        self._signoff: SignOff | None = None

    @property
    def _out(self) -> Path:
        return self._stage.reports

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a scenario's outcome over; a later trouble of the same scenario outweighs an earlier pass."""
        if hasattr(report, "counterpart"):
            result = ScenarioResult.from_json(report.counterpart)
            self._results[result.node_id] = result

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Write the sign-off."""
        results = sorted(self._results.values(), key=lambda result: result.node_id)
        facts = RunFacts(
            started=self._started.isoformat(timespec="seconds"),
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            against=self._stage.against,
            partial=len(results) < self._total,
            selected=len(results),
            total=self._total,
            revision=_git(self._stage.root, "rev-parse", "HEAD"),
            dirty=bool(_git(self._stage.root, "status", "--porcelain")),
            versions={name: version(name) for name in VERSIONED} | {"python": python_version(), "system": platform()},
            contracts=self._stage.contract_hashes,
            exit_status=int(exitstatus),
            expected=dict(self._expected),
            caveats=self._stage.caveats,
        )
        self._signoff = build(self._out / "signoff", self._checklist, self._supplement, results, facts, self._decisions)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Close with the table of items and where the reports lie."""
        if self._signoff is not None:
            terminalreporter.ensure_newline()
            writer = terminalreporter._tw
            terminalreporter.write(
                closing_table(self._signoff, self._out, width=writer.fullwidth, colour=writer.hasmarkup)
            )


def _git(root: Path, *arguments: str) -> str:
    """What git says, or nothing where there is no repository or no git."""
    try:
        asked = subprocess.run(  # noqa: S603 - fixed words, no shell
            ["git", *arguments],  # noqa: S607 - the git of the user's PATH is the one meant
            cwd=root,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return asked.stdout.strip()
