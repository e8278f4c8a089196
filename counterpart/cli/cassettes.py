"""`counterpart cassettes`: whether the recordings are clean, true to the contracts, and still of today."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from counterpart.checklist import Checklist
from counterpart.emulators import CUSTOMERP_TOKEN, INVOICED_KEY
from counterpart.replay import Cassette, Secrets, path_for
from counterpart.replay.audit import audit as find_leaks
from counterpart.replay.contracts import Contract
from counterpart.replay.drift import Weight, compare, to_text, verdict
from counterpart.replay.reviews import FILE, Review, Reviews, add, to_be_read
from counterpart.replay.staleness import Standing, Status, statuses
from counterpart.replay.survey import survey_files
from counterpart.scenarios import discover

ROOT = click.option(
    "--root",
    default=".",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="the project's folder; by default the current one",
)
CONTRACTS = ("customerp.openapi.yaml", "invoiced.openapi.yaml")


@click.group()
def cassettes() -> None:
    """Look through the recordings. Each command ends with exit code 1 when it has found something."""


@cassettes.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@ROOT
def audit(paths: tuple[Path, ...], root: Path) -> None:
    """Search files and folders for secrets and personal data; says where and what kind, never the value.

    Without PATHS: the recordings and the reports.
    """
    places = paths or tuple(path for path in (root / "cassettes", root / "reports") if path.is_dir())
    declared = "\n".join(path.read_text("utf-8") for path in sorted((root / "features").rglob("*.feature")))
    secrets = Secrets({"customerp-token": CUSTOMERP_TOKEN, "invoiced-key": INVOICED_KEY})
    leaks = find_leaks(places, secrets, declared=declared)
    for leak in leaks:
        click.echo(str(leak))
    click.echo(f"{len(leaks) or 'No'} leak{'' if len(leaks) == 1 else 's'} in {', '.join(map(str, places))}.")
    if leaks:
        raise SystemExit(1)


@cassettes.command()
@ROOT
def check(root: Path) -> None:
    """Hold every recorded exchange against the contracts, both directions, and tell what is covered."""
    found = survey_files(root / "cassettes", _contracts(root))
    click.echo(found.to_text(), nl=False)
    if found.violations:
        raise SystemExit(1)


@cassettes.command()
@ROOT
def status(root: Path) -> None:
    """List what is too old, unused, never recorded, or recorded under a contract that has changed since."""
    checklist = Checklist.load(root / "features" / "checklist.toml")
    wanted = [
        path_for(root / "cassettes", identity.item, identity.scenario, identity.row)
        for outline in discover(root / "features", (item.short for item in checklist.items))
        for identity in outline.identities()
    ]
    found = statuses(root / "cassettes", wanted, _contracts(root), datetime.now(UTC).date())
    stale = [each for each in found if not each.fresh]
    for each in stale:
        click.echo(str(each))
    click.echo(f"{len(found) - len(stale)} of {len(found)} recordings are fresh.")
    if stale:
        raise SystemExit(1)


@cassettes.command()
@click.argument("old", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("new", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def diff(old: Path, new: Path) -> None:
    """Tell what a NEW recording means against the OLD one: which calls, which fields, and how grave that is."""
    changes = compare(Cassette.load(old), Cassette.load(new))
    click.echo(to_text(changes), nl=False)
    if verdict(changes) is not Weight.HARMLESS:
        raise SystemExit(1)


def _contracts(root: Path) -> list[Contract]:
    return [Contract.load(root / "contracts" / name) for name in CONTRACTS]
