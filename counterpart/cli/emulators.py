"""`counterpart emulators`: both APIs on loopback, with believable data."""

from __future__ import annotations

import secrets
import signal
import threading
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args, get_type_hints

import click

from counterpart.emulators import (
    CUSTOMERP_TOKEN,
    INVOICED_KEY,
    Clock,
    Control,
    Courier,
    Customerp,
    Emulator,
    Invoiced,
    Outcome,
    Request,
    Server,
    Switches,
    seed_data,
)
from counterpart.emulators.asgi import Log
from counterpart.emulators.customerp import Profile
from counterpart.emulators.statefile import read, save

_SAVE_SECONDS = 5.0
_SWITCHES = {name: get_args(positions) for name, positions in get_type_hints(Switches).items()}
_PORT = click.IntRange(0, 65535)


@click.command()
@click.option("--customers", default=25, show_default=True, type=click.IntRange(0, 100_000), help="how many to make up")
@click.option("--seed", default=0, show_default=True, help="the same seed makes the same data")
@click.option("--customerp-port", default=0, type=_PORT, help="0, the default, takes a free one")
@click.option("--invoiced-port", default=0, type=_PORT, help="0, the default, takes a free one")
@click.option(
    "--profile",
    default="full",
    show_default=True,
    type=click.Choice(["full", "minimal"]),
    help="how much Customerp offers",
)
@click.option(
    "--switch",
    "switches",
    multiple=True,
    type=click.Choice([f"{name}={position}" for name, of in _SWITCHES.items() for position in of]),
    metavar="FACT=POSITION",
    help="how Invoiced stands to a fact that nobody is sure of, such as "
    "items_updated_after=honoured; docs/fidelity.md lists them; may be repeated",
)
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="keep what they hold in this file, and go on from it when it is there",
)
@click.option("--control", is_flag=True, help="also serve the endpoint that sets clock, faults and snapshots")
@click.option("--quiet", is_flag=True, help="do not show the calls as they come")
def emulators(
    customers: int,
    seed: int,
    customerp_port: int,
    invoiced_port: int,
    profile: Profile,
    switches: tuple[str, ...],
    state: Path | None,
    control: bool,
    quiet: bool,
) -> None:
    """Serve stand-ins for Customerp and Invoiced on this machine until stopped.

    What they hold is gone when they stop, unless --state names a file. Paste the printed lines into another shell and
    `counterpart sync` works against them. Each call is shown on standard error as it comes.

    \b
    Example:
        counterpart emulators --customers 500 --seed 1 --state play.json
    """
    kept = None if state is None else read(state)
    now = datetime.now(UTC)
    clock = Clock(now if kept is None else max(now, kept.now), running=True)
    customerp = Customerp(clock, seed=seed, profile=profile)
    # Only what stands in _SWITCHES gets here.
    chosen: dict[str, Any] = dict(switch.split("=") for switch in switches)
    invoiced = Invoiced(clock, seed=seed, switches=replace(Switches(), **chosen))
    if kept is None:
        seed_data(invoiced, customerp, seed=seed, customers=customers)
    else:
        customerp.restore(kept.customerp)
        invoiced.restore(kept.invoiced)
    served: dict[str, Emulator] = {"customerp": customerp, "invoiced": invoiced}
    token = secrets.token_urlsafe(24)
    if control:
        served["control"] = Control(invoiced, customerp, token)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    ports = {"customerp": customerp_port, "invoiced": invoiced_port}
    log = CallLog(silent=quiet)
    with ExitStack() as stack:
        if state is not None:
            stack.callback(save, state, invoiced, customerp)
        server = stack.enter_context(Server(served, ports=ports, log=log.of))
        stack.enter_context(Courier([customerp, invoiced]))
        # Links in answers lead to where they are reached.
        customerp.base_url, invoiced.base_url = server.urls["customerp"], server.urls["invoiced"]
        click.echo(f"export COUNTERPART_CUSTOMERP_URL={server.urls['customerp']}")
        click.echo(f"export COUNTERPART_CUSTOMERP_TOKEN={CUSTOMERP_TOKEN}")
        click.echo(f"export COUNTERPART_INVOICED_URL={server.urls['invoiced']}")
        click.echo(f"export COUNTERPART_INVOICED_KEY={INVOICED_KEY}")
        if control:
            click.echo(f"export COUNTERPART_CONTROL_URL={server.urls['control']}")
            click.echo(f"export COUNTERPART_CONTROL_TOKEN={token}")
        held = {f"Customerp ({profile} profile)": customerp.held, "Invoiced": invoiced.held}
        for name, counts in held.items():
            click.echo(f"# {name}: " + ", ".join(f"{count} {kind}" for kind, count in counts.items()), err=True)
        begun = f"Going on from {state}; kept there. " if kept else f"Kept in {state}. " if state else ""
        click.echo(f"# {begun}Ctrl-C stops.", err=True)
        while not stop.wait(_SAVE_SECONDS):
            if state is not None:
                save(state, invoiced, customerp)
    click.echo(f"# {log.summary}", err=True)


class CallLog:
    """Shows each call as it comes, unless silent, and counts them."""

    def __init__(self, *, silent: bool) -> None:
        self._silent = silent
        self._calls: Counter[str] = Counter()

    @property
    def summary(self) -> str:
        """How many calls came, and how many of them were refused or got no answer."""
        calls, failed = self._calls.total(), self._calls["failed"]
        told = "1 call" if calls == 1 else f"{calls} calls"
        return f"{told}, {failed} of them refused or broken off" if failed else told

    def of(self, name: str) -> Log:
        """The log of one emulator: when, whom, what came of it, what was asked."""

        def log(request: Request, outcome: Outcome) -> None:
            status = 0 if outcome.response is None else outcome.response.status
            good = 0 < status < 400
            self._calls["answered" if good else "failed"] += 1
            if self._silent:
                return
            ending = "" if outcome.ending == "whole" else f" ({outcome.ending})"
            target = request.path + (f"?{request.query}" if request.query else "")
            # Whatever a caller puts into a path, it cannot steer the terminal.
            asked = "".join(char if char.isprintable() else "?" for char in f"{request.method} {target[:200]}")
            told = click.style(str(status or "---"), fg="green" if good else "yellow" if 0 < status < 500 else "red")
            click.echo(f"{datetime.now(UTC):%H:%M:%S} {name:<9} {told} {asked}{ending}", err=True)

        return log
