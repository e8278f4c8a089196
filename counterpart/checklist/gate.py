"""Whether something may go on: yes, or no with every reason. Pure; whatever is doubtful, or is not told, is a no."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from counterpart.checklist.judgement import PROOF_LEVELS, Judgement, Verdict
from counterpart.checklist.policy import Policy

# Clocks of machines in a network agree to within a minute.
CLOCKS_APART = timedelta(minutes=1)


class RunTold(Protocol):
    """What a run tells of itself."""

    @property
    def started(self) -> str: ...
    @property
    def finished(self) -> str: ...
    @property
    def against(self) -> str: ...
    @property
    def partial(self) -> bool: ...
    @property
    def selected(self) -> int: ...
    @property
    def total(self) -> int: ...
    @property
    def revision(self) -> str: ...
    @property
    def dirty(self) -> bool: ...
    @property
    def exit_status(self) -> int: ...
    @property
    def artifact(self) -> str: ...
    @property
    def recorded(self) -> bool: ...
    @property
    def inputs(self) -> Mapping[str, str]: ...
    @property
    def connections(self) -> Sequence[str]: ...
    @property
    def lint(self) -> Sequence[str]: ...


@dataclass(frozen=True)
class Ended:
    """How a test ended; `items` are short ids, `pairs` are the properties that it has seen arrive."""

    outcome: str
    items: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Tree:
    """The working tree as it is now; `committed` is when its revision was."""

    revision: str
    dirty: bool
    inputs: Mapping[str, str]
    committed: datetime | None


@dataclass(frozen=True)
class Trouble:
    """Something that another room has found: which kind, of which item or file, and what, with its cure."""

    code: str
    sentence: str
    item: str = ""


@dataclass(frozen=True)
class Facts:
    """Everything that lies before the gate. Without `run` there are no results, and a trouble says why.

    `unapproved` are sentences on what nobody has agreed to. `troubles` come from whoever knows: unreadable files,
    evidence, recordings, trace, signatures, the document.
    """

    now: datetime
    tree: Tree
    run: RunTold | None = None
    judgement: Judgement | None = None
    tests: Mapping[str, Ended] = field(default_factory=dict)
    baseline: Mapping[str, Ended] | None = None
    unapproved: Sequence[str] = ()
    artifact: str = ""
    troubles: Sequence[Trouble] = ()


@dataclass(frozen=True)
class Reason:
    """Why not: a stable code, a sentence with what is to be done, and the item where it concerns one."""

    code: str
    sentence: str
    item: str = ""


@dataclass(frozen=True)
class Ruling:
    """The answer of a gate."""

    gate: str
    reasons: tuple[Reason, ...]

    @property
    def passed(self) -> bool:
        """Whether the answer is yes."""
        return not self.reasons


# Troubles that count only where the policy asks for what they are about.
_ON_DEMAND: Mapping[str, Callable[[Policy], bool]] = {
    "not-reviewed": lambda policy: policy.reviewed,
    "not-attested": lambda policy: policy.attested,
    "trace-torn": lambda policy: policy.traced,
    "not-signed": lambda policy: policy.signed,
}


def rule(policy: Policy, facts: Facts) -> Ruling:
    """The answer of a gate to what lies before it, with all reasons, the gravest kinds first."""
    reasons = [
        Reason(each.code, each.sentence, each.item)
        for each in facts.troubles
        if each.code not in _ON_DEMAND or _ON_DEMAND[each.code](policy)
    ]
    if facts.run is None or facts.judgement is None:
        # Something has to say so; a loader that forgot to say why must not open the gate.
        return Ruling(policy.name, tuple(reasons) or (Reason("no-results", "There are no results to judge by."),))
    for check in (_run, _clock, _tree, _tests, _items, _people, _last_release, _artifact):
        reasons += check(policy, facts, facts.run, facts.judgement)
    return Ruling(policy.name, tuple(dict.fromkeys(reasons)))


def _run(policy: Policy, facts: Facts, run: RunTold, judgement: Judgement) -> Iterator[Reason]:
    if run.exit_status not in (0, 1):
        yield Reason("cut-short", f"The run ended with status {run.exit_status}, before its time. Run it to its end.")
    elif run.exit_status == 1:
        yield Reason("run-failed", "The run ended with failures. Mend them, or take what fails out of the release.")
    if run.partial or run.selected < run.total:
        missing = f"{run.selected} of {run.total} scenarios were run"
        yield Reason("partial", f"Only {missing}. Run all of them, or add the missing shard with `results merge`.")
    if run.against not in policy.against:
        wanted = " or ".join(policy.against)
        yield Reason("wrong-place", f"The scenarios ran against {run.against}; this gate wants {wanted}.")
    if run.recorded:
        yield Reason(
            "recording", "The run made recordings, so it compared nothing with them. Run it again in a replay."
        )
    if run.connections and run.against != "live":
        hosts = ", ".join(run.connections[:3])
        yield Reason("network-used", f"Something connected to {hosts} during the run. Find out what, and stop it.")
    if run.lint and not policy.warnings:
        yield Reason("lint-warnings", f"{len(run.lint)} warnings about feature files, the first: {run.lint[0]}")


def _clock(policy: Policy, facts: Facts, run: RunTold, judgement: Judgement) -> Iterator[Reason]:
    try:
        started, finished = datetime.fromisoformat(run.started), datetime.fromisoformat(run.finished)
        apart = (facts.now - finished, finished - started)
    except (ValueError, TypeError):
        yield Reason("clock", f"The run says it lasted from {run.started!r} to {run.finished!r}, which are no times.")
        return
    if apart[0] < -CLOCKS_APART:
        yield Reason("clock", f"The run finished on {run.finished}, which is in the future. Set the clocks right.")
    if apart[1] < timedelta(0):
        yield Reason("clock", "The run finished before it started. Set the clock right and run it again.")
    committed = facts.tree.committed
    if committed is not None and facts.now < committed - CLOCKS_APART:
        yield Reason("clock", f"The revision is of {committed.isoformat()}, in the future. Set the clock right.")
    if committed is not None and started < committed - CLOCKS_APART and run.revision == facts.tree.revision:
        yield Reason("clock", "The run started before its revision was made. Set the clocks right and run it again.")
    if apart[0] > timedelta(hours=policy.max_age_hours):
        hours = apart[0] // timedelta(hours=1)
        yield Reason(
            "too-old", f"The results are {hours} hours old, and {policy.max_age_hours} are allowed. Run again."
        )


def _tree(policy: Policy, facts: Facts, run: RunTold, judgement: Judgement) -> Iterator[Reason]:
    tree = facts.tree
    if not run.revision or not tree.revision:
        yield Reason("no-revision", "Nobody knows of which revision this is. Run it in a clone of the repository.")
    elif run.revision != tree.revision:
        shown = f"{run.revision[:12]}, and this is {tree.revision[:12]}"
        yield Reason("other-revision", f"The results are of revision {shown}. Run this one.")
    if policy.clean and run.dirty:
        yield Reason("dirty", "The run was of a working tree with changes. Commit them and run again.")
    if policy.clean and tree.dirty:
        yield Reason(
            "dirty", "The working tree has changes that were not there, or not committed. Commit and run again."
        )
    changed = sorted(name for name in {*run.inputs, *tree.inputs} if run.inputs.get(name) != tree.inputs.get(name))
    if changed:
        yield Reason("changed-since", f"{', '.join(changed)} changed after the run. Run again.")


def _tests(policy: Policy, facts: Facts, run: RunTold, judgement: Judgement) -> Iterator[Reason]:
    if not any(each.outcome == "passed" for each in facts.tests.values()):
        yield Reason("nothing-ran", "No test passed, so nothing is shown.")
    known = {each.item.short for each in (*judgement.items, *judgement.additional)}
    for name, each in facts.tests.items():
        if each.outcome in ("failed", "error", "flaky", "xfailed", "xpassed") and not known.intersection(each.items):
            yield Reason("test-failed", f"{name}, which belongs to no item, ended as {each.outcome}.")


def _items(policy: Policy, facts: Facts, run: RunTold, judgement: Judgement) -> Iterator[Reason]:
    if not judgement.items:
        yield Reason("nothing-to-prove", "The checklist has no items.")
    weak = PROOF_LEVELS.index(policy.proof)
    for each in (*judgement.items, *judgement.additional):
        short = each.item.short
        if each.verdict.value not in policy.verdicts:
            yield Reason(f"item-{each.verdict.replace(' ', '-')}", f"{each.verdict}: {each.reason}", short)
        elif each.verdict is not Verdict.WAIVED and (each.proof is None or PROOF_LEVELS.index(each.proof) < weak):
            shown = each.proof or "nothing"
            yield Reason("weak-proof", f"It rests on {shown}; this gate wants at least {policy.proof}.", short)


def _people(policy: Policy, facts: Facts, run: RunTold, judgement: Judgement) -> Iterator[Reason]:
    if not policy.approved:
        return
    for what in facts.unapproved:
        yield Reason("not-approved", what)


def _last_release(policy: Policy, facts: Facts, run: RunTold, judgement: Judgement) -> Iterator[Reason]:
    before = facts.baseline
    if before is None:
        return
    then, now = (sum(1 for each in tests.values() if each.outcome == "passed") for tests in (before, facts.tests))
    if now < then:
        yield Reason("fewer-tests", f"{now} tests passed, and {then} did for the last release.")
    items = {each.item.short for each in (*judgement.items, *judgement.additional)}
    for short in sorted({item for each in before.values() for item in each.items} - items):
        yield Reason("item-gone", "It was proven for the last release and is no item any more.", short)
    lost = sorted(_covered(before) - _covered(facts.tests))
    for item, system, path in lost[:10]:
        yield Reason("coverage-lost", f"{path} in {system} was seen for the last release and is seen no more.", item)


def _covered(tests: Mapping[str, Ended]) -> set[tuple[str, str, str]]:
    passed = (each for each in tests.values() if each.outcome == "passed")
    return {(item, system, path) for each in passed for item in each.items for system, path in each.pairs}


def _artifact(policy: Policy, facts: Facts, run: RunTold, judgement: Judgement) -> Iterator[Reason]:
    if facts.artifact and run.artifact != facts.artifact:
        tested = run.artifact or "not named"
        yield Reason("other-artifact", f"What is to be released is {facts.artifact}; what was tested is {tested}.")
    elif policy.artifact and not facts.artifact:
        yield Reason("no-artifact", "Nobody says what is to be released. Give its digest with --artifact.")
