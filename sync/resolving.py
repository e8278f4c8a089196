"""References between records, followed through the links of a store."""

from __future__ import annotations

from dataclasses import dataclass

from sync.ports import Storage


@dataclass
class LinkedRecords:
    """Which record is whose counterpart, as the store knows it; None where nothing is linked."""

    store: Storage

    def target_of(self, flow: str, source_id: str) -> str | None:
        link = self.store.by_remote(flow, "customerp", source_id)
        return link.inv_id if link is not None and link.linked and link.deleted != "invoiced" else None

    def source_of(self, flow: str, target_id: str) -> str | None:
        link = self.store.by_remote(flow, "invoiced", target_id)
        return link.erp_id if link is not None and link.linked and link.deleted != "customerp" else None
