"""The supplement: property pairs under test where the document lists none, each with its reason and its standing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, Self, cast, get_args

from counterpart.checklist.checklist import Checklist, load_toml
from counterpart.checklist.errors import SupplementError

Travels = Literal["both", "to-source", "to-target", "create-only"]
Standing = Literal["suggested", "approved"]
Direction = Literal["to-target", "to-source"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
TYPES = (
    "text",
    "decimal",
    "integer",
    "percent",
    "boolean",
    "date",
    "country",
    "currency",
    "choice",
    "reference",
)

_PATH = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*")
_KEYS = {"flow", "source", "target", "type", "travels", "standing", "reason", "deviation", "match_key", "approved"}


@dataclass(frozen=True)
class Approval:
    """Who agreed to a row, and when."""

    by: str
    on: date


@dataclass(frozen=True)
class Row:
    """A property of the source record and its counterpart; list elements are left out of the dotted paths.

    `travels` says which edits can reach the other side; a row that does not travel both ways by nature carries the
    reason in `deviation`. The row with `match_key` is the one by which a record's counterpart is recognised.
    """

    flow: str
    source: str
    target: str
    type: str
    travels: Travels
    standing: Standing
    reason: str
    deviation: str | None = None
    match_key: bool = False
    approved: Approval | None = None

    @property
    def id(self) -> str:
        """The row's name, unique in a supplement."""
        return f"{self.flow}/{self.source}>{self.target}"

    def carries(self, direction: Direction) -> bool:
        """Whether an edit is meant to arrive in this direction."""
        return self.travels in ("both", direction)


@dataclass(frozen=True)
class Supplement:
    """All rows, in the order of the file."""

    rows: tuple[Row, ...]

    def of(self, flow: str) -> tuple[Row, ...]:
        """The rows of a flow."""
        return tuple(row for row in self.rows if row.flow == flow)

    @classmethod
    def load(cls, path: Path, checklist: Checklist) -> Self:
        """Read and check a supplement; raises SupplementError with every mistake: row, cause and cure."""
        data = load_toml(path, SupplementError)
        defects = [f"{key!r} is no part of a supplement; it has [[row]] tables only" for key in data if key != "row"]
        tables = data.get("row", [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise SupplementError(path, [*defects, "'row' is no list of tables; write [[row]] above each row"])
        flows = [flow.id for flow in checklist.flows]
        rows: list[Row] = []
        for number, table in enumerate(tables, 1):
            row, wrong = _row(table, flows)
            place = f"row {number}" + (f" ({row.id})" if row else "")
            defects += [f"{place}: {sentence}" for sentence in wrong]
            if row:
                rows.append(row)
        defects += _together(rows)
        if defects:
            raise SupplementError(path, defects)
        return cls(tuple(rows))


def _row(table: Mapping[str, Any], flows: list[str]) -> tuple[Row | None, list[str]]:
    """The row as far as it can be named, and what is wrong with it."""
    wrong: list[str] = []
    texts = {name: table.get(name) for name in ("flow", "source", "target", "type", "travels", "standing", "reason")}
    for name, value in texts.items():
        if not isinstance(value, str) or not value.strip():
            wrong.append(f'{name!r} must be a text; write {name} = "..."')
    if wrong:
        return None, wrong
    flow, source, target, kind, travels, standing, reason = (str(value) for value in texts.values())
    if flow not in flows:
        wrong.append(f"no flow is called {flow!r}; write one of {', '.join(flows)}")
    for name, path in (("source", source), ("target", target)):
        if not _PATH.fullmatch(path):
            wrong.append(f"{name} {path!r} is no dotted path; write names joined by dots, such as address.city")
    for name, value, known in (
        ("type", kind, TYPES),
        ("travels", travels, get_args(Travels)),
        ("standing", standing, get_args(Standing)),
    ):
        if value not in known:
            wrong.append(f"{name} cannot be {value!r}; write one of {', '.join(known)}")
    wrong += [f"{key!r} is no key of a row; remove it" for key in sorted(table.keys() - _KEYS)]

    deviation = table.get("deviation")
    if deviation is not None and (not isinstance(deviation, str) or not deviation.strip()):
        wrong.append("'deviation' must be a text that says why the pair does not travel both ways")
    elif travels == "both" and deviation is not None:
        wrong.append("it travels both ways and names a deviation; remove one of the two")
    elif travels in get_args(Travels)[1:] and deviation is None:
        wrong.append(f'it travels {travels} without a reason; write deviation = "..."')

    match_key = table.get("match_key", False)
    if not isinstance(match_key, bool):
        wrong.append("'match_key' must be true or false")
    approval, amiss = _approval(table.get("approved"), standing)
    row = Row(
        flow,
        source,
        target,
        kind,
        cast(Travels, travels),
        cast(Standing, standing),
        reason,
        deviation,
        bool(match_key),
        approval,
    )
    return row, wrong + amiss


def _approval(given: object, standing: str) -> tuple[Approval | None, list[str]]:
    """Who approved; a row is approved by a named person on a day, or it is not approved."""
    cure = 'write approved = { by = "<name>", on = 2026-01-31 }'
    if standing != "approved":
        return None, [] if given is None else [f"it names an approval but is {standing}; set standing or remove it"]
    if not isinstance(given, dict):
        return None, [f'it is approved by nobody; {cure}, or set standing = "suggested"']
    by, on = given.get("by"), given.get("on")
    # A TOML time is a date to Python as well; an approval has a day.
    if not isinstance(by, str) or not by.strip() or type(on) is not date or given.keys() != {"by", "on"}:
        return None, [f"the approval needs a name and a day and nothing else; {cure}"]
    return Approval(by, on), []


def _together(rows: list[Row]) -> list[str]:
    ids = [row.id for row in rows]
    defects = [f"the row {id_} stands twice; remove one" for id_ in sorted({i for i in ids if ids.count(i) > 1})]
    for flow in dict.fromkeys(row.flow for row in rows):
        keys = [row.source for row in rows if row.flow == flow and row.match_key]
        if len(keys) > 1:
            defects.append(f"{flow} has {len(keys)} match keys ({', '.join(keys)}); leave match_key on one row")
    for row in rows:
        for other in rows:
            if row is not other and row.flow == other.flow and (clash := _clash(row, other)):
                defects.append(clash)
    return defects


def _clash(row: Row, other: Row) -> str | None:
    """Two rows whose values would arrive in one place, so that neither could be told to have arrived."""
    if row.id >= other.id:
        return None
    if row.target == other.target and row.carries("to-target") and other.carries("to-target"):
        return f"{row.id} and {other.id} both write {row.target}; let one of them travel to-source only"
    if row.source == other.source and row.carries("to-source") and other.carries("to-source"):
        return f"{row.id} and {other.id} both write {row.source}; let one of them travel to-target only"
    return None
