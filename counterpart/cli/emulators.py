"""`counterpart emulators`: both APIs on loopback, with believable data."""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime

import click

from counterpart.emulators import CUSTOMERP_TOKEN, INVOICED_KEY, Clock, Customerp, Invoiced, Server, seed_data


@click.command()
@click.option("--customers", default=25, show_default=True, type=click.IntRange(0, 100_000), help="how many to make up")
@click.option("--seed", default=0, show_default=True, help="the same seed makes the same data")
@click.option("--customerp-port", default=0, type=click.IntRange(0, 65535), help="0, the default, takes a free one")
@click.option("--invoiced-port", default=0, type=click.IntRange(0, 65535), help="0, the default, takes a free one")
def emulators(customers: int, seed: int, customerp_port: int, invoiced_port: int) -> None:
    """Serve stand-ins for Customerp and Invoiced on this machine until stopped.

    What they hold is kept in memory and gone when they stop. Paste the printed lines into another shell and
    `counterpart sync` works against them.
    """
    clock = Clock(datetime.now(UTC), running=True)
    customerp = Customerp(clock, seed=seed)
    invoiced = Invoiced(clock, seed=seed)
    seed_data(invoiced, customerp, seed=seed, customers=customers)
    ports = {"customerp": customerp_port, "invoiced": invoiced_port}
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Server({"customerp": customerp, "invoiced": invoiced}, ports=ports) as server:
        click.echo(f"export COUNTERPART_CUSTOMERP_URL={server.urls['customerp']}")
        click.echo(f"export COUNTERPART_CUSTOMERP_TOKEN={CUSTOMERP_TOKEN}")
        click.echo(f"export COUNTERPART_INVOICED_URL={server.urls['invoiced']}")
        click.echo(f"export COUNTERPART_INVOICED_KEY={INVOICED_KEY}")
        click.echo(f"# {customers} customers in Customerp, some of them known to Invoiced. Ctrl-C stops.", err=True)
        stop.wait()
