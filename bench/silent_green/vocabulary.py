"""A shop with one shelf: the sentences that the cases are written in."""

from __future__ import annotations

import pytest
from pytest_bdd import given, parsers, then, when


@pytest.fixture
def shelf() -> dict[str, int]:
    return {"stock": 0}


@given(parsers.parse("a stock of {count:d}"))
def stock(shelf: dict[str, int], count: int) -> None:
    shelf["stock"] = count


@given("an odd thing")
def odd_thing() -> None: ...


@given(parsers.parse("an odd {what}"))
def odd(what: str) -> None: ...


@when(parsers.parse("{count:d} are sold"))
def sell(shelf: dict[str, int], count: int) -> None:
    shelf["stock"] -= count


@then(parsers.parse("{count:d} are left"))
def left(shelf: dict[str, int], count: int) -> None:
    assert shelf["stock"] == count
