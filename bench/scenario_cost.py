"""What a further scenario costs in a replay, beside the plain stack on equal scenarios.

The peer is pytest-bdd with pytest-recording (stock vcrpy) and allure-pytest: the same feature files and steps, and in
each step the same requests, sent by a bare httpx client. It runs no sync and checks nothing, so what it lacks in
strictness counts in its favour.

    python bench/scenario_cost.py [rounds]

Both stacks run one feature file and then all of them, in turn, and the difference is divided by the difference in
scenarios.
"""

from __future__ import annotations

import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
ONE = "features/customer-company/link-stable.feature"
BIN = Path(sys.executable).parent

PEER = """
import json
from pathlib import Path

import httpx
import pytest
from pytest_bdd import parsers, step, scenarios
from pytest_bdd.scenario import scenario_wrapper_template_registry

from counterpart.gherkin import slug

CASSETTES = Path({cassettes!r})
STOCK = Path(__file__).parent / "cassettes"


def cassette_of(item):
    template = scenario_wrapper_template_registry[item.obj]
    tags = template.feature.tags | template.tags
    flow = next(tag for tag in tags if "/" in tag)
    name = next(tag for tag in tags if tag.startswith("id:"))[3:]
    row = item.callspec.params["_pytest_bdd_example"]["case"] if hasattr(item, "callspec") else None
    return CASSETTES / flow / (f"{{name}}--{{slug(row)}}.yaml" if row else f"{{name}}.yaml")


@pytest.fixture
def default_cassette_name(request):
    return str(STOCK / cassette_of(request.node).relative_to(CASSETTES).with_suffix(""))


@pytest.fixture(scope="session")
def vcr_config():
    return {{"record_mode": "none", "match_on": ["method", "scheme", "host", "path", "query", "body"]}}


@pytest.fixture
def recorded(request):
    by_step = {{}}
    for entry in json.loads(cassette_of(request.node).read_text("utf-8"))["interactions"]:
        by_step.setdefault(entry["counterpart"]["step"], []).append(entry["request"])
    with httpx.Client() as client:
        yield by_step, client, [0]


def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.vcr)


@step(parsers.re(r"(?P<sentence>.+)"))
def send(recorded, sentence, datatable=None):
    by_step, client, count = recorded
    count[0] += 1
    for asked in by_step.get(count[0], []):
        headers = {{name: values[0] for name, values in asked["headers"].items()}}
        client.request(asked["method"], asked["uri"], headers=headers, content=asked["body"])
"""


def stock_cassettes(folder: Path) -> None:
    """The same recordings without the metadata that pytest-recording cannot read."""
    for path in (ROOT / "cassettes").rglob("*.yaml"):
        document = json.loads(path.read_text("utf-8"))
        del document["metadata"]
        target = folder / path.relative_to(ROOT / "cassettes")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(document), "utf-8")


def run(command: list[str], folder: Path) -> tuple[float, int]:
    """Wall seconds of a run and how many scenarios passed; ends the benchmark when one did not."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    took = time.perf_counter() - started
    passed = re.findall(r"(\d+) passed", done.stdout.strip().splitlines()[-1])
    if done.returncode or not passed:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout[-9000:]}\n{done.stderr[-2000:]}")
    return took, int(passed[0])


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        peer = Path(folder)
        shutil.copytree(ROOT / "features", peer / "features")
        stock_cassettes(peer / "cassettes")
        (peer / "conftest.py").write_text(PEER.format(cassettes=str(ROOT / "cassettes")), "utf-8")
        for name, what in (("test_one.py", f'"{ONE}"'), ("test_all.py", '"features"')):
            (peer / name).write_text(
                f"from pytest_bdd import scenarios\nfrom conftest import *\nscenarios({what})\n", "utf-8"
            )
        (peer / "pytest.ini").write_text("[pytest]\n", "utf-8")
        plain = [str(BIN / "pytest"), "-q", "-p", "no:schemathesis", "-p", "no:hypothesispytest", "--alluredir=allure"]
        ours = [str(BIN / "pytest"), "-q"]
        times: dict[str, list[float]] = {"ours, one file": [], "ours, all": [], "plain, one file": [], "plain, all": []}
        counts: dict[str, int] = {}
        for _ in range(rounds):
            for key, command, where in (
                ("ours, one file", [*ours, ONE], ROOT),
                ("ours, all", [*ours, "features"], ROOT),
                ("plain, one file", [*plain, "test_one.py"], peer),
                ("plain, all", [*plain, "test_all.py"], peer),
            ):
                took, counts[key] = run(command, where)
                times[key].append(took)
        for stack in ("ours", "plain"):
            small, large = f"{stack}, one file", f"{stack}, all"
            slope = statistics.median(
                (whole - part) / (counts[large] - counts[small])
                for part, whole in zip(times[small], times[large], strict=True)
            )
            print(
                f"{stack:6} {counts[small]:4} scenarios {statistics.median(times[small]):6.2f} s   "
                f"{counts[large]:4} scenarios {statistics.median(times[large]):6.2f} s   "
                f"a further scenario {slope * 1000:6.1f} ms"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
