"""The same sentences for behave; `ODD` is put below them for the one case about two definitions that fit."""

from __future__ import annotations

from typing import Any

from behave import given, then, when

ODD = """

@given("an odd thing")
def odd_thing(context): ...


@given("an odd {what}")
def odd(context, what): ...
"""


@given("a stock of {count:d}")
def stock(context: Any, count: int) -> None:
    context.stock = count


@given("these stocks")
def stocks(context: Any) -> None:
    context.stock = sum(int(row[0]) for row in context.table)


@when("{count:d} are sold")
def sell(context: Any, count: int) -> None:
    context.stock -= count


@then("{count:d} are left")
def left(context: Any, count: int) -> None:
    assert context.stock == count


@then("in the end {count:d} are left")
async def left_in_the_end(context: Any, count: int) -> None:
    assert context.stock == count


@then("all is well")
def well(context: Any) -> None: ...
