"""`counterpart sync`: the commands that work on both systems."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from counterpart.cli import decide, links
from counterpart.cli.opening import CONFIG, JSON, STATE, engine_over, progress_bar, settings_of
from counterpart.cli.tables import print_json, show_report
from sync.clock import SystemClock
from sync.report import RunReport
from sync.watch import Watch
from sync.webhooks import PATHS, SECRETS, Doorbell

# What a person has to decide or repair; the other notices only explain.
NEEDS_A_PERSON = frozenset({"ambiguous", "needs_attention", "unwritable"})
# A call ends within half a minute, one way or the other.
_GRACE_SECONDS = 40.0


@click.group()
def sync() -> None:
    """Keep every Customerp customer, product and order in step with its counterpart in Invoiced.

    \b
    Where the systems are stands in counterpart.toml or in the environment; how to sign in, only there:
      COUNTERPART_CUSTOMERP_URL, COUNTERPART_CUSTOMERP_TOKEN
      COUNTERPART_INVOICED_URL,  COUNTERPART_INVOICED_KEY
    `counterpart doctor` says whether all that would work.
    """


@sync.command()
@CONFIG
@STATE
@JSON
def plan(config: Path | None, state: Path | None, as_json: bool) -> None:
    """Show what `run` would do, and write nothing anywhere."""
    with engine_over(settings_of(config), state) as (engine, runner):
        found = runner.run(engine.plan())
    print_json(found) if as_json else show_report(found, "to be written")


@sync.command()
@CONFIG
@STATE
@JSON
def run(config: Path | None, state: Path | None, as_json: bool) -> None:
    """Bring both sides in step, once, until there is nothing left to do.

    It may be stopped at any moment, even killed: the next run finishes what was begun, and nothing is done twice.
    Ends with exit code 1 when something needs a person.
    """
    _once(config, state, as_json, complete=False)


@sync.command()
@CONFIG
@STATE
@JSON
def scan(config: Path | None, state: Path | None, as_json: bool) -> None:
    """Like `run`, but read every record of both sides: finds what was deleted, or changed unseen.

    A run does so by itself once a week.
    """
    _once(config, state, as_json, complete=True)


@sync.command()
@CONFIG
@STATE
@click.option("--json", "as_json", is_flag=True, help="print what each round did as JSON, a line a round")
@click.option("--every", type=click.IntRange(1, 86_400), help="seconds between two rounds; goes before the settings")
@click.option("--listen", type=click.IntRange(0, 65_535), help="hear webhooks at this port of this machine; 0: any")
def watch(config: Path | None, state: Path | None, as_json: bool, every: int | None, listen: int | None) -> None:
    """Round after round until stopped by Ctrl-C or SIGTERM, and then with nothing half done.

    One line a round on standard error, and one for each trouble. A system that does not answer is asked again, less
    and less often; nothing is lost meanwhile.

    With --listen, a webhook with a valid signature starts the next round at once. Put a proxy with TLS before it, and
    set the secrets: COUNTERPART_CUSTOMERP_WEBHOOK_SECRET, COUNTERPART_INVOICED_WEBHOOK_SECRET. Polling goes on, as
    webhooks may be lost.
    """
    settings = settings_of(config)
    secrets = {system: os.environ[name] for system, name in SECRETS.items() if os.environ.get(name)}
    if listen is not None and not secrets:
        raise click.UsageError(f"--listen needs a secret: set {' or '.join(SECRETS.values())}.")

    def told(report: RunReport) -> None:
        if as_json:
            print_json(report, indent=None)
        _told(report)

    level = "info" if settings.log_level == "warning" else settings.log_level
    with engine_over(settings, state, level=level) as (engine, runner):
        watching = Watch(engine, every or settings.every, told, lambda trouble: click.echo(str(trouble), err=True))
        with _bell(listen, Doorbell(secrets, watching.wake, SystemClock())) as serving:
            runner.run(_until_stopped(watching, serving))
    click.echo("Stopped; nothing is half done.", err=True)


async def _until_stopped(watching: Watch, bell: Callable[[], Awaitable[None]]) -> None:
    loop = asyncio.get_running_loop()
    work = asyncio.ensure_future(watching.work())
    ringing = asyncio.ensure_future(bell())

    def stop() -> None:
        watching.stop()
        # A call that hangs is given up: the next start looks up what became of it.
        loop.call_later(_GRACE_SECONDS, work.cancel)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    with suppress(asyncio.CancelledError):
        await work
    ringing.cancel()
    with suppress(asyncio.CancelledError):
        await ringing


@contextmanager
def _bell(port: int | None, doorbell: Doorbell) -> Iterator[Callable[[], Awaitable[None]]]:
    """What hears webhooks while the watch works; on this machine only."""
    if port is None:
        yield _silence
        return
    import uvicorn

    class Bell(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            """The watch ends both."""
            yield

    with socket.create_server(("127.0.0.1", port)) as listener:
        settings = uvicorn.Config(doorbell, lifespan="off", ws="none", log_config=None, access_log=False)
        click.echo(f"Hearing webhooks at http://127.0.0.1:{listener.getsockname()[1]}{{{','.join(PATHS)}}}", err=True)
        server = Bell(settings)
        yield lambda: server.serve([listener])


async def _silence() -> None:
    """Hear nothing."""


def _told(report: RunReport) -> None:
    people = sum(each.kind in NEEDS_A_PERSON for each in report.notices) + sum(not c.winner for c in report.conflicts)
    if people:
        click.echo(f"{people} things need a person: `counterpart sync status` lists them.", err=True)


def _once(config: Path | None, state: Path | None, as_json: bool, *, complete: bool) -> None:
    with progress_bar() as progress, engine_over(settings_of(config), state, progress) as (engine, runner):
        report = runner.run(engine.run(complete=complete))
    print_json(report) if as_json else show_report(report, "written")
    undecided = any(each.winner is None for each in report.conflicts)
    if undecided or any(each.kind in NEEDS_A_PERSON for each in report.notices):
        raise SystemExit(1)


for _command in (links.status, links.links, links.show, links.conflicts, links.history, links.check):
    sync.add_command(_command)
for _command in (decide.resolve, decide.link, decide.retry, decide.allow_deletes, decide.pause, decide.resume):
    sync.add_command(_command)
