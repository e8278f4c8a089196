"""Webhooks of both systems: they wake a link and carry no truth, as they come unordered, twice, or not at all.

What they name is read again from its system in the next run; what nobody knows yet, the next walk finds.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sync import values
from sync.errors import NotGenuine
from sync.links import State, System
from sync.ports import Storage
from sync.schema import Flow
from sync.writing import side_of

_MOST_BYTES = 1_000_000
_OLDEST_SECONDS = 300  # Customerp signs the moment, so an old call cannot be played again
_OBJECTS = {"customer": "customers", "product": "products", "order": "orders", "invoice": "invoices"}


@dataclass(frozen=True)
class Event:
    """What a genuine call is about: records by collection and id; `id` tells a repetition."""

    system: System
    id: str
    records: tuple[tuple[str, str], ...]


def read(system: System, body: bytes, signature: str, secret: str, now: datetime) -> Event:
    """A call that its system has signed; raises NotGenuine. Invoiced signs no moment: repetitions are known by id."""
    if len(body) > _MOST_BYTES:
        raise NotGenuine(system, f"it has more than {_MOST_BYTES} bytes")
    signed = body
    given = signature.strip()
    if system == "customerp":
        parts = re.fullmatch(r"t=(\d{1,12}),v1=([0-9a-f]{64})", given)
        if parts is None:
            raise NotGenuine(system, "it is not signed")
        if abs(now.timestamp() - int(parts[1])) > _OLDEST_SECONDS:
            raise NotGenuine(system, f"it was signed more than {_OLDEST_SECONDS} seconds away from now")
        signed, given = f"{parts[1]}.".encode() + body, parts[2]
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    # As bytes, because compare_digest refuses text beyond ASCII.
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise NotGenuine(system, "its signature is not that of its body")
    try:
        return _event(system, values.loads(body))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NotGenuine(system, "it is signed and not in the form of the API") from None


def wake(store: Storage, flows: Iterable[Flow], event: Event, at: datetime) -> bool:
    """Put the links of an event to work; False when it came before."""
    with store.transaction():
        if not store.first_heard(f"{event.system}:{event.id}", at.isoformat()):
            return False
        for flow in flows:
            for collection, id_ in event.records:
                link = None
                if side_of(flow, event.system).object == collection:
                    link = store.by_remote(flow.id, event.system, id_)
                if link is not None and link.state is not State.TOMBSTONED:
                    store.save(replace(link, recheck=True, dirty=True))
    return True


def _event(system: System, raw: Any) -> Event:
    if system == "customerp":
        return Event(system, str(int(raw["sequence"])), ((_OBJECTS.get(raw["type"], ""), str(raw["id"])),))
    collection = _OBJECTS.get(str(raw["type"]).partition(".")[0], "")
    record = raw["data"]["object"]
    # A merge tells of the survivor, and inside it of the customer that is gone.
    named = [record, *([record["original_customer"]] if "original_customer" in record else [])]
    return Event(system, str(int(raw["id"])), tuple((collection, str(each["id"])) for each in named))
