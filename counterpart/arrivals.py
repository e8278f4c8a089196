"""Which properties a scenario reads where they have to arrive, told from its words alone, without running it.

A Then that begins with a property and its system reads it, and so does one whose table lists them: `notes in Invoiced
is ...`, `these values stand in Invoiced`. While a scenario runs its steps say the same more exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from counterpart.gherkin import COLUMN, Outline, Step

_READS = re.compile(r"(?P<path>\S+) in (?P<system>\w+) (?:is|has|refers)\b")
_TABLE = re.compile(r".* in (?P<system>\w+)")
_POSITION = re.compile(r"\.\d+")


@dataclass(frozen=True)
class Arrival:
    """A property that one run of a scenario reads in a system; `line` is the row's, or the step's without rows."""

    system: str
    path: str
    line: int


def arrivals(outline: Outline) -> Iterator[Arrival]:
    """Every property that a scenario reads, row by row; list positions are left out of the paths."""
    rows: list[tuple[int | None, Mapping[str, str]]] = [
        (line, dict(zip(table.header, cells, strict=False))) for table in outline.examples for line, cells in table.rows
    ]
    for line, row in rows or [(None, {})]:
        for step in outline.steps:
            if step.keyword == "then":
                yield from _of_step(step, row, line or step.line)


def _of_step(step: Step, row: Mapping[str, str], line: int) -> Iterator[Arrival]:
    words = _filled(step.text, row)
    if found := _READS.match(words):
        yield Arrival(found["system"], _bare(found["path"]), line)
    elif step.table and (found := _TABLE.fullmatch(words)):
        for name, *_ in step.table[1:]:
            yield Arrival(found["system"], _bare(_filled(name, row)), line)


def _filled(words: str, row: Mapping[str, str]) -> str:
    return COLUMN.sub(lambda found: row.get(found[1], found[0]), words)


def _bare(path: str) -> str:
    return _POSITION.sub("", path)
