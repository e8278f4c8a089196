"""A mistake, and the copy of this project into which it is seeded."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENDPOINTS = tuple(
    f"COUNTERPART_{each}" for each in ("CUSTOMERP_URL", "CUSTOMERP_TOKEN", "INVOICED_URL", "INVOICED_KEY")
)


@dataclass
class Project:
    """A copy of this project, in which a mistake is made and cured."""

    root: Path
    environment: dict[str, str] = field(default_factory=lambda: dict.fromkeys(ENDPOINTS, "http://127.0.0.1:9"))
    options: str = ""

    def text(self, name: str) -> str:
        return (self.root / name).read_text("utf-8")

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")

    def put(self, name: str, line: str | int, old: str, new: str) -> None:
        """Replace words in one line."""
        lines = self.text(name).split("\n")
        assert old in lines[int(line) - 1], f"{name}:{line} has no {old!r}"
        lines[int(line) - 1] = lines[int(line) - 1].replace(old, new, 1)
        self.write(name, "\n".join(lines))

    def insert(self, name: str, line: str | int, text: str) -> None:
        """Write a line above another."""
        lines = self.text(name).split("\n")
        lines.insert(int(line) - 1, text)
        self.write(name, "\n".join(lines))

    def drop(self, name: str, line: str | int) -> None:
        """Take a line out."""
        lines = self.text(name).split("\n")
        del lines[int(line) - 1]
        self.write(name, "\n".join(lines))

    def run(self, command: str) -> tuple[int, str]:
        """Exit code and output of a command line."""
        variables = {
            **{name: value for name, value in os.environ.items() if name not in ENDPOINTS},
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(self.root),
            "COLUMNS": "200",
            **self.environment,
        }
        done = subprocess.run(
            command + self.options,
            shell=True,
            cwd=self.root,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        return done.returncode, (done.stderr + done.stdout).replace(f"{self.root}/", "")


@dataclass(frozen=True)
class Mistake:
    """What is done wrong, what the first lines have to name, and how to do what they say."""

    name: str
    make: Callable[[Project], object]
    command: str
    shows: tuple[str, ...]
    cure: str
    follow: Callable[[Project, re.Match[str]], object]
