"""From the reports of phases and tries, as pytest sends them, to one ending a test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from counterpart.reporting.events import Attempt, Cause, Evidence, Outcome, Proof, ScenarioResult

# Endings of a try that one more try may turn into a pass, which then proves nothing.
TROUBLE: tuple[Outcome, ...] = ("failed", "error")
NO_EVIDENCE = Evidence(None, None, 0, "nothing")


class Tally:
    """The tests of a run by node id; what is planned or begun and never reported is not lost."""

    def __init__(self, planned: Mapping[str, ScenarioResult], proof: Proof) -> None:
        self._tests = dict(planned)
        self._proof: Proof = proof
        self._running: set[str] = set()
        self._reported: set[str] = set()

    @property
    def partial(self) -> bool:
        """Whether a scenario exists that had no part in the run so far."""
        return any(each.kind == "scenario" and each.outcome == "not run" for each in self._tests.values())

    def know(self, node_ids: Iterable[str], message: str) -> None:
        """Tests that exist besides the planned ones."""
        for node_id in node_ids:
            self._tests.setdefault(node_id, self.unknown(node_id, "not run", message))

    def forget(self, node_id: str) -> None:
        """What was told under this id belongs to tests with ids of their own."""
        self._tests.pop(node_id, None)

    def begin(self, node_id: str) -> None:
        """A test begins."""
        self._running.add(node_id)

    def end(self, node_id: str) -> None:
        """A test is over, all its tries included."""
        self._running.discard(node_id)

    def take(self, found: ScenarioResult) -> None:
        """A phase of a test has told how it ended; a later trouble outweighs an earlier pass, and never hides one."""
        earlier = self._tests.get(found.node_id)
        if earlier is not None and found.node_id in self._reported:
            found = _together(earlier, found)
        elif earlier is not None:
            found = replace(found, attempts=earlier.attempts)
        self._tests[found.node_id] = found
        self._reported.add(found.node_id)

    def again(self, found: ScenarioResult, number: int) -> None:
        """A try of a test has ended so, and the test will be run again; tries are counted from 0."""
        tries = self._tests.get(found.node_id, found).attempts
        # Of a try that goes wrong in two phases both are told.
        if number >= len(tries):
            tries = (*tries, Attempt(found.outcome, found.message, found.duration))
        self._tests[found.node_id] = replace(found, attempts=tries)
        self._reported.discard(found.node_id)

    def lost(self, node_id: str, message: str) -> ScenarioResult:
        """The result of a test whose process is gone, or that was interrupted."""
        known = self._tests.get(node_id) or self.unknown(node_id, "error", message)
        return replace(known, outcome="error", message=message, cause="harness is broken", proof=self._proof)

    def uncollected(self, node_id: str, outcome: Outcome, message: str) -> ScenarioResult:
        """The result of a file of which nobody knows the tests."""
        cause: Cause = "harness is broken" if outcome == "error" else ""
        return replace(self.unknown(node_id, outcome, message), kind="collection", cause=cause)

    def unknown(self, node_id: str, outcome: Outcome, message: str) -> ScenarioResult:
        """The result of a test of which nothing but its node id is known."""
        file, _, name = node_id.partition("::")
        return ScenarioResult(
            node_id=node_id,
            feature=file,
            scenario_id=name or file,
            title=name or file,
            row_key=None,
            tags=(),
            items=(),
            pairs=(),
            outcome=outcome,
            message=message,
            steps=(),
            evidence=NO_EVIDENCE,
            proof=self._proof,
            duration=0.0,
            kind="test",
        )

    def close(self, reason: str) -> list[ScenarioResult]:
        """Every test; one that is still running had no ending, and `reason` says why."""
        for node_id in sorted(self._running - self._reported):
            self._tests[node_id] = self.lost(node_id, reason)
        return [settled(each) for each in self._tests.values()]


def settled(test: ScenarioResult) -> ScenarioResult:
    """A pass after a failed try is no pass: nobody knows which of the two will come next time."""
    if test.outcome == "passed" and any(each.outcome in TROUBLE for each in test.attempts):
        return replace(test, outcome="flaky", message=f"Passed in try {len(test.attempts) + 1} only.")
    return test


def _together(earlier: ScenarioResult, later: ScenarioResult) -> ScenarioResult:
    """Two phases of one try: what the scenario has shown stays, and the first trouble is its ending."""
    message = "\n\n".join(part for part in (earlier.message, later.message) if part)
    if earlier.outcome in TROUBLE:
        return replace(earlier, message=message)
    return replace(earlier, outcome=later.outcome, message=message, cause=later.cause)
