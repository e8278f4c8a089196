"""What both systems hold, read behind the sync's back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mapping import COLLECTIONS, Units, customerp, invoiced
from network import Person

from sync.values import stamp_of

Pair = tuple[str, str, str]  # flow, id in Customerp, id in Invoiced


@dataclass
class Sides:
    """Both systems, as somebody sees them who changes nothing."""

    erp: Person
    inv: Person

    def __post_init__(self) -> None:
        self._known: dict[Pair, tuple[dict[str, Any], dict[str, Any], tuple[Units, Units]]] = {}

    def raw(self, system: str, collection: str, id_: str) -> dict[str, Any] | None:
        """A record as its system shows it, archived or not; None when it is gone."""
        if system == "customerp":
            return self.erp.read(collection, id_)
        return self.inv.read(collection, id_, "include=archived" if collection == "items" else "")

    def units(self, pair: Pair) -> tuple[Units, Units] | None:
        """What both sides of a pair say, unit by unit; None when one of them is gone."""
        flow, erp_id, inv_id = pair
        erp, inv = (
            self.raw("customerp", COLLECTIONS[flow][0], erp_id),
            self.raw("invoiced", COLLECTIONS[flow][1], inv_id),
        )
        if erp is None or inv is None:
            return None
        known = self._known.get(pair)
        if known is None or known[0] is not erp or known[1] is not inv:
            known = erp, inv, (customerp(flow, erp, self._sku), invoiced(flow, inv))
            self._known[pair] = known
        return known[2]

    def half(self, system: str, flow: str, raw: dict[str, Any]) -> Units:
        """What one side says, unit by unit."""
        return customerp(flow, raw, self._sku) if system == "customerp" else invoiced(flow, raw)

    def stamps(self, pair: Pair) -> tuple[float, float]:
        """When both records of a pair were last changed, each by its own system's clock."""
        flow, erp_id, inv_id = pair
        source, target = COLLECTIONS[flow]
        erp, inv = self.raw("customerp", source, erp_id), self.raw("invoiced", target, inv_id)
        assert erp is not None
        assert inv is not None
        return stamp_of(erp["updatedAt"]), float(inv["updated_at"])

    def _sku(self, product: str) -> str | None:
        raw = self.erp.read("products", product)
        return raw["sku"] if raw else None
