"""What a run has shown: collects the tests of all processes, and has the reports made from them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from counterpart import surroundings
from counterpart.account import node_id, planned
from counterpart.checklist import Additional, Checklist, Circumstances, Decisions, Supplement
from counterpart.gherkin import Outline
from counterpart.reporting import Places, Results, RunFacts, ScenarioResult, SignOff, closing, publish
from counterpart.reporting.events import Outcome
from counterpart.reporting.results import Problem, in_order
from counterpart.stage import Stage
from counterpart.tally import TROUBLE, Tally

# Under which heading pytest's closing line counts an ending.
HEADINGS: dict[Outcome, str] = {"not run": "deselected"}


class Ledger:
    """Collects the tests of all workers in the controlling process and turns them into the reports.

    A pytest plugin of its own, registered only there.
    """

    def __init__(
        self,
        config: pytest.Config,
        stage: Stage,
        checklist: Checklist,
        supplement: Supplement,
        decisions: Decisions,
        additional: Additional,
        circumstances: Circumstances,
        outlines: Sequence[Outline],
        places: Places,
    ) -> None:
        self.problems: list[Problem] = []
        self.lint: list[str] = []
        self.connections: set[str] = set()
        self._config = config
        self._stage = stage
        self._checklist, self._supplement, self._decisions = checklist, supplement, decisions
        self._additional, self._circumstances = additional, circumstances
        scenarios = planned(stage, outlines)
        self._expected = Counter(item for each in scenarios for item in each.items)
        self._total = len(scenarios)
        self._tally = Tally({each.node_id: each for each in scenarios}, stage.proof)
        self._started = datetime.now(UTC)
        self._reports: dict[str, list[pytest.TestReport | pytest.CollectReport]] = {}
        self._amended: dict[str, str] = {}
        self._results: Results | None = None
        self._signoff: SignOff | None = None
        self._places = places

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test begins, here or in a worker."""
        self._tally.begin(nodeid)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """A test is over."""
        self._tally.end(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take over what a phase of a test has shown; a process that died tells nothing but which test it ran."""
        if hasattr(report, "counterpart"):
            found = ScenarioResult.from_json(report.counterpart)
        elif report.when not in ("setup", "call", "teardown"):
            found = self._tally.lost(report.nodeid, report.longreprtext)
        else:
            return
        if found.node_id != report.nodeid:
            self._tally.forget(report.nodeid)
        self._reports.setdefault(found.node_id, []).append(report)
        # The outcome of pytest-rerunfailures, which pytest itself does not know.
        if str(report.outcome) == "rerun":
            self._tally.again(found, getattr(report, "rerun", 0))
        else:
            self._tally.take(found)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be collected is told like a test that broke: nobody knows which tests it holds."""
        if not report.passed:
            outcome: Outcome = "skipped" if report.skipped else "error"
            self._tally.take(self._tally.uncollected(report.nodeid, outcome, report.longreprtext))
            self._reports.setdefault(report.nodeid, []).append(report)

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Tests that exist and were not chosen."""
        self._tally.know(map(node_id, items), "deselected")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Tests that were chosen; some may never be reached."""
        self._tally.know(map(node_id, session.items), "the run ended before it")

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Tests that a worker has chosen."""
        self._tally.know(ids, "the run ended before it")

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """A worker has ended; one that died told nothing."""
        told = getattr(node, "workeroutput", {})
        self._tally.know(told.get("deselected", ()), "deselected")
        self.connections.update(told.get("connections", ()))
        if error:
            self.problems.append(Problem("worker lost", f"{node.gateway.id}: {error}"))

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Somebody, or something, has ended the run."""
        self.problems.append(Problem("interrupted", excinfo.exconly()))

    def pytest_internalerror(self, excrepr: object) -> None:
        """pytest or a plugin broke."""
        self.problems.append(Problem("internal error", str(excrepr).strip().rpartition("\n")[2]))

    def amend(self, node_id: str, sentence: str) -> None:
        """Add to what is said of a scenario."""
        self._amended[node_id] = sentence

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Write every report."""
        reason = "The run was interrupted while it ran." if self.problems else "It has told nothing of its end."
        tests = in_order([self._amending(each) for each in self._tally.close(reason)])
        scenarios = [each for each in tests if each.kind == "scenario"]
        ran = sum(1 for each in scenarios if each.outcome != "not run")
        revision, dirty = surroundings.revision(self._stage.root)
        facts = RunFacts(
            started=self._started.isoformat(timespec="seconds"),
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            against=self._stage.against,
            partial=ran < len(scenarios),
            selected=ran,
            total=self._total,
            revision=revision,
            dirty=dirty,
            versions=surroundings.versions(),
            contracts=self._stage.contract_hashes,
            exit_status=int(exitstatus),
            expected=dict(self._expected),
            caveats=self._stage.caveats,
            product=self._config.getoption("--product"),
            artifact=self._config.getoption("--artifact"),
            recorded=self._stage.record,
            inputs=surroundings.inputs(self._stage.root),
            connections=tuple(sorted(self.connections)),
            lint=tuple(self.lint),
            ci=surroundings.job(os.environ),
        )
        self._results = Results(facts, tests, tuple(self.problems))
        self._signoff = publish(
            self._places,
            self._results,
            self._checklist,
            self._supplement,
            self._decisions,
            self._additional,
            self._circumstances,
        )

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Close with the table of items and ten lines for people in a hurry."""
        if self._signoff is not None and self._results is not None:
            self._count_alike(terminalreporter)
            terminalreporter.ensure_newline()
            for warning in self.lint:
                terminalreporter.line(f"warning: {warning}", yellow=True)
            writer = terminalreporter._tw
            terminalreporter.write(
                closing(self._results, self._signoff, self._places, width=writer.fullwidth, colour=writer.hasmarkup)
            )

    def _amending(self, result: ScenarioResult) -> ScenarioResult:
        sentence = self._amended.get(result.node_id)
        return replace(result, message=f"{result.message}\n\n{sentence}") if sentence else result

    def _count_alike(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Have pytest's last line count each test once, by its ending, as every other report does."""
        assert self._results is not None
        stats = terminalreporter.stats
        kept = {name: shown for name, shown in stats.items() if name in ("rerun", "warnings", "")}
        stats.clear()
        stats.update(kept)
        for test in self._results.tests:
            # pytest takes a skip's reason from the very report that was skipped.
            reports = [
                each for each in self._reports.get(test.node_id, []) if each.skipped or test.outcome != "skipped"
            ]
            shown = reports[-1] if reports else _report(test)
            stats.setdefault(HEADINGS.get(test.outcome, test.outcome), []).append(shown)
        # It has settled on its headings before it could know of these.
        terminalreporter._set_main_color()


def _report(test: ScenarioResult) -> pytest.TestReport:
    """What pytest would have reported of a test that could not report itself."""
    outcome: Any = "failed" if test.outcome in TROUBLE else "skipped"
    return pytest.TestReport(test.node_id, (test.feature, None, test.title), {}, outcome, test.message, "call")
