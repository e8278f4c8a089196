"""Who plays in the scenarios: the record types of both systems and how a counterpart is recognised from outside."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RecordType:
    """A record type as people name it, its collection in the API, and its natural key."""

    system: str
    name: str
    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.system} {self.name}"


@dataclass(frozen=True)
class Flow:
    """A flow of the checklist: the source record type and its counterpart."""

    id: str
    source: RecordType
    target: RecordType


FLOWS = (
    Flow(
        "customer-company",
        RecordType("Customerp", "Customer", "customers", "number"),
        RecordType("Invoiced", "Customer", "customers", "number"),
    ),
    Flow(
        "order-invoice",
        RecordType("Customerp", "Order", "orders", "number"),
        RecordType("Invoiced", "Invoice", "invoices", "number"),
    ),
    Flow(
        "product-item",
        RecordType("Customerp", "Product", "products", "sku"),
        RecordType("Invoiced", "Item", "items", "id"),
    ),
)

TYPES = {str(side): side for flow in FLOWS for side in (flow.source, flow.target)}
# Which record type a property of another record refers to, by the last segment of its path.
REFERENCES = {
    "customerId": TYPES["Customerp Customer"],
    "productId": TYPES["Customerp Product"],
    "customer": TYPES["Invoiced Customer"],
    "catalog_item": TYPES["Invoiced Item"],
}


def record_type(text: str) -> RecordType:
    """The record type that a sentence names; raises LookupError with the known names."""
    if text not in TYPES:
        raise LookupError(f"no flow has a record type {text!r}; they have {', '.join(sorted(TYPES))}")
    return TYPES[text]


def counterpart_type(of: RecordType) -> RecordType:
    """The record type on the other side of the flow."""
    for flow in FLOWS:
        if of in (flow.source, flow.target):
            return flow.target if of == flow.source else flow.source
    raise LookupError(f"{of} belongs to no flow")
