"""How `counterpart sync` shows things to people. Values come from outside, so nothing is ever taken for markup."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

import click
from msgspec import Struct, structs
from rich.console import Console
from rich.table import Table
from rich.text import Text

from counterpart.cli.showing import counted, show_lines
from sync.links import TITLES, Conflict, Notice
from sync.report import Plan, RunReport, Write

_NAMED = 5  # records, where the same is to be said of many


def print_json(found: Any, indent: int | None = 2) -> None:
    """Values, alone or inside lists and tables, as JSON on standard output; without `indent` on one line."""
    click.echo(json.dumps(found, indent=indent, ensure_ascii=False, default=_jsonable))


def print_table(title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; cells that are no text are written as people read them, None as nothing."""
    table = Table(title=Text(title), title_justify="left")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    Console().print(table)


def show_report(report: RunReport | Plan, what: str) -> None:
    """What was, or would be, written, and what people should know."""
    show_writes(report.writes, what)
    show_conflicts(report.conflicts)
    show_notices(report.notices)
    if isinstance(report, RunReport) and report.scan is not None:
        scan = report.scan
        click.echo(
            f"Everything was read: {counted(scan.records, 'record')}. The usual runs had missed "
            f"{counted(scan.missed_edits, 'edit')} and {counted(scan.unseen_deletes, 'delete')}; our writes have "
            f"overwritten {counted(scan.overwritten, 'edit')} in Invoiced unseen."
        )
    if report.missing:
        click.echo("This ERP gives fewer guarantees than the full profile of its contract:")
    for sentence in report.missing:
        click.echo(f"  {sentence}.")


def show_writes(writes: Sequence[Write], what: str) -> None:
    """A diff per record: each property before and after."""
    if not writes:
        click.echo(f"Nothing {what}: both sides are in step.")
        return
    for write in writes:
        heading = f"{TITLES[write.system]}  {write.operation} {write.record_type} {write.key}"
        click.echo(click.style(shown(heading), bold=True))
        show_changes(write.fields)
    click.echo(f"{len(writes)} {what}.")


def show_changes(fields: Mapping[str, Sequence[Any]]) -> None:
    """Properties of one record, each with what it replaced and what stands now; a list of lines takes a row a line."""
    width = max(map(len, fields), default=0)
    for name, (before, after) in fields.items():
        label = f"    {shown(name):<{width}}  "
        if _is_lines(before) or _is_lines(after):
            click.echo(f"{label}{_count(before)} -> {_count(after)}" if before else f"{label}{_count(after)}")
            for number, line in enumerate(after or (), start=1):
                told = ", ".join(f"{key} {shown(value)}" for key, value in line.items() if value is not None)
                click.echo(f"      {number:>2}  {told}")
        elif before is None:
            click.echo(label + click.style(shown(after), fg="green"))
        else:
            now = click.style(shown(after), fg="green") if after is not None else click.style("(nothing)", dim=True)
            click.echo(f"{label}{click.style(shown(before), fg='red')} -> {now}")


def show_conflicts(conflicts: Sequence[Conflict]) -> None:
    """Properties that both sides have edited, and who won."""
    if conflicts:
        print_table(
            "Edited on both sides",
            ("flow", "record", "property", "Customerp", "Invoiced", "won by", "policy"),
            (
                (
                    c.flow,
                    c.key,
                    c.field,
                    c.customerp,
                    c.invoiced,
                    TITLES[c.winner] if c.winner else "nobody yet",
                    c.policy,
                )
                for c in conflicts
            ),
        )


def show_notices(notices: Sequence[Notice]) -> None:
    """What people should know of single records; what is the same of many is said once."""
    alike: dict[tuple[str, str | None, str, str], list[str]] = {}
    for each in notices:
        alike.setdefault((each.flow, each.field, each.kind, each.reason), []).append(each.key)
    if alike:
        click.echo(f"To be known of {counted(len(notices), 'record')}:")
    for (flow, name, kind, reason), keys in alike.items():
        more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
        told = f"{flow} {', '.join(keys[:_NAMED])}{more}{f', {name}' if name else ''}: {kind.replace('_', ' ')}"
        click.echo(click.style(shown(told), bold=True))
        show_lines("    ", f"{shown(reason)}.")


def shown(value: object) -> str:
    """A value as people read it, in one piece; what could steer a terminal is replaced."""
    text = "" if value is None else value if isinstance(value, str) else _plain(value)
    return "".join(char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text)


def _is_lines(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(line, dict) for line in value)


def _count(lines: Any) -> str:
    return f"{len(lines or ())} line{'' if len(lines or ()) == 1 else 's'}"


def _jsonable(value: Any) -> Any:
    if isinstance(value, Struct):
        return structs.asdict(value)
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)


def _plain(value: object) -> str:
    if isinstance(value, list | dict | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
