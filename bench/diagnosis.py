"""Real faults of the sync and harmless refactorings, told apart by running missed scenarios again over the emulators.

    python bench/diagnosis.py [part of a name] ...

Each change is made to a copy of the sync, and the scenarios are replayed over it as in any run. Faults are those of
`tests/faults`. A fault counts as told when at least one missed scenario has a wrong outcome over the emulators, a
refactoring when there are misses and none has. A dozen failures are enough for either. "Unmissed" are changes that the
recordings do not notice at all, so that nothing was run again.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from counterpart.reporting.results import RESULTS, Results

ROOT = Path(__file__).parent.parent
SHARED = ("features", "cassettes", "contracts", "pyproject.toml")
ENOUGH = 12

Edits = Sequence[tuple[str, str, str]]
REFACTORINGS: dict[str, Edits] = {
    "smaller pages of Invoiced": [("invoiced.py", "_PAGE = 100", "_PAGE = 50")],
    "smaller pages of Customerp": [("customerp.py", '_PAGE = "100"', '_PAGE = "50"')],
    "answers asked for in full": [
        ("http.py", '"User-Agent": "counterpart",', '"Prefer": "return=representation",'),
    ],
    "no caches on the way": [("http.py", '"User-Agent": "counterpart",', '"Cache-Control": "no-cache",')],
    "another Accept": [("http.py", '"Accept": "application/json",', '"Accept": "application/json, */*;q=0.1",')],
    "a language asked for": [("http.py", '"User-Agent": "counterpart",', '"Accept-Language": "en",')],
    "a record read twice": [
        (
            "invoiced.py",
            '            answer = await self._wire.get(f"/{kind}/{id_}", _INCLUDE.get(kind))\n',
            '            await self._wire.get(f"/{kind}/{id_}", _INCLUDE.get(kind))\n'
            '            answer = await self._wire.get(f"/{kind}/{id_}", _INCLUDE.get(kind))\n',
        )
    ],
    "the change feed without a limit": [
        ("customerp.py", 'params={"since": str(since), "limit": _PAGE}', 'params={"since": str(since)}')
    ],
    "more overlap of walks": [("invoiced.py", "_CURSOR_MARGIN = 2 ", "_CURSOR_MARGIN = 60 ")],
    "no key on changes": [
        ("invoiced.py", 'if call.method in ("POST", "PATCH") else {}', 'if call.method == "POST" else {}')
    ],
    "read again after writing": [
        (
            "customerp.py",
            "        return Written(Seen(answer.data, answer.start, answer.end))\n",
            "        await self._wire.get(call.path)\n"
            "        return Written(Seen(answer.data, answer.start, answer.end))\n",
        )
    ],
}


def faults() -> dict[str, Edits]:
    """The faults of `tests/faults`, by name."""
    spec = importlib.util.spec_from_file_location("test_faults", ROOT / "tests" / "faults" / "test_faults.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return {fault.name: fault.edits for fault in module.FAULTS}


class Changed(Exception):
    """The sync is no longer written as an edit supposes."""


def replayed(edits: Edits) -> tuple[int, int, int]:
    """Missed scenarios of a changed sync: how many in all, with a wrong outcome, and with a right one."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        for name in SHARED:
            (project / name).symlink_to(ROOT / name)
        shutil.copytree(ROOT / "sync", project / "sync", ignore=shutil.ignore_patterns("__pycache__"))
        for file, before, after in edits:
            path = project / "sync" / file
            source = path.read_text("utf-8")
            if source.count(before) != 1:
                raise Changed(f"{file} holds {before!r} {source.count(before)} times")
            path.write_text(source.replace(before, after), "utf-8")
        command = [sys.executable, "-m", "pytest", "features", "-q", "-p", "no:allure_pytest", f"--maxfail={ENOUGH}"]
        environment = {**os.environ, "PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"}
        subprocess.run(command, cwd=project, env=environment, capture_output=True, timeout=600, check=False)
        tests = Results.load(project / "reports" / RESULTS).tests
    told = [each.message for each in tests if "Run again over the emulators" in each.message]
    wrong = sum("outcome wrong" in message for message in told)
    return len(told), wrong, sum("outcome right" in message for message in told)


def tried(table: Table, kind: str, changes: Iterable[tuple[str, Edits]]) -> str:
    """A row for each change; returns how many were told for what they are."""
    told = count = 0
    for name, edits in changes:
        try:
            missed, wrong, right = replayed(edits)
        except Changed as changed:
            table.add_row(kind, name, "", "", "", f"not tried: {changed}")
            continue
        as_it_is = wrong > 0 if kind == "fault" else missed > 0 and wrong == 0
        verdict = "unmissed" if not missed else "outcome wrong" if wrong else "only the traffic"
        table.add_row(kind, name, str(missed), str(wrong), str(right), verdict + ("" if as_it_is else "  <-"))
        print(f"{kind}: {name}: {missed} missed, {wrong} wrong, {right} right", file=sys.stderr)
        told, count = told + as_it_is, count + 1
    return f"{told} of {count} {kind}s"


def main() -> None:
    parts = sys.argv[1:] or [""]
    table = Table(title="Missed scenarios, run again over the emulators")
    for column in ("", "change", "missed", "wrong", "right", "told as"):
        table.add_column(column, justify="right" if column in ("missed", "wrong", "right") else "left")
    sums = [
        tried(table, kind, [(name, edits) for name, edits in changes.items() if any(part in name for part in parts)])
        for kind, changes in (("fault", faults()), ("refactoring", REFACTORINGS))
    ]
    Console(width=120).print(table)
    print(f"Told for what they are: {', '.join(sums)}.")


if __name__ == "__main__":
    main()
