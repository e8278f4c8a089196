"""Scenarios among real systems, for which emulators on loopback stand in that nobody has told what they are."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx
import pytest

from counterpart.drivers import Record
from counterpart.emulators import CUSTOMERP_TOKEN, INVOICED_KEY, Clock, Customerp, Invoiced, Server
from counterpart.live import LiveRefused, endpoints, tidy
from counterpart.replay import Cassette, Exchange
from steps.product import Hosted
from sync.clock import SystemClock
from sync.engine import Engine
from sync.flow import load_flows
from sync.http import Endpoint
from sync.store import Store

ONE = "features/product-item/create.feature::alone"
SET = {
    "COUNTERPART_CUSTOMERP_URL": "https://erp.shop.example",
    "COUNTERPART_CUSTOMERP_TOKEN": "token-of-the-shop",
    "COUNTERPART_INVOICED_URL": "https://api.sandbox.invoiced.com",
    "COUNTERPART_INVOICED_KEY": "KeyOfTheShop0123456789",
    "COUNTERPART_SANDBOX_HOSTS": "other.example, ERP.shop.example",
}


@dataclass
class Sandbox:
    """Both systems on loopback, and the environment that declares them a sandbox."""

    environ: dict[str, str]
    customerp: Customerp
    invoiced: Invoiced


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    clock = Clock(datetime.now(UTC), running=True)
    customerp, invoiced = Customerp(clock), Invoiced(clock)
    with Server({"customerp": customerp, "invoiced": invoiced}) as server:
        customerp.base_url, invoiced.base_url = server.urls["customerp"], server.urls["invoiced"]
        environ = {
            "COUNTERPART_CUSTOMERP_URL": customerp.base_url,
            "COUNTERPART_CUSTOMERP_TOKEN": CUSTOMERP_TOKEN,
            "COUNTERPART_INVOICED_URL": invoiced.base_url,
            "COUNTERPART_INVOICED_KEY": INVOICED_KEY,
            "COUNTERPART_SANDBOX_HOSTS": "127.0.0.1",
        }
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        yield Sandbox(environ, customerp, invoiced)


def items_in(sandbox: Sandbox) -> list[str]:
    url = f"{sandbox.environ['COUNTERPART_INVOICED_URL']}/items"
    return [each["id"] for each in httpx.get(url, auth=(INVOICED_KEY, "")).json()]


def test_a_live_recording_replays_and_says_where_it_comes_from(project: Any, sandbox: Sandbox) -> None:
    code, out = project.run(ONE, "--against=live", "--record", "--cassettes=kept")

    assert (code, "1 passed" in out, "live run" in out) == (0, True, True)
    assert items_in(sandbox) == []
    recorded = Cassette.load(project.root / "kept" / "product-item" / "create" / "alone.yaml")
    host = sandbox.environ["COUNTERPART_CUSTOMERP_URL"].removeprefix("http://")
    assert recorded.metadata["recorded_against"].startswith(f"live {host}, ")
    assert {each.url.split("/")[2] for each in recorded.interactions} == {
        each.removeprefix("http://") for each in recorded.metadata["systems"].values()
    }
    assert CUSTOMERP_TOKEN not in recorded.dumps()

    code, out = project.run(ONE, "--cassettes=kept")

    # The machine that recorded it is no real system, whatever the recording says.
    assert (code, "1 passed" in out, "emulator recording" in out) == (0, True, True)


def test_production_is_refused_before_anything_is_sent(project: Any, sandbox: Sandbox, monkeypatch: Any) -> None:
    monkeypatch.setenv("COUNTERPART_SANDBOX_HOSTS", "shop.example")

    code, out = project.run(ONE, "--against=live")

    assert code == 4
    assert "counts as production, since nobody has declared it a sandbox" in out
    assert "If it is meant: --allow-production" in out


REFUSED: dict[str, tuple[Mapping[str, str], str]] = {
    "nothing set": (dict.fromkeys(SET, ""), "COUNTERPART_CUSTOMERP_URL is not set"),
    "no credential": ({"COUNTERPART_INVOICED_KEY": " "}, "COUNTERPART_INVOICED_KEY is not set"),
    "production": ({"COUNTERPART_INVOICED_URL": "https://api.invoiced.com"}, "api.invoiced.com counts as production"),
    "a host that only ends alike": (
        {"COUNTERPART_CUSTOMERP_URL": "https://my.erp.shop.example"},
        "my.erp.shop.example counts as production",
    ),
    "another port": (
        {"COUNTERPART_SANDBOX_HOSTS": "erp.shop.example:8443", "COUNTERPART_CUSTOMERP_URL": "https://erp.shop.example"},
        "erp.shop.example counts as production",
    ),
    "not encrypted": ({"COUNTERPART_CUSTOMERP_URL": "http://erp.shop.example"}, "is not encrypted"),
    "no address": ({"COUNTERPART_CUSTOMERP_URL": "erp.shop.example"}, "is no http(s) address"),
    "broken": ({"COUNTERPART_CUSTOMERP_URL": "https://[erp"}, "is no http(s) address"),
    "a password": ({"COUNTERPART_CUSTOMERP_URL": "https://me:secret@erp.shop.example"}, "holds a user or password"),
}


@pytest.mark.parametrize(("change", "cause"), REFUSED.values(), ids=list(REFUSED))
def test_an_environment_that_is_not_clear_is_refused(change: Mapping[str, str], cause: str) -> None:
    with pytest.raises(LiveRefused) as refused:
        endpoints({**SET, **change}, production=False)

    assert cause in str(refused.value)
    assert "secret" not in str(refused.value)
    assert SET["COUNTERPART_INVOICED_KEY"] not in str(refused.value)


def test_declared_sandboxes_are_accepted_and_production_when_told() -> None:
    assert endpoints(SET, production=False).hosts == "erp.shop.example, api.sandbox.invoiced.com"
    real = {**SET, "COUNTERPART_INVOICED_URL": "https://api.invoiced.com/"}
    assert endpoints(real, production=True).urls["Invoiced"] == "https://api.invoiced.com"
    assert SET["COUNTERPART_INVOICED_KEY"] not in repr(endpoints(SET, production=False))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--sync=external"], "there is nothing to replay or record"),
        (["--sync=external", "--against=emulators"], "there is nothing to replay or record"),
        (["--sync=external", "--against=live", "--record"], "there is nothing to replay or record"),
        (["--against=live", "-n", "2"], "scenarios on one live account would see each other's records"),
        (["--against=live"], "COUNTERPART_CUSTOMERP_URL is not set"),
    ],
)
def test_what_cannot_be_is_a_usage_error(project: Any, monkeypatch: Any, arguments: list[str], said: str) -> None:
    for name in SET:
        monkeypatch.delenv(name, raising=False)

    code, out = project.run(ONE, *arguments)

    assert code == 4
    assert said in out


def test_what_a_scenario_has_created_is_taken_away_latest_first() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url}")
        return httpx.Response(409 if request.url.path == "/b/2" else 204)

    def created(url: str, body: str, status: int = 201) -> Exchange:
        return Exchange(1, "sync", "POST", url, (), b"", status, (), body.encode())

    told = [
        created("https://x.example/a", '{"id": 1}'),
        created("https://x.example/a/1/void", '{"id": 1}', 200),
        created("https://x.example/b?include=all", '{"id": 2}'),
        created("https://elsewhere.example/a", '{"id": 3}'),
    ]
    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        stayed = tidy(told, {"https://x.example": client})

    assert asked == ["DELETE https://x.example/b/2", "DELETE https://x.example/a/1"]
    assert stayed == ["https://elsewhere.example/a/3", "https://x.example/b/2"]


@dataclass
class Side:
    """A system with one list, as a driver shows it."""

    kinds: tuple[str, ...] = ("items",)
    names: list[str] = field(default_factory=list)

    def list(self, kind: str) -> list[Record]:
        return [Record("Invoiced", kind, number, {"name": name}) for number, name in enumerate(self.names)]


def hosted(*pauses: Callable[[Side], Any], patience: float = 60) -> tuple[Hosted, Side]:
    """A hosted sync that does this while the first, second ... pause lasts."""
    side, left = Side(names=["a"]), list(pauses)

    def pause(seconds: float) -> None:
        if left:
            left.pop(0)(side)

    scene: Any = SimpleNamespace(drivers={"Customerp": Side(), "Invoiced": side}, pause=pause)
    return Hosted(scene, 10, patience), side


def nothing(side: Side) -> None: ...


def test_a_hosted_sync_is_at_rest_when_two_looks_have_found_no_change() -> None:
    product, side = hosted(
        nothing, lambda side: side.names.append("b"), nothing, lambda side: side.names.append("c"), nothing, nothing
    )
    product.rest()

    assert side.names == ["a", "b", "c"]
    assert (product.written(), product.written("Customerp"), product.written("Invoiced")) == (2, 0, 2)
    product.rest()
    assert product.written() == 0


def test_a_hosted_sync_that_never_rests_fails_the_scenario() -> None:
    product, _ = hosted(*[lambda side: side.names.append("x")] * 20, patience=100)

    with pytest.raises(AssertionError, match="have not come to rest within 100 seconds"):
        product.rest()


@pytest.mark.parametrize("insides", ["restart", "forget", "notices"])
def test_what_cannot_be_seen_from_outside_skips_the_scenario(insides: str) -> None:
    with pytest.raises(pytest.skip.Exception):
        getattr(hosted()[0], insides)()


def test_a_sync_that_runs_elsewhere_is_waited_for(project: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    def sync_on() -> None:
        import asyncio

        async def rounds() -> None:
            engine = Engine.open(
                Store.open(tmp_path / "elsewhere.sqlite", durable=False),
                customerp=Endpoint(sandbox.environ["COUNTERPART_CUSTOMERP_URL"], CUSTOMERP_TOKEN),
                invoiced=Endpoint(sandbox.environ["COUNTERPART_INVOICED_URL"], INVOICED_KEY),
                flows=load_flows(),
                clock=SystemClock(),
                ids=lambda: uuid4().hex,
            )
            while not stop.is_set():
                await engine.run()
                await asyncio.sleep(0.1)
            await engine.close()

        asyncio.run(rounds())

    stop = threading.Event()
    elsewhere = threading.Thread(target=sync_on)
    elsewhere.start()
    try:
        feature = "features/product-item/create.feature"
        code, out = project.run(f"{feature}::alone", "--against=live", "--sync=external", "--poll=1", "-rs")
    finally:
        stop.set()
        elsewhere.join()

    assert (code, "1 passed" in out) == (0, True), out
    assert len(items_in(sandbox)) == 1, "what the product created is not ours to take away"
    signoff = json.loads((project.root / "reports" / "signoff" / "signoff.json").read_text("utf-8"))
    assert signoff["run"]["against"] == "live"
