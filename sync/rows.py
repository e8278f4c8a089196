"""Links and entries of the history as rows of a table and back; what is no plain column is JSON, NULL where empty."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from msgspec.structs import replace

from sync import values
from sync.history import Entry
from sync.links import Agreed, Child, Choice, Conflict, Intent, Link, Notice, Observation, State

COLUMNS = (
    "flow",
    "erp_id",
    "inv_id",
    "erp_key",
    "inv_key",
    "reference",
    "generation",
    "state",
    "reason",
    "waits_for",
    "dirty",
    "recheck",
    "attempts",
    "next_attempt_at",
    "version",
    "shadow",
    "erp",
    "inv",
    "diverged",
    "children",
    "intent",
    "notices",
    "conflicts",
    "choices",
    "deleted",
    "erp_digest",
    "inv_digest",
)
ENTRY_COLUMNS = (
    "at",
    "flow",
    "link",
    "key",
    "by",
    "operation",
    "system",
    "source",
    "edited",
    "fields",
    "note",
)


Row = tuple[Any, ...]


def to_row(link: Link, version: int, known: tuple[Link, Row] | None = None) -> Row:
    """The columns of a link in a version; `known` is an earlier state and its row, which lends what is equal."""
    texts: list[str | None] = []
    for at, (name, text) in enumerate(_TEXTS.items(), start=_FIRST_TEXT):
        value = getattr(link, name)
        if not value:
            texts.append(None)
        elif known is not None and getattr(known[0], name) is value:
            texts.append(known[1][at])
        else:
            texts.append(text(value))
    return (
        link.flow,
        link.erp_id,
        link.inv_id,
        link.erp_key,
        link.inv_key,
        link.reference,
        link.generation,
        link.state.value,
        link.reason,
        link.waits_for,
        link.dirty,
        link.recheck,
        link.attempts,
        link.next_attempt_at,
        version,
        _shadow_text(link),
        *texts,
        link.deleted,
        link.erp and link.erp.digest,
        link.inv and link.inv.digest,
    )


def from_row(row: Row) -> Link:
    (
        id_,
        flow,
        erp_id,
        inv_id,
        erp_key,
        inv_key,
        reference,
        generation,
        state,
        reason,
        waits_for,
        dirty,
        recheck,
        attempts,
        next_attempt_at,
        version,
        shadow,
        erp,
        inv,
        diverged,
        children,
        intent,
        notices,
        conflicts,
        choices,
        deleted,
        erp_digest,
        inv_digest,
    ) = row
    ours = None if erp is None else observation(erp, erp_digest)
    theirs = None if inv is None else observation(inv, inv_digest)
    return Link(
        flow,
        id_,
        erp_id,
        inv_id,
        erp_key,
        inv_key,
        reference,
        generation,
        State(state),
        reason,
        waits_for,
        bool(dirty),
        bool(recheck),
        attempts,
        next_attempt_at,
        version,
        {} if shadow is None else _shown(ours, theirs) if shadow == AS_SHOWN else _pairs(shadow),
        {} if diverged is None else _reasons(diverged),
        () if children is None else _children(children),
        ours,
        theirs,
        None if intent is None else _intent(intent),
        () if notices is None else _notices(notices),
        () if conflicts is None else _conflicts(conflicts),
        {} if choices is None else _choices(choices),
        deleted,
    )


@cache
def insertion(columns: tuple[int, ...]) -> str:
    """The statement that stores a new link, of which these columns say something."""
    names = ", ".join(COLUMNS[at] for at in columns)
    return f"INSERT INTO link ({names}) VALUES ({', '.join('?' * len(columns))})"


@cache
def update(columns: tuple[int, ...]) -> str:
    """The statement that stores what has changed of a link; id and version come last."""
    assignments = ", ".join(f"{COLUMNS[at]} = ?" for at in columns)
    return f"UPDATE link SET {assignments} WHERE id = ? AND version = ?"


def to_entry_row(entry: Entry) -> tuple[object, ...]:
    return (
        entry.at,
        entry.flow,
        entry.link,
        entry.key,
        entry.by,
        entry.operation,
        entry.system,
        entry.source,
        entry.edited,
        values.dumps(entry.fields),
        entry.note,
    )


def from_entry_row(row: tuple[Any, ...]) -> Entry:
    at, flow, link, key, by, operation, system, source, edited, fields, note = row
    return Entry(at, flow, link, key, by, operation, system, source, edited, values.loads(fields), note)


def _shadow_text(link: Link) -> str | None:
    """Of most links at rest it is what both sides show, which need not be written a second time."""
    if not link.shadow:
        return None
    return AS_SHOWN if link.shadow == _shown(link.erp, link.inv) else values.kept(link.shadow)


def _shown(erp: Observation | None, inv: Observation | None) -> dict[str, Agreed]:
    if erp is None or inv is None:
        return {}
    theirs = inv.values
    return {name: (value, theirs.get(name)) for name, value in erp.values.items()}


def _observation_text(seen: Observation) -> str:
    return values.kept(replace(seen, digest=None))  # that has a column of its own, by which it is looked up


def observation(stored: str, digest: bytes | None = None) -> Observation:
    """One side as it was stored, with what was last listed of it."""
    seen = _seen(stored)
    return seen if digest is None else replace(seen, digest=digest)


def _intent_text(intent: Intent) -> str:
    # Bodies hold exact decimals, which only our own writer keeps.
    return values.dumps(
        [
            intent.system,
            intent.operation,
            intent.object,
            intent.id,
            intent.calls,
            intent.fields,
            intent.lines,
            intent.key,
            intent.at,
        ]
    )


def _intent(stored: str) -> Intent:
    system, operation, object_, id_, calls, fields, lines, key, at = values.loads(stored)
    return Intent(
        system,
        operation,
        object_,
        id_,
        tuple(calls),
        {n: (f[0], f[1], f[2]) for n, f in fields.items()},
        None if lines is None else tuple(lines),
        key,
        float(at),
    )


AS_SHOWN = "="  # stands for a shadow of what both sides show
_seen = values.recalling(Observation)
_pairs = values.recalling(dict[str, Agreed])
_reasons = values.recalling(dict[str, str])
_children = values.recalling(tuple[Child, ...])
_notices = values.recalling(tuple[Notice, ...])
_conflicts = values.recalling(tuple[Conflict, ...])
_choices = values.recalling(dict[str, Choice])
_TEXTS: Mapping[str, Callable[[Any], str]] = {
    "erp": _observation_text,
    "inv": _observation_text,
    "diverged": values.kept,
    "children": values.kept,
    "intent": _intent_text,
    "notices": values.kept,
    "conflicts": values.kept,
    "choices": values.kept,
}
_FIRST_TEXT = COLUMNS.index("erp")
assert COLUMNS[_FIRST_TEXT : _FIRST_TEXT + len(_TEXTS)] == tuple(_TEXTS)
