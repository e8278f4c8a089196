"""`counterpart emulators` as its users meet it: what it prints, keeps, logs and lets them steer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

COMMAND = [sys.executable, "-c", "from counterpart.cli.main import main; main()", "emulators"]
Start = Callable[..., tuple[subprocess.Popen[str], dict[str, str]]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the command and returns it with what it told the shell to export."""
    with ExitStack() as stack:

        def run(*arguments: str) -> tuple[subprocess.Popen[str], dict[str, str]]:
            process = subprocess.Popen(
                [*COMMAND, *arguments],
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ},
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(6 if "--control" in arguments else 4)]
            exports = dict(line.removeprefix("export COUNTERPART_").strip().split("=", 1) for line in lines)
            return process, exports

        yield run


def stop(process: subprocess.Popen[str]) -> str:
    """Ask it to stop as Ctrl-C does; what it wrote to standard error."""
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=20)
    assert process.returncode == 0, told
    return told


def invoiced(exports: dict[str, str]) -> Any:
    return httpx.Client(base_url=exports["INVOICED_URL"], auth=(exports["INVOICED_KEY"], ""), trust_env=False)


def test_serves_shows_the_calls_and_links_to_itself(start: Start) -> None:
    process, exports = start("--customers", "12", "--seed", "3")
    with invoiced(exports) as client:
        listed = client.get("/customers?per_page=1")
        client.get("/no%0Apath")
    assert listed.headers["X-Total-Count"] == "3"
    assert listed.headers["Link"].startswith(f"<{exports['INVOICED_URL']}/customers?")
    told = stop(process).splitlines()
    assert told[:3] == [
        "# Customerp (full profile): 12 customers, 8 products, 17 orders",
        "# Invoiced: 3 customers, 0 items, 0 invoices",
        "# Ctrl-C stops.",
    ]
    assert [line[9:] for line in told[3:-1]] == [
        "invoiced  200 GET /customers?per_page=1",
        "invoiced  404 GET /no%0Apath",
    ]
    assert told[-1] == "# 2 calls, 1 of them refused or broken off"


def test_goes_on_from_its_file(start: Start, tmp_path: Path) -> None:
    process, exports = start("--customers", "0", "--state", "state.json", "--quiet")
    with invoiced(exports) as client:
        created = client.post("/customers", json={"name": "Kept"}).json()
    assert stop(process).splitlines()[-2:] == ["# Kept in state.json. Ctrl-C stops.", "# 1 call"]
    process, exports = start("--state", "state.json", "--quiet")
    with invoiced(exports) as client:
        assert client.get(f"/customers/{created['id']}").json()["name"] == "Kept"
    assert stop(process).splitlines()[1:3] == [
        "# Invoiced: 2 customers, 0 items, 0 invoices",
        "# Going on from state.json; kept there. Ctrl-C stops.",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state.json"]


def test_leaves_a_foreign_file_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text('{"format": "diary"}')
    done = subprocess.run([*COMMAND, "--state", "state.json"], cwd=tmp_path, capture_output=True, text=True, timeout=20)
    assert done.returncode == 4
    assert done.stderr.startswith("counterpart: The snapshot cannot be restored: state.json is of the format 'diary'")
    assert (tmp_path / "state.json").read_text() == '{"format": "diary"}'


def test_takes_a_position_on_an_uncertain_fact(start: Start) -> None:
    process, exports = start("--customers", "0", "--switch", "overlong_text=kept", "--quiet")
    with invoiced(exports) as client:
        created = client.post("/customers", json={"name": "Long", "city": "x" * 300}).json()
        assert client.get(f"/customers/{created['id']}").json()["city"] == "x" * 300
    stop(process)


def test_is_steered_only_when_asked_to(start: Start) -> None:
    process, exports = start("--customers", "1", "--profile", "minimal", "--control")
    with httpx.Client(base_url=exports["CONTROL_URL"], trust_env=False) as control, invoiced(exports) as client:
        assert control.get("/clock").status_code == 401
        control.headers["Authorization"] = f"Bearer {exports['CONTROL_TOKEN']}"
        assert control.post("/clock", json={"running": False}).json()["running"] is False
        control.post("/faults", json={"emulator": "invoiced", "kind": "reset-after", "method": "POST"})
        with pytest.raises(httpx.ReadError):
            client.post("/customers", json={"name": "Lost"})
        assert client.get("/customers?filter[name]=lost").json()[0]["name"] == "Lost"
        headers = {"Authorization": f"Bearer {exports['CUSTOMERP_TOKEN']}"}
        told = httpx.get(f"{exports['CUSTOMERP_URL']}/capabilities", headers=headers, trust_env=False).json()
        assert told == {"profile": "minimal", "features": []}
    assert "invoiced  --- POST /customers (reset)" in stop(process)
