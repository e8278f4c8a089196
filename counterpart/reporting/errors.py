"""What can go wrong while reporting: a tool's failure, never the subject's.

ReportingError
└── MalformedEvent   the sender and the reader are of different versions: run both from one installation
"""

from __future__ import annotations


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
