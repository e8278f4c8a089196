"""What the rules need of a store and of a dispatcher. Other adapters join here, without touching a rule.

`tests/sync/test_conformance.py` is what an adapter of either kind has to pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from sync.history import Entry
from sync.links import Link, Meeting, System

Handler = Callable[[int], Awaitable[None]]


class Storage(Protocol):
    """Links, cursors and history. Every change happens inside `transaction()`."""

    def transaction(self, *, durable: bool = True) -> AbstractContextManager[None]:
        """All or nothing, kept when the process ends, and never held across a remote call.

        A durable one also outlives a power cut, with all that came before it. Of the others the last may be lost in
        one: they hold what can be read again, or resolved from a stored intent.
        """

    async def secured(self) -> None:
        """Returns once all that is stored so far would outlive a power cut; who waits at the same time, waits once."""

    def add(self, links: Iterable[Link]) -> None:
        """Insert new links; raises Superseded where another one already holds one of their records."""

    def save(self, link: Link) -> Link:
        """Insert a new link, or update one that nobody else has changed since; raises Superseded.

        That is also the answer where another link already holds one of its records.
        """

    def meetings(self, links: Sequence[int]) -> list[Meeting]:
        """Lone records of Customerp among these, each with the lone one of Invoiced that `matching.find` would find.

        Only where neither was ever more than seen. Any may be left out: it is then looked for by itself.
        """

    def join(self, meeting: Meeting) -> None:
        """Make one link of the two, at rest with what both show for a shadow; raises Superseded."""

    def remove(self, link: Link) -> None: ...

    def link(self, id_: int) -> Link:
        """Raises Superseded when another handler has removed it."""

    def by_remote(self, flow: str, system: System, id_: str) -> Link | None:
        """The link that holds this record of one side."""

    def digests(self, flow: str, system: System, ids: Sequence[str]) -> Mapping[str, bytes | None]:
        """Of the records that some link holds, what was last listed of them; None where that is not known."""

    def versions(self, flow: str, ids: Sequence[str]) -> Mapping[str, int | None]:
        """Of the records of Customerp that some link holds, the version that was seen last."""

    def by_reference(self, flow: str, reference: str) -> list[Link]:
        """Links whose record in Invoiced names this record of Customerp in its metadata."""

    def by_key(self, flow: str, system: System, key: str) -> list[Link]:
        """Links whose record on one side has this match key."""

    def by_value(self, flow: str, system: System, name: str, value: str) -> list[Link]:
        """Links whose record on one side has this value of a property; for properties by which a flow matches."""

    def dirty(self, flow: str) -> list[int]:
        """Ids of links with work, in the order in which the records were first seen."""

    def deleting(self, flow: str) -> list[int]:
        """Ids of links whose record is gone on one side and whose other side is still to be told."""

    def open_intents(self) -> list[int]:
        """Ids of links with a write whose outcome is not stored."""

    def interrupted(self) -> list[int]:
        """Ids of links with a write that nobody has put off: the process ended in the middle of it."""

    def begin_scan(self) -> None:
        """Forget which records an earlier walk has shown."""

    def mark_seen(self, flow: str, system: System, id_: str, at: float) -> None: ...

    def seen_at(self, flow: str, system: System, id_: str) -> float | None:
        """When this walk has shown a record last, if it has been marked."""

    def unseen(self, flow: str, system: System) -> tuple[list[str], int]:
        """Ids of known records that the scan has not shown, and how many are known."""

    def wake(self, dependency: str) -> None:
        """Put links to work that wait for this record, or were refused and refer to it."""

    def wake_due(self, now: float) -> None:
        """Put links to work whose pause is over."""

    def cursor(self, name: str) -> str | None: ...

    def set_cursor(self, name: str, value: str) -> None: ...

    def record(self, entry: Entry) -> None:
        """Append to the history; nothing there is ever changed or removed."""

    def history(self, link: int | None = None, latest: int | None = None) -> list[Entry]:
        """The history of one link or of all, in order; only so many of the latest entries."""

    def links(self) -> Iterator[Link]:
        """Every link, flow by flow, in the order in which the records were first seen."""

    def written_since(self, link: int, system: System, at: str) -> list[tuple[str, frozenset[str]]]:
        """Writes of a link to one side later than a moment, oldest first: when, and which properties."""

    def at_most(self) -> int:
        """How many links there may be, at once: never too few, and not counted."""

    def counts(self) -> Counter[tuple[str, str, bool]]:
        """Links by flow, state and whether only Invoiced has the record."""

    def standing(self) -> Iterator[Link]:
        """Links with a notice or a conflict that still holds."""

    def copy(self) -> Storage:
        """An independent copy, for a plan."""

    def close(self) -> None: ...


class Dispatch(Protocol):
    """Brings work to the handler. The handler may run any number of times, in any order; never twice at once a link."""

    async def run(self, work: Sequence[int], handle: Handler) -> None:
        """Hand every link to the handler; the first error ends the others and is raised as it is."""

    def stop(self) -> None:
        """Begin nothing more; what is under way is finished."""
