"""Facts that nobody is sure of, in each position; the account's quota; invoices as PDF."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from probing import INVOICE, ONE_LINE, PATCH, A

from counterpart.emulators import Settings


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


@pytest.mark.parametrize(
    ("switches", "name", "description"),
    [
        ({"overlong_text": "truncated"}, "x" * 255, "Party 🎉"),
        ({"overlong_text": "kept"}, "x" * 300, "Party 🎉"),
        ({"four_byte_characters": "replaced"}, "x" * 255, "Party ?"),
    ],
)
def test_texts_of_lines_follow_the_switches_too(
    account: Callable[..., Any], switches: dict[str, Any], name: str, description: str
) -> None:
    api = account(**switches)
    line = {"name": "x" * 300, "description": "Party 🎉", "unit_cost": 1}
    for call, body in (("POST /invoices", {"customer": A}), (f"PATCH /invoices/{INVOICE}", {})):
        [echoed] = api.json(call, body | {"items": [line]})["items"]
        assert (echoed["name"], echoed["description"]) == ("x" * 300, "Party 🎉")
        [stored] = api.json(f"GET /invoices/{INVOICE}")["items"]
        assert (stored["name"], stored["description"]) == (name, description)


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
