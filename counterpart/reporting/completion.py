"""The test completion report: seven parts, as ISO/IEC/IEEE 29119-3 names them, in sentences and figures. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from counterpart.checklist import PROOF_LEVELS, Verdict
from counterpart.reporting.findings import Findings

_BAD = (Verdict.FAILED, Verdict.FLAKY, Verdict.STALE)


def completion(findings: Findings, made: Mapping[str, Any]) -> dict[str, Any]:
    """Summary, deviations, criteria, blocking factors, metrics, residual risks and reusable parts of a content."""
    return {
        "summary": _summary(findings),
        "deviations": _deviations(findings),
        "criteria": _criteria(findings),
        "blocking": _blocking(findings),
        "metrics": _metrics(findings, made),
        "risks": _risks(findings),
        "reusable": _reusable(findings),
    }


def _summary(findings: Findings) -> list[str]:
    facts, results = findings.facts, findings.results.values()
    ended = Counter(each.outcome for each in results)
    listed = ", ".join(f"{count} {outcome}" for outcome, count in sorted(ended.items())) or "none was run"
    return [
        findings.judgement.sentence,
        f"{facts.selected} of {_count(facts.total, 'scenario')} were run against {facts.against}: {listed}.",
    ]


def _deviations(findings: Findings) -> list[str]:
    """What was not done as planned, or cannot be done as the document says."""
    facts = findings.facts
    found = []
    if facts.partial:
        found.append(f"{facts.total - facts.selected} of {_count(facts.total, 'scenario')} had no part in this run.")
    skipped = [each.id for each in findings.results.values() if each.outcome == "skipped"]
    if skipped:
        found.append(f"{_count(len(skipped), 'scenario')} skipped: {', '.join(skipped[:5])}.")
    if facts.dirty:
        found.append("The working tree had changes that are not part of the revision.")
    for each in findings.judgement.rows:
        if each.row.deviation:
            found.append(f"{each.row.source} ↔ {each.row.target} ({each.row.flow}): {each.row.deviation}")
    found += [f"{each.item.short} is waived." for each in findings.items if each.verdict is Verdict.WAIVED]
    unscripted = findings.additional.unscripted.values()
    return found + [f"No scenario shows this: {each.wording} {each.reason}" for each in unscripted]


def _criteria(findings: Findings) -> list[dict[str, Any]]:
    """What has to be so before a release is signed, and whether it is."""
    facts, items, rows = findings.facts, findings.judgement.items, findings.judgement.rows
    passed = sum(1 for each in items if each.verdict in (Verdict.PASSED, Verdict.WAIVED))
    bad = [each for each in findings.items if each.verdict in _BAD]
    agreed = sum(1 for each in rows if each.row.standing == "approved")
    points = findings.decisions.points if findings.decisions else ()
    approved = len(points) - len(findings.decisions.unapproved) if findings.decisions else 0
    named = _candidate(findings)
    unresolved = [each for each in findings.annex.attempts if not each.proven and not each.resolution]
    met = [
        ("Every item of the document is passed or waived", passed == len(items) > 0, f"{passed} of {len(items)}"),
        ("No item failed, is flaky or stale", not bad, _names(bad) or "none"),
        (
            "The whole checklist was run, to its end",
            not facts.partial and facts.exit_status in (0, 1) and facts.selected > 0,
            f"{facts.selected} of {_count(facts.total, 'scenario')}, exit status {facts.exit_status}",
        ),
        ("Every property pair is approved by a named person", agreed == len(rows), f"{agreed} of {len(rows)}"),
        (
            "Every open point is decided by a named person",
            approved == len(points),
            f"{approved} of {len(points)}" if points else "none is open",
        ),
        (
            "The revision is known and nothing was changed beside it",
            bool(facts.revision) and not facts.dirty,
            "unknown revision" if not facts.revision else "changes beside it" if facts.dirty else facts.revision[:12],
        ),
        ("The product under test is named", bool(named), named or "not named"),
        (
            "Nobody approved what they wrote",
            not findings.annex.same_hand,
            findings.annex.same_hand[0] if findings.annex.same_hand else "nothing found",
        ),
        (
            "Earlier attempts that did not pass are resolved",
            not unresolved,
            f"{len(unresolved)} of {len(findings.annex.attempts)} unresolved" if findings.annex.attempts else "none",
        ),
    ]
    if minimum := findings.annex.minimum_proof:
        enough = PROOF_LEVELS[PROOF_LEVELS.index(minimum) :]
        strong = sum(1 for each in items if each.proof in enough)
        told = f"{strong} of {len(items)}"
        met.append((f"Every item is proven by a {minimum} or better", strong == len(items), told))
    return [{"criterion": what, "met": bool(so), "found": found} for what, so, found in met]


def _blocking(findings: Findings) -> list[str]:
    """What stood in the way, and who can remove it."""
    blocked = [f"{each.item.short}: {each.reason}" for each in findings.items if each.verdict is Verdict.BLOCKED]
    undecided = findings.decisions.undecided if findings.decisions else ()
    return blocked + [f"Undecided: {point.question}" for point in undecided]


def _metrics(findings: Findings, made: Mapping[str, Any]) -> list[dict[str, str]]:
    results = list(findings.results.values())
    exchanges = [each for traffic in findings.annex.traffic.values() for each in traffic.exchanges]
    sent = sum(each.times for each in exchanges)
    written = sum(1 for each in exchanges if each.actor == "sync" and each.method not in ("GET", "HEAD"))
    ways = [way for each in findings.judgement.rows for way in (each.to_target, each.to_source)]
    arrived = sum(1 for way in ways if way.verdict in (Verdict.PASSED, Verdict.PASSED_ON_ASSUMPTION))
    operations = {part.rpartition(" ")[0] for traffic in findings.annex.traffic.values() for part in traffic.operations}
    noticed = {fault for faults in findings.annex.faults.values() for fault in faults}
    told = {
        "Items of the document": ", ".join(f"{count} {name}" for name, count in made["verdict"]["counts"].items()),
        "Additional items": f"{sum(1 for e in findings.beyond if e.verdict in _GOOD)} of {len(findings.beyond)} passed"
        if findings.beyond
        else "",
        "Scenarios": f"{sum(1 for each in results if each.outcome == 'passed')} of {len(results)} passed"
        if results
        else "none was run",
        "Steps": str(sum(len(each.steps) for each in results) or ""),
        "Requests answered": f"{sent}, of them {written} writes of the sync" if exchanges else "",
        "Property pairs": f"{arrived} of {len(ways)} directions seen to arrive" if results and ways else "",
        "Operations of the contracts used": str(len(operations)) if operations else "",
        "Seeded faults noticed": str(len(noticed)) if noticed else "",
        "Time the scenarios took": f"{sum(each.duration for each in results):.1f} s" if results else "",
    }
    return [{"metric": name, "value": value} for name, value in told.items() if value]


_GOOD = (Verdict.PASSED, Verdict.PASSED_ON_ASSUMPTION)


def _risks(findings: Findings) -> list[str]:
    """What may be wrong although everything above is true."""
    found = []
    emulated = [each for each in findings.items if each.proof and each.proof.startswith("emulator")]
    if emulated:
        found.append(
            f"{_count(len(emulated), 'item')} rest on emulators: where these differ from the real services, so may "
            "what happens there."
        )
    by_hand = [each.item.short for each in findings.items if each.proof == "by hand"]
    if by_hand:
        found.append(f"Proven by hand only, and not repeated by a machine: {', '.join(by_hand)}.")
    assumed = [each for each in findings.items if each.verdict is Verdict.PASSED_ON_ASSUMPTION]
    if assumed:
        found.append(f"{_count(len(assumed), 'item')} rest on assumptions that nobody has approved.")
    unseen = [
        f"{each.row.source} ↔ {each.row.target}"
        for each in findings.judgement.rows
        if Verdict.NOT_RUN in (each.to_target.verdict, each.to_source.verdict)
    ]
    if unseen:
        found.append(f"Not seen to arrive in every direction: {', '.join(unseen)}.")
    waived = findings.circumstances.waivers.waivers.values()
    found += [f"{each.item} (waived): {each.risk}" for each in waived]
    found += [f"{each.scenario} is in quarantine: {each.reason}" for each in _quarantined(findings)]
    return found + list(findings.annex.same_hand)


def _reusable(findings: Findings) -> list[str]:
    """What of this work serves the next release."""
    results = findings.results.values()
    features = {each.feature for each in results}
    cassettes = {each.evidence.cassette for each in results if each.evidence.cassette}
    found = [f"{_count(len(results), 'scenario')} in {_count(len(features), 'feature file')}."] if results else []
    if cassettes:
        found.append(f"{_count(len(cassettes), 'recording')}, replayed without a network.")
    if findings.judgement.rows:
        found.append(f"{_count(len(findings.judgement.rows), 'property pair')}, each with its reason.")
    if findings.facts.contracts:
        found.append(f"{_count(len(findings.facts.contracts), 'contract')}: {', '.join(findings.facts.contracts)}.")
    return found


def _quarantined(findings: Findings) -> list[Any]:
    return list(findings.circumstances.waivers.quarantined.values())


def _candidate(findings: Findings) -> str:
    facts = findings.facts
    return ", ".join(part for part in (facts.product, facts.artifact) if part)


def _names(items: list[Any]) -> str:
    return ", ".join(each.item.short for each in items[:5]) + (", …" if len(items) > 5 else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
