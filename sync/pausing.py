"""Flows that a person has stopped for a while: they are read, nothing is written for them, and nothing is forgotten."""

from __future__ import annotations

from sync.history import Decided, Entry
from sync.ports import Storage


def paused(store: Storage, flow: str) -> str | None:
    """Since when, by whom and why a flow is paused; None when it is not."""
    return store.cursor(_name(flow)) or None


def pause(store: Storage, flow: str, decided: Decided) -> None:
    """Write nothing for a flow until it is resumed; edits are carried over then."""
    words = f"since {decided.at:%Y-%m-%d %H:%M} by {decided.by}: {decided.reason or 'no reason given'}"
    _set(store, flow, words, decided.entry("pause", flow, 0, "*"))


def resume(store: Storage, flow: str, decided: Decided) -> None:
    """Go on with a paused flow."""
    _set(store, flow, "", decided.entry("resume", flow, 0, "*"))


def _set(store: Storage, flow: str, words: str, entry: Entry) -> None:
    with store.transaction():
        store.set_cursor(_name(flow), words)
        store.record(entry)


def _name(flow: str) -> str:
    return f"paused:{flow}"
