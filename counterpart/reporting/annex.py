"""What a sign-off shows besides the verdicts of its own run: gathered outside, handed over as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Approved = Mapping[str, Any]


@dataclass(frozen=True)
class Sending:
    """One request and its answer as a report shows them; texts may be cut, and say so.

    `times` counts equal readings within a step, `same_as` is the number of the earlier exchange with the same answer.
    """

    number: int
    step: int
    actor: str
    system: str
    method: str
    target: str
    sent: str
    status: int
    received: str
    times: int = 1
    same_as: int | None = None


@dataclass(frozen=True)
class Traffic:
    """What one scenario's recording holds: its exchanges, where it comes from, which contract parts it rests on."""

    exchanges: tuple[Sending, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    operations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attempt:
    """An earlier sign-off of the same candidate, and what became of it."""

    number: int
    at: str
    report: str
    verdict: str
    proven: bool
    resolution: str = ""
    by: str = ""


@dataclass(frozen=True)
class Annex:
    """Everything beyond the run.

    `traffic` is by node id, `faults` are seeded faults by the item that noticed them, `history` is by item the
    verdicts of earlier sign-offs, oldest first, `same_hand` are sentences on approvals by the author of what was
    approved, `environment` are further facts, as label and text, `minimum_proof` is the level that a release needs.
    """

    traffic: Mapping[str, Traffic] = field(default_factory=dict)
    faults: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    history: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    attempts: tuple[Attempt, ...] = ()
    same_hand: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    minimum_proof: str = ""
