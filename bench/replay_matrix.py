"""Whether circumstances that must not matter do: shuffled runs, and a covering array of hash seeds, zones, paths.

    python bench/replay_matrix.py [shuffled runs] [features]

Shuffled runs take 1, 2 and 8 workers in turn and have to give every scenario the same verdict. Each row of the array is
a copy of the project at one of two paths in which everything is recorded and then replayed; cassettes, verdicts and
sign-off have to have the same bytes, these last in a canonical form without the declared clock fields. Rows are chosen
so that all pairs of values of any two circumstances occur together. Exits with 1 when something has two outcomes.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parent.parent
COPIED = ("features", "contracts", "cassettes", "pyproject.toml")
SHUFFLE = """
import os, random

def pytest_collection_modifyitems(items):
    random.Random(int(os.environ["SHUFFLE"])).shuffle(items)
"""
CIRCUMSTANCES: dict[str, tuple[str, ...]] = {
    "hash seed": ("0", "1", "4711"),
    "order": ("1", "2", "3"),
    "workers": ("0", "2", "8"),
    "zone": ("UTC", "Pacific/Kiritimati", "America/St_Johns"),
    "locale": ("C", "C.UTF-8", "tr_TR.UTF-8"),
    "path": ("a", "some where else/ä"),
}
# What says when something ran, how long it took, on which machine and revision, and how it was called.
CLOCK_FIELDS = {"started", "finished", "duration", "versions", "revision", "dirty", "inputs", "ci", "connections"}


def covering(values: dict[str, tuple[str, ...]]) -> list[dict[str, str]]:
    """Rows in which each pair of values of two circumstances occurs, greedily few."""
    names = list(values)
    missing = {
        (one, a, other, b)
        for one, other in itertools.combinations(names, 2)
        for a in values[one]
        for b in values[other]
    }
    every = [dict(zip(names, row, strict=True)) for row in itertools.product(*values.values())]

    def gain(row: dict[str, str]) -> int:
        return sum((one, row[one], other, row[other]) in missing for one, other in itertools.combinations(names, 2))

    rows = []
    while missing:
        row = max(every, key=gain)
        rows.append(row)
        missing -= {(one, row[one], other, row[other]) for one, other in itertools.combinations(names, 2)}
    return rows


def project(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        shutil.copytree(source, folder / name) if source.is_dir() else shutil.copy(source, folder / name)
    (folder / "shuffling.py").write_text(SHUFFLE)
    return folder


def run(folder: Path, features: str, row: dict[str, str], *arguments: str) -> None:
    """One run of pytest under the circumstances of a row; ends the benchmark when it is not all green."""
    environment = {
        **os.environ,
        "PYTHONHASHSEED": row["hash seed"],
        "SHUFFLE": row["order"],
        "TZ": row["zone"],
        "LC_ALL": row["locale"],
        "PYTHONPATH": str(folder),
    }
    workers = ["-n", row["workers"]] if row["workers"] != "0" else []
    command = [sys.executable, "-m", "pytest", features, "-q", "-p", "shuffling", *workers, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{row} ended with {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-2000:]}")


def digest(parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]


def canonical(value: Any) -> Any:
    """Results without the declared clock fields."""
    if isinstance(value, dict):
        return {name: canonical(each) for name, each in value.items() if name not in CLOCK_FIELDS}
    if isinstance(value, str) and re.fullmatch(r"[0-9.]+ (?:ms|s|min)", value):
        return "(a duration)"
    return [canonical(each) for each in value] if isinstance(value, list) else value


def cassettes(folder: Path) -> str:
    found = sorted(folder.rglob("*.yaml"))
    # The day of recording is a declared clock field, and part of what the hash is of.
    texts = [re.sub(r'"(recorded_on|sha256)": "[^"]*"', "", path.read_text("utf-8")) for path in found]
    return digest([[path.relative_to(folder).as_posix() for path in found], texts])


def reports(folder: Path) -> dict[str, str]:
    def read(name: str) -> Any:
        return canonical(json.loads((folder / "reports" / name).read_text("utf-8")))

    return {"results": digest(read("results.json")), "sign-off": digest(read("signoff/signoff.json"))}


def shuffled(count: int, features: str, folder: Path) -> tuple[int, set[str]]:
    """So many runs, each in another order, with 1, 2 and 8 workers in turn, and the digests of their verdicts."""
    place = project(folder / "shuffled")
    seen = set()
    for number in range(count):
        row = {
            "hash seed": "0",
            "order": str(number),
            "workers": ("0", "2", "8")[number % 3],
            "zone": "UTC",
            "locale": "C",
        }
        run(place, features, row, "-p", "no:allure_pytest")
        if number % 10 == 9:
            print(f"{number + 1} of {count} shuffled runs", file=sys.stderr)
        tests = json.loads((place / "reports" / "results.json").read_text("utf-8"))["tests"]
        seen.add(digest([(each["node_id"], each["outcome"]) for each in tests]))
    return count, seen


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    features = sys.argv[2] if len(sys.argv) > 2 else "features/product-item"
    random.seed(1)
    table = Table(title="Circumstances that must not matter")
    for column in ("", "runs", "different outcomes", "seconds"):
        table.add_column(column, justify="right" if column else "left")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started = time.perf_counter()
        runs, seen = shuffled(count, features, folder)
        table.add_row(
            "shuffled, 1, 2 and 8 workers: verdicts", str(runs), str(len(seen)), f"{time.perf_counter() - started:.0f}"
        )
        started = time.perf_counter()
        rows = covering(CIRCUMSTANCES)
        found: dict[str, set[str]] = {"recorded cassettes": set(), "results": set(), "sign-off": set()}
        for number, row in enumerate(rows):
            print(f"{number + 1} of {len(rows)}: {row}", file=sys.stderr)
            place = project(folder / str(number) / row["path"])
            shutil.rmtree(place / "cassettes")
            run(place, features, row, "--against=emulators", "--record", "-p", "no:allure_pytest")
            found["recorded cassettes"].add(cassettes(place / "cassettes"))
            run(place, features, row, "-p", "no:allure_pytest")
            for kind, value in reports(place).items():
                found[kind].add(value)
            shutil.rmtree(place)
        spent = time.perf_counter() - started
        for kind, values in found.items():
            table.add_row(f"covering array: {kind}", str(len(rows)), str(len(values)), f"{spent:.0f}")
    Console().print(table)
    print("One outcome is what it should be.")
    sys.exit(len(seen) > 1 or any(len(values) > 1 for values in found.values()))


if __name__ == "__main__":
    main()
