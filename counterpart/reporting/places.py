"""Where the reports of a run lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

JUNIT, ALLURE = "junit.xml", "allure-results"


@dataclass(frozen=True)
class Places:
    """The folder of all reports, and the two that people may want elsewhere: the JUnit file and Allure's results."""

    out: Path
    junit: Path
    allure: Path

    @classmethod
    def below(cls, out: Path) -> Self:
        """The usual places."""
        return cls(out, out / JUNIT, out / ALLURE)
