"""What the checks of recordings find and cost: contracts beside openapi-core and schemathesis, and the auditor.

    python bench/replay_checks.py

The seeded violations are those of the tests; the clean traffic is theirs and 500 exchanges of the recordings.

openapi-core gets an environment of its own below `.venv`, made when first needed, and a milder contract: it asks
answers for required write-only properties, and recordings for a header that they never keep, and would find fault
with all. Of schemathesis it is the documented call: `APIOperation.validate_response` looks at answers only, and is
asked only where the contract knows the operation; what it does not find counts against its reach, not its quality.
"""

from __future__ import annotations

import importlib.util
import json
import random
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import schemathesis
from rich.console import Console
from rich.table import Table

from counterpart.replay import Cassette, Exchange
from counterpart.replay.audit import audit
from counterpart.replay.conformance import check
from counterpart.replay.contracts import Contract
from counterpart.replay.survey import survey

ROOT = Path(__file__).parent.parent
TESTS = ROOT / "tests" / "replay"
OPENAPI_CORE = "openapi-core==0.23.1"
PEER = Path(sys.prefix) / "peer-openapi-core"
CLEAN_ONES = 500
CONTRACTS = ("customerp.openapi.yaml", "invoiced.openapi.yaml")


def corpus() -> Any:
    """The module of tests that holds the seeded violations."""
    spec = importlib.util.spec_from_file_location("test_conformance", TESTS / "test_conformance.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def finds(schema: Any, contract: Contract, exchange: Exchange) -> bool:
    """Whether the peer finds fault with an exchange."""
    path = contract.below(exchange.url)
    route = contract.route(exchange.method, path) if path is not None else None
    if route is None:
        return False
    request = httpx.Request(exchange.method, exchange.url, content=exchange.request_body)
    answer = httpx.Response(
        exchange.status, headers=list(exchange.response_headers), content=exchange.response_body, request=request
    )
    answer.elapsed = timedelta(0)
    try:
        schema[route.operation.path][exchange.method].validate_response(answer)
    except (BaseExceptionGroup, AssertionError):
        return True
    return False


def openapi_core(contract: Path, exchanges: Sequence[Exchange]) -> list[str]:
    """What openapi-core says of each exchange: `ok`, or its fault."""
    python = PEER / "bin" / "python"
    if not python.exists():
        venv.create(PEER, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", OPENAPI_CORE], check=True)
    lines = []
    for each in exchanges:
        url = urlsplit(each.url)
        told = {
            "host": f"{url.scheme}://{url.netloc}",
            "path": url.path,
            "query": parse_qsl(url.query, keep_blank_values=True),
            "method": each.method,
            "status": each.status,
            "request_headers": each.request_headers,
            "response_headers": each.response_headers,
            "request_body": each.request_text,
            "response_body": each.response_text,
        }
        lines.append(json.dumps(told))
    command = [python, ROOT / "bench" / "openapi_core_peer.py", contract]
    done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def faulted(said: Sequence[str]) -> str:
    """How many of them are not ok."""
    return str(sum(each != "ok" for each in said))


def main() -> None:
    seeded, clean = corpus().SEEDED, corpus().CLEAN
    contract = Contract.load(TESTS / "shop.openapi.yaml")
    schema = schemathesis.openapi.from_path(str(TESTS / "shop.openapi.yaml"))
    table = Table(title="Recorded traffic against its contract")
    for column in ("", "ours", "openapi-core", "schemathesis"):
        table.add_column(column, justify="left" if not column else "right")

    mine = sum(bool(check(exchange, [contract]).violations) for exchange, _ in seeded.values())
    theirs = sum(finds(schema, contract, exchange) for exchange, _ in seeded.values())
    wrong = [exchange for exchange, _ in seeded.values()]
    core = openapi_core(TESTS / "shop.openapi.yaml", wrong)
    table.add_row(
        f"{len(seeded)} seeded violations found", str(mine), str(sum(each != "ok" for each in core)), str(theirs)
    )
    mine = sum(bool(check(exchange, [contract]).violations) for exchange in clean.values())
    theirs = sum(finds(schema, contract, exchange) for exchange in clean.values())
    core = openapi_core(TESTS / "shop.openapi.yaml", list(clean.values()))
    table.add_row(
        f"{len(clean)} clean exchanges blamed", str(mine), str(sum(each != "ok" for each in core)), str(theirs)
    )

    contracts = [Contract.load(ROOT / "contracts" / name) for name in CONTRACTS]
    recorded = [(path.name, Cassette.load(path)) for path in sorted((ROOT / "cassettes").rglob("*.yaml"))]
    every = [exchange for _, cassette in recorded for exchange in cassette.interactions]
    some = random.Random(5).sample(every, CLEAN_ONES)
    mine = sum(bool(check(each, contracts).violations) for each in some)
    said: list[str] = []
    for contract_file in (ROOT / "contracts" / name for name in CONTRACTS):
        own = [each for each in some if Contract.load(contract_file).below(each.url) is not None]
        said += openapi_core(contract_file, own)
    table.add_row(f"{CLEAN_ONES} recorded exchanges blamed", str(mine), faulted(said), "-")
    started = time.process_time()
    found = survey(recorded, contracts)
    spent = time.process_time() - started
    table.add_row(f"{found.exchanges:,} recorded exchanges: violations", str(len(found.violations)), "-", "-")
    table.add_row("CPU milliseconds an exchange, coverage and all", f"{spent / found.exchanges * 1e3:.3f}", "-", "-")

    declared = "\n".join(
        path.read_text("utf-8") for path in (ROOT / "features").rglob("*") if path.suffix in (".feature", ".toml")
    )
    started = time.process_time()
    leaks = audit([ROOT / "cassettes"], declared=declared)
    spent = time.process_time() - started
    size = sum(path.stat().st_size for path in (ROOT / "cassettes").rglob("*.yaml")) / 1e6
    table.add_row(f"{size:.1f} MB of recordings: leaks", str(len(leaks)), "-", "-")
    table.add_row("CPU milliseconds a megabyte audited", f"{spent / size * 1e3:.0f}", "-", "-")
    Console().print(table)


if __name__ == "__main__":
    main()
