"""The corpora that a replay is held to, whole: interleavings and orders of real recordings, and killed writers.

    python bench/replay_corpora.py [interleavings] [kills]

The tests run a sample of each. Legal orders are drawn from the recordings in `cassettes/` by comparing all pairs of
exchanges, which is slow and plain; illegal ones turn exactly one pair around. Both take the threads as given.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from counterpart.replay import Cassette, Exchange, Playing, ReplayMiss, Secrets
from counterpart.replay.causality import Mode, threads
from counterpart.replay.matching import IDEMPOTENCY_KEY

ROOT = Path(__file__).parent.parent
SECRETS = Secrets({"customerp-token": "token-of-the-bench", "invoiced-key": "KeyOfTheBench0123456789"})
LONGEST = 120
WORKERS = 8

WRITER = """
import sys
from pathlib import Path
from counterpart.replay import Cassette
path, cassettes = Path(sys.argv[1]), [Cassette.load(each) for each in sys.argv[2:]]
print("ready", flush=True)
while True:
    for each in cassettes:
        each.save(path)
"""


def recordings() -> list[Cassette]:
    loaded = (Cassette.load(path) for path in sorted((ROOT / "cassettes").rglob("*.yaml")))
    return [each for each in loaded if len(each.interactions) <= LONGEST]


def kept_in_order(exchanges: Sequence[Exchange]) -> dict[int, set[int]]:
    """For each position the earlier ones that must come before it: in an earlier step, or in conflict with it."""
    parts = list(threads(exchanges))
    before: dict[int, set[int]] = defaultdict(set)
    for first, second in itertools.combinations(range(len(exchanges)), 2):
        shared = parts[first].keys() & parts[second].keys()
        if exchanges[first].step != exchanges[second].step or any(
            parts[first][each] is not parts[second][each] or parts[first][each] is Mode.ALONE for each in shared
        ):
            before[second].add(first)
    return before


def legal(before: dict[int, set[int]], count: int, random_: random.Random) -> list[int]:
    order: list[int] = []
    left, done = set(range(count)), set[int]()
    while left:
        chosen = random_.choice(sorted(each for each in left if before[each] <= done))
        order.append(chosen)
        left.remove(chosen)
        done.add(chosen)
    return order


def request(exchange: Exchange) -> httpx.Request:
    headers = [(name, revealed(value)) for name, value in exchange.request_headers]
    return httpx.Request(exchange.method, exchange.url, headers=headers, content=exchange.request_body or None)


def revealed(value: str) -> str:
    if value == "Basic <invoiced-key>":
        return str(
            next(
                httpx.BasicAuth("KeyOfTheBench0123456789", "").auth_flow(httpx.Request("GET", "https://x.example"))
            ).headers["Authorization"]
        )
    return SECRETS.reveal(value)


def play(cassette: Cassette, order: Sequence[int]) -> int:
    """How many misses a program has that sends the recorded requests in this order."""
    session = Playing(cassette, SECRETS, lambda seconds: None)
    recorded = cassette.interactions
    transports = {actor: session.transport(actor) for actor in ("driver", "sync")}  # type: ignore[arg-type]
    with contextlib.suppress(ReplayMiss):
        for step, group in itertools.groupby(order, key=lambda each: recorded[each].step):
            session.begin_step(step or 0, "")
            for each in group:
                transports[str(recorded[each].actor)].handle_request(request(recorded[each]))
            session.end_step()
        session.finish()
    return len(session.misses)


def interleavings(cassettes: Sequence[Cassette], count: int) -> tuple[int, int]:
    """Rounds in which a legal order missed, and illegal orders that did not miss."""
    random_ = random.Random(6)
    alarms = unnoticed = 0
    orders = {}
    for _ in range(count):
        cassette = random_.choice(cassettes)
        recorded = cassette.interactions
        if id(cassette) not in orders:
            orders[id(cassette)] = kept_in_order(recorded)
        before = orders[id(cassette)]
        order = legal(before, len(recorded), random_)
        alarms += play(cassette, order) > 0
        # The turned pair is next to each other in a legal order, in one step, of one actor and visibly different.
        turned = [
            place
            for place, (one, other) in enumerate(itertools.pairwise(order))
            if one in before[other]
            and recorded[one].step == recorded[other].step
            and differ(recorded[one], recorded[other])
        ]
        if turned:
            place = random_.choice(turned)
            wrong = [*order[:place], order[place + 1], order[place], *order[place + 2 :]]
            unnoticed += play(cassette, wrong) == 0
    return alarms, unnoticed


def differ(one: Exchange, other: Exchange) -> bool:
    def asked(each: Exchange) -> object:
        headers = [pair for pair in each.request_headers if pair[0] != IDEMPOTENCY_KEY]
        return each.actor, each.method, each.url, headers, each.request_body

    return asked(one) != asked(other)


def chains(length: int) -> tuple[Cassette, list[list[Exchange]]]:
    """Eight programs, each creating, changing and reading a record of its own, recorded one after the other."""
    programs = []
    for number in range(WORKERS):
        path, answer = f"https://shop.example/records/r-{number}", f'{{"id":"r-{number}"}}'.encode()
        calls = [("POST", "https://shop.example/records", number), *[("PATCH", path, each) for each in range(length)]]
        programs.append(
            [Exchange(1, "sync", method, url, (), f'{{"n":{n}}}'.encode(), 200, (), answer) for method, url, n in calls]
        )
    return Cassette(tuple(each for program in programs for each in program)), programs


def at_once(count: int) -> int:
    """Rounds of eight threads, then of eight tasks, with a miss."""
    cassette, programs = chains(4)
    random_ = random.Random(7)
    missed = 0

    def run(program: Sequence[Exchange], session: Playing, start: threading.Barrier) -> None:
        transport = session.transport("sync")
        start.wait()
        for each in program:
            transport.handle_request(request(each))

    async def task(program: Sequence[Exchange], session: Playing) -> None:
        transport = session.transport("sync")
        for each in program:
            for _ in range(random_.randrange(4)):
                await asyncio.sleep(0)
            await transport.handle_async_request(request(each))

    async def tasks(session: Playing) -> None:
        await asyncio.gather(*(task(program, session) for program in random_.sample(programs, WORKERS)))

    with ThreadPoolExecutor(WORKERS) as pool:
        for number in range(count):
            session = Playing(cassette, Secrets({}), lambda seconds: None)
            session.begin_step(1, "")
            try:
                if number % 2:
                    asyncio.run(tasks(session))
                else:
                    start = threading.Barrier(WORKERS)
                    for done in [pool.submit(run, program, session, start) for program in programs]:
                        done.result()
                session.end_step()
                session.finish()
            except ReplayMiss:
                missed += 1
    return missed


def kills(count: int) -> int:
    """Writers killed at random moments that left no whole cassette."""
    random_ = random.Random(8)
    sources = [str(path) for path in sorted((ROOT / "cassettes").rglob("*.yaml"))[:2]]
    torn = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.yaml"
        path.write_text(Path(sources[0]).read_text("utf-8"), "utf-8")
        for _ in range(count):
            with subprocess.Popen(
                [sys.executable, "-c", WRITER, str(path), *sources], stdout=subprocess.PIPE
            ) as writer:
                assert writer.stdout is not None
                writer.stdout.readline()
                time.sleep(random_.random() * 0.05)
                writer.kill()
            try:
                Cassette.load(path)
            except Exception:
                torn += 1
    return torn


def main() -> None:
    count, killed = (*map(int, sys.argv[1:]), *(1_000, 200)[len(sys.argv) - 1 :])
    table = Table(title="What a replay is held to")
    for column in ("corpus", "rounds", "wrong", "seconds"):
        table.add_column(column, justify="left" if column == "corpus" else "right")

    def row(name: str, rounds: int, wrong: int, started: float) -> None:
        table.add_row(name, f"{rounds:,}", str(wrong), f"{time.perf_counter() - started:.1f}")

    started = time.perf_counter()
    alarms, unnoticed = interleavings(recordings(), count)
    row("legal orders of real recordings refused", count, alarms, started)
    row("orders with one pair turned accepted", count, unnoticed, started)
    started = time.perf_counter()
    row("eight threads or tasks refused", count, at_once(count), started)
    started = time.perf_counter()
    row("killed writers that left a torn file", killed, kills(killed), started)
    Console().print(table)


if __name__ == "__main__":
    main()
