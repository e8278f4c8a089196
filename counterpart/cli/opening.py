"""Opening what every `counterpart sync` command works on: settings, state, engine, listeners."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from sync.clock import SystemClock
from sync.config import FILE, Settings, endpoints, load
from sync.engine import Engine
from sync.events import all_of
from sync.flow import SHIPPED, Flow, load_flows
from sync.logs import logger
from sync.report import Progress
from sync.store import Store
from sync.telemetry import exported

__all__ = ["CONFIG", "JSON", "STATE", "engine_over", "flows_of", "progress_bar", "settings_of", "store_of"]

CONFIG = click.option(
    "--config",
    envvar="COUNTERPART_CONFIG",
    show_envvar=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"the file of settings; by default {FILE} in the current folder, if there is one",
)
STATE = click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="the file in which the sync keeps its links and its memory; goes before the settings",
)
JSON = click.option("--json", "as_json", is_flag=True, help="print JSON instead of tables")


def settings_of(config: Path | None) -> Settings:
    """The settings of a command; raises ConfigError."""
    return load(os.environ, config)


def flows_of(settings: Settings) -> tuple[Flow, ...]:
    """The flows that the settings name, or the shipped ones; raises ConfigError."""
    return load_flows(settings.flows or SHIPPED)


@contextmanager
def store_of(settings: Settings, state: Path | None) -> Iterator[Store]:
    """An existing state, for commands that only look or decide; raises StoreError."""
    path = state or settings.state
    if not path.exists():
        raise click.UsageError(f"{path} does not exist. `counterpart sync run` makes it; or name another by --state.")
    store = Store.open(path)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def engine_over(
    settings: Settings,
    state: Path | None,
    progress: Callable[[Progress], None] | None = None,
    *,
    level: str | None = None,
) -> Iterator[tuple[Engine, asyncio.Runner]]:
    """The engine over a state file, and the loop it runs in; `level` is the least of the log's levels."""
    places = endpoints(os.environ, settings.urls)
    flows = flows_of(settings)
    with ExitStack() as stack:
        listeners = [logger(sys.stderr, level=level or settings.log_level, form=settings.log_format)]
        if settings.telemetry:
            listeners.append(stack.enter_context(exported(settings.telemetry)))
        store = Store.open(state or settings.state)
        stack.callback(store.close)
        runner = stack.enter_context(asyncio.Runner())
        engine = Engine.open(
            store,
            customerp=places["customerp"],
            invoiced=places["invoiced"],
            flows=flows,
            clock=SystemClock(),
            ids=lambda: secrets.token_hex(12),
            in_flight=settings.in_flight,
            progress=progress,
            listen=all_of(*listeners),
        )
        stack.callback(lambda: runner.run(engine.close()))
        yield engine, runner


@contextmanager
def progress_bar() -> Iterator[Callable[[Progress], None]]:
    """A line a phase on standard error, with rate and remaining time, so that standard output stays clean."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def show(progress: Progress) -> None:
            if progress.phase not in tasks:
                tasks[progress.phase] = bar.add_task(progress.phase, total=progress.total, rate="")
            task = tasks[progress.phase]
            speed = next(each.speed for each in bar.tasks if each.id == task)
            rate = f"{speed:,.0f}/s" if speed else ""
            bar.update(task, completed=progress.done, total=progress.total, rate=rate)

        yield show
