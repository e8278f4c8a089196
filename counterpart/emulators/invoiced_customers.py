"""Customers of the Invoiced emulator."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from counterpart.emulators.errors import InvoicedError
from counterpart.emulators.invoiced_account import Account, Call, Reply
from counterpart.emulators.invoiced_listing import Column, Listing, Test, answer, project
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
_AGES = (0, 7, 14, 30, 60)
_DAY = 86400

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


HIDDEN = frozenset({"aging", "credit_balance"})
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

_NOT_EMULATED = ("automation", "balance", "late_fee_schedule_id", "owner")

LISTING = Listing(
    columns=_FILTERS,
    defaults=DEFAULTS,
    not_emulated=_NOT_EMULATED,
    closed=(
        *_NOT_EMULATED, "advanced_filter", "exclude", "expand", "filter", "include", "metadata", "open_balance", "page",
        "paginate", "payment_source", "per_page", "sort", "updated_after", "updated_before",
    ),
    hidden=HIDDEN,
    link_defaults=(("sort", ""), ("paginate", "offset"), ("updated_before", "0"), ("updated_after", "0")),
)  # fmt: skip


def create(account: Account, call: Call) -> Reply:
    row, echoed = new(account, call.body, call.now)
    add(account, row)
    return Reply(201, _shown(account, row, call) | echoed)


def new(account: Account, given: Mapping[str, Any], now: int) -> tuple[Row, Row]:
    """A customer to be added, with what the answer echoes differently; raises every refusal the attributes can earn."""
    refuse_mass_assignment("Customer", _BLOCKED, given)
    body = {name: value for name, value in given.items() if name != "number" or value is not None}
    if "name" not in body:
        raise InvoicedError("Name is missing", "name")
    values, echoed = _read(account, body, None)
    if "payment_terms" not in body:
        values["payment_terms"] = account.settings.payment_terms
    values.setdefault("country", account.settings.country)
    values.setdefault("type", account.settings.customer_type)
    number = values.get("number") or account.customer_numbers.draw()
    values |= {"id": account.customers.next_id, "number": number, "created_at": now, "updated_at": now}
    return sparse(values, DEFAULTS), echoed


def add(account: Account, row: Row) -> None:
    """Add what `new` made."""
    account.customers.add(row)
    account.customer_numbers.assign(row["number"], row["id"])
    account.touch("customer", row["id"], None)


def retrieve(account: Account, call: Call) -> Reply:
    return Reply(200, _shown(account, find(account, call.arguments[0]), call))


def list_(account: Account, call: Call) -> Reply:
    tests: list[Test] = []
    owing, paying = call.query.get("open_balance"), call.query.get("payment_source")
    if owing is not None:
        tests.append(lambda row: _owes(account, row) is (owing == "1"))
    if paying is not None:
        tests.append(lambda row: paying != "1")  # nobody here has one
    show = _whole if "include" in call.query else view
    return answer(account, call, LISTING, account.customers, lambda row: show(account, row), tests)


def change(account: Account, call: Call) -> Reply:
    row = find(account, call.arguments[0])
    refuse_mass_assignment("Customer", _BLOCKED, call.body)
    if not call.body:
        return Reply(200, _shown(account, row, call))
    values, echoed = _read(account, call.body, row)
    changed = sparse(row | values | {"updated_at": call.now}, DEFAULTS)
    account.customers.put(row["id"], changed)
    if changed["number"] != row["number"]:
        account.customer_numbers.assign(changed["number"], row["id"], row["number"])
    account.touch("customer", row["id"], row)
    return Reply(200, _shown(account, changed, call) | echoed)


def delete(account: Account, call: Call) -> Reply:
    row = find(account, call.arguments[0])
    if account.invoices_of.get(row["id"]):
        raise InvoicedError("Customers with transactions cannot be deleted")
    remove(account, row)
    account.touch("customer", row["id"], row)
    return Reply(204)


def remove(account: Account, row: Row) -> None:
    """Remove a customer with its contacts."""
    account.customers.remove(row["id"])
    account.customer_numbers.release(row["number"])
    account.invoices_of.pop(row["id"], None)
    for contact in account.contacts_of.pop(row["id"], {}):
        account.contacts.remove(contact)


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
        rates = (account.tax_rates.shown(id_) for id_ in shown["taxes"])
        shown["taxes"] = [rate for rate in rates if rate is not None]
    return shown


def _whole(account: Account, row: Row) -> Row:
    """The customer with its hidden attributes."""
    return view(account, row) | {"aging": _aging(account, row), "credit_balance": 0}


def _shown(account: Account, row: Row, call: Call) -> Row:
    if "include" in call.query:
        return project(_whole(account, row), call.query, HIDDEN)
    return project(view(account, row), call.query, HIDDEN)


def _open(account: Account, row: Row) -> Iterator[Row]:
    invoices = (account.invoices.get(id_) for id_ in account.invoices_of.get(row["id"], ()))
    return (invoice for invoice in invoices if invoice is not None and not invoice.get("draft") and invoice["balance"])


def _owes(account: Account, row: Row) -> bool:
    return any(invoice["balance"] > 0 for invoice in _open(account, row))


def _aging(account: Account, row: Row) -> list[Row]:
    """What is owed by the age of the invoice in days."""
    now = account.clock.seconds()
    owed = dict.fromkeys(_AGES, Decimal(0))
    for invoice in _open(account, row):
        days = (now - invoice["date"]) // _DAY
        owed[max((age for age in _AGES if age <= days), default=0)] += invoice["balance"]
    return [{"age_lower": age, "amount": amount} for age, amount in owed.items()]


def _read(account: Account, body: Mapping[str, Any], row: Row | None) -> tuple[Row, Row]:
    values, echoed = assign(RULES, body, _COLUMNS, **account.switches.text)
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
