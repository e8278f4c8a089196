"""Which scenarios the feature files hold, and the identity of each: item, scenario id, row key.

Cassettes and reports go by this identity, so a new title or an inserted row orphans nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pytest_bdd.exceptions import GherkinParseError
from pytest_bdd.gherkin_parser import get_gherkin_document

ID_TAG = "id:"
ROW_COLUMN = "case"


class FeatureDefect(Exception):
    """The feature files cannot be run as they are; `defects` are sentences with file, line and cure."""

    def __init__(self, defects: Iterable[str]) -> None:
        self.defects = tuple(defects)
        super().__init__("\n".join(self.defects))


@dataclass(frozen=True)
class Identity:
    """What a scenario is known by: the items it proves, its own id, and the key of its row in an outline."""

    items: tuple[str, ...]
    scenario: str
    row: str | None = None

    @property
    def item(self) -> str:
        """The item under which the scenario's recording is kept."""
        return self.items[0]

    def __str__(self) -> str:
        return f"{self.item}/{self.scenario}" + (f"[{self.row}]" if self.row else "")


@dataclass(frozen=True)
class Outline:
    """A scenario of a feature file as written, with one row key for each row of its examples."""

    path: Path
    line: int
    title: str
    tags: frozenset[str]
    items: tuple[str, ...]
    id: str
    rows: tuple[str, ...]

    def identities(self) -> tuple[Identity, ...]:
        """One identity a run of the scenario: one a row, or a single one without examples."""
        return tuple(Identity(self.items, self.id, row) for row in self.rows or (None,))


def slug(text: str) -> str:
    """The row key of an example: lower-case words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def discover(root: Path, known_items: Iterable[str]) -> list[Outline]:
    """Read every feature file below root in path order.

    Raises FeatureDefect with all defects at once: unreadable files, scenarios without item or id, titles and ids
    that occur twice, outlines without a `case` column or with equal cases. pytest-bdd would drop such scenarios
    or overwrite one by the other in silence.
    """
    known = frozenset(known_items)
    outlines: list[Outline] = []
    defects: list[str] = []
    for path in sorted(root.rglob("*.feature")):
        try:
            found, wrong = _read(path, known)
        except GherkinParseError as error:
            defects.append(f"{path}:{error.line}: no Gherkin can begin like this here: {error.line_content.strip()!r}")
            continue
        except UnicodeDecodeError as error:
            defects.append(f"{path}:1: not UTF-8 at byte {error.start}; save the file as UTF-8")
            continue
        except KeyError:
            defects.append(f"{path}:1: the file holds no Feature; write one or remove the file")
            continue
        outlines += found
        defects += wrong
    seen = Counter(str(identity) for outline in outlines for identity in outline.identities())
    for outline in outlines:
        defects += [
            f"{outline.path}:{outline.line}: {identity} names more than one scenario or row; give each its own "
            f"@{ID_TAG} tag or {ROW_COLUMN!r} cell"
            for identity in dict.fromkeys(outline.identities())
            if seen[str(identity)] > 1
        ]
    if defects:
        raise FeatureDefect(defects)
    return outlines


def _read(path: Path, known: frozenset[str]) -> tuple[list[Outline], list[str]]:
    feature = get_gherkin_document(str(path), "utf-8").feature
    outlines: list[Outline] = []
    defects: list[str] = []
    titles: set[str] = set()
    feature_tags = [tag.name.removeprefix("@") for tag in feature.tags]
    for child in feature.children:
        scenario = child.scenario
        if scenario is None:
            continue
        where = f"{path}:{scenario.location.line}"
        if scenario.name in titles:
            defects.append(f"{where}: the title {scenario.name!r} stands twice in this feature; give it another one")
        titles.add(scenario.name)
        tags = [*feature_tags, *(tag.name.removeprefix("@") for tag in scenario.tags)]
        ids = [tag.removeprefix(ID_TAG) for tag in tags if tag.startswith(ID_TAG)]
        items = tuple(dict.fromkeys(tag for tag in tags if "/" in tag))
        defects += [
            f"{where}: @{item} is no item of the checklist; it has {', '.join(sorted(known))}"
            for item in items
            if item not in known
        ]
        if not items:
            defects.append(f"{where}: {scenario.name!r} proves no item; tag it or the feature as @flow/create")
        if len(ids) != 1:
            defects.append(f"{where}: {scenario.name!r} needs exactly one tag @{ID_TAG}<name>; it has {len(ids)}")
        rows, wrong = _rows(path, scenario)
        defects += wrong
        if items and len(ids) == 1 and not wrong:
            outlines.append(Outline(path, scenario.location.line, scenario.name, frozenset(tags), items, ids[0], rows))
    return outlines, defects


def _rows(path: Path, scenario: object) -> tuple[tuple[str, ...], list[str]]:
    rows: list[str] = []
    defects: list[str] = []
    for examples in getattr(scenario, "examples", []):
        where = f"{path}:{examples.location.line}"
        header = [cell.value for cell in examples.table_header.cells] if examples.table_header else []
        if ROW_COLUMN not in header:
            defects.append(f"{where}: the examples need a column {ROW_COLUMN!r} that names each row")
            continue
        position = header.index(ROW_COLUMN)
        rows += [slug(row.cells[position].value) for row in examples.table_body or []]
        if not examples.table_body:
            defects.append(f"{where}: the examples have no row, so nothing would run; add one or remove the table")
    return tuple(rows), defects
