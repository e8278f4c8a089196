"""What has to hold of a store between two runs, whatever happened before; pure, over the links alone.

The numbers are those of the design: what is only true of calls (I3, I6, I10 to I13) is held by the simulation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sync.converters import Resolver
from sync.links import Link, State, key_of
from sync.schema import Flow

RULES: Mapping[str, str] = {
    "I1": "every linked pair agrees on every property, or says why not",
    "I2": "no record has two counterparts, and no two records of one side share a match key",
    "I4": "every record is linked, or says what it waits for",
    "I7": "every pair of values in the shadow agrees, or is a recorded divergence",
    "I9": "no write is left without its outcome",
}
# States that say by themselves why a record is not in step.
_EXPLAINED = (
    State.AMBIGUOUS,
    State.CONFLICTED,
    State.FROZEN,
    State.WAITING,
    State.RETRY,
    State.DEAD,
    State.NEEDS_ATTENTION,
)


@dataclass(frozen=True)
class Violation:
    """One place where a rule does not hold."""

    rule: str
    flow: str
    link: int
    key: str
    field: str | None
    reason: str


def violations(links: Iterable[Link], flows: Mapping[str, Flow], resolve: Resolver) -> Iterator[Violation]:
    """Everything that does not hold, in the order of the links."""
    keys: Counter[tuple[str, str, str]] = Counter()
    ids: Counter[tuple[str, str, str]] = Counter()
    for link in links:
        flow = flows[link.flow]
        if link.state is State.TOMBSTONED:
            continue
        for side, id_, key in (("Customerp", link.erp_id, link.erp_key), ("Invoiced", link.inv_id, link.inv_key)):
            if id_ is not None:
                ids[link.flow, side, id_] += 1
                if ids[link.flow, side, id_] == 2:
                    yield _violation("I2", flow, link, None, f"{side} {id_} is linked twice")
            if key is not None and link.linked:
                keys[link.flow, side, key] += 1
                if keys[link.flow, side, key] == 2:
                    yield _violation("I2", flow, link, flow.match.name, f"two records in {side} share {key!r}")
        if link.intent is not None and link.state not in (State.RETRY, State.DEAD):
            yield _violation("I9", flow, link, None, f"a {link.intent.operation} was begun and never ended")
        if not link.linked:
            if link.erp_id is not None and not link.dirty and link.reason is None:
                yield _violation("I4", flow, link, None, "it is not linked, and nothing says why")
            continue
        yield from _shadow(flow, link, resolve)
        yield from _agreement(flow, link, resolve)


def _shadow(flow: Flow, link: Link, resolve: Resolver) -> Iterator[Violation]:
    for pair in flow.pairs:
        if pair.name in link.shadow and pair.name not in link.diverged:
            erp, inv = link.shadow[pair.name]
            if not pair.converter.agree(erp, inv, resolve):
                yield _violation("I7", flow, link, pair.name, f"the shadow holds {erp!r} and {inv!r}")


def _agreement(flow: Flow, link: Link, resolve: Resolver) -> Iterator[Violation]:
    if link.erp is None or link.inv is None or link.dirty or link.state in _EXPLAINED:
        return
    for pair in flow.pairs:
        erp, inv = link.erp.values.get(pair.name), link.inv.values.get(pair.name)
        if pair.name not in link.diverged and not pair.converter.agree(erp, inv, resolve):
            reason = f"Customerp has {erp!r}, Invoiced {inv!r}, and nothing says why"
            yield _violation("I1", flow, link, pair.name, reason)


def _violation(rule: str, flow: Flow, link: Link, field: str | None, reason: str) -> Violation:
    return Violation(rule, flow.id, link.id, key_of(flow.match.name, link), field, reason)
