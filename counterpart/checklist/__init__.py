"""Document -> items -> verdicts: what is to be proven, and whether it has been."""

from counterpart.checklist.additional import Additional
from counterpart.checklist.approvals import Approval
from counterpart.checklist.attestation import Attestation
from counterpart.checklist.checklist import Checklist, Source
from counterpart.checklist.circumstances import BY_HAND, UNTROUBLED, Circumstances
from counterpart.checklist.compare import Change, Difference, compare
from counterpart.checklist.decisions import Decision, Decisions, Point, open_points
from counterpart.checklist.diagnostics import Diagnostic, against_opposite, diagnose
from counterpart.checklist.document import read, read_file
from counterpart.checklist.errors import (
    AdditionalError,
    AttestationError,
    ChecklistError,
    ChecklistFileError,
    DecisionsError,
    DocumentError,
    FileDefects,
    ManualError,
    PolicyError,
    ReviewsError,
    SupplementError,
    WaiversError,
)
from counterpart.checklist.items import Flow, Item, Side, derive
from counterpart.checklist.judgement import (
    PROOF_LEVELS,
    TELLING_ORDER,
    DirectionVerdict,
    ItemVerdict,
    Judgement,
    RowVerdict,
    Verdict,
)
from counterpart.checklist.manual import ManualRecord
from counterpart.checklist.model import Document
from counterpart.checklist.scaffold import Connected, Written, adopted, scaffold
from counterpart.checklist.supplement import Direction, Row, Supplement
from counterpart.checklist.verdicts import exercised, judge
from counterpart.checklist.versions import VersionDifference, compare_versions
from counterpart.checklist.waivers import NOTHING_WAIVED, Quarantine, Waiver, Waivers

__all__ = [
    "BY_HAND",
    "NOTHING_WAIVED",
    "PROOF_LEVELS",
    "TELLING_ORDER",
    "UNTROUBLED",
    "Additional",
    "AdditionalError",
    "Approval",
    "Attestation",
    "AttestationError",
    "Change",
    "Checklist",
    "ChecklistError",
    "ChecklistFileError",
    "Circumstances",
    "Connected",
    "Decision",
    "Decisions",
    "DecisionsError",
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
    "ManualError",
    "ManualRecord",
    "Point",
    "PolicyError",
    "Quarantine",
    "ReviewsError",
    "Row",
    "RowVerdict",
    "Side",
    "Source",
    "Supplement",
    "SupplementError",
    "Verdict",
    "VersionDifference",
    "Waiver",
    "Waivers",
    "WaiversError",
    "Written",
    "adopted",
    "against_opposite",
    "compare",
    "compare_versions",
    "derive",
    "diagnose",
    "exercised",
    "judge",
    "open_points",
    "read",
    "read_file",
    "scaffold",
]
