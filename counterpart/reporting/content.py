"""What a sign-off says, once, for the page, the PDF and the JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from counterpart.checklist import (
    TELLING_ORDER,
    Checklist,
    Decisions,
    Flow,
    ItemVerdict,
    Point,
    Verdict,
)
from counterpart.reporting import parts
from counterpart.reporting.completion import completion
from counterpart.reporting.events import RunFacts
from counterpart.reporting.findings import Findings

SCHEMA = "counterpart-signoff/2"
# What nobody has to look at again.
_DONE = (Verdict.PASSED, Verdict.PASSED_ON_ASSUMPTION, Verdict.WAIVED)


def content(findings: Findings) -> dict[str, Any]:
    """The whole content of a sign-off; keys are the JSON's."""
    checklist, judgement, facts = findings.checklist, findings.judgement, findings.facts
    document = checklist.document
    made: dict[str, Any] = {
        "schema": SCHEMA,
        "state": "complete",
        "product": {"name": f"{document.source} to {document.target}", "pair": document.pair},
        "candidate": candidate(facts),
        "verdict": {
            "sentence": judgement.sentence,
            "proven": judgement.proven,
            "counts": {str(verdict): judgement.count(verdict) for verdict in Verdict if judgement.count(verdict)},
        },
        "rests_on": _rests_on(findings),
        "document": {
            "title": f"{document.source} to {document.target} Dataflow",
            "generated": document.generated.isoformat(),
            "content_key": document.content_key,
        },
        "kinds": _kinds(judgement.items, checklist),
        "additional_kinds": _kinds(findings.beyond, checklist),
        "flows": [_flow(flow, findings) for flow in checklist.flows],
        "additional_items": [parts.item(each, findings) for each in findings.beyond],
        "left": [
            {"item": each.item.short, "verdict": str(each.verdict), "reason": each.reason}
            for each in sorted(findings.items, key=lambda each: TELLING_ORDER.index(each.verdict))
            if each.verdict not in _DONE
        ],
        "decisions": [_decision(point, findings.decisions) for point in findings.decisions.points]
        if findings.decisions
        else [],
        "quarantine": [
            {
                "scenario": each.scenario,
                "reason": each.reason,
                "owner": each.owner or None,
                "expires": each.expires.isoformat() if each.expires else None,
            }
            for each in findings.circumstances.waivers.quarantined.values()
        ],
        "additional": [parts.scenario(each, findings) for each in findings.elsewhere],
        "attempts": [asdict(each) for each in findings.annex.attempts],
        "environment": dict(findings.annex.environment),
        "run": asdict(facts),
    }
    return {**made, "completion": completion(findings, made)}


def candidate(facts: RunFacts) -> dict[str, str]:
    """What was under test: the product's version as it was told, and the digest of what was built."""
    return {"product": facts.product, "artifact": facts.artifact}


def _rests_on(findings: Findings) -> list[str]:
    """On what the verdicts rest, in plain sentences; nobody may take an emulator for the service."""
    judgement, facts, decisions = findings.judgement, findings.facts, findings.decisions
    outside = [each.proof for each in findings.elsewhere if each.outcome != "skipped"]
    proofs = [*(each.proof for each in findings.items if each.proof), *outside]
    if not proofs:
        why = "Every scenario was skipped" if findings.results else "Nothing was run"
        return [f"{why}, so nothing is shown."]
    sentences = []
    if any(proof.startswith("emulator") for proof in proofs):
        what = "replayed from recordings made against" if "emulator recording" in proofs else "run against"
        sentences.append(
            f"The scenarios were {what} our own emulators of both systems. "
            "No answer shown here came from the real service."
        )
    sentences += facts.caveats
    if "live recording" in proofs:
        sentences.append("Scenarios marked live recording were replayed from answers of the real service.")
    if "live run" in proofs:
        sentences.append("Scenarios marked live run met the real service during this run.")
    if "by hand" in proofs:
        sentences.append("Items marked by hand were tried by a person, whose file is the only evidence.")
    suggested = [each.row for each in judgement.rows if each.row.standing == "suggested"]
    if suggested:
        how_many = "All" if len(suggested) == len(judgement.rows) else f"{len(suggested)} of"
        sentences.append(
            f"{how_many} {len(judgement.rows)} property pairs are suggested and approved by nobody; "
            "what rests on them passes on assumption."
        )
    if decisions and (undecided := decisions.undecided):
        sentences.append(
            f"{len(undecided)} of {len(decisions.points)} points that the document leaves open are undecided; what "
            "depends on them stays open. `counterpart checklist points` lists them."
        )
    if facts.dirty:
        sentences.append("The working tree had changes that are not part of the revision named here.")
    return sentences


def _kinds(items: Iterable[ItemVerdict], checklist: Checklist) -> list[dict[str, str]]:
    """The columns of a matrix: every kind that an item has, in the order of the items."""
    document = checklist.document
    headings = {
        "create": "Create",
        "link-stable": "Link stays",
        "edit-source": f"Edit in {document.source}",
        "edit-target": f"Edit in {document.target}",
        "properties-unspecified": "Properties",
    }
    kinds = dict.fromkeys(each.item.kind for each in items)
    return [{"id": kind, "heading": headings.get(kind, kind.replace("-", " ").capitalize())} for kind in kinds]


def _flow(flow: Flow, findings: Findings) -> dict[str, Any]:
    return {
        "id": flow.id,
        "source": asdict(flow.source),
        "target": asdict(flow.target),
        "items": [parts.item(each, findings) for each in findings.judgement.items if each.item.flow == flow.id],
        "supplement_rows": [
            parts.row(each, flow, findings) for each in findings.judgement.rows if each.row.flow == flow.id
        ],
    }


def _decision(point: Point, decisions: Decisions) -> dict[str, Any]:
    """A point that the document leaves open: what is asked, what depends on it, what is done and who agreed."""
    made = decisions.made.get(point.id)
    return {
        "point": point.id,
        "question": point.question,
        "items": list(point.items),
        "blocking": point.blocking,
        "standing": made.standing if made else "undecided",
        "choice": made.choice if made else None,
        "shows": made.shows if made else None,
        "reason": made.reason if made else None,
        "approved": parts.approval(made.approved if made else None),
        "lapsed": parts.approval(made.lapsed if made else None),
    }
