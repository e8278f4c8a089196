"""The rows that a document lists, held against the contracts of the systems."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from counterpart.checklist import Connected, read, scaffold
from counterpart.listed import against_contracts, real_types, required
from counterpart.trace import contracts_in

CONTRACTS = contracts_in(Path(__file__).parents[2] / "contracts")
TEXT, FLOAT, INTEGER = '"string"', '"float"', '"integer"'


def test_types_that_are_declared_otherwise_than_they_are(write: Callable[..., str]) -> None:
    rows = [
        ("name", "name", TEXT),
        ("unitPrice", "unit_cost", TEXT),
        ("unitPrice", "unit_cost", FLOAT),
        ("discontinued", "archived", INTEGER),
        ("createdAt", "created_at", "N/A"),
        ("weight", "no_such_property", TEXT),
    ]
    document = read(write(flows=[("Product", "Items")], rows=rows).encode())
    first = document.flows[0].table.rows[0].line
    assert [(each.code, each.line - first, each.message) for each in against_contracts(document, CONTRACTS)] == [
        ("declared-type", 5, "unit_cost of Invoiced Item is declared string and is decimal in its contract."),
        ("declared-type", 11, "archived of Invoiced Item is declared integer and is boolean in its contract."),
        (
            "computed-property",
            13,
            "created_at of Invoiced Item is computed by Invoiced, so no edit can arrive in it.",
        ),
    ]
    assert against_contracts(document, {}) == ()


def test_lines_are_looked_up_in_the_record_that_holds_them(write: Callable[..., str]) -> None:
    rows = [("quantity", "items.quantity", TEXT), ("total", "items.amount", FLOAT)]
    document = read(write(flows=[("Line", "Lineitem")], rows=rows).encode())
    assert [(each.code, each.message.partition(" of ")[0]) for each in against_contracts(document, CONTRACTS)] == [
        ("declared-type", "items.quantity"),
        ("computed-property", "items.amount"),
    ]


def test_a_scaffold_has_values_of_the_real_type_and_clears_nothing_that_is_always_filled(
    write: Callable[..., str], tmp_path: Path
) -> None:
    rows = [("name", "name", TEXT), ("description", "description", TEXT), ("unitPrice", "unit_cost", TEXT)]
    document = read(write(flows=[("Product", "Items")], rows=rows).encode())
    filled = required(document, CONTRACTS)
    assert filled == {
        ("customerp", "product", "name"),
        ("customerp", "product", "unitPrice"),
        ("invoiced", "items", "unit_cost"),
    }
    systems = {"customerp": "Customerp", "invoiced": "Invoiced"}
    rows_are = real_types(document, CONTRACTS)
    assert rows_are == {("invoiced", "items", "unit_cost"): "decimal"}
    scaffold(document, tmp_path, Connected(systems, frozenset({"product-item"}), filled, rows_are))
    written = (tmp_path / "features" / "product-item" / "property-source.feature").read_text("utf-8")
    told = [
        line.strip()
        for line in written.splitlines()
        if "Scenario Outline" in line or "lear" in line or "changed |" in line
    ]
    assert told == [
        "# Never cleared: name of Customerp Product always has a value.",
        "Scenario Outline: Property source: name to name: <case>",
        "| changed | First text | Another text |",
        "Scenario Outline: Property source: description to description: <case>",
        "| changed | First text | Another text |",
        "| cleared | First text | (nothing)    |",
        "# Never cleared: unitPrice of Customerp Product always has a value.",
        "Scenario Outline: Property source: unitPrice to unit_cost: <case>",
        "| changed | 1.50   | 2.25  |",
    ]


@pytest.mark.parametrize(
    ("system", "record", "path", "clearable"),
    [
        ("Invoiced", "Customer", "name", False),
        ("Invoiced", "Customer", "phone", True),
        ("Invoiced", "Customer", "country", False),
        ("Invoiced", "Customer", "currency", True),
        ("Invoiced", "Invoice", "items", True),
        ("Invoiced", "Item", "archived", False),
        ("Customerp", "Customer", "address.city", True),
        ("Customerp", "Order", "lines.unitPrice", False),
        ("Customerp", "Product", "currency", False),
    ],
)
def test_which_properties_can_be_without_a_value(system: str, record: str, path: str, clearable: bool) -> None:
    assert CONTRACTS[system].property(record, path).clearable == clearable
