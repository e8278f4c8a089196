"""`counterpart item`: what people have found out about an item by hand, and what they let pass."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from counterpart.checklist import Additional, Approval, Checklist, Waiver
from counterpart.checklist import manual as by_hand
from counterpart.checklist.waivers import write_waiver


@click.group()
def item() -> None:
    """Record what was proven by hand, or may pass unproven for a while.

    \b
    counterpart item record customer-company/create --manual --evidence evidence/company.png --by "Kari Nordmann"
    """


@item.command()
@click.argument("short")
@click.option("--manual", is_flag=True, required=True, help="it was tried by a person, and is shown so")
@click.option("--evidence", required=True, type=click.Path(path_type=Path), help="the file that shows what was found")
@click.option("--by", required=True, help="who has tried it")
@click.option("--outcome", type=click.Choice(by_hand.OUTCOMES), default="passed", show_default=True)
@click.option("--note", default="", help="what was done and seen")
@click.option("--product", default="", help="what was tried, as --product tells it to the run")
def record(short: str, manual: bool, evidence: Path, by: str, outcome: str, note: str, product: str) -> None:
    """Record an item as proven, or found wrong, by hand.

    The record counts as long as the statement, the evidence file and the product are those for which it was made.

    \b
    counterpart item record customer-company/create --manual --evidence evidence/company.png --by "Kari Nordmann"
    """
    checklist = Checklist.load(Path("features/checklist.toml"))
    today = datetime.now(UTC).date()
    path = Path("features/manual.toml")
    made = by_hand.record(path, Path.cwd(), checklist, short, outcome, by, note, evidence, product, today)
    click.echo(f"{made.item}: {made.outcome} by hand, {made.by}, {made.on}. Written to {path}; commit both.")


@item.command()
@click.argument("short")
@click.option("--reason", required=True, help="why it may be released unproven")
@click.option("--risk", required=True, help="what may happen meanwhile")
@click.option("--owner", required=True, help="who sees to it")
@click.option("--until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="the last day on which it holds")
@click.option("--by", help="who approves it; somebody else than the owner")
@click.option("--role", default="", help="the approver's role")
def waive(short: str, reason: str, risk: str, owner: str, until: datetime, by: str | None, role: str) -> None:
    """Let an item pass unproven until a day, or approve the waiver that stands there.

    Written to features/waivers.toml. Without --by it is a request: the item counts as failed until it is approved.

    \b
    counterpart item waive order-invoice/edit-target --reason "The ERP goes in May." --risk "Notes do not arrive." \\
      --owner "Ola Nordmann" --until 2027-05-31 --by "Kari Nordmann" --role Controller
    """
    checklist = Checklist.load(Path("features/checklist.toml"))
    additional = Additional.load(Path("features/additional.toml"), checklist)
    made = Waiver(short, reason, risk, owner, until.date(), None)
    if by is not None:
        made = replace(made, approved=Approval(by, datetime.now(UTC).date(), role, reason, made.seal))
    path = Path("features/waivers.toml")
    write_waiver(path, checklist, (each.short for each in additional.items), made)
    if trouble := made.trouble(datetime.now(UTC).date()):
        click.echo(f"Written to {path}. {short} counts as failed as long as {trouble}.")
        raise SystemExit(1)
    click.echo(f"{short} is waived until {made.expires}. Written to {path}; commit it.")
