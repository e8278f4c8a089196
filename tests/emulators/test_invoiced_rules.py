"""What Invoiced answers beyond the sixty probes: documented (D), or observed in its implementation (O)."""

from __future__ import annotations

from typing import Any

import pytest
from probing import INVOICE, LINE, ONE_LINE, PATCH, A, Step, b64, bad, follow, no_param, payment, refused

from counterpart.emulators import INVOICED_KEY
from counterpart.emulators.jsontext import decode, encode

RULES: dict[str, list[Step]] = {
    "payments fit what they pay (O)": [
        Step("POST /invoices", ONE_LINE, 201),
        Step("POST /invoices", ONE_LINE | {"draft": True}, 201),
        bad("POST /payments", {}, "amount"),
        bad("POST /payments", payment(40) | {"amount": 30}, "applied_to"),
        bad("POST /payments", payment(101), "applied_to"),
        bad("POST /payments",
            {"amount": 9, "applied_to": [{"type": "invoice", "invoice": INVOICE + 1, "amount": 9}]}, "applied_to"),
        Step(f"GET /invoices/{INVOICE}", None, 200, {"balance": 100}),
    ],
    "a payment is of so many digits at most (chosen)": [
        bad("POST /payments", {"amount": 10_000_000_000}, "amount"),
    ],
    "numbers skip those taken, deleting frees them (O)": [
        Step("POST /customers", {"name": "B", "number": "CUST-00002"}, 201),
        Step("POST /customers", {"name": "C"}, 201, {"number": "CUST-00003"}),
        Step("DELETE /customers/70002", None, 204),
        Step("POST /customers", {"name": "D"}, 201, {"number": "CUST-00004"}),
        Step("POST /customers", {"name": "E", "number": "CUST-00002"}, 201, {"number": "CUST-00002"}),
    ],
    "inactive and held customers get no invoices (O)": [
        Step(f"PATCH /customers/{A}", {"active": False}, 200),
        bad("POST /invoices", ONE_LINE, "customer"),
        Step(f"PATCH /customers/{A}", {"active": True, "credit_hold": True}, 200),
        bad("POST /invoices", ONE_LINE, "total"),
        Step(f"PATCH /customers/{A}", {"credit_hold": False, "credit_limit": 150}, 200),
        Step("POST /invoices", ONE_LINE, 201),
        bad("POST /invoices", ONE_LINE, "total"),
    ],
    "purchase orders have 32 bytes (O)": [
        bad("POST /invoices", ONE_LINE | {"purchase_order": "é" * 17}, "purchase_order"),
        Step("POST /invoices", ONE_LINE | {"purchase_order": "é" * 16}, 201, {"purchase_order": "é" * 16}),
        Step(PATCH, {"purchase_order": ""}, 200, {"purchase_order": None}),
    ],
    "unvalidated text: numbers echoed, overlong text cut (O)": [
        Step(f"PATCH /customers/{A}", {"tax_id": 7, "city": "x" * 256}, 200, {"tax_id": 7, "city": "x" * 256}),
        Step(f"GET /customers/{A}", None, 200, {"tax_id": "7", "city": "x" * 255}),
    ],
    "discounts: unknown coupons and zero amounts are dropped, entries keep their ids (O)": [
        Step("POST /coupons", {"id": "ten", "name": "Ten", "value": 10}, 201),
        Step("POST /invoices",
             {"customer": A, "items": [{"unit_cost": 50, "discounts": ["ten", "ten", "ghost", {"amount": 0}]}]}, 201,
             {"total": 45, "items": [{"discounts": [{"id": 9100001, "amount": 5}]}]}),
        bad(PATCH, {"discounts": [{"id": 8, "amount": 1}]}, "discounts"),
        Step(PATCH,
             {"items": [{"id": LINE, "unit_cost": 80, "discounts": [{"id": 9100001, "coupon": "ten"}]}]}, 200,
             {"total": 72, "items": [{"discounts": [{"id": 9100001, "amount": 8}]}]}),
        Step(PATCH, {"items": [{"id": LINE, "unit_cost": 80, "discounts": [{"id": 9100001, "coupon": "ten"}]}]}, 200,
             {"items": [{"updated_at": 1772352000, "discounts": [{"updated_at": 1772352000}]}]}, after=1),
    ],
    "the same tax on a line and on the invoice (O)": [
        Step("POST /tax_rates", {"id": "vat", "name": "VAT", "value": 20}, 201),
        bad("POST /invoices",
            {"customer": A, "taxes": ["vat"], "items": [{"unit_cost": 5, "taxes": ["vat"]}]}, "items"),
    ],
    "a customer's taxes are added on creation (D)": [
        Step("POST /tax_rates", {"id": "vat", "name": "VAT", "value": 20}, 201),
        Step(f"PATCH /customers/{A}", {"taxes": ["vat", "vat", "ghost"]}, 200, {"taxes": [{"id": "vat", "value": 20}]}),
        Step("POST /invoices", ONE_LINE, 201, {"total": 120}),
        Step("POST /invoices", ONE_LINE | {"calculate_taxes": False}, 201, {"total": 100}),
    ],
    "a shipping address merges (D)": [
        Step("POST /invoices", ONE_LINE | {"ship_to": {"city": "Kiel", "name": "N"}}, 201,
             {"ship_to": {"city": "Kiel"}}),
        Step(PATCH, {"ship_to": {"city": "Oslo"}}, 200, {"ship_to": {"city": "Oslo", "name": "N"}}),
        Step(PATCH, {"ship_to": None}, 200, {"ship_to": None}),
    ],
    "time makes an open invoice past due, and touches it (O)": [
        Step("POST /invoices", ONE_LINE | {"due_date": 1772409600}, 201,
             {"status": "not_sent", "updated_at": 1772352000}),
        Step("GET /invoices?updated_after=1772352000", None, 200, [{"status": "past_due", "updated_at": 1772438400}],
             after=86400),
        Step(PATCH, {"due_date": 1775001600}, 200, {"status": "not_sent"}),
    ],
    "other content types carry no attributes (O)": [
        Step("POST /customers", None, 400, {"message": "Name is missing"},
             sent={"Content-Type": "text/plain", "": '{"name":"x"}'}),
        Step("POST /customers", None, 201, {"name": "Form", "metadata": {"k": "v"}},
             sent={"Content-Type": "application/x-www-form-urlencoded", "": "name=Form&metadata[k]=v"}),
    ],
    "writes and deletes know few query parameters (O)": [
        Step("POST /customers?foo=1", {"name": "B"}, 201),
        bad("POST /items?foo=1", {"name": "B"}, "query"),
        bad(f"DELETE /customers/{A}?include=metadata", None, "query"),
    ],
    "contacts (D)": [
        bad(f"POST /customers/{A}/contacts", {}, "name"),
        Step(f"POST /customers/{A}/contacts", {"name": "Ada", "email": " Ada@X.example"}, 201,
             {"id": 100001, "object": "contact", "email": "ada@x.example", "primary": True}, ("customer",)),
        Step(f"PATCH /customers/{A}/contacts/100001", {"title": "CFO"}, 200, {"name": "Ada", "title": "CFO"}),
        Step(f"GET /customers/{A}/contacts", None, 200, [{"id": 100001}], headers={"X-Total-Count": "1"}),
        Step("GET /customers/70009/contacts", None, 404),
        Step(f"GET /customers/{A}", None, 200, {"updated_at": 1772352000}),
        Step(f"DELETE /customers/{A}/contacts/100001", None, 204),
        Step(f"GET /customers/{A}/contacts/100001", None, 404),
        Step("GET /events?type=contact", None, 200, [
            {"type": "contact.deleted"},
            {"type": "contact.updated", "data": {"object": {"customer": {"id": A}}, "previous": {"title": None}}},
            {"type": "contact.created"},
        ]),
    ],
    "a customer's balance (D)": [
        Step("POST /invoices", ONE_LINE | {"due_date": 1772409600}, 201, after=1),
        Step("POST /invoices", ONE_LINE | {"draft": True}, 201),
        Step(f"GET /customers/{A}/balance", None, 200,
             {"currency": "usd", "total_outstanding": 100, "past_due": False, "history": [], "open_credit_notes": 0}),
        Step(f"GET /customers/{A}/balance", None, 200, {"past_due": True, "due_now": 100}, after=86400),
        Step(f"GET /customers/{A}/balance?currency=eur", None, 200, {"currency": "eur", "total_outstanding": 0}),
        Step("GET /customers?open_balance=1", None, 200, [{"id": A}]),
        Step("GET /customers?open_balance=0", None, 200, []),
        Step("GET /customers?payment_source=1", None, 200, []),
        Step(f"GET /customers/{A}?include=aging,credit_balance", None, 200, {"credit_balance": 0}),
    ],
    "merging customers (O)": [
        Step("POST /customers", {"name": "B", "number": "B-1"}, 201),
        Step("POST /invoices", {"customer": A + 1, "items": [{"unit_cost": 5}]}, 201),
        no_param(f"POST /customers/{A}/merge", {"customer": 9}),
        Step(f"POST /customers/{A}/merge", {"customer": A}, 500, {"type": "api_error"}),
        Step(f"POST /customers/{A}/merge", {"customer": A + 1}, 204, after=1),
        Step(f"GET /customers/{A + 1}", None, 404),
        Step(f"GET /invoices/{INVOICE}", None, 200, {"customer": A, "updated_at": 1772352001}),
        Step(f"GET /customers/{A}", None, 200, {"updated_at": 1772352000}),
        Step("GET /events?per_page=1", None, 200, [
            {"type": "customer.merged", "data": {"object": {"id": A, "original_customer": {"id": A + 1, "name": "B"}}}},
        ]),
        Step("GET /events?filter[type]=customer.deleted", None, 200, []),
        Step("POST /customers", {"name": "C", "number": "b-1"}, 201),
    ],
    "an invoice for a new customer (O)": [
        bad("POST /invoices", {"customer": {"email": "x@y.example"}}, "name"),
        bad("POST /invoices", {"customer": {"name": "New"}, "items": [{"unit_cost": -5}]}, "total"),
        Step("GET /customers", None, 200, [{"id": A}]),
        Step("POST /invoices", {"customer": {"name": "New", "currency": "eur"}, "items": [{"unit_cost": 5}]}, 201,
             {"customer": A + 1, "currency": "eur"}),
        Step("GET /customers", None, 200, [{"id": A}, {"name": "New", "number": "CUST-00002"}]),
        Step("GET /events?per_page=2", None, 200, [{"type": "invoice.created"}, {"type": "customer.created"}]),
    ],
    "bad debt (O)": [
        Step("POST /invoices", ONE_LINE, 201),
        Step(f"POST /invoices/{INVOICE}/bad_debt", {}, 200, {"status": "bad_debt", "closed": True, "balance": 100}),
        bad(PATCH, {"notes": "x"}, "closed"),
        Step(PATCH, {"closed": False}, 200, {"status": "not_sent"}),
    ],
    "webhooks are managed over the API (O)": [
        bad("POST /webhooks", {}, "url"),
        bad("POST /webhooks", {"url": "ftp://x"}, "url"),
        Step("POST /webhooks", {"url": "http://127.0.0.1:9/"}, 201, {"events": ["*"], "enabled": True}, ("secret",)),
        Step("PATCH /webhooks/4001", {"events": ["invoice.created"]}, 200, {"events": ["invoice.created"]}),
        Step("GET /webhooks", None, 200, [{"id": 4001}]),
        Step("POST /invoices", ONE_LINE, 201),
        Step("GET /webhook_attempts", None, 200, [{"event_id": 9300002, "attempts": []}]),
        Step("POST /webhook_attempts/6001/retries", None, 204),
        Step("DELETE /webhooks/4001", None, 204),
        Step("GET /webhooks/4001", None, 404),
    ],
    "advanced filters (O)": [
        Step("POST /items", {"id": "young", "name": "Young", "metadata": {"k": "7"}}, 201, after=10),
        Step('GET /items?advanced_filter=[{"field":"updated_at","operator":">","value":1772352005}]', None, 200,
             [{"id": "young"}]),
        Step('GET /items?advanced_filter=[{"field":"metadata.k","operator":"=","value":"7"}]', None, 200,
             [{"id": "young"}]),
        Step('GET /items?advanced_filter=[{"field":"name","operator":"starts_with","value":"w"}]', None, 200,
             [{"id": "widget"}]),
        Step('GET /customers?advanced_filter=[{"field":"email","operator":"empty"}]', None, 200, [{"id": A}]),
        no_param('GET /items?advanced_filter=[{"field":"colour","operator":"=","value":1}]'),
        bad("GET /items?advanced_filter=[", None, "query"),
    ],
    "expansion nests, and works on writes (O)": [
        Step("POST /invoices?expand=customer.parent_customer,items.catalog_item,robot",
             {"customer": A, "items": [{"catalog_item": "widget"}, {"unit_cost": 1}]}, 201,
             {"customer": {"id": A, "parent_customer": None},
              "items": [{"catalog_item": {"id": "widget", "unit_cost": 10}}, {"catalog_item": None}]}),
        Step("GET /invoices?expand=customer", None, 200, [{"customer": {"name": "A"}}]),
        Step("POST /invoices?include=sent&exclude=items", ONE_LINE, 201, {"sent": False}, ("items",)),
    ],
    "include, exclude and expand (O)": [
        Step("POST /invoices", ONE_LINE, 201, lacks=("sent", "voided")),
        Step(f"GET /invoices/{INVOICE}?include=sent,voided&exclude=items", None, 200, {"sent": False, "voided": False},
             ("items",)),
        Step(f"GET /invoices/{INVOICE}?expand=customer", None, 200, {"customer": {"id": A, "name": "A"}}),
    ],
    "an invoice as PDF (D)": [
        Step("POST /invoices", ONE_LINE, 201),
        Step(f"GET /invoices/{INVOICE}", None, 200, {"total": 100}, headers={"Content-Type": "application/json"},
             sent={"Accept": "application/json"}),
    ],
    "what lists do not offer is refused (O)": [
        Step("GET /invoices?tags[]=x", None, 501),
        Step("GET /customers?owner=1", None, 501),
        Step("GET /customers?total=1", None, 400),
    ],
    "an archived rate goes on counting, and does not show that it is archived (O)": [
        Step("POST /tax_rates", {"id": "vat", "name": "VAT", "value": 20}, 201),
        Step(f"PATCH /customers/{A}", {"taxes": ["vat"]}),
        Step("POST /items", {"id": "taxed", "name": "Taxed", "taxes": ["vat"]}, 201),
        Step("DELETE /tax_rates/vat", None, 204),
        Step(f"GET /customers/{A}", None, 200, {"taxes": [{"id": "vat", "archived": "absent"}]}),
        Step("GET /items/taxed", None, 200, {"taxes": [{"id": "vat", "archived": "absent"}]}),
    ],
    "a partly paid invoice may owe less than nothing (O)": [
        Step("POST /invoices", ONE_LINE, 201),
        Step("POST /payments", payment(60), 201),
        Step(PATCH, {"items": [{"unit_cost": 50}]}, 200, {"balance": -10, "paid": True, "status": "paid"}),
    ],
    "marking as sent (D)": [
        Step("POST /invoices", ONE_LINE, 201),
        Step(PATCH, {"sent": True}, 200, {"status": "sent"}, ("sent",)),
        Step(PATCH, {"closed": True}, 200, {"status": "sent", "closed": True}),
    ],
    "invoices by the name of their customer (O)": [
        Step("POST /customers", {"name": "0"}, 201),
        Step("POST /invoices", ONE_LINE, 201),
        Step("POST /invoices", ONE_LINE | {"customer": A + 1}, 201),
        Step("GET /invoices?sort=Customers.name asc", None, 200, [{"customer": A + 1}, {"customer": A}]),
        Step("GET /invoices?sort=Customers.name desc", None, 200, [{"customer": A}, {"customer": A + 1}]),
    ],
    "items answer under their older name too (O)": [
        Step("GET /catalog_items/widget", None, 200, {"object": "item"}),
        Step("POST /catalog_items", {"id": "widget", "name": "X"}, 400, refused("id")),
    ],
    "keys and who sends them (O)": [
        Step("GET /customers", None, 200, sent={"Authorization": "Basic " + b64("acme:" + INVOICED_KEY)}),
        Step("GET /customers", None, 401,
             {"message": "We could not authenticate you with the API Key: abc***hij"},
             sent={"Authorization": "Basic " + b64("abcdefhij:")}),
        Step("GET /customers", None, 200, headers={"X-Request-Id": "r1", "X-Correlation-Id": "c1"},
             sent={"X-Request-Id": "r1", "X-Correlation-Id": "c1"}),
        Step("GET /health", None, 200, {"status": "healthy"}, sent={"Authorization": ""}),
    ],
    "a refused key is not remembered under an idempotency key (O)": [
        Step("POST /customers", {"name": "B"}, 401, sent={"Authorization": "", "Idempotency-Key": "abcdef"}),
        Step("POST /customers", {"name": "B"}, 201, sent={"Idempotency-Key": "abcdef"}),
    ],
    "forms nest with brackets (D)": [
        Step("POST /invoices", None, 201,
             {"total": 15, "items": [{"name": "x", "quantity": 3}], "metadata": {"k": "v"}},
             sent={"Content-Type": "application/x-www-form-urlencoded",
                   "": f"customer={A}&items[0][name]=x&items[0][quantity]=3&items[0][unit_cost]=5&metadata[k]=v"}),
    ],
    "metadata keeps objects and lists as text (O)": [
        Step(f"PATCH /customers/{A}", {"metadata": {"o": {"a": 1}, "l": [1, 2], "f": False}}, 200),
        Step(f"GET /customers/{A}", None, 200, {"metadata": {"o": '{"a":1}', "l": "[1,2]", "f": "0"}}),
    ],
    "the size of a page (O)": [
        Step("GET /customers?per_page=0", None, 200, [{"id": A}]),
        Step("POST /customers", {"name": "B"}, 201),
        Step("GET /customers?per_page=-5", None, 200, [{"id": A}]),
        Step("GET /customers?per_page=x&page=0", None, 200, [{"id": A}]),
        Step("GET /customers?page[]=1", None, 400, {"param": "query"}),
    ],
    "what of a customer is refused (D)": [
        bad(f"PATCH /customers/{A}", {"autopay": True}, "autopay"),
        bad(f"PATCH /customers/{A}", {"language": "deu"}, "language"),
        no_param(f"PATCH /customers/{A}", {"owner": 7}),
        bad(f"PATCH /customers/{A}", {"parent_customer": A}, "parent_customer"),
        bad(f"PATCH /customers/{A}", {"parent_customer": 9}, "parent_customer"),
        Step("POST /customers", {"name": "Child", "parent_customer": A}, 201, {"parent_customer": A}),
        bad(f"PATCH /customers/{A}", {"parent_customer": A + 1}, "parent_customer"),
    ],
    "five levels of parents at most (D)": [
        *(Step("POST /customers", {"name": "C", "parent_customer": A + n}, 201) for n in range(4)),
        bad("POST /customers", {"name": "C", "parent_customer": A + 4}, "parent_customer"),
    ],
    "numbers that are given out run into a wall of a hundred (O)": [
        *(Step("POST /customers", {"name": "C", "number": f"CUST-{n:05d}"}, 201) for n in range(2, 102)),
        bad("POST /customers", {"name": "C"}, "number"),
    ],
    "inactive customers take no part in a merge (O)": [
        Step("POST /customers", {"name": "B", "active": False}, 201),
        no_param(f"POST /customers/{A}/merge", {"customer": A + 1}),
    ],
    "invoices by a range of days (D)": [
        Step("POST /invoices", ONE_LINE | {"date": 1772323200, "due_date": 1772409600}, 201),
        Step("POST /invoices", ONE_LINE | {"date": 1772409600, "due_date": 1772496000}, 201),
        Step("GET /invoices?start_date=1772409600", None, 200, [{"id": INVOICE + 1}]),
        Step("GET /invoices?end_date=1772323200", None, 200, [{"id": INVOICE}]),
        Step("GET /invoices?date_column=due_date&end_date=1772409600", None, 200, [{"id": INVOICE}]),
        Step("GET /invoices?filter[date]=2026-03-02", None, 200, [{"id": INVOICE + 1}]),
        Step("GET /invoices?filter[date]=1772409600", None, 200, []),
    ],
    "text filters disregard accents and trailing spaces, ids of items do not (O)": [
        Step("POST /customers", {"name": "Café"}, 201),
        Step("GET /customers?filter[name]=CAFE ", None, 200, [{"name": "Café"}]),
        Step("GET /items?filter[id]=Widget", None, 200, []),
        no_param("GET /customers?filter[notes]=x"),
    ],
    "a customer may be exempt from its taxes (D)": [
        Step("POST /tax_rates", {"id": "vat", "name": "VAT", "value": 20}, 201),
        Step(f"PATCH /customers/{A}", {"taxes": ["vat"], "taxable": False}),
        Step("POST /invoices", ONE_LINE, 201, {"total": 100, "taxes": []}),
    ],
    "flat shortcuts for a discount and a tax (O)": [
        Step("POST /invoices", ONE_LINE | {"discount": 2, "tax": 1.5}, 201,
             {"total": 99.5, "discounts": [{"amount": 2, "coupon": None}],
              "taxes": [{"amount": 1.5, "tax_rate": None}]}),
    ],
    "a single invoice shows ten entries of a list (O)": [
        Step("POST /invoices", ONE_LINE | {"discounts": [{"amount": 1} for _ in range(11)]}, 201, {"total": 89}),
        Step(f"GET /invoices/{INVOICE}", None, 200, {"total": 89, "discounts": [{}] * 10}),
    ],
    "an inclusive tax of an invoice is part of its price (O)": [
        Step("POST /tax_rates", {"id": "vat", "name": "VAT", "value": 20, "inclusive": True}, 201),
        Step("POST /invoices", {"customer": A, "items": [{"unit_cost": 120}], "taxes": ["vat"]}, 201,
             {"subtotal": 100, "total": 120, "taxes": [{"amount": 20}]}),
    ],
    "removing all lines settles an issued invoice (O)": [
        Step("POST /invoices", ONE_LINE, 201),
        Step(PATCH, {"items": []}, 200, {"total": 0, "paid": True, "closed": True, "status": "paid"}),
        Step(f"POST /invoices/{INVOICE}/void", {}, 200, {"status": "voided", "closed": True}),
    ],
    "an item in a line brings its taxes and flags (O)": [
        Step("POST /tax_rates", {"id": "vat", "name": "VAT", "value": 10}, 201),
        Step("POST /items", {"id": "taxed", "name": "T", "unit_cost": 5, "taxes": ["vat"], "discountable": False}, 201),
        Step("POST /invoices", {"customer": A, "items": [{"catalog_item": "taxed", "quantity": 2}]}, 201,
             {"total": 11, "items": [{"discountable": False, "taxes": [{"amount": 1, "tax_rate": {"id": "vat"}}]}]}),
        Step("PATCH /items/taxed", {"name": "Renamed"}),
        Step(f"GET /invoices/{INVOICE}", None, 200, {"items": [{"name": "T", "unit_cost": 5}]}),
    ],
    "text in a number counts as nothing (O)": [
        Step("POST /invoices",
             {"customer": A, "items": [{"quantity": "many", "unit_cost": 5}, {"unit_cost": "7"}]}, 201,
             {"total": 7, "items": [{"quantity": 0, "amount": 0}, {"unit_cost": 7}]}),
    ],
    "an item's archive is a feed of what is gone (O)": [
        Step("PATCH /items/widget", {"name": "Old"}),
        Step("DELETE /items/widget", None, 204),
        Step("PATCH /items/widget", {"name": "Older"}, 200, {"name": "Older"}),
        Step("GET /items?archived=1&include=archived", None, 200, [{"name": "Older", "archived": True}]),
        Step("POST /items", {"id": "widget", "name": "New"}, 201),
        Step("DELETE /items/widget", None, 204),
        Step("GET /items?archived=1", None, 200, [{"name": "Older"}, {"name": "New"}]),
    ],
    "sorting (D)": [
        Step("POST /customers", {"name": "b"}, 201, after=1),
        Step("POST /customers", {"name": "A"}, 201, after=1),
        Step("GET /customers?sort=updated_at desc", None, 200, [{"id": A + 2}, {"id": A + 1}, {"id": A}]),
        Step("GET /customers?sort=name asc", None, 200, [{"id": A}, {"id": A + 2}, {"id": A + 1}]),
        Step("GET /customers?sort=nonsense asc,name", None, 200, [{"id": A}, {"id": A + 1}, {"id": A + 2}]),
    ],
    "metadata filters (D)": [
        Step(f"PATCH /customers/{A}", {"metadata": {"erp_id": "K-1"}}, 200),
        Step("GET /customers?metadata[erp_id]=k-1", None, 200, [{"id": A}]),
        Step("GET /customers?metadata[erp_id]=k-2", None, 200, []),
        Step("GET /customers?metadata[bad key]=1", None, 200, [{"id": A}]),
        no_param("GET /items?metadata[bad key]=1"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("steps", RULES.values(), ids=RULES.keys())
def test_keeps_the_rule(invoiced: Any, steps: list[Step]) -> None:
    follow(invoiced, steps)


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ("3.50", "3.5"),
        ("1.0", "1"),
        # Nearer to the whole number than a double can tell.
        ("9999999999.9999999999", "10000000000"),
        # Below the exponents of a double.
        ("2e-311", "0"),
    ],
)
def test_a_number_is_answered_as_a_double_without_an_empty_fraction(sent: str, answered: str) -> None:
    assert encode(decode(sent.encode())) == answered
