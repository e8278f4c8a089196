"""Which defective feature files end a run: ours, pytest-bdd, behave and cucumber-js over the same cases.

Each case is called after what our linter should find in it (before `--`). Those in OWN break rules of ours, such as
items and ids, or use what our runner leaves out, such as Rule; nobody else can know them, and they are counted apart.

    make .venv/peers && python bench/silent_green/run.py       # needs node and npm for cucumber-js
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent))

import runners
from runners import HERE, PLAIN, Runner

OWN = (
    "equal-ids",
    "example-tags",
    "near-tag",
    "no-case",
    "no-id",
    "no-item",
    "rule",
    "too-long",
    "unknown-item",
    "unknown-requirement",
    "unmarked-item",
)
# Found only while running, so the linter has no code for it.
WHILE_RUNNING = ("no-comparison",)


def code(case: Path) -> str:
    """What is amiss in a case, by its name."""
    return case.name.partition(".")[0].partition("--")[0]


def found(path: Path) -> tuple[str, ...]:
    """The codes of what our linter finds in a feature file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / path.name).write_bytes(path.read_bytes())
        return runners.linted(Path(folder))


def ends(runner: Runner, case: Path) -> bool:
    """Whether a run of the case alone ends with something else than success."""
    with tempfile.TemporaryDirectory() as folder:
        return runner(case, Path(folder))


def main() -> None:
    cases = sorted((HERE / "cases").iterdir())
    sound = sorted((HERE / "sound").iterdir())
    with tempfile.TemporaryDirectory() as node:
        contenders: dict[str, Runner] = {"ours": runners.ours, "pytest-bdd": runners.pytest_bdd}
        contenders["behave"] = runners.behave
        if shutil.which("npm"):
            runners.installed(Path(node))
            contenders["cucumber-js"] = runners.cucumber(Path(node))
        for name, runner in contenders.items():
            if ends(runner, PLAIN):
                sys.exit(f"{name} does not even run a sound feature; its vocabulary or installation is at fault")
        _show(cases, contenders)
        alarms = [path.name for path in sound if found(path) or ends(runners.ours, path)]
        print(f"false alarms of ours: {len(alarms)} of {len(sound)} sound features {' '.join(alarms)}")


def _show(cases: list[Path], contenders: dict[str, Runner]) -> None:
    table = Table("defect", *contenders)
    totals = dict.fromkeys(contenders, 0)
    shared = dict.fromkeys(contenders, 0)
    for case in cases:
        row = []
        for name, runner in contenders.items():
            ended = ends(runner, case)
            if name == "ours" and code(case) not in WHILE_RUNNING:
                # Ended for the reason that the case is about, and for no other.
                ended = ended and code(case) in found(case)
            totals[name] += ended
            shared[name] += ended and code(case) not in OWN
            row.append("ends the run" if ended else "silent")
        own = " (a rule of ours)" if code(case) in OWN else ""
        table.add_row(case.name.partition(".")[0] + own, *row)
    count = sum(code(case) not in OWN for case in cases)
    table.add_row("all", *(f"{each} of {len(cases)}" for each in totals.values()))
    table.add_row("without rules of ours", *(f"{each} of {count}" for each in shared.values()))
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
