"""What ties a customer to its documents in the Invoiced emulator: the balance, and merging two customers into one."""

from __future__ import annotations

from decimal import Decimal

from counterpart.emulators import invoiced_customers as customers
from counterpart.emulators import invoiced_events as events
from counterpart.emulators.errors import InvoicedError
from counterpart.emulators.invoiced_account import Account, Call, Reply
from counterpart.emulators.invoiced_values import currency

_NOTHING = Decimal(0)


def balance(account: Account, call: Call) -> Reply:
    """What a customer owes in one currency: its own, else the account's, unless the query names one."""
    customer = customers.find(account, call.arguments[0])
    given = call.query.get("currency")
    code = currency("currency", given if isinstance(given, str) else None)
    code = code or customer.get("currency") or account.settings.currency
    owed = due = late = _NOTHING
    for id_ in account.invoices_of.get(customer["id"], ()):
        invoice = account.invoices.get(id_)
        if invoice is None or invoice["currency"] != code or invoice.get("draft") or invoice.get("closed"):
            continue
        owed += invoice["balance"]
        due += invoice["balance"] if invoice.get("due_date") is None else _NOTHING
        late += invoice["balance"] if invoice["status"] == "past_due" else _NOTHING
    return Reply(
        200,
        {
            "available_credits": 0,
            "currency": code,
            "due_now": due + late,
            "history": [],
            "open_credit_notes": 0,
            "past_due": late > 0,
            "total_outstanding": owed,
        },
    )


def merge(account: Account, call: Call) -> Reply:
    """Move the documents of another customer to this one and delete the other; the only event is `customer.merged`."""
    survivor = customers.find(account, call.arguments[0])
    given = call.body.get("customer")
    loser = account.customers.named(str(given))
    if loser is None:
        raise InvoicedError(f"No such customer: {str(given)[:40]}")
    if loser is survivor:
        raise InvoicedError("A customer cannot be merged with itself", status=500)
    if not (loser.get("active", True) and survivor.get("active", True)):
        raise InvoicedError("Inactive customers cannot be merged")
    snapshot = customers.view(account, loser)
    stamp = {"updated_at": call.now} if account.switches.merged_documents == "touched" else {}
    moved = account.invoices_of.pop(loser["id"], ())
    for table, ids in ((account.invoices, moved), (account.payments, _payments_of(account, loser["id"]))):
        for id_ in ids:
            row = table.get(id_)
            assert row is not None
            table.put(id_, row | {"customer": survivor["id"]} | stamp)
    account.invoices_of[survivor["id"]] = account.invoices_of.get(survivor["id"], ()) + moved
    customers.remove(account, loser)
    events.merged(account, survivor, snapshot, call.now)
    return Reply(204)


def _payments_of(account: Account, customer: int) -> tuple[int, ...]:
    return tuple(row["id"] for row in account.payments if row["customer"] == customer)
