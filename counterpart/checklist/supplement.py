"""The supplement: property pairs under test where the document lists none, each with its reason and its standing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Self, cast, get_args

from counterpart.checklist.approvals import Approval, parsed, seal, text
from counterpart.checklist.checklist import Checklist
from counterpart.checklist.errors import SupplementError
from counterpart.checklist.tomlfile import edited, load_toml, replace_file

Travels = Literal["both", "to-source", "to-target", "create-only"]
Standing = Literal["suggested", "approved", "rejected"]
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
_TEXTS = ("flow", "source", "target", "type", "travels", "standing", "reason")
_KEYS = {*_TEXTS, "deviation", "match_key", "approved", "rejected"}


@dataclass(frozen=True)
class Row:
    """A property of the source record and its counterpart; list elements are left out of the dotted paths.

    `travels` says which edits can reach the other side; a row that does not travel both ways by nature carries the
    reason in `deviation`. The row with `match_key` is the one by which a record's counterpart is recognised.
    `approved` is who approved or rejected it; an approval has `lapsed` when the row was edited since, and the row is
    suggested again.
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
    lapsed: Approval | None = None

    @property
    def id(self) -> str:
        """The row's name, unique in a supplement."""
        return f"{self.flow}/{self.source}>{self.target}"

    @property
    def seal(self) -> str:
        """What an approval of this row is bound to: everything that it says."""
        return seal(
            self.flow,
            self.source,
            self.target,
            self.type,
            self.travels,
            self.reason,
            self.deviation,
            self.match_key,
        )

    def carries(self, direction: Direction) -> bool:
        """Whether an edit is meant to arrive in this direction."""
        return self.travels in ("both", direction)


@dataclass(frozen=True)
class Supplement:
    """All rows under test, in the order of the file; those that somebody rejected stand apart."""

    rows: tuple[Row, ...]
    rejected: tuple[Row, ...] = ()

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
        return cls(
            tuple(row for row in rows if row.standing != "rejected"),
            tuple(row for row in rows if row.standing == "rejected"),
        )


def _row(table: Mapping[str, Any], flows: list[str]) -> tuple[Row | None, list[str]]:
    """The row as far as it can be named, and what is wrong with it."""
    wrong: list[str] = []
    texts = {name: table.get(name) for name in _TEXTS}
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
    approvals, amiss = _approvals(table, standing)
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
        approvals.get(standing),
    )
    if standing == "approved" and row.approved and row.approved.seal != row.seal:
        row = replace(row, standing="suggested", approved=None, lapsed=row.approved)
    return row, wrong + amiss


def _approvals(table: Mapping[str, Any], standing: str) -> tuple[dict[str, Approval], list[str]]:
    """Who decided; a row is approved or rejected by a named person on a day, or it is neither."""
    found: dict[str, Approval] = {}
    wrong: list[str] = []
    for name in ("approved", "rejected"):
        given = table.get(name)
        if standing == name:
            approval, amiss = parsed(given)
            wrong += [sentence.replace("approved by", f"{name} by") for sentence in amiss]
            if approval:
                found[name] = approval
        elif given is not None:
            wrong.append(f"it is {standing} and says who {name} it; set standing or remove {name!r}")
    return found, wrong


def _together(every: list[Row]) -> list[str]:
    ids = [row.id for row in every]
    defects = [f"the row {id_} stands twice; remove one" for id_ in sorted({i for i in ids if ids.count(i) > 1})]
    # What was rejected writes nothing, so it cannot stand in anything's way.
    rows = [row for row in every if row.standing != "rejected"]
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


def decide(
    path: Path, checklist: Checklist, id_: str, standing: Literal["approved", "rejected"], approval: Approval
) -> Row:
    """Approve or reject a row in its file, sealed with what it says now; raises SupplementError when there is none."""
    return _set(path, checklist, id_, standing, approval)


def suggest_again(path: Path, checklist: Checklist, id_: str) -> Row:
    """Take back what was decided about a row; raises SupplementError when there is none."""
    return _set(path, checklist, id_, "suggested", None)


def suggest(path: Path, checklist: Checklist, row: Row) -> Row:
    """Append a suggested row to the file; raises SupplementError, and changes nothing, when it does not fit in."""
    lines = ["", "[[row]]"]
    lines += [
        f"{name} = {text(str(getattr(row, name)))}" for name in (*_TEXTS, "deviation") if getattr(row, name) is not None
    ]
    lines += ["match_key = true"] if row.match_key else []
    return _replaced(path, checklist, path.read_text("utf-8").rstrip("\n") + "\n" + "\n".join(lines) + "\n", row.id)


def _set(path: Path, checklist: Checklist, id_: str, standing: Standing, approval: Approval | None) -> Row:
    Supplement.load(path, checklist)
    whole = path.read_text("utf-8")
    tables = load_toml(path, SupplementError).get("row", [])
    ids = [f"{table['flow']}/{table['source']}>{table['target']}" for table in tables]
    if id_ not in ids:
        raise SupplementError(path, [f"no row is called {id_!r}; `counterpart supplement list` shows their names"])
    row, _ = _row(tables[ids.index(id_)], [flow.id for flow in checklist.flows])
    assert row is not None
    sealed = replace(approval, seal=row.seal).to_toml() if approval else None
    changes: dict[str, str | None] = {"standing": text(standing), "approved": None, "rejected": None}
    if sealed:
        changes[standing] = sealed
    try:
        return _replaced(path, checklist, edited(whole, "row", ids.index(id_), changes), id_)
    except ValueError as trouble:
        if isinstance(trouble, SupplementError):
            raise
        raise SupplementError(path, [str(trouble)]) from None


def _replaced(path: Path, checklist: Checklist, whole: str, id_: str) -> Row:
    """Put a new text in the place of the file once it loads; the row of this name in it."""
    trial = path.with_name(f"{path.name}.trial")
    try:
        replace_file(trial, whole)
        loaded = Supplement.load(trial, checklist)
    except SupplementError as trouble:
        raise SupplementError(path, trouble.defects) from None
    finally:
        trial.unlink(missing_ok=True)
    replace_file(path, whole)
    return next(row for row in (*loaded.rows, *loaded.rejected) if row.id == id_)
