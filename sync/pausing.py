"""Flows that a person has stopped for a while: they are read, nothing is written for them, and nothing is forgotten."""

from __future__ import annotations

from datetime import datetime

from sync.history import Entry
from sync.ports import Storage


def paused(store: Storage, flow: str) -> str | None:
    """Since when, by whom and why a flow is paused; None when it is not."""
    return store.cursor(_name(flow)) or None


def pause(store: Storage, flow: str, *, by: str, reason: str, at: datetime) -> None:
    """Write nothing for a flow until it is resumed; edits are carried over then."""
    _set(
        store,
        flow,
        f"since {at:%Y-%m-%d %H:%M} by {by}: {reason}",
        Entry(at.isoformat(), flow, 0, "*", by, "pause", note=reason),
    )


def resume(store: Storage, flow: str, *, by: str, at: datetime) -> None:
    """Go on with a paused flow."""
    _set(store, flow, "", Entry(at.isoformat(), flow, 0, "*", by, "resume"))


def _set(store: Storage, flow: str, words: str, entry: Entry) -> None:
    with store.transaction():
        store.set_cursor(_name(flow), words)
        store.record(entry)


def _name(flow: str) -> str:
    return f"paused:{flow}"
