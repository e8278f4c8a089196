"""Links and entries of the history as rows of a table and back; what is no plain column is JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sync import values
from sync.history import Entry
from sync.links import Child, Choice, Conflict, Intent, Interval, Line, Link, Notice, Observation, State

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
    "diverged",
    "children",
    "erp",
    "inv",
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
            texts.append(_EMPTY[name])
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
        *texts,
        link.deleted,
        link.erp and link.erp.digest,
        link.inv and link.inv.digest,
    )


def from_row(row: tuple[Any, ...]) -> Link:
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
        diverged,
        children,
        erp,
        inv,
        intent,
        notices,
        conflicts,
        choices,
        deleted,
        erp_digest,
        inv_digest,
    ) = row
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
        {} if shadow == "{}" else _pairs(values.recalled(shadow)),
        {} if diverged == "{}" else values.recalled(diverged),
        () if children == "[]" else tuple(Child(e, i, _pairs(s)) for e, i, s in values.recalled(children)),
        _observation(erp, erp_digest),
        _observation(inv, inv_digest),
        _intent(intent),
        () if notices == "[]" else tuple(Notice(*n) for n in values.recalled(notices)),
        () if conflicts == "[]" else tuple(map(_conflict, values.recalled(conflicts))),
        {} if choices == "{}" else {name: Choice(*choice) for name, choice in values.recalled(choices).items()},
        deleted,
    )


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


def _conflict(stored: list[Any]) -> Conflict:
    flow, key, name, base, customerp, invoiced, winner, policy, stamps = stored
    agreed = tuple(base) if isinstance(base, list) else base
    return Conflict(flow, key, name, agreed, customerp, invoiced, winner, policy, (stamps[0], stamps[1]))


def _pairs(stored: Mapping[str, list[Any]]) -> dict[str, tuple[Any, Any]]:
    return {name: (pair[0], pair[1]) for name, pair in stored.items()}


def _observation_text(seen: Observation | None) -> str | None:
    if seen is None:
        return None
    interval = seen.seen
    return values.kept(
        [
            seen.values,
            [interval.session, interval.start, interval.end],
            seen.stamp,
            seen.version,
            [[line.id, line.values] for line in seen.lines],
            seen.frozen,
            seen.edited,
        ]
    )


def _observation(stored: str | None, digest: bytes | None) -> Observation | None:
    if stored is None:
        return None
    found, interval, stamp, version, lines, frozen, edited = values.recalled(stored)
    held = tuple(Line(*line) for line in lines) if lines else ()
    return Observation(found, Interval(*interval), stamp, version, held, frozen, edited, digest)


def _intent_text(intent: Intent | None) -> str | None:
    if intent is None:
        return None
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


def _intent(stored: str | None) -> Intent | None:
    if stored is None:
        return None
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


_TEXTS: Mapping[str, Callable[[Any], str | None]] = {
    "shadow": values.kept,
    "diverged": values.kept,
    "children": lambda children: values.kept([[c.erp, c.inv, c.shadow] for c in children]),
    "erp": _observation_text,
    "inv": _observation_text,
    "intent": _intent_text,
    "notices": lambda notices: values.kept([[n.flow, n.key, n.field, n.kind, n.reason] for n in notices]),
    "conflicts": lambda conflicts: values.kept(
        [[c.flow, c.key, c.field, c.base, c.customerp, c.invoiced, c.winner, c.policy, c.stamps] for c in conflicts]
    ),
    "choices": lambda choices: values.kept({name: [c.winner, c.customerp, c.invoiced] for name, c in choices.items()}),
}
# Most of them are empty most of the time.
_EMPTY: Mapping[str, str | None] = {
    **dict.fromkeys(("shadow", "diverged", "choices"), "{}"),
    **dict.fromkeys(("children", "notices", "conflicts"), "[]"),
    **dict.fromkeys(("erp", "inv", "intent")),
}
_FIRST_TEXT = COLUMNS.index("shadow")
assert COLUMNS[_FIRST_TEXT : _FIRST_TEXT + len(_TEXTS)] == tuple(_TEXTS)
