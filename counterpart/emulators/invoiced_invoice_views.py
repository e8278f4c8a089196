"""Invoices of the Invoiced emulator as answers show them, what lists filter and hide of them, and the printed page."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

from counterpart.emulators.invoiced_account import Account, Call
from counterpart.emulators.invoiced_lines import entry_view, line_view, unpack
from counterpart.emulators.invoiced_listing import Column, Listing, project
from counterpart.emulators.invoiced_pdf import page
from counterpart.emulators.table import Row

_NOTHING = Decimal(0)

DEFAULTS: Row = {
    "amount_credited": _NOTHING, "amount_paid": _NOTHING, "attempt_count": 0, "autopay": False, "chase": False,
    "closed": False, "date_bad_debt": None, "date_paid": None, "date_voided": None, "discounts": [], "draft": False,
    "due_date": None, "expected_payment_date": None, "items": [], "late_fees": True, "metadata": {}, "name": "Invoice",
    "needs_attention": False, "network_document": None, "network_document_id": None, "next_chase_on": None,
    "next_payment_attempt": None, "notes": None, "object": "invoice", "paid": False, "payment_plan": None,
    "payment_source": None, "payment_terms": None, "purchase_order": None, "sent": False, "ship_to": None,
    "shipping": [], "subscription": None, "subscription_id": None, "tags": [], "taxes": [], "viewed": False,
    "voided": False,
}  # fmt: skip

HIDDEN = frozenset(
    {"amount_credited", "amount_paid", "customerName", "date_bad_debt", "date_paid", "date_voided",
     "expected_payment_date", "sent", "tags", "viewed", "voided"}
)  # fmt: skip

_FILTERS: dict[str, Column] = {
    **dict.fromkeys(("number", "name", "status", "currency", "purchase_order", "payment_terms"), "text"),
    **dict.fromkeys(("draft", "closed", "paid", "voided", "sent", "viewed", "autopay"), "boolean"),
    **dict.fromkeys(("id", "customer", "subscription", "subtotal", "total", "balance"), "number"),
    **dict.fromkeys(("date", "due_date", "created_at", "updated_at"), "date"),
}  # fmt: skip


def _customer_name(account: Account, invoice: Row) -> Any:
    customer = account.customers.get(invoice["customer"])
    return None if customer is None else customer["name"]


LISTING = Listing(
    columns=_FILTERS,
    defaults=DEFAULTS,
    dated="date",
    hidden=HIDDEN,
    joined={"Customers.name": _customer_name},
    not_emulated=(
        "balance", "broken_promises", "cadence", "chasing", "payment_attempted", "payment_plan", "tags", "total",
    ),
)  # fmt: skip


def view(account: Account, row: Row) -> Row:
    """The invoice as answers show it."""
    return project(whole(account, row), {}, HIDDEN)


def shown(account: Account, row: Row, call: Call) -> Row:
    """The same with what the call includes and without what it excludes."""
    return project(whole(account, row), call.query, HIDDEN)


def whole(account: Account, row: Row) -> Row:
    """Every attribute, hidden ones too."""
    shown = DEFAULTS | row
    shown["customerName"] = _customer_name(account, row)
    shown["items"] = [line_view(account, line) for line in unpack(shown["items"])]
    shown["discounts"] = [entry_view(account, "discount", entry) for entry in shown["discounts"]]
    shown["taxes"] = [entry_view(account, "tax", entry) for entry in shown["taxes"]]
    if shown["voided"]:
        shown |= dict.fromkeys(("url", "pdf_url", "csv_url", "payment_url"))
    else:
        token = hashlib.blake2b(f"invoice-{row['id']}".encode(), digest_size=8).hexdigest()
        url = f"{account.base_url}/invoices/emulator/{token}"
        payable = not (shown["paid"] or shown["closed"])
        shown |= {"url": url, "pdf_url": f"{url}/pdf", "csv_url": f"{url}/csv"}
        shown["payment_url"] = f"{url}/payment" if payable else None
    return shown


def printed(invoice: Row) -> bytes:
    """The invoice as a PDF of one page."""
    lines = (f"{line['quantity']:f} x {line['name']}: {line['amount']:f}" for line in invoice["items"])
    return page([f"{invoice['name']} {invoice['number']}", *lines, f"{invoice['currency']} {invoice['total']:f}"])
