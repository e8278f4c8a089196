"""`counterpart checklist`: what is to be proven, and whether a document still says the same."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from counterpart.checklist import Checklist, compare, read_file

FILE = click.option(
    "--checklist",
    "file",
    default="features/checklist.toml",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="the checklist to look at",
)
JSON = click.option("--json", "as_json", is_flag=True, help="print JSON instead of text")


@click.group()
def checklist() -> None:
    """Look at the checklist that was derived from the source document."""


@checklist.command()
@FILE
@JSON
def items(file: Path, as_json: bool) -> None:
    """List the items with their wording."""
    found = Checklist.load(file)
    if as_json:
        click.echo(json.dumps([asdict(item) for item in found.items], indent=2, ensure_ascii=False))
        return
    table = Table(title=f"{found.document.source} to {found.document.target}", title_justify="left")
    for heading in ("item", "what is to be proven", "fingerprint"):
        table.add_column(heading)
    for item in found.items:
        table.add_row(item.short, item.wording, item.fingerprint[:12])
    Console().print(table)


@checklist.command(name="compare")
@click.argument("document", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@FILE
@JSON
def compare_(document: Path, file: Path, as_json: bool) -> None:
    """Tell whether your copy of the DOCUMENT still says what the checklist was derived from.

    Ends with exit code 1 when it does not.
    """
    differences = compare(Checklist.load(file), read_file(document))
    if as_json:
        click.echo(json.dumps([asdict(each) for each in differences], indent=2, ensure_ascii=False, default=str))
    elif not differences:
        click.echo(f"{document.name} says the same as {file}.")
    else:
        for each in differences:
            place = f"{document.name}:{each.line}: " if each.line else ""
            click.echo(f"{place}{each.sentence}")
    if any(each.concerns_items for each in differences):
        raise SystemExit(1)
