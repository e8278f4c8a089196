"""What a dataflow document says, as values with the place where it says so."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Literal

from counterpart.checklist.names import ObjectName, System

StatementKind = Literal[
    "every",
    "conditional",
    "precondition",
    "match_or_create",
    "create_related",
    "merge",
    "keep_in_sync",
    "properties",
]


@dataclass(frozen=True)
class Encoding:
    """How the file was stored; nothing of it changes what the document says."""

    line_ends: Literal["LF", "CRLF", "mixed"]
    byte_order_mark: bool
    final_newline: bool
    trailing_blanks: int


@dataclass(frozen=True)
class Condition:
    """A value condition on a property: it takes part only while `path` has `value`; either may be left blank."""

    value: str
    path: str

    @property
    def complete(self) -> bool:
        """Whether it says both which value and where."""
        return bool(self.value and self.path)

    def __str__(self) -> str:
        return f"{self.value or '(nothing)'} in {self.path or '(nowhere)'}"


@dataclass(frozen=True)
class PropertyRef:
    """A property as a cell names it; `repeated` counts conditions that the cell says more than once."""

    raw: str
    path: str
    conditions: tuple[Condition, ...]
    line: int
    column: int
    repeated: int = 0

    @property
    def internal(self) -> bool:
        """Whether it belongs to the service that wrote the document, such as the id of a parent record."""
        return any(segment.startswith("$") for segment in self.path.split("."))

    @property
    def synthetic(self) -> bool:
        """Whether the service made it up, so that no system has it."""
        return any(segment.startswith("sesam_") for segment in self.path.split("."))

    @property
    def prefixed(self) -> bool:
        """Whether it names a property of the service's own model, such as `ps:P297`."""
        return ":" in self.path

    @property
    def trimmed(self) -> bool:
        """Whether blanks or tabs behind the name were taken off."""
        return self.raw != self.raw.rstrip(" \t")

    def __str__(self) -> str:
        return self.path + "".join(f" while {condition}" for condition in self.conditions)


@dataclass(frozen=True)
class DataType:
    """A data type cell; `lossy` when the expression was printed without parts that decide what it does."""

    raw: str
    canonical: str
    meaning: str
    lossy: bool = False

    @property
    def is_expression(self) -> bool:
        """Whether the cell holds a formula instead of a type."""
        return self.meaning != self.canonical


@dataclass(frozen=True)
class PropertyRow:
    """A row of a property table; `misplaced` when its type stands at column 1 instead of in the third cell."""

    source: PropertyRef
    target: PropertyRef
    type: DataType
    line: int
    misplaced: bool = False

    @property
    def key(self) -> tuple[object, ...]:
        """What makes two rows the same row."""
        return (self.source.path, self.source.conditions, self.target.path, self.target.conditions, self.type.raw)


@dataclass(frozen=True)
class PropertyTable:
    """A property table; without rows it is present and empty, which is the usual case and no mistake."""

    header: tuple[str, str, str]
    rows: tuple[PropertyRow, ...]
    line: int

    @property
    def state(self) -> Literal["filled", "header_only"]:
        """Whether it lists anything."""
        return "filled" if self.rows else "header_only"


@dataclass(frozen=True)
class Alternative:
    """A row of a merge rule: records belong together when both properties are equal; None is an empty cell."""

    source: PropertyRef | None
    target: PropertyRef | None
    line: int

    def __str__(self) -> str:
        return f"{self.source or '(nothing)'} = {self.target or '(nothing)'}"


@dataclass(frozen=True)
class Clause:
    """The words before "it will be synchronized": a condition, or an editor's remark that slipped in."""

    nature: Literal["condition", "note"]
    meaning: str
    subject: str = ""
    agrees: bool = True


@dataclass(frozen=True)
class Statement:
    """A sentence of a flow, or a rule with its table; `text` has all names folded to ids."""

    kind: StatementKind
    text: str
    line: int
    last: int = 0
    clause: Clause | None = None
    related: tuple[ObjectName, ...] = ()
    into: System | None = None
    alternatives: tuple[Alternative, ...] = ()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the statement, independent of spellings of names, white space, order and place."""
        return fingerprint(self.text)


@dataclass(frozen=True)
class DocumentFlow:
    """A flow section; `occurrence` of `occurrences` counts sections with the same source and target."""

    heading: str
    source: ObjectName
    target: ObjectName
    statements: tuple[Statement, ...]
    table: PropertyTable
    line: int
    last: int = 0
    occurrence: int = 1
    occurrences: int = 1

    @property
    def key(self) -> tuple[str, str]:
        """What makes two sections the same flow, however their headings are spelled."""
        return (self.source.id, self.target.id)


@dataclass(frozen=True)
class Document:
    """A dataflow document as read.

    `content_key` is the SHA-256 of the text without its Generated line and with LF line ends, so two printings of the
    same content have the same key.
    """

    path: str
    title: str
    source: System
    target: System
    generated: datetime
    content_key: str
    flows: tuple[DocumentFlow, ...]
    introduction: str = ""
    old_heading: bool = False
    encoding: Encoding = field(default=Encoding("LF", False, True, 0), compare=False)

    @property
    def pair(self) -> str:
        """The two systems, source first: `customerp-invoiced`."""
        return f"{self.source.id or 'unnamed'}-{self.target.id or 'unnamed'}"


def fingerprint(text: str) -> str:
    """SHA-256 of a text whose white space is folded."""
    return sha256(" ".join(text.split()).encode()).hexdigest()
