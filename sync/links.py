"""Links and what belongs to them: observations of both sides, the shadow between them, the open intent."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

from msgspec import Struct, field

from sync.values import Value, Values

# Structs, since a run makes them by the million: made and copied in C, and stored as they are; those of which a store
# has many by the order of their fields.

System = Literal["customerp", "invoiced"]
TITLES: Mapping[System, str] = {"customerp": "Customerp", "invoiced": "Invoiced"}

OTHER: Mapping[System, System] = {"customerp": "invoiced", "invoiced": "customerp"}

UNREAD = b""  # the digest of a record that was listed since and could not be read

NoticeKind = Literal[
    "deviation", "unwritable", "divergence", "frozen", "waiting", "needs_attention", "ambiguous", "unmappable"
]
Agreed = tuple[Value, Value]  # (Customerp's value, Invoiced's value) that mean the same


class State(StrEnum):
    """Where a link stands between two runs."""

    DISCOVERED = "discovered"  # seen on one side
    AMBIGUOUS = "ambiguous"  # several candidates, or a counterpart that became part of another; a person decides
    WAITING = "waiting"  # refers to a record that is not linked yet
    CREATING = "creating"  # a create is stored and perhaps sent
    LINKED = "linked"
    DELETING = "deleting"  # gone on one side; the other is still to be told
    WRITING = "writing"  # a change is stored and perhaps sent
    RETRY = "retry"  # a call had no effect; due again at next_attempt_at
    DEAD = "dead"  # attempts spent
    CONFLICTED = "conflicted"  # a field waits for a person
    FROZEN = "frozen"  # the document takes no more changes, and the other side differs
    NEEDS_ATTENTION = "needs_attention"  # refused; tried again when the record changes
    TOMBSTONED = "tombstoned"  # gone on one side; kept so that nothing comes back to life


class Interval(Struct, frozen=True, array_like=True):
    """When a call was under way, on the local monotonic clock of one session (monotonic time ends with the process)."""

    session: int
    start: float
    end: float


class Line(Struct, frozen=True, array_like=True):
    """A child record in canonical form."""

    id: str
    values: Values


class Observation(Struct, frozen=True, array_like=True):
    """One side of a link as last seen, in canonical form."""

    values: Values
    seen: Interval
    stamp: float = 0.0  # the record's own updated_at, UNIX seconds
    version: int | None = None
    lines: tuple[Line, ...] = ()
    frozen: str | None = None  # why the record takes no changes
    edited: Mapping[str, float] = field(default_factory=dict)  # fields that left the shadow, with the stamp of that
    digest: bytes | None = None  # of the record as it was listed, by which an unchanged one is known at a glance
    total: str | None = None  # what the system says its lines come to


class Child(Struct, frozen=True, array_like=True):
    """A line link with its own shadow pairs."""

    erp: str
    inv: str
    shadow: Mapping[str, Agreed]


class Notice(Struct, frozen=True):
    """Something people should know about a record; not an error of the sync."""

    flow: str
    key: str
    field: str | None
    kind: NoticeKind
    reason: str


class Conflict(Struct, frozen=True):
    """Both sides edited the same property; `winner` is None while a person has to decide."""

    flow: str
    key: str
    field: str
    base: Agreed | Values | None  # what both sides last agreed on; of a line, its values
    customerp: Any
    invoiced: Any
    winner: System | None
    policy: str
    stamps: tuple[float | None, float | None] = (None, None)  # when each side's edit was stamped, UNIX seconds


class Choice(Struct, frozen=True, array_like=True):
    """What a person decided about a conflict; it counts for the two values that were seen and for no others."""

    winner: System
    customerp: Any
    invoiced: Any


class Intent(Struct, frozen=True):
    """A remote write, stored before it is made; `body` suffices to recognise or repeat it."""

    system: System
    operation: str
    object: str
    id: str | None
    calls: tuple[Mapping[str, Any], ...]
    fields: Mapping[str, tuple[Value, Value, Value]]  # name -> (sent from, desired, before)
    lines: tuple[Mapping[str, Any], ...] | None  # as desired: id or None, counterpart's id, values, values sent from
    key: str
    at: float  # when it was stored, UNIX seconds; systems remember for a day what they answered under a key


class Link(Struct, frozen=True):
    """A record of Customerp and its counterpart in Invoiced, or one of the two that has none yet."""

    flow: str
    id: int = 0
    erp_id: str | None = None
    inv_id: str | None = None
    erp_key: str | None = None
    inv_key: str | None = None
    reference: str | None = None  # the Customerp id that Invoiced's record carries in its metadata
    generation: int = 1
    state: State = State.DISCOVERED
    reason: str | None = None
    waits_for: str | None = None
    dirty: bool = True
    recheck: bool = False
    attempts: int = 0
    next_attempt_at: float | None = None
    version: int = 0
    shadow: Mapping[str, Agreed] = field(default_factory=dict)
    diverged: Mapping[str, str] = field(default_factory=dict)  # fields whose shadow does not agree, and why
    children: tuple[Child, ...] = ()
    erp: Observation | None = None
    inv: Observation | None = None
    intent: Intent | None = None
    notices: tuple[Notice, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    choices: Mapping[str, Choice] = field(default_factory=dict)  # a person's decisions that are not carried out yet
    deleted: System | None = None  # where the record is gone

    @property
    def linked(self) -> bool:
        return self.erp_id is not None and self.inv_id is not None and self.state is not State.TOMBSTONED

    @property
    def comparable(self) -> bool:
        """Whether two records are known that belong together, of which none is gone."""
        return self.linked and self.erp is not None and self.inv is not None and self.deleted is None

    def id_in(self, system: System) -> str | None:
        return self.erp_id if system == "customerp" else self.inv_id

    def observation(self, system: System) -> Observation | None:
        return self.erp if system == "customerp" else self.inv


class Meeting(Struct, frozen=True):
    """Two records that belong together beyond doubt, and as yet have a link each, which says nothing else."""

    ours: int
    theirs: int
    erp_id: str
    erp: Observation
    inv: Observation


def key_of(match: str, link: Link) -> str:
    """What people call the record: its match key as Customerp writes it."""
    seen = link.erp or link.inv
    return str(seen.values[match]) if seen is not None else (link.erp_id or link.inv_id or "?")


def accept(current: Observation | None, new: Observation) -> Literal["accept", "drop", "recheck"]:
    """Whether an observation from a list replaces the current one (R2 of the ordering rules).

    A page that was read before our write and arrives after it would look like a person undoing our write, so of
    overlapping reads the record's own version or stamp decides. A read that began after the last one ended wins, but
    where it shows an older state: that of a copy which lags behind, or of a backup that was put back. Where the two
    cannot tell, the record is to be read by itself, and what that says is believed.
    """
    if current is None:
        return "accept"
    age = int(new.stamp) - int(current.stamp)  # whole seconds, as Invoiced has them
    if new.version is not None and current.version is not None:
        age = new.version - current.version
    if new.seen.session != current.seen.session or new.seen.start >= current.seen.end:
        return "accept" if age >= 0 or same_content(current, new) else "recheck"
    if age > 0:
        return "accept"
    if age < 0 or same_content(current, new):
        return "drop"
    return "recheck"


def same_content(one: Observation | None, other: Observation) -> bool:
    """Whether two observations say the same about the record."""
    return one is not None and (one.values, one.lines, one.frozen) == (other.values, other.lines, other.frozen)


def edits(previous: Observation | None, new: Observation, shadow: Mapping[str, Agreed], index: int) -> dict[str, float]:
    """Fields of `new` that differ from the shadow, each with the stamp of the observation in which it first did.

    The record's stamp is no property's stamp: it moves with every write to the record, so a value keeps the time
    at which it was first seen. `index` is 0 for Customerp, 1 for Invoiced. At the first look at a record without a
    counterpart there is no shadow yet that anything could have left.
    """
    if previous is None and not shadow:
        return {}
    found: dict[str, float] = {}
    for name, value in new.values.items():
        if name in shadow and shadow[name][index] == value:
            continue
        unchanged = previous is not None and name in previous.edited and previous.values.get(name) == value
        found[name] = previous.edited[name] if previous is not None and unchanged else new.stamp
    if previous is None or previous.lines != new.lines:
        found["lines"] = new.stamp
    elif "lines" in previous.edited:
        found["lines"] = previous.edited["lines"]
    return found
