"""Settings: what has to happen more often than by chance before a rule matters."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

import scene
from network import Fate
from people import Event
from scene import Plan

from sync import dispatch, invoiced
from sync.engine import Engine

Patches = list[Any]

DOUBTFUL = ("error", "locked", "gateway")  # answers that leave open whether a call took effect


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
    # An error leaves open whether it took effect. Where people enter the same few values, nobody could tell theirs from
    # that of a write which failed.
    known = tuple((n, fate) for n, fate in plan.faults if not fate.startswith(DOUBTFUL))
    return replace(plan, events=in_order(created, edits), faults=known, deaf=frozenset(), lossy=False)


def in_order(*events: Iterable[Event]) -> tuple[Event, ...]:
    return tuple(sorted((event for some in events for event in some), key=lambda event: event.at))


def _crowded(plan: Plan) -> Plan:
    return _crowd(plan, (3, 4), (3,))


def _wide(plan: Plan) -> Plan:
    """Slow calls, and more of them at once than the workers make.

    No 429: of two readers that ask the same, only one is told to wait.
    """
    faults = tuple(each for each in plan.faults if each[1] != "throttled")
    return replace(_crowd(plan, (0, 1, 2), (0, 1, 2)), in_flight=16, slow=True, faults=faults)


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
        events=in_order((branch,), edits),
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


def _everybody(plan: Plan, fate: Fate, share: float) -> Plan:
    """Customerp changes all of many customers at once, in many calls at once, and one thing goes wrong often."""
    chance = random.Random(plan.seed)
    branch = Event(0.0, "erp takes over a branch", 0, 0)
    edits = [Event(40.0 * n, "erp edits every customer", 0, 3 * chance.randrange(9) + n % 3) for n in range(1, 4)]
    faults = tuple((n, fate) for n in range(400) if chance.random() < share)
    return replace(plan, events=in_order((branch,), edits), faults=faults, in_flight=chance.choice((4, 16)))


def _busy(plan: Plan) -> Plan:
    return _everybody(plan, "busy", 0.0)


def _throttled(plan: Plan) -> Plan:
    return _everybody(plan, "throttled", 0.1)


def _refused(plan: Plan) -> Plan:
    return _everybody(plan, "forbidden", 0.1)


def _paged(plan: Plan) -> Plan:
    """Many customers, also edited in Invoiced, and runs that are stopped in the middle of a walk."""
    chance = random.Random(plan.seed)
    edits = [
        Event(chance.uniform(9, plan.length), "invoiced edits a customer", chance.randrange(14), chance.randrange(99))
        for _ in range(20)
    ]
    refused = replace(_everybody(plan, "forbidden", 0.05), slow=plan.seed % 2 == 0)
    return replace(refused, events=in_order(refused.events[:1], edits))


def _to_and_fro(plan: Plan) -> Plan:
    """Two programs that each insist on a phone number of their own, and nothing else that is wrong."""
    return replace(_crowd(plan, (1,), (1,)), faults=(), crashes=frozenset(), racing=frozenset())


def _poisoned(plan: Plan) -> Plan:
    return replace(plan, poisoned=frozenset(("C-1", "C-3")))


def _stalled(plan: Plan) -> Plan:
    """Nothing goes wrong, but that Invoiced asks for less whenever two of its records are to be written."""
    return replace(plan, faults=(), poisoned=frozenset(("C-1", "C-3")), poison="throttled", racing=frozenset())


def _settled(plan: Plan) -> Plan:
    """Few documents, which are soon paid or voided in Invoiced, and go on being edited in Customerp."""
    chance = random.Random(plan.seed)
    first = [Event(0.0, "erp creates a customer", 1, 1), Event(0.0, "erp creates a product", 1, 1)]
    first += [Event(0.0, "erp creates an order", n, 3 * chance.randrange(9)) for n in range(3)]
    ends = [
        Event(chance.uniform(20, 90), chance.choice(("invoiced takes a payment", "invoiced voids an invoice")), n, 1)
        for n in range(3)
    ]
    edits = [
        Event(chance.uniform(20, plan.length), "erp edits an order", chance.randrange(3), chance.randrange(99))
        for _ in range(20)
    ]
    return replace(plan, events=in_order(first, ends, edits))


def _issued(plan: Plan) -> Plan:
    """Two issued documents that both sides annotate."""
    chance = random.Random(plan.seed)
    first = [Event(0.0, "erp creates a customer", 1, 1), Event(0.0, "erp creates a product", 1, 1)]
    first += [Event(0.0, "erp creates an order", n, 3 * chance.randrange(9)) for n in range(2)]
    words = [
        Event(
            chance.uniform(20, plan.length),
            chance.choice(("erp words an order", "invoiced words an invoice")),
            n % 2,
            n,
        )
        for n in range(24)
    ]
    return replace(plan, events=in_order(first, words))


def _fading(plan: Plan) -> Plan:
    """Customers are deleted in Customerp and go on being edited in Invoiced; lists lag behind, and are read often."""
    chance = random.Random(plan.seed)
    created = [Event(0.0, "erp creates a customer", n, 1) for n in range(4)]
    deletes = [Event(chance.uniform(15, 50), "erp deletes a customer", n, 0) for n in range(3)]
    edits = [Event(chance.uniform(10, 60), "invoiced edits a customer", n % 4, chance.randrange(99)) for n in range(24)]
    near = replace(plan, length=60.0, deaf=frozenset(), lists="late", scans=0.5, pause=0.5)
    return replace(near, events=in_order(created, deletes, edits))


def _closing(plan: Plan) -> Plan:
    """A whole branch is deleted in Customerp by mistake."""
    chance = random.Random(plan.seed)
    branch = Event(0.0, "erp takes over a branch", 0, 0)
    closed = Event(chance.uniform(40, 100), "erp deletes a branch", 0, 0)
    edits = [Event(chance.uniform(9, 110), "invoiced edits a customer", n, chance.randrange(99)) for n in range(9)]
    return replace(plan, events=in_order((branch, closed), edits), length=120.0)


def deactivating() -> Patches:
    flows = tuple(replace(flow, on_delete="deactivate") for flow in scene.FLOWS)
    return [patch.object(scene, "FLOWS", flows)]


def _short(plan: Plan) -> Plan:
    return replace(plan, lists="short", scans=0.5)


def _elsewhere(plan: Plan) -> Plan:
    """Complete lists that now and then are those of another account."""
    branch = Event(0.0, "erp takes over a branch", 0, 0)
    some = replace(plan, lists="nobody", scans=0.5)
    return some if plan.seed % 2 else replace(some, events=in_order((branch,), plan.events), lists="few")


def _not_seen(plan: Plan) -> Plan:
    """Many customers that both sides edit, of which complete lists now and then show none."""
    chance = random.Random(plan.seed)
    busy = replace(_busy(plan), lists="nobody", scans=0.5, deaf=frozenset(), lossy=False)
    edits = [
        Event(chance.uniform(9, plan.length), "invoiced edits a customer", chance.randrange(14), chance.randrange(99))
        for _ in range(60)
    ]
    return replace(busy, events=in_order(busy.events, edits))


def _guessing(plan: Plan) -> Plan:
    """People have entered the same customers on both sides, with little by which to know them."""
    chance = random.Random(plan.seed)
    entered = [Event(0.0, "erp enters a customer", n, chance.randrange(30)) for n in range(5)]
    entered += [Event(0.0, "invoiced enters a company", n, chance.randrange(30)) for n in range(4)]
    edits = [Event(chance.uniform(1, plan.length), "erp edits a customer", chance.randrange(5), 1) for _ in range(5)]
    return replace(plan, events=in_order(entered, edits))


USUAL = Setting("as usual")
PAGED = Setting(
    "pages of two records, runs that are stopped", _paged, patches=lambda: [patch.object(invoiced, "_PAGE", 2)]
)
READING = Setting(
    "reads again while it writes", _wide, patches=lambda: [patch.object(Engine, "_rest", _reading_beside)]
)
CROWDED = Setting("many edits of few addresses", _crowded)
SLOW = Setting("many slow calls one by one, people edit just before them", _one_by_one)
SPOILT = Setting("lost answers, people reword what was written", _spoilt)
LAGGING = Setting("lists lag behind", _lagging)
FADING = Setting("records are deleted, lists lag behind", _fading)
CLOSING = Setting("very many deletes at once, which are to deactivate", _closing, patches=deactivating)
BUSY = Setting("many records at once", _busy)
STALLED = Setting("two records of which every write is answered 429", _stalled)
ISSUED = Setting("issued documents are annotated on both sides", _issued)
SETTLED = Setting("paid and voided documents are edited in Customerp", _settled)
THROTTLED = Setting("many records at once, many answers of 429", _throttled)
REFUSED = Setting("many records at once, an account that is refused now and then", _refused)
TO_AND_FRO = Setting("two programs that insist on a phone number each", _to_and_fro)
POISONED = Setting("two records of which every write fails", _poisoned)
SHORT = Setting("complete lists often leave one record out", _short)
ELSEWHERE = Setting("complete lists are often of another account", _elsewhere)
UNSEEN = Setting("many customers, and complete lists often show none of them", _not_seen)
GUESSING = Setting("both sides know the same few addresses", _guessing)
