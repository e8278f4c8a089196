"""The reference suite: 200 scenarios of five exchanges each with all reports, beside the plain stack on equal ones.

    python bench/reference_suite.py [rounds]

The peer is pytest-bdd with pytest-recording (stock vcrpy, bodies matched) and allure-pytest. Both stacks run one
scenario and then all of them, in turn; the difference is what the other 199 cost. CPU time, since other work on the
machine blurs the clock. Ours writes results, JUnit, Allure results and the sign-off and checks order and leftovers;
the peer writes Allure results and JUnit and checks neither.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from counterpart.emulators import INVOICED_KEY
from counterpart.replay import Cassette, Exchange

ROOT = Path(__file__).parent.parent
BASE = "https://invoiced.emulator.example"
FILES, PER_FILE, EXCHANGES = 10, 20, 5
ITEM = "product-item/create"

STEPS = """
from pytest_bdd import given, then

@given("five requests", target_fixture="answers")
def ask(SENDER):
    return [CLIENT.post("/items", json={"id": f"I-{number}", "name": "Service", "unit_cost": 12.5}).json()
            for number in range(5)]

@then("the last answer is the fifth")
def last(SENDER, answers):
    COMPARE
"""
OURS = STEPS.replace("SENDER", "scene").replace("CLIENT", 'scene.drivers["Invoiced"]._client')
OURS = OURS.replace("COMPARE", 'scene.equal(answers[-1]["id"], "I-4", "the last id")')
PLAIN = """
import httpx
import pytest
from pytest_bdd import scenarios

pytestmark = pytest.mark.vcr

@pytest.fixture
def client(vcr):
    with httpx.Client(base_url="BASE", auth=("KEY", "")) as client:
        yield client

@pytest.fixture(scope="session")
def vcr_config():
    return {"record_mode": "none", "match_on": ["method", "scheme", "host", "path", "query", "body"]}

@pytest.fixture
def default_cassette_name():
    return "every"

@pytest.fixture
def vcr_cassette_dir():
    return "cassettes"

"""


def exchanges() -> tuple[Exchange, ...]:
    made = []
    for number in range(EXCHANGES):
        asked = {"id": f"I-{number}", "name": "Service", "unit_cost": 12.5}
        made.append(
            Exchange(
                step=1,
                actor="driver",
                method="POST",
                url=f"{BASE}/items",
                request_headers=(
                    ("accept", "*/*"),
                    ("authorization", "Basic <invoiced-key>"),
                    ("content-type", "application/json"),
                ),
                request_body=json.dumps(asked, separators=(",", ":")).encode(),
                status=201,
                response_headers=(("content-type", "application/json"),),
                response_body=json.dumps({**asked, "currency": "eur", "description": "x" * 600}).encode(),
            )
        )
    return tuple(made)


def write_features(folder: Path) -> None:
    for file in range(FILES):
        lines = [f"@{ITEM}", f"Feature: Part {file} of the reference suite", ""]
        for number in range(PER_FILE):
            name = f"s-{file}-{number}"
            lines += [f"  @id:{name}", f"  Scenario: Number {number} of part {file}"]
            lines += ["    Given five requests", "    Then the last answer is the fifth", ""]
        (folder / f"part-{file}.feature").write_text("\n".join(lines), "utf-8")


def ours(folder: Path) -> Path:
    shutil.copytree(ROOT / "features", folder / "features", ignore=shutil.ignore_patterns("*.feature"))
    for name in ("contracts", "pyproject.toml"):
        (folder / name).symlink_to(ROOT / name)
    write_features(folder / "features")
    (folder / "sending.py").write_text(OURS, "utf-8")
    for file in range(FILES):
        for number in range(PER_FILE):
            name = f"s-{file}-{number}"
            said = {"item": ITEM, "scenario": f"{ITEM}/{name}", "recorded_against": "emulator bench"}
            Cassette(exchanges(), said).save(folder / "cassettes" / ITEM / f"{name}.yaml")
    return folder


def plain(folder: Path) -> Path:
    (folder / "features").mkdir(parents=True)
    write_features(folder / "features")
    text = PLAIN + STEPS.replace("SENDER", "client").replace("CLIENT", "client") + '\nscenarios("features")\n'
    for name, value in (("COMPARE", 'assert answers[-1]["id"] == "I-4"'), ("BASE", BASE), ("KEY", INVOICED_KEY)):
        text = text.replace(name, value)
    (folder / "test_all.py").write_text(text, "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
    document = json.loads(Cassette(exchanges()).dumps())
    del document["metadata"]
    for each in document["interactions"]:
        each.pop("counterpart", None)
    (folder / "cassettes").mkdir()
    (folder / "cassettes" / "every.yaml").write_text(json.dumps(document), "utf-8")
    return folder


def cpu(command: list[str], folder: Path, passed: int) -> float:
    """CPU seconds of a run that passes as many; ends the benchmark otherwise."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode or f"{passed} passed" not in done.stdout:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-2000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    pytest = [sys.executable, "-m", "pytest", "-q"]
    with tempfile.TemporaryDirectory() as name:
        mine, theirs = ours(Path(name) / "ours"), plain(Path(name) / "plain")
        ours_command = [*pytest, "-p", "sending"]
        plain_command = [*pytest, "-p", "no:schemathesis", "-p", "no:hypothesispytest", "--alluredir=allure"]
        plain_command += ["--junit-xml=junit.xml"]
        spent: dict[str, list[float]] = {"ours": [], "plain": []}
        for _ in range(rounds):
            one = cpu([*ours_command, "features/part-0.feature::s-0-0"], mine, 1)
            spent["ours"].append(cpu([*ours_command, "features"], mine, FILES * PER_FILE) - one)
            one = cpu([*plain_command, "test_all.py", "-k", "number_0_of_part_0"], theirs, 1)
            spent["plain"].append(cpu([*plain_command, "test_all.py"], theirs, FILES * PER_FILE) - one)
    table = Table(
        title=f"{FILES * PER_FILE} scenarios of {EXCHANGES} exchanges, all reports: CPU seconds, {rounds} rounds"
    )
    for column in ("stack", "median", "least", "most"):
        table.add_column(column, justify="right" if column != "stack" else "left")
    for stack, figures in spent.items():
        table.add_row(stack, *(f"{figure(figures):.2f}" for figure in (statistics.median, min, max)))
    Console().print(table)


if __name__ == "__main__":
    main()
