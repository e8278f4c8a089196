"""A strict reader for "<System A> to <System B> Dataflow" documents.

It reads line by line and knows every line it admits, because a sentence passed over would be an item never proven.
docutils cannot do this: it reports an error for each property table without rows, and drops the table.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from counterpart.checklist.lines import Cursor, load, split
from counterpart.checklist.model import Document, DocumentFlow
from counterpart.checklist.names import System, letters
from counterpart.checklist.sections import SectionReader

# `customerp-invoiced.rst`, with whatever date or state people put behind a point.
_FILE_NAME = re.compile(r"(?P<source>[a-z0-9]+)-(?P<target>[a-z0-9]+)\.")
_GENERATED = re.compile(r"Generated: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def read_file(path: Path) -> Document:
    """Read a document from a file and nothing else; raises DocumentError, also for a file that cannot be read."""
    return read(load(path), str(path))


def read(data: bytes, path: str = "<document>") -> Document:
    """Read a document; raises DocumentError at the first line that the grammar does not admit.

    The file's name only tells which system is meant where the title leaves one out.
    """
    cursor = Cursor(split(data, path), path)
    title, source, target = _title(cursor, Path(path).name)
    generated = _generated(cursor)
    old_heading, introduction = _introduction(cursor, source, target)
    flows: list[DocumentFlow] = []
    while not cursor.ended:
        cursor.blank()
        if flows:
            cursor.blank()
        flows.append(SectionReader(cursor, source, target).section())
    kept = [line for line in cursor.text.lines if not line.startswith("Generated: ")]
    return Document(
        path,
        title,
        source,
        target,
        generated,
        sha256("\n".join(kept).encode()).hexdigest(),
        _counted(flows),
        introduction,
        old_heading,
        cursor.text.encoding,
    )


def _title(cursor: Cursor, file_name: str) -> tuple[str, System, System]:
    over = cursor.take("the title's overline", lambda line: bool(line) and set(line) == {"="})
    title = cursor.take(
        "a title as long as its overline, such as 'A to B Dataflow'",
        lambda line: len(line) == len(over) and line.endswith(" Dataflow") and line.count(" to ") == 1,
    )
    cursor.exactly(over, "the title's underline")
    cursor.blank()
    left, _, right = title.removesuffix(" Dataflow").partition(" to ")
    source = System(left)
    if not letters(left) or (right and not letters(right)):
        cursor.fail(2, "a title that names the source system")
    named = _FILE_NAME.match(file_name)
    known_as = named["target"] if not right and named and named["source"] in (source.id, *source.folds) else ""
    return title, source, System(right, known_as)


def _generated(cursor: Cursor) -> datetime:
    wanted = "'Generated: YYYY-MM-DD HH:MM:SS'"
    line = cursor.take(wanted, lambda line: _GENERATED.fullmatch(line) is not None)
    try:
        stamp = datetime.strptime(line, "Generated: %Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        cursor.fail(cursor.at, wanted)
    cursor.blank()
    return stamp


def _introduction(cursor: Cursor, source: System, target: System) -> tuple[bool, str]:
    # Up to March 2024 the heading had a full stop and kept the shorter underline.
    heading = cursor.take("the heading 'Introduction'", lambda line: line in ("Introduction", "Introduction."))
    cursor.exactly("-" * 12, "the heading's underline")
    cursor.blank()
    paragraph = cursor.take(
        f"one paragraph of introduction that names the way from {source.raw} to {target.raw}",
        lambda line: f" from {source.raw} to {target.raw}." in line,
    )
    return heading.endswith("."), paragraph


def _counted(flows: list[DocumentFlow]) -> tuple[DocumentFlow, ...]:
    """Say of each section the how manieth of its flow it is."""
    totals = Counter(flow.key for flow in flows)
    seen: Counter[tuple[str, str]] = Counter()
    counted = []
    for flow in flows:
        seen[flow.key] += 1
        counted.append(replace(flow, occurrence=seen[flow.key], occurrences=totals[flow.key]))
    return tuple(counted)
