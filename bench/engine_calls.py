"""Calls a propagated edit costs, with a lossy account on the other side, beside the loop that looks before it writes.

    python bench/engine_calls.py

Told apart are calls about one record, which each edit costs, and pages of lists and of the change feed, which show a
hundred records each; an idle run's are not counted. An edit of Customerp that is one of few is read by itself, as the
change feed names records and does not show them; from twenty on, where that is fewer calls, all are listed.

The peer reads the changes of each side, reads the counterpart of each, and writes. It keeps nothing, so it also writes
back what it has just written: the echoes.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from engine import below, filled, table
from plenty import Plenty, edits

from sync import Engine

SIZE = 2000


def _edited(plenty: Plenty, side: str, many: int) -> None:
    plenty.now += 100
    for n, number in enumerate(edits(many, SIZE)):
        if side == "customerp":
            plenty.edit_erp(number, name=f"Two  blanks {number}", phone=str(n))
        else:
            plenty.edit_inv(number, city="Bergen", phone=str(n))
    plenty.now += 10
    plenty.calls.clear()


async def _ours(side: str, many: int, pause: float) -> tuple[float, float, int]:
    """Calls about one record an edit, pages an edit, and writes in the round after it."""
    plenty = Plenty(SIZE, lossy=True)
    with tempfile.TemporaryDirectory() as folder:
        store = filled(Path(folder) / "store", SIZE)
        engine: Engine = below(plenty, store)
        await engine.run()
        plenty.calls.clear()
        plenty.now += 100
        await engine.run()
        idle = _pages(plenty)
        _edited(plenty, side, many)
        if pause:
            _slow_reads(plenty, pause)
        report = await engine.run()
        assert len(report.writes) == many, report
        pages, calls = _pages(plenty) - idle, len(plenty.calls) - _pages(plenty)
        plenty.now += 100
        echoes = len((await engine.run()).writes)
        store.close()
    return calls / many, pages / many, echoes


def _pages(plenty: Plenty) -> int:
    """How many calls were answered with a list."""
    return sum(method == "GET" and path.count("/") == 1 for _, method, path in plenty.calls)


def _slow_reads(plenty: Plenty, pause: float) -> None:
    """Time passes between reading a side and writing to it, as it does on long runs."""
    answer = plenty.answer

    def slow(system: str, method: str, target: str, body: bytes) -> object:
        if method == "PATCH":
            plenty.now += pause
        return answer(system, method, target, body)

    plenty.answer = slow  # type: ignore[assignment, method-assign]


def _usual(side: str, many: int) -> tuple[float, int]:
    plenty = Plenty(SIZE, lossy=True)
    _edited(plenty, side, many)
    cursors = {"customerp": 0, "invoiced": int(plenty.now) - 60}

    def call(system: str, method: str, target: str, body: object = None) -> object:
        reply = plenty.answer(system, method, target, b"" if body is None else json.dumps(body).encode())
        return json.loads(reply.body)

    def round_() -> int:
        writes = 0
        feed = call("customerp", "GET", f"/changes?since={cursors['customerp']}&limit=100")
        page = call("invoiced", "GET", f"/customers?updated_after={cursors['invoiced']}&page=1&per_page=100")
        for entry in {entry["id"]: entry for entry in feed["changes"]}.values():  # type: ignore[index]
            raw = call("customerp", "GET", f"/customers/{entry['id']}")
            path = f"/customers/{70_000 + int(entry['id'][2:])}"
            call("invoiced", "GET", path)
            call("invoiced", "PATCH", path, {"name": raw["name"], "phone": raw["phone"]})  # type: ignore[index]
            writes += 1
        for raw in page:  # type: ignore[attr-defined]
            path = f"/customers/CU{raw['id'] - 70_000:08}"
            call("customerp", "GET", path)
            call("customerp", "PATCH", path, {"address": {"city": raw["city"]}, "phone": raw["phone"]})
            writes += 1
        cursors.update(customerp=feed["next"], invoiced=int(plenty.now))  # type: ignore[index]
        return writes

    round_()
    calls = len(plenty.calls) - _pages(plenty)
    plenty.now += 100
    return calls / many, round_()


def main() -> None:
    """Prints the table."""
    rows = []
    for name, side, many, pause in (
        ("80 edits in Invoiced", "invoiced", 80, 0.0),
        ("10 edits in Customerp, read one by one", "customerp", 10, 0.0),
        ("80 edits in Customerp, read as lists", "customerp", 80, 0.0),
        ("1,000 edits in Customerp, read as lists", "customerp", 1000, 0.0),
        ("1,000 edits in Customerp, guarded by a re-read", "customerp", 1000, 6.0),
    ):
        ours, pages, echoes = asyncio.run(_ours(side, many, pause))
        usual = _usual(side, many) if many <= 100 else None
        rows.append((
            name, f"{ours:.2f}", f"{pages:.2f}", echoes, f"{usual[0]:.2f}" if usual else "", usual[1] if usual else "",
        ))  # fmt: skip
    columns = ("", "calls an edit", "pages an edit", "echo writes", "look and write: calls", "echo writes")
    table(f"Calls a propagated edit, {SIZE:,} records a side", columns, rows)


if __name__ == "__main__":
    main()
