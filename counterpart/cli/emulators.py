"""`counterpart emulators`: both APIs on loopback, with believable data."""

from __future__ import annotations

import secrets
import signal
import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

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
    seed_data,
)
from counterpart.emulators.asgi import Log
from counterpart.emulators.customerp import Profile
from counterpart.emulators.statefile import read, save

_SAVE_SECONDS = 5.0
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
    state: Path | None,
    control: bool,
    quiet: bool,
) -> None:
    """Serve stand-ins for Customerp and Invoiced on this machine until stopped.

    What they hold is gone when they stop, unless --state names a file. Paste the printed lines into another shell and
    `counterpart sync` works against them. Each call is shown on standard error as it comes.
    """
    kept = None if state is None else read(state)
    now = datetime.now(UTC)
    clock = Clock(now if kept is None else max(now, kept.now), running=True)
    customerp = Customerp(clock, seed=seed, profile=profile)
    invoiced = Invoiced(clock, seed=seed)
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
    with ExitStack() as stack:
        if state is not None:
            stack.callback(save, state, invoiced, customerp)
        server = stack.enter_context(Server(served, ports=ports, log=None if quiet else _shown))
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
        origin = f"Going on from {state}." if kept else f"{customers} customers in Customerp, some known to Invoiced."
        click.echo(f"# {origin} Ctrl-C stops.", err=True)
        while not stop.wait(_SAVE_SECONDS):
            if state is not None:
                save(state, invoiced, customerp)


def _shown(name: str) -> Log:
    """A line for each call: when, whom, what, and what came of it."""

    def log(request: Request, outcome: Outcome) -> None:
        status = "no answer" if outcome.response is None else str(outcome.response.status)
        ending = "" if outcome.ending == "whole" else f" ({outcome.ending})"
        target = request.path + (f"?{request.query}" if request.query else "")
        # Whatever a caller puts into a path, it cannot steer the terminal.
        told = f"{datetime.now(UTC):%H:%M:%S} {name:<9} {request.method} {target[:200]} {status}{ending}"
        click.echo("".join(char if char.isprintable() else "?" for char in told), err=True)

    return log
