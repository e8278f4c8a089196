"""The one stream of values from which every report is made.

Each event survives a round trip through JSON, because xdist's workers hand theirs to the controlling process.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self, cast, get_args

from counterpart.reporting.errors import MalformedEvent

StepOutcome = Literal["passed", "failed", "skipped"]
# How a test can end. `error` is trouble before or after it, or no ending at all; `flaky` passed only when run again;
# `xpassed` passed although it is marked as failing; `not run` exists and has no part in this run.
Outcome = Literal["passed", "failed", "error", "skipped", "xfailed", "xpassed", "flaky", "not run"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
# A scenario of a feature file, a test written in Python, or a file that could not be collected at all.
Kind = Literal["scenario", "test", "collection"]
# Who has to look at a failure.
Cause = Literal["", "sync is wrong", "recording is stale", "contract is violated", "harness is broken"]
CAUSES: tuple[Cause, ...] = get_args(Cause)[1:]
# On what a verdict rests, weakest first: a recording answers with what the emulator said when it was made.
Proof = Literal["emulator recording", "emulator run", "live recording", "live run"]


@dataclass(frozen=True)
class StepResult:
    """What became of one step; `ordinal` counts from 1 with the background included, `duration` is in seconds."""

    ordinal: int
    keyword: str
    text: str
    outcome: StepOutcome
    duration: float
    table: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Evidence:
    """What a scenario can show: its recording, by path within the project and hash, and against what it was made."""

    cassette: str | None
    sha256: str | None
    interactions: int
    recorded_against: str


@dataclass(frozen=True)
class RecordSeen:
    """A record that a scenario speaks of, each property by its path as a text.

    `before` is how it was before the last edit that the sync had to carry, `after` how it was seen last; None means
    that it was not there.
    """

    system: str
    kind: str
    id: str
    before: Mapping[str, str] | None
    after: Mapping[str, str] | None


@dataclass(frozen=True)
class Attempt:
    """An earlier try of a test that was run again; `duration` is in seconds."""

    outcome: Outcome
    message: str
    duration: float


@dataclass(frozen=True)
class Difference:
    """The comparison that failed a test, in the texts of the features."""

    what: str
    expected: str
    actual: str


@dataclass(frozen=True)
class ScenarioResult:
    """What became of one scenario, of one row of an outline, or of another test beside them.

    `items` are short item ids. `pairs` are the properties that its Then steps have read: the system in which, and the
    dotted path at which, a value had to arrive. Which property pair and direction that is, the supplement says.
    `parameters` are the cells of an outline's row. `attempts` are earlier tries, the first one first. `duration` is in
    seconds.
    """

    node_id: str
    feature: str
    scenario_id: str
    title: str
    row_key: str | None
    tags: tuple[str, ...]
    items: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    outcome: Outcome
    message: str
    steps: tuple[StepResult, ...]
    evidence: Evidence
    proof: Proof
    duration: float
    records: tuple[RecordSeen, ...] = ()
    kind: Kind = "scenario"
    cause: Cause = ""
    difference: Difference | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    attempts: tuple[Attempt, ...] = ()

    @property
    def id(self) -> str:
        """The scenario's own id, with the row's key in brackets."""
        return self.scenario_id + (f"[{self.row_key}]" if self.row_key else "")

    @property
    def name(self) -> str:
        """What the scenario is known by over many runs, whatever its title and file become."""
        return f"{self.items[0]}/{self.id}" if self.items else self.node_id

    @property
    def headline(self) -> str:
        """What its message says in one line: what was wrong, without the place and what led to it."""
        lines = [line.strip() for line in self.message.strip().splitlines() if line.strip()]
        # The place of a step comes first, and what was wrong there second.
        if len(lines) > 1 and lines[0].startswith(f"{self.feature}:"):
            return lines[1]
        # In a traceback, what was raised stands behind an E.
        raised = next((line[1:].strip() for line in lines if line.startswith("E  ")), "")
        return raised or (lines[0] if lines else "")

    def to_json(self) -> str:
        """The event as JSON text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The event that `to_json` wrote; raises MalformedEvent."""
        return cls.from_dict(_object(text, "ScenarioResult"))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The event of which `data` is the JSON object; raises MalformedEvent."""
        try:
            if data["outcome"] not in OUTCOMES:
                raise ValueError(f"{data['outcome']!r} is no outcome")
            steps = tuple(
                StepResult(**step | {"table": tuple(tuple(row) for row in step["table"])}) for step in data["steps"]
            )
            return cls(
                **dict(data)
                | {
                    "tags": tuple(data["tags"]),
                    "items": tuple(data["items"]),
                    "pairs": tuple((system, path) for system, path in data["pairs"]),
                    "steps": steps,
                    "evidence": Evidence(**data["evidence"]),
                    "records": tuple(RecordSeen(**record) for record in data.get("records", ())),
                    "difference": Difference(**data["difference"]) if data.get("difference") else None,
                    "parameters": tuple((name, value) for name, value in data.get("parameters", ())),
                    "attempts": tuple(Attempt(**each) for each in data.get("attempts", ())),
                }
            )
        except (ValueError, TypeError, KeyError) as error:
            raise MalformedEvent("ScenarioResult", str(error)) from None


@dataclass(frozen=True)
class RunFacts:
    """Where, when and with what a run took place; times are RFC 3339 texts.

    `selected` of `total` scenarios were run; `expected` says how many each item has, whether they were run or not.
    `product` and `artifact` name the product under test, its version and the digest of what was built, where told.
    `inputs` are hashes of what the run was made from, by folder or file. `connections` are hosts outside this machine
    to which something connected. `lint` are the warnings about feature files, `ci` is the job that ran this.
    """

    started: str
    finished: str
    against: str
    partial: bool
    selected: int
    total: int
    revision: str
    dirty: bool
    versions: Mapping[str, str]
    contracts: Mapping[str, str]
    exit_status: int
    expected: Mapping[str, int] = field(default_factory=dict)
    caveats: Sequence[str] = ()
    """Sentences on what this run could not show, whatever its scenarios say."""
    product: str = ""
    artifact: str = ""
    recorded: bool = False
    inputs: Mapping[str, str] = field(default_factory=dict)
    connections: tuple[str, ...] = ()
    lint: tuple[str, ...] = ()
    ci: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """The event as JSON text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The event that `to_json` wrote; raises MalformedEvent."""
        return cls.from_dict(_object(text, "RunFacts"))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The event of which `data` is the JSON object; raises MalformedEvent."""
        try:
            lists = {name: tuple(data.get(name, ())) for name in ("caveats", "connections", "lint")}
            return cls(**dict(data) | lists)
        except (ValueError, TypeError, KeyError) as error:
            raise MalformedEvent("RunFacts", str(error)) from None


def _object(text: str, event: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise MalformedEvent(event, str(error)) from None
    if not isinstance(data, dict):
        raise MalformedEvent(event, "it is no JSON object")
    return cast(dict[str, Any], data)
