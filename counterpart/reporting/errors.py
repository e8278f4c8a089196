"""What can go wrong while reporting: a tool's failure, never the subject's.

ReportingError
├── MalformedEvent    the sender and the reader are of different versions: run both from one installation
├── SignOffBroken     a file of a sign-off or of its log is missing or no longer says what it said: get it back
├── SigningRefused    the signature would be worth nothing: sign with another key, name or report
├── ToolMissing       a program that signing needs is not there: install it
└── ResultsError       a run's results cannot be used: `path` says which, `cause` why
    ├── NoResults      nothing was run here, or not with Counterpart: run it
    ├── VoidResults    a run is under way or was cut short: run it to its end
    ├── TornResults    the file is no results of this version: run it again
    └── UnlikeResults  runs that cannot be one: run all parts from the same state of the project
"""

from __future__ import annotations

from pathlib import Path


class ReportingError(Exception):
    """Base of every exception raised by this package."""


class MalformedEvent(ReportingError, ValueError):
    """A text does not hold the event that it should; `event` names which, `cause` why."""

    def __init__(self, event: str, cause: str) -> None:
        self.event, self.cause = event, cause
        super().__init__(
            f"No {event} can be read from this text: {cause}. "
            "See that all processes of the run use the same installation of counterpart."
        )


class SignOffBroken(ReportingError, ValueError):
    """A file of a sign-off cannot be used; `path` names it, `cause` says why, `cure` what to do."""

    def __init__(self, path: Path, cause: str, cure: str) -> None:
        self.path, self.cause, self.cure = path, cause, cure
        super().__init__(f"{path}: {cause}; {cure}")


class SigningRefused(ReportingError):
    """Nothing was signed; `cause` says why, `cure` what to do."""

    def __init__(self, cause: str, cure: str) -> None:
        self.cause, self.cure = cause, cure
        super().__init__(f"nothing was signed: {cause}; {cure}")


class ToolMissing(ReportingError):
    """A program of the system is not installed; `tool` names it."""

    def __init__(self, tool: str, package: str) -> None:
        self.tool = tool
        super().__init__(f"{tool} is not installed; install {package} and try again")


class ResultsError(ReportingError):
    """A run's results cannot be used; `path` says which, `cause` why, `cure` what helps."""

    cure = "Run the checklist again."

    def __init__(self, path: Path, cause: str) -> None:
        self.path, self.cause = path, cause
        super().__init__(f"{path}: {cause}. {self.cure}")


class NoResults(ResultsError):
    """There is no file."""

    cure = "Run the checklist, with the plugin counterpart.plugin loaded."


class VoidResults(ResultsError):
    """The file says that a run was begun and not finished."""

    cure = "Let the run come to its end, or mend what stopped it and run it again."


class TornResults(ResultsError):
    """The file is cut, was changed, or is of another version."""


class UnlikeResults(ResultsError):
    """The results are of runs that differ in more than in what they have run."""

    cure = "Run all parts from the same state of the project, in the same way."
