"""What else is known besides the run: recordings gone stale, what was let pass for a while, what was proven by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from counterpart.checklist.items import UNSPECIFIED_KIND
from counterpart.checklist.judgement import ItemVerdict, Scenario, Verdict
from counterpart.checklist.manual import ManualRecord
from counterpart.checklist.waivers import NOTHING_WAIVED, Waivers

BY_HAND = "by hand"
_PASSED = (Verdict.PASSED, Verdict.PASSED_ON_ASSUMPTION)


@dataclass(frozen=True)
class Circumstances:
    """`stale` says by node id what is wrong with a recording; `manual` are records that count by item, oldest first."""

    stale: Mapping[str, str] = field(default_factory=dict)
    waivers: Waivers = NOTHING_WAIVED
    manual: Mapping[str, Sequence[ManualRecord]] = field(default_factory=dict)
    today: date = field(default_factory=lambda: datetime.now(UTC).date())


UNTROUBLED = Circumstances()


def in_quarantine(unsteady: Sequence[Scenario], circumstances: Circumstances) -> str:
    """Why scenarios that failed or wavered are no failure for now, or nothing where one of them is."""
    told = []
    for scenario in unsteady:
        keys = [f"{item}/{scenario.id}" for item in scenario.items]
        kept = next((circumstances.waivers.quarantined[key] for key in keys if _quarantined(key, circumstances)), None)
        if kept is None or kept.trouble(circumstances.today):
            return ""
        told.append(f"{scenario.id} is in quarantine until {kept.expires} ({kept.owner}: {kept.reason})")
    return f"{'; '.join(told)}. What passes only sometimes proves nothing."


def settled(each: ItemVerdict, circumstances: Circumstances) -> ItemVerdict:
    """An item's verdict once everything else is taken into account; a valid waiver has the last word."""
    for step in (_stale, _by_hand, _waived):
        each = step(each, circumstances)
    return each


def _stale(each: ItemVerdict, circumstances: Circumstances) -> ItemVerdict:
    stale = [circumstances.stale[node_id] for node_id in each.scenarios if node_id in circumstances.stale]
    if not stale or each.verdict not in (*_PASSED, Verdict.OPEN):
        return each
    told = f"{len(stale)} of {len(each.scenarios)} recordings are stale: {stale[0]}."
    # An open item stays open; that its evidence has aged as well must not hide what is open.
    verdict = Verdict.OPEN if each.verdict is Verdict.OPEN else Verdict.STALE
    return replace(each, verdict=verdict, reason=f"{told} {each.reason}")


def _by_hand(each: ItemVerdict, circumstances: Circumstances) -> ItemVerdict:
    records = circumstances.manual.get(each.item.short, ())
    if not records or each.item.kind == UNSPECIFIED_KIND or each.verdict is Verdict.FAILED:
        return each
    last = records[-1]
    told = f"{last.by} found by hand on {last.on} that it {last.outcome} ({last.evidence})."
    if last.outcome == "failed":
        return replace(each, verdict=Verdict.FAILED, reason=f"{told} {each.reason}")
    if each.total == 0 and each.verdict is Verdict.NOT_RUN:
        return replace(each, verdict=Verdict.PASSED, reason=told, proof=BY_HAND)
    return replace(each, reason=f"{each.reason} {told}")


def _waived(each: ItemVerdict, circumstances: Circumstances) -> ItemVerdict:
    waiver = circumstances.waivers.waivers.get(each.item.short)
    if waiver is None:
        return each
    if trouble := waiver.trouble(circumstances.today):
        return replace(each, verdict=Verdict.FAILED, reason=f"{trouble[0].upper()}{trouble[1:]}. {each.reason}")
    if each.verdict in _PASSED:
        return replace(each, reason=f"{each.reason} Its waiver is not needed.")
    assert waiver.approved is not None, "a waiver without trouble is approved"
    told = f"Waived until {waiver.expires} by {waiver.approved.by}: {waiver.reason} Risk: {waiver.risk}"
    return replace(each, verdict=Verdict.WAIVED, reason=f"{told} Without the waiver {each.verdict}: {each.reason}")


def _quarantined(key: str, circumstances: Circumstances) -> bool:
    return key in circumstances.waivers.quarantined
