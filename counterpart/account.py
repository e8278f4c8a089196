"""What one test tells of itself: its steps while it runs, and at its end one value that travels between processes."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from pytest_bdd.parser import Scenario, Step

from counterpart.contract import ContractError
from counterpart.drivers import DriverError
from counterpart.gherkin import Identity, Outline
from counterpart.reporting import Evidence, ScenarioResult, StepResult, relative
from counterpart.reporting.events import Cause, Outcome, StepOutcome
from counterpart.scene import Scene
from counterpart.stage import Stage
from counterpart.tally import NO_EVIDENCE

IDENTITY = pytest.StashKey[Identity]()
SCENE = pytest.StashKey[Scene]()
STEPS = pytest.StashKey["StepLog"]()
# Who has to look at a failure, where the place that noticed it knows that.
CAUSE = pytest.StashKey[Cause]()


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

    @property
    def broken(self) -> str:
        """Whether it is a `given`, a `when` or a `then` that failed; empty where no step has."""
        for result, step in zip(self.results, self.scenario.steps, strict=False):
            if result.outcome == "failed":
                return str(step.type)
        return ""

    def _add(self, step: Step, outcome: StepOutcome, duration: float) -> None:
        table = tuple(tuple(map(str, row)) for row in step.datatable.raw()) if step.datatable else ()
        self.results.append(
            StepResult(len(self.results) + 1, step.keyword.strip(), step.name, outcome, duration, table)
        )


def planned(stage: Stage, outlines: Sequence[Outline]) -> list[ScenarioResult]:
    """Every scenario that the feature files hold, as long as none has run."""
    found = []
    for outline in outlines:
        feature = outline.path.relative_to(stage.root).as_posix()
        for identity in outline.identities():
            row = f"[{identity.row}]" if identity.row else ""
            found.append(
                ScenarioResult(
                    node_id=f"{feature}::{outline.id}{row}",
                    feature=feature,
                    scenario_id=outline.id,
                    title=outline.title,
                    row_key=identity.row,
                    tags=tuple(sorted(outline.tags)),
                    items=outline.items,
                    pairs=(),
                    outcome="not run",
                    message="It was not chosen for this run.",
                    steps=(),
                    evidence=NO_EVIDENCE,
                    proof=stage.proof,
                    duration=0.0,
                )
            )
    return found


def node_id(item: pytest.Item) -> str:
    """The id of a test; schemathesis gives those of one function for several operations the same."""
    if item.nodeid.endswith(item.name):
        return item.nodeid
    return f"{item.nodeid.rpartition('::')[0]}::{item.name}"


def test_result(
    stage: Stage, item: pytest.Item, report: pytest.TestReport, trouble: BaseException | None
) -> ScenarioResult:
    """What became of one phase of a test; `trouble` is what ended it before its time."""
    identity, log, scene = item.stash.get(IDENTITY, None), item.stash.get(STEPS, None), item.stash.get(SCENE, None)
    outcome = _outcome(report)
    result = ScenarioResult(
        node_id=node_id(item),
        feature=item.path.relative_to(stage.root).as_posix()
        if item.path.is_relative_to(stage.root)
        else item.path.name,
        scenario_id=identity.scenario if identity else node_id(item).partition("::")[2],
        title=log.scenario.name if log else item.name,
        row_key=identity.row if identity else None,
        tags=tuple(sorted(log.scenario.feature.tags | log.scenario.tags)) if log else (),
        items=identity.items if identity else (),
        pairs=tuple(sorted(scene.pairs)) if scene else (),
        outcome=outcome,
        message=relative(_message(report), stage.root),
        steps=tuple(log.results) if log else (),
        evidence=NO_EVIDENCE,
        proof=scene.proof if scene else stage.proof,
        duration=report.duration,
        records=scene.records() if scene else (),
        kind="scenario" if identity else "test",
        cause=_cause(item, report, log, trouble) if outcome in ("failed", "error", "xfailed") else "",
        difference=scene.difference if scene and outcome in ("failed", "xfailed") else None,
        parameters=_parameters(item),
    )
    return replace(result, evidence=_evidence(stage, identity, scene)) if identity else result


def _outcome(report: pytest.TestReport) -> Outcome:
    if hasattr(report, "wasxfail"):
        return "xpassed" if report.passed else "xfailed"
    if report.skipped:
        return "skipped"
    if report.passed:
        return "passed"
    return "failed" if report.when == "call" else "error"


def _message(report: pytest.TestReport) -> str:
    if hasattr(report, "wasxfail"):
        reason = f": {report.wasxfail}" if report.wasxfail else "."
        return f"It is marked as failing{reason}\n\n{report.longreprtext}".rstrip()
    if report.skipped and isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    return report.longreprtext


def _cause(item: pytest.Item, report: pytest.TestReport, log: StepLog | None, trouble: BaseException | None) -> Cause:
    """Who has to look at a failure: those of the sync, of the recordings, of the contracts, or of the harness."""
    if known := item.stash.get(CAUSE, None):
        return known
    if isinstance(trouble, ContractError):
        return "contract is violated"
    if report.when != "call":
        return "harness is broken"
    if isinstance(trouble, DriverError):
        return "harness is broken"
    timed_out = isinstance(trouble, pytest.fail.Exception) and "pytest-timeout" in str(trouble)
    compared = isinstance(trouble, AssertionError | pytest.fail.Exception) and not timed_out
    if log is None:
        return "sync is wrong" if compared else "harness is broken"
    # A Given that does not hold says nothing about the sync; a When runs it, and a Then compares what it has done.
    kind = log.broken
    return "sync is wrong" if kind == "when" or (kind == "then" and compared) else "harness is broken"


def _parameters(item: pytest.Item) -> tuple[tuple[str, str], ...]:
    if not hasattr(item, "callspec"):
        return ()
    given = item.callspec.params
    row = given.get("_pytest_bdd_example", given)
    return tuple((str(name), str(value)) for name, value in row.items())


def _evidence(stage: Stage, identity: Identity, scene: Scene | None) -> Evidence:
    path = stage.cassette(identity)
    exchanges = len(scene.session.exchanges) if scene else 0
    met = scene.met if scene else ""
    if stage.against != "replay" or not path.is_file():
        return Evidence(None, None, exchanges, f"{met or 'nothing'}, not recorded")
    digest = sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
    return Evidence(Path(os.path.relpath(path, stage.root)).as_posix(), digest, exchanges, met)
