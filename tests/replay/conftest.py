"""A shop in a few lines to record from, and the two ways to run a program against it."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from counterpart.replay import Cassette, Miss, Playing, Recording, ReplayMiss, Secrets, Session

KEY = "KeyOfTheShop0123456789"
TOKEN = "token-of-the-office"
SHOP = "https://shop.example"
OFFICE = "https://office.example"


class Shop:
    """Keeps records in lists: create, read, change, delete, list and filter; ids count up from `first_id`."""

    def __init__(self, public: str, first_id: int) -> None:
        self.public = public
        self.ids = itertools.count(first_id)
        self.lists: dict[str, dict[str, dict[str, Any]]] = {}
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        _, name, *rest = request.url.path.split("/")
        records = self.lists.setdefault(name, {})
        body = json.loads(request.content) if request.content else {}
        noise = {"Server": "shop/1", "Set-Cookie": "session=1", "X-Total-Count": str(len(records))}
        if not rest and request.method == "POST":
            record = {"id": next(self.ids), **body}
            records[str(record["id"])] = record
            location = f"{self.public}/{name}/{record['id']}"
            return httpx.Response(201, json=record, headers={**noise, "Location": location})
        if not rest:
            wanted = dict(request.url.params)
            shown = [each for each in records.values() if all(str(each.get(k)) == v for k, v in wanted.items())]
            return httpx.Response(200, json=shown, headers=noise)
        if rest[0] not in records:
            return httpx.Response(404, json={"message": f"no {rest[0]}"}, headers=noise)
        if request.method == "DELETE":
            del records[rest[0]]
            return httpx.Response(204, headers=noise)
        if request.method == "PATCH":
            records[rest[0]].update(body)
        return httpx.Response(200, json=records[rest[0]], headers=noise)


@dataclass
class Stand:
    """Two shops, the secrets of their clients, and the clock's ticks."""

    secrets: Secrets = field(default_factory=lambda: Secrets({"shop-key": KEY, "office-token": TOKEN}))
    shop: Shop = field(default_factory=lambda: Shop(SHOP, 5001))
    office: Shop = field(default_factory=lambda: Shop(OFFICE, 9001))
    ticks: list[float] = field(default_factory=list)
    cure: str = 'pytest "features/x.feature::alone" --against=emulators --record'

    def recording(self) -> Recording:
        upstreams = {SHOP: httpx.MockTransport(self.shop), OFFICE: httpx.MockTransport(self.office)}
        return Recording(upstreams, self.secrets, self.ticks.append, cure=self.cure)

    def playing(self, cassette: Cassette) -> Playing:
        return Playing(cassette, self.secrets, self.ticks.append, cure=self.cure)

    def record(self, program: Callable[[Session], None]) -> Cassette:
        session = self.recording()
        program(session)
        session.finish()
        return session.cassette({"item": "order-invoice/create", "scenario": "order-invoice/create/alone"})

    def replay(self, cassette: Cassette, program: Callable[[Session], None]) -> list[Miss]:
        session = self.playing(cassette)
        with contextlib.suppress(ReplayMiss):
            program(session)
            session.finish()
        return session.misses


@dataclass(frozen=True)
class Call:
    """One request of a scripted program."""

    step: int
    actor: str
    method: str
    url: str
    json: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    credential: str | None = None
    content: bytes | None = None

    def send(self, client: httpx.Client) -> httpx.Response:
        auth = httpx.BasicAuth(self.credential or KEY, "") if httpx.URL(self.url).host == "shop.example" else None
        headers = list(self.headers)
        if auth is None:
            headers.append(("Authorization", f"Bearer {self.credential or TOKEN}"))
        body: dict[str, Any] = {"content": self.content} if self.content is not None else {}
        if self.json is not None:
            body = {"json": self.json}
        return client.request(self.method, self.url, auth=auth, headers=headers, **body)


def scripted(calls: Sequence[Call]) -> Callable[[Session], None]:
    """The program that sends these calls one after the other, each in its step."""

    def program(session: Session) -> None:
        clients = {actor: httpx.Client(transport=session.transport(actor)) for actor in ("driver", "sync")}
        for step, group in itertools.groupby(calls, key=lambda call: call.step):
            session.begin_step(step, f"step {step}")
            for call in group:
                call.send(clients[call.actor])
            session.end_step()

    return program


@pytest.fixture
def stand() -> Stand:
    return Stand()


@pytest.fixture(name="script")
def script_fixture() -> Callable[[Sequence[Call]], Callable[[Session], None]]:
    return scripted


@pytest.fixture
def call() -> type[Call]:
    return Call
