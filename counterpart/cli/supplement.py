"""`counterpart supplement`: the property pairs under test, and who agreed to them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, Literal

import click

from counterpart.checklist import Approval, Checklist, Row, Supplement
from counterpart.checklist.supplement import TYPES, decide, suggest, suggest_again
from counterpart.cli.checklist import FILE, JSON, show_table


@click.group()
def supplement() -> None:
    """Agree on the property pairs under test."""


@supplement.command(name="list")
@FILE
@JSON
def list_(file: Path, as_json: bool) -> None:
    """List the rows with their standing."""
    found = Supplement.load(file.with_name("supplement.toml"), Checklist.load(file))
    rows = (*found.rows, *found.rejected)
    if as_json:
        shown = [{"row": row.id, **asdict(row)} for row in rows]
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False, default=str))
        return
    show_table(("row", "type", "travels", "standing", "reason"), [_cells(row) for row in rows])


def _deciding(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--reason", required=True, help="why"),
        click.option("--role", required=True, help="in which role"),
        click.option("--by", "name", required=True, help="who"),
        click.argument("row"),
        FILE,
    ):
        command = option(command)
    return command


@supplement.command()
@_deciding
def approve(row: str, name: str, role: str, reason: str, file: Path) -> None:
    """Approve a ROW as it stands; an edit of it lets the approval lapse."""
    _decide("approved", row, name, role, reason, file)


@supplement.command()
@_deciding
def reject(row: str, name: str, role: str, reason: str, file: Path) -> None:
    """Take a ROW out of what is under test, and keep why."""
    _decide("rejected", row, name, role, reason, file)


@supplement.command(name="suggest")
@click.argument("row")
@click.option("--type", "kind", type=click.Choice(TYPES), help="what the values are")
@click.option("--reason", help="why the two belong together")
@FILE
def suggest_(row: str, kind: str | None, reason: str | None, file: Path) -> None:
    """Suggest a ROW, FLOW/SOURCE>TARGET, or take back what was decided about it."""
    loaded = Checklist.load(file)
    path = file.with_name("supplement.toml")
    known = Supplement.load(path, loaded)
    if row in {each.id for each in (*known.rows, *known.rejected)}:
        suggest_again(path, loaded, row)
    else:
        flow, _, pair = row.partition("/")
        source, arrow, target = pair.partition(">")
        if not arrow or not kind or not reason:
            raise click.UsageError("a new row is written FLOW/SOURCE>TARGET and needs --type and --reason")
        suggest(path, loaded, Row(flow, source, target, kind, "both", "suggested", reason))
    click.echo(f"{row} is suggested.")


def _decide(standing: Literal["approved", "rejected"], row: str, name: str, role: str, reason: str, file: Path) -> None:
    approval = Approval(name, date.today(), role, reason)
    decided = decide(file.with_name("supplement.toml"), Checklist.load(file), row, standing, approval)
    click.echo(f"{decided.id} is {decided.standing} by {name}, {role}.")


def _cells(row: Row) -> tuple[Any, ...]:
    standing: str = row.standing
    if row.lapsed:
        standing = f"suggested; {row.lapsed.by}'s approval lapsed with an edit"
    elif row.approved:
        standing = f"{row.standing} by {row.approved.by}, {row.approved.role}, {row.approved.on}"
    return (row.id, row.type, row.travels, standing, row.reason)
