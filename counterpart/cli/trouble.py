"""What may go wrong, by the exit code that a caller acts on."""

from __future__ import annotations

import sqlite3

import click


def explained(command: click.Command) -> tuple[int, str]:
    """Run a command and return its exit code and, where it failed, the sentence for the user."""
    try:
        return int(command.main(standalone_mode=False) or 0), ""
    except click.exceptions.Exit as end:
        return end.exit_code, ""
    except click.Abort:
        return 130, "stopped"
    except click.ClickException as error:
        return 2, error.format_message()
    except Exception as error:
        code = _code(error)
        if code is None:
            raise
        return code, str(error)


def _code(error: Exception) -> int | None:
    """The exit code of an error that somebody raised on purpose; None for a fault of our own."""
    # Loaded only now: a command that works needs none of these rooms for its errors.
    from counterpart.checklist import ChecklistError
    from counterpart.emulators import EmulatorError
    from counterpart.gherkin import FeatureDefect
    from counterpart.replay import ReplayError
    from counterpart.reporting.errors import ReportingError, SigningRefused, ToolMissing
    from sync.errors import ConfigError, NothingToDecide, SideStopped, SyncError

    if isinstance(error, SigningRefused):
        return 1
    if isinstance(error, ConfigError | NothingToDecide | ToolMissing):
        return 2
    if isinstance(error, SideStopped):
        return 3
    ours = (SyncError, ChecklistError, EmulatorError, ReplayError, ReportingError, FeatureDefect)
    known = (*ours, OSError, sqlite3.Error)
    return 4 if isinstance(error, known) else None
