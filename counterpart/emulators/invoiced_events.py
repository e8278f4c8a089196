"""Events of the Invoiced emulator: what a request has written, coalesced, with the values that were there before."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from counterpart.emulators import invoiced_contacts as contacts
from counterpart.emulators import invoiced_customers as customers
from counterpart.emulators import invoiced_invoice_views as invoices
from counterpart.emulators import invoiced_webhooks as webhooks
from counterpart.emulators.errors import InvoicedError
from counterpart.emulators.invoiced_account import Account, Call, Reply
from counterpart.emulators.invoiced_listing import Column, Listing, Test, answer, project
from counterpart.emulators.table import Row, Table

API_KEY, SYSTEM = -3, -2
"""Who acted: a caller with a key, or Invoiced itself."""

HIDDEN = frozenset({"href", "message", "user"})
_ACTORS = {"api": API_KEY, "invoiced": SYSTEM, "customer": -1}  # above zero are members of the team
_OBJECTS = frozenset({"contact", "customer", "invoice", "item", "payment"})
_FILTERS: dict[str, Column] = {"id": "number", "type": "text", "user_id": "number", "timestamp": "date"}
LISTING = Listing(
    columns=_FILTERS, defaults={"user_id": API_KEY}, by_time=(), dated="timestamp", hidden=HIDDEN, newest_first=True
)

Lost = Callable[[str], bool]
"""Whether the event of this type gets lost on its way; nothing promises that events arrive."""


def flush(account: Account, now: int, lost: Lost, actor: int = API_KEY) -> None:
    """Write the events of everything touched since the last flush, one an object at most."""
    for (kind, id_), before in account.touched.items():
        after = _table(account, kind).get(id_)
        type_ = _type(kind, before, after)
        if type_ is None or lost(type_):
            continue
        row: Row = {"type": sys.intern(type_), "timestamp": now}
        if actor != API_KEY:
            row["user_id"] = actor
        # Rows are replaced whole, never changed in place: keeping them is keeping the snapshot, rendered when read.
        row["object"] = before if after is None else after
        if type_.endswith(".updated"):
            row["before"] = before
        if kind != "customer":
            row["customer"] = account.customers.get(row["object"]["customer"]) or {"id": row["object"]["customer"]}
        _add(account, row)
    account.touched.clear()


def merged(account: Account, survivor: Row, loser: Row, now: int) -> None:
    """Write the one event that a merge makes: the survivor, with what the other customer was."""
    account.touched.clear()
    row: Row = {"type": "customer.merged", "timestamp": now, "object": survivor, "original_customer": loser}
    _add(account, row)


def retrieve(account: Account, call: Call) -> Reply:
    id_ = call.arguments[0]
    row = account.events.named(id_)
    if row is None:
        raise InvoicedError(f"Event was not found: {id_[:80]}", status=404)
    return Reply(200, project(view(account, row), call.query, HIDDEN))


def list_(account: Account, call: Call) -> Reply:
    tests: list[Test] = []
    query = call.query
    related = query.get("related_to")
    if isinstance(related, str) and "," in related:
        kind, _, id_ = related.partition(",")
        if kind not in _OBJECTS:
            raise InvoicedError(f"Invalid object type: {kind[:40]}")
        if id_.strip().isdigit() and len(id_) <= 18:  # what is malformed is ignored
            tests.append(_related(kind, int(id_)))
    if isinstance(type_ := query.get("type"), str):
        tests.append(lambda row: _of(row)[0] == type_)
    if isinstance(actor := query.get("from"), str):
        tests.append(partial(_by, actor))
    return answer(account, call, LISTING, account.events, lambda row: view(account, row), tests)


def view(account: Account, row: Row) -> Row:
    """The event as answers show it, with what is hidden unless included."""
    kind, id_ = _of(row)
    object_ = _object(account, kind, row["object"], row)
    if "original_customer" in row:
        object_["original_customer"] = row["original_customer"]
    data: Row = {"object": object_}
    if "before" in row:
        data["previous"] = previous(_object(account, kind, row["before"], row), object_)
    return {
        "id": row["id"],
        "type": row["type"],
        "timestamp": row["timestamp"],
        "data": data,
        "href": f"{account.base_url}/events/{row['id']}",
        "message": f"{kind.capitalize()} {id_} was {row['type'].partition('.')[2]}",
        "user": {"id": row.get("user_id", API_KEY)},
    }


def previous(before: Mapping[str, Any], after: Mapping[str, Any]) -> Row:
    """The old values of what has changed.

    Of nested objects only the keys that changed, of lists the whole old list. What was null and is still empty
    (0, false, "") does not count as changed.
    """
    changed: Row = {}
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        if old == new or (old is None and not new):
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            old = previous(old, new)
        changed[name] = old
    return changed


def _of(event: Row) -> tuple[str, int]:
    """The kind and id of the record that an event tells of."""
    return event["type"].partition(".")[0], event["object"]["id"]


def _type(kind: str, before: Row | None, after: Row | None) -> str | None:
    if after is None:
        return None if before is None else f"{kind}.deleted"
    if before is None:
        return f"{kind}.created"
    if {**before, "updated_at": 0} == {**after, "updated_at": 0}:
        return None
    if kind == "invoice" and after.get("paid") and not before.get("paid"):
        return "invoice.paid"  # in place of `invoice.updated`
    return f"{kind}.updated"


def _add(account: Account, row: Row) -> None:
    row["id"] = account.events.next_id
    account.events.add(row)
    if len(account.webhooks):
        webhooks.announce(account, project(view(account, row), {}, HIDDEN))


def _table(account: Account, kind: str) -> Table:
    return {"customer": account.customers, "invoice": account.invoices, "contact": account.contacts}[kind]


def _object(account: Account, kind: str, object_: Row, event: Row) -> Row:
    if kind == "customer":
        return customers.view(account, object_)
    owner = event["customer"]
    shown = contacts.view(object_) if kind == "contact" else invoices.view(account, object_)
    return shown | {"customer": customers.view(account, owner)}


def _by(actor: str, row: Row) -> bool:
    who = row.get("user_id", API_KEY)
    return bool(who > 0 if actor == "team" else who == _ACTORS.get(actor))


def _related(kind: str, id_: int) -> Test:
    if kind == "customer":
        return lambda row: _of(row) == ("customer", id_) or row.get("customer", {}).get("id") == id_
    return lambda row: _of(row) == (kind, id_)
