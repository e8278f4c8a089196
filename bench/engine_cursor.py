"""Lost edits of two readers on the same seeded histories: the usual cursor, and the sync's walk.

    python bench/engine_cursor.py [seeds]

The usual reader takes pages by offset, sorted by `updated_at`, of what is newer than the largest `updated_at` it has
seen, as the public Singer tap for Invoiced does. Ours walks by id from the server's time at the start of its last walk.
People edit while pages are being fetched, several times a second; who makes more calls sees more edits. An edit is lost
when the reader's copy still differs after people have rested for a minute and it has read once more.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).parent))

from engine import CUSTOMERS, table

from counterpart.emulators import Clock, Request
from counterpart.emulators import Invoiced as Emulator
from sync import Endpoint, Pacing, Store
from sync.invoiced import Invoiced
from sync.transport import Reply
from sync.walk import Walk

RECORDS, ROUNDS, EDITS_A_ROUND = 250, 6, 40
Copy = dict[int, Any]


class _World:
    """An account whose customers people edit between any two calls of a reader."""

    def __init__(self, seed: int) -> None:
        self.clock = Clock(datetime(2026, 3, 1, 8, tzinfo=UTC))
        self.emulator = Emulator(self.clock, seed=seed)
        self._chance = random.Random(seed)
        self._headers = {"authorization": self.emulator.authorization, "content-type": "application/json"}
        self.edits, self.resting = 0, False
        self.ids = [
            self.call("POST", "/customers", {"type": "company", "name": f"Customer {n}", "number": f"C-{n}"})["id"]
            for n in range(RECORDS)
        ]

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Somebody's call, which takes no time."""
        path, _, query = path.partition("?")
        text = b"" if body is None else json.dumps(body).encode()
        answer = self.emulator.handle(Request(method, path, query, self._headers, text))
        return json.loads(answer.body) if answer.body else None

    def live(self) -> None:
        """What people do while a call is under way."""
        for _ in range(0 if self.resting else self._chance.randrange(2 * EDITS_A_ROUND // 5)):
            self.clock.advance(self._chance.choice((0.05, 0.2, 0.7)))
            id_ = self._chance.choice(self.ids)
            self.call("PATCH", f"/customers/{id_}", {"phone": str(self._chance.randrange(10**6))})
            self.edits += 1
        self.clock.advance(0.2)

    def truth(self) -> Copy:
        """What the account holds."""
        return {id_: self.call("GET", f"/customers/{id_}")["phone"] for id_ in self.ids}

    async def carry(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> Reply:
        """The sync's calls."""
        self.live()
        path, _, query = url.split(".example", 1)[1].partition("?")
        lower = {name.lower(): value for name, value in headers.items()}
        answer = self.emulator.handle(Request(method, path, query, lower, content or b""))
        return Reply(answer.status, {name.lower(): value for name, value in answer.headers}, answer.body)

    async def close(self) -> None:
        """There is no connection."""


class _Usual:
    """max(updated_at), strict, pages by offset."""

    def __init__(self, world: _World) -> None:
        self._world, self._since = world, 0
        self.copy: Copy = {}

    def read(self) -> None:
        """One sync."""
        newest = self._since
        for page in range(1, 10**6):
            self._world.live()
            query = {"sort": "updated_at asc", "per_page": "100", "page": str(page)}
            if self._since:
                query["updated_after"] = str(self._since)
            rows = self._world.call("GET", f"/customers?{urlencode(query)}")
            for row in rows:
                self.copy[row["id"]] = row["phone"]
                newest = max(newest, row["updated_at"])
            if len(rows) < 100:
                break
        self._since = newest


class _Ours:
    """The walk of the sync, with its store."""

    def __init__(self, world: _World) -> None:
        self._connector = Invoiced(
            Endpoint("https://invoiced.example", world.emulator.key), transport=world, clock=_Time(world.clock),
            pacing=Pacing(),
        )  # fmt: skip
        self._clock, self._store, self._session = _Time(world.clock), Store.open(":memory:", durable=False), 0

    def read(self) -> None:
        """One walk."""
        self._session += 1
        walk = Walk(self._store, self._clock, self._session, None)
        asyncio.run(walk.invoiced(self._connector, CUSTOMERS))

    @property
    def copy(self) -> Copy:
        """What the store holds."""
        keys = (self._store.by_key(CUSTOMERS.id, "invoiced", f"c-{n}") for n in range(RECORDS))
        return {int(link.inv_id or 0): link.inv.values["phone"] for [link] in keys if link.inv is not None}


class _Time:
    """The account's clock as the sync reads it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.now().timestamp()


def _played(seed: int, reader_of: Callable[[_World], _Usual | _Ours]) -> tuple[int, int]:
    """Edits made, and records whose last edit was lost."""
    world = _World(seed)
    reader = reader_of(world)
    for _ in range(ROUNDS):
        reader.read()
        world.live()
    world.resting = True
    world.clock.advance(60)
    reader.read()
    truth, copy = world.truth(), reader.copy
    return world.edits, sum(copy.get(id_) != value for id_, value in truth.items())


def main() -> None:
    """Prints the table."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    rows = []
    for name, reader in (("max updated_at, strict, pages by offset", _Usual), ("the sync's walk", _Ours)):
        outcomes = [_played(seed, reader) for seed in range(seeds)]
        edits, lost = sum(made for made, _ in outcomes), sum(gone for _, gone in outcomes)
        rows.append((name, f"{edits:,}", lost, f"{lost / edits:.1%}", sum(gone > 0 for _, gone in outcomes)))
    columns = ("reader", "edits", "lost edits", "share", "histories with a loss")
    table(f"{seeds} histories from the same seeds, {RECORDS} records", columns, rows)


if __name__ == "__main__":
    main()
