"""Produces the endings: a project of its own for each run, and pytest as people start it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from ways import FOLDER, FUZZ, OTHERS, PLAIN, RUNS, STEPS, VOID, WAYS, Run, feature

ROOT = Path(__file__).parents[2]
TOGETHER = Run(
    "ways together",
    (
        f"{FOLDER}/endings.feature",
        f"{FOLDER}/test_plain.py",
        f"{FOLDER}/test_fuzz.py",
        "--against=emulators",
        "-W",
        "error:loud:UserWarning",
        "-p",
        "schemathesis",
    ),
    {f"{FOLDER}/endings.feature::{way.name}": way.ending for way in WAYS} | OTHERS,
    files={
        f"{FOLDER}/endings.feature": feature(WAYS),
        f"{FOLDER}/test_plain.py": PLAIN,
        f"{FOLDER}/test_fuzz.py": FUZZ,
        "conftest.py": STEPS,
    },
)
ALL = (TOGETHER, *RUNS)


def prepare(folder: Path, run: Run) -> None:
    """Set up the project for a run, with reports of yesterday that say that everything is well."""
    for name in ("contracts", "pyproject.toml", "steps", "sync"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "features", folder / "features")
    (folder / "cassettes").mkdir()
    for flow in (ROOT / "cassettes").iterdir():
        if f"features/{flow.name}" == FOLDER:
            shutil.copytree(flow, folder / "cassettes" / flow.name)
        else:
            (folder / "cassettes" / flow.name).symlink_to(flow)
    for name, text in run.files.items():
        (folder / name).write_text(text, "utf-8")
    for name, before, after in run.edits:
        path = folder / name
        text = path.read_text("utf-8")
        if before not in text:
            raise AssertionError(f"{name} has no {before!r} to be changed")
        path.write_text(text.replace(before, after, 1), "utf-8")
    for name in run.removed:
        (folder / name).unlink()


def produce(folder: Path, run: Run) -> tuple[int, str]:
    """Run pytest; returns its exit code and output."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *run.arguments],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "120"},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def expected(run: Run, known: set[str]) -> dict[str, str]:
    """The ending of every test: those that the run names, and of all others that exist the one that it says."""
    if run.endings == VOID:
        return {}
    assert not isinstance(run.endings, str)
    return dict.fromkeys(known, run.others) | dict(run.endings)
