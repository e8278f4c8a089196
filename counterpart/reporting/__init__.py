"""One stream of events -> Allure, the sign-off, and the closing table in the terminal."""

from counterpart.reporting.allure import AllureBridge, relative, transcript
from counterpart.reporting.errors import MalformedEvent, ReportingError
from counterpart.reporting.events import Evidence, RecordSeen, RunFacts, ScenarioResult, StepResult
from counterpart.reporting.signoff import SignOff, build, invalidate
from counterpart.reporting.terminal import closing_table

__all__ = [
    "AllureBridge",
    "Evidence",
    "MalformedEvent",
    "RecordSeen",
    "ReportingError",
    "RunFacts",
    "ScenarioResult",
    "SignOff",
    "StepResult",
    "build",
    "closing_table",
    "invalidate",
    "relative",
    "transcript",
]
