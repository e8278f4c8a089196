"""A process of the sync that may end at any point, and what it leaves behind."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from network import Killed

from sync import Engine, Store


class Gate:
    """The database as one process sees it: shut once the process has ended."""

    def __init__(self, real: sqlite3.Connection) -> None:
        self._real = real
        self.dead = False

    def execute(self, *statement: Any) -> sqlite3.Cursor:
        if self.dead:
            raise Killed
        return self._real.execute(*statement)

    def executemany(self, *statement: Any) -> sqlite3.Cursor:
        if self.dead:
            raise Killed
        return self._real.executemany(*statement)

    def backup(self, into: sqlite3.Connection) -> None:
        self._real.backup(into)

    @property
    def in_transaction(self) -> bool:
        return self._real.in_transaction


class Disk:
    """What of a database would outlive a power cut."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database, self._there = database, sqlite3.connect(":memory:", isolation_level=None)
        self.write()

    def write(self) -> None:
        """All that is stored by now is there to stay."""
        self._database.backup(self._there)

    def restore(self) -> None:
        """The power is back, and with it what was on the disk."""
        self._there.backup(self._database)

    def close(self) -> None:
        self._there.close()


class MortalStore(Store):
    """A store whose process may end just before or just after a commit."""

    point: Callable[[str], None]
    disk: Disk

    def commit(self) -> None:
        self.point("before")
        super().commit()
        if self._waits:  # for the disk
            self.disk.write()
        self.point("after")


@dataclass
class Process:
    """One process; `dead` once nothing that it still does has an effect."""

    number: int
    gate: Gate
    dead: bool = False
    engine: Engine = field(init=False)
    task: asyncio.Task[Any] | None = None
