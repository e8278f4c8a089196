"""What may go wrong, by the exit code that a caller acts on."""

from __future__ import annotations

import sqlite3

import click

from counterpart.checklist import ChecklistError
from counterpart.emulators import EmulatorError
from counterpart.gherkin import FeatureDefect
from counterpart.replay import ReplayError
from sync.errors import ConfigError, NothingToDecide, SideStopped, SyncError


def explained(command: click.Command) -> tuple[int, str]:
    """Run a command and return its exit code and, where it failed, the sentence for the user."""
    try:
        return int(command.main(standalone_mode=False) or 0), ""
    except click.exceptions.Exit as end:
        return end.exit_code, ""
    except click.Abort:
        return 130, "stopped"
    except (click.ClickException, ConfigError, NothingToDecide) as error:
        return 2, error.format_message() if isinstance(error, click.ClickException) else str(error)
    except SideStopped as error:
        return 3, str(error)
    except (SyncError, ChecklistError, EmulatorError, ReplayError, FeatureDefect, OSError, sqlite3.Error) as error:
        return 4, str(error)
