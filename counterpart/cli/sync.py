"""`counterpart sync`: plan, run and look at the two-way sync."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from sync.clock import SystemClock
from sync.config import endpoints
from sync.engine import Engine, standing
from sync.flow import load_flows
from sync.links import TITLES, Conflict, Notice
from sync.report import Progress, Write
from sync.store import Store

STATE = click.option(
    "--state",
    default="counterpart.sqlite",
    show_default=True,
    envvar="COUNTERPART_STATE",
    show_envvar=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="where the sync keeps its links and its memory",
)
JSON = click.option("--json", "as_json", is_flag=True, help="print JSON instead of tables")
# What a person has to decide or repair; the other notices only explain.
NEEDS_A_PERSON = frozenset({"ambiguous", "needs_attention", "unwritable"})


@click.group()
def sync() -> None:
    """Keep every Customerp customer, product and order in step with its counterpart in Invoiced.

    \b
    The environment says where the systems are and how to sign in:
      COUNTERPART_CUSTOMERP_URL, COUNTERPART_CUSTOMERP_TOKEN
      COUNTERPART_INVOICED_URL,  COUNTERPART_INVOICED_KEY
    """


@sync.command()
@STATE
@JSON
def plan(state: Path, as_json: bool) -> None:
    """Show what `run` would do, and write nothing anywhere."""
    with _engine(state) as (engine, runner):
        found = runner.run(engine.plan())
    if as_json:
        _print_json(found)
        return
    _show_writes(found.writes, "to be written")
    _show_notices(found.conflicts, found.notices)
    _show_missing(found.missing)


@sync.command()
@STATE
@JSON
def run(state: Path, as_json: bool) -> None:
    """Bring both sides in step, once, until there is nothing left to do.

    It may be stopped at any moment, even killed: the next run finishes what was begun, and nothing is done twice.
    Ends with exit code 1 when something needs a person.
    """
    with _progress() as progress, _engine(state, progress) as (engine, runner):
        report = runner.run(engine.run())
    if as_json:
        _print_json(report)
    else:
        _show_writes(report.writes, "written")
        _show_notices(report.conflicts, report.notices)
        _show_missing(report.missing)
    undecided = any(each.winner is None for each in report.conflicts)
    if undecided or any(each.kind in NEEDS_A_PERSON for each in report.notices):
        raise SystemExit(1)


@sync.command()
@STATE
@JSON
def status(state: Path, as_json: bool) -> None:
    """Show how many links there are in which state, and what waits for a person; asks neither system."""
    if not state.exists():
        raise click.BadParameter(f"{state} does not exist; `counterpart sync run` makes it", param_hint="--state")
    store = Store.open(state)
    try:
        found = standing(store, load_flows())
    finally:
        store.close()
    if as_json:
        _print_json(found)
        return
    table = Table(title="Links", title_justify="left")
    table.add_column("flow")
    table.add_column("state")
    table.add_column("links", justify="right")
    for flow, states in found.links.items():
        for name, count in states.items():
            table.add_row(flow, name, str(count))
        if found.only_in_invoiced.get(flow):
            table.add_row(flow, "only in Invoiced, left alone", str(found.only_in_invoiced[flow]))
    console = Console()
    console.print(table)
    console.print(f"Last run: {found.last_run or 'never'}. Writes begun and not finished: {found.open_intents}.")
    _show_notices(found.conflicts, found.notices)


@contextmanager
def _engine(state: Path, progress: Callable[[Progress], None] | None = None) -> Iterator[tuple[Engine, asyncio.Runner]]:
    """The engine over a state file, with the endpoints of the environment, and the loop that it runs in."""
    places = endpoints(os.environ)
    store = Store.open(state)
    try:
        with asyncio.Runner() as runner:
            engine = Engine.open(
                store,
                customerp=places["customerp"],
                invoiced=places["invoiced"],
                clock=SystemClock(),
                ids=lambda: secrets.token_hex(12),
                progress=progress,
            )
            try:
                yield engine, runner
            finally:
                runner.run(engine.close())
    finally:
        store.close()


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None]]:
    """A line a phase on standard error, so that standard output stays clean."""
    what = TextColumn("{task.description}")
    columns = (SpinnerColumn(), what, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def show(progress: Progress) -> None:
            if progress.phase not in tasks:
                tasks[progress.phase] = bar.add_task(progress.phase, total=progress.total)
            bar.update(tasks[progress.phase], completed=progress.done, total=progress.total)

        yield show


def _print_json(found: Any) -> None:
    click.echo(json.dumps(asdict(found), indent=2, ensure_ascii=False, default=str))


def _show_writes(writes: Sequence[Write], what: str) -> None:
    console = Console()
    if not writes:
        console.print(f"Nothing {what}: both sides are in step.")
        return
    table = Table(title=f"{len(writes)} {what}", title_justify="left")
    for heading in ("system", "operation", "record", "property", "before", "after"):
        table.add_column(heading, overflow="fold")
    for write in writes:
        first = [TITLES[write.system], write.operation, f"{write.record_type} {write.key}"]
        for name, (before, after) in write.fields.items() or [("", ("", ""))]:
            # Values come from outside; as Text they cannot be taken for markup.
            table.add_row(*first, name, Text(_shown(before)), Text(_shown(after)))
            first = ["", "", ""]
    console.print(table)


def _show_notices(conflicts: Sequence[Conflict], notices: Sequence[Notice]) -> None:
    console = Console()
    if conflicts:
        table = Table(title="Edited on both sides", title_justify="left")
        for heading in ("flow", "record", "property", "Customerp", "Invoiced", "won by", "policy"):
            table.add_column(heading, overflow="fold")
        for each in conflicts:
            winner = TITLES[each.winner] if each.winner else "nobody yet"
            values = (Text(_shown(each.customerp)), Text(_shown(each.invoiced)))
            table.add_row(each.flow, each.key, each.field, *values, winner, each.policy)
        console.print(table)
    if notices:
        table = Table(title="To be known", title_justify="left")
        for heading in ("flow", "record", "property", "kind", "reason"):
            table.add_column(heading, overflow="fold")
        for notice in notices:
            table.add_row(notice.flow, notice.key, notice.field or "", notice.kind, Text(notice.reason))
        console.print(table)


def _show_missing(sentences: Sequence[str]) -> None:
    if sentences:
        click.echo("This ERP gives fewer guarantees than the full profile of its contract:")
    for sentence in sentences:
        click.echo(f"  {sentence}.")


def _shown(value: object) -> str:
    return "" if value is None else str(value)
