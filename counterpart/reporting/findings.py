"""Everything that a sign-off is made from, together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

from counterpart.checklist import (
    UNTROUBLED,
    Additional,
    Checklist,
    Circumstances,
    Decisions,
    ItemVerdict,
    Judgement,
    Supplement,
    judge,
)
from counterpart.reporting.annex import Annex
from counterpart.reporting.events import RunFacts, ScenarioResult


@dataclass(frozen=True)
class Findings:
    """A run, judged, with what it was judged by."""

    checklist: Checklist
    judgement: Judgement
    results: Mapping[str, ScenarioResult]
    facts: RunFacts
    decisions: Decisions | None = None
    additional: Additional = field(default_factory=Additional)
    circumstances: Circumstances = UNTROUBLED
    annex: Annex = field(default_factory=Annex)

    @classmethod
    def of(
        cls,
        checklist: Checklist,
        supplement: Supplement,
        results: Sequence[ScenarioResult],
        facts: RunFacts,
        decisions: Decisions | None = None,
        additional: Additional | None = None,
        circumstances: Circumstances = UNTROUBLED,
        annex: Annex | None = None,
    ) -> Self:
        """Judge a run."""
        beyond = additional or Additional()
        judgement = judge(checklist, supplement, results, facts, decisions, circumstances, beyond.items)
        by_id = {result.node_id: result for result in results}
        return cls(checklist, judgement, by_id, facts, decisions, beyond, circumstances, annex or Annex())

    @property
    def beyond(self) -> tuple[ItemVerdict, ...]:
        """The verdicts of additional items, which do not enter those of the document."""
        return self.judgement.additional

    @cached_property
    def items(self) -> tuple[ItemVerdict, ...]:
        """The document's items, then the additional ones."""
        return (*self.judgement.items, *self.beyond)

    @cached_property
    def agreed(self) -> frozenset[tuple[str, str]]:
        """The properties of the supplement, by system and path."""
        sides = {flow.id: (flow.source.system, flow.target.system) for flow in self.checklist.flows}
        rows = [each.row for each in self.judgement.rows]
        return frozenset(pair for row in rows for pair in zip(sides[row.flow], (row.source, row.target), strict=True))

    @cached_property
    def elsewhere(self) -> tuple[ScenarioResult, ...]:
        """Scenarios that belong to no item."""
        known = {each.item.short for each in self.items}
        return tuple(each for each in self.results.values() if not known.intersection(each.items))
