"""One stream of events -> Allure, the sign-off, and the closing table in the terminal."""

from counterpart.reporting.allure import AllureBridge, relative, transcript
from counterpart.reporting.errors import (
    MalformedEvent,
    NoResults,
    ReportingError,
    ResultsError,
    TornResults,
    UnlikeResults,
    VoidResults,
)
from counterpart.reporting.events import Evidence, RecordSeen, RunFacts, ScenarioResult, StepResult
from counterpart.reporting.places import Places
from counterpart.reporting.publish import publish, retract
from counterpart.reporting.results import Problem, Results
from counterpart.reporting.signoff import SignOff, build, invalidate
from counterpart.reporting.summary import brief, markdown
from counterpart.reporting.terminal import closing

__all__ = [
    "AllureBridge",
    "Evidence",
    "MalformedEvent",
    "NoResults",
    "Places",
    "Problem",
    "RecordSeen",
    "ReportingError",
    "Results",
    "ResultsError",
    "RunFacts",
    "ScenarioResult",
    "SignOff",
    "StepResult",
    "TornResults",
    "UnlikeResults",
    "VoidResults",
    "brief",
    "build",
    "closing",
    "invalidate",
    "markdown",
    "publish",
    "relative",
    "retract",
    "transcript",
]
