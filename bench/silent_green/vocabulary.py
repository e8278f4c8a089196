"""A shop with one shelf: the sentences that the cases are written in, for pytest-bdd with and without our plugin."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from pytest_bdd import given, parsers, then, when

Equal = Callable[[int, int], None]


@pytest.fixture
def shelf() -> dict[str, int]:
    return {"stock": 0}


@pytest.fixture
def equal(request: pytest.FixtureRequest) -> Equal:
    """How a Then compares: through the scene where there is one, and by assert in plain pytest-bdd."""
    if request.config.pluginmanager.has_plugin("counterpart.plugin"):
        scene = request.getfixturevalue("scene")
        return lambda actual, expected: scene.equal(actual, expected, "what is left")

    def plain(actual: int, expected: int) -> None:
        assert actual == expected

    return plain


@given(parsers.parse("a stock of {count:d}"))
def stock(shelf: dict[str, int], count: int) -> None:
    shelf["stock"] = count


@given("these stocks")
def stocks(shelf: dict[str, int], datatable: Sequence[Sequence[str]]) -> None:
    shelf["stock"] = sum(int(row[0]) for row in datatable[1:])


@given("an odd thing")
def odd_thing() -> None: ...


@given(parsers.parse("an odd {what}"))
def odd(what: str) -> None: ...


@when(parsers.parse("{count:d} are sold"))
def sell(shelf: dict[str, int], count: int) -> None:
    shelf["stock"] -= count


@then(parsers.parse("{count:d} are left"))
def left(shelf: dict[str, int], equal: Equal, count: int) -> None:
    equal(shelf["stock"], count)


@then(parsers.parse("in the end {count:d} are left"))
async def left_in_the_end(shelf: dict[str, int], equal: Equal, count: int) -> None:
    equal(shelf["stock"], count)


@then("all is well")
def well(shelf: dict[str, int]) -> None: ...
