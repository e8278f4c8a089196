"""Shards of a run, and reruns of what failed, as one run."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from counterpart.reporting.errors import UnlikeResults
from counterpart.reporting.events import Attempt, RunFacts, ScenarioResult
from counterpart.reporting.places import ALLURE
from counterpart.reporting.results import Results, in_order

# What all parts of one run share; the system may differ, as jobs run on machines of their own.
_SHARED = ("against", "revision", "dirty", "contracts", "inputs", "product", "artifact", "expected", "total", "lint")


def merge(parts: Sequence[tuple[Path, Results]]) -> Results:
    """The parts as if they had been run at once, each test with the tries that it had in all of them.

    A test that no part has run stays *not run*, and the whole is partial. Raises UnlikeResults for parts of different
    runs, naming what differs.
    """
    if not parts:
        raise UnlikeResults(Path(), "no results were given")
    first = parts[0]
    for each in parts[1:]:
        _alike(first, each)
    ordered = sorted((results for _, results in parts), key=lambda each: (each.facts.started, each.facts.finished))
    found: dict[str, list[ScenarioResult]] = defaultdict(list)
    for results in ordered:
        for test in results.tests:
            found[test.node_id].append(test)
    tests = in_order([_together(tries) for tries in found.values()])
    problems = tuple(dict.fromkeys(problem for results in ordered for problem in results.problems))
    return Results(_facts(ordered, tests), tests, problems)


class Gathered:
    """What allure-pytest has written in several parts, without what it says of tests that a part has not run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def move_to(self, target: Path) -> None:
        """Put everything into the target folder."""
        target.mkdir(parents=True, exist_ok=True)
        for path in self._folder.iterdir():
            shutil.move(path, target / path.name)


@contextmanager
def gather(files: Sequence[Path]) -> Iterator[Gathered]:
    """Copy Allure's results that lie beside results, before the reports that they may be part of are replaced."""
    with TemporaryDirectory(prefix="counterpart-") as folder:
        for path in (path for file in files for path in sorted((file.parent / ALLURE).glob("*"))):
            unknown = path.name.endswith("-result.json") and json.loads(path.read_bytes())["status"] == "unknown"
            if path.is_file() and not unknown:
                shutil.copy(path, folder)
        yield Gathered(Path(folder))


def missing(results: Results) -> tuple[str, ...]:
    """The scenarios that exist and that no part has run."""
    return tuple(each.name for each in results.tests if each.kind == "scenario" and each.outcome == "not run")


def _together(tries: list[ScenarioResult]) -> ScenarioResult:
    """What several parts say of one test: the last that ran it says how it ended, the others are earlier tries."""
    ran = [each for each in tries if each.outcome != "not run"]
    if not ran:
        return tries[-1]
    last = ran[-1]
    attempts = tuple(attempt for each in ran[:-1] for attempt in _tries(each)) + last.attempts
    if last.outcome == "passed" and any(each.outcome in ("failed", "error") for each in attempts):
        return replace(last, attempts=attempts, outcome="flaky", message=f"Passed in try {len(attempts) + 1} only.")
    return replace(last, attempts=attempts)


def _tries(test: ScenarioResult) -> Iterator[Attempt]:
    """All tries of a test in an earlier part; that it passed there too is nothing that has to be told."""
    yield from test.attempts
    if test.outcome not in ("passed", "flaky", "skipped"):
        yield Attempt(test.outcome, test.message, test.duration)


def _facts(ordered: Sequence[Results], tests: Sequence[ScenarioResult]) -> RunFacts:
    facts = [results.facts for results in ordered]
    scenarios = [each for each in tests if each.kind == "scenario"]
    ran = sum(1 for each in scenarios if each.outcome != "not run")
    return replace(
        facts[0],
        finished=max(each.finished for each in facts),
        partial=ran < len(scenarios),
        selected=ran,
        exit_status=_exit_status(ordered, tests),
        recorded=any(each.recorded for each in facts),
        connections=tuple(sorted({host for each in facts for host in each.connections})),
        caveats=tuple(dict.fromkeys(caveat for each in facts for caveat in each.caveats)),
    )


def _exit_status(ordered: Sequence[Results], tests: Sequence[ScenarioResult]) -> int:
    """The status with which one run would have ended: a test that failed in one part may have passed in a later one."""
    statuses = {results.facts.exit_status for results in ordered}
    # 5 says that a part had no test at all, which is no trouble as long as another one had some.
    if other := statuses - {0, 1, 5}:
        return max(other)
    unexplained = any(
        results.facts.exit_status == 1 and not _failing(results.tests + _tried(results)) for results in ordered
    )
    if unexplained or _failing(tests):
        return 1
    return 5 if statuses == {5} else 0


def _tried(results: Results) -> tuple[ScenarioResult, ...]:
    return tuple(replace(each, outcome=tried.outcome) for each in results.tests for tried in each.attempts)


def _failing(tests: Sequence[ScenarioResult]) -> bool:
    return any(each.outcome in ("failed", "error") for each in tests)


def _alike(one: tuple[Path, Results], other: tuple[Path, Results]) -> None:
    (first, known), (path, found) = one, other
    for name in _SHARED:
        here, there = getattr(found.facts, name), getattr(known.facts, name)
        if here != there:
            raise UnlikeResults(path, f"its {name} is {_shown(here)}, and that of {first} is {_shown(there)}")
    here, there = (
        {name: value for name, value in results.facts.versions.items() if name != "system"}
        for results in (found, known)
    )
    if here != there:
        differing = sorted(name for name in here.keys() | there.keys() if here.get(name) != there.get(name))
        raise UnlikeResults(path, f"it was made with other versions of {', '.join(differing)} than {first}")
    planned, known_planned = (
        {each.node_id for each in results.tests if each.kind == "scenario"} for results in (found, known)
    )
    if planned != known_planned:
        odd = sorted(planned ^ known_planned)
        raise UnlikeResults(path, f"it knows other scenarios than {first}: {', '.join(odd[:3])}")


def _shown(value: object) -> str:
    text = str(value) or "not told"
    return text if len(text) <= 60 else f"{text[:57]}..."
