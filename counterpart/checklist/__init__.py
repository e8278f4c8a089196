"""Document -> items -> verdicts: what is to be proven, and whether it has been."""

from counterpart.checklist.checklist import Checklist, Source
from counterpart.checklist.compare import Change, Difference, compare
from counterpart.checklist.diagnostics import Diagnostic, against_opposite, diagnose
from counterpart.checklist.document import read, read_file
from counterpart.checklist.errors import (
    ChecklistError,
    ChecklistFileError,
    DocumentError,
    FileDefects,
    SupplementError,
)
from counterpart.checklist.items import Flow, Item, Side, derive
from counterpart.checklist.model import Document
from counterpart.checklist.supplement import Approval, Direction, Row, Supplement
from counterpart.checklist.verdicts import (
    TELLING_ORDER,
    DirectionVerdict,
    ItemVerdict,
    Judgement,
    RowVerdict,
    Verdict,
    exercised,
    judge,
)

__all__ = [
    "TELLING_ORDER",
    "Approval",
    "Change",
    "Checklist",
    "ChecklistError",
    "ChecklistFileError",
    "Diagnostic",
    "Difference",
    "Direction",
    "DirectionVerdict",
    "Document",
    "DocumentError",
    "FileDefects",
    "Flow",
    "Item",
    "ItemVerdict",
    "Judgement",
    "Row",
    "RowVerdict",
    "Side",
    "Source",
    "Supplement",
    "SupplementError",
    "Verdict",
    "against_opposite",
    "compare",
    "derive",
    "diagnose",
    "exercised",
    "judge",
    "read",
    "read_file",
]
