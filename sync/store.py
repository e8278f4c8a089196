"""The sync's own state in one SQLite file, durable before every remote write, used by one process at a time."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Self

from msgspec.structs import replace

from sync import values
from sync.errors import NotAStore, StoreError, StoreInUse, Superseded
from sync.history import Entry
from sync.links import Link, Meeting, System
from sync.meeting import BY_KEY, BY_REFERENCE, JOIN, TAKE
from sync.rows import (
    COLUMNS,
    ENTRY_COLUMNS,
    Row,
    from_entry_row,
    from_row,
    insertion,
    observation,
    to_entry_row,
    to_row,
    update,
)
from sync.tables import create, is_fresh

_FEW = 256  # links kept in memory: those at work; parsing them anew at each step takes longer than the step

_DELETING = "deleted IS NOT NULL AND state <> 'tombstoned' AND erp_id IS NOT NULL"  # as the index says
_LISTED = "(SELECT value FROM json_each(?))"
_SELECT = f"SELECT id, {', '.join(COLUMNS)} FROM link"
_UNKNOWN = (object(),) * len(COLUMNS)  # a row that no other one is like


class Store:
    """Links, cursors and history. Every change happens inside `transaction()`."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self._db, self.path = connection, path
        self._waits: bool | None = None  # whether commits wait for the disk; None where they never do
        self._barrier: asyncio.Future[None] | None = None  # those who wait for the next commit that waits
        self._secured = 0
        self._known: OrderedDict[int, tuple[Link, Row]] = OrderedDict()  # a few links as they are stored now, by id
        self._cursors: dict[str, str | None] = {}  # as they are stored now, if they were ever asked for or set
        self._indexes: set[str] = set()  # of properties, that are there for certain

    @classmethod
    def open(cls, path: str | Path, durable: bool = True) -> Self:
        """Open or create a store; raises StoreInUse and NotAStore.

        Not durable means that a power cut may lose the last intents, and with them the means to recognise our own
        writes.
        """
        name = str(path)
        try:
            db = sqlite3.connect(name, timeout=0, isolation_level=None, check_same_thread=False)
            # Exclusive from the first read on: a second process is refused by SQLite itself, also after a crash.
            db.execute("PRAGMA locking_mode = EXCLUSIVE")
            # Before anything is written, so that somebody else's database stays as it is.
            fresh = is_fresh(db, name)
            # Before the journal mode, since changing that writes to the file already.
            db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("BEGIN EXCLUSIVE")
            if fresh:
                create(db)
            db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "busy" in str(error):
                raise StoreInUse(
                    name, "another process works on this store", "Wait for it to end, or stop it"
                ) from None
            raise StoreError(name, f"cannot be opened ({error})", "Check the path and its rights") from None
        except sqlite3.DatabaseError as error:
            raise NotAStore(name, f"not a store of the sync ({error})", "Name another file") from None
        store = cls(db, name)
        store._waits = True if durable else None
        return store

    def copy(self) -> Store:
        """An independent copy in memory."""
        db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._db.backup(db)
        return Store(db, ":memory:")

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[None]:
        """All or nothing; never held across a remote call. Only a durable one waits for the disk."""
        if durable is not self._waits and self._waits is not None:
            # In WAL mode a commit that waits also secures those before it that did not.
            self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._waits = durable
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.commit()
        except BaseException:
            self._known.clear()
            self._cursors.clear()
            self._indexes.clear()
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def commit(self) -> None:
        self._db.execute("COMMIT")

    async def secured(self) -> None:
        """Returns once all that is stored so far would outlive a power cut; who waits at the same time, waits once."""
        if self._waits is None:
            return
        if self._barrier is None:
            loop = asyncio.get_running_loop()
            self._barrier = loop.create_future()
            loop.call_soon(self._secure)
        await asyncio.shield(self._barrier)

    def _secure(self) -> None:
        """One commit that waits for the disk, for everybody whose own did not."""
        barrier, self._barrier = self._barrier, None
        assert barrier is not None
        try:
            with self.transaction():
                self._secured += 1
                self.set_cursor("secured", str(self._secured))
        except BaseException as error:
            barrier.set_exception(error)
        else:
            barrier.set_result(None)

    def add(self, links: Iterable[Link]) -> None:
        """Insert new links; raises Superseded where another one holds a record of theirs."""
        for said, rows in groupby((to_row(link, 1) for link in links), _said):
            try:
                self._db.executemany(insertion(said), map(itemgetter(*said), rows))
            except sqlite3.IntegrityError:
                raise Superseded(0) from None

    def save(self, link: Link) -> Link:
        """Insert a new link, or update one that nobody else has changed since; raises Superseded.

        That is also the answer where another link already holds one of its records.
        """
        version = link.version + 1
        known = self._known.get(link.id)
        row = to_row(link, version, known)
        if link.id == 0:
            said = _said(row)
            id_ = self._changed(link, insertion(said), tuple(row[at] for at in said)).lastrowid or 0
            return self._keep(replace(link, id=id_, version=version), row)
        # Each column named costs its indexes, even where its value stays. The one known says which differ.
        before = known[1] if known is not None and known[0].version == link.version else _UNKNOWN
        changed = tuple(at for at, (old, new) in enumerate(zip(before, row, strict=True)) if old != new)
        statement = update(changed)
        if self._changed(link, statement, (*(row[at] for at in changed), link.id, link.version)).rowcount != 1:
            raise Superseded(link.id)
        return self._keep(replace(link, version=version), row)

    def meetings(self, links: Sequence[int]) -> list[Meeting]:
        """Lone records of Customerp among these, each with the lone one of Invoiced that no rule could deny it."""
        asked = (json.dumps(links),)
        rows = [row for statement in (BY_REFERENCE, BY_KEY) for row in self._db.execute(statement, asked)]
        return [Meeting(o, t, id_, observation(erp), observation(inv)) for o, t, id_, erp, inv in rows]

    def join(self, meeting: Meeting) -> None:
        """Make one link of the two, at rest with what both show for a shadow; raises Superseded."""
        self._known.pop(meeting.ours, None)
        self._known.pop(meeting.theirs, None)
        found = self._db.execute(TAKE, (meeting.theirs,)).fetchone()
        if found is None or self._db.execute(JOIN, (*found, meeting.ours)).rowcount != 1:
            raise Superseded(meeting.ours)

    def remove(self, link: Link) -> None:
        self._known.pop(link.id, None)
        self._db.execute("DELETE FROM link WHERE id = ?", (link.id,))

    def link(self, id_: int) -> Link:
        if id_ not in self._known:
            row = self._db.execute(f"{_SELECT} WHERE id = ?", (id_,)).fetchone()
            if row is None:
                raise Superseded(id_)
            self._keep(from_row(row), row[1:])
        return self._known[id_][0]

    def by_remote(self, flow: str, system: System, id_: str) -> Link | None:
        """The link that holds this record of one side."""
        return self._one("flow = ? AND erp_id = ?" if system == "customerp" else "flow = ? AND inv_id = ?", flow, id_)

    def digests(self, flow: str, system: System, ids: Sequence[str]) -> dict[str, bytes | None]:
        """Of the records that some link holds, what was last listed of them; None where that is not known."""
        if not ids:
            return {}
        side = "erp" if system == "customerp" else "inv"
        rows = self._db.execute(
            f"SELECT {side}_id, CASE WHEN state = 'tombstoned' OR deleted IS NOT NULL THEN NULL ELSE {side}_digest END "
            f"FROM link WHERE flow = ? AND {side}_id IN {_LISTED}",
            (flow, json.dumps(ids)),
        )
        return dict(rows.fetchall())

    def versions(self, flow: str, ids: Sequence[str]) -> dict[str, int | None]:
        """Of the records of Customerp that some link holds, the version that was seen last."""
        statement = f"SELECT erp_id, json_extract(erp, '$[3]') FROM link WHERE flow = ? AND erp_id IN {_LISTED}"
        return dict(self._db.execute(statement, (flow, json.dumps(ids))).fetchall())

    def by_reference(self, flow: str, reference: str) -> list[Link]:
        """Links whose record in Invoiced names this record of Customerp in its metadata."""
        return self._many("flow = ? AND reference = ? AND inv_id IS NOT NULL", flow, reference)

    def by_key(self, flow: str, system: System, key: str) -> list[Link]:
        """Links whose record on one side has this match key."""
        column = "erp_key" if system == "customerp" else "inv_key"
        return self._many(f"flow = ? AND {column} = ?", flow, key)

    def by_value(self, flow: str, system: System, name: str, value: str) -> list[Link]:
        """Links whose record on one side has this value; the index is made when the property is first asked for."""
        side = "erp" if system == "customerp" else "inv"
        of_flow, path = (text.replace("'", "''") for text in (flow, f"$[0].{json.dumps(name)}"))
        of_flow, said = f"flow = '{of_flow}'", f"json_extract({side}, '{path}')"
        index = json.dumps(f"link_{side}_{flow}_{name}")
        if index not in self._indexes:
            self._db.execute(f"CREATE INDEX IF NOT EXISTS {index} ON link ({said}) WHERE {of_flow}")
            self._indexes.add(index)
        return self._many(f"{of_flow} AND {said} = ?", value)

    def dirty(self, flow: str) -> list[int]:
        """Ids of links with work, in the order in which the records were first seen."""
        return self._ids("dirty AND flow = ?", flow)

    def deleting(self, flow: str) -> list[int]:
        """Ids of links whose record is gone on one side and whose other side is still to be told."""
        return self._ids(f"flow = ? AND {_DELETING}", flow)

    def open_intents(self) -> list[int]:
        """Ids of links with a write whose outcome is not stored."""
        return self._ids("intent IS NOT NULL")

    def interrupted(self) -> list[int]:
        """Ids of links with a write that nobody has put off: the process ended in the middle of it."""
        return self._ids("intent IS NOT NULL AND state NOT IN ('retry', 'dead')")

    def begin_scan(self) -> None:
        """Forget which records an earlier walk has shown."""
        self._db.execute(
            "CREATE TEMP TABLE IF NOT EXISTS seen (flow TEXT, system TEXT, id TEXT, at REAL, "
            "PRIMARY KEY (flow, system, id)) WITHOUT ROWID"
        )
        self._db.execute("DELETE FROM seen")

    def mark_seen(self, flow: str, system: System, id_: str, at: float) -> None:
        self._db.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)", (flow, system, id_, at))

    def seen_at(self, flow: str, system: System, id_: str) -> float | None:
        """When this walk has shown a record last, if it has been marked."""
        row = self._db.execute("SELECT at FROM seen WHERE flow = ? AND system = ? AND id = ?", (flow, system, id_))
        return next((at for (at,) in row), None)

    def unseen(self, flow: str, system: System) -> tuple[list[str], int]:
        """Ids of known records that the scan has not shown, and how many are known."""
        column = "erp_id" if system == "customerp" else "inv_id"
        known = (
            f"FROM link WHERE flow = ? AND {column} IS NOT NULL AND state <> 'tombstoned' AND deleted IS NOT '{system}'"
        )
        rows = self._db.execute(
            f"SELECT {column} {known} AND {column} NOT IN (SELECT id FROM seen WHERE flow = ? AND system = ?) "
            f"ORDER BY {column}",
            (flow, flow, system),
        )
        missing = [found for (found,) in rows]
        (number,) = self._db.execute(f"SELECT count(*) {known}", (flow,)).fetchone()
        return missing, number

    def wake(self, dependency: str) -> None:
        """Put links to work that wait for this record, or were refused and refer to it."""
        self._woken("waits_for = NULL", "waits_for = ?", dependency)

    def wake_due(self, now: float) -> None:
        """Put links to work whose pause is over."""
        self._woken("next_attempt_at = NULL", "next_attempt_at <= ?", now)

    def cursor(self, name: str) -> str | None:
        if name not in self._cursors:
            row = self._db.execute("SELECT value FROM cursor WHERE name = ?", (name,)).fetchone()
            self._cursors[name] = row[0] if row else None
        return self._cursors[name]

    def set_cursor(self, name: str, value: str) -> None:
        if self._cursors.get(name) != value:
            statement = "INSERT INTO cursor VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
            self._db.execute(statement, (name, value))
            self._cursors[name] = value

    def record(self, entry: Entry) -> None:
        """Append to the history; nothing there is ever changed or removed."""
        self._db.execute(
            f"INSERT INTO history ({', '.join(ENTRY_COLUMNS)}) VALUES ({', '.join('?' * len(ENTRY_COLUMNS))})",
            to_entry_row(entry),
        )

    def history(self, link: int | None = None, latest: int | None = None) -> list[Entry]:
        """The history of one link or of all, in order; only so many of the latest entries."""
        rows = self._db.execute(
            f"SELECT {', '.join(ENTRY_COLUMNS)} FROM history WHERE ? IS NULL OR link = ? ORDER BY id DESC LIMIT ?",
            (link, link, -1 if latest is None else latest),
        ).fetchall()
        return [from_entry_row(row) for row in reversed(rows)]

    def links(self) -> Iterator[Link]:
        """Every link, flow by flow, in the order in which the records were first seen."""
        for row in self._db.execute(f"{_SELECT} ORDER BY flow, id"):
            yield from_row(row)

    def written_since(self, link: int, system: System, at: str) -> list[tuple[str, frozenset[str]]]:
        """Writes of a link to one side later than a moment, oldest first: when, and which properties."""
        rows = self._db.execute(
            "SELECT at, fields FROM history WHERE link = ? AND system = ? AND at > ? AND by = 'sync' ORDER BY id",
            (link, system, at),
        )
        return [(at, frozenset(values.loads(fields))) for at, fields in rows]

    def at_most(self) -> int:
        """How many links there may be, at once: never too few, and not counted."""
        (last,) = self._db.execute("SELECT max(id) FROM link").fetchone()
        return last or 0

    def counts(self) -> Counter[tuple[str, str, bool]]:
        """Links by flow, state and whether only Invoiced has the record."""
        rows = self._db.execute("SELECT flow, state, erp_id IS NULL, count(*) FROM link GROUP BY 1, 2, 3")
        return Counter({(flow, state, bool(alone)): number for flow, state, alone, number in rows})

    def standing(self) -> Iterator[Link]:
        """Links with a notice or a conflict that still holds."""
        for row in self._db.execute(f"{_SELECT} WHERE notices IS NOT NULL OR conflicts IS NOT NULL ORDER BY flow, id"):
            yield from_row(row)

    def _ids(self, where: str, *parameters: object) -> list[int]:
        rows = self._db.execute(f"SELECT id FROM link WHERE {where} ORDER BY id", parameters)
        return [found for (found,) in rows]

    def _woken(self, cleared: str, which: str, parameter: object) -> None:
        # To look is quicker than to change nothing, and mostly nobody waits.
        if self._db.execute(f"SELECT 1 FROM link WHERE {which}", (parameter,)).fetchone():
            statement = f"UPDATE link SET dirty = 1, {cleared}, version = version + 1 WHERE {which}"
            self._db.execute(statement, (parameter,))
            self._known.clear()  # which of them were woken is not told

    def _changed(self, link: Link, statement: str, row: tuple[object, ...]) -> sqlite3.Cursor:
        try:
            return self._db.execute(statement, row)
        except sqlite3.IntegrityError:
            raise Superseded(link.id) from None  # another link holds the record by now

    def _one(self, where: str, *parameters: object) -> Link | None:
        # The link itself may be at hand, and to read its row takes ten times as long as to find its id.
        found = self._db.execute(f"SELECT id FROM link WHERE {where}", parameters).fetchone()
        return self.link(*found) if found else None

    def _many(self, where: str, *parameters: object) -> list[Link]:
        return [self.link(id_) for id_ in self._ids(where, *parameters)]

    def _keep(self, link: Link, row: Row) -> Link:
        self._known[link.id] = (link, row)
        self._known.move_to_end(link.id)
        if len(self._known) > _FEW:
            self._known.popitem(last=False)
        return link


def _said(row: Row) -> tuple[int, ...]:
    """Which columns say something: half of them, and each one that is stored takes time."""
    return tuple(at for at, value in enumerate(row) if value is not None)
