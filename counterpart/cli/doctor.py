"""Whether a sync could work here: one check after the other, none of which changes anything.

Each check answers with what it found and, where that is bad, with the cure; a check that rests on another one that
failed is left out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal

import httpx

from counterpart.replay import Exchange
from counterpart.replay.conformance import check as check_exchange
from counterpart.replay.contracts import Contract
from sync.config import CREDENTIALS, Settings, endpoints
from sync.errors import ConfigError, StoreError, StoreInUse
from sync.flow import SHIPPED, load_flows
from sync.http import Endpoint
from sync.links import TITLES, System
from sync.store import Store

Standing = Literal["good", "doubtful", "bad"]
CONTRACTS: Mapping[System, str] = {"customerp": "customerp.openapi.yaml", "invoiced": "invoiced.openapi.yaml"}
# One record of the type that both systems surely know; the cheapest question that needs the credential.
_QUESTIONS: Mapping[System, str] = {"customerp": "/customers?limit=1", "invoiced": "/customers?per_page=1"}
_SKEW_SECONDS = 2.0  # the Date header has whole seconds
_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class Finding:
    """What one check found; `code` is the exit code that a bad one calls for."""

    check: str
    standing: Standing
    found: str
    cure: str = ""
    code: int = 0


def examine(
    settings: Settings,
    environ: Mapping[str, str],
    contracts: Path,
    transport: httpx.BaseTransport | None = None,
) -> Iterator[Finding]:
    """All findings, in the order in which a newcomer would mend them."""
    where = str(settings.file) if settings.file else "no counterpart.toml here; the defaults hold"
    yield Finding("settings", "good", where)
    yield _flows(settings)
    yield _store(settings.state)
    try:
        places = endpoints(environ, settings.urls)
    except ConfigError as error:
        yield Finding("environment", "bad", str(error), code=2)
        return
    yield Finding("environment", "good", "both addresses and both credentials are set")
    for system, endpoint in places.items():
        yield from _system(system, endpoint, contracts / CONTRACTS[system], transport)


def _flows(settings: Settings) -> Finding:
    try:
        flows = load_flows(settings.flows or SHIPPED)
    except ConfigError as error:
        return Finding("flows", "bad", str(error), code=2)
    origin = str(settings.flows) if settings.flows else "shipped"
    return Finding("flows", "good", f"{', '.join(flow.id for flow in flows)} ({origin})")


def _store(state: Path) -> Finding:
    if not state.exists():
        if not state.absolute().parent.is_dir():
            return Finding("store", "bad", f"{state}: the folder does not exist", "Create it, or name another state", 4)
        return Finding("store", "good", f"{state} does not exist yet; the first run makes it")
    try:
        store = Store.open(state)
    except StoreInUse:
        return Finding("store", "doubtful", f"{state} is in use by another process", "A running `sync watch` is fine")
    except StoreError as error:
        return Finding("store", "bad", str(error), error.cure, 4)
    try:
        links, intents = sum(store.counts().values()), len(store.open_intents())
    finally:
        store.close()
    return Finding("store", "good", f"{state}: {links} links, {intents} writes begun and not finished")


def _system(
    system: System, endpoint: Endpoint, contract: Path, transport: httpx.BaseTransport | None
) -> Iterator[Finding]:
    title = TITLES[system]
    auth = httpx.BasicAuth(endpoint.credential, "") if system == "invoiced" else None
    headers = {} if auth else {"Authorization": f"Bearer {endpoint.credential}"}
    began = time.monotonic()
    try:
        with httpx.Client(
            auth=auth, headers=headers, transport=transport, timeout=_TIMEOUT_SECONDS, trust_env=False
        ) as client:
            asked = time.time()
            answer = client.get(f"{endpoint.base_url}{_QUESTIONS[system]}")
    except (httpx.TransportError, httpx.InvalidURL) as error:
        cure = "Check the address, the network, and that the system is running"
        yield Finding(title, "bad", f"{endpoint.base_url} does not answer ({type(error).__name__})", cure, 3)
        return
    seconds = time.monotonic() - began
    if answer.status_code in (401, 402, 403):
        cure = f"Check {CREDENTIALS[system]} and the rights of its account"
        yield Finding(title, "bad", f"answers {answer.status_code}: the credential is not accepted", cure, 3)
        return
    if answer.status_code != 200:
        cure = "Configure the final address" if answer.is_redirect else "Check that the address is that of the API"
        yield Finding(title, "bad", f"answers {answer.status_code} to GET {_QUESTIONS[system]}", cure, 3)
        return
    yield Finding(title, "good", f"{endpoint.base_url} answers in {seconds * 1000:.0f} ms and takes the credential")
    yield _clock(title, answer.headers.get("date"), asked + seconds / 2)
    yield _contract(title, system, answer, contract)


def _clock(title: str, date: str | None, here: float) -> Finding:
    name = f"{title}: clock"
    if date is None:
        return Finding(name, "doubtful", "no Date header", "Its walks then start from the time on this machine")
    try:
        skew = parsedate_to_datetime(date).timestamp() + 0.5 - here
    except ValueError:
        return Finding(name, "doubtful", "a Date header that is no date", "Report it to whoever operates the system")
    if abs(skew) > _SKEW_SECONDS:
        cure = "Set both clocks by NTP; where the later edit wins, this decides which one that is"
        return Finding(name, "doubtful", f"{skew:+.0f} s against this machine", cure)
    return Finding(name, "good", "within two seconds of this machine")


def _contract(title: str, system: System, answer: httpx.Response, path: Path) -> Finding:
    name = f"{title}: contract"
    if not path.is_file():
        return Finding(name, "doubtful", f"{path} is not here; the answer was not checked", "Run it in the project")
    contract = Contract.load(path)
    # The contract speaks of its own host, wherever this system is.
    origin, prefix = contract.servers[0]
    url = f"{origin}{prefix}{_QUESTIONS[system]}"
    headers = tuple((key.lower(), value) for key, value in answer.headers.items())
    sent = tuple((key.lower(), value) for key, value in answer.request.headers.items())
    exchange = Exchange(None, None, "GET", url, sent, b"", answer.status_code, headers, answer.content)
    violations = check_exchange(exchange, [contract]).violations
    if violations:
        more = f", and {len(violations) - 1} more" if len(violations) > 1 else ""
        cure = "The system is not what the contract says; the sync may refuse its records"
        return Finding(name, "bad", f"{violations[0]}{more}", cure, 3)
    return Finding(name, "good", f"a page of customers keeps to {path.name}")
