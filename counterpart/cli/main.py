"""`counterpart`: the one command and the exit codes that all its parts share."""

from __future__ import annotations

import sys

import click

from counterpart.cli.cassettes import cassettes
from counterpart.cli.checklist import checklist
from counterpart.cli.emulators import emulators
from counterpart.cli.setup import doctor, init
from counterpart.cli.supplement import supplement
from counterpart.cli.sync import sync
from counterpart.cli.trouble import explained

EXIT_CODES = """\b
Exit codes
  0    done, or nothing to do
  1    done, but something needs a person: a difference, an undecided conflict, a refused record
  2    the command or the configuration is not usable as given
  3    a system could not be reached, refused the credentials, or answered something that is not its API
  4    a file is missing, broken or in use
  130  stopped by the user"""


@click.group(epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="counterpart")
def cli() -> None:
    """Keep Customerp and Invoiced in step, and prove it.

    The checklist itself is run with `make checklist`, or with `pytest features/` in an activated environment.
    """


cli.add_command(cassettes)
cli.add_command(checklist)
cli.add_command(doctor)
cli.add_command(emulators)
cli.add_command(init)
cli.add_command(supplement)
cli.add_command(sync)


def main() -> None:
    """Run the command line; the one place where an exception becomes a sentence and an exit code."""
    code, sentence = explained(cli)
    if sentence:
        click.echo(f"counterpart: {sentence}", err=True)
    sys.exit(code)
