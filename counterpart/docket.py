"""What lies before the gate: everything that is known of a project and its last run, gathered and never judged here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from counterpart import project, surroundings
from counterpart.authorship import same_hand
from counterpart.checklist import (
    Checklist,
    ChecklistError,
    Decisions,
    Supplement,
    compare,
    judge,
    read_file,
)
from counterpart.checklist.attestation import FILE_NAME, Attestation
from counterpart.checklist.decisions import is_open
from counterpart.checklist.gate import Ended, Facts, Tree, Trouble
from counterpart.checklist.policy import Policy
from counterpart.gherkin import FeatureDefect
from counterpart.replay import ReplayError, path_for
from counterpart.replay.contracts import Contract
from counterpart.replay.reviews import FILE as REVIEWS
from counterpart.replay.reviews import Reviews
from counterpart.replay.staleness import Standing, Status, statuses
from counterpart.reporting import Places, ReportingError, Results
from counterpart.reporting.agreement import disagreements
from counterpart.reporting.archive import attempts
from counterpart.reporting.content import candidate
from counterpart.reporting.errors import NoResults, VoidResults
from counterpart.reporting.logbook import LOG
from counterpart.reporting.signing import DATA, SUMS, verify
from counterpart.stage import CONTRACTS
from counterpart.trace import Trace

# What a file that is missing, torn or of another version may raise in the rooms that read it.
UNREADABLE = (ChecklistError, ReplayError, ReportingError, FeatureDefect, OSError, ValueError)
# Of what may be wrong with a recording: the reason, and what is to be done.
RECORDINGS = {
    Standing.NEVER_RECORDED: ("evidence-missing", "Record them."),
    Standing.UNUSABLE: ("unusable-recording", "Put the right files back, or record again."),
    Standing.UNUSED: ("unused-recording", "Take them away, or tag the scenario that they belong to."),
    Standing.TOO_OLD: ("stale-recording", "Record again."),
    Standing.DRIFTED: ("contract-newer", "Record again, and read what has changed."),
    Standing.NOT_BELIEVED: ("not-believed", "Record again, and sign with the recorder's key."),
    Standing.NOT_REVIEWED: ("not-reviewed", "`counterpart cassettes review` shows them."),
}


@dataclass(frozen=True)
class Papers:
    """Where everything lies: the project, the results with the reports beside them, signatures and their log."""

    root: Path
    results: Path
    signers: Path
    archive: Path
    document: Path | None = None


def gather(papers: Papers, policy: Policy, artifact: str, now: datetime) -> Facts:
    """All facts; what cannot be read is a trouble among them and no exception."""
    troubles: list[Trouble] = []
    root = papers.root
    facts = Facts(now, _tree(root), artifact=artifact)
    try:
        results = Results.load(papers.results)
    except NoResults as error:
        unloaded = (papers.results.parent / "junit.xml").exists()
        hint = " A junit.xml is there: pytest ran without the plugin counterpart.plugin." if unloaded else ""
        return replace(facts, troubles=[Trouble("no-results", f"{error}{hint}")])
    except VoidResults as error:
        return replace(facts, troubles=[Trouble("void", str(error))])
    except UNREADABLE as error:
        return replace(facts, troubles=[Trouble("unreadable", str(error))])
    facts = replace(facts, run=results.facts, tests=_ended(results))
    readers: tuple[Callable[[Papers, Policy, Results, datetime], Iterator[Trouble]], ...] = (
        _problems,
        _evidence,
        _recordings,
        _agreement,
        _trace,
        _document,
        _hands,
        _attempts,
        _signatures,
    )
    for read in readers:
        try:
            troubles += read(papers, policy, results, now)
        except UNREADABLE as error:
            troubles.append(Trouble("unreadable", str(error)))
    if policy.baseline:
        try:
            facts = replace(facts, baseline=_ended(Results.load(root / policy.baseline)))
        except UNREADABLE as error:
            troubles.append(Trouble("no-baseline", f"The last release's results cannot be read: {error}"))
    try:
        facts = _judged(facts, root, results, now)
    except UNREADABLE as error:
        troubles.append(Trouble("unreadable", str(error)))
    return replace(facts, troubles=troubles)


def _judged(facts: Facts, root: Path, results: Results, now: datetime) -> Facts:
    checklist, supplement, decisions, additional, circumstances = project.standards(root, candidate(results.facts))
    judgement = judge(
        checklist,
        supplement,
        results.ran,
        results.facts,
        decisions,
        replace(circumstances, today=now.date()),
        additional.items,
    )
    return replace(facts, judgement=judgement, unapproved=list(_unapproved(checklist, supplement, decisions)))


def _unapproved(checklist: Checklist, supplement: Supplement, decisions: Decisions) -> Iterator[str]:
    for flow in checklist.flows:
        rows = [row for row in supplement.of(flow.id) if row.standing == "suggested"]
        if rows:
            told = f"{len(rows)} of {len(supplement.of(flow.id))} property pairs of {flow.id}"
            yield f"Nobody has approved {told}, the first {rows[0].id}. `counterpart supplement approve` does it."
    made = {point.id: decisions.made.get(point.id) for point in decisions.points}
    waiting = [id_ for id_, each in made.items() if each is None or is_open(each) or each.standing != "approved"]
    if waiting:
        yield f"Nobody has approved {', '.join(waiting)}. `counterpart checklist decide` does it."


def _ended(results: Results) -> dict[str, Ended]:
    return {each.name: Ended(each.outcome, each.items, each.pairs) for each in results.tests}


def _tree(root: Path) -> Tree:
    revision, dirty = surroundings.revision(root)
    committed = surroundings.git(root, "log", "-1", "--format=%cI")
    return Tree(revision, dirty, surroundings.inputs(root), datetime.fromisoformat(committed) if committed else None)


def _problems(papers: Papers, policy: Policy, results: Results, now: datetime) -> Iterator[Trouble]:
    for each in results.problems:
        yield Trouble("run-troubled", f"{each.kind}: {each.message}")


def _evidence(papers: Papers, policy: Policy, results: Results, now: datetime) -> Iterator[Trouble]:
    """Each scenario of a replay rests on a recording, which has to be there as it was."""
    for each in results.ran:
        if each.kind != "scenario" or each.proof not in ("emulator recording", "live recording"):
            continue
        owner = each.items[0] if each.items else ""
        if each.evidence.cassette is None:
            yield Trouble("evidence-missing", f"{each.name} ran without a recording.", owner)
            continue
        path = papers.root / each.evidence.cassette
        if not path.is_file():
            yield Trouble("evidence-missing", f"{each.evidence.cassette}, on which {each.name} rests, is gone.", owner)
        elif sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest() != each.evidence.sha256:
            yield Trouble("evidence-changed", f"{each.evidence.cassette} changed after the run. Run again.", owner)


def _recordings(papers: Papers, policy: Policy, results: Results, now: datetime) -> Iterator[Trouble]:
    root = papers.root / "cassettes"
    wanted = [
        path_for(root, identity.item, identity.scenario, identity.row)
        for outline in project.scenarios(papers.root / "features")
        for identity in outline.identities()
    ]
    contracts = [Contract.load(papers.root / "contracts" / name) for name in CONTRACTS.values()]
    limits = {"": timedelta(days=policy.max_recording_age_days)}
    found = statuses(root, wanted, contracts, now.date(), limits=limits, reviews=Reviews.load(root / REVIEWS))
    grouped: dict[tuple[str, Standing], list[Status]] = defaultdict(list)
    for each in found:
        item = each.cassette.rpartition("/")[0]
        if each.age is not None and each.age < timedelta(0):
            yield Trouble("clock", f"{each.cassette} was recorded in the future. Set the clock right.", item)
        for standing in each.standings:
            grouped[item, standing].append(each)
    for (item, standing), troubled in grouped.items():
        code, cure = RECORDINGS[standing]
        yield Trouble(code, f"{_told(standing, troubled)}. {cure}", item)


def _told(standing: Standing, troubled: Sequence[Status]) -> str:
    first = troubled[0]
    parts = f"{', '.join(first.drift[:2])}{', …' if len(first.drift) > 2 else ''}"
    because = {Standing.DRIFTED: parts, Standing.UNUSABLE: first.cause, Standing.NOT_BELIEVED: first.cause}
    detail = f": {because[standing]}" if because.get(standing) else ""
    count = "1 recording" if len(troubled) == 1 else f"{len(troubled)} recordings"
    return f"{count}: {standing}, {'the first ' if len(troubled) > 1 else ''}{first.cassette}{detail}"


def _agreement(papers: Papers, policy: Policy, results: Results, now: datetime) -> Iterator[Trouble]:
    out = papers.results.parent
    for sentence in disagreements(Places.below(out), results, out / "signoff" / DATA):
        yield Trouble("reports-disagree", f"{sentence}. Have all reports made by one run.")


def _trace(papers: Papers, policy: Policy, results: Results, now: datetime) -> Iterator[Trouble]:
    for each in Trace.load(papers.root / "features").findings if policy.traced else ():
        yield Trouble("trace-torn", str(each).replace(f"{papers.root}/", ""))


def _document(papers: Papers, policy: Policy, results: Results, now: datetime) -> Iterator[Trouble]:
    """The document itself where it is at hand, otherwise the word of who compared it last."""
    features = papers.root / "features"
    checklist = Checklist.load(features / "checklist.toml")
    if papers.document is not None:
        for each in compare(checklist, read_file(papers.document)):
            if each.concerns_items:
                yield Trouble("document-changed", f"The document says something else: {each}")
        return
    attestation = Attestation.load(features / FILE_NAME)
    if attestation is None:
        cure = "`counterpart checklist compare DOCUMENT --attest`"
        yield Trouble("not-attested", f"Nobody has compared the checklist with the document. Do it with {cure}.")
    elif lapsed := attestation.lapsed(checklist, now.date()):
        yield Trouble("not-attested", lapsed)


def _hands(papers: Papers, policy: Policy, results: Results, now: datetime) -> Iterator[Trouble]:
    """Nobody approves their own words."""
    _, supplement, decisions, _, circumstances = project.standards(papers.root, candidate(results.facts))
    for sentence in same_hand(papers.root, supplement, decisions, circumstances.waivers) if policy.approved else ():
        yield Trouble("same-hand", f"{sentence} Have somebody else approve it.")


def _attempts(papers: Papers, policy: Policy, results: Results, now: datetime) -> Iterator[Trouble]:
    """A report of the same candidate that did not pass needs a word on what became of it."""
    facts = results.facts
    for each in attempts(papers.archive / LOG, candidate(facts), facts.started) if policy.signed else ():
        if not each.proven and not each.resolution:
            told = f"Attempt {each.number} of {each.at} did not pass: {each.verdict}"
            yield Trouble("attempt-unresolved", f"{told} Say what became of it with `counterpart signoff resolve`.")


def _signatures(papers: Papers, policy: Policy, results: Results, now: datetime) -> Iterator[Trouble]:
    if not policy.signed:
        return
    report = papers.results.parent / "signoff"
    if not (report / SUMS).is_file():
        yield Trouble("not-signed", f"{report} is a draft. `counterpart signoff build` makes a report to be signed.")
        return
    found = verify(report, papers.signers, papers.archive / LOG)
    for problem in found.problems:
        yield Trouble("report-changed", f"{found.directory}: {problem}")
    for each in found.signatures:
        if not each.valid:
            yield Trouble("bad-signature", f"{each.file}: {each.problem}")
        for item in each.lapsed:
            yield Trouble("signature-lapsed", f"The {each.meaning} of {each.name} no longer stands.", item)
    if found.missing:
        yield Trouble("not-signed", f"Still missing: {', '.join(found.missing)}. `counterpart signoff sign` gives it.")
