"""A run of the shipped checklist, made up scenario by scenario."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from counterpart.checklist import Checklist, Supplement
from counterpart.reporting import Evidence, RecordSeen, RunFacts, ScenarioResult, StepResult, build
from counterpart.reporting.annex import Annex, Attempt, Sending, Traffic

# chromium.py is a plain module beside the tests.
sys.path.insert(0, str(Path(__file__).parent))
HOSTILE = (
    "</pre></script><script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\">"
    " #panic() $x$ *y* _z_ @here <there> ] \\ | ``` \u202e\x00\x1b[2J שלום مرحبا 株式会社"
)
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


@pytest.fixture
def everything(
    tmp_path: Path,
    checklist: Checklist,
    supplement: Supplement,
    scenario: Callable[..., ScenarioResult],
    facts: Callable[..., RunFacts],
) -> Path:
    """The folder of a report with something of everything, some of it hostile."""
    records = tuple(
        RecordSeen(system, kind, "7", {"name": "Ring", path: "2.5"}, {"name": "Ring", path: "3"})
        for system, kind, path in (("Customerp", "products", "unitPrice"), ("Invoiced", "items", "unit_cost"))
    )
    edited = scenario("product-item/edit-source", "price", pairs=(("Invoiced", "unit_cost"),), records=records)
    hostile = scenario(
        "order-invoice/create",
        title=HOSTILE,
        outcome="failed",
        message=HOSTILE * 3,
        steps=(StepResult(1, "Given", HOSTILE, "failed", 0.1, ((HOSTILE, "x" * 500), (HOSTILE, HOSTILE))),),
        evidence=Evidence("cassettes/a.yaml", "a" * 64, 2, "emulator recording"),
    )
    exchanges = tuple(
        Sending(number, 1, "sync", "Invoiced", method, f"/items/{HOSTILE}", sent, 200, HOSTILE)
        for number, (method, sent) in enumerate([("GET", ""), ("PATCH", HOSTILE * 20)], 1)
    )
    traffic = Traffic(exchanges, {"recorded_against": "emulator 1", "recorded_on": "2026-03-02"}, ("invoiced.x 200",))
    annex = Annex(
        traffic={hostile.node_id: traffic, edited.node_id: traffic},
        faults={"order-invoice/create": ("A created invoice is not linked.",)},
        history={"order-invoice/create": (("4.1", "passed"),)},
        attempts=(Attempt(1, "2026-03-01T08:00:00+00:00", "b" * 64, "Failed.", False),),
        environment={"Dependencies": "requirements.lock"},
    )
    results = [edited, hostile, replace(scenario("order-invoice/elsewhere"), items=("x/y",))]
    build(tmp_path / "signoff", checklist, supplement, results, facts(product="Sync 4.2 " + "x" * 200), annex=annex)
    return tmp_path / "signoff"
