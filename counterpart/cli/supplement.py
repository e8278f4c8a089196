"""`counterpart supplement`: the property pairs under test, and who agreed to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args

import click

from counterpart.checklist import Approval, Checklist, Row, Supplement
from counterpart.checklist.supplement import TYPES, Travels, decide, suggest, suggest_again
from counterpart.cli.showing import FILE, JSON, counted, show_json, show_lines


@click.group()
def supplement() -> None:
    """Agree on the property pairs under test."""


@supplement.command(name="list")
@FILE
@JSON
def list_(file: Path, as_json: bool) -> None:
    """List the rows with their standing.

    For example: counterpart supplement list
    """
    found = Supplement.load(file.with_name("supplement.toml"), Checklist.load(file))
    rows = (*found.rows, *found.rejected)
    if as_json:
        show_json([_told(row) for row in rows])
        return
    flow = ""
    for row in rows:
        if row.flow != flow:
            flow = row.flow
            click.echo(f"{flow}")
        key = ", match key" if row.match_key else ""
        click.echo(f"  {f'{row.source} > {row.target}':50}  {row.type}, {_TRAVELS[row.travels]}{key}")
        show_lines("      ", f"{_standing(row)}. {row.reason}")
        if row.deviation:
            show_lines("      ", f"Deviates: {row.deviation}")
    approved = sum(1 for row in rows if row.standing == "approved")
    click.echo(
        f"\n{counted(len(rows), 'row')}, {approved} approved, {len(found.rejected)} rejected. "
        "Next: counterpart supplement approve 'FLOW/SOURCE>TARGET' --by NAME --role ROLE --reason WHY"
    )


def _deciding(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--reason", required=True, help="why"),
        click.option("--role", required=True, help="in which role"),
        click.option("--by", "name", required=True, help="who"),
        click.argument("row"),
        FILE,
        JSON,
    ):
        command = option(command)
    return command


@supplement.command(short_help="Agree on a row as it stands.")
@_deciding
def approve(row: str, name: str, role: str, reason: str, file: Path, as_json: bool) -> None:
    """Approve a ROW as it stands; an edit of it lets the approval lapse.

    \b
    For example: counterpart supplement approve 'product-item/name>name' \\
                   --by "Kari Nordmann" --role QA --reason "As agreed."
    """
    _decide("approved", row, Approval(name, date.today(), role, reason), file, as_json)


@supplement.command(short_help="Take a row out, and keep why.")
@_deciding
def reject(row: str, name: str, role: str, reason: str, file: Path, as_json: bool) -> None:
    """Take a ROW out of what is under test, and keep why.

    \b
    For example: counterpart supplement reject 'product-item/category>type' \\
                   --by "Kari Nordmann" --role QA --reason "Not used."
    """
    _decide("rejected", row, Approval(name, date.today(), role, reason), file, as_json)


@supplement.command(name="suggest", short_help="Suggest a row, or take a decision back.")
@click.argument("row")
@click.option("--type", "kind", type=click.Choice(TYPES), help="what the values are")
@click.option("--reason", help="why the two belong together")
@click.option("--travels", type=click.Choice(get_args(Travels)), default="both", show_default=True, help="which way")
@click.option("--deviation", help="why it does not travel both ways")
@FILE
@JSON
def suggest_(
    row: str, kind: str | None, reason: str | None, travels: Travels, deviation: str | None, file: Path, as_json: bool
) -> None:
    """Suggest a ROW, FLOW/SOURCE>TARGET, or take back what was decided about it.

    For example: counterpart supplement suggest 'product-item/weight>weight' --type decimal --reason "Both have it."
    """
    loaded = Checklist.load(file)
    path = file.with_name("supplement.toml")
    known = Supplement.load(path, loaded)
    if row in {each.id for each in (*known.rows, *known.rejected)}:
        suggested = suggest_again(path, loaded, row)
    else:
        flow, _, pair = row.partition("/")
        source, arrow, target = pair.partition(">")
        if not arrow or not kind or not reason:
            raise click.UsageError("a new row is written FLOW/SOURCE>TARGET and needs --type and --reason")
        new = Row(flow, source, target, kind, travels, "suggested", reason, deviation)
        suggested = suggest(path, loaded, new)
    if as_json:
        show_json(_told(suggested))
    else:
        click.echo(f"{row} is suggested.")


def _decide(standing: Literal["approved", "rejected"], row: str, approval: Approval, file: Path, as_json: bool) -> None:
    decided = decide(file.with_name("supplement.toml"), Checklist.load(file), row, standing, approval)
    if as_json:
        show_json(_told(decided))
    else:
        click.echo(f"{decided.id} is {decided.standing} by {approval.by}, {approval.role}.")


def _told(row: Row) -> dict[str, Any]:
    return {"row": row.id, **asdict(row)}


_TRAVELS = {
    "both": "both ways",
    "to-source": "to the source only",
    "to-target": "to the target only",
    "create-only": "at creation only",
}


def _standing(row: Row) -> str:
    if row.lapsed:
        return f"Suggested; {row.lapsed.by}'s approval lapsed with an edit"
    if row.approved:
        return f"{row.standing.capitalize()} by {row.approved.by}, {row.approved.role}, on {row.approved.on}"
    return row.standing.capitalize()
