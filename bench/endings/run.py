"""How many ways to end a test are told alike by terminal, JUnit, Allure's results and pages, and the sign-off.

    python bench/endings/run.py [--pages]

Beside it the standard stack over the same ways. With --pages, npm fetches Allure 2 and 3 into a temporary folder, and
what their pages count is compared as well.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import peer
import producing
import reading
from ways import VOID, WAYS


def main(pages: bool) -> int:
    with tempfile.TemporaryDirectory(prefix="endings-") as folder:
        root = Path(folder)
        tools = _fetched(root / "tools") if pages else None
        wrong = 0
        for run in producing.ALL:
            place = root / run.name.replace(" ", "-")
            place.mkdir()
            producing.prepare(place, run)
            _, out = producing.produce(place, run)
            reports = place / "reports"
            known = {node_id for node_id in reading.results(reports) if ".feature" in node_id}
            expected = producing.expected(run, known)
            found = reading.disagreements(reports, out, expected)
            if tools is not None and run.endings != VOID:
                found += _pages(tools, reports, expected)
            wrong += bool(found)
            counts = ", ".join(f"{count} {ending}" for ending, count in Counter(expected.values()).items()) or "void"
            print(f"{run.name:<42} {'alike' if not found else 'NOT ALIKE'}   {counts}")
            for each in found:
                print(f"    {each}")
        print(
            f"\nCounterpart: {len(WAYS)} ways in one run and {len(producing.RUNS)} runs of their own, {wrong} not alike"
        )
        beside = peer.ways(_made(root / "peer"))
        for name, alike in beside.items():
            print(f"standard stack: {name:<26} {'alike' if alike else 'not alike'}")
        print(f"standard stack: {sum(beside.values())} of {len(beside)} ways alike in terminal, JUnit and Allure")
    return 1 if wrong else 0


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _fetched(folder: Path) -> Path:
    """Allure 2 and 3, by npm."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("the pages need npm and Java; leave out --pages")
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder]
    subprocess.run([*command, "allure@3.18.0", "allure-commandline@2.46.1"], check=True)
    return folder / "node_modules"


def _pages(tools: Path, reports: Path, expected: dict[str, str]) -> list[str]:
    """What the pages count, by Allure's statuses."""
    results = str(reports / "allure-results")
    wanted = Counter(reading.STATUSES[ending] for ending in expected.values())
    two, three = reports / "allure-2", reports / "allure-3"
    subprocess.run(
        ["node", tools / "allure-commandline" / "bin" / "allure", "generate", results, "-o", two],
        check=True,
        capture_output=True,
    )
    subprocess.run(
        ["node", tools / "allure" / "cli.js", "generate", results, "-o", three], check=True, capture_output=True
    )
    wrong = []
    for name, path, inner in (
        ("Allure 2", two / "widgets" / "summary.json", "statistic"),
        ("Allure 3", three / "widgets" / "statistic.json", ""),
    ):
        data = json.loads(path.read_text("utf-8"))
        counted = Counter({status: int((data[inner] if inner else data).get(status, 0)) for status in wanted})
        if counted != wanted:
            wrong.append(f"{name}'s page counts {dict(counted)}, expected {dict(wanted)}")
    return wrong


if __name__ == "__main__":
    sys.exit(main("--pages" in sys.argv[1:]))
