"""The arithmetic of both systems' documents: pure, exact, rounded half away from zero at each step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Context, Decimal

from counterpart.emulators.codes import decimals

# Quantity and price have up to 20 digits each, a percentage 10 more: the default 28 would round on the way.
_EXACT = Context(prec=80, rounding=ROUND_HALF_UP)
_HUNDRED = Decimal(100)
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Rate:
    """One discount or tax: a percentage of its base, or a fixed amount in major units."""

    value: Decimal
    percent: bool = False
    inclusive: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """What the total needs of a line."""

    quantity: Decimal
    unit_cost: Decimal
    discountable: bool = True
    taxable: bool = True
    discounts: tuple[Rate, ...] = ()
    taxes: tuple[Rate, ...] = ()


@dataclass(frozen=True, slots=True)
class LineAmounts:
    """A line's amount and that of each of its discounts and taxes, in their order."""

    amount: Decimal
    discounts: tuple[Decimal, ...]
    taxes: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """Every amount of a document, in major units of its currency."""

    lines: tuple[LineAmounts, ...]
    subtotal: Decimal
    discounts: tuple[Decimal, ...]
    taxes: tuple[Decimal, ...]
    total: Decimal


def money(value: Decimal, currency: str) -> Decimal:
    """A value rounded to the currency's decimals, half away from zero."""
    return value.quantize(_unit(currency), context=_EXACT)


def invoice_totals(lines: Iterable[Line], discounts: Sequence[Rate], taxes: Sequence[Rate], currency: str) -> Totals:
    """The amounts of an Invoiced document.

    Percentages of one level all use the same base. An inclusive tax is part of the prices: it is taken out of
    the line's amount, or of the subtotal, so that the total stays what the prices say.
    """
    unit = _unit(currency)
    computed: list[LineAmounts] = []
    subtotal = discounted = undiscountable = untaxable = line_taxes = line_discounts = _ZERO
    for line in lines:
        amount = _EXACT.multiply(line.quantity, line.unit_cost).quantize(unit, context=_EXACT)
        off = tuple(_share(rate, max(_ZERO, amount), unit) for rate in line.discounts)
        base = amount - sum(off, _ZERO)
        tax = tuple(_share(rate, max(_ZERO, base), unit) for rate in line.taxes)
        included = sum((part for part, rate in zip(tax, line.taxes, strict=True) if rate.inclusive), _ZERO)
        amount -= included
        computed.append(LineAmounts(amount, off, tax))
        subtotal += amount
        line_discounts += sum(off, _ZERO)
        line_taxes += sum(tax, _ZERO)
        discounted += amount - sum(off, _ZERO)
        undiscountable += _ZERO if line.discountable else amount
        untaxable += _ZERO if line.taxable else amount
    off = tuple(_share(rate, max(_ZERO, discounted - undiscountable), unit) for rate in discounts)
    taxed = discounted - sum(off, _ZERO) - untaxable
    tax = tuple(_share(rate, max(_ZERO, taxed), unit) for rate in taxes)
    subtotal -= sum((part for part, rate in zip(tax, taxes, strict=True) if rate.inclusive), _ZERO)
    total = subtotal - line_discounts + line_taxes - sum(off, _ZERO) + sum(tax, _ZERO)
    return Totals(tuple(computed), subtotal.quantize(unit), off, tax, total.quantize(unit))


def order_total(lines: Iterable[Mapping[str, str | None]], currency: str) -> str:
    """The total of a Customerp order as a decimal string with the currency's decimals."""
    unit = _unit(currency)
    total = _ZERO
    for line in lines:
        gross = _EXACT.multiply(Decimal(line["quantity"] or 0), Decimal(line["unitPrice"] or 0))
        gross = gross.quantize(unit, context=_EXACT)
        percent = Decimal(line["discountPercent"] or 0)
        total += gross - (_EXACT.multiply(gross, percent) / _HUNDRED).quantize(unit, context=_EXACT)
    return f"{total.quantize(unit):f}"


def _share(rate: Rate, base: Decimal, unit: Decimal) -> Decimal:
    if not rate.percent:
        return rate.value.quantize(unit, context=_EXACT)
    share = _EXACT.divide(_EXACT.multiply(base, rate.value), _HUNDRED)
    if rate.inclusive:
        fraction = _EXACT.divide(rate.value, _EXACT.add(_HUNDRED, rate.value))
        return _EXACT.multiply(base, fraction).quantize(unit, rounding=ROUND_CEILING, context=_EXACT)
    return share.quantize(unit, context=_EXACT)


def _unit(currency: str) -> Decimal:
    return Decimal(1).scaleb(-decimals(currency))
