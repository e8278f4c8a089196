"""One stream of events -> Allure, the sign-off, and the closing table in the terminal."""

from counterpart.reporting import archive, logbook
from counterpart.reporting.allure import AllureBridge, relative, transcript
from counterpart.reporting.errors import (
    MalformedEvent,
    NoResults,
    ReportingError,
    ResultsError,
    SigningRefused,
    SignOffBroken,
    ToolMissing,
    TornResults,
    UnlikeResults,
    VoidResults,
)
from counterpart.reporting.events import Evidence, RecordSeen, RunFacts, ScenarioResult, StepResult
from counterpart.reporting.places import Places
from counterpart.reporting.publish import publish, retract
from counterpart.reporting.results import Problem, Results
from counterpart.reporting.signing import Signature, Verification, sign, verify
from counterpart.reporting.signoff import SignOff, build, finish, invalidate
from counterpart.reporting.statement import Signer
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
    "SignOffBroken",
    "Signature",
    "Signer",
    "SigningRefused",
    "StepResult",
    "ToolMissing",
    "TornResults",
    "UnlikeResults",
    "Verification",
    "VoidResults",
    "archive",
    "brief",
    "build",
    "closing",
    "finish",
    "invalidate",
    "logbook",
    "markdown",
    "publish",
    "relative",
    "retract",
    "sign",
    "transcript",
    "verify",
]
