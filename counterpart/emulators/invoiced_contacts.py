"""Contacts of a customer in the Invoiced emulator; writing one does not touch the customer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterpart.emulators import invoiced_customers as customers
from counterpart.emulators.errors import InvoicedError
from counterpart.emulators.invoiced_account import Account, Call, Reply
from counterpart.emulators.invoiced_listing import Column, Listing, Test, answer, project
from counterpart.emulators.invoiced_values import (
    Rule,
    assign,
    boolean,
    country,
    email,
    free_text,
    refuse_mass_assignment,
    sized,
)
from counterpart.emulators.table import Row, sparse

_MOST = 100
_TEXTS = ("title", "department", "phone", "address1", "address2", "city", "state", "postal_code")

DEFAULTS: Row = {
    "address1": None, "address2": None, "city": None, "country": None, "department": None, "email": None,
    "object": "contact", "phone": None, "postal_code": None, "primary": True, "sms_enabled": False, "state": None,
    "title": None,
}  # fmt: skip
RULES: dict[str, Rule] = {
    "name": sized(1, 255, nullable=False),
    "email": email,
    "country": country,
    "primary": boolean,
    "sms_enabled": boolean,
    **dict.fromkeys(_TEXTS, free_text),
}
_COLUMNS = dict.fromkeys(_TEXTS, 255)
_BLOCKED = frozenset({"customer", "customer_id", "created_at", "updated_at"})
_FILTERS: dict[str, Column] = {
    "name": "text",
    "email": "text",
    "phone": "text",
    "primary": "boolean",
    "id": "number",
}
LISTING = Listing(columns=_FILTERS, defaults=DEFAULTS)


def create(account: Account, call: Call) -> Reply:
    customer = customers.find(account, call.arguments[0])
    if len(account.contacts_of.get(customer["id"], ())) >= _MOST:
        raise InvoicedError(f"A customer can have at most {_MOST} contacts")
    if "name" not in call.body:
        raise InvoicedError("Name is missing", "name")
    values, echoed = _read(account, call.body)
    id_ = account.contacts.next_id
    values |= {"id": id_, "customer": customer["id"], "created_at": call.now, "updated_at": call.now}
    row = sparse(values, DEFAULTS)
    account.contacts.add(row)
    account.contacts_of.setdefault(customer["id"], {})[id_] = None
    account.touch("contact", id_, None)
    return Reply(201, view(row) | echoed)


def retrieve(account: Account, call: Call) -> Reply:
    return Reply(200, project(view(_find(account, call)), call.query, frozenset()))


def list_(account: Account, call: Call) -> Reply:
    customer = customers.find(account, call.arguments[0])["id"]
    tests: list[Test] = [lambda row: row["customer"] == customer]
    return answer(account, call, LISTING, account.contacts, view, tests)


def change(account: Account, call: Call) -> Reply:
    row = _find(account, call)
    if not call.body:
        return Reply(200, view(row))
    values, echoed = _read(account, call.body)
    changed = sparse(row | values | {"updated_at": call.now}, DEFAULTS)
    account.contacts.put(row["id"], changed)
    account.touch("contact", row["id"], row)
    return Reply(200, view(changed) | echoed)


def delete(account: Account, call: Call) -> Reply:
    row = _find(account, call)
    account.contacts.remove(row["id"])
    del account.contacts_of[row["customer"]][row["id"]]
    account.touch("contact", row["id"], row)
    return Reply(204)


def view(row: Row) -> Row:
    """The contact as answers show it; whose it is stands in the path only."""
    return {name: value for name, value in (DEFAULTS | row).items() if name != "customer"}


def _find(account: Account, call: Call) -> Row:
    customer = customers.find(account, call.arguments[0])
    row = account.contacts.named(call.arguments[1])
    if row is None or row["customer"] != customer["id"]:
        raise InvoicedError(f"Contact was not found: {call.arguments[1][:80]}", status=404)
    return row


def _read(account: Account, body: Mapping[str, Any]) -> tuple[Row, Row]:
    refuse_mass_assignment("Contact", _BLOCKED, body)
    return assign(RULES, body, _COLUMNS, **account.switches.text)
