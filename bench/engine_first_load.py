"""First contact: two full systems read, hashed, stored and matched; then a system to be filled, at its cap.

    python bench/engine_first_load.py [records a side] [creates]

The peer of reading parses the same pages and keeps the records by number in two dicts: the least that matching takes.
The ideal of creating is the calls allowed in flight over the latency, from the first creation to the last; reading what
there is comes before, page after page, and is told apart. Both systems answer in a process of their own.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from engine import over_http, table
from engine_throughput import IN_FLIGHT, Served

from sync import Store
from sync.events import CallEnded, Event, Listener, nobody
from sync.network import Network

LATENCY = 0.1


class Creating:
    """Hears when the first creation began and the last one ended, in seconds on the wall."""

    def __init__(self) -> None:
        self.began, self.ended = float("inf"), 0.0

    def __call__(self, event: Event) -> None:
        if isinstance(event, CallEnded) and event.method == "POST":
            self.ended = time.perf_counter()
            self.began = min(self.began, self.ended - event.seconds)


async def _ours(url: str, path: Path, listen: Listener = nobody) -> tuple[float, float, int]:
    """Seconds on the wall and of the processor, and writes."""
    store = Store.open(path)
    engine = over_http(url, store, IN_FLIGHT, listen)
    wall, cpu = time.perf_counter(), time.process_time()
    report = await engine.run()
    took = time.perf_counter() - wall, time.process_time() - cpu
    await engine.close()
    store.close()
    return *took, len(report.writes)


async def _parsed(url: str) -> tuple[float, float]:
    """The same pages, parsed and joined by number in memory."""
    wire = Network()
    wall, cpu = time.perf_counter(), time.process_time()

    async def customerp() -> dict[str, object]:
        rows, cursor = {}, ""
        while True:
            query = f"limit=100{f'&cursor={cursor}' if cursor else ''}"
            page = json.loads((await wire.carry("GET", f"{url}/customerp/customers?{query}", {}, None)).body)
            rows |= {row["number"]: row for row in page["data"]}
            cursor = page["nextCursor"]
            if not cursor:
                return rows

    async def invoiced() -> dict[str, object]:
        rows: dict[str, object] = {}
        for number in range(1, 10**6):
            target = f"{url}/invoiced/customers?per_page=100&page={number}"
            page = json.loads((await wire.carry("GET", target, {}, None)).body)
            rows |= {row["number"]: row for row in page}
            if len(page) < 100:
                return rows
        raise AssertionError

    one, other = await asyncio.gather(customerp(), invoiced())
    assert one.keys() == other.keys()
    await wire.close()
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    """Prints both tables."""
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    creates = int(sys.argv[2]) if len(sys.argv) > 2 else 800
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for how, strangers in (("the reference", False), ("the number", True)):
            with Served(records, 0, 0.0, strangers=strangers) as url:
                wall, cpu, writes = asyncio.run(_ours(url, Path(folder) / f"by {how}"))
                assert writes == 0, writes
                bare_wall, bare_cpu = asyncio.run(_parsed(url))
            rows.append((f"the sync, by {how}", f"{2 * records / wall:,.0f}", f"{cpu / records / 2 * 1e6:.0f}"))
        rows.append((
            "parsed and joined in memory", f"{2 * records / bare_wall:,.0f}", f"{bare_cpu / records / 2 * 1e6:.0f}",
        ))  # fmt: skip
        table(f"{records:,} records a side, matched", ("", "records/s", "CPU us a record"), rows)
        with Served(creates, 0, LATENCY, empty=True) as url:
            creating = Creating()
            wall, cpu, writes = asyncio.run(_ours(url, Path(folder) / "created", creating))
            assert writes == creates, writes
    ideal = IN_FLIGHT / LATENCY
    took = creating.ended - creating.began
    row = (
        f"{LATENCY * 1000:.0f} ms",
        IN_FLIGHT,
        f"{creates / took:.0f}",
        f"{ideal:.0f}",
        f"{creates / took / ideal:.2f}",
        f"{wall - took:.1f}",
        f"{cpu / creates * 1e6:.0f}",
    )
    columns = ("latency", "in flight", "creates/s", "cap over latency", "ratio", "other s", "CPU us a create")
    table(f"{creates:,} customers created", columns, [row])


if __name__ == "__main__":
    main()
