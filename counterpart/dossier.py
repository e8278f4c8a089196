"""From a project and the results of its last run to a sign-off that can be signed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from counterpart import project
from counterpart.authorship import same_hand
from counterpart.checklist import Circumstances
from counterpart.checklist.errors import PolicyError
from counterpart.checklist.policy import Policy
from counterpart.replay.contracts import Contract
from counterpart.replay.reviews import FILE, Reviews
from counterpart.replay.staleness import Standing, Status, statuses
from counterpart.reporting import Results, SignOff, SignOffBroken, archive, build, logbook
from counterpart.reporting.annex import Annex, Traffic
from counterpart.reporting.content import candidate
from counterpart.reporting.signing import DATA
from counterpart.stage import CONTRACTS
from counterpart.traffic import gathered

FAULTS = "faults.json"
# What says that a recording no longer shows how things are; that nobody has read it is a risk, and told as one.
_STALE = (Standing.TOO_OLD, Standing.DRIFTED, Standing.NOT_BELIEVED)
_BOUND = ("features", "contracts")


def make(root: Path, results: Results, out: Path, kept: Path, at: datetime | None = None) -> SignOff:
    """Build the sign-off of a run into `out`, whole, and write into the log of `kept` that it was built."""
    at = at or datetime.now(UTC)
    _unchanged(root, results)
    facts = results.facts
    checklist, supplement, decisions, additional, circumstances = project.standards(root, candidate(facts))
    stale, unread = _stale(root, results)
    circumstances = replace(circumstances, stale=stale, today=at.date())
    traffic = gathered(root, results.ran)
    log = kept / logbook.LOG
    annex = Annex(
        traffic=traffic,
        faults=_faults(out.parent / FAULTS),
        history=archive.history(kept),
        attempts=archive.attempts(log, candidate(facts), facts.started),
        same_hand=same_hand(root, supplement, decisions, circumstances.waivers),
        environment=_environment(root, traffic.values(), unread),
        minimum_proof=_minimum(root),
    )
    made = build(
        out,
        checklist,
        supplement,
        results.ran,
        facts,
        decisions,
        additional,
        circumstances=circumstances,
        annex=annex,
        evidence=_evidence(root, results, circumstances),
    )
    report = sha256((out / DATA).read_bytes()).hexdigest()
    verdict = made.content["verdict"]
    told = {"candidate": candidate(facts), "verdict": verdict["sentence"], "proven": verdict["proven"]}
    logbook.append(log, "built", report, {**told, "revision": facts.revision, "run": facts.started}, at)
    return made


def _unchanged(root: Path, results: Results) -> None:
    """Raise SignOffBroken when a recording is not the one that was played: the report would show other evidence."""
    for each in results.ran:
        path = root / (each.evidence.cassette or "")
        if each.evidence.sha256 and path.is_file():
            found = sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
            if found != each.evidence.sha256:
                raise SignOffBroken(path, "it has changed since the run", "run the checklist again, then build")


def _minimum(root: Path) -> str:
    """The proof level that the policy of the gate asks for a release, where there is one."""
    try:
        return Policy.load(root / "gate.toml", "release").proof
    except PolicyError:
        # A policy that cannot be used is the gate's to complain of.
        return ""


def _stale(root: Path, results: Results) -> tuple[dict[str, str], int]:
    """By node id what is wrong with a recording, and how many recordings nobody has read."""
    wanted = {root / each.evidence.cassette: each.node_id for each in results.ran if each.evidence.cassette}
    contracts = [Contract.load(root / "contracts" / name) for name in CONTRACTS.values()]
    today = datetime.now(UTC).date()
    reviews = Reviews.load(root / "cassettes" / FILE)
    found = statuses(root / "cassettes", wanted, contracts, today, reviews=reviews, unused=False)
    by_path = {(root / "cassettes" / each.cassette): each for each in found}
    played = [(by_path[path], node_id) for path, node_id in wanted.items() if path in by_path]
    stale = {node_id: _why(each) for each, node_id in played if set(each.standings) & set(_STALE)}
    return stale, sum(1 for each, _ in played if Standing.NOT_REVIEWED in each.standings)


def _why(status: Status) -> str:
    """Why a recording is stale, in few words."""
    standings = ", ".join(each for each in status.standings if each in _STALE)
    parts = status.drift
    more = f" and {len(parts) - 1} more" if len(parts) > 1 else ""
    return standings + (f" ({parts[0]}{more})" if parts else "") + (f": {status.cause}" if status.cause else "")


def _evidence(root: Path, results: Results, circumstances: Circumstances) -> dict[str, Path]:
    """Every file that the report rests on, by its path in the project."""
    names = {each.evidence.cassette for each in results.ran if each.evidence.cassette}
    for folder in _BOUND:
        names |= {path.relative_to(root).as_posix() for path in (root / folder).rglob("*") if path.is_file()}
    names |= {each.evidence for records in circumstances.manual.values() for each in records}
    return {name: root / name for name in names if (root / name).is_file()}


def _environment(root: Path, traffic: Iterable[Traffic], unread: int) -> dict[str, str]:
    told = {}
    lock = root / "requirements.lock"
    if lock.is_file():
        told["Dependencies"] = f"requirements.lock sha256 {sha256(lock.read_bytes()).hexdigest()}"
    provenance = [each.provenance for each in traffic if each.provenance]
    if provenance:
        against = Counter(each.get("recorded_against", "nobody knows what") for each in provenance)
        days = sorted(each["recorded_on"] for each in provenance if each.get("recorded_on"))
        listed = ", ".join(f"{count} against {name}" for name, count in sorted(against.items()))
        told["Recordings"] = f"{listed}{f'; made {days[0]} to {days[-1]}' if days else ''}; {unread} read by nobody"
    return told


def _faults(path: Path) -> Mapping[str, tuple[str, ...]]:
    """Seeded faults by the item that noticed them, where `make faults` has written them down."""
    try:
        found: Any = json.loads(path.read_bytes())
        return {str(item): tuple(map(str, faults)) for item, faults in found.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
