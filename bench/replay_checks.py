"""What the checks of recordings find and cost: contracts beside schemathesis's documented call, and the auditor.

    python bench/replay_checks.py

The seeded violations are those of the tests. `APIOperation.validate_response` looks at answers only, and is asked only
where the contract knows the operation; what it does not find counts against its reach, not its quality.
"""

from __future__ import annotations

import importlib.util
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

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


def main() -> None:
    seeded, clean = corpus().SEEDED, corpus().CLEAN
    contract = Contract.load(TESTS / "shop.openapi.yaml")
    schema = schemathesis.openapi.from_path(str(TESTS / "shop.openapi.yaml"))
    table = Table(title="Recorded traffic against its contract")
    for column in ("", "ours", "schemathesis"):
        table.add_column(column, justify="left" if not column else "right")

    mine = sum(bool(check(exchange, [contract]).violations) for exchange, _ in seeded.values())
    theirs = sum(finds(schema, contract, exchange) for exchange, _ in seeded.values())
    table.add_row(f"{len(seeded)} seeded violations found", str(mine), str(theirs))
    mine = sum(bool(check(exchange, [contract]).violations) for exchange in clean.values())
    theirs = sum(finds(schema, contract, exchange) for exchange in clean.values())
    table.add_row(f"{len(clean)} clean exchanges blamed", str(mine), str(theirs))

    contracts = [Contract.load(path) for path in sorted((ROOT / "contracts").glob("*.yaml"))]
    recorded = [(path.name, Cassette.load(path)) for path in sorted((ROOT / "cassettes").rglob("*.yaml"))]
    started = time.process_time()
    found = survey(recorded, contracts)
    spent = time.process_time() - started
    table.add_row(f"{found.exchanges:,} recorded exchanges: violations", str(len(found.violations)), "-")
    table.add_row("CPU milliseconds an exchange, coverage and all", f"{spent / found.exchanges * 1e3:.3f}", "-")

    declared = "\n".join(
        path.read_text("utf-8") for path in (ROOT / "features").rglob("*") if path.suffix in (".feature", ".toml")
    )
    started = time.process_time()
    leaks = audit([ROOT / "cassettes"], declared=declared)
    spent = time.process_time() - started
    size = sum(path.stat().st_size for path in (ROOT / "cassettes").rglob("*.yaml")) / 1e6
    table.add_row(f"{size:.1f} MB of recordings: leaks", str(len(leaks)), "-")
    table.add_row("CPU milliseconds a megabyte audited", f"{spent / size * 1e3:.0f}", "-")
    Console().print(table)


if __name__ == "__main__":
    main()
