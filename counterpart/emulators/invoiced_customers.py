"""Customers of the Invoiced emulator."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from counterpart.emulators.errors import InvoicedError
from counterpart.emulators.invoiced_account import Account, Call, Reply
from counterpart.emulators.invoiced_listing import NOT_EMULATED, Column, Listing, answer, project
from counterpart.emulators.invoiced_values import (
    Rule,
    assign,
    autopay,
    boolean,
    country,
    currency,
    email,
    free_text,
    invalid,
    language,
    metadata,
    numeric,
    one_of,
    rate_ids,
    refuse_mass_assignment,
    sized,
)
from counterpart.emulators.table import Row, sparse

_MOST_PARENTS = 5

DEFAULTS: Row = {
    "ach_gateway": None, "ach_gateway_id": None, "ach_gateway_object": None, "active": True, "address1": None,
    "address2": None, "attention_to": None, "autopay": False, "autopay_delay_days": -1,
    "avalara_entity_use_code": None, "avalara_exemption_number": None, "bill_to_parent": False,
    "cc_gateway": None, "cc_gateway_id": None, "cc_gateway_object": None, "chase": True,
    "chasing_cadence": None, "city": None, "consolidated": False, "convenience_fee": True,
    "credit_hold": False, "credit_limit": None, "currency": None, "email": None, "language": None,
    "late_fee_schedule": None, "late_fee_schedule_id": None, "metadata": {}, "name": "",
    "network_connection": None, "network_connection_id": None, "next_chase_step": None, "notes": None,
    "object": "customer", "owner": None, "owner_id": None, "parent_customer": None, "payment_source": None,
    "payment_terms": None, "phone": None, "postal_code": None, "sign_up_page": None, "sign_up_url": None,
    "state": None, "surcharging": True, "tax_id": None, "taxable": True, "taxes": [], "type": "company",
}  # fmt: skip

_BLOCKED = frozenset(
    {
        "client_id",
        "client_id_exp",
        "credit_balance",
        "object",
        "statement_pdf_url",
        "sign_up_url",
        "created_at",
        "updated_at",
    }
)


def _delay(name: str, value: Any) -> int:
    if value is None:
        return -1
    number = numeric(name, value)
    if number != number.to_integral_value():
        raise invalid(name)
    return int(number)


def _limit(name: str, value: Any) -> Any:
    return None if value is None or value == "" else numeric(name, value)


def _absent(name: str, value: Any) -> None:
    """A relation to a kind of record that this account has none of."""
    if value is not None:
        raise InvoicedError(f"No such {name.replace('_', ' ')}: {str(value)[:40]}")


RULES: dict[str, Rule] = {
    "name": sized(1, 255, nullable=False),
    "number": sized(1, 32, nullable=False),
    "email": email,
    "type": one_of("company", "person", "government", "non_profit"),
    "country": country,
    "language": language,
    "currency": currency,
    "payment_terms": sized(1, 255, nullable=True),
    "autopay": autopay,
    "autopay_delay_days": _delay,
    "credit_limit": _limit,
    "taxes": rate_ids,
    "metadata": metadata,
    **dict.fromkeys(
        ("active", "taxable", "bill_to_parent", "consolidated", "credit_hold", "chase", "convenience_fee",
         "surcharging"),
        boolean,
    ),
    **dict.fromkeys(
        ("chasing_cadence", "next_chase_step", "owner", "sign_up_page", "ach_gateway", "cc_gateway",
         "late_fee_schedule", "network_connection"),
        _absent,
    ),
}  # fmt: skip
_COLUMNS = dict.fromkeys(
    ("attention_to", "address2", "city", "state", "postal_code", "phone", "tax_id", "avalara_entity_use_code",
     "avalara_exemption_number"),
    255,
) | {"address1": 1000, "notes": 65535}  # fmt: skip
RULES |= dict.fromkeys(_COLUMNS, free_text)

_FILTERS: dict[str, Column] = {
    **dict.fromkeys(
        ("number", "email", "name", "type", "attention_to", "address1", "address2", "city", "state", "postal_code",
         "country", "phone", "language", "currency", "tax_id", "payment_terms"),
        "text",
    ),
    **dict.fromkeys(
        ("active", "taxable", "autopay", "credit_hold", "chase", "bill_to_parent", "consolidated"), "boolean"
    ),
    **dict.fromkeys(("id", "parent_customer", "credit_limit", "autopay_delay_days"), "number"),
    **dict.fromkeys(("created_at", "updated_at"), "date"),
}  # fmt: skip

LISTING = Listing(
    columns=_FILTERS,
    defaults=DEFAULTS,
    closed=(
        *NOT_EMULATED, "exclude", "expand", "filter", "include", "metadata", "page", "paginate", "per_page", "sort",
        "updated_after", "updated_before",
    ),
    link_defaults=(("sort", ""), ("paginate", "offset"), ("updated_before", "0"), ("updated_after", "0")),
)  # fmt: skip


def create(account: Account, call: Call) -> Reply:
    refuse_mass_assignment("Customer", _BLOCKED, call.body)
    body = {name: value for name, value in call.body.items() if name != "number" or value is not None}
    if "name" not in body:
        raise InvoicedError("Name is missing", "name")
    values, echoed = _read(account, body, None)
    if "payment_terms" not in body:
        values["payment_terms"] = account.settings.payment_terms
    values.setdefault("country", account.settings.country)
    values.setdefault("type", account.settings.customer_type)
    number = values.get("number") or account.customer_numbers.draw()
    id_ = account.customers.next_id
    values |= {"id": id_, "number": number, "created_at": call.now, "updated_at": call.now}
    row = sparse(values, DEFAULTS)
    account.customers.add(row)
    account.customer_numbers.assign(number, id_)
    return Reply(201, view(account, row) | echoed)


def retrieve(account: Account, call: Call) -> Reply:
    return Reply(200, project(view(account, find(account, call.arguments[0])), call.query, frozenset()))


def list_(account: Account, call: Call) -> Reply:
    return answer(account, call, LISTING, account.customers, lambda row: view(account, row))


def change(account: Account, call: Call) -> Reply:
    row = find(account, call.arguments[0])
    refuse_mass_assignment("Customer", _BLOCKED, call.body)
    if not call.body:
        return Reply(200, view(account, row))
    values, echoed = _read(account, call.body, row)
    changed = sparse(row | values | {"updated_at": call.now}, DEFAULTS)
    account.customers.put(row["id"], changed)
    if changed["number"] != row["number"]:
        account.customer_numbers.assign(changed["number"], row["id"], row["number"])
    return Reply(200, view(account, changed) | echoed)


def delete(account: Account, call: Call) -> Reply:
    row = find(account, call.arguments[0])
    if account.invoices_of.get(row["id"]):
        raise InvoicedError("Customers with transactions cannot be deleted")
    account.customers.remove(row["id"])
    account.customer_numbers.release(row["number"])
    return Reply(204)


def find(account: Account, id_: str) -> Row:
    """The customer of an id as it stands in a path; raises the 404."""
    row = account.customers.named(id_)
    if row is None:
        raise InvoicedError(f"Customer was not found: {id_[:80]}", status=404)
    return row


def view(account: Account, row: Row) -> Row:
    """The customer as answers show it: tax rates as objects, unknown ones dropped."""
    token = hashlib.blake2b(f"customer-{row['id']}".encode(), digest_size=8).hexdigest()
    url = f"{account.base_url}/statements/emulator/{token}"
    shown = DEFAULTS | row
    shown |= {"statement_url": url, "statement_pdf_url": f"{url}/pdf"}
    if shown["taxes"]:
        rates = (account.tax_rates.find(id_) for id_ in shown["taxes"])
        shown["taxes"] = [rate for rate in rates if rate is not None]
    return shown


def _read(account: Account, body: Mapping[str, Any], row: Row | None) -> tuple[Row, Row]:
    cut = account.switches.overlong_text == "truncated"
    values, echoed = assign(RULES, body, _COLUMNS, cut=cut)
    if "country" in values and values["country"] is None:
        values["country"] = account.settings.country
    if "number" in values:
        account.customer_numbers.refuse_taken(values["number"], None if row is None else row["id"])
    if "parent_customer" in body:
        values["parent_customer"] = _parent(account, body["parent_customer"], row)
    return values, echoed


def _parent(account: Account, value: Any, row: Row | None) -> int | None:
    if value is None:
        return None
    parent = account.customers.get(value) if isinstance(value, int) else None
    if parent is None:
        raise InvoicedError(f"No such customer: {str(value)[:40]}", "parent_customer")
    above: Row | None = parent
    levels = 1
    while above is not None:
        if row is not None and above["id"] == row["id"]:
            raise invalid("parent_customer")
        levels += 1
        if levels > _MOST_PARENTS:
            raise invalid("parent_customer")
        grandparent = above.get("parent_customer")
        above = None if grandparent is None else account.customers.get(grandparent)
    return int(parent["id"])
