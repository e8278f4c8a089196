"""What is known after a run, as values: verdicts of items, of property pairs, and of everything together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from counterpart.checklist.items import Item
from counterpart.checklist.supplement import Row


class Verdict(StrEnum):
    """What is known about an item or a property pair after a run."""

    PASSED = "passed"
    PASSED_ON_ASSUMPTION = "passed on assumption"
    FAILED = "failed"
    DEVIATION = "deviation"
    OPEN = "open"
    BLOCKED = "blocked"
    WAIVED = "waived"
    FLAKY = "flaky"
    NOT_RUN = "not run"
    STALE = "stale"


# What has to be looked at first is told first; what needs people rather than repair comes last.
TELLING_ORDER = (
    Verdict.FAILED,
    Verdict.FLAKY,
    Verdict.STALE,
    Verdict.BLOCKED,
    Verdict.NOT_RUN,
    Verdict.PASSED,
    Verdict.PASSED_ON_ASSUMPTION,
    Verdict.WAIVED,
    Verdict.DEVIATION,
    Verdict.OPEN,
)
# A claim is as strong as its weakest evidence.
PROOF_LEVELS = ("by hand", "emulator recording", "emulator run", "live recording", "live run")


class Scenario(Protocol):
    """What a verdict needs to know of a scenario's outcome."""

    @property
    def node_id(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def items(self) -> tuple[str, ...]: ...
    @property
    def pairs(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def outcome(self) -> str: ...
    @property
    def proof(self) -> str: ...


class Run(Protocol):
    """What a verdict needs to know of a run."""

    @property
    def partial(self) -> bool: ...
    @property
    def expected(self) -> Mapping[str, int]: ...
    @property
    def exit_status(self) -> int: ...


@dataclass(frozen=True)
class ItemVerdict:
    """An item's verdict; `scenarios` are node ids, `passed` of `total` counts those that exist, run or not."""

    item: Item
    verdict: Verdict
    reason: str
    scenarios: tuple[str, ...]
    passed: int
    total: int
    rests_on: tuple[Row, ...]
    proof: str | None


@dataclass(frozen=True)
class DirectionVerdict:
    """What is known about a property pair in one direction; `scenarios` are node ids."""

    verdict: Verdict
    reason: str
    scenarios: tuple[str, ...]


@dataclass(frozen=True)
class RowVerdict:
    """What is known about a row of the supplement."""

    row: Row
    to_target: DirectionVerdict
    to_source: DirectionVerdict


@dataclass(frozen=True)
class Judgement:
    """All verdicts of a run; `sentence` sums them up, `proven` says whether nothing is left to be done.

    `additional` are the items beyond the document; they are told apart and not counted.
    """

    items: tuple[ItemVerdict, ...]
    rows: tuple[RowVerdict, ...]
    sentence: str
    proven: bool
    additional: tuple[ItemVerdict, ...] = ()

    def count(self, verdict: Verdict) -> int:
        """How many items have this verdict."""
        return sum(1 for each in self.items if each.verdict is verdict)
