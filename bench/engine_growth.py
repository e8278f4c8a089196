"""A hundred edits among ever more linked records: time, calls and memory; diffsync beside it.

    python bench/engine_growth.py [--full]

Each size runs in a process of its own, so that its peak memory is its own. `--full` goes to a million links for us;
diffsync ends at 100,000, as it holds both sides in memory. The slope begins at the second size: of 1,000 records all
are listed, which takes fewer calls than to read each that has changed. Items, which have no change filter, are timed a
row.
"""

from __future__ import annotations

import asyncio
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from engine import below, filled, table
from plenty import Plenty, counterpart, customer, edits

EDITS = 100
SIZES = (1_000, 10_000, 100_000)


def _peak() -> float:
    """Of this process, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def engine(size: int) -> dict[str, float]:
    """Half of the edits on each side; both are read and written, and a further round writes nothing."""
    plenty = Plenty(size)
    path = Path(sys.argv[3])
    from sync import Store

    store = Store.open(path, durable=False)
    asyncio.run(below(plenty, store).run())
    plenty.now += 100
    for number in edits(EDITS // 2, size):
        plenty.edit_erp(number, phone="1")
        plenty.edit_inv(number + 1, city="Bergen")
    plenty.now += 10
    plenty.calls.clear()
    began = time.process_time()
    report = asyncio.run(below(plenty, store).run())
    took = time.process_time() - began
    assert len(report.writes) == EDITS, len(report.writes)
    return {"seconds": took, "calls": len(plenty.calls), "peak": _peak()}


def diffsync(size: int) -> dict[str, float]:
    """Both sides loaded, compared, and the edits carried over."""
    from diffsync import Adapter, DiffSyncModel

    class Customer(DiffSyncModel):
        """A customer with the properties of the flow."""

        _modelname = "customer"
        _identifiers = ("number",)
        _attributes = ("name", "email", "phone", "line1", "city", "postal", "country", "organisation", "currency")
        number: str
        name: str
        email: str
        phone: str
        line1: str
        city: str
        postal: str
        country: str
        organisation: str
        currency: str

    class Side(Adapter):
        """One system, held in memory."""

        customer = Customer
        top_level = ("customer",)

    def load(changed: dict[int, str]) -> Side:
        side = Side()
        for n in range(size):
            raw = customer(n)
            address = raw["address"]
            side.add(
                Customer(
                    number=raw["number"], name=raw["name"], email=raw["email"], phone=changed.get(n, raw["phone"]),
                    line1=address["line1"], city=address["city"], postal=address["postalCode"],
                    country=address["country"], organisation=raw["organisationNumber"], currency=raw["currency"],
                )
            )  # fmt: skip
        return side

    began = time.process_time()
    load(dict.fromkeys(edits(EDITS, size), "1")).sync_to(load({}))
    return {"seconds": time.process_time() - began, "calls": 0, "peak": _peak()}


def items(size: int) -> float:
    """Microseconds an unchanged row of a list that is read whole each time."""
    from engine import CUSTOMERS

    from sync import Endpoint, Pacing, Store, SystemClock
    from sync.invoiced import Invoiced
    from sync.links import Interval
    from sync.walk import Walk

    connector = Invoiced(
        Endpoint("https://invoiced.example", "key"), transport=None, clock=SystemClock(), pacing=Pacing()
    )
    best = math.inf
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "store", durable=False)
        pages = [tuple(map(counterpart, range(at, at + 100))) for at in range(0, size, 100)]
        for round_ in range(4):
            walk = Walk(store, SystemClock(), round_ + 1, None)
            began = time.process_time()
            for page in pages:
                walk._page(CUSTOMERS, connector, page, Interval(round_ + 1, 1.0, 2.0), whole=True)
            if round_:
                best = min(best, time.process_time() - began)
        store.close()
    return best / size * 1e6


def _apart(what: str, size: int, store: Path | None = None) -> dict[str, Any]:
    """Run one measurement in a process of its own."""
    run = [sys.executable, __file__, what, str(size), *([str(store)] if store else [])]
    return dict(json.loads(subprocess.run(run, capture_output=True, text=True, check=True).stdout.splitlines()[-1]))


def main() -> None:
    """Prints the table."""
    sizes = (*SIZES, 1_000_000) if "--full" in sys.argv else SIZES
    rows, seconds = [], []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "store"
            filled(path, size).close()
            ours = min((_apart("engine", size, _copy(path, n)) for n in range(3)), key=lambda one: one["seconds"])
        seconds.append(ours["seconds"])
        peer = _apart("diffsync", size) if size <= SIZES[-1] else None
        rows.append((
            f"{size:,}", f"{ours['seconds'] * 1000:.0f}", f"{ours['calls']:.0f}", f"{ours['peak']:.0f}",
            f"{peer['seconds'] * 1000:,.0f}" if peer else "", f"{peer['peak']:.0f}" if peer else "",
        ))  # fmt: skip
    columns = ("linked records", "CPU ms", "calls", "peak MB", "diffsync: CPU ms", "peak MB")
    table(f"{EDITS} edits among linked records", columns, rows)
    decades = math.log10(sizes[-1] / sizes[1])
    print(f"\n  slope from {sizes[1]:,}: {(seconds[-1] / seconds[1]) ** (1 / decades):.2f} a tenfold (flat is 1.00)")
    print(f"  a row of a list without a change filter, unchanged: {items(20_000):.1f} us, besides reading the page")


def _copy(path: Path, number: int) -> Path:
    """A store as it was, as a run changes it."""
    import shutil

    return Path(shutil.copy(path, path.with_name(f"copy-{number}")))


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] in ("engine", "diffsync"):
        print(json.dumps((engine if sys.argv[1] == "engine" else diffsync)(int(sys.argv[2]))))
    else:
        main()
