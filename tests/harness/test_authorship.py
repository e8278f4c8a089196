"""Who approved their own words, by the repository's history."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

import pytest

from counterpart.authorship import same_hand
from counterpart.checklist import Approval, Checklist, Decisions, Supplement, Waivers
from counterpart.checklist.supplement import decide

FEATURES = Path(__file__).parents[2] / "features"
ROW = "customer-company/name>name"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "features").mkdir()
    for name in ("checklist.toml", "supplement.toml"):
        (tmp_path / "features" / name).write_bytes((FEATURES / name).read_bytes())
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    _commit(tmp_path, "Ola Nordmann")
    return tmp_path


def _commit(root: Path, author: str) -> None:
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    words = ["-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-qm", "x"]
    subprocess.run(["git", *words, "--author", f"{author} <x@example.com>"], cwd=root, check=True)


def _found(root: Path) -> tuple[str, ...]:
    checklist = Checklist.load(root / "features/checklist.toml")
    supplement = Supplement.load(root / "features/supplement.toml", checklist)
    return same_hand(root, supplement, Decisions((), {}), Waivers({}, {}))


@pytest.mark.parametrize(
    ("approver", "told"),
    [
        ("Kari Nordmann", ()),
        (
            "ola nordmann",
            (f"ola nordmann approved row {ROW} of features/supplement.toml and wrote it as well.",),
        ),
    ],
)
def test_who_wrote_a_row_does_not_approve_it(project: Path, approver: str, told: tuple[str, ...]) -> None:
    checklist = Checklist.load(project / "features/checklist.toml")
    approval = Approval(approver, date(2026, 3, 1), "Controller", "As agreed.")
    decide(project / "features/supplement.toml", checklist, ROW, "approved", approval)
    # Who commits the approval writes its lines, and not the row.
    _commit(project, "Kari Nordmann")
    assert _found(project) == told


def test_without_a_history_nothing_is_said(project: Path, tmp_path: Path) -> None:
    assert _found(project) == ()
