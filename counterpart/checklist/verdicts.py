"""Verdicts: what the scenarios of a run say about each item and each property pair. Pure, and doubtful means no."""

from __future__ import annotations

from collections.abc import Sequence

from counterpart.checklist.checklist import Checklist
from counterpart.checklist.circumstances import UNTROUBLED, Circumstances, in_quarantine, settled
from counterpart.checklist.decisions import Decision, Decisions, Point, is_open
from counterpart.checklist.items import UNSPECIFIED_KIND, Flow, Item
from counterpart.checklist.judgement import (
    PROOF_LEVELS,
    TELLING_ORDER,
    DirectionVerdict,
    ItemVerdict,
    Judgement,
    RowVerdict,
    Run,
    Scenario,
    Verdict,
)
from counterpart.checklist.supplement import DIRECTIONS, Direction, Row, Supplement

# Kinds of items whose scenarios recognise a counterpart by the match key, which the document does not name.
KEYED_KINDS = ("create", "link-stable")
# The scenarios of one flow, each with the rows and directions that it has seen arrive.
Arrivals = Sequence[tuple[Scenario, Sequence[tuple[Row, Direction]]]]


def judge(
    checklist: Checklist,
    supplement: Supplement,
    scenarios: Sequence[Scenario],
    run: Run,
    decisions: Decisions | None = None,
    circumstances: Circumstances = UNTROUBLED,
    additional: Sequence[Item] = (),
) -> Judgement:
    """The verdict of every item and every supplement row; items beyond the checklist do not count.

    With `decisions`, an item that depends on an undecided point is open; a blocked item needs its decision in any case.
    `circumstances` are what else is known: stale recordings, waivers, quarantine, what was proven by hand.
    """
    arrivals = {
        flow.id: [
            (scenario, exercised(flow, supplement, scenario.pairs))
            for scenario in scenarios
            if any(item.startswith(f"{flow.id}/") for item in scenario.items)
        ]
        for flow in checklist.flows
    }
    rows = tuple(_row_verdict(row, arrivals[row.flow]) for row in supplement.rows)
    items, beyond = (
        tuple(
            _item_verdict(item, supplement, arrivals[item.flow], rows, run, decisions, circumstances) for item in some
        )
        for some in (checklist.items, additional)
    )
    sentence, proven = _sum_up(items, scenarios, run)
    return Judgement(items, rows, sentence, proven, beyond)


def exercised(flow: Flow, supplement: Supplement, pairs: Sequence[tuple[str, str]]) -> list[tuple[Row, Direction]]:
    """Which rows a scenario of a flow has seen arrive, and in which direction.

    A value that was read in the target system has travelled to the target, and one read in the source to the source.
    """
    seen = set(pairs)
    found: list[tuple[Row, Direction]] = []
    for row in supplement.of(flow.id):
        for direction in DIRECTIONS:
            place = (flow.target.system, row.target) if direction == "to-target" else (flow.source.system, row.source)
            if place in seen and _speaks_for(row, direction, supplement):
                found.append((row, direction))
    return found


def _speaks_for(row: Row, direction: Direction, supplement: Supplement) -> bool:
    """Of rows that share a place, the one that carries a value there is the one that was seen."""
    if row.carries(direction):
        return True
    end = "target" if direction == "to-target" else "source"
    others = [other for other in supplement.of(row.flow) if other is not row]
    return not any(getattr(other, end) == getattr(row, end) and other.carries(direction) for other in others)


def _row_verdict(row: Row, arrivals: Arrivals) -> RowVerdict:
    to_target, to_source = (
        _direction_verdict(row, direction, [scenario for scenario, seen in arrivals if (row, direction) in seen])
        for direction in DIRECTIONS
    )
    return RowVerdict(row, to_target, to_source)


def _direction_verdict(row: Row, direction: Direction, scenarios: list[Scenario]) -> DirectionVerdict:
    ids = tuple(scenario.node_id for scenario in scenarios)
    failed = [scenario for scenario in scenarios if scenario.outcome in ("failed", "error", "xfailed")]
    run = [scenario for scenario in scenarios if scenario.outcome == "passed"]
    if failed:
        return DirectionVerdict(Verdict.FAILED, f"{_count(len(failed), 'scenario')} of {len(scenarios)} failed.", ids)
    if not row.carries(direction):
        return DirectionVerdict(Verdict.DEVIATION, row.deviation or "", ids)
    if not run:
        return DirectionVerdict(Verdict.NOT_RUN, "No scenario of this run has seen it arrive.", ids)
    seen = f"Seen to arrive in {_count(len(run), 'scenario')}"
    if row.standing == "suggested":
        return DirectionVerdict(Verdict.PASSED_ON_ASSUMPTION, f"{seen}; the row is suggested, not approved.", ids)
    return DirectionVerdict(Verdict.PASSED, f"{seen}.", ids)


def _item_verdict(
    item: Item,
    supplement: Supplement,
    arrivals: Arrivals,
    rows: Sequence[RowVerdict],
    run: Run,
    decisions: Decisions | None,
    circumstances: Circumstances,
) -> ItemVerdict:
    own = [(scenario, seen) for scenario, seen in arrivals if item.short in scenario.items]
    scenarios = [scenario for scenario, _ in own]
    passed = sum(1 for scenario in scenarios if scenario.outcome == "passed")
    total = max(len(own), run.expected.get(item.short, 0))
    seen_rows = {row for _, seen in own for row, _ in seen}
    rests_on = tuple(
        row
        for row in supplement.of(item.flow)
        if row in seen_rows or (own and row.match_key and item.kind in KEYED_KINDS)
    )
    ran = {scenario.proof for scenario in scenarios if scenario.outcome != "skipped"}
    proof = min(ran, key=PROOF_LEVELS.index, default=None)
    verdict, reason = _decide(item, scenarios, passed, total, rests_on, rows, run, circumstances)
    if verdict not in (Verdict.FAILED, Verdict.FLAKY) and (held := _held(item, decisions, verdict, reason)):
        verdict, reason = held
    ids = tuple(scenario.node_id for scenario in scenarios)
    return settled(ItemVerdict(item, verdict, reason, ids, passed, total, rests_on, proof), circumstances)


def _held(item: Item, decisions: Decisions | None, verdict: Verdict, reason: str) -> tuple[Verdict, str] | None:
    """What holds an item back although its scenarios may have passed: a block, or a point that nobody has decided."""
    depends = decisions.of(item.short) if decisions else ()
    agreed = {point.id for point, decision in depends if decision and decision.standing == "approved"}
    if item.blocked and (item.decision is None or not agreed.issuperset(item.decision.split())):
        return Verdict.BLOCKED, item.blocked
    undecided = [(point, decision) for point, decision in depends if is_open(decision)]
    if undecided:
        asked = " ".join(_asked(point, decision) for point, decision in undecided)
        ran = reason if item.kind == UNSPECIFIED_KIND else f"Its scenarios: {reason[0].lower()}{reason[1:]}"
        return Verdict.OPEN, f"Nobody has decided: {asked} {ran}"
    unshown = [(point, decision) for point, decision in depends if decision and decision.shows]
    if unshown:
        told = " ".join(f"{point.question} {made.choice}; they show: {made.shows}." for point, made in unshown)
        return Verdict.OPEN, f"Decided otherwise than flow and scenarios do: {told}"
    suggested = [point for point, decision in depends if decision and decision.standing == "suggested"]
    if suggested and verdict in (Verdict.PASSED, Verdict.PASSED_ON_ASSUMPTION):
        how_many = "a decision that is" if len(suggested) == 1 else f"{len(suggested)} decisions that are"
        names = ", ".join(point.id for point in suggested)
        return Verdict.PASSED_ON_ASSUMPTION, f"{reason} Rests on {how_many} suggested, not approved: {names}."
    return None


def _asked(point: Point, decision: Decision | None) -> str:
    return point.question + (f" Meanwhile: {decision.choice}." if decision else "")


def _decide(
    item: Item,
    own: list[Scenario],
    passed: int,
    total: int,
    rests_on: tuple[Row, ...],
    rows: Sequence[RowVerdict],
    run: Run,
    circumstances: Circumstances,
) -> tuple[Verdict, str]:
    # A failure that somebody expects is a failure still; who accepts it writes a waiver.
    failed = [scenario for scenario in own if scenario.outcome in ("failed", "error", "xfailed")]
    flaky = [scenario for scenario in own if scenario.outcome == "flaky"]
    if (failed or flaky) and (kept := in_quarantine([*failed, *flaky], circumstances)):
        return Verdict.FLAKY, kept
    if failed:
        return Verdict.FAILED, f"{len(failed)} of {_count(total, 'scenario')} failed: {_named(failed)}."
    if flaky:
        return (
            Verdict.FLAKY,
            f"{len(flaky)} of {_count(total, 'scenario')} passed only when run again: {_named(flaky)}.",
        )
    if strange := [scenario for scenario in own if scenario.outcome == "xpassed"]:
        reason = f"{_count(len(strange), 'scenario')} passed although marked as failing: {_named(strange)}."
        return Verdict.FLAKY, f"{reason} One of the two is wrong; take the mark away."
    if item.kind == UNSPECIFIED_KIND:
        return _open(item, passed, total, rows)
    if not total:
        return Verdict.NOT_RUN, "No scenario of it was run." if run.partial else "No scenario proves it."
    if not passed:
        return Verdict.NOT_RUN, f"None of {_count(total, 'scenario')} was run to its end."
    if passed < total:
        return (
            Verdict.NOT_RUN,
            f"Only {passed} of {_count(total, 'scenario')} were run to their end; all of them passed.",
        )
    if run.partial and item.short not in run.expected:
        return Verdict.NOT_RUN, f"A partial run: {_count(passed, 'scenario')} passed, others may not have been run."
    everything = f"{'The only scenario' if total == 1 else f'All {total} scenarios'} passed"
    assumed = [row for row in rests_on if row.standing == "suggested"]
    if assumed:
        held = f"{everything}; they rest" if total > 1 else f"{everything}; it rests"
        pairs = "a property pair that is" if len(assumed) == 1 else f"{len(assumed)} property pairs that are"
        return Verdict.PASSED_ON_ASSUMPTION, f"{held} on {pairs} suggested, not approved.{_deviating(rests_on)}"
    return Verdict.PASSED, f"{everything}.{_deviating(rests_on)}"


def _open(item: Item, passed: int, total: int, rows: Sequence[RowVerdict]) -> tuple[Verdict, str]:
    """The document shares properties without listing any: no scenario can close that, only an agreed list."""
    own = [each for each in rows if each.row.flow == item.flow]
    failed = [each for each in own if Verdict.FAILED in (each.to_target.verdict, each.to_source.verdict)]
    if failed:
        named = ", ".join(f"{each.row.source} ↔ {each.row.target}" for each in failed[:3])
        return Verdict.FAILED, f"{len(failed)} of {_count(len(own), 'pair')} of the supplement failed: {named}."
    if not own:
        return Verdict.OPEN, "The document lists no rows, and the supplement suggests none."
    suggested = sum(1 for each in own if each.row.standing == "suggested")
    standing = "none of them approved" if suggested == len(own) else f"{len(own) - suggested} of them approved"
    directions = [verdict for each in own for verdict in (each.to_target.verdict, each.to_source.verdict)]
    missing = directions.count(Verdict.NOT_RUN)
    unseen = f" {missing} of {len(directions)} directions were not seen to arrive." if missing else ""
    ran = f"{passed} of {_count(total, 'scenario')} passed" if total else "no scenario was run"
    if not suggested and not missing and passed == total > 0:
        return (
            Verdict.OPEN,
            f"Agreed rows proven: all {_count(len(own), 'row')} of the supplement are approved and were seen to "
            f"arrive; {ran}. The document itself lists none, so the item is closed only by a named person's decision.",
        )
    return (
        Verdict.OPEN,
        f"The document lists no rows; the supplement has {len(own)}, {standing}, reported apart; {ran}.{unseen}",
    )


def _named(scenarios: Sequence[Scenario]) -> str:
    return ", ".join(scenario.id for scenario in scenarios[:3]) + (", …" if len(scenarios) > 3 else "")


def _deviating(rests_on: tuple[Row, ...]) -> str:
    names = [f"{row.source} ↔ {row.target}" for row in rests_on if row.travels != "both"]
    return f" Deviating by nature: {', '.join(names)}." if names else ""


def _sum_up(items: Sequence[ItemVerdict], scenarios: Sequence[Scenario], run: Run) -> tuple[str, bool]:
    if not items or not any(scenario.outcome != "skipped" for scenario in scenarios):
        return "Nothing was proven: no scenario was run.", False
    counts = [(verdict, sum(1 for each in items if each.verdict is verdict)) for verdict in TELLING_ORDER]
    parts = [f"{count} {_VERBS[verdict][count > 1]}" for verdict, count in counts if count]
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    proven = all(each.verdict in (Verdict.PASSED, Verdict.WAIVED) for each in items)
    sentence = f"Of {_count(len(items), 'item')}, {listed}."
    outside = [each for each in scenarios if each.outcome in ("failed", "error") and not _of_any(each, items)]
    if outside:
        sentence += f" {_count(len(outside), 'scenario')} outside the checklist failed."
    if run.partial:
        sentence = f"A partial run. {sentence}"
    # 0 is a clean run and 1 one with failures; anything else ended the run before its time.
    if run.exit_status not in (0, 1):
        sentence = f"The run was cut short (exit status {run.exit_status}). {sentence}"
    elif run.exit_status == 1 and not any(each.outcome in ("failed", "error") for each in scenarios):
        sentence = f"Something outside the scenarios failed. {sentence}"
    return sentence, proven and not outside and not run.partial and run.exit_status == 0


_VERBS = {
    Verdict.PASSED: ("passed", "passed"),
    Verdict.PASSED_ON_ASSUMPTION: ("passed on assumption", "passed on assumption"),
    Verdict.FAILED: ("failed", "failed"),
    Verdict.DEVIATION: ("deviates", "deviate"),
    Verdict.OPEN: ("is open", "are open"),
    Verdict.BLOCKED: ("is blocked", "are blocked"),
    Verdict.WAIVED: ("is waived", "are waived"),
    Verdict.FLAKY: ("is flaky", "are flaky"),
    Verdict.NOT_RUN: ("was not run", "were not run"),
    Verdict.STALE: ("is stale", "are stale"),
}


def _of_any(scenario: Scenario, items: Sequence[ItemVerdict]) -> bool:
    return any(each.item.short in scenario.items for each in items)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
