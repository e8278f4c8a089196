"""Payments of the Invoiced emulator: the ordinary way in which an invoice becomes paid."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from counterpart.emulators import invoiced_invoices as invoices
from counterpart.emulators.errors import InvoicedError
from counterpart.emulators.invoiced_account import Account, Call, Reply
from counterpart.emulators.invoiced_listing import Column, Listing, answer, project
from counterpart.emulators.invoiced_values import currency, metadata, numeric, timestamp
from counterpart.emulators.table import Row

_NOTHING = Decimal(0)
_LARGEST = 9_999_999_999
_FILTERS: dict[str, Column] = {
    "customer": "number",
    "currency": "text",
    "method": "text",
    "voided": "boolean",
    "amount": "number",
    "date": "date",
}
LISTING = Listing(columns=_FILTERS, defaults={"voided": False})


def create(account: Account, call: Call) -> Reply:
    body = call.body
    if body.get("amount") is None:
        raise InvoicedError("Amount is missing", "amount")
    amount = numeric("amount", body["amount"])
    if not 0 < amount <= _LARGEST:
        raise InvoicedError("Amount is invalid", "amount")
    applied = _applications(account, body.get("applied_to"), amount)
    customer = body.get("customer")
    if customer is not None and account.customers.get(customer if isinstance(customer, int) else 0) is None:
        raise InvoicedError(f"No such customer: {str(customer)[:40]}", "customer")
    if customer is None and applied:
        customer = applied[0][0]["customer"]
    id_ = account.payments.next_id
    row: Row = {
        "id": id_,
        "object": "payment",
        "customer": customer,
        "amount": amount,
        "balance": amount - sum((share for _, share in applied), _NOTHING),
        "currency": currency("currency", body.get("currency")) or account.settings.currency,
        "date": timestamp("date", body.get("date")) or call.now,
        "method": body["method"] if isinstance(body.get("method"), str) else "other",
        "voided": False,
        "metadata": metadata("metadata", body.get("metadata")),
        "applied_to": [{"type": "invoice", "invoice": row["id"], "amount": share} for row, share in applied],
        "created_at": call.now,
        "updated_at": call.now,
    }
    account.payments.add(row)
    for invoice, share in applied:
        invoices.pay(account, invoice, share, call.now)
    return Reply(201, row)


def retrieve(account: Account, call: Call) -> Reply:
    return Reply(200, project(_find(account, call), call.query, frozenset()))


def list_(account: Account, call: Call) -> Reply:
    return answer(account, call, LISTING, account.payments, dict)


def void(account: Account, call: Call) -> Reply:
    """DELETE of a payment: it stays as voided, and what it paid is open again."""
    row = _find(account, call)
    if row["voided"]:
        raise InvoicedError("This payment has already been voided.")
    for application in row["applied_to"]:
        invoice = account.invoices.get(application["invoice"])
        if invoice is not None:
            invoices.pay(account, invoice, -application["amount"], call.now)
    account.payments.put(row["id"], row | {"voided": True, "balance": _NOTHING, "updated_at": call.now})
    return Reply(204)


def _applications(account: Account, given: Any, amount: Decimal) -> list[tuple[Row, Decimal]]:
    if given is None:
        return []
    if not isinstance(given, list):
        raise InvoicedError("Applied To is invalid", "applied_to")
    applied: list[tuple[Row, Decimal]] = []
    left = amount
    for item in given:
        if not isinstance(item, dict) or item.get("type") != "invoice":
            raise InvoicedError("Applied To is invalid", "applied_to")
        reference = item.get("invoice")
        invoice = account.invoices.get(reference) if isinstance(reference, int) else None
        if invoice is None:
            raise InvoicedError(f"No such invoice: {str(reference)[:40]}", "applied_to")
        if any(other["id"] == invoice["id"] for other, _ in applied):
            raise InvoicedError("An invoice is given twice", "applied_to")
        share = numeric("amount", item.get("amount", 0))
        left -= share
        if invoice.get("voided") or invoice.get("draft"):
            raise InvoicedError(f"Cannot apply a payment to an invoice that is {invoice['status']}", "applied_to")
        if share <= 0 or left < 0 or share > invoice["balance"]:
            raise InvoicedError("The amount applied exceeds what is left", "applied_to")
        applied.append((invoice, share))
    return applied


def _find(account: Account, call: Call) -> Row:
    id_ = call.arguments[0]
    row = account.payments.named(id_)
    if row is None:
        raise InvoicedError(f"Payment was not found: {id_[:80]}", status=404)
    return row
