"""What Invoiced answers, probe by probe: documented behaviour (D), or observed in its implementation (O)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from counterpart.emulators import INVOICED_KEY, Settings

A = 70001
"""The customer that every fresh account has."""
INVOICE = 880001
"""The id of the first invoice of an account."""
LINE = 5500001
"""The id of the first line."""


@dataclass(frozen=True)
class Step:
    """A request and what its answer contains; `headers` maps names to values, None for absent."""

    request: str
    body: Any = None
    status: int = 200
    contains: Any = None
    lacks: tuple[str, ...] = ()
    headers: dict[str, str | None] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)
    """Headers of the request; the nameless one is its raw body."""
    after: float = 0
    """Seconds that pass before the request."""
    back: bool = False
    """Whether the body is what the step before answered."""


def refused(param: str | None = None) -> dict[str, Any]:
    return {"type": "invalid_request"} if param is None else {"type": "invalid_request", "param": param}


def no_param(request: str, body: Any = None, status: int = 400, **options: Any) -> Step:
    return Step(request, body, status, refused(), ("param",), **options)


def bad(request: str, body: Any, param: str) -> Step:
    return Step(request, body, 400, refused(param))




def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


ONE_LINE = {"customer": A, "items": [{"unit_cost": 100}]}
PATCH = f"PATCH /invoices/{INVOICE}"


def payment(amount: int) -> dict[str, Any]:
    """A payment of the first invoice."""
    return {"amount": amount, "applied_to": [{"type": "invoice", "invoice": INVOICE, "amount": amount}]}


PROBES: dict[str, list[Step]] = {
    "1 no credentials (D)": [
        Step("GET /customers", None, 401, refused(), headers={"WWW-Authenticate": 'Basic realm="Invoiced"'},
             sent={"Authorization": ""}),
    ],
    "2 unknown path with and without a key (O)": [
        Step("GET /nope", None, 404, {"message": "Request was not recognized: GET /nope"}),
        Step("GET /nope", None, 401, sent={"Authorization": ""}),
    ],
    "3 wrong verb (O)": [Step(f"PUT /customers/{A}", {}, 405, refused())],
    "4 a customer's defaults (D)": [
        Step("POST /customers", {"name": "Acme"}, 201,
             {"number": "CUST-00002", "type": "company", "country": "US", "active": True, "taxes": [], "metadata": {}}),
    ],
    "5 name is required (D)": [Step("POST /customers", {}, 400, {"message": "Name is missing", "param": "name"})],
    "6 name is a string of 1 to 255 (O)": [
        bad("POST /customers", {"name": 123}, "name"),
        bad("POST /customers", {"name": ""}, "name"),
    ],
    "7 lengths are bytes (O)": [
        bad("POST /customers", {"name": "x" * 256}, "name"),
        bad("POST /customers", {"name": "é" * 128}, "name"),
        Step("POST /customers", {"name": "é" * 127}, 201),
    ],
    "8 numbers collide without regard to case (O)": [
        bad("POST /customers", {"name": "X", "number": "cust-00001"}, "number"),
        Step(f"PATCH /customers/{A}", {"number": "cust-00001"}, 200, {"number": "cust-00001"}),
    ],
    "9 customer type (O)": [bad("POST /customers", {"name": "X", "type": "robot"}, "type")],
    "10 unknown currency (O)": [no_param("POST /customers", {"name": "X", "currency": "zzz"})],
    "11 country (O)": [
        bad("POST /customers", {"name": "X", "country": "XX"}, "country"),
        Step("POST /customers", {"name": "X", "country": "de"}, 201, {"country": "DE"}),
    ],
    "12 e-mail (O)": [
        Step("POST /customers", {"name": "X", "email": " Foo@Bar.COM "}, 201, {"email": "foo@bar.com"}),
        bad("POST /customers", {"name": "X", "email": "nope"}, "email"),
    ],
    "13 unknown attributes of customers are ignored (O)": [
        Step("POST /customers", {"name": "X", "shoe_size": 44}, 201, lacks=("shoe_size",)),
    ],
    "14 a whole object sent back (O)": [
        Step(f"PATCH /customers/{A}", {"name": "A", "created_at": 1}, 400,
             {"message": "Mass assignment of created_at on Customer is not allowed"}, ("param",)),
        Step(f"GET /customers/{A}"),
        no_param(f"PATCH /customers/{A}", back=True),
        Step(f"PATCH /customers/{A}", {"id": 7}, 200, {"id": A}),
    ],
    "15 what moves updated_at (O)": [
        Step(f"PATCH /customers/{A}", {}, 200, {"updated_at": 1772352000}, after=1),
        Step(f"PATCH /customers/{A}", {"name": "A"}, 200, {"updated_at": 1772352001}),
        Step(f"PATCH /customers/{A}", {"shoe_size": 1}, 200, {"updated_at": 1772352002}, after=1),
        Step("GET /events", None, 200, [{"type": "customer.created"}]),
    ],
    "16 metadata is replaced whole (O)": [
        Step(f"PATCH /customers/{A}", {"metadata": {"a": "1", "b": "2"}}, 200),
        Step(f"PATCH /customers/{A}", {"metadata": {"b": "3"}}, 200, {"metadata": {"b": "3"}}),
        Step(f"PATCH /customers/{A}", {"metadata": None}, 200, {"metadata": {}}),
    ],
    "17 metadata's limits (D)": [
        bad(f"PATCH /customers/{A}", {"metadata": {f"k{n}": "" for n in range(11)}}, "metadata"),
        bad(f"PATCH /customers/{A}", {"metadata": {"k" * 41: ""}}, "metadata"),
        bad(f"PATCH /customers/{A}", {"metadata": {"k": "v" * 256}}, "metadata"),
        bad(f"PATCH /customers/{A}", {"metadata": {"k": None}}, "metadata"),
    ],
    "18 metadata is echoed as sent and stored as text (O)": [
        Step("POST /customers", {"name": "X", "metadata": {"n": 5, "t": True}}, 201, {"metadata": {"n": 5, "t": True}}),
        Step(f"GET /customers/{A + 1}", None, 200, {"metadata": {"n": "5", "t": "1"}}),
        Step(f"PATCH /customers/{A}", {"metadata": {"n": 5, "t": True}}, 200, {"metadata": {"n": 5, "t": True}}),
        Step(f"GET /customers/{A}", None, 200, {"metadata": {"n": "5", "t": "1"}}),
    ],
    "19 a number cannot be emptied (O)": [bad(f"PATCH /customers/{A}", {"number": None}, "number")],
    "20 country falls back to the account's (O)": [
        Step(f"PATCH /customers/{A}", {"country": "de"}, 200, {"country": "DE"}),
        Step(f"PATCH /customers/{A}", {"country": None}, 200, {"country": "US"}),
    ],
    "21 text beyond ASCII survives (D)": [
        Step("POST /customers", {"name": "株式会社 Ünïcode"}, 201, {"name": "株式会社 Ünïcode"}),
        Step("GET /customers/70002", None, 200, {"name": "株式会社 Ünïcode"}),
        Step("GET /customers", None, 200, [{}, {"name": "株式会社 Ünïcode"}]),
    ],
    "22 unknown query parameters (O)": [
        bad("GET /customers?foo=1", None, "query"),
        Step("GET /invoices?foo=1", None, 200, []),
        Step("GET /items?foo=1", None, 200),
    ],
    "23 unknown filter (O)": [
        no_param("GET /customers?filter[foo]=1"),
        no_param("GET /customers?filter[name][]=1"),
        bad("GET /customers?filter=x", None, "query"),
    ],
    "24 filters disregard case (O)": [
        Step("POST /customers", {"name": "Acme"}, 201),
        Step("GET /customers?filter[name]=acme", None, 200, [{"name": "Acme"}]),
        Step("GET /customers?filter[active]=True", None, 200, []),
        Step("GET /customers?filter[active]=1&filter[number]=CUST-00001", None, 200, [{"id": A}]),
    ],
    "25 paging headers (D)": [
        Step("POST /customers", {"name": "B"}, 201),
        Step("POST /customers", {"name": "C"}, 201),
        Step("GET /invoices?per_page=1000", None, 200, [], headers={
            "X-Total-Count": "0",
            "Link": '<https://invoiced.emulator.example/invoices?page=1>; rel="self", '
                    '<https://invoiced.emulator.example/invoices?page=1>; rel="first", '
                    '<https://invoiced.emulator.example/invoices?page=1>; rel="last"',
        }),
        Step("GET /items?per_page=1&page=2", None, 200, [], headers={
            "X-Total-Count": "1",
            "Link": '<https://invoiced.emulator.example/items?per_page=1&page=2>; rel="self", '
                    '<https://invoiced.emulator.example/items?per_page=1&page=1>; rel="first", '
                    '<https://invoiced.emulator.example/items?per_page=1&page=1>; rel="previous", '
                    '<https://invoiced.emulator.example/items?per_page=1&page=1>; rel="last"',
        }),
        Step("GET /customers?per_page=1&page=2", None, 200, [{"name": "B"}], headers={"X-Total-Count": "3"}),
    ],
    "26 a page past the end (O)": [
        Step("GET /customers?page=999&sort=name asc", None, 200, [], headers={
            "Link": ", ".join(
                '<https://invoiced.emulator.example/customers?sort=name+asc&paginate=offset&updated_before=0'
                f'&updated_after=0&page={page}>; rel="{name}"'
                for name, page in (("self", 999), ("first", 1), ("previous", 998), ("last", 1))
            ),
        }),
        Step("GET /customers?page=99", None, 200, []),
    ],
    "27 a deep page without those before it (D)": [
        no_param("GET /customers?page=101"),
        Step("GET /customers?page=101&sort=updated_at asc", None, 200, []),
    ],
    "28 paginate=none has no headers (O)": [
        Step("GET /customers?paginate=none", None, 200, [{"id": A}], headers={"Link": None, "X-Total-Count": None}),
    ],
    "29 updated_after is strict (D)": [
        Step("GET /customers?updated_after=1772352000", None, 200, []),
        Step("GET /customers?updated_after=1772351999", None, 200, [{"id": A}]),
        Step("GET /customers?updated_after=soon", None, 200, [{"id": A}]),
    ],
    "30 deleting customers (O)": [
        Step("POST /customers", {"name": "B"}, 201),
        Step("POST /invoices", {"customer": A}, 201),
        Step(f"POST /invoices/{INVOICE}/void", {}, 200),
        no_param(f"DELETE /customers/{A}"),
        Step("DELETE /customers/70002", None, 204),
        Step("GET /customers/70002", None, 404, {"message": "Customer was not found: 70002"}, ("param",)),
    ],
    "31 item ids are unique with regard to case (O)": [
        bad("POST /items", {"id": "widget", "name": "dup"}, "id"),
        Step("POST /items", {"id": "Widget", "name": "other"}, 201),
    ],
    "32 an item's defaults (O)": [
        Step("POST /items", {"name": "Free"}, 201, {"unit_cost": 0, "currency": None, "taxable": True}),
        Step("POST /items", {"name": "Priced", "unit_cost": "2.50"}, 201, {"unit_cost": 2.5, "currency": "usd"}),
    ],
    "33 unknown attributes of items are refused (O)": [
        bad("POST /items", {"name": "X", "colour": "red"}, "request"),
        bad("PATCH /items/widget", {"updated_at": 1}, "request"),
    ],
    "34 item values (O)": [
        bad("POST /items", {"id": "a", "name": "X"}, "id"),
        bad("POST /items", {"name": "X", "unit_cost": "abc"}, "unit_cost"),
    ],
    "35 prices are set on creation only (D)": [
        Step("PATCH /items/widget", {"unit_cost": 99}, 200, {"unit_cost": 10, "updated_at": 1772352001}, after=1),
    ],
    "36 deleting an item archives it (O)": [
        Step("DELETE /items/widget", None, 204, after=1),
        Step("DELETE /items/widget", None, 204),
        Step("GET /items", None, 200, []),
        Step("GET /items?archived=1", None, 200, [{"updated_at": 1772352001}]),
        Step("GET /items/widget", None, 200, {"unit_cost": 10}, ("archived",)),
        Step("GET /items/widget?include=archived", None, 200, {"archived": True}),
        Step("GET /items?archived=1", None, 200, [{"id": "widget"}]),
        Step("POST /items", {"id": "widget", "name": "New", "unit_cost": 11}, 201, {"created_at": 1772352002}, after=1),
        Step("GET /items/widget", None, 200, {"name": "New", "unit_cost": 11}),
        Step("GET /items", None, 200, [{"name": "New"}]),
    ],
    "37 an invoice needs a customer (D)": [
        Step("POST /invoices", {}, 400, {"message": "Customer missing", "param": "customer"}),
        Step("POST /invoices", {"customer": 999}, 400, {"message": "No such customer: 999", "param": "customer"}),
        Step("POST /invoices", {"customer": {"id": A}}, 201, {"customer": A}),
    ],
    "38 rounding is half away from zero (O)": [
        Step("POST /invoices", {"customer": A, "items": [{"quantity": 12.045, "unit_cost": 1}]}, 201,
             {"subtotal": 12.05, "total": 12.05, "balance": 12.05, "number": "INV-00001", "status": "not_sent",
              "items": [{"amount": 12.05}]}),
    ],
    "39 yen have no decimals (O)": [
        Step("POST /invoices", {"customer": A, "currency": "JPY", "items": [{"quantity": 3, "unit_cost": 33.5}]}, 201,
             {"currency": "jpy", "total": 101, "items": [{"amount": 101}]}),
    ],
    "40 vector A over the API (O)": [
        Step("POST /coupons", {"id": "five", "name": "Five", "value": 5}, 201),
        Step("POST /tax_rates", {"id": "vat", "name": "VAT", "value": 5}, 201),
        Step("POST /invoices",
             {"customer": A, "discounts": ["five"], "taxes": [{"tax_rate": "vat"}], "items": [
                 {"quantity": 1, "unit_cost": 105.26, "discounts": [{"coupon": "five"}]},
                 {"quantity": 12.045, "unit_cost": 1}, {"quantity": 10, "unit_cost": -1}]}, 201,
             {"subtotal": 107.31, "total": 101.8, "discounts": [{"amount": 5.1, "coupon": {"id": "five"}}],
              "taxes": [{"amount": 4.85, "tax_rate": {"id": "vat"}}],
              "items": [{"amount": 105.26, "discounts": [{"amount": 5.26}]}, {"amount": 12.05}, {"amount": -10}]}),
    ],
    "40 vector B over the API (O)": [
        Step("POST /coupons", {"id": "ten", "name": "Ten", "value": 10}, 201),
        Step("POST /tax_rates", {"id": "local", "name": "Local", "value": 8.25}, 201),
        Step("POST /invoices",
             {"customer": A, "currency": "eur", "discounts": [{"amount": 9.86}], "taxes": ["local"], "items": [
                 {"quantity": 2.5, "unit_cost": 18.345}, {"quantity": 3, "unit_cost": 120, "discounts": ["ten"]}]}, 201,
             {"subtotal": 405.86, "total": 389.7, "balance": 389.7, "discounts": [{"amount": 9.86, "coupon": None}],
              "taxes": [{"amount": 29.7}], "items": [
                  {"amount": 45.86}, {"amount": 360, "discounts": [{"amount": 36}]}]}),
    ],
    "41 a quantity of 0 (O)": [
        Step("POST /invoices", {"customer": A, "items": [{"quantity": 0, "unit_cost": 5}, {"unit_cost": 1}]}, 201,
             {"total": 1, "items": [{"amount": 0, "quantity": 0}, {"amount": 1, "quantity": 1}]}),
    ],
    "42 a negative total is refused, a negative line is not (O)": [
        bad("POST /invoices", {"customer": A, "items": [{"unit_cost": -100}]}, "total"),
        Step("POST /invoices", {"customer": A, "items": [{"unit_cost": 100}, {"quantity": 10, "unit_cost": -1}]}, 201,
             {"total": 90, "number": "INV-00001", "items": [{"id": LINE}, {"id": LINE + 1}]}),
    ],
    "43 an issued invoice of zero is born paid and closed (O)": [
        Step("POST /invoices", {"customer": A}, 201, {"paid": True, "closed": True, "status": "paid"}),
        bad(PATCH, {"notes": "x"}, "closed"),
        bad(PATCH, {"metadata": {}}, "closed"),
        Step(PATCH, {"closed": False, "notes": "x"}, 200, {"notes": "x", "closed": False}),
        Step(PATCH, {"notes": "y"}, 200, {"notes": "y", "closed": True}),
    ],
    "44 a draft of zero stays open (O)": [
        Step("POST /invoices", {"customer": A, "draft": True}, 201,
             {"status": "draft", "number": "INV-00001", "closed": False, "paid": False}),
        Step(PATCH, {"notes": "x"}, 200, {"notes": "x"}),
    ],
    "45 issuing is one way (O)": [
        Step("POST /invoices", ONE_LINE | {"draft": True}, 201, {"status": "draft"}),
        Step(PATCH, {"draft": False}, 200, {"status": "not_sent"}),
        bad(PATCH, {"draft": True}, "draft"),
    ],
    "46 due dates follow the terms (D)": [
        Step("POST /invoices", ONE_LINE | {"payment_terms": "NET 30", "date": 1772323200}, 201,
             {"due_date": 1774915200}),
        Step(PATCH, {"date": 1772409600}, 200, {"due_date": 1775001600}),
        Step(PATCH, {"date": 1772323200, "due_date": 1775001600}, 200, {"due_date": 1775001600}),
        Step(PATCH, {"payment_terms": "Cash"}, 200, {"due_date": None}),
        Step("POST /invoices", ONE_LINE | {"date": "2026-03-01", "payment_terms": "2% 10 net-7"}, 201,
             {"date": 1772323200, "due_date": 1772928000}),
    ],
    "47 a list of lines is the whole new list (O)": [
        Step("POST /invoices", {"customer": A, "items": [
            {"name": "Cable", "quantity": 3, "unit_cost": 60, "metadata": {"job": "7"}}, {"unit_cost": 20}]}, 201),
        Step(PATCH, {"items": [{"id": LINE, "unit_cost": 7}]}, 200,
             {"total": 7,
              "items": [{"id": LINE, "name": "", "quantity": 1, "unit_cost": 7, "metadata": {"job": "7"}}]}),
        Step(PATCH, {"notes": "lines stay"}, 200, {"items": [{"id": LINE}]}),
        Step(PATCH, {"items": [{"unit_cost": 1}, {"id": LINE, "unit_cost": 7}]}, 200,
             {"total": 8, "items": [{"id": LINE + 2}, {"id": LINE}]}),
    ],
    "48 a foreign line (O)": [
        Step("POST /invoices", ONE_LINE, 201),
        Step("POST /invoices", ONE_LINE, 201),
        bad(PATCH, {"items": [{"id": LINE + 1}]}, "items"),
        bad("POST /invoices", {"customer": A, "items": [{"id": LINE}]}, "items"),
        bad(PATCH, {"items": ["line"]}, "items"),
        Step(f"GET /invoices/{INVOICE}", None, 200, {"total": 100, "items": [{"id": LINE}]}),
    ],
    "49 a line of a ghost (O)": [
        Step("DELETE /items/widget", None, 204),
        Step("POST /invoices", {"customer": A, "items": [
            {"catalog_item": "ghost"}, {"catalog_item": "widget"}, {"unit_cost": 5}]}, 201,
             {"total": 5, "items": [{"catalog_item": None, "name": "", "amount": 0}, {"catalog_item": None}, {}]}),
    ],
    "49b a line of an item takes its values, given keys override (O)": [
        Step("POST /invoices", {"customer": A, "items": [
            {"catalog_item": "widget"}, {"catalog_item": "widget", "name": None, "unit_cost": 4}]}, 201,
             {"total": 14, "items": [{"catalog_item": "widget", "name": "Widget", "unit_cost": 10},
                                     {"catalog_item": "widget", "name": "", "unit_cost": 4}]}),
        Step(PATCH, {"items": [{"id": LINE, "catalog_item": "other", "unit_cost": 3}]}, 200,
             {"items": [{"catalog_item": "widget", "name": "", "unit_cost": 3}]}),
    ],
    "50 read-only attributes of invoices (O)": [
        Step("POST /invoices", ONE_LINE, 201),
        no_param(PATCH, {"total": 5}),
        no_param(PATCH, {"status": "paid"}),
        Step(PATCH, {"id": 7, "object": "x", "url": "x"}, 200, {"id": INVOICE}),
    ],
    "51 the customer of an invoice stays (O)": [
        Step("POST /customers", {"name": "B"}, 201),
        Step("POST /invoices", ONE_LINE, 201),
        bad(PATCH, {"customer": A + 1}, "customer"),
        Step(PATCH, {"customer": A}, 200, {"customer": A}),
    ],
    "52 voiding (O)": [
        Step("POST /invoices", ONE_LINE, 201),
        Step(f"POST /invoices/{INVOICE}/void", {}, 200,
             {"status": "voided", "balance": 0, "total": 100, "closed": False, "url": None, "pdf_url": None}),
        no_param(f"POST /invoices/{INVOICE}/void", {}),
        bad(PATCH, {"notes": "x"}, "voided"),
        Step(f"DELETE /invoices/{INVOICE}", None, 204),
        Step(f"GET /invoices/{INVOICE}", None, 404),
        Step("POST /invoices", ONE_LINE | {"number": "inv-00001"}, 201, {"id": INVOICE + 1, "number": "inv-00001"}),
    ],
    "53 paying in full (D)": [
        Step("POST /invoices", ONE_LINE, 201, {"customer": A}),
        Step("POST /payments", payment(40), 201, {"balance": 0, "customer": A}),
        Step(f"GET /invoices/{INVOICE}?include=amount_paid", None, 200,
             {"balance": 60, "paid": False, "status": "not_sent", "amount_paid": 40}),
        no_param(f"POST /invoices/{INVOICE}/void", {}),
        bad(f"DELETE /invoices/{INVOICE}", None, "voided"),
        Step("POST /payments", payment(60), 201),
        Step(f"GET /invoices/{INVOICE}", None, 200,
             {"balance": 0, "paid": True, "closed": True, "status": "paid", "payment_url": None}),
        bad(PATCH, {"notes": "x"}, "closed"),
        Step("DELETE /payments/330002", None, 204),
        Step(f"GET /invoices/{INVOICE}", None, 200,
             {"balance": 60, "paid": False, "closed": False, "status": "not_sent"}),
    ],
    "- payments fit what they pay (O)": [
        Step("POST /invoices", ONE_LINE, 201),
        Step("POST /invoices", ONE_LINE | {"draft": True}, 201),
        bad("POST /payments", {}, "amount"),
        bad("POST /payments", payment(40) | {"amount": 30}, "applied_to"),
        bad("POST /payments", payment(101), "applied_to"),
        bad("POST /payments",
            {"amount": 9, "applied_to": [{"type": "invoice", "invoice": INVOICE + 1, "amount": 9}]}, "applied_to"),
        Step(f"GET /invoices/{INVOICE}", None, 200, {"balance": 100}),
    ],
    "53b what paying and voiding tell (O)": [
        Step("POST /invoices", ONE_LINE, 201),
        Step("POST /payments", payment(100), 201),
        Step("GET /events?type=invoice", None, 200, [
            {"type": "invoice.paid", "data": {"object": {"status": "paid"}, "previous": "absent"}},
            {"type": "invoice.created"},
        ]),
        Step("POST /invoices", ONE_LINE, 201),
        Step(f"POST /invoices/{INVOICE + 1}/void", {}),
        Step("GET /events?per_page=1", None, 200, [
            {"type": "invoice.updated", "data": {"previous": {"status": "not_sent", "balance": 100}}},
        ]),
    ],
    "54 the idempotency cache knows only the key (O)": [
        Step("POST /customers", {"name": "B"}, 201, {"name": "B"}, sent={"Idempotency-Key": "abcdef"}),
        Step("POST /customers", {"name": "C"}, 201, {"name": "B", "id": A + 1}, sent={"Idempotency-Key": "abcdef"}),
        Step(f"PATCH /customers/{A}", {"name": "D"}, 201, {"name": "B"}, sent={"Idempotency-Key": "abcdef"}),
        Step("POST /customers", {}, 400, sent={"Idempotency-Key": "errors stick"}),
        Step("POST /customers", {"name": "C"}, 400, {"param": "name"}, sent={"Idempotency-Key": "errors stick"}),
        Step("POST /customers", {"name": "C"}, 201, {"id": A + 2}, sent={"Idempotency-Key": "abcdef"}, after=86400),
    ],
    "55 idempotency keys (O)": [
        no_param("POST /customers", {"name": "B"}, sent={"Idempotency-Key": "abcde"}),
        no_param("POST /customers", {"name": "B"}, sent={"Idempotency-Key": "k" * 65}),
        no_param("GET /customers", sent={"Idempotency-Key": "abcdef"}),
    ],
    "57 a body that is no JSON (O)": [
        Step("POST /customers", None, 400, lacks=("type", "param"), sent={"Content-Type": "application/json", "": "{"}),
    ],
    "58 an event tells what was there before (O)": [
        Step(f"PATCH /customers/{A}", {"phone": "1", "metadata": {"k": "v"}}, 200, after=1),
        Step("GET /events?filter[type]=customer.updated", None, 200, [
            {"id": 9300002, "type": "customer.updated", "timestamp": 1772352001,
             "data": {"object": {"id": A, "phone": "1", "metadata": {"k": "v"}, "updated_at": 1772352001},
                      "previous": {"phone": None, "metadata": {"k": None}, "updated_at": 1772352000}}},
        ]),
        Step("GET /events/9300002", None, 200, {"type": "customer.updated"}, ("object", "user", "href")),
        Step("GET /events/9300002?include=user", None, 200, {"user": {"id": -3}}),
        Step("GET /events/1", None, 404, {"message": "Event was not found: 1"}),
    ],
    "59 an event a request and object, none for items (O)": [
        Step(f"PATCH /customers/{A}", {"phone": "1"}),
        Step("PATCH /items/widget", {"name": "W"}),
        Step("DELETE /items/widget", None, 204),
        Step("GET /events", None, 200, [{"type": "customer.updated"}, {"type": "customer.created"}]),
    ],
    "60 related events, newest first (D)": [
        Step("POST /customers", {"name": "B"}, 201),
        Step("POST /invoices", ONE_LINE, 201),
        Step(f"DELETE /invoices/{INVOICE}", None, 204),
        Step(f"GET /events?related_to=customer,{A}", None, 200, [
            {"type": "invoice.deleted", "data": {"object": {"id": INVOICE, "customer": {"id": A}}}},
            {"type": "invoice.created", "data": {"object": {"total": 100, "customer": {"name": "A"}}}},
            {"type": "customer.created"},
        ]),
        Step("GET /events?type=invoice&sort=id asc", None, 200,
             [{"type": "invoice.created"}, {"type": "invoice.deleted"}]),
        Step("GET /events?per_page=1&page=2", None, 200, [{"type": "invoice.created"}]),
        Step("GET /events?related_to=customer,x", None, 200, [{}, {}, {}, {}]),
        Step("GET /events?start_date=1772352001", None, 200, []),
        Step("GET /events?from=invoiced", None, 200, []),
        no_param("GET /events?related_to=robot,1"),
    ],
    "- numbers skip those taken, deleting frees them (O)": [
        Step("POST /customers", {"name": "B", "number": "CUST-00002"}, 201),
        Step("POST /customers", {"name": "C"}, 201, {"number": "CUST-00003"}),
        Step("DELETE /customers/70002", None, 204),
        Step("POST /customers", {"name": "D"}, 201, {"number": "CUST-00004"}),
        Step("POST /customers", {"name": "E", "number": "CUST-00002"}, 201, {"number": "CUST-00002"}),
    ],
    "- inactive and held customers get no invoices (O)": [
        Step(f"PATCH /customers/{A}", {"active": False}, 200),
        bad("POST /invoices", ONE_LINE, "customer"),
        Step(f"PATCH /customers/{A}", {"active": True, "credit_hold": True}, 200),
        bad("POST /invoices", ONE_LINE, "total"),
        Step(f"PATCH /customers/{A}", {"credit_hold": False, "credit_limit": 150}, 200),
        Step("POST /invoices", ONE_LINE, 201),
        bad("POST /invoices", ONE_LINE, "total"),
    ],
    "- purchase orders have 32 bytes (O)": [
        bad("POST /invoices", ONE_LINE | {"purchase_order": "é" * 17}, "purchase_order"),
        Step("POST /invoices", ONE_LINE | {"purchase_order": "é" * 16}, 201, {"purchase_order": "é" * 16}),
        Step(PATCH, {"purchase_order": ""}, 200, {"purchase_order": None}),
    ],
    "- unvalidated text: numbers echoed, overlong text cut (O)": [
        Step(f"PATCH /customers/{A}", {"tax_id": 7, "city": "x" * 256}, 200, {"tax_id": 7, "city": "x" * 256}),
        Step(f"GET /customers/{A}", None, 200, {"tax_id": "7", "city": "x" * 255}),
    ],
    "- discounts: unknown coupons and zero amounts are dropped, entries keep their ids (O)": [
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
    "- the same tax on a line and on the invoice (O)": [
        Step("POST /tax_rates", {"id": "vat", "name": "VAT", "value": 20}, 201),
        bad("POST /invoices",
            {"customer": A, "taxes": ["vat"], "items": [{"unit_cost": 5, "taxes": ["vat"]}]}, "items"),
    ],
    "- a customer's taxes are added on creation (D)": [
        Step("POST /tax_rates", {"id": "vat", "name": "VAT", "value": 20}, 201),
        Step(f"PATCH /customers/{A}", {"taxes": ["vat", "vat", "ghost"]}, 200, {"taxes": [{"id": "vat", "value": 20}]}),
        Step("POST /invoices", ONE_LINE, 201, {"total": 120}),
        Step("POST /invoices", ONE_LINE | {"calculate_taxes": False}, 201, {"total": 100}),
    ],
    "- a shipping address merges (D)": [
        Step("POST /invoices", ONE_LINE | {"ship_to": {"city": "Kiel", "name": "N"}}, 201,
             {"ship_to": {"city": "Kiel"}}),
        Step(PATCH, {"ship_to": {"city": "Oslo"}}, 200, {"ship_to": {"city": "Oslo", "name": "N"}}),
        Step(PATCH, {"ship_to": None}, 200, {"ship_to": None}),
    ],
    "- time makes an open invoice past due, and touches it (O)": [
        Step("POST /invoices", ONE_LINE | {"due_date": 1772409600}, 201,
             {"status": "not_sent", "updated_at": 1772352000}),
        Step("GET /invoices?updated_after=1772352000", None, 200, [{"status": "past_due", "updated_at": 1772438400}],
             after=86400),
        Step(PATCH, {"due_date": 1775001600}, 200, {"status": "not_sent"}),
    ],
    "- other content types carry no attributes (O)": [
        Step("POST /customers", None, 400, {"message": "Name is missing"},
             sent={"Content-Type": "text/plain", "": '{"name":"x"}'}),
        Step("POST /customers", None, 201, {"name": "Form", "metadata": {"k": "v"}},
             sent={"Content-Type": "application/x-www-form-urlencoded", "": "name=Form&metadata[k]=v"}),
    ],
    "- writes and deletes know few query parameters (O)": [
        Step("POST /customers?foo=1", {"name": "B"}, 201),
        bad("POST /items?foo=1", {"name": "B"}, "query"),
        bad(f"DELETE /customers/{A}?include=metadata", None, "query"),
    ],
    "- contacts (D)": [
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
    "- a customer's balance (D)": [
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
    "- merging customers (O)": [
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
    "- an invoice for a new customer (O)": [
        bad("POST /invoices", {"customer": {"email": "x@y.example"}}, "name"),
        bad("POST /invoices", {"customer": {"name": "New"}, "items": [{"unit_cost": -5}]}, "total"),
        Step("GET /customers", None, 200, [{"id": A}]),
        Step("POST /invoices", {"customer": {"name": "New", "currency": "eur"}, "items": [{"unit_cost": 5}]}, 201,
             {"customer": A + 1, "currency": "eur"}),
        Step("GET /customers", None, 200, [{"id": A}, {"name": "New", "number": "CUST-00002"}]),
        Step("GET /events?per_page=2", None, 200, [{"type": "invoice.created"}, {"type": "customer.created"}]),
    ],
    "- bad debt (O)": [
        Step("POST /invoices", ONE_LINE, 201),
        Step(f"POST /invoices/{INVOICE}/bad_debt", {}, 200, {"status": "bad_debt", "closed": True, "balance": 100}),
        bad(PATCH, {"notes": "x"}, "closed"),
        Step(PATCH, {"closed": False}, 200, {"status": "not_sent"}),
    ],
    "- webhooks are managed over the API (O)": [
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
    "- advanced filters (O)": [
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
    "- expansion nests, and works on writes (O)": [
        Step("POST /invoices?expand=customer.parent_customer,items.catalog_item,robot",
             {"customer": A, "items": [{"catalog_item": "widget"}, {"unit_cost": 1}]}, 201,
             {"customer": {"id": A, "parent_customer": None},
              "items": [{"catalog_item": {"id": "widget", "unit_cost": 10}}, {"catalog_item": None}]}),
        Step("GET /invoices?expand=customer", None, 200, [{"customer": {"name": "A"}}]),
        Step("POST /invoices?include=sent&exclude=items", ONE_LINE, 201, {"sent": False}, ("items",)),
    ],
    "- include, exclude and expand (O)": [
        Step("POST /invoices", ONE_LINE, 201, lacks=("sent", "voided")),
        Step(f"GET /invoices/{INVOICE}?include=sent,voided&exclude=items", None, 200, {"sent": False, "voided": False},
             ("items",)),
        Step(f"GET /invoices/{INVOICE}?expand=customer", None, 200, {"customer": {"id": A, "name": "A"}}),
    ],
    "- an invoice as PDF (D)": [
        Step("POST /invoices", ONE_LINE, 201),
        Step(f"GET /invoices/{INVOICE}", None, 200, {"total": 100}, headers={"Content-Type": "application/json"},
             sent={"Accept": "application/json"}),
    ],
    "- what lists do not offer is refused (O)": [
        Step("GET /invoices?tags[]=x", None, 501),
        Step("GET /customers?owner=1", None, 501),
        Step("GET /customers?total=1", None, 400),
    ],
    "- an archived rate goes on counting, and does not show that it is archived (O)": [
        Step("POST /tax_rates", {"id": "vat", "name": "VAT", "value": 20}, 201),
        Step(f"PATCH /customers/{A}", {"taxes": ["vat"]}),
        Step("POST /items", {"id": "taxed", "name": "Taxed", "taxes": ["vat"]}, 201),
        Step("DELETE /tax_rates/vat", None, 204),
        Step(f"GET /customers/{A}", None, 200, {"taxes": [{"id": "vat", "archived": "absent"}]}),
        Step("GET /items/taxed", None, 200, {"taxes": [{"id": "vat", "archived": "absent"}]}),
    ],
    "- a partly paid invoice may owe less than nothing (O)": [
        Step("POST /invoices", ONE_LINE, 201),
        Step("POST /payments", payment(60), 201),
        Step(PATCH, {"items": [{"unit_cost": 50}]}, 200, {"balance": -10, "paid": True, "status": "paid"}),
    ],
    "- marking as sent (D)": [
        Step("POST /invoices", ONE_LINE, 201),
        Step(PATCH, {"sent": True}, 200, {"status": "sent"}, ("sent",)),
        Step(PATCH, {"closed": True}, 200, {"status": "sent", "closed": True}),
    ],
    "- invoices by the name of their customer (O)": [
        Step("POST /customers", {"name": "0"}, 201),
        Step("POST /invoices", ONE_LINE, 201),
        Step("POST /invoices", ONE_LINE | {"customer": A + 1}, 201),
        Step("GET /invoices?sort=Customers.name asc", None, 200, [{"customer": A + 1}, {"customer": A}]),
        Step("GET /invoices?sort=Customers.name desc", None, 200, [{"customer": A}, {"customer": A + 1}]),
    ],
    "- items answer under their older name too (O)": [
        Step("GET /catalog_items/widget", None, 200, {"object": "item"}),
        Step("POST /catalog_items", {"id": "widget", "name": "X"}, 400, refused("id")),
    ],
    "- keys and who sends them (O)": [
        Step("GET /customers", None, 200, sent={"Authorization": "Basic " + b64("acme:" + INVOICED_KEY)}),
        Step("GET /customers", None, 401,
             {"message": "We could not authenticate you with the API Key: abc***hij"},
             sent={"Authorization": "Basic " + b64("abcdefhij:")}),
        Step("GET /customers", None, 200, headers={"X-Request-Id": "r1", "X-Correlation-Id": "c1"},
             sent={"X-Request-Id": "r1", "X-Correlation-Id": "c1"}),
        Step("GET /health", None, 200, {"status": "healthy"}, sent={"Authorization": ""}),
    ],
    "- a refused key is not remembered under an idempotency key (O)": [
        Step("POST /customers", {"name": "B"}, 401, sent={"Authorization": "", "Idempotency-Key": "abcdef"}),
        Step("POST /customers", {"name": "B"}, 201, sent={"Idempotency-Key": "abcdef"}),
    ],
    "- forms nest with brackets (D)": [
        Step("POST /invoices", None, 201,
             {"total": 15, "items": [{"name": "x", "quantity": 3}], "metadata": {"k": "v"}},
             sent={"Content-Type": "application/x-www-form-urlencoded",
                   "": f"customer={A}&items[0][name]=x&items[0][quantity]=3&items[0][unit_cost]=5&metadata[k]=v"}),
    ],
    "- metadata keeps objects and lists as text (O)": [
        Step(f"PATCH /customers/{A}", {"metadata": {"o": {"a": 1}, "l": [1, 2], "f": False}}, 200),
        Step(f"GET /customers/{A}", None, 200, {"metadata": {"o": '{"a":1}', "l": "[1,2]", "f": "0"}}),
    ],
    "- the size of a page (O)": [
        Step("GET /customers?per_page=0", None, 200, [{"id": A}]),
        Step("POST /customers", {"name": "B"}, 201),
        Step("GET /customers?per_page=-5", None, 200, [{"id": A}]),
        Step("GET /customers?per_page=x&page=0", None, 200, [{"id": A}]),
        Step("GET /customers?page[]=1", None, 400, {"param": "query"}),
    ],
    "- what of a customer is refused (D)": [
        bad(f"PATCH /customers/{A}", {"autopay": True}, "autopay"),
        bad(f"PATCH /customers/{A}", {"language": "deu"}, "language"),
        no_param(f"PATCH /customers/{A}", {"owner": 7}),
        bad(f"PATCH /customers/{A}", {"parent_customer": A}, "parent_customer"),
        bad(f"PATCH /customers/{A}", {"parent_customer": 9}, "parent_customer"),
        Step("POST /customers", {"name": "Child", "parent_customer": A}, 201, {"parent_customer": A}),
        bad(f"PATCH /customers/{A}", {"parent_customer": A + 1}, "parent_customer"),
    ],
    "- five levels of parents at most (D)": [
        *(Step("POST /customers", {"name": "C", "parent_customer": A + n}, 201) for n in range(4)),
        bad("POST /customers", {"name": "C", "parent_customer": A + 4}, "parent_customer"),
    ],
    "- numbers that are given out run into a wall of a hundred (O)": [
        *(Step("POST /customers", {"name": "C", "number": f"CUST-{n:05d}"}, 201) for n in range(2, 102)),
        bad("POST /customers", {"name": "C"}, "number"),
    ],
    "- inactive customers take no part in a merge (O)": [
        Step("POST /customers", {"name": "B", "active": False}, 201),
        no_param(f"POST /customers/{A}/merge", {"customer": A + 1}),
    ],
    "- invoices by a range of days (D)": [
        Step("POST /invoices", ONE_LINE | {"date": 1772323200, "due_date": 1772409600}, 201),
        Step("POST /invoices", ONE_LINE | {"date": 1772409600, "due_date": 1772496000}, 201),
        Step("GET /invoices?start_date=1772409600", None, 200, [{"id": INVOICE + 1}]),
        Step("GET /invoices?end_date=1772323200", None, 200, [{"id": INVOICE}]),
        Step("GET /invoices?date_column=due_date&end_date=1772409600", None, 200, [{"id": INVOICE}]),
        Step("GET /invoices?filter[date]=2026-03-02", None, 200, [{"id": INVOICE + 1}]),
        Step("GET /invoices?filter[date]=1772409600", None, 200, []),
    ],
    "- text filters disregard accents and trailing spaces, ids of items do not (O)": [
        Step("POST /customers", {"name": "Café"}, 201),
        Step("GET /customers?filter[name]=CAFE ", None, 200, [{"name": "Café"}]),
        Step("GET /items?filter[id]=Widget", None, 200, []),
        no_param("GET /customers?filter[notes]=x"),
    ],
    "- a customer may be exempt from its taxes (D)": [
        Step("POST /tax_rates", {"id": "vat", "name": "VAT", "value": 20}, 201),
        Step(f"PATCH /customers/{A}", {"taxes": ["vat"], "taxable": False}),
        Step("POST /invoices", ONE_LINE, 201, {"total": 100, "taxes": []}),
    ],
    "- flat shortcuts for a discount and a tax (O)": [
        Step("POST /invoices", ONE_LINE | {"discount": 2, "tax": 1.5}, 201,
             {"total": 99.5, "discounts": [{"amount": 2, "coupon": None}],
              "taxes": [{"amount": 1.5, "tax_rate": None}]}),
    ],
    "- a single invoice shows ten entries of a list (O)": [
        Step("POST /invoices", ONE_LINE | {"discounts": [{"amount": 1} for _ in range(11)]}, 201, {"total": 89}),
        Step(f"GET /invoices/{INVOICE}", None, 200, {"total": 89, "discounts": [{}] * 10}),
    ],
    "- an inclusive tax of an invoice is part of its price (O)": [
        Step("POST /tax_rates", {"id": "vat", "name": "VAT", "value": 20, "inclusive": True}, 201),
        Step("POST /invoices", {"customer": A, "items": [{"unit_cost": 120}], "taxes": ["vat"]}, 201,
             {"subtotal": 100, "total": 120, "taxes": [{"amount": 20}]}),
    ],
    "- removing all lines settles an issued invoice (O)": [
        Step("POST /invoices", ONE_LINE, 201),
        Step(PATCH, {"items": []}, 200, {"total": 0, "paid": True, "closed": True, "status": "paid"}),
        Step(f"POST /invoices/{INVOICE}/void", {}, 200, {"status": "voided", "closed": True}),
    ],
    "- an item in a line brings its taxes and flags (O)": [
        Step("POST /tax_rates", {"id": "vat", "name": "VAT", "value": 10}, 201),
        Step("POST /items", {"id": "taxed", "name": "T", "unit_cost": 5, "taxes": ["vat"], "discountable": False}, 201),
        Step("POST /invoices", {"customer": A, "items": [{"catalog_item": "taxed", "quantity": 2}]}, 201,
             {"total": 11, "items": [{"discountable": False, "taxes": [{"amount": 1, "tax_rate": {"id": "vat"}}]}]}),
        Step("PATCH /items/taxed", {"name": "Renamed"}),
        Step(f"GET /invoices/{INVOICE}", None, 200, {"items": [{"name": "T", "unit_cost": 5}]}),
    ],
    "- text in a number counts as nothing (O)": [
        Step("POST /invoices",
             {"customer": A, "items": [{"quantity": "many", "unit_cost": 5}, {"unit_cost": "7"}]}, 201,
             {"total": 7, "items": [{"quantity": 0, "amount": 0}, {"unit_cost": 7}]}),
    ],
    "- an item's archive is a feed of what is gone (O)": [
        Step("PATCH /items/widget", {"name": "Old"}),
        Step("DELETE /items/widget", None, 204),
        Step("PATCH /items/widget", {"name": "Older"}, 200, {"name": "Older"}),
        Step("GET /items?archived=1&include=archived", None, 200, [{"name": "Older", "archived": True}]),
        Step("POST /items", {"id": "widget", "name": "New"}, 201),
        Step("DELETE /items/widget", None, 204),
        Step("GET /items?archived=1", None, 200, [{"name": "Older"}, {"name": "New"}]),
    ],
    "- sorting (D)": [
        Step("POST /customers", {"name": "b"}, 201, after=1),
        Step("POST /customers", {"name": "A"}, 201, after=1),
        Step("GET /customers?sort=updated_at desc", None, 200, [{"id": A + 2}, {"id": A + 1}, {"id": A}]),
        Step("GET /customers?sort=name asc", None, 200, [{"id": A}, {"id": A + 2}, {"id": A + 1}]),
        Step("GET /customers?sort=nonsense asc,name", None, 200, [{"id": A}, {"id": A + 1}, {"id": A + 2}]),
    ],
    "- metadata filters (D)": [
        Step(f"PATCH /customers/{A}", {"metadata": {"erp_id": "K-1"}}, 200),
        Step("GET /customers?metadata[erp_id]=k-1", None, 200, [{"id": A}]),
        Step("GET /customers?metadata[erp_id]=k-2", None, 200, []),
        Step("GET /customers?metadata[bad key]=1", None, 200, [{"id": A}]),
        no_param("GET /items?metadata[bad key]=1"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("steps", PROBES.values(), ids=PROBES.keys())
def test_answers_like_invoiced(invoiced: Any, steps: list[Step]) -> None:
    answer: Any = None
    for step in steps:
        invoiced.clock.advance(step.after)
        sent = dict(step.sent)
        options: dict[str, Any] = {"content": sent.pop("")} if "" in sent else {}
        body = answer if step.back else step.body
        response = invoiced.call(step.request, body, headers=sent, **options)
        told = f"{step.request} answered {response.status_code}: {response.text[:400]}"
        assert response.status_code == step.status, told
        answer = response.json() if response.content else None
        if step.contains is not None:
            assert pick(answer, step.contains) == step.contains, told
        assert not isinstance(answer, dict) or not set(step.lacks) & answer.keys(), told
        assert {name: response.headers.get(name) for name in step.headers} == step.headers


def test_all_sixty_probes_are_here() -> None:
    numbers = {int(name.split()[0].rstrip("b")) for name in PROBES if not name.startswith("-")}
    assert numbers | {56} == set(range(1, 61))  # 56 needs more than one call at a time: test_traffic.py


def test_an_invoice_is_printed_on_demand(invoiced: Any) -> None:
    invoiced.json("POST /invoices", {"customer": A, "items": [{"name": "Cable (red) Ω", "unit_cost": 100}]})
    answer = invoiced.call(f"GET /invoices/{INVOICE}?exclude=items,name", headers={"Accept": "application/pdf"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
    document = answer.content
    assert document.startswith(b"%PDF-1.4\n")
    assert b"(Invoice INV-00001) Tj T* (1 x Cable \\(red\\) ?: 100) Tj T* (usd 100.00) Tj" in document
    start = int(document.rpartition(b"startxref\n")[2].split()[0])
    assert document[start:].startswith(b"xref\n0 6\n")
    for number, entry in enumerate(document[start:].splitlines()[3:8], 1):
        assert document[int(entry[:10]) :].startswith(b"%d 0 obj<<" % number)


@pytest.mark.parametrize(
    ("position", "found"), [("ignored", ["widget", "young"]), ("honoured", ["young"])], ids=["ignored", "honoured"]
)
def test_updated_after_on_items_is_a_switch(account: Callable[..., Any], position: str, found: list[str]) -> None:
    api = account(items_updated_after=position)
    api.clock.advance(10)
    api.json("POST /items", {"id": "young", "name": "Young"})
    assert [item["id"] for item in api.json("GET /items?updated_after=1772352005")] == found


@pytest.mark.parametrize(("position", "due"), [("cleared", None), ("kept", 1775001600)])
def test_what_a_new_date_leaves_of_an_explicit_due_date_is_a_switch(
    account: Callable[..., Any], position: str, due: int | None
) -> None:
    api = account(due_date_without_terms=position)
    api.json("POST /invoices", ONE_LINE | {"due_date": 1775001600})
    assert api.json(PATCH, {"date": 1772409600})["due_date"] == due


@pytest.mark.parametrize(("position", "length"), [("truncated", 255), ("kept", 300)])
def test_overlong_text_is_a_switch(account: Callable[..., Any], position: str, length: int) -> None:
    api = account(overlong_text=position)
    api.json(f"PATCH /customers/{A}", {"city": "x" * 300})
    assert len(api.json(f"GET /customers/{A}")["city"]) == length


@pytest.mark.parametrize(("position", "stamp"), [("touched", 1772352001), ("untouched", 1772352000)])
def test_whether_a_merge_touches_what_it_moves_is_a_switch(
    account: Callable[..., Any], position: str, stamp: int
) -> None:
    api = account(merged_documents=position)
    api.json("POST /customers", {"name": "B"})
    api.json("POST /invoices", ONE_LINE)
    api.clock.advance(1)
    api.json(f"POST /customers/{A + 1}/merge", {"customer": A})
    assert api.json(f"GET /invoices/{INVOICE}")["updated_at"] == stamp


@pytest.mark.parametrize(("position", "stored"), [("kept", "Party 🎉"), ("replaced", "Party ?")])
def test_characters_of_four_bytes_are_a_switch(account: Callable[..., Any], position: str, stored: str) -> None:
    api = account(four_byte_characters=position)
    assert api.json(f"PATCH /customers/{A}", {"city": "Party 🎉"})["city"] == "Party 🎉"
    assert api.json(f"GET /customers/{A}")["city"] == stored


@pytest.mark.parametrize(
    ("position", "status", "type_"), [("refused", 400, "invalid_request"), ("broken", 500, "api_error")]
)
def test_values_that_reach_typed_code_are_a_switch(
    account: Callable[..., Any], position: str, status: int, type_: str
) -> None:
    api = account(uncoercible_values=position)
    api.json("POST /invoices", ONE_LINE)
    for body in ({"currency": None}, {"items": [{"unit_cost": 1, "taxes": None}]}):
        answer = api.call(PATCH, body)
        assert (answer.status_code, answer.json()["type"]) == (status, type_)


def test_a_quota_bounds_the_invoices_of_a_day(account: Callable[..., Any]) -> None:
    api = account(settings=Settings(invoices_a_day=1))
    api.json("POST /invoices", ONE_LINE)
    refusal = api.call("POST /invoices", ONE_LINE).json()
    assert refusal["message"] == "The 1 transaction per day quota has been reached."
    api.clock.advance(86400)
    api.json("POST /invoices", ONE_LINE)


def pick(value: Any, shape: Any) -> Any:
    """The part of a value that has the shape of the expectation; lists must have its length."""
    if isinstance(shape, dict) and isinstance(value, dict):
        return {key: pick(value.get(key, "absent"), part) for key, part in shape.items()}
    if isinstance(shape, list) and isinstance(value, list) and len(shape) == len(value):
        return [pick(item, part) for item, part in zip(value, shape, strict=True)]
    return value
