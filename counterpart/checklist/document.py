"""A strict reader for "<System A> to <System B> Dataflow" documents.

It reads line by line and knows every line it admits. What it reads: flows whose opening says that every record is
synchronised, with link and properties, and property tables that are empty or list plain property names. Any other
statement of the family stops it with the place, because a sentence passed over would be an item never proven.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import NoReturn

from counterpart.checklist.errors import DocumentError
from counterpart.checklist.names import ObjectName, System, object_name

# The largest document of the family has 34 flows and stays below 100 KB.
MAX_BYTES = 2_000_000
MAX_LINE = 2_000

EVERY = "Every {source} will be synchronized with a {target}."
LINK = (
    "Once a link between a {source} and a {target} is established, it will keep in sync between the two systems, "
    "regardless of where it is edited."
)
PROPERTIES = "The following properties are synchronized between a {source} and a {target}:"
DATA_TYPES = frozenset({'"string"', '"integer"', '"float"', '"decimal"', '"boolean"', "N/A"})

_PROPERTY = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+){0,4}")
# Openings of the family that state something else than "every record", by how they begin.
_OTHER_OPENINGS = {
    "Before any synchronization": "a flow that needs a link before it synchronises anything",
    "When ": "a flow under a condition",
    "If ": "a merge or creation rule",
    "A new ": "creation through a related record",
    "A ": "a merge rule",
}


@dataclass(frozen=True)
class Statement:
    """A sentence of a flow; `kind` is every, keep_in_sync or properties, `text` has both names folded to ids."""

    kind: str
    text: str
    line: int

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the statement, independent of spellings of names, white space, order and place."""
        return sha256(" ".join(self.text.split()).encode()).hexdigest()


@dataclass(frozen=True)
class PropertyRow:
    """A row of a property table as the document lists it."""

    source: str
    target: str
    type: str
    line: int


@dataclass(frozen=True)
class PropertyTable:
    """A property table; without rows it is present and empty, which is the usual case and no mistake."""

    header: tuple[str, str, str]
    rows: tuple[PropertyRow, ...]
    line: int


@dataclass(frozen=True)
class DocumentFlow:
    """A flow section."""

    heading: str
    source: ObjectName
    target: ObjectName
    statements: tuple[Statement, ...]
    table: PropertyTable
    line: int


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

    @property
    def pair(self) -> str:
        """The two systems, source first: `customerp-invoiced`."""
        return f"{self.source.id}-{self.target.id}"


def read_file(path: Path) -> Document:
    """Read a document from a file and nothing else; raises DocumentError, also for a file that cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DocumentError(str(path), 0, "a readable file", error.strerror or str(error)) from None
    return read(data, str(path))


def read(data: bytes, path: str = "<document>") -> Document:
    """Read a document; raises DocumentError at the first line that the grammar does not admit."""
    if len(data) > MAX_BYTES:
        raise DocumentError(path, 0, f"at most {MAX_BYTES} bytes", "more")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = data.count(b"\n", 0, error.start) + 1
        raise DocumentError(path, place, "text in UTF-8", f"byte 0x{data[error.start]:02x}") from None
    lines = [line.rstrip(" ") for line in text.replace("\r\n", "\n").split("\n")]
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE:
            raise DocumentError(path, number, f"a line of at most {MAX_LINE} characters", f"one of {len(line)}")
        # A bare CR, a NUL or a vertical tab would let a viewer show other lines than the ones that are read.
        if control := re.search(r"[\x00-\x1f\x7f\x85\u2028\u2029]", line):
            raise DocumentError(path, number, "printable text", f"the control character {control[0]!r}")
    while lines and not lines[-1]:
        lines.pop()
    return _Reader(lines, path).document()


class _Reader:
    """Walks over the lines once; each method reads one rule of the grammar."""

    def __init__(self, lines: list[str], path: str) -> None:
        self._lines = lines
        self._path = path
        self._at = 0

    def document(self) -> Document:
        title, source, target = self._title()
        generated = self._generated()
        self._introduction(source, target)
        flows: list[DocumentFlow] = []
        seen: dict[str, str] = {}
        while self._at < len(self._lines):
            self._blank()
            if flows:
                self._blank()
            flow = self._flow(source)
            key = f"{flow.source.id} to {flow.target.id}"
            if key in seen:
                raise DocumentError(
                    self._path,
                    flow.line,
                    f"each flow once (this version cannot read repeated headings yet; {seen[key]!r} stands above)",
                    repr(flow.heading),
                )
            seen[key] = flow.heading
            flows.append(flow)
        kept = [line for line in self._lines if not line.startswith("Generated: ")]
        key = sha256("\n".join(kept).encode()).hexdigest()
        return Document(self._path, title, System(source), System(target), generated, key, tuple(flows))

    def _title(self) -> tuple[str, str, str]:
        over = self._next("the title's overline", lambda line: bool(line) and set(line) == {"="})
        title = self._next(
            "a title as long as its overline, such as 'A to B Dataflow'",
            lambda line: len(line) == len(over) and line.endswith(" Dataflow") and line.count(" to ") == 1,
        )
        self._exactly(over, "the title's underline")
        self._blank()
        source, _, target = title.removesuffix(" Dataflow").partition(" to ")
        if not System(source).id or not System(target).id:
            self._fail(2, "a title that names both systems (this version cannot read one without yet)", title)
        return title, source, target

    def _generated(self) -> datetime:
        line = self._next("'Generated: YYYY-MM-DD HH:MM:SS'", lambda line: line.startswith("Generated: "))
        try:
            stamp = datetime.strptime(line, "Generated: %Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        except ValueError:
            self._fail(self._at, "'Generated: YYYY-MM-DD HH:MM:SS'", line)
        self._blank()
        return stamp

    def _introduction(self, source: str, target: str) -> None:
        # Up to March 2024 the heading had a full stop and kept the shorter underline.
        self._next("the heading 'Introduction'", lambda line: line in ("Introduction", "Introduction."))
        self._exactly("-" * 12, "the heading's underline")
        self._blank()
        self._next(
            f"one paragraph of introduction that names the way from {source} to {target}",
            lambda line: f" from {source} to {target}." in line,
        )

    def _flow(self, system: str) -> DocumentFlow:
        first = self._at + 1
        heading = self._next("a heading such as 'A Customer to B Customers'", lambda line: line.count(" to ") == 1)
        self._exactly("-" * len(heading), "the heading's underline, as long as the heading")
        left, _, right = heading.partition(" to ")
        names = {"source": left, "target": right}
        source = object_name(left, system)
        if source is None:
            self._fail(first, f"a heading that begins with a spelling of {system!r}", heading)

        statements = [("every", EVERY, self._sentence(EVERY, names, "every record is synchronised"))]
        self._blank()
        statements.append(("keep_in_sync", LINK, self._sentence(LINK, names, "a linked pair keeps in sync")))
        self._blank()
        statements.append(("properties", PROPERTIES, self._sentence(PROPERTIES, names, "a list of properties follows")))
        self._blank()
        table = self._table(names)

        prefix = table.header[2].removesuffix(" Data Type")
        target = object_name(right, prefix)
        if target is None:
            self._fail(table.line + 5, f"the system of {right!r} before 'Data Type'", table.header[2])
        folded = {"source": f"{source.system.id}/{source.id}", "target": f"{target.system.id}/{target.id}"}
        return DocumentFlow(
            heading,
            source,
            target,
            tuple(Statement(kind, template.format(**folded), line) for kind, template, line in statements),
            table,
            first,
        )

    def _table(self, names: dict[str, str]) -> PropertyTable:
        self._exactly(".. list-table::", "the property table")
        first = self._at
        self._exactly("   :header-rows: 1", "the table's only option, ':header-rows: 1'")
        self._blank()
        for index, expected in enumerate((f"{names['source']} Property", f"{names['target']} Property")):
            self._exactly(("   * - ", "     - ")[index] + expected, f"the header cell {expected!r}")
        header = self._next(
            "a header cell that ends in 'Data Type'",
            lambda line: line.startswith("     - ") and line.endswith(" Data Type"),
        ).removeprefix("     - ")
        rows: list[PropertyRow] = []
        while self._at < len(self._lines) and self._lines[self._at]:
            rows.append(self._row())
        return PropertyTable((f"{names['source']} Property", f"{names['target']} Property", header), tuple(rows), first)

    def _row(self) -> PropertyRow:
        line = self._at + 1
        cells = [self._cell(start) for start in ("   * - ", "     - ", "     - ")]
        for offset, name in enumerate(cells[:2]):
            if not _PROPERTY.fullmatch(name):
                self._fail(
                    line + offset,
                    "a plain property name (this version cannot read value conditions or internal names yet)",
                    name,
                )
        if cells[2] not in DATA_TYPES:
            self._fail(
                line + 2,
                f"a data type of {', '.join(sorted(DATA_TYPES))} (this version cannot read expressions yet)",
                cells[2],
            )
        return PropertyRow(cells[0], cells[1], cells[2].strip('"'), line)

    def _cell(self, start: str) -> str:
        wanted = f"a table cell that begins with {start.strip()!r}; a row has three"
        return self._next(wanted, lambda line: line.startswith(start)).removeprefix(start)

    def _sentence(self, template: str, names: dict[str, str], meaning: str) -> int:
        found = self._peek()
        if found != template.format(**names):
            other = next((what for start, what in _OTHER_OPENINGS.items() if found.startswith(start)), None)
            also = f" (this version cannot read {other} yet)" if other and template is EVERY else ""
            expected = f"the sentence saying that {meaning}, with {names['source']!r} and {names['target']!r}{also}"
            self._fail(self._at + 1, expected, found)
        self._at += 1
        return self._at

    def _blank(self) -> None:
        self._exactly("", "an empty line")

    def _exactly(self, wanted: str, expected: str) -> None:
        self._next(expected, lambda line: line == wanted)

    def _next(self, expected: str, admits: Callable[[str], bool]) -> str:
        line = self._peek()
        if self._at >= len(self._lines) or not admits(line):
            self._fail(self._at + 1, expected, line)
        self._at += 1
        return line

    def _peek(self) -> str:
        return self._lines[self._at] if self._at < len(self._lines) else ""

    def _fail(self, line: int, expected: str, found: str) -> NoReturn:
        # Only the beginning is shown: a document's sentences are confidential, and a hostile line may be long.
        if line > len(self._lines):
            shown = "the end of the document"
        else:
            shown = repr(found if len(found) <= 60 else f"{found[:57]}...") if found else "an empty line"
        raise DocumentError(self._path, line, expected, shown)
