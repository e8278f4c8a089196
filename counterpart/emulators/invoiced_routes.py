"""Which handler answers which path of the Invoiced emulator."""

from __future__ import annotations

from collections.abc import Callable

from counterpart.emulators import invoiced_contacts as contacts
from counterpart.emulators import invoiced_customers as customers
from counterpart.emulators import invoiced_events as events
from counterpart.emulators import invoiced_invoices as invoices
from counterpart.emulators import invoiced_items as items
from counterpart.emulators import invoiced_ledger as ledger
from counterpart.emulators import invoiced_payments as payments
from counterpart.emulators import invoiced_webhooks as webhooks
from counterpart.emulators.invoiced_account import Account, Call, Reply
from counterpart.emulators.invoiced_rates import COUPONS, TAX_RATES
from counterpart.emulators.router import Router

Handler = Callable[[Account, Call], Reply]

ROUTES: Router[Handler] = Router(
    [
        ("GET", "/customers", customers.list_),
        ("POST", "/customers", customers.create),
        ("GET", "/customers/{id}", customers.retrieve),
        ("PATCH", "/customers/{id}", customers.change),
        ("DELETE", "/customers/{id}", customers.delete),
        ("GET", "/customers/{id}/balance", ledger.balance),
        ("POST", "/customers/{id}/merge", ledger.merge),
        ("GET", "/customers/{id}/contacts", contacts.list_),
        ("POST", "/customers/{id}/contacts", contacts.create),
        ("GET", "/customers/{id}/contacts/{contact}", contacts.retrieve),
        ("PATCH", "/customers/{id}/contacts/{contact}", contacts.change),
        ("DELETE", "/customers/{id}/contacts/{contact}", contacts.delete),
        ("GET", "/events", events.list_),
        ("GET", "/events/{id}", events.retrieve),
        ("GET", "/webhooks", webhooks.list_),
        ("POST", "/webhooks", webhooks.create),
        ("GET", "/webhooks/{id}", webhooks.retrieve),
        ("PATCH", "/webhooks/{id}", webhooks.change),
        ("DELETE", "/webhooks/{id}", webhooks.delete),
        ("GET", "/webhook_attempts", webhooks.attempts),
        ("POST", "/webhook_attempts/{id}/retries", webhooks.retry),
        # The second path is a legacy alias.
        *(
            (method, f"{path}{tail}", handler)
            for path in ("/items", "/catalog_items")
            for method, tail, handler in (
                ("GET", "", items.list_),
                ("POST", "", items.create),
                ("GET", "/{id}", items.retrieve),
                ("PATCH", "/{id}", items.change),
                ("DELETE", "/{id}", items.delete),
            )
        ),
        ("GET", "/invoices", invoices.list_),
        ("POST", "/invoices", invoices.create),
        ("GET", "/invoices/{id}", invoices.retrieve),
        ("PATCH", "/invoices/{id}", invoices.change),
        ("DELETE", "/invoices/{id}", invoices.delete),
        ("POST", "/invoices/{id}/void", invoices.void),
        ("POST", "/invoices/{id}/bad_debt", invoices.write_off),
        *(
            route
            for path, rates in (("/coupons", COUPONS), ("/tax_rates", TAX_RATES))
            for route in (
                ("GET", path, rates.list_),
                ("POST", path, rates.create),
                ("GET", f"{path}/{{id}}", rates.retrieve),
                ("PATCH", f"{path}/{{id}}", rates.change),
                ("DELETE", f"{path}/{{id}}", rates.delete),
            )
        ),
        ("GET", "/payments", payments.list_),
        ("POST", "/payments", payments.create),
        ("GET", "/payments/{id}", payments.retrieve),
        ("DELETE", "/payments/{id}", payments.void),
    ]
)
