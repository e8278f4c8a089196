"""The pure parts of the drivers; the rest is exercised by every scenario."""

from __future__ import annotations

import pytest

from counterpart.drivers import Record, edited_lines, nested

RECORD = Record(
    "Customerp", "orders", "OR1", {"notes": None, "lines": [{"quantity": "1"}], "address": {"city": "Kiel"}}
)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("address.city", "Kiel"),
        ("lines.1.quantity", "1"),
        ("lines.2.quantity", None),
        ("lines.0.quantity", None),
        ("notes", None),
        ("notes.deep", None),
        ("unknown", None),
    ],
)
def test_a_path_leads_to_its_value_or_to_nothing(path: str, value: object) -> None:
    assert RECORD.at(path) == value


def test_paths_become_a_merge_patch() -> None:
    assert nested({"name": "A", "address.city": "Kiel", "address.line1": None}) == {
        "name": "A",
        "address": {"city": "Kiel", "line1": None},
    }


def test_edits_of_lines_give_the_complete_new_list() -> None:
    lines = [{"id": "L1", "quantity": "1"}]
    assert edited_lines(lines, {"lines.1.quantity": "3", "lines.2.quantity": "5", "lines.2.unitPrice": "2"}) == [
        {"id": "L1", "quantity": "3"},
        {"quantity": "5", "unitPrice": "2"},
    ]
    assert lines == [{"id": "L1", "quantity": "1"}]
