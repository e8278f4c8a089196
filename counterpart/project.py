"""A project's folder of features: its scenarios, and what their tags may name by the files beside them."""

from __future__ import annotations

from pathlib import Path

from counterpart.checklist import Additional, Checklist
from counterpart.gherkin import REQUIREMENT_TAG, Known, Outline, discover


def known(folder: Path, checklist: Checklist, additional: Additional) -> Known:
    """Items and requirements, with the files of the folder that state them."""
    return Known(
        {item.short: folder / "checklist.toml" for item in checklist.items},
        {item.short: folder / "additional.toml" for item in additional.items},
        frozenset(f"{REQUIREMENT_TAG}{number}" for number in additional.wordings),
    )


def scenarios(folder: Path, checklist: Checklist | None = None) -> tuple[Outline, ...]:
    """The scenarios of a folder of features; raises FeatureDefect or ChecklistError when they cannot be used."""
    checklist = checklist or Checklist.load(folder / "checklist.toml")
    return discover(folder, known(folder, checklist, Additional.load(folder / "additional.toml", checklist)))
