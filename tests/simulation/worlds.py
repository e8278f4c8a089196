"""Further settings: what people delete, enter and mean where the two systems do not go together by themselves."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import ROUND_DOWN, Context
from typing import Any
from unittest.mock import patch

import scene
from patience import Patience
from people import Event
from scene import Plan
from settings import DOUBTFUL, Patches, Setting, deactivating, in_order

from counterpart.emulators import customerp_records, invoiced_customers, invoiced_lines, totals
from counterpart.emulators.errors import InvoicedError
from sync import Pacing
from sync.converters import PLAIN
from sync.schema import Pair

_LINKED_CALLS, _LINKED_POINTS = 60, 400  # by which a branch of customers is linked
_RESERVED = 100  # seconds for which Invoiced keeps a number for a create that has failed


def _fought_over(plan: Plan) -> Plan:
    """Customers are deleted on one side and edited on the other, about the same time."""
    chance = random.Random(plan.seed)
    created = [Event(0.0, "erp creates a customer", n, n) for n in range(6)]
    events = []
    for _ in range(4):
        when, which = chance.uniform(20, plan.length - 30), chance.randrange(6)
        events.append(Event(when, f"{chance.choice(('erp', 'invoiced'))} deletes a customer", which, 0))
        for _ in range(6):
            side = chance.choice(("erp", "invoiced"))
            at = when + chance.uniform(-10, 20)
            events.append(Event(at, f"{side} edits a customer", chance.randrange(6), chance.randrange(99)))
    return replace(plan, events=in_order(created, events), deaf=frozenset(), lossy=False, scans=0.5)


def _paid(plan: Plan) -> Plan:
    """Orders are deleted, which is to void their invoices, and these are paid about the same time."""
    chance = random.Random(plan.seed)
    first = [Event(0.0, "erp creates a customer", 1, 1), Event(0.0, "erp creates a product", 1, 1)]
    first += [Event(0.0, "erp creates an order", n, 3 * chance.randrange(9)) for n in range(5)]
    ends = []
    for n in range(4):
        when = chance.uniform(20, plan.length - 10)
        ends.append(Event(when, "erp deletes an order", n, 0))
        ends.append(Event(when + chance.uniform(-20, 10), "invoiced takes a payment", n, chance.randrange(2)))
    return replace(plan, events=in_order(first, ends))


def _misentered(plan: Plan) -> Plan:
    """Customers of whom one side enters what the other one refuses, among other edits, and some of it mended."""
    chance = random.Random(plan.seed)
    created = [Event(0.0, "erp creates a customer", n, n) for n in range(4)]
    created += [Event(chance.uniform(0, 50), "erp enters a customer whom Invoiced refuses", n, n) for n in range(2)]
    deeds = (
        "erp edits a customer in a way that Invoiced refuses",
        "invoiced edits a customer in a way that Customerp refuses",
        "erp edits a customer",
        "invoiced edits a customer",
    )
    edits = [
        Event(chance.uniform(10, plan.length), chance.choice(deeds), chance.randrange(6), chance.randrange(99))
        for _ in range(24)
    ]
    return replace(plan, events=in_order(created, edits), deaf=frozenset(), lossy=False)


def _quietly_entered(plan: Plan) -> Plan:
    """Customers are entered one after the other, and nothing else happens.

    A process that ends in the middle of a create has to look what became of it, which spends calls of its own.
    """
    chance = random.Random(plan.seed)
    created = [Event(chance.uniform(0, 90), "erp creates a customer", n, n) for n in range(6)]
    return replace(plan, events=in_order(created), faults=(), crashes=frozenset(), racing=frozenset())


def _reserving() -> Patches:
    """Of two creates of a number, the first fails, and the number stays reserved for it."""
    held: dict[str, int] = {}

    def new(account: Any, given: Any, now: int) -> Any:
        number = given.get("number", "")
        if number[-1:] in "024":
            if held.setdefault(number, now) == now:
                raise InvoicedError("Something went wrong", status=500)
            if now < held[number] + _RESERVED:
                raise InvoicedError(f"The given customer number has already been taken: {number}", "number")
        return added(account, given, now)

    added = invoiced_customers.new
    return [patch.object(invoiced_customers, "new", new)]


def _failing(plan: Plan) -> Plan:
    """Two records of which every write fails, runs in close order, and nothing else that goes wrong."""
    failing = replace(plan, poisoned=frozenset(("C-1", "C-3")), pause=4.0)
    return replace(failing, faults=(), crashes=frozenset(), racing=frozenset())


def _steadily() -> Patches:
    """Chance shortens no pause."""
    return [
        patch.object(scene, "Pacing", lambda sleep, jitter: Pacing(sleep=sleep, jitter=lambda: 1.0)),
        patch.object(Patience, "steady", True),
    ]


def _both_sides(plan: Plan, deed: str) -> Plan:
    """Two customers, to whom both sides do the same kind of thing again and again."""
    chance = random.Random(plan.seed)
    created = [Event(0.0, "erp creates a customer", n, n) for n in range(2)]
    edits = [
        Event(chance.uniform(10, plan.length), f"{chance.choice(('erp', 'invoiced'))} {deed}", n % 2, n)
        for n in range(30)
    ]
    return replace(plan, events=in_order(created, edits), deaf=frozenset(), racing=frozenset())


def _dialled(plan: Plan) -> Plan:
    """Both sides edit phone numbers and nothing else; no call fails."""
    return replace(_both_sides(plan, "dials another number"), faults=())


def _registered(plan: Plan) -> Plan:
    """People have entered the same customers on both sides, and their tax ids and addresses contradict each other."""
    chance = random.Random(plan.seed)
    entered = [Event(0.0, "erp registers a customer", n, chance.randrange(16)) for n in range(3)]
    entered += [Event(0.0, "invoiced registers a company", n, chance.randrange(16)) for n in range(3)]
    return replace(plan, events=in_order(entered))


def _powerless(plan: Plan) -> Plan:
    """The power fails again and again."""
    chance = random.Random(plan.seed)
    return replace(plan, power=True, crashes=plan.crashes | {chance.randrange(1, 1200) for _ in range(6)})


def _garbled(plan: Plan) -> Plan:
    """Some of many customers cannot be read for a while, while all are edited.

    Nothing goes wrong before they are linked: what was created unnoticed and cannot be read is for a person to find.
    """
    chance = random.Random(plan.seed)
    branch = Event(0.0, "erp takes over a branch", 0, 0)
    spoilt, edited = ("erp spoils a customer, or mends all", "invoiced spoils a company, or mends all"), (
        "erp edits a customer", "invoiced edits a customer")  # fmt: skip
    events = [Event(chance.uniform(40, plan.length), chance.choice(spoilt), chance.randrange(14), 1) for _ in range(6)]
    events += [
        Event(chance.uniform(5, plan.length), chance.choice(edited), chance.randrange(14), chance.randrange(99))
        for _ in range(20)
    ]
    mended = [Event(plan.length, deed, 0, 0) for deed in spoilt]
    world = replace(
        plan,
        faults=tuple((n, fate) for n, fate in plan.faults if n > _LINKED_CALLS),
        crashes=frozenset(point for point in plan.crashes if point > _LINKED_POINTS),
    )
    world = replace(world, garbled=True, deaf=frozenset(), lossy=False, racing=frozenset())
    return replace(world, events=in_order((branch,), events, mended))


def _asked(plan: Plan) -> Plan:
    """Each run is planned before, and nothing goes wrong."""
    return replace(
        plan, planned=True, faults=(), crashes=frozenset(), racing=frozenset(), deaf=frozenset(), lossy=False
    )


def _priced(plan: Plan) -> Plan:
    """Few orders, whose lines are edited on both sides."""
    chance = random.Random(plan.seed)
    first = [Event(0.0, "erp creates a customer", 1, 1), Event(0.0, "erp creates a product", 1, 1)]
    first += [Event(0.0, "erp creates an order", n, chance.randrange(9)) for n in range(3)]
    deeds = ("erp edits an order's lines", "invoiced edits an invoice's lines", "erp edits an order")
    edits = [
        Event(chance.uniform(20, plan.length), chance.choice(deeds), chance.randrange(3), chance.randrange(99))
        for _ in range(9)
    ]
    return replace(plan, events=in_order(first, edits))


def _cutting() -> Patches:
    """Invoiced cuts what comes after the last decimal, where Customerp rounds."""

    def cut(*arguments: Any) -> Any:
        with patch.object(totals, "_EXACT", Context(prec=80, rounding=ROUND_DOWN)):
            return added_up(*arguments)

    added_up = totals.invoice_totals
    return [patch.object(invoiced_lines, "invoice_totals", cut)]


def _tagged(plan: Plan) -> Plan:
    """Both sides keep the words of customers; no error leaves open whether words have arrived."""
    known = tuple((n, fate) for n, fate in plan.faults if not fate.startswith(DOUBTFUL))
    return replace(_both_sides(plan, "tags a customer"), faults=known)


def _tagging() -> Patches:
    """Customers of both systems have a list of words, and a flow unites them."""

    def words(name: object, value: object = None) -> object:
        return value if isinstance(name, str) else name

    union = Pair("tags", "tags", PLAIN["words"], conflict="union")
    flows = [
        replace(flow, pairs=(*flow.pairs, union)) if flow.id == "customer-company" else flow for flow in scene.FLOWS
    ]
    return [
        patch.object(scene, "FLOWS", tuple(flows)),
        patch.dict(customerp_records.CUSTOMER, tags=customerp_records.Field(words, default=[])),
        patch.dict(invoiced_customers.DEFAULTS, tags=[]),
        patch.dict(invoiced_customers.RULES, tags=words),
    ]


FOUGHT_OVER = Setting("customers are deleted on one side and edited on the other", _fought_over, patches=deactivating)
PAID = Setting("orders are deleted while their invoices are paid", _paid, patches=deactivating)
MISENTERED = Setting("one side enters what the other one refuses", _misentered)
RESERVED = Setting("creates that fail, and numbers that stay reserved for them", _quietly_entered, patches=_reserving)
TAGGED = Setting("both sides keep the words of a few customers", _tagged, patches=_tagging)
CUT = Setting("Invoiced cuts amounts, where Customerp rounds them", _priced, patches=_cutting)
ASKED = Setting("each run is planned before it", _asked)
DIALLED = Setting("both sides edit the phone numbers of a few customers, and nothing else", _dialled)
REGISTERED = Setting("tax ids and addresses of both sides contradict each other", _registered)
FAILING = Setting("two records of which every write fails, and whole pauses", _failing, patches=_steadily)
POWERLESS = Setting("processes end by power cuts", _powerless)
GARBLED = Setting("some of many customers cannot be read for a while", _garbled)
