"""`counterpart cassettes`: whether the recordings are clean, true to the contracts, of today, and read by anyone."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from counterpart import project
from counterpart.cli.rerecording import diff, review
from counterpart.emulators import CUSTOMERP_TOKEN, INVOICED_KEY
from counterpart.replay import Secrets, path_for
from counterpart.replay.audit import audit as find_leaks
from counterpart.replay.contracts import Contract
from counterpart.replay.reviews import FILE, Reviews
from counterpart.replay.staleness import Standing, Status, statuses
from counterpart.replay.survey import Survey, survey_files

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


cassettes.add_command(review)
cassettes.add_command(diff)


@cassettes.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="print a list of leaks for programs")
@ROOT
def audit(paths: tuple[Path, ...], as_json: bool, root: Path) -> None:
    """Search files and folders for secrets and personal data; says where and what kind, never the value.

    Without PATHS: the recordings and the reports.

    \b
    counterpart cassettes audit
    counterpart cassettes audit /tmp/what-a-run-wrote
    """
    places = paths or tuple(path for path in (root / "cassettes", root / "reports") if path.is_dir())
    declared = "\n".join(path.read_text("utf-8") for path in sorted((root / "features").rglob("*.feature")))
    secrets = Secrets({"customerp-token": CUSTOMERP_TOKEN, "invoiced-key": INVOICED_KEY})
    leaks = find_leaks(places, secrets, declared=declared)
    if as_json:
        _print_json([{"path": each.path, "position": each.position, "what": each.what} for each in leaks])
    else:
        for leak in leaks:
            click.echo(str(leak))
        click.echo(f"{len(leaks) or 'No'} leak{'' if len(leaks) == 1 else 's'} in {', '.join(map(str, places))}.")
    if leaks:
        raise SystemExit(1)


@cassettes.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif"]),
    default="text",
    show_default=True,
    help="SARIF is what code hosts show beside the files",
)
@click.option("--since", metavar="REVISION", help="compare coverage with this revision; by default the latest git tag")
@ROOT
def check(form: str, since: str | None, root: Path) -> None:
    """Hold every recorded exchange against the contracts, both directions, and tell what is covered.

    What the last release's recordings covered and today's do not is a finding as well.

    \b
    counterpart cassettes check
    counterpart cassettes check --format sarif > contracts.sarif
    """
    found = survey_files(root / "cassettes", contracts_of(root))
    release = since or _latest_tag(root)
    lost = found.lost_since(_survey_at(root, release).to_dict()) if release else []
    if form == "sarif":
        _print_json(found.to_sarif())
    elif form == "json":
        _print_json({**found.to_dict(), "compared_with": release, "lost": lost})
    else:
        click.echo(found.to_text(), nl=False)
        if release is None:
            click.echo("There is no release (no git tag) to compare coverage with.")
        elif not lost:
            click.echo(f"Everything that {release} covered is still covered.")
        for each in lost:
            click.echo(f"no longer covered, and was in {release}: {each}")
    if found.violations or lost:
        raise SystemExit(1)


class AgeLimit(click.ParamType[tuple[str, timedelta]]):
    """`90` days for all hosts, or `api.example.com=30` for one."""

    name = "DAYS|HOST=DAYS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, timedelta]:
        host, _, days = str(value).rpartition("=")
        if not days.isdigit():
            self.fail(f"{value!r} is no number of days; write 90, or api.example.com=30")
        return host, timedelta(days=int(days))


@cassettes.command()
@click.option("--max-age", type=AgeLimit(), multiple=True, help="how old a recording may be; 90 days if not given")
@click.option("--json", "as_json", is_flag=True, help="print the status of every recording for programs")
@ROOT
def status(max_age: tuple[tuple[str, timedelta], ...], as_json: bool, root: Path) -> None:
    """List what is too old, unused, never recorded, not reviewed, or of a contract that has changed since.

    \b
    counterpart cassettes status
    counterpart cassettes status --max-age 60 --max-age api.sandbox.invoiced.com=30
    """
    found = status_of(root, dict(max_age))
    stale = [each for each in found if not each.fresh]
    if as_json:
        _print_json([each.to_dict() for each in found])
    else:
        _print_status(found, stale)
    if stale:
        raise SystemExit(1)


def status_of(root: Path, limits: dict[str, timedelta] | None = None) -> list[Status]:
    """The status of every recording and scenario of a project; a limit under the host '' is for all hosts."""
    wanted = [
        path_for(root / "cassettes", identity.item, identity.scenario, identity.row)
        for outline in project.scenarios(root / "features")
        for identity in outline.identities()
    ]
    reviews = Reviews.load(root / "cassettes" / FILE)
    today = datetime.now(UTC).date()
    return statuses(root / "cassettes", wanted, contracts_of(root), today, limits=limits, reviews=reviews)


def contracts_of(root: Path) -> list[Contract]:
    """The contracts of both systems, with what they say of every operation."""
    return [Contract.load(root / "contracts" / name) for name in CONTRACTS]


def _print_status(found: Sequence[Status], stale: Sequence[Status]) -> None:
    unread = [each for each in stale if each.standings == (Standing.NOT_REVIEWED,)]
    for each in stale:
        if each not in unread:
            click.echo(str(each))
    if unread:
        what = "recording has" if len(unread) == 1 else "recordings have"
        click.echo(f"{len(unread)} {what} been reviewed by nobody; read: counterpart cassettes review")
    click.echo(f"{len(found) - len(stale)} of {len(found)} recordings are fresh.")


def _survey_at(root: Path, revision: str) -> Survey:
    """The survey of an older revision's recordings, held against its own contracts."""
    with tempfile.TemporaryDirectory() as folder:
        done = _git(root, "archive", revision, "cassettes", "contracts")
        if done is None:
            raise click.UsageError(f"{revision!r} is no revision that has cassettes and contracts")
        with tarfile.open(fileobj=io.BytesIO(done)) as archive:
            archive.extractall(folder, filter="data")
        return survey_files(Path(folder) / "cassettes", contracts_of(Path(folder)))


def _latest_tag(root: Path) -> str | None:
    said = _git(root, "describe", "--tags", "--abbrev=0")
    return said.decode().strip() if said else None


def _git(root: Path, *arguments: str) -> bytes | None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, no shell
            ["git", *arguments],  # noqa: S607 - the git of the user's PATH is the one meant
            cwd=root,
            capture_output=True,
            timeout=60,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=1))
