"""The history: what the sync wrote and what that replaced, and what people decided. Only ever added to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sync.links import TITLES, Conflict, Intent, Link, System, key_of
from sync.report import Write
from sync.schema import Flow

SYNC = "sync"
AUDIT = "audit"  # what the log of a system shows a write to have replaced


@dataclass(frozen=True, slots=True)
class Entry:
    """One change: `fields` by the property's name in the system: (what it replaced, what stands now)."""

    at: str
    flow: str
    link: int
    key: str
    by: str  # "sync", "audit", or the person who decided
    operation: str
    system: System | None = None  # where it was written
    source: System | None = None  # the side whose values were carried over
    edited: str | None = None  # when the source record was edited, by its own system's clock
    fields: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """Who decided, when and why."""

    by: str
    at: datetime
    reason: str | None = None

    def entry(self, operation: str, flow: str, link: int, key: str, note: str | None = None) -> Entry:
        """The decision as the history keeps it."""
        words = "; ".join(filter(None, (note, self.reason))) or None
        return Entry(self.at.isoformat(), flow, link, key, self.by, operation, note=words)


def of_write(
    flow: Flow, link: Link, intent: Intent, write: Write, conflicts: Iterable[Conflict], at: datetime
) -> Entry:
    """The entry of a write: who was first, where, and whose edit it overwrote."""
    source: System = "customerp" if intent.system == "invoiced" else "invoiced"
    seen = link.observation(source)
    stamps = [seen.edited[name] for name in intent.fields if name in seen.edited] if seen is not None else []
    stamp = max(stamps, default=seen.stamp if seen is not None else 0.0)
    lost = [
        f"{each.field} was edited in {TITLES[intent.system]}, too; {TITLES[each.winner]} won by policy '{each.policy}'"
        for each in conflicts
        if each.winner == source and each.field in intent.fields
    ]
    return Entry(
        at.isoformat(),
        flow.id,
        link.id,
        key_of(flow.match.name, link),
        SYNC,
        intent.operation,
        intent.system,
        source,
        datetime.fromtimestamp(stamp, UTC).isoformat() if stamp else None,
        write.fields,
        "; ".join(lost) or None,
    )
