"""The quick way of writing JSON writes what the standard library does."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from counterpart.emulators.jsontext import encode

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.text('a/\x7f\n\x1f"\\')
    | st.decimals(-(10**20), 10**20, allow_nan=False)
    | st.floats(allow_nan=False, allow_infinity=False)
)
_VALUES = st.recursive(_SCALARS, lambda held: st.lists(held) | st.dictionaries(st.text(), held), max_leaves=12)


def _number(value: Decimal) -> float:
    number = float(value)
    return int(number) if number.is_integer() else number


@given(_VALUES)
@example({"b": [Decimal("19.90"), Decimal("0.00001"), Decimal("5.00")], "a": "\x7f", "é": "\ud800"})
@example({"n": 2**70})
@example({"b": ("a", 1e16), "a": 1})
def test_it_is_written_as_by_the_standard_library(value: Any) -> None:
    assert encode(value) == json.dumps(value, sort_keys=True, separators=(",", ":"), default=_number)
