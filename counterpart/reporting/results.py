"""The results of a run as one file, from which every report is made and which the gate reads.

The format is versioned by its `schema`; `results.schema.json` describes it. A reader refuses a version that it does not
know, so a new member needs a default and a changed one a new version.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from counterpart.reporting.errors import MalformedEvent, NoResults, TornResults, VoidResults
from counterpart.reporting.events import OUTCOMES, Outcome, RunFacts, ScenarioResult

if TYPE_CHECKING:
    import jsonschema_rs

SCHEMA = "counterpart-results/1"
RESULTS = "results.json"
# No report of a complete checklist comes near it; whoever hands in more wants to fill memory.
MAX_BYTES = 200_000_000

ProblemKind = Literal["interrupted", "internal error", "worker lost"]


@dataclass(frozen=True)
class Problem:
    """Something that befell the run itself rather than one of its tests."""

    kind: ProblemKind
    message: str


@dataclass(frozen=True)
class Results:
    """Every test that exists, run or not, in the order of node ids, with the facts of the run."""

    facts: RunFacts
    tests: tuple[ScenarioResult, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many tests ended in each way; ways in which none ended are left out."""
        counted = Counter(each.outcome for each in self.tests)
        return {outcome: counted[outcome] for outcome in OUTCOMES if counted[outcome]}

    @property
    def ran(self) -> tuple[ScenarioResult, ...]:
        """The tests that had a part in the run."""
        return tuple(each for each in self.tests if each.outcome != "not run")

    def to_dict(self) -> dict[str, Any]:
        """The content of the file."""
        return {
            "schema": SCHEMA,
            "state": "complete",
            "facts": asdict(self.facts),
            "counts": self.counts,
            "problems": [asdict(each) for each in self.problems],
            "tests": [asdict(each) for each in self.tests],
        }

    def save(self, path: Path) -> None:
        """Write the file, as a whole or not at all."""
        _write(path, self.to_dict())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file and hold it against its schema; raises NoResults, VoidResults, TornResults."""
        try:
            if path.stat().st_size > MAX_BYTES:
                raise TornResults(path, f"it is larger than {MAX_BYTES // 1_000_000} MB")
            data = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise NoResults(path, "there are no results") from None
        except (OSError, ValueError, RecursionError) as error:
            raise TornResults(path, f"it cannot be read: {error}") from None
        return cls.from_dict(data, path)

    @classmethod
    def from_dict(cls, data: object, path: Path) -> Self:
        """The results that a file holds; `path` is named in errors."""
        if isinstance(data, Mapping) and data.get("schema") not in (SCHEMA, None):
            raise TornResults(path, f"it is of the format {data['schema']!r}, and this version reads {SCHEMA!r}")
        if isinstance(data, Mapping) and data.get("state") == "void":
            raise VoidResults(path, "a run was begun and has not come to its end")
        if error := next(_validator().iter_errors(data), None):
            place = "/".join(map(str, error.instance_path))
            raise TornResults(path, f"at {place or 'its top'}: {error.message[:200]}")
        assert isinstance(data, Mapping)
        try:
            facts = RunFacts.from_dict(data["facts"])
            tests = tuple(ScenarioResult.from_dict(each) for each in data["tests"])
        except MalformedEvent as malformed:
            raise TornResults(path, malformed.cause) from None
        found = cls(facts, tests, tuple(Problem(**each) for each in data["problems"]))
        if data["counts"] != found.counts:
            raise TornResults(path, "its counts are not those of its tests")
        if len({each.node_id for each in tests}) < len(tests):
            raise TornResults(path, "it holds the same test more than once")
        return found


def void(path: Path) -> None:
    """Take back what an earlier run has shown, since another one begins."""
    _write(path, {"schema": SCHEMA, "state": "void"})


def in_order(tests: Sequence[ScenarioResult]) -> tuple[ScenarioResult, ...]:
    """Tests as they stand in a file."""
    return tuple(sorted(tests, key=lambda each: each.node_id))


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.new")
    # ASCII only, so that lone surrogates, which JSON admits and UTF-8 does not, stay what they are.
    temporary.write_text(json.dumps(content, indent=1) + "\n", "ascii")
    temporary.replace(path)


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    # Imported here: a run writes results and reads none.
    import jsonschema_rs

    schema = json.loads((Path(__file__).parent / "results.schema.json").read_text("utf-8"))
    return jsonschema_rs.Draft202012Validator(schema)
