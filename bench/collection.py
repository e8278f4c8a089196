"""What collecting, linting and looking steps up costs, with pytest-bdd as it comes beside ours in the same run.

Run it as `python bench/collection.py`. CPU time of whole processes is counted, which other work blurs less than wall
time; each figure is the least of three. Collecting: 2,000 scenarios, of which ours lints every one and gives it an
identity. Looking up: 500 scenarios of four steps in one and the same project, once as it comes and once with our
look-up in pytest-bdd's place.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "silent_green"))

import runners  # noqa: E402 - it lies in the folder of the corpus

SCENARIOS = 2_000
FILES = 100
LOOKED_UP = 500
REPEATS = 3


def cpu_seconds(folder: Path, *arguments: str) -> float:
    """The least CPU time that pytest took in a folder; ends the benchmark where pytest fails."""
    best = float("inf")
    for _ in range(REPEATS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
        environment = os.environ | {"PYTHONDONTWRITEBYTECODE": ""}
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            sys.exit(done.stdout[-2000:] + done.stderr[-2000:])
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return best


def write_shop(features: Path) -> None:
    """2,000 scenarios in 100 files, none like another."""
    for file in range(FILES):
        lines = ["@shop/sell", f"Feature: Selling {file}"]
        for number in range(file, SCENARIOS, FILES):
            lines += [
                f"  @id:s{number}",
                f"  Scenario: Scenario {number}",
                f"    Given a stock of {number}",
                "    When 1 are sold",
                f"    Then {number - 1} are left",
            ]
        (features / f"{file}.feature").write_text("\n".join(lines) + "\n", "utf-8")


def collecting(folder: Path, plugin: bool) -> float:
    """CPU time to collect 2,000 scenarios."""
    if plugin:
        runners.lay_out(folder)
        write_shop(folder / "features" / "shop")
        return cpu_seconds(folder, "-p", "counterpart.plugin", "--collect-only", "features")
    write_shop(folder)
    (folder / "conftest.py").write_bytes(runners.FILE.read_bytes())
    (folder / "test_all.py").write_text('from pytest_bdd import scenarios\nscenarios(".")\n', "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
    return cpu_seconds(folder, "--collect-only")


def looking_up(folder: Path, definitions: int, indexed: bool) -> float:
    """CPU time to run 500 scenarios of four steps with so many step definitions, once they are collected."""
    steps = ["from pytest_bdd import given, parsers", ""]
    for number in range(definitions):
        steps += [f'@given(parsers.parse("thing {number} has {{count:d}} parts"))']
        steps += [f"def step_{number}(count): ...", ""]
    if indexed:
        steps += [
            "def pytest_configure(config):",
            "    from counterpart.gherkin import by_opening",
            "    config.by_opening = by_opening()",
            "    config.by_opening.__enter__()",
        ]
    (folder / "conftest.py").write_text("\n".join(steps) + "\n", "utf-8")
    lines = ["Feature: Things"]
    for number in range(LOOKED_UP):
        lines += [f"  Scenario: Scenario {number}"]
        lines += [f"    Given thing {(number * 4 + n) % definitions} has {number} parts" for n in range(4)]
    (folder / "things.feature").write_text("\n".join(lines) + "\n", "utf-8")
    (folder / "test_all.py").write_text('from pytest_bdd import scenarios\nscenarios("things.feature")\n', "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
    # What importing the definitions costs grows with their number in any case.
    return cpu_seconds(folder) - cpu_seconds(folder, "--collect-only")


def main() -> None:
    table = Table("what", "ours", "pytest-bdd")

    def row(what: str, *figures: float) -> None:
        table.add_row(what, *(f"{each:.2f} s" for each in figures))

    def both(measure: object, *arguments: object) -> list[float]:
        found = []
        for ours in (True, False):
            with tempfile.TemporaryDirectory() as folder:
                found.append(measure(Path(folder), *arguments, ours))  # type: ignore[operator]
        return found

    row(f"collect {SCENARIOS:,} scenarios (ours: and lint them)", *both(collecting))
    for definitions in (60, 600, 1_200):
        row(f"run {LOOKED_UP} scenarios with {definitions:,} definitions", *both(looking_up, definitions))
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
