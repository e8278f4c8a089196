"""`counterpart checklist trace` and `review`: what each item rests on, and who has looked at it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import click

from counterpart.checklist import Item
from counterpart.checklist.reviews import FILE_NAME, Review
from counterpart.cli.showing import FILE, JSON, counted, show_finding, show_json, show_table, told
from counterpart.cli.signoff import KEPT
from counterpart.cli.touched import signed_last
from counterpart.trace import Trace, name_of


@click.command(short_help="What items rest on, and what is torn.")
@FILE
@KEPT
@JSON
def trace(file: Path, kept: Path, as_json: bool) -> None:
    """Show what each item rests on, and what has been torn: edited after its review, unproven, unknown.

    For example: counterpart checklist trace

    Ends with exit code 1 when anything is torn.
    """
    found = Trace.load(file.parent, signed_last(kept))
    if as_json:
        show_json(
            {
                "items": [_told(item, found) for item in found.items],
                "unscripted": [
                    {"number": number, **asdict(each)} for number, each in found.additional.unscripted.items()
                ],
                "findings": [told(each) for each in found.findings],
            }
        )
    else:
        show_table(("flow / item", "scenarios", "rows", "calls", "undecided", "looked at"), _rows(found))
        click.echo()
        if found.additional.unscripted:
            click.echo("Expected of a two-way sync, and shown by no scenario:")
            for number, left in found.additional.unscripted.items():
                click.echo(f"  {number} {left.wording}\n     {left.reason}")
            click.echo()
        for each in found.findings:
            show_finding(each)
        reviewed = sum(1 for item in found.items if (seen := found.reviews.by_item.get(item.short)) and seen.by)
        torn = counted(len(found.findings), "thing") if found.findings else "nothing"
        click.echo(f"{counted(len(found.items), 'item')}, {reviewed} reviewed by a person; {torn} torn.")
        if reviewed < len(found.items):
            click.echo("Next: counterpart checklist review ITEM --by NAME --role ROLE")
    if found.findings:
        raise SystemExit(1)


def _rows(found: Trace) -> list[tuple[object, ...]]:
    open_ids = {point.id for point in found.decisions.undecided}
    rows: list[tuple[object, ...]] = []
    for flow in found.checklist.flows:
        rows.append((flow.id,))
        for item in (item for item in found.items if item.flow == flow.id):
            undecided = [point.id for point, _ in found.decisions.of(item.short) if point.id in open_ids]
            rows.append(
                (
                    f"  {item.short.removeprefix(f'{flow.id}/')}",
                    sum(len(each.identities()) for each in found.scenarios[item.short]),
                    len(found.rows[item.short]),
                    len(found.operations(item.short)),
                    len(undecided) or "",
                    found.reviews.by_item.get(item.short) or "never",
                )
            )
    return rows


def _told(item: Item, found: Trace) -> dict[str, Any]:
    open_ids = {point.id for point in found.decisions.undecided}
    points = [point.id for point, _ in found.decisions.of(item.short)]
    return {
        "item": item.short,
        "id": item.id,
        "wording": item.wording,
        "fingerprint": item.fingerprint,
        "blocked": item.blocked,
        "scenarios": [
            {"name": name_of(each), "title": each.title, "path": str(each.path), "line": each.line, "rows": each.rows}
            for each in found.scenarios[item.short]
        ],
        "rows": [row.id for row in found.rows[item.short]],
        "operations": found.operations(item.short),
        "requirements": found.requirements(item),
        "requirements_shown": found.shown(item.short),
        "decided": [point for point in points if point not in open_ids],
        "undecided": [point for point in points if point in open_ids],
        "review": found.reviews.by_item.get(item.short),
    }


@click.command(short_help="Keep what items and scenarios say now.")
@click.argument("items", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="every item")
@click.option("--by", "name", help="who has looked at them; without a name they are only noted")
@click.option("--role", help="in which role")
@FILE
@JSON
def review(
    items: tuple[str, ...], everything: bool, name: str | None, role: str | None, file: Path, as_json: bool
) -> None:
    """Keep what ITEMS and their scenarios say now, so that a later edit of either is seen.

    \b
    For example: counterpart checklist review customer-company/create --by "Kari Nordmann" --role QA
                 counterpart checklist review --all
    """
    if bool(items) == everything:
        raise click.UsageError("name items, or give --all")
    if (name is None) != (role is None):
        raise click.UsageError("a review needs both --by and --role")
    found = Trace.load(file.parent)
    known = {item.short: item for item in found.items}
    # An item that is gone is reviewed by taking it out of the record.
    unknown = [short for short in items if short not in known and short not in found.reviews.by_item]
    if unknown:
        raise click.UsageError(f"no item is called {', '.join(unknown)}; `counterpart checklist trace` has them all")
    wanted = [known[short] for short in (known if everything else items) if short in known]
    made = [Review.of(item, found.noted(item.short), date.today(), name or "", role or "") for item in wanted]
    kept = [*known, *(short for short in found.reviews.by_item if short not in known and short not in items)]
    reviews = found.reviews.with_these(made, known if everything else kept)
    reviews.save(file.with_name(FILE_NAME))
    if as_json:
        show_json(made)
        return
    who = f"reviewed by {name}, {role}" if name else "noted, reviewed by nobody"
    click.echo(f"{counted(len(made), 'item')} {who}: {file.with_name(FILE_NAME)}")
