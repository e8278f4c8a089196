"""`counterpart`: the one command and the exit codes that all its parts share."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module

import click

from counterpart.cli.trouble import explained

# Each command stands in a module that is loaded only when it is called: loading all of them takes half a second.
COMMANDS: Mapping[str, str] = {
    "cassettes": "cassettes",
    "checklist": "checklist",
    "doctor": "setup",
    "emulators": "emulators",
    "gate": "gate",
    "init": "setup",
    "item": "item",
    "new": "new",
    "results": "results",
    "signoff": "signoff",
    "supplement": "supplement",
    "sync": "sync",
}

EXIT_CODES = """\b
Exit codes
  0    done, or nothing to do
  1    done, but something needs a person: a difference, an undecided conflict, a refused record
  2    the command or the configuration is not usable as given
  3    a system could not be reached, refused the credentials, or answered something that is not its API
  4    a file is missing, broken or in use
  130  stopped by the user"""


class Commands(click.Group):
    """The commands by name, each loaded from its module when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found = getattr(import_module(f"counterpart.cli.{COMMANDS[cmd_name]}"), cmd_name)
        assert isinstance(found, click.Command)
        return found


@click.group(cls=Commands, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="counterpart")
def cli() -> None:
    """Keep Customerp and Invoiced in step, and prove it.

    The checklist itself is run with `make checklist`, or with `pytest features/` in an activated environment.
    """


def main() -> None:
    """Run the command line; the one place where an exception becomes a sentence and an exit code."""
    code, sentence = explained(cli)
    if sentence:
        click.echo(f"counterpart: {sentence}", err=True)
    sys.exit(code)
