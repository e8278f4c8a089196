"""What a run did, or a plan would do, for people and programs to read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sync.links import TITLES, Conflict, Notice, System

_PLACEHOLDER = re.compile(r"\((assigned by \w+)\) [\d ]+")


@dataclass(frozen=True)
class Write:
    """A change made in one system; `fields` by the property's name there: (before, after)."""

    flow: str
    system: System
    operation: str
    record_type: str
    key: str
    fields: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Scan:
    """What a complete scan found that the usual runs should have shown: nothing, when all is well."""

    records: int
    missed_edits: int
    unseen_deletes: int
    overwritten: int = 0  # writes that the log of Invoiced shows to have replaced an edit which we had not seen


@dataclass(frozen=True)
class RunReport:
    """What happened until both sides were at rest."""

    writes: tuple[Write, ...]
    conflicts: tuple[Conflict, ...]
    notices: tuple[Notice, ...]
    reads: int
    missing: tuple[str, ...] = ()  # a sentence for each guarantee that Customerp's profile does not give
    scan: Scan | None = None  # of a complete run


@dataclass(frozen=True)
class Plan:
    """What a run would do now."""

    writes: tuple[Write, ...]
    conflicts: tuple[Conflict, ...]
    notices: tuple[Notice, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How far a run is: `total` is None while it is not known."""

    phase: str
    done: int
    total: int | None


@dataclass(frozen=True)
class Status:
    """The state of the store between runs."""

    links: Mapping[str, Mapping[str, int]]  # flow -> state -> number
    only_in_invoiced: Mapping[str, int]  # flow -> records left alone
    open_intents: int
    conflicts: tuple[Conflict, ...]
    notices: tuple[Notice, ...]
    last_run: str | None
    paused: Mapping[str, str]  # flow -> since when, by whom, why


def placeholder(system: System, number: int) -> str:
    """Stands for an id that the system will assign."""
    return f"(assigned by {TITLES[system]}) {number}"


def without_numbers(write: Write) -> Write:
    """The write with placeholders as people read them."""
    return replace(
        write, fields={name: (_plain(before), _plain(after)) for name, (before, after) in write.fields.items()}
    )


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return _PLACEHOLDER.sub(r"(\1)", value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value
