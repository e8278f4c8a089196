"""Both systems on loopback, and the command line as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from counterpart.contract import Contract
from counterpart.drivers import CustomerpDriver, InvoicedDriver
from counterpart.emulators import (
    CUSTOMERP_TOKEN,
    INVOICED_KEY,
    Clock,
    Customerp,
    Invoiced,
    Request,
    Response,
    Server,
)

ROOT = Path(__file__).parent.parent.parent
COMMAND = str(Path(sys.executable).parent / "counterpart")


class Watched(Invoiced):
    """Invoiced calling back before or after the effect of each request that may change something."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.writes = 0
        self.before: Callable[[int], None] = lambda count: None
        self.after: Callable[[int], None] = lambda count: None

    def handle(self, request: Request) -> Response:
        writing = request.method not in ("GET", "HEAD")
        self.writes += writing
        if writing:
            self.before(self.writes)
        response = super().handle(request)
        if writing:
            self.after(self.writes)
        return response


@dataclass
class World:
    """Both systems as the tests reach them, and the environment that points the command line at them."""

    customerp: CustomerpDriver
    invoiced: InvoicedDriver
    watched: Watched
    environment: Mapping[str, str]
    folder: Path
    state: Path = field(init=False)

    def __post_init__(self) -> None:
        self.state = self.folder / "state.sqlite"

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start the command line; the caller waits for it."""
        return subprocess.Popen(
            [COMMAND, *arguments],
            env={**os.environ, **self.environment, "COUNTERPART_STATE": str(self.state), **environment},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of one command."""
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    clock = Clock(datetime.now(UTC), running=True)
    customerp, watched = Customerp(clock), Watched(clock)
    with Server({"customerp": customerp, "invoiced": watched}) as server:
        erp = httpx.Client(
            base_url=server.urls["customerp"], headers={"Authorization": f"Bearer {CUSTOMERP_TOKEN}"}, trust_env=False
        )
        inv = httpx.Client(base_url=server.urls["invoiced"], auth=(INVOICED_KEY, ""), trust_env=False)
        environment = {
            "COUNTERPART_CUSTOMERP_URL": server.urls["customerp"],
            "COUNTERPART_CUSTOMERP_TOKEN": CUSTOMERP_TOKEN,
            "COUNTERPART_INVOICED_URL": server.urls["invoiced"],
            "COUNTERPART_INVOICED_KEY": INVOICED_KEY,
        }
        with erp, inv:
            yield World(
                CustomerpDriver(erp, Contract.load(ROOT / "contracts" / "customerp.openapi.yaml")),
                InvoicedDriver(inv, Contract.load(ROOT / "contracts" / "invoiced.openapi.yaml")),
                watched,
                environment,
                tmp_path,
            )
