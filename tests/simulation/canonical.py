"""The small histories that everybody thinks of first: one of each kind of thing that a sync has to do.

`simulate` ends the process at every await and around every commit of each.
"""

from __future__ import annotations

from people import Event
from scene import Plan

_CUSTOMER = Event(0.0, "erp creates a customer", 1, 1)
_PRODUCT = Event(0.0, "erp creates a product", 1, 1)
_ORDER = Event(0.0, "erp creates an order", 1, 1)
_DOCUMENT = (_CUSTOMER, _PRODUCT, _ORDER)


def _small(*events: Event) -> Plan:
    return Plan(7, events, length=30.0, in_flight=2)


CANONICAL = {
    "create": _small(*_DOCUMENT),
    "link": _small(_CUSTOMER, _PRODUCT, Event(0.0, "invoiced creates a customer", 1, 2),
                   Event(0.0, "invoiced creates an item", 1, 2)),
    "edit in Customerp": _small(_CUSTOMER, Event(12.0, "erp edits a customer", 0, 1),
                                Event(12.0, "erp edits a customer", 0, 4)),
    "edit in Invoiced": _small(_CUSTOMER, Event(12.0, "invoiced edits a customer", 0, 1),
                               Event(12.0, "invoiced edits a customer", 0, 3)),
    "edit on both sides": _small(_CUSTOMER, Event(12.0, "erp edits a customer", 0, 8),
                                 Event(12.0, "invoiced edits a customer", 0, 1)),
    "price": _small(_PRODUCT, Event(12.0, "erp edits a product", 0, 12)),
    "lines": _small(*_DOCUMENT, Event(12.0, "erp edits an order's lines", 0, 8),
                    Event(12.0, "invoiced edits an invoice's lines", 0, 8)),
    "void": _small(*_DOCUMENT, Event(12.0, "invoiced voids an invoice", 0, 0)),
    "cancel": _small(*_DOCUMENT, Event(12.0, "erp changes an order's status", 0, 1)),
    "pay": _small(*_DOCUMENT, Event(10.0, "erp changes an order's status", 0, 0),
                  Event(22.0, "invoiced takes a payment", 0, 1)),
    "delete in Customerp": _small(_CUSTOMER, Event(12.0, "erp deletes a customer", 0, 0)),
    "delete in Invoiced": _small(_CUSTOMER, Event(12.0, "invoiced deletes a customer", 0, 0)),
    "merge": _small(_CUSTOMER, Event(0.0, "erp creates a customer", 2, 3),
                    Event(12.0, "invoiced merges two customers", 0, 1)),
}  # fmt: skip
