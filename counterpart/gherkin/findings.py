"""What the linter tells: one thing amiss a finding, with its place and its cure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Finding:
    """One thing amiss: where, what, and the edit that cures it; `code` names its kind, `item` what it concerns."""

    code: str
    path: Path
    line: int
    message: str
    cure: str
    item: str = ""

    def __str__(self) -> str:
        what = f"{self.item}: {self.message}" if self.item and self.item not in self.message else self.message
        return f"{self.path}:{self.line}: {what}; {self.cure}"


@dataclass(frozen=True)
class Lint:
    """All findings: `defects` stop a run, `warnings` keep a release from being signed."""

    defects: tuple[Finding, ...]
    warnings: tuple[Finding, ...]


class FeatureDefect(Exception):
    """The feature files cannot be used as they are; `defects` says all that is amiss."""

    def __init__(self, defects: Iterable[Finding]) -> None:
        self.defects = tuple(defects)
        super().__init__("\n".join(map(str, self.defects)))
