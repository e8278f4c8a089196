"""What can go wrong while reporting: a tool's failure, never the subject's.

ReportingError
├── MalformedEvent    the sender and the reader are of different versions: run both from one installation
├── SignOffBroken     a file of a sign-off or of its log is missing or no longer says what it said: get it back
├── SigningRefused    the signature would be worth nothing: sign with another key, name or report
└── ToolMissing       a program that signing needs is not there: install it
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
