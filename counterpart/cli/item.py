"""`counterpart item`: what people have found out about an item by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from counterpart.checklist import Checklist
from counterpart.checklist import manual as by_hand


@click.group()
def item() -> None:
    """Record what was proven by hand.

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
