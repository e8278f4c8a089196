"""The one stream of values from which every report is made.

Each event survives a round trip through JSON, because xdist's workers hand theirs to the controlling process.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self, cast

from counterpart.reporting.errors import MalformedEvent

StepOutcome = Literal["passed", "failed", "skipped"]
Outcome = Literal["passed", "failed", "skipped", "error"]
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
class ScenarioResult:
    """What became of one scenario, or of one row of an outline.

    `items` are short item ids. `pairs` are the properties that its Then steps have read: the system in which, and the
    dotted path at which, a value had to arrive. Which property pair and direction that is, the supplement says.
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

    @property
    def id(self) -> str:
        """The scenario's own id, with the row's key in brackets."""
        return self.scenario_id + (f"[{self.row_key}]" if self.row_key else "")

    def to_json(self) -> str:
        """The event as JSON text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The event that `to_json` wrote; raises MalformedEvent."""
        try:
            data = _object(text)
            steps = tuple(
                StepResult(**step | {"table": tuple(tuple(row) for row in step["table"])}) for step in data["steps"]
            )
            return cls(
                **data
                | {
                    "tags": tuple(data["tags"]),
                    "items": tuple(data["items"]),
                    "pairs": tuple((system, path) for system, path in data["pairs"]),
                    "steps": steps,
                    "evidence": Evidence(**data["evidence"]),
                    "records": tuple(RecordSeen(**record) for record in data.get("records", ())),
                }
            )
        except (ValueError, TypeError, KeyError) as error:
            raise MalformedEvent("ScenarioResult", str(error)) from None


@dataclass(frozen=True)
class RunFacts:
    """Where, when and with what a run took place; times are RFC 3339 texts.

    `selected` of `total` scenarios were run; `expected` says how many each item has, whether they were run or not.
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

    def to_json(self) -> str:
        """The event as JSON text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The event that `to_json` wrote; raises MalformedEvent."""
        try:
            data = _object(text)
            return cls(**data | {"caveats": tuple(data.get("caveats", ()))})
        except (ValueError, TypeError) as error:
            raise MalformedEvent("RunFacts", str(error)) from None


def _object(text: str) -> dict[str, Any]:
    data = json.loads(text)
    if not isinstance(data, dict):
        raise ValueError("it is no JSON object")
    return cast(dict[str, Any], data)
