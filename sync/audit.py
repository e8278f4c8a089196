"""What our writes overwrote unseen: Invoiced has no conditional write, so its log of events is read afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sync.connector import Logged
from sync.echoes import shortened
from sync.errors import CallFailed
from sync.history import AUDIT, SYNC, Entry
from sync.invoiced import Invoiced
from sync.links import Link, Notice, key_of
from sync.merge import SKEW_SECONDS
from sync.ports import Storage
from sync.schema import Flow
from sync.values import MISSING, BadValue, Value, pick
from sync.writing import report_of

_REACHED = "audited"


def begin(store: Storage, flows: Sequence[Flow]) -> None:
    """Remember where the log is to be read from: the moment before the first write."""
    first = store.cursor(f"invoiced:{flows[0].id}") if flows else None
    if first is not None and store.cursor(_REACHED) is None:
        with store.transaction():
            store.set_cursor(_REACHED, first)


async def audit(store: Storage, invoiced: Invoiced, flows: Iterable[Flow], now: datetime) -> tuple[Notice, ...]:
    """Tell of each edit that a person made between our last look and our write, and keep it in the history.

    What the log does not hold cannot be told: items make no events, and events may be lost on their way.
    """
    reached = store.cursor(_REACHED)
    if reached is None:
        return ()
    of = {flow.target.object: flow for flow in flows}
    notices: list[Notice] = []
    try:
        async for changes, following in invoiced.logged(reached):
            with store.transaction():
                for change in changes:
                    flow = of.get(change.object)
                    link = store.by_remote(flow.id, "invoiced", change.id) if flow is not None else None
                    if flow is not None and link is not None:
                        notices += _told(store, flow, link, change, now)
                store.set_cursor(_REACHED, following)
    except CallFailed as failed:
        reason = f"{failed}; whether edits were overwritten unseen is looked for in the next complete run"
        notices.append(Notice("*", "*", None, "needs_attention", reason))
    return tuple(notices)


def overwritten(flow: Flow, change: Logged, written: Iterable[Entry]) -> dict[str, tuple[Value, Value]]:
    """By path: what was there before a write of ours although we had seen something else, and what stands now.

    A change is our write if we wrote its outcome. Of several such writes it is the first that was noted after it: when
    its answer came, or when it was looked up because none did.
    """
    entries = [entry for entry in written if entry.by == SYNC and entry.system == "invoiced"]
    entries.sort(key=lambda entry: _noted(entry, change))
    found: dict[str, tuple[Value, Value]] = {}
    for pair in flow.pairs:
        was = pick(change.before, pair.target, MISSING)
        if was is MISSING:
            continue
        try:
            lost = pair.converter.read_target(was)
            stands = pair.converter.read_target(pick(change.after, pair.target))
        except BadValue:
            continue
        ours = [entry.fields[pair.target] for entry in entries if pair.target in entry.fields]
        known = [before for before, sent in ours if _became(pair.target, sent, stands)]
        if known and known[0] != lost:
            found[pair.target] = (lost, stands)
    return found


def _became(path: str, sent: Value, stands: Value) -> bool:
    """Whether a value that was sent may have come to stand as this one: texts are squeezed or cut, untold."""
    if isinstance(sent, str) and isinstance(stands, str) and sent.casefold().split() == stands.casefold().split():
        return True
    return sent == stands or shortened(path, sent, stands)


def _noted(entry: Entry, change: Logged) -> tuple[bool, float]:
    """First what was noted after a change, the earliest first; then what was noted before it, the latest first."""
    later = datetime.fromisoformat(entry.at).timestamp() - change.at
    return later < -SKEW_SECONDS, abs(later)


def _told(store: Storage, flow: Flow, link: Link, change: Logged, now: datetime) -> list[Notice]:
    key = key_of(flow.match.name, link)
    written = store.history(link.id)
    if link.intent is not None and link.intent.system == "invoiced":  # it may have arrived, and its answer is lost
        fields = report_of(flow, link, link.intent).fields
        written.append(Entry(now.isoformat(), flow.id, link.id, key, SYNC, "", "invoiced", fields=fields))
    fields = overwritten(flow, change, written)
    if not fields:
        return []
    at = datetime.fromtimestamp(change.at, UTC)
    note = f"edited in Invoiced just before our write of {at:%Y-%m-%d %H:%M:%S} UTC; event {change.number}"
    entry = Entry(now.isoformat(), flow.id, link.id, key, AUDIT, "overwrote", "invoiced", fields=fields, note=note)
    store.record(entry)
    return [
        Notice(flow.id, key, path, "needs_attention", f"{stands!r} overwrote {lost!r}, {note}")
        for path, (lost, stands) in fields.items()
    ]
