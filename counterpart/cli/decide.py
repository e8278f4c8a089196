"""`counterpart sync`: the commands by which a person decides; each is kept in the history under that person's name."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path

import click

from counterpart.cli.links import FLOW, one_named
from counterpart.cli.opening import CONFIG, JSON, STATE, flows_of, settings_of, store_of
from counterpart.cli.showing import counted
from counterpart.cli.tables import print_json, shown
from sync import decisions, pausing
from sync.history import Decided
from sync.links import TITLES, State, System
from sync.store import Store

BY = click.option("--by", default=getpass.getuser, show_default="your user name", help="who decides")
REASON = click.option("--reason", help="why; kept in the history")


@click.command()
@click.argument("record")
@click.argument("field")
@click.option(
    "--winner", required=True, type=click.Choice(["customerp", "invoiced"]), help="the side whose value is to stand"
)
@CONFIG
@STATE
@JSON
@FLOW
@BY
@REASON
def resolve(
    record: str,
    field: str,
    winner: System,
    config: Path | None,
    state: Path | None,
    as_json: bool,
    flow: str | None,
    by: str,
    reason: str | None,
) -> None:
    """Let one side win where both have edited FIELD of RECORD; the next run carries it out.

    The decision is for the two values as they are now: if either is edited again before that run, it asks anew.

    \b
    Example:
      counterpart sync resolve SO-00002-1 notes --winner customerp --reason "agreed by phone"
    """
    settings = settings_of(config)
    flows = {each.id: each for each in flows_of(settings)}
    with store_of(settings, state) as store:
        link = one_named(store, flows, record, flow)
        decided = decisions.resolve(store, link.id, field, winner, _decided(by, reason))
        standing = decided.customerp if winner == "customerp" else decided.invoiced
        told = f"{field} of {record}: {TITLES[winner]}'s {shown(standing)!r} is to stand. The next run carries it out."
        _tell(store, 1, told, as_json)


@click.command()
@click.argument("record")
@click.argument("counterpart")
@CONFIG
@STATE
@JSON
@FLOW
@BY
@REASON
def link(
    record: str,
    counterpart: str,
    config: Path | None,
    state: Path | None,
    as_json: bool,
    flow: str | None,
    by: str,
    reason: str | None,
) -> None:
    """Say which record in Invoiced is the COUNTERPART of RECORD, where several could be.

    RECORD is its id or number in Customerp, COUNTERPART the id in Invoiced.

    \b
    Example:
      counterpart sync links --in ambiguous
      counterpart sync link CU000017 70003 --reason "same organisation number"
    """
    settings = settings_of(config)
    flows = {each.id: each for each in flows_of(settings)}
    with store_of(settings, state) as store:
        waiting = one_named(store, flows, record, flow, among=(State.AMBIGUOUS,))
        decisions.choose(store, flows[waiting.flow], waiting.id, counterpart, _decided(by, reason))
        _tell(store, 1, f"{record} and {counterpart} are linked. The next run brings them in step.", as_json)


@click.command()
@click.argument("records", nargs=-1)
@CONFIG
@STATE
@JSON
@FLOW
@BY
@REASON
def retry(
    records: tuple[str, ...],
    config: Path | None,
    state: Path | None,
    as_json: bool,
    flow: str | None,
    by: str,
    reason: str | None,
) -> None:
    """Try RECORDS again that were given up, put off or refused; without RECORDS, all of them.

    \b
    Example:
      counterpart sync retry K-1 --reason "e-mail address corrected"
    """
    settings = settings_of(config)
    flows = {each.id: each for each in flows_of(settings)}
    with store_of(settings, state) as store:
        held = [one_named(store, flows, record, flow) for record in records] or [
            each for each in store.links() if each.state in decisions.ARMABLE and flow in (None, each.flow)
        ]
        for each in held:
            decisions.rearm(store, flows[each.flow], each.id, _decided(by, reason))
        many = f"{counted(len(held), 'record')} will be tried again by the next run."
        _tell(store, len(held), many if held else "Nothing is held back.", as_json)


@click.command("allow-deletes")
@click.argument("flow")
@CONFIG
@STATE
@JSON
@BY
@REASON
def allow_deletes(
    flow: str, config: Path | None, state: Path | None, as_json: bool, by: str, reason: str | None
) -> None:
    """Let the deletes of FLOW that are pending now go on, however many they are; later ones are asked about again.

    \b
    Example:
      counterpart sync allow-deletes customer-company --reason "old branch closed" --by "Kari Nordmann"
    """
    settings = settings_of(config)
    flows = {each.id: each for each in flows_of(settings)}
    [named] = _named((flow,), list(flows))
    with store_of(settings, state) as store:
        pending = decisions.allow_deletes(store, flows[named], _decided(by, reason))
        many = f"{counted(pending, 'delete')} of {named} may go on with the next run."
        _tell(store, 1, many if pending else "No delete is pending.", as_json)


@click.command()
@click.argument("flows", nargs=-1)
@CONFIG
@STATE
@JSON
@BY
@click.option("--reason", required=True, help="why; shown in the status until it is resumed")
def pause(flows: tuple[str, ...], config: Path | None, state: Path | None, as_json: bool, by: str, reason: str) -> None:
    """Write nothing for FLOWS, or for all of them, until `resume`. They are still read, and no edit is lost.

    \b
    Example:
      counterpart sync pause order-invoice --reason "month end" --by "Kari Nordmann"
    """
    settings = settings_of(config)
    with store_of(settings, state) as store:
        held = _named(flows, [each.id for each in flows_of(settings)])
        for flow in held:
            pausing.pause(store, flow, _decided(by, reason))
        _tell(store, len(held), "\n".join(f"{flow} is paused." for flow in held), as_json)


@click.command()
@click.argument("flows", nargs=-1)
@CONFIG
@STATE
@JSON
@BY
@REASON
def resume(
    flows: tuple[str, ...], config: Path | None, state: Path | None, as_json: bool, by: str, reason: str | None
) -> None:
    """Go on with FLOWS, or with all that are paused; what was edited meanwhile is carried over by the next run."""
    settings = settings_of(config)
    with store_of(settings, state) as store:
        known = [each.id for each in flows_of(settings)]
        held = [flow for flow in _named(flows, known) if pausing.paused(store, flow)]
        for flow in held:
            pausing.resume(store, flow, _decided(by, reason))
        told = "\n".join(f"{flow} goes on." for flow in held)
        _tell(store, len(held), told or "Nothing was paused.", as_json)


def _tell(store: Store, decisions_made: int, words: str, as_json: bool) -> None:
    """The decisions as the history now ends with them, or a sentence for people."""
    if as_json:
        print_json(store.history(latest=decisions_made) if decisions_made else [])
    else:
        click.echo(words)


def _decided(by: str, reason: str | None) -> Decided:
    return Decided(by, datetime.now(UTC), reason)


def _named(given: tuple[str, ...], known: list[str]) -> list[str]:
    for flow in given:
        if flow not in known:
            raise click.UsageError(f"No flow {flow!r}. Choose from {', '.join(known)}.")
    return list(given) or known
