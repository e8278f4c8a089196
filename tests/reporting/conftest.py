"""A run of the shipped checklist, made up scenario by scenario."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from counterpart.checklist import Checklist, Supplement
from counterpart.reporting import Evidence, RunFacts, ScenarioResult, StepResult

FEATURES = Path(__file__).parents[2] / "features"


@pytest.fixture
def checklist() -> Checklist:
    return Checklist.load(FEATURES / "checklist.toml")


@pytest.fixture
def supplement(checklist: Checklist) -> Supplement:
    return Supplement.load(FEATURES / "supplement.toml", checklist)


@pytest.fixture
def scenario() -> Callable[..., ScenarioResult]:
    """Make a scenario's result; a passed one with three steps and a recording unless told otherwise."""

    def make(item: str, name: str = "alone", row: str | None = None, **changed: Any) -> ScenarioResult:
        flow, kind = item.split("/")
        feature = f"features/{flow}/{kind}.feature"
        cassette = f"cassettes/{item}/{name}{'--' + row if row else ''}.yaml"
        outcome = changed.get("outcome", "passed")
        return ScenarioResult(
            **{
                "node_id": f"{feature}::{name}{f'[{row}]' if row else ''}",
                "feature": feature,
                "scenario_id": name,
                "title": row.replace("-", " ") if row else f"A scenario called {name}",
                "row_key": row,
                "tags": (item, f"id:{name}"),
                "items": (item,),
                "pairs": (),
                "outcome": outcome,
                "message": "",
                "steps": (
                    StepResult(1, "Given", "a Customerp Customer linked with its Invoiced Customer", "passed", 0.01),
                    StepResult(2, "When", "the sync comes to rest", outcome, 0.02),
                    StepResult(3, "Then", "one more round writes nothing", outcome, 0.01),
                ),
                "evidence": Evidence(cassette, sha256(cassette.encode()).hexdigest(), 9, "emulator recording"),
                "proof": "emulator recording",
                "duration": 0.04,
                **changed,
            }
        )

    return make


@pytest.fixture
def facts() -> Callable[..., RunFacts]:
    """Make the facts of a complete, clean run unless told otherwise."""

    def make(**changed: Any) -> RunFacts:
        return RunFacts(
            **{
                "started": "2026-03-02T08:00:00+00:00",
                "finished": "2026-03-02T08:00:07+00:00",
                "against": "replay",
                "partial": False,
                "selected": 3,
                "total": 3,
                "revision": "63aa3b4f00d1c0ffee63aa3b4f00d1c0ffee63aa",
                "dirty": False,
                "versions": {"counterpart": "0.1.0", "pytest": "9.2.0", "python": "3.11.2"},
                "contracts": {"customerp.openapi.yaml": "a" * 64, "invoiced.openapi.yaml": "b" * 64},
                "exit_status": 0,
                **changed,
            }
        )

    return make
