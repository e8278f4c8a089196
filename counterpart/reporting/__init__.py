"""One stream of events -> Allure, the sign-off, and the closing table in the terminal."""

from counterpart.reporting.errors import MalformedEvent, ReportingError
from counterpart.reporting.events import Evidence, RunFacts, ScenarioResult, StepResult

__all__ = ["Evidence", "MalformedEvent", "ReportingError", "RunFacts", "ScenarioResult", "StepResult"]
