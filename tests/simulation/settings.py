"""Settings: what has to happen more often than by chance before a rule matters."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from people import Event
from scene import Plan

from sync import dispatch
from sync.engine import Engine

Patches = list[Any]


@dataclass(frozen=True)
class Setting:
    """A world in which something is common; with all rules, nothing may fail in it."""

    name: str
    sharpen: Callable[[Plan], Plan] = lambda plan: plan
    patches: Callable[[], Patches] = list


async def _reading_beside(self: Any, store: Any, reconciler: Any) -> None:
    """An engine that reads on while it writes; pages overlap writes, and sources move during calls."""

    async def reading() -> None:
        for _ in range(4):
            await self._read(reconciler.run)

    await dispatch.together([_rest(self, store, reconciler), reading()])
    await _rest(self, store, reconciler)


_rest = Engine._rest


def _crowd(plan: Plan, erp: Sequence[int], inv: Sequence[int]) -> Plan:
    """Everybody at the same few properties of the same two customers, told by the number of the edit."""
    chance = random.Random(plan.seed)
    created = [Event(0.0, "erp creates a customer", n, 1) for n in range(2)]
    edits = []
    for _ in range(60):
        deed, kind, kinds = chance.choice(
            (("erp edits a customer", chance.choice(erp), 7), ("invoiced edits a customer", chance.choice(inv), 6))
        )
        when, which, what = chance.uniform(5, plan.length), chance.randrange(2), kinds * chance.randrange(9) + kind
        edits.append(Event(when, deed, which, what))
    return replace(plan, events=_in_order(created, edits), deaf=frozenset(), lossy=False)


def _in_order(*events: Iterable[Event]) -> tuple[Event, ...]:
    return tuple(sorted((event for some in events for event in some), key=lambda event: event.at))


def _crowded(plan: Plan) -> Plan:
    return _crowd(plan, (3, 4), (3,))


def _wide(plan: Plan) -> Plan:
    """Slow calls, and more of them at once than the workers make."""
    return replace(_crowd(plan, (0, 1, 2), (0, 1, 2)), in_flight=16, slow=True)


def _spoilt(plan: Plan) -> Plan:
    """Many answers of changes are lost, and people reword what was changed before anybody asks."""
    chance = random.Random(plan.seed)
    faults = tuple((n, chance.choice(("dropped", "reset"))) for n in range(400) if chance.random() < 0.15)
    return replace(_crowd(plan, (0, 1, 2), (0, 1, 2)), faults=faults, spoiling=True)


def _one_by_one(plan: Plan) -> Plan:
    """Customerp changes all of many customers at once; slow calls, one at a time; people edit just before them."""
    chance = random.Random(plan.seed)
    branch = Event(0.0, "erp takes over a branch", 0, 0)
    edits = [Event(60.0 * n, "erp edits every customer", 0, 3 * chance.randrange(9) + n % 3) for n in range(1, 4)]
    return replace(
        plan,
        events=_in_order((branch,), edits),
        faults=(),
        crashes=frozenset(),
        in_flight=1,
        slow=True,
        deaf=frozenset(),
        lossy=False,
        racing=frozenset(("invoiced",)),
    )


def _lagging(plan: Plan) -> Plan:
    """Runs in close order, half of them complete, and lists that show what was so a moment ago."""
    near = replace(plan, length=60.0)
    return replace(_crowd(near, (0, 1, 2), (0, 1, 2)), lists="late", scans=0.5, pause=0.5)


USUAL = Setting("as usual")
READING = Setting(
    "reads again while it writes", _wide, patches=lambda: [patch.object(Engine, "_rest", _reading_beside)]
)
CROWDED = Setting("many edits of few addresses", _crowded)
SLOW = Setting("many slow calls one by one, people edit just before them", _one_by_one)
SPOILT = Setting("lost answers, people reword what was written", _spoilt)
LAGGING = Setting("lists lag behind", _lagging)
