"""What the benchmarks of the engine share: an engine over both systems, a store full of links, a table."""

from __future__ import annotations

import itertools
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from plenty import Plenty, counterpart, customer

from sync import Endpoint, Engine, Flow, Pacing, Store, SystemClock, load_flows
from sync.connector import Record
from sync.events import Listener, nobody
from sync.links import Interval, Link, State
from sync.rows import COLUMNS, to_row
from sync.settlement import observe
from sync.values import stamp_of

CUSTOMERS: Flow = next(flow for flow in load_flows() if flow.id == "customer-company")


class SystemsClock:
    """The clock of both systems, also the engine's."""

    def __init__(self, plenty: Plenty) -> None:
        self._plenty = plenty

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._plenty.now, UTC)

    def monotonic(self) -> float:
        return self._plenty.now


def below(plenty: Plenty, store: Store, in_flight: int = 16) -> Engine:
    """An engine that calls both systems below HTTP, on their clock, and never waits."""
    numbers = itertools.count()

    async def sleep(seconds: float) -> None:
        plenty.now += seconds

    return Engine.open(
        store,
        customerp=Endpoint("https://customerp.example", "token"),
        invoiced=Endpoint("https://invoiced.example", "key"),
        flows=(CUSTOMERS,),
        transports={system: plenty.carrier(system) for system in ("customerp", "invoiced")},
        clock=SystemsClock(plenty),
        ids=lambda: f"key-{next(numbers):08}",
        in_flight=in_flight,
        pacing=Pacing(sleep=sleep),
    )


def over_http(url: str, store: Store, in_flight: int, listen: Listener = nobody) -> Engine:
    """An engine that calls both systems over HTTP."""
    numbers = itertools.count()
    return Engine.open(
        store,
        customerp=Endpoint(f"{url}/customerp", "token"),
        invoiced=Endpoint(f"{url}/invoiced", "key"),
        flows=(CUSTOMERS,),
        clock=SystemClock(),
        ids=lambda: f"key-{next(numbers):08}",
        in_flight=in_flight,
        pacing=Pacing(),
        listen=listen,
    )


def link(number: int) -> Link:
    """The link of a customer with its counterpart, at rest."""
    erp_raw, inv_raw = customer(number), counterpart(number)
    seen = Interval(0, 0.0, 0.1)
    erp = observe(
        CUSTOMERS, "customerp", Record(erp_raw["id"], erp_raw, stamp_of(erp_raw["updatedAt"]), version=1), seen
    )
    inv = observe(CUSTOMERS, "invoiced", Record(str(inv_raw["id"]), inv_raw, float(inv_raw["updated_at"])), seen)
    return Link(
        CUSTOMERS.id,
        erp_id=erp_raw["id"],
        inv_id=str(inv_raw["id"]),
        erp_key=f"c-{number}",
        inv_key=f"c-{number}",
        reference=erp_raw["id"],
        state=State.LINKED,
        dirty=False,
        shadow={name: (erp.values[name], inv.values[name]) for name in erp.values},
        erp=erp,
        inv=inv,
    )


def filled(path: Path, total: int) -> Store:
    """A store that has linked all customers of a Plenty and read everything up to now."""
    Store.open(path, durable=False).close()
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA synchronous = OFF")
    database.execute("BEGIN")
    statement = f"INSERT INTO link ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
    database.executemany(statement, (to_row(link(number), 1) for number in range(total)))
    cursors = {
        "customerp": "0",
        f"customerp:{CUSTOMERS.id}": "walked",
        f"invoiced:{CUSTOMERS.id}": str(counterpart(0)["updated_at"] + 30),
        "scan": datetime.fromtimestamp(counterpart(0)["updated_at"], UTC).isoformat(),
    }
    database.executemany("INSERT INTO cursor VALUES (?, ?)", cursors.items())
    database.execute("COMMIT")
    database.close()
    return Store.open(path, durable=False)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table, numbers to the right."""
    written = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[at]) for row in [list(columns), *written]) for at in range(len(columns))]
    print(f"\n{title}\n")
    for row in [list(columns), *written]:
        cells = [
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  " + "  ".join(cells))
