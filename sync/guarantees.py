"""What is lost where Customerp does not offer an optional part of its contract."""

from __future__ import annotations

from collections.abc import Collection, Mapping

GUARANTEES: Mapping[str, str] = {
    "etag": "Customerp refuses no overtaken change: what is edited there between our last look and our writing, in the "
    "same property, is overwritten",
    "changes": "Customerp has no change feed: every run reads every record, and a delete shows only by absence",
    "cursor": "Customerp lists by counted pages: a record that slips between two of them is seen one run later",
    "idempotency-key": "Customerp knows no Idempotency-Key: a create whose answer was lost is looked up by its match "
    "key, and two of them at once can make two records",
    "milliseconds": "Customerp stamps whole seconds: which of two edits in one second came later cannot be told",
    "external-ref": "Customerp keeps no external reference: a record created there is known only by its match key",
}


def missing(offered: Collection[str]) -> tuple[str, ...]:
    """A sentence for each guarantee that falls away, in the order of the contract."""
    return tuple(sentence for feature, sentence in GUARANTEES.items() if feature not in offered)
