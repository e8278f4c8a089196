"""A project's folder of features: its scenarios, and what their tags may name by the files beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from counterpart.checklist import Additional, Checklist, Circumstances, Decisions, ManualRecord, Supplement, Waivers
from counterpart.checklist import manual as by_hand
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


class Standards(NamedTuple):
    """By what a run is judged, as the files of a project say it."""

    checklist: Checklist
    supplement: Supplement
    decisions: Decisions
    additional: Additional
    circumstances: Circumstances


def standards(root: Path, candidate: Mapping[str, str]) -> Standards:
    """Read them; proofs by hand count only for this product under test. Raises ChecklistError."""
    folder = root / "features"
    checklist = Checklist.load(folder / "checklist.toml")
    additional = Additional.load(folder / "additional.toml", checklist)
    waivers = Waivers.load(folder / "waivers.toml", checklist, (item.short for item in additional.items))
    manual: dict[str, list[ManualRecord]] = {}
    for record in by_hand.load(folder / "manual.toml"):
        if not record.trouble(root, checklist, candidate.values()):
            manual.setdefault(record.item, []).append(record)
    return Standards(
        checklist,
        Supplement.load(folder / "supplement.toml", checklist),
        Decisions.load(folder / "decisions.toml", checklist).including(additional),
        additional,
        Circumstances(waivers=waivers, manual=manual),
    )
