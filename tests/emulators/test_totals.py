"""The arithmetic of documents: two vectors from the implementation's tests and from its formula, and laws."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpart.emulators.codes import decimals
from counterpart.emulators.totals import Line, Rate, Totals, invoice_totals, order_total

D = Decimal


def percent(value: str, *, inclusive: bool = False) -> Rate:
    return Rate(D(value), percent=True, inclusive=inclusive)


def test_vector_a() -> None:
    totals = invoice_totals(
        [Line(D(1), D("105.26"), discounts=(percent("5"),)), Line(D("12.045"), D(1)), Line(D(10), D(-1))],
        [percent("5")],
        [percent("5")],
        "usd",
    )
    assert [line.amount for line in totals.lines] == [D("105.26"), D("12.05"), D("-10.00")]
    assert totals.lines[0].discounts == (D("5.26"),)
    assert (totals.subtotal, totals.discounts, totals.taxes) == (D("107.31"), (D("5.10"),), (D("4.85"),))
    assert totals.total == D("101.80")


def test_vector_b() -> None:
    totals = invoice_totals(
        [Line(D("2.5"), D("18.345")), Line(D(3), D(120), discounts=(percent("10"),))],
        [Rate(D("9.86"))],
        [percent("8.25")],
        "eur",
    )
    assert [line.amount for line in totals.lines] == [D("45.86"), D(360)]
    assert totals.lines[1].discounts == (D(36),)
    assert (totals.subtotal, totals.taxes, totals.total) == (D("405.86"), (D("29.70"),), D("389.70"))


@pytest.mark.parametrize(
    ("currency", "total"), [("jpy", "101"), ("usd", "100.52"), ("bhd", "100.515"), ("kwd", "100.52")]
)
def test_decimals_of_the_currency(currency: str, total: str) -> None:
    assert invoice_totals([Line(D(3), D("33.505"))], [], [], currency).total == D(total)


@pytest.mark.parametrize(
    ("rate", "subtotal", "tax", "total"),
    [
        (percent("20", inclusive=True), "100.00", "20.00", "120.00"),
        (percent("7", inclusive=True), "112.14", "7.86", "120.00"),  # 7.8504... is rounded up
        (percent("7"), "120.00", "8.40", "128.40"),
    ],
)
def test_an_inclusive_tax_is_taken_out_of_the_price(rate: Rate, subtotal: str, tax: str, total: str) -> None:
    totals = invoice_totals([Line(D(1), D(120))], [], [rate], "eur")
    assert (totals.subtotal, totals.taxes, totals.total) == (D(subtotal), (D(tax),), D(total))


def test_lines_may_stay_out_of_the_invoices_rates() -> None:
    totals = invoice_totals(
        [Line(D(1), D(100)), Line(D(1), D(50), discountable=False), Line(D(1), D(30), taxable=False)],
        [percent("10")],
        [percent("10")],
        "usd",
    )
    assert totals.discounts == (D("13.00"),)  # of 130
    assert totals.taxes == (D("13.70"),)  # of 180 - 13 - 30
    assert totals.total == D("180.70")


@pytest.mark.parametrize(
    ("lines", "currency", "total"),
    [
        ([], "EUR", "0.00"),
        ([{"quantity": "3", "unitPrice": "12.5", "discountPercent": "10"}], "EUR", "33.75"),
        ([{"quantity": "1", "unitPrice": "1.005", "discountPercent": None}], "EUR", "1.01"),
        ([{"quantity": "3", "unitPrice": "33.5", "discountPercent": None}], "JPY", "101"),
        ([{"quantity": "-1", "unitPrice": "0.125", "discountPercent": None}], "BHD", "-0.125"),
        ([{"quantity": "9999999999", "unitPrice": "9999999999", "discountPercent": None}], "EUR",
         "99999999980000000001.00"),
    ],
)  # fmt: skip
def test_total_of_an_order(lines: list[dict[str, str | None]], currency: str, total: str) -> None:
    assert order_total(lines, currency) == total


quantities = st.decimals(min_value=-1000, max_value=1000, places=4, allow_nan=False)
prices = st.decimals(min_value=-10000, max_value=10000, places=6, allow_nan=False)
rates = st.builds(percent, st.decimals(min_value=0, max_value=100, places=2).map(str))
lines = st.builds(
    Line,
    quantities,
    prices,
    st.booleans(),
    st.booleans(),
    st.lists(rates, max_size=2).map(tuple),
    st.lists(rates, max_size=2).map(tuple),
)
currencies = st.sampled_from(["usd", "jpy", "bhd", "eur"])


def computed(given_lines: list[Line], discounts: list[Rate], taxes: list[Rate], currency: str) -> Totals:
    return invoice_totals(given_lines, discounts, taxes, currency)


@settings(derandomize=True, database=None)
@given(st.lists(lines, max_size=6), st.lists(rates, max_size=2), st.lists(rates, max_size=2), currencies)
def test_total_is_what_its_parts_add_up_to(
    found: list[Line], discounts: list[Rate], taxes: list[Rate], currency: str
) -> None:
    totals = computed(found, discounts, taxes, currency)
    assert totals.subtotal == sum(line.amount for line in totals.lines)
    assert totals.total == totals.subtotal - sum(sum(line.discounts) for line in totals.lines) + sum(
        sum(line.taxes) for line in totals.lines
    ) - sum(totals.discounts) + sum(totals.taxes)
    for line, amounts in zip(found, totals.lines, strict=True):
        unit = D(1).scaleb(-decimals(currency))
        assert amounts.amount == (line.quantity * line.unit_cost).quantize(unit, ROUND_HALF_UP)


@settings(derandomize=True, database=None)
@given(st.data(), st.lists(lines, max_size=6), st.lists(rates, max_size=2), currencies)
def test_the_order_of_lines_does_not_matter(
    data: st.DataObject, found: list[Line], discounts: list[Rate], currency: str
) -> None:
    shuffled = computed(data.draw(st.permutations(found)), discounts, discounts, currency)
    assert computed(found, discounts, discounts, currency).total == shuffled.total
