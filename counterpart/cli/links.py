"""`counterpart sync`: the commands that look at the state; they ask neither system and change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from counterpart.cli.opening import CONFIG, JSON, STATE, flows_of, settings_of, store_of
from counterpart.cli.tables import print_json, print_table, show_changes, show_conflicts, show_notices, shown
from sync.engine import standing
from sync.history import Entry
from sync.invariants import RULES, violations
from sync.links import TITLES, Agreed, Link, Observation, State, key_of
from sync.ports import Storage
from sync.resolving import LinkedRecords
from sync.schema import Flow

FLOW = click.option("--flow", help="only this flow, like customer-company")


@click.command()
@CONFIG
@STATE
@JSON
def status(config: Path | None, state: Path | None, as_json: bool) -> None:
    """Show how many links there are in which state, and what waits for a person."""
    settings = settings_of(config)
    with store_of(settings, state) as store:
        found = standing(store, flows_of(settings))
    if as_json:
        print_json(found)
        return
    rows = [(flow, name, count) for flow, states in found.links.items() for name, count in states.items()]
    alone = [(flow, "only in Invoiced, left alone", count) for flow, count in found.only_in_invoiced.items() if count]
    print_table("Links", ("flow", "state", "links"), sorted([*rows, *alone]))
    click.echo(f"Last run: {found.last_run or 'never'}. Writes begun and not finished: {found.open_intents}.")
    for flow, words in found.paused.items():
        click.echo(f"{flow} is paused {words}. `counterpart sync resume {flow}` goes on.")
    show_conflicts(found.conflicts)
    show_notices(found.notices)


@click.command()
@CONFIG
@STATE
@JSON
@FLOW
@click.option("--in", "wanted", type=click.Choice([str(each) for each in State]), help="only links in this state")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(min=1), help="so many at the most")
def links(
    config: Path | None, state: Path | None, as_json: bool, flow: str | None, wanted: str | None, limit: int
) -> None:
    """List links: which record is the counterpart of which, and in what state they are.

    \b
    Example:
      counterpart sync links --flow order-invoice --in conflicted
    """
    settings = settings_of(config)
    matches = {each.id: each.match.name for each in flows_of(settings)}
    with store_of(settings, state) as store:
        found = [
            {
                "flow": link.flow,
                "record": key_of(matches.get(link.flow, ""), link),
                "customerp": link.erp_id,
                "invoiced": link.inv_id,
                "state": str(link.state),
                "reason": link.reason,
            }
            for link in store.links()
            if flow in (None, link.flow) and wanted in (None, str(link.state))
        ]
    if as_json:
        print_json(found[:limit])
        return
    headings = ("flow", "record", "Customerp", "Invoiced", "state", "reason")
    print_table("Links", headings, [tuple(each.values()) for each in found[:limit]])
    click.echo(f"{min(len(found), limit)} of {len(found)} shown." if len(found) > limit else f"{len(found)} links.")


@click.command()
@click.argument("record")
@CONFIG
@STATE
@JSON
@FLOW
def show(record: str, config: Path | None, state: Path | None, as_json: bool, flow: str | None) -> None:
    """Show both sides of RECORD, what they last agreed on, its history, and why it is in its state.

    RECORD is its number or its id on either side.

    \b
    Example:
      counterpart sync show K-1 --flow customer-company
    """
    settings = settings_of(config)
    flows = {each.id: each for each in flows_of(settings)}
    with store_of(settings, state) as store:
        found = [(link, store.history(link.id)) for link in links_named(store, flows, record, flow)]
    if as_json:
        print_json([{"link": link, "history": entries} for link, entries in found])
        return
    for link, entries in found:
        _show_link(flows[link.flow], link, entries)


@click.command()
@CONFIG
@STATE
@JSON
def conflicts(config: Path | None, state: Path | None, as_json: bool) -> None:
    """List what both sides have edited and a person has to decide; exit code 1 when there is something.

    `counterpart sync resolve` decides.
    """
    settings = settings_of(config)
    with store_of(settings, state) as store:
        found = [conflict for link in store.standing() for conflict in link.conflicts]
    if as_json:
        print_json(found)
    elif not found:
        click.echo("Nothing to decide.")
    else:
        show_conflicts(found)
    raise SystemExit(bool(found))


@click.command()
@click.argument("record", required=False)
@CONFIG
@STATE
@JSON
@FLOW
@click.option("--latest", default=50, show_default=True, type=click.IntRange(min=1), help="so many of the latest")
def history(
    record: str | None, config: Path | None, state: Path | None, as_json: bool, flow: str | None, latest: int
) -> None:
    """Show what was written and decided: when, by whom, from which side, and what it replaced.

    RECORD is its number or its id on either side; without it, the history of all. It is only ever added to.

    \b
    Example:
      counterpart sync history K-1 --latest 5
    """
    settings = settings_of(config)
    flows = {each.id: each for each in flows_of(settings)}
    with store_of(settings, state) as store:
        if record is None:
            told = store.history(latest=latest if flow is None else None)
            entries = [entry for entry in told if flow in (None, entry.flow)][-latest:]
        else:
            chosen = links_named(store, flows, record, flow)
            entries = [entry for link in chosen for entry in store.history(link.id, latest)]
    print_json(entries) if as_json else _show_entries(entries)


@click.command()
@CONFIG
@STATE
@JSON
def check(config: Path | None, state: Path | None, as_json: bool) -> None:
    """Hold the state against what has to be true of it whatever happened; exit code 1 when something is not."""
    settings = settings_of(config)
    flows = {each.id: each for each in flows_of(settings)}
    with store_of(settings, state) as store:
        found = list(violations(store.links(), flows, LinkedRecords(store)))
    if as_json:
        print_json(found)
    else:
        for rule, words in RULES.items():
            broken = sum(each.rule == rule for each in found)
            click.echo(f"{rule}  {f'broken {broken} times' if broken else 'holds'}  {words}")
        headings = ("rule", "flow", "record", "property", "reason")
        if found:
            print_table("Broken", headings, [(v.rule, v.flow, v.key, v.field, v.reason) for v in found])
    raise SystemExit(bool(found))


def links_named(store: Storage, flows: dict[str, Flow], record: str, flow: str | None) -> list[Link]:
    """The links of a record that a person names; raises UsageError when there is none."""
    found = [
        link
        for link in store.links()
        if flow in (None, link.flow) and record in (key_of(flows[link.flow].match.name, link), link.erp_id, link.inv_id)
    ]
    if not found:
        raise click.UsageError(
            f"No record {record!r}{f' in {flow}' if flow else ''}. `counterpart sync links` lists them."
        )
    return found


def one_named(
    store: Storage, flows: dict[str, Flow], record: str, flow: str | None, *, among: Sequence[State] = tuple(State)
) -> Link:
    """The one link of a record that a person names; raises UsageError when there is none, or several."""
    found = [link for link in links_named(store, flows, record, flow) if link.state in among]
    if len(found) == 1:
        return found[0]
    if not found:
        raise click.UsageError(
            f"{record!r} is not {' or '.join(among)}. `counterpart sync show {record}` says what it is."
        )
    told = ", ".join(f"{link.flow} {link.erp_id or link.inv_id}" for link in found)
    raise click.UsageError(f"{record!r} means several: {told}. Name one by its id, or add --flow.")


def _show_link(flow: Flow, link: Link, entries: Sequence[Entry]) -> None:
    click.echo(f"{flow.id} {key_of(flow.match.name, link)}: {link.state}{f', {link.reason}' if link.reason else ''}")
    if link.waits_for:
        click.echo(f"waits for {link.waits_for}")
    rows: list[tuple[Any, ...]] = [("id", link.erp_id, link.inv_id, "")]
    for pair in flow.pairs:
        now = (_value(link.erp, pair.name), _value(link.inv, pair.name))
        rows.append((pair.name, *now, link.diverged.get(pair.name) or _unlike(link.shadow.get(pair.name), now)))
    for number, (erp_line, inv_line) in enumerate(_lines(link), start=1):
        rows.append((f"line {number}", erp_line, inv_line, ""))
    print_table("", ("property", "Customerp", "Invoiced", "note"), rows)
    show_conflicts(link.conflicts)
    show_notices(link.notices)
    _show_entries(entries)
    click.echo()


def _show_entries(entries: Sequence[Entry]) -> None:
    for entry in entries:
        system = f" in {TITLES[entry.system]}" if entry.system else ""
        heading = f"{entry.at[:19].replace('T', ' ')}  {entry.by}: {entry.operation} {entry.flow} {entry.key}{system}"
        click.echo(click.style(shown(heading), bold=True))
        if why := _why(entry):
            click.echo(f"    {shown(why)}")
        show_changes(entry.fields)
    if not entries:
        click.echo("No history yet.")


def _why(entry: Entry) -> str:
    source = f"edited in {TITLES[entry.source]}" if entry.source else ""
    when = f"at {entry.edited[:19].replace('T', ' ')}" if entry.edited else ""
    return "; ".join(filter(None, (f"{source} {when}".strip(), entry.note)))


def _unlike(agreed: Agreed | None, now: Agreed) -> str:
    if agreed is None:
        return "never agreed on" if now != (None, None) else ""
    return "" if agreed == now else f"last agreed on {shown(agreed[0])} | {shown(agreed[1])}"


def _value(seen: Observation | None, name: str) -> Any:
    return seen.values.get(name) if seen is not None else None


def _lines(link: Link) -> list[tuple[Any, Any]]:
    """Lines side by side: those that are counterparts on one row."""
    erp = {line.id: line.values for line in link.erp.lines} if link.erp else {}
    inv = {line.id: line.values for line in link.inv.lines} if link.inv else {}
    pairs = [(child.erp, child.inv) for child in link.children]
    known = {each for pair in pairs for each in pair}
    pairs += [(each, "") for each in erp if each not in known] + [("", each) for each in inv if each not in known]
    return [(erp.get(one), inv.get(other)) for one, other in pairs]
