"""What the engine asks of a connector: the one seam between decisions and a system's API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from typing import Any, Literal, Protocol

from msgspec import Struct, field, structs

from sync.links import NoticeKind, System
from sync.schema import Side
from sync.values import Raw, Value


class Seen(Struct, frozen=True):
    """A record as an API showed it, and when the call was under way."""

    raw: Raw
    start: float
    end: float


class Page(Struct, frozen=True):
    """A part of a walk. `server_time` is the system's own clock when the page was made."""

    records: tuple[Raw, ...]
    start: float
    end: float
    server_time: float | None = None


class Changed(Struct, frozen=True):
    """An entry of a change feed."""

    object: str
    id: str
    version: int
    deleted: bool


class Logged(Struct, frozen=True):
    """A change as a system's own log tells it: the record as it became, and of what has changed the value before."""

    number: int  # ascending
    at: float
    object: str
    id: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


class Record(Struct, frozen=True):
    """A raw record with what the engine needs of it; `data` has virtual properties besides the API's."""

    id: str
    data: Mapping[str, Any]
    stamp: float
    version: int | None = None
    reference: str | None = None  # id in the other system, kept in the record itself
    frozen: str | None = None
    lines_total: Decimal | None = None  # what the system says its lines come to


class Call(Struct, frozen=True):
    """One HTTP call of an operation, as data, so that it can be stored before it is made."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    if_match: str | None = None
    unless: str | None = None  # a path; the call is left out when it exists
    note: str | None = None  # record type of a record made on the side


class Operation(Struct, frozen=True):
    """One write of the engine: usually a call, sometimes a few that only make sense together."""

    name: str
    object: str
    id: str | None
    calls: tuple[Call, ...]

    def stored(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(map(structs.asdict, self.calls))


class WantedLine(Struct, frozen=True):
    """A line of the complete new list; `values` by path, as the wire wants them."""

    id: str | None
    values: Mapping[str, Any]


class Wanted(Struct, frozen=True):
    """A change to express as an operation; all values by path, as the wire wants them."""

    side: Side
    id: str | None  # None creates
    reference: str
    assign: Mapping[str, Any]
    lines: tuple[WantedLine, ...] | None
    lines_path: str
    companions: Mapping[str, Any]
    whole: Mapping[str, Any]  # every mapped value as it is to be afterwards
    current: Mapping[str, Value]
    frozen: str | None
    version: int | None
    raw: Raw | None  # as just read, where a guard asked for it


class Prepared(Struct, frozen=True):
    """The next operation of a change; `covers` are the paths it settles, `blocked` those that can never be."""

    operation: Operation | None = None
    covers: frozenset[str] = frozenset()
    blocked: Mapping[str, tuple[NoticeKind, str]] = field(default_factory=dict)
    needs_raw: bool = False


class Written(Struct, frozen=True):
    """What a system answered to an operation, and the calls that were made on the side."""

    seen: Seen
    extras: tuple[Call, ...] = ()


Recalled = Seen | Literal["never arrived", "cannot be told"]


class Connector(Protocol):
    """One system. Reading and writing raise SideStopped and CallFailed."""

    @property
    def system(self) -> System: ...

    @property
    def url(self) -> str: ...

    @property
    def reads(self) -> int: ...

    def record(self, kind: str, raw: Raw) -> Record:
        """Raises BadValue when the record is not what the API promises."""

    def walk(self, side: Side, since: str | None) -> AsyncIterator[Page]:
        """Records that take part, in id order; with `since`, at least those changed after it."""

    async def read(self, kind: str, id_: str) -> Seen | None: ...

    async def find(self, side: Side, reference: str, path: str, key: str) -> list[Seen]:
        """Records that carry the reference or else the match key."""

    async def merged_into(self, kind: str, id_: str, since: float) -> str | None:
        """The record that a missing one became part of; None where it was deleted, as far as the system knows.

        `since` is when it was still there by itself, in UNIX seconds of the system's clock.
        """

    def prepare(self, wanted: Wanted) -> Prepared:
        """The next operation of a change; pure."""

    async def write(self, operation: Operation, key: str) -> Written: ...

    async def recall(self, operation: Operation, key: str) -> Recalled:
        """What a write was answered whose answer was lost. Afterwards the key is spent, and the write never arrives."""

    def predict(self, operation: Operation, current: Raw | None, placeholder: str) -> Raw:
        """The raw record that `write` would answer with; pure."""

    async def close(self) -> None: ...
