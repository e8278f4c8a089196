"""From nothing to a sync that can run: `init` writes the settings, `doctor` says what stands in the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from counterpart.cli.doctor import examine
from sync.config import load
from sync.store import Store

CONTRACTS = str(Path(__file__).parent.parent.parent / "contracts")


def doctor(world: Any, **environment: str) -> tuple[int, dict[str, str], str]:
    """Exit code, standing of each check, and all that was said of those that are not good."""
    code, out, _ = world.run("doctor", "--json", "--contracts", CONTRACTS, **environment)
    findings = json.loads(out)
    said = " ".join(f"{each['found']}; {each['cure']}" for each in findings if each["standing"] != "good")
    return code, {each["check"]: each["standing"] for each in findings}, said


def test_init_writes_settings_once_and_never_over_others(world: Any) -> None:
    code, out, _ = world.run("init")
    assert (code, "counterpart.toml written" in out) == (0, True)
    (world.folder / "counterpart.toml").write_text("[sync]\nevery = 60\n")
    code, _, err = world.run("init")
    assert (code, err) == (2, "counterpart: counterpart.toml exists already. Edit it, or name another file.\n")
    assert (world.folder / "counterpart.toml").read_text() == "[sync]\nevery = 60\n"


def test_where_all_is_well_every_check_is_good(world: Any) -> None:
    world.run("init")
    assert doctor(world) == (
        0,
        {
            "settings": "good",
            "flows": "good",
            "store": "good",
            "environment": "good",
            "Customerp": "good",
            "Customerp: clock": "good",
            "Customerp: contract": "good",
            "Invoiced": "good",
            "Invoiced: clock": "good",
            "Invoiced: contract": "good",
        },
        "",
    )
    assert world.watched.writes == 0


@pytest.mark.parametrize(
    ("environment", "code", "check", "sentence"),
    [
        ({"COUNTERPART_INVOICED_KEY": ""}, 2, "environment", "COUNTERPART_INVOICED_KEY not set"),
        ({"COUNTERPART_INVOICED_KEY": "x" * 32}, 3, "Invoiced", "answers 401: the credential is not accepted; Check"),
        ({"COUNTERPART_CUSTOMERP_URL": "http://127.0.0.1:9"}, 3, "Customerp", "http://127.0.0.1:9 does not answer"),
        ({"COUNTERPART_STATE": "none/state.sqlite"}, 4, "store", "the folder does not exist; Create it"),
    ],
    ids=["variable missing", "wrong key", "system down", "no folder"],
)
def test_what_is_wrong_is_found_and_the_cure_named(
    world: Any, environment: dict[str, str], code: int, check: str, sentence: str
) -> None:
    ended, standings, said = doctor(world, **environment)
    assert (ended, standings[check]) == (code, "bad")
    assert sentence in said
    assert "x" * 32 not in said


def test_a_clock_that_is_wrong_is_worth_a_look(world: Any) -> None:
    world.watched.clock.advance(3600)
    code, standings, said = doctor(world)
    assert (code, standings["Invoiced: clock"]) == (1, "doubtful")
    assert "+3600 s against this machine; Set both clocks by NTP" in said


def test_a_store_in_use_is_worth_a_look(world: Any) -> None:
    store = Store.open(world.state)
    try:
        code, standings, said = doctor(world)
    finally:
        store.close()
    assert (code, standings["store"]) == (1, "doubtful")
    assert "in use by another process" in said


def test_a_file_that_is_no_store_is_found(world: Any) -> None:
    world.state.write_text("not a database, but long enough to look like one" * 50)
    code, standings, said = doctor(world)
    assert (code, standings["store"]) == (4, "bad")
    assert "Name another file" in said


def test_an_answer_that_breaks_the_contract_is_found(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        text = "[]" if "limit" in str(request.url) else '[{"id": "one"}]'
        return httpx.Response(200, text=text, headers={"Content-Type": "application/json"})

    environ = {
        "COUNTERPART_CUSTOMERP_URL": "https://erp.example",
        "COUNTERPART_CUSTOMERP_TOKEN": "t",
        "COUNTERPART_INVOICED_URL": "https://invoiced.example",
        "COUNTERPART_INVOICED_KEY": "k",
        "COUNTERPART_STATE": str(tmp_path / "state.sqlite"),
    }
    found = list(examine(load(environ), environ, Path(CONTRACTS), httpx.MockTransport(answer)))
    assert [(each.check, each.code) for each in found if each.standing == "bad"] == [
        ("Customerp: contract", 3),
        ("Invoiced: contract", 3),
    ]
