"""The parts of a sign-off that repeat: an item, a scenario with its exchanges, a property pair with its values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from counterpart.checklist import Approval, DirectionVerdict, Flow, ItemVerdict, ManualRecord, Row, RowVerdict, Waiver
from counterpart.reporting.annex import Traffic
from counterpart.reporting.events import RecordSeen, ScenarioResult
from counterpart.reporting.findings import Findings

NOTHING, NO_RECORD = "(nothing)", "(no record)"
_OF_SCENARIO = ("title", "feature", "node_id", "outcome", "message", "proof", "duration")
# Enough to see a pair travel; the scenarios themselves have the rest.
_EXAMPLES = 3
_TAG = "req:"
_PART = re.compile(r"(request|\d\d\d|default)$")


def item(each: ItemVerdict, findings: Findings) -> dict[str, Any]:
    """An item with everything that speaks for and against it."""
    of = each.item
    traffic = [findings.annex.traffic[node_id] for node_id in each.scenarios if node_id in findings.annex.traffic]
    waiver = findings.circumstances.waivers.waivers.get(of.short)
    return {
        "short": of.short,
        "id": of.id,
        "kind": of.kind,
        "wording": of.wording,
        "fingerprint": of.fingerprint,
        "verdict": str(each.verdict),
        "reason": each.reason,
        "passed": each.passed,
        "total": each.total,
        "proof": each.proof,
        "rests_on": [{"source": row.source, "target": row.target, "standing": row.standing} for row in each.rests_on],
        "requirements": _requirements(of.short, each.scenarios, findings),
        "coverage": covered(part for each_traffic in traffic for part in each_traffic.operations),
        "faults": list(findings.annex.faults.get(of.short, ())),
        "history": [{"release": release, "verdict": was} for release, was in findings.annex.history.get(of.short, ())],
        "waiver": _waiver(waiver) if waiver else None,
        "manual": [_manual(record) for record in findings.circumstances.manual.get(of.short, ())],
        "scenarios": [scenario(findings.results[node_id], findings) for node_id in each.scenarios],
    }


def _requirements(short: str, node_ids: Iterable[str], findings: Findings) -> list[dict[str, Any]]:
    """The requirements on a two-way sync behind an item, or shown by its scenarios."""
    tags = {tag for node_id in node_ids for tag in findings.results[node_id].tags}
    numbers = {int(tag.removeprefix(_TAG)) for tag in tags if tag.startswith(_TAG)}
    numbers.update(findings.additional.requirements.get(short, ()))
    return [{"number": number, "wording": findings.additional.wordings.get(number, "")} for number in sorted(numbers)]


def scenario(result: ScenarioResult, findings: Findings) -> dict[str, Any]:
    """A scenario: its steps, what was sent and received, and the records before and after."""
    shown = {name: getattr(result, name) for name in _OF_SCENARIO}
    traffic = findings.annex.traffic.get(result.node_id)
    return {
        "id": result.id,
        **shown,
        "steps": [{**asdict(step), "exchanges": _during(step.ordinal, traffic)} for step in result.steps],
        "evidence": asdict(result.evidence),
        "provenance": _provenance(traffic.provenance) if traffic else "",
        "records": [change for record in result.records for change in _changes(record, findings.agreed)],
        "exchanges": _during(0, traffic),
    }


def _provenance(told: Mapping[str, str]) -> str:
    """Where a recording comes from, in words."""
    words = {"recorded_against": "recorded against", "recorded_on": "on", "recorded_with": "with"}
    return " ".join(f"{word} {told[name]}" for name, word in words.items() if told.get(name))


def _during(step: int, traffic: Traffic | None) -> list[dict[str, Any]]:
    """The exchanges of a step; those of step 0 belong to none."""
    return [vars(each) for each in traffic.exchanges if each.step == step] if traffic else []


def row(each: RowVerdict, flow: Flow, findings: Findings) -> dict[str, Any]:
    """A property pair: what was agreed, what was found each way, and values seen on both sides."""
    of = each.row
    return {
        "source": of.source,
        "target": of.target,
        "type": of.type,
        "travels": of.travels,
        "match_key": of.match_key,
        "standing": of.standing,
        "approved": approval(of.approved),
        "lapsed": approval(of.lapsed),
        "reason": of.reason,
        "to_target": _direction(each.to_target),
        "to_source": _direction(each.to_source),
        "seen": [
            *_seen(of, flow, "to target", each.to_target, findings),
            *_seen(of, flow, "to source", each.to_source, findings),
        ],
    }


def approval(given: Approval | None) -> dict[str, str] | None:
    """Who agreed, when and why."""
    if given is None:
        return None
    return {"by": given.by, "role": given.role, "on": given.on.isoformat(), "reason": given.reason}


def covered(parts: Iterable[str]) -> list[dict[str, Any]]:
    """Operations of the contracts with the answers that were seen: `invoiced.createCustomer 201` gives one of both."""
    found: dict[str, set[str]] = {}
    for part in parts:
        operation, _, which = part.rpartition(" ")
        if operation and _PART.match(which):
            found.setdefault(operation, set()).update(() if which == "request" else {which})
    return [{"operation": name, "answers": sorted(answers)} for name, answers in sorted(found.items())]


def _direction(each: DirectionVerdict) -> dict[str, Any]:
    return {"verdict": str(each.verdict), "reason": each.reason, "scenarios": len(each.scenarios)}


def _seen(
    of: Row, flow: Flow, direction: str, verdict: DirectionVerdict, findings: Findings
) -> Iterable[dict[str, Any]]:
    """Values of a pair before and after on both sides, where a scenario has seen it change."""
    found = 0
    for node_id in verdict.scenarios:
        result = findings.results[node_id]
        here = _value(result.records, flow.source.system, of.source)
        there = _value(result.records, flow.target.system, of.target)
        if here and there and (here[0] != here[1] or there[0] != there[1]):
            yield {"scenario": result.id, "direction": direction, "source": list(here), "target": list(there)}
            found += 1
            if found == _EXAMPLES:
                return


def _value(records: Iterable[RecordSeen], system: str, path: str) -> tuple[str, str] | None:
    for record in records:
        if record.system == system:
            return _at(record.before, path), _at(record.after, path)
    return None


def _at(values: Mapping[str, str] | None, path: str) -> str:
    """The value at a path without positions; of several lines all, in their order."""
    if values is None:
        return NO_RECORD
    return "; ".join(value for key, value in values.items() if _bare(key) == path) or NOTHING


def _changes(record: RecordSeen, agreed: frozenset[tuple[str, str]]) -> Iterable[dict[str, Any]]:
    """The properties of a record that changed, with before and after; of a new one those that are agreed upon."""
    before, after = record.before or {}, record.after or {}
    for path in [*before, *(path for path in after if path not in before)]:
        was, now = before.get(path, NOTHING), after.get(path, NOTHING)
        if was != now and path not in _CLOCKS and (record.before or (record.system, _bare(path)) in agreed):
            yield {
                "record": f"{record.system} {record.kind} {record.id}",
                "path": path,
                "before": was if record.before is not None else NO_RECORD,
                "after": now if record.after is not None else NO_RECORD,
            }


# What systems count up by themselves with every change says nothing about the change.
_CLOCKS = {"updatedAt", "updated_at", "createdAt", "created_at", "version"}


def _bare(path: str) -> str:
    return re.sub(r"\.\d+", "", path)


def _waiver(waiver: Waiver) -> dict[str, Any]:
    return {
        "reason": waiver.reason,
        "risk": waiver.risk,
        "owner": waiver.owner,
        "expires": waiver.expires.isoformat() if waiver.expires else None,
        "approved": approval(waiver.approved),
    }


def _manual(record: ManualRecord) -> dict[str, str]:
    names = ("outcome", "by", "note", "evidence", "sha256", "candidate")
    return {**{name: getattr(record, name) for name in names}, "on": record.on.isoformat()}
