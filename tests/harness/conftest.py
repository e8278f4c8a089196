"""A project of its own for each test: everything linked, only what the test changes copied."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SHARED = ("features", "cassettes", "contracts", "pyproject.toml")


@dataclass
class Project:
    """A copy of the project in which the checklist can be run."""

    root: Path

    def own(self, name: str) -> Path:
        """Replace a linked folder or file by a copy that may be changed."""
        path = self.root / name
        *parents, _ = Path(name).parents
        for parent in reversed(parents):
            self._materialise(self.root / parent)
        self._materialise(path)
        return path

    def run(self, *arguments: str) -> tuple[int, str]:
        """Exit code and output of `pytest` in the project."""
        done = subprocess.run(
            [str(Path(sys.executable).parent / "pytest"), *arguments],
            cwd=self.root,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "100"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def _materialise(self, path: Path) -> None:
        """Turn a link into a folder of links, or into a copy of the file."""
        if not path.is_symlink():
            return
        original = path.resolve()
        path.unlink()
        if original.is_file():
            shutil.copy(original, path)
            return
        path.mkdir()
        for child in original.iterdir():
            (path / child.name).symlink_to(child)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for name in SHARED:
        (tmp_path / name).symlink_to(ROOT / name)
    return Project(tmp_path)


@pytest.fixture
def edited(project: Project) -> Callable[[str, str, str], None]:
    """Change a text in a file of the project: file, before, after."""

    def edit(name: str, before: str, after: str) -> None:
        path = project.own(name)
        text = path.read_text("utf-8")
        assert before in text
        path.write_text(text.replace(before, after, 1), "utf-8")

    return edit
