"""What can go wrong with a checklist and its files, branched by what the caller does next.

ChecklistError
├── DocumentError         read another document, or wait for a reader that knows its grammar
└── FileDefects           mend the file of ours that `path` names, sentence by sentence
    ├── ChecklistFileError    features/checklist.toml; it can be derived again
    ├── SupplementError       features/supplement.toml
    ├── DecisionsError        features/decisions.toml
    ├── WaiversError          features/waivers.toml
    ├── ManualError           features/manual.toml
    ├── AttestationError      features/attestation.toml; compare again
    ├── ReviewsError          features/trace.toml; review again
    ├── AdditionalError       features/additional.toml
    └── PolicyError           gate.toml
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class ChecklistError(Exception):
    """Base of every exception raised by this package."""


class DocumentError(ChecklistError, ValueError):
    """A document is not of the grammar that this version reads; `line` counts from 1, 0 is the file as a whole."""

    def __init__(self, path: str, line: int, expected: str, found: str) -> None:
        self.path, self.line, self.expected, self.found = path, line, expected, found
        place = f"{path}:{line}" if line else path
        super().__init__(f"{place}: expected {expected}; found {found}")


class FileDefects(ChecklistError, ValueError):
    """A file of ours has mistakes; `defects` are sentences with place, cause and cure."""

    def __init__(self, path: Path, defects: Iterable[str]) -> None:
        self.path, self.defects = path, tuple(defects)
        super().__init__("\n".join(f"{path}: {defect}" for defect in self.defects))


class ChecklistFileError(FileDefects):
    """The checklist's file is missing, torn or contradicts itself."""


class SupplementError(FileDefects):
    """The supplement cannot be used as it is; `defects` names every mistake with row, cause and cure."""


class DecisionsError(FileDefects):
    """The decisions cannot be used as they are; `defects` names every mistake with point, cause and cure."""


class WaiversError(FileDefects):
    """Waivers or quarantine cannot be read; `defects` names every mistake with place, cause and cure."""


class ManualError(FileDefects):
    """What was proven by hand cannot be read or recorded; `defects` names every mistake with place, cause and cure."""


class AttestationError(FileDefects):
    """The attestation of a comparison is torn."""


class ReviewsError(FileDefects):
    """The record of what was reviewed is torn."""


class AdditionalError(FileDefects):
    """The additional items cannot be used as they are; `defects` names every mistake with item, cause and cure."""


class PolicyError(FileDefects):
    """A gate's policy cannot be used as it is; `defects` names every mistake."""
