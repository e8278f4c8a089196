"""Invoices of the Invoiced emulator: creation, the states that refuse a change, and the derived status."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from counterpart.emulators import invoiced_customers as customers
from counterpart.emulators import invoiced_invoice_views as views
from counterpart.emulators.errors import InvoicedError
from counterpart.emulators.invoiced_account import Account, Call, Reply
from counterpart.emulators.invoiced_lines import (
    entries,
    lines,
    pack,
    priced,
    refuse_double_taxes,
    unpack,
)
from counterpart.emulators.invoiced_listing import answer
from counterpart.emulators.invoiced_status import due_date, settled, status
from counterpart.emulators.invoiced_values import (
    Rule,
    assign,
    autopay,
    boolean,
    currency,
    free_text,
    metadata,
    refuse_mass_assignment,
    sized,
    timestamp,
)
from counterpart.emulators.table import Row, sparse

_DAY = 86400
_MOST_SHOWN = 10
_NOTHING = Decimal(0)

_BLOCKED = frozenset(
    {"subtotal", "total", "balance", "status", "paid", "viewed", "attempt_count", "amount_paid", "amount_credited",
     "last_sent", "date_paid", "date_bad_debt", "subscription_id", "payment_plan_id", "recalculate_chase",
     "client_id", "client_id_exp", "created_at", "updated_at"}
)  # fmt: skip
_PRICING = frozenset({"items", "discounts", "taxes", "discount", "tax", "currency"})
_SHIP_TO = ("name", "attention_to", "address1", "address2", "city", "state", "postal_code", "country")


RULES: dict[str, Rule] = {
    "number": sized(1, 32, nullable=False),
    "name": sized(1, 255, nullable=False),
    "currency": currency,
    "date": timestamp,
    "due_date": timestamp,
    "payment_terms": sized(1, 255, nullable=True),
    "purchase_order": sized(1, 32, nullable=True),
    "draft": boolean,
    "closed": boolean,
    "sent": boolean,
    "autopay": autopay,
    "notes": free_text,
    "metadata": metadata,
}
_COLUMNS = {"notes": 65535}


def create(account: Account, call: Call) -> Reply:
    refuse_mass_assignment("Invoice", _BLOCKED, call.body)
    body = {name: value for name, value in call.body.items() if name != "number" or value is not None}
    _refuse_quota(account, call.now)
    customer, is_new = _customer(account, body.get("customer"), call.now)
    values, echoed = _read(account, body, None)
    date = values.get("date") or call.now
    invoice: Row = {"discounts": [], "taxes": [], "items": []} | values
    invoice |= {
        "id": account.invoices.next_id,
        "customer": customer["id"],
        "currency": values.get("currency") or customer.get("currency") or account.settings.currency,
        "date": date,
        "created_at": call.now,
        "updated_at": call.now,
    }
    if "payment_terms" not in body and values.get("due_date") is None:
        invoice["payment_terms"] = customer.get("payment_terms") or account.settings.payment_terms
    if values.get("due_date") is None:
        invoice["due_date"] = due_date(date, invoice.get("payment_terms"))
    invoice = _itemised(account, invoice, body, call.now)
    if customer.get("taxable", True) and boolean("calculate_taxes", body.get("calculate_taxes", True)):
        invoice["taxes"] += _customers_taxes(account, customer, invoice, call.now)
    invoice = settled(priced(account, invoice, call.now), call.now)
    invoice["closed"] = invoice["paid"] or invoice.get("closed", False)
    _refuse_unbillable(account, customer, invoice)
    if "number" not in values:
        invoice["number"] = account.invoice_numbers.draw()
    row = _sparse(account, invoice)
    if is_new:
        customers.add(account, customer)
    account.invoices.add(row)
    account.invoice_numbers.assign(row["number"], row["id"])
    account.invoices_of[row["customer"]] = (*account.invoices_of.get(row["customer"], ()), row["id"])
    _watch(account, row)
    account.touch("invoice", row["id"], None)
    account.invoiced_today = (call.now // _DAY, account.invoiced_today[1] + 1)
    # Lines as they were written: what their columns hold of them only a later look shows.
    return Reply(201, views.shown(account, row | {"items": invoice["items"]}, call) | echoed)


def retrieve(account: Account, call: Call) -> Reply:
    row = find(account, call.arguments[0])
    if "application/pdf" in call.accept:
        return Reply(200, views.printed(views.view(account, row)))
    shown = views.shown(account, row, call)
    # A single record shows ten entries of a list at most.
    return Reply(200, shown | {name: shown[name][:_MOST_SHOWN] for name in ("discounts", "taxes") if name in shown})


def list_(account: Account, call: Call) -> Reply:
    return answer(account, call, views.LISTING, account.invoices, lambda row: views.whole(account, row))


def change(account: Account, call: Call) -> Reply:
    row = find(account, call.arguments[0])
    body = call.body
    refuse_mass_assignment("Invoice", _BLOCKED, body)
    if not body:
        return Reply(200, views.shown(account, row, call))
    values, echoed = _read(account, body, row)
    _refuse_locked(account, row, body, values)
    changed = views.DEFAULTS | row | values | {"updated_at": call.now}
    if changed["currency"] is None:
        raise account.uncoercible("Currency is invalid", "currency")
    if changed["date"] is None:
        changed["date"] = call.now
    if ("date" in body or "payment_terms" in body) and "due_date" not in body:
        due = due_date(changed["date"], changed["payment_terms"])
        if due is not None or account.switches.due_date_without_terms == "cleared":
            changed["due_date"] = due
    if _PRICING & body.keys():
        changed["items"] = unpack(changed["items"])
        changed = priced(account, _itemised(account, changed, body, call.now), call.now)
    changed = settled(changed, call.now)
    if changed["paid"] and "closed" not in body:
        changed["closed"] = True
    store(account, row, changed)
    return Reply(200, views.shown(account, changed, call) | echoed)


def void(account: Account, call: Call) -> Reply:
    row = find(account, call.arguments[0])
    if row.get("voided"):
        raise InvoicedError("This document has already been voided.")
    if row.get("amount_paid"):
        raise InvoicedError("This invoice cannot be voided because it has a payment applied.")
    voided = row | {"voided": True, "date_voided": call.now, "updated_at": call.now}
    return Reply(200, views.shown(account, store(account, row, settled(voided, call.now)), call))


def write_off(account: Account, call: Call) -> Reply:
    """Close an open invoice as bad debt."""
    row = find(account, call.arguments[0])
    if row.get("voided") or row.get("draft") or row.get("paid"):
        raise InvoicedError(f"An invoice that is {row['status']} cannot be written off")
    written = row | {"closed": True, "date_bad_debt": call.now, "updated_at": call.now}
    return Reply(200, views.shown(account, store(account, row, settled(written, call.now)), call))


def delete(account: Account, call: Call) -> Reply:
    row = find(account, call.arguments[0])
    if row.get("amount_paid"):
        raise InvoicedError("This invoice cannot be voided because it has a payment applied.", "voided")
    account.invoices.remove(row["id"])
    account.invoice_numbers.release(row["number"])
    others = account.invoices_of[row["customer"]]
    account.invoices_of[row["customer"]] = tuple(id_ for id_ in others if id_ != row["id"])
    account.touch("invoice", row["id"], row)
    return Reply(204)


def pay(account: Account, row: Row, amount: Decimal, now: int) -> None:
    """Apply a payment, or take one back when negative; paying in full closes the invoice and a refund reopens it."""
    paid = row | {"amount_paid": row.get("amount_paid", _NOTHING) + amount, "updated_at": now}
    after = settled(paid, now)
    after["closed"] = after["paid"]
    after["date_paid"] = now if after["paid"] else None
    store(account, row, after)


def age(account: Account, now: int) -> None:
    """What the service's background job does without any call: mark invoices as past due, and touch them."""
    while account.due and account.due[0][0] < now:
        due, id_ = heapq.heappop(account.due)
        row = account.invoices.get(id_)
        if row is not None and row.get("due_date") == due and status(row, now) != row["status"]:
            account.invoices.put(id_, _sparse(account, settled(row | {"updated_at": now}, now)))
            account.touch("invoice", id_, row)


def find(account: Account, id_: str) -> Row:
    """The invoice of an id as it stands in a path; raises the 404."""
    row = account.invoices.named(id_)
    if row is None:
        raise InvoicedError(f"Invoice was not found: {id_[:80]}", status=404)
    return row


def store(account: Account, before: Row, after: Row) -> Row:
    """Replace an invoice and keep the indexes true."""
    row = _sparse(account, after)
    account.invoices.put(row["id"], row)
    account.touch("invoice", row["id"], before)
    if row["number"] != before["number"]:
        account.invoice_numbers.assign(row["number"], row["id"], before["number"])
    _watch(account, row)
    return row


def _customer(account: Account, given: Any, now: int) -> tuple[Row, bool]:
    """The customer that an invoice names, or a new one from its attributes, and whether it is still to be added."""
    if isinstance(given, dict) and given.get("id") is None and given:
        return customers.new(account, given, now)[0], True
    reference = given.get("id") if isinstance(given, dict) else given
    if reference is None:
        raise InvoicedError("Customer missing", "customer")
    id_ = str(reference)
    customer = account.customers.named(id_)
    if customer is None:
        raise InvoicedError(f"No such customer: {id_[:40]}", "customer")
    if not customer.get("active", True):
        raise InvoicedError("This cannot be created because the customer is inactive", "customer")
    return customer, False


def _refuse_quota(account: Account, now: int) -> None:
    day, created = account.invoiced_today
    if day != now // _DAY:
        account.invoiced_today = (now // _DAY, 0)
        return
    most = account.settings.invoices_a_day
    if most is not None and created >= most:
        raise InvoicedError(f"The {most} transaction per day quota has been reached.")


def _read(account: Account, body: Mapping[str, Any], row: Row | None) -> tuple[Row, Row]:
    values, echoed = assign(RULES, body, _COLUMNS, **account.switches.text)
    if "number" in values:
        account.invoice_numbers.refuse_taken(values["number"], None if row is None else row["id"])
    if "ship_to" in body:
        values["ship_to"] = _ship_to(account, body["ship_to"], None if row is None else row.get("ship_to"))
    return values, echoed


def _ship_to(account: Account, given: Any, before: Row | None) -> Row | None:
    """The address with the given keys merged in; null removes it."""
    if given is None:
        return None
    if not isinstance(given, dict):
        raise InvoicedError("Ship To is invalid", "ship_to")
    now = account.clock.seconds()
    kept = before or dict.fromkeys(_SHIP_TO) | {"created_at": now}
    return kept | {name: free_text(name, given[name]) for name in _SHIP_TO if name in given} | {"updated_at": now}


def _itemised(account: Account, invoice: Row, body: Mapping[str, Any], now: int) -> Row:
    invoice = dict(invoice)
    if "items" in body:
        invoice["items"] = lines(account, body["items"], invoice["items"], now)
    if "discounts" in body:
        invoice["discounts"] = entries(account, "discount", body["discounts"] or [], invoice["discounts"], now)
    if "taxes" in body:
        invoice["taxes"] = entries(account, "tax", body["taxes"] or [], invoice["taxes"], now)
    if body.get("discount") is not None:
        invoice["discounts"] = entries(account, "discount", [{"amount": body["discount"]}], [], now)
    if body.get("tax") is not None:
        invoice["taxes"] = entries(account, "tax", [{"amount": body["tax"]}], [], now)
    refuse_double_taxes(invoice)
    return invoice


def _customers_taxes(account: Account, customer: Row, invoice: Row, now: int) -> list[Row]:
    """The customer's own taxes, where the invoice or one of its lines does not have them already."""
    present = {entry["tax_rate"] for entry in invoice["taxes"]}
    present |= {entry["tax_rate"] for line in invoice["items"] for entry in line.get("taxes", ())}
    return entries(account, "tax", [id_ for id_ in customer.get("taxes", ()) if id_ not in present], [], now)


def _refuse_locked(account: Account, row: Row, body: Mapping[str, Any], values: Row) -> None:
    if row.get("voided"):
        raise InvoicedError("Your changes cannot be saved because this document is voided.", "voided")
    if row.get("closed") and values.get("closed") is not False:
        raise InvoicedError(
            "Your changes cannot be saved because this document is closed. "
            "Please re-open the document if you want to make changes.",
            "closed",
        )
    if "customer" in body:
        given = body["customer"]
        reference = given.get("id") if isinstance(given, dict) else given
        if str(reference) != str(row["customer"]):
            raise InvoicedError("Customer cannot be changed", "customer")
    if values.get("draft") and not row.get("draft"):
        raise InvoicedError("An issued invoice cannot become a draft", "draft")


def _refuse_unbillable(account: Account, customer: Row, invoice: Row) -> None:
    if customer.get("credit_hold"):
        raise InvoicedError("The customer is on credit hold", "total")
    limit = customer.get("credit_limit")
    if limit:
        others = (account.invoices.get(id_) for id_ in account.invoices_of.get(customer["id"], ()))
        owed = sum((other["balance"] for other in others if other is not None and not other.get("draft")), _NOTHING)
        if owed + invoice["balance"] > limit:
            raise InvoicedError("The customer's credit limit is exceeded", "total")


def _watch(account: Account, row: Row) -> None:
    due = row.get("due_date")
    if due is not None and row["status"] in {"not_sent", "sent", "viewed"}:
        heapq.heappush(account.due, (due, row["id"]))


def _sparse(account: Account, invoice: Row) -> Row:
    row = sparse(invoice, views.DEFAULTS)
    if isinstance(row.get("items"), list):
        row["items"] = pack(account, row["items"])
    return row
