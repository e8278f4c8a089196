"""How commands show what they found, and the options that many of them have."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from shutil import get_terminal_size
from textwrap import fill

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from counterpart.gherkin import Finding

# The last column of a table has at least as many characters, or it goes below the others.
NARROWEST = 24
DOCUMENT = click.Path(exists=True, dir_okay=False, path_type=Path)
FILE = click.option(
    "--checklist",
    "file",
    default="features/checklist.toml",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="the checklist to look at; supplement, decisions and features lie beside it",
)
JSON = click.option("--json", "as_json", is_flag=True, help="print JSON instead of text")


def show_json(value: object) -> None:
    """Print a value as JSON; what JSON does not know becomes its fields, or its text."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def show_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table whose last column takes the rest of the line; a row of one cell heads those below it.

    Where names in the first column leave it no room, each stands on a line of its own, above the other cells.
    """
    texts = [tuple(map(str, row)) for row in rows]
    fixed = [max((len(row[at]) for row in texts if len(row) > 1), default=0) for at in range(len(headings) - 1)]
    if sum(fixed) + 2 * len(fixed) + NARROWEST > max(get_terminal_size().columns, 60):
        _show_below(headings, texts, fixed[1:])
        return
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings[:-1]:
        table.add_column(heading, no_wrap=True)
    table.add_column(headings[-1], overflow="fold")
    for row in texts:
        # A document's names may look like markup.
        style = "bold" if len(row) == 1 else ""
        table.add_row(*(Text(cell, style=style) for cell in row))
    console = Console(highlight=False)
    with console.capture() as captured:
        console.print(table)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def _show_below(headings: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]) -> None:
    columns = max(get_terminal_size().columns, 60)
    widths = [max(width, len(heading)) for width, heading in zip(widths, headings[1:-1], strict=True)]
    for first, *others in (headings, *rows):
        click.echo(first)
        if others:
            cells = "".join(f"{cell:{width}}  " for cell, width in zip(others, widths, strict=False))
            before = f"      {cells}"
            click.echo(fill(others[-1] or "-", columns, initial_indent=before, subsequent_indent=" " * len(before)))


def show_lines(first: str, words: str) -> None:
    """Print a sentence, its later lines indented below its first words; paths are never broken."""
    indent = " " * (len(first) - len(first.lstrip()) + 4)
    width = max(get_terminal_size().columns, 60)
    shown = fill(
        words, width, initial_indent=first, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    click.echo(shown)


def show_finding(finding: Finding) -> None:
    """Print a finding: its place, what is amiss, and the cure below."""
    what = f"{finding.item}: " if finding.item and finding.item not in finding.message else ""
    show_lines(f"{finding.path}:{finding.line}: ", what + finding.message)
    click.echo(f"    → {finding.cure}")


def told(finding: Finding) -> dict[str, object]:
    """A finding as programs read it."""
    return {
        "code": finding.code,
        "path": str(finding.path),
        "line": finding.line,
        "item": finding.item,
        "said": finding.message,
        "cure": finding.cure,
    }


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 flow`, `3 flows`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _plain(value: object) -> object:
    return asdict(value) if hasattr(value, "__dataclass_fields__") else str(value)  # type: ignore[call-overload]
