"""What one poison record in a hundred costs the others, and what it costs a day.

    python bench/engine_poison.py

Poison is a record that Invoiced refuses for its data (400), or answers with an error for ever (500). Throughput is that
of the healthy records, beside the same run without poison; processor time, so that waiting is counted by calls alone.
The peer tries every record again in every round, as a loop does that only logs. A day has a round every minute.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Literal

sys.path.insert(0, str(Path(__file__).parent))

from engine import below, filled, table
from plenty import Plenty

from sync.transport import Reply

SIZE = 2000
TURNS = 7
ROUNDS_A_DAY = 1440
Kind = Literal["refused", "error"]


def _poisoned(plenty: Plenty, kind: Kind) -> None:
    """Every record whose name says so cannot be written."""
    answer = plenty.answer

    def spoilt(system: str, method: str, target: str, body: bytes) -> Reply:
        if system == "invoiced" and method == "PATCH" and b"poison" in body:
            plenty.calls.append((system, method, target))
            status = 400 if kind == "refused" else 500
            text: dict[str, Any] = {"type": "invalid_request", "message": "no"} | (
                {"param": "name"} if kind == "refused" else {}
            )
            return Reply(status, {"content-type": "application/json"}, json.dumps(text).encode())
        return answer(system, method, target, body)

    plenty.answer = spoilt  # type: ignore[method-assign]


def _edit(plenty: Plenty, poison: int) -> None:
    plenty.now += 100
    for number in range(SIZE):
        bad = poison and number % 100 == 50
        plenty.edit_erp(number, name=f"poison {number}" if bad else f"New {number}")
    plenty.now += 10
    plenty.calls.clear()


def throughput(kind: Kind) -> tuple[float, float]:
    """Healthy records a second of processor time, without poison and with it: in turn, the best of some rounds each."""
    best = {False: 0.0, True: 0.0}
    for poison in (False, True) * TURNS:
        plenty = Plenty(SIZE)
        _poisoned(plenty, kind)
        with tempfile.TemporaryDirectory() as folder:
            store = filled(Path(folder) / "store", SIZE)
            asyncio.run(below(plenty, store).run())
            _edit(plenty, poison)
            began = time.process_time()
            report = asyncio.run(below(plenty, store).run())
            took = time.process_time() - began
            healthy = SIZE - (SIZE // 100 if poison else 0)
            assert len(report.writes) == healthy, len(report.writes)
            best[poison] = max(best[poison], healthy / took)
            store.close()
    return best[False], best[True]


def a_day(kind: Kind) -> int:
    """Calls that one poison record costs in a day."""
    plenty = Plenty(10)
    _poisoned(plenty, kind)
    with tempfile.TemporaryDirectory() as folder:
        store = filled(Path(folder) / "store", 10)
        asyncio.run(below(plenty, store).run())
        plenty.now += 100
        plenty.edit_erp(5, name="poison")
        plenty.calls.clear()
        for _ in range(ROUNDS_A_DAY):
            plenty.now += 60
            asyncio.run(below(plenty, store).run())
        store.close()
    return sum("/customers/" in path and path.endswith("5") for _, _, path in plenty.calls) + sum(
        path.endswith("/0") for _, _, path in plenty.calls
    )


def main() -> None:
    """Prints the table."""
    rows = []
    for name, kind in (("refused for its data", "refused"), ("answered with an error for ever", "error")):
        healthy, sick = throughput(kind)  # type: ignore[arg-type] - a loop over literals
        calls = a_day(kind)  # type: ignore[arg-type] - a loop over literals
        rows.append((name, f"{healthy:.0f}", f"{sick:.0f}", f"{sick / healthy:.1%}", calls, ROUNDS_A_DAY))
    columns = ("poison", "healthy/s", "with 1 % poison", "left", "calls a day for one", "retry every round")
    table(f"{SIZE:,} edits of Customerp, {SIZE // 100} of them poison", columns, rows)


if __name__ == "__main__":
    main()
