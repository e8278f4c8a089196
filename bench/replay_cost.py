"""What one request costs inside the replay, bodies matched, beside vcrpy's own look-up in the same run.

Run it as `python bench/replay_cost.py`. Nothing here waits, so it counts CPU time, which other work does not blur.
Both sides are given ready-made requests, so that neither pays for a client. "Disorder" is a request when the program
leaves the recorded order once, so that the threads of all exchanges are found; the ratio is to the ordered run.
"""

from __future__ import annotations

import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import vcr.cassette
import vcr.matchers
import vcr.request
from rich.console import Console
from rich.table import Table

from counterpart.replay import Cassette, Exchange, Playing, Secrets, matching

SIZES = (50, 1_000, 10_000)
ROUNDS = 3
KEY = "KeyOfTheBench0123456789"
BASE = "https://invoiced.emulator.example"
SECRETS = Secrets({"invoiced-key": KEY, "customerp-token": "token-of-the-bench"})
LARGEST_FOR_VCRPY = 1_000
ASKED_OF_VCRPY = 15


def exchanges(count: int) -> list[Exchange]:
    """Creates, changes and reads of invoices with three lines each, about 1 kB an answer."""
    made = []
    for number in range(count):
        id_ = 500_000 + number // 3
        lines = [
            {"name": f"Service {line}", "description": "Half a day on site", "quantity": 3, "unit_cost": 12.5 + line}
            for line in range(3)
        ]
        body = {"customer": 400_000 + number % 97, "number": f"I-{id_}", "currency": "eur", "items": lines}
        answer = {"id": id_, **body, "status": "draft", "total": 121.5, "balance": 121.5, "notes": "x" * 300}
        method, path, asked = (
            ("POST", "/invoices", body),
            ("PATCH", f"/invoices/{id_}", {"items": lines, "notes": f"Change {id_}"}),
            ("GET", f"/invoices/{id_}", None),
        )[number % 3]
        made.append(
            Exchange(
                step=1,
                actor="sync",
                method=method,
                url=f"{BASE}{path}",
                request_headers=(
                    ("accept", "*/*"),
                    ("authorization", "Basic <invoiced-key>"),
                    *((("content-type", "application/json"),) if asked else ()),
                ),
                request_body=json.dumps(asked).encode() if asked else b"",
                status=201 if method == "POST" else 200,
                response_headers=(("content-type", "application/json"), ("date", "Mon, 02 Mar 2026 08:00:00 GMT")),
                response_body=json.dumps(answer).encode(),
            )
        )
    return made


def requests(recorded: Sequence[Exchange]) -> list[httpx.Request]:
    """What a client hands to its transport for these."""
    with httpx.Client(auth=(KEY, ""), trust_env=False) as client:
        made = []
        for each in recorded:
            headers = {"Content-Type": "application/json"} if each.request_body else {}
            request = client.build_request(each.method, each.url, content=each.request_body, headers=headers)
            made.append(next(httpx.BasicAuth(KEY, "").auth_flow(request)))
        return made


def ours(cassette: Cassette, recorded: Sequence[Exchange]) -> tuple[float, float]:
    """Seconds to prepare the session, and seconds a request."""
    prepared = requests(recorded)
    for cache in (matching._address, matching._counted, matching._body):
        cache.cache_clear()  # a process pays for each address once; so does each round
    started = time.process_time()
    session = Playing(cassette, SECRETS, lambda seconds: None)
    setting_up = time.process_time() - started
    transport = session.transport("sync")
    session.begin_step(1, "bench")
    started = time.process_time()
    for request in prepared:
        transport.handle_request(request)
    spent = time.process_time() - started
    session.end_step()
    session.finish()
    return setting_up, spent / len(prepared)


def theirs(path: Path, recorded: Sequence[Exchange]) -> float:
    """Seconds a request of vcrpy's look-up with method, address and body matched, as its stubs call it."""
    cassette = vcr.cassette.Cassette.load(
        path=str(path), match_on=(vcr.matchers.method, vcr.matchers.uri, vcr.matchers.body)
    )
    chosen = random.Random(1).sample(range(len(recorded)), ASKED_OF_VCRPY)
    asked = [
        vcr.request.Request(each.method, each.url, each.request_body, dict(each.request_headers))
        for each in (recorded[position] for position in chosen)
    ]
    started = time.process_time()
    for request in asked:
        assert cassette.can_play_response_for(request)
        cassette.play_response(request)
    return (time.process_time() - started) / len(asked)


def median(measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(ROUNDS))


def measured(size: int, path: Path) -> list[str]:
    """One row of the table."""
    recorded = exchanges(size)
    Cassette(tuple(recorded)).save(path)
    megabytes = path.stat().st_size / 1e6
    loading, cassette = timed(lambda: Cassette.load(path))
    runs = [ours(cassette, recorded) for _ in range(ROUNDS)]
    setting_up, cost = (statistics.median(run[figure] for run in runs) for figure in (0, 1))
    # Two creates change places, so that the replay has to find out what may overtake what.
    disordered = [recorded[3], *recorded[:3], *recorded[4:]]
    disorder = statistics.median(ours(cassette, disordered)[1] for _ in range(ROUNDS))
    row = [f"{size:,}", f"{megabytes:.1f}", f"{loading / megabytes * 1e3:.1f}", f"{setting_up * 1e3:.1f}"]
    row += [f"{cost * 1e3:.3f}", f"{disorder * 1e3:.3f}"]
    if size > LARGEST_FOR_VCRPY:
        return [*row, "-", "-"]
    other = theirs(path, recorded)
    return [*row, f"{other * 1e3:.2f}", f"{other / cost:.0f}"]


def timed(work: Callable[[], Cassette]) -> tuple[float, Cassette]:
    """The median of the seconds that it takes, and what it makes."""
    spent = []
    for _ in range(ROUNDS):
        started = time.process_time()
        made = work()
        spent.append(time.process_time() - started)
    return statistics.median(spent), made


def main() -> None:
    table = Table(title="A replayed request, bodies matched: CPU milliseconds, median of 3")
    for column in ("interactions", "MB", "load/MB", "set up", "request", "disorder", "vcrpy", "ratio"):
        table.add_column(column, justify="right", no_wrap=True)
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            table.add_row(*measured(size, Path(folder) / f"{size}.yaml"))
    Console().print(table)


if __name__ == "__main__":
    main()
