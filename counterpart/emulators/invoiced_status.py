"""What follows from an invoice's state and the time: balance, paid, status, and when it falls due."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from counterpart.emulators.invoiced_values import terms_days
from counterpart.emulators.table import Row

_DAY = 86400
_NOTHING = Decimal(0)


def status(invoice: Mapping[str, Any], now: int) -> str:
    """The status that an invoice's state amounts to; the first that holds."""
    if invoice.get("voided"):
        return "voided"
    if invoice.get("draft"):
        return "draft"
    if invoice.get("paid"):
        return "paid"
    if invoice.get("closed") and invoice.get("date_bad_debt") is not None:
        return "bad_debt"
    due = invoice.get("due_date")
    if due is not None and due < now:
        return "past_due"
    if invoice.get("viewed"):
        return "viewed"
    return "sent" if invoice.get("sent") else "not_sent"


def due_date(date: int, terms: str | None) -> int | None:
    """When an invoice of these terms falls due; None when they have no day count."""
    days = terms_days(terms)
    return None if days is None else date + days * _DAY


def settled(invoice: Row, now: int) -> Row:
    """The invoice with balance, paid and status derived from the rest."""
    after = dict(invoice)
    open_ = not invoice.get("voided") and not invoice.get("draft")
    owed = invoice["total"]
    for settled_by in ("amount_paid", "amount_credited"):
        if invoice.get(settled_by):
            owed -= invoice[settled_by]
    after["balance"] = _NOTHING if invoice.get("voided") else owed
    after["paid"] = open_ and owed <= 0
    after["status"] = status(after, now)
    return after
