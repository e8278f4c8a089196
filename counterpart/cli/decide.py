"""`counterpart sync`: the commands by which a person decides; each is kept in the history under that person's name."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path

import click

from counterpart.cli.opening import CONFIG, STATE, flows_of, settings_of, store_of
from sync.pausing import pause as pause_flow
from sync.pausing import paused
from sync.pausing import resume as resume_flow

BY = click.option("--by", default=getpass.getuser, show_default="your user name", help="who decides")


@click.command()
@click.argument("flows", nargs=-1)
@CONFIG
@STATE
@BY
@click.option("--reason", required=True, help="why; shown in the status until it is resumed")
def pause(flows: tuple[str, ...], config: Path | None, state: Path | None, by: str, reason: str) -> None:
    """Write nothing for FLOWS, or for all of them, until `resume`. They are still read, and no edit is lost.

    \b
    Example:
      counterpart sync pause order-invoice --reason "month end" --by "Kari Nordmann"
    """
    settings = settings_of(config)
    with store_of(settings, state) as store:
        for flow in _named(flows, [each.id for each in flows_of(settings)]):
            pause_flow(store, flow, by=by, reason=reason, at=datetime.now(UTC))
            click.echo(f"{flow} is paused.")


@click.command()
@click.argument("flows", nargs=-1)
@CONFIG
@STATE
@BY
def resume(flows: tuple[str, ...], config: Path | None, state: Path | None, by: str) -> None:
    """Go on with FLOWS, or with all that are paused; what was edited meanwhile is carried over by the next run."""
    settings = settings_of(config)
    with store_of(settings, state) as store:
        held = [flow for flow in _named(flows, [each.id for each in flows_of(settings)]) if paused(store, flow)]
        for flow in held:
            resume_flow(store, flow, by=by, at=datetime.now(UTC))
            click.echo(f"{flow} goes on.")
    if not held:
        click.echo("Nothing was paused.")


def _named(given: tuple[str, ...], known: list[str]) -> list[str]:
    for flow in given:
        if flow not in known:
            raise click.UsageError(f"No flow {flow!r}. Choose from {', '.join(known)}.")
    return list(given) or known
