"""What the contracts say about properties, in the words of the features."""

from __future__ import annotations

import pytest

from counterpart.contract import Contract, ContractError

CONTRACT = Contract(
    {
        "components": {
            "schemas": {
                "Stamp": {"type": "integer", "x-format": "unix-date"},
                "Base": {"properties": {"id": {"type": "integer", "x-derived": True}}},
                "Invoice": {
                    "allOf": [{"$ref": "#/components/schemas/Base"}],
                    "properties": {
                        "name": {"type": ["string", "null"]},
                        "draft": {"type": "boolean"},
                        "due_date": {"anyOf": [{"$ref": "#/components/schemas/Stamp"}, {"type": "null"}]},
                        "total": {"type": "number", "x-derived": True},
                        "price": {"type": "string", "x-format": "decimal"},
                        "lines": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "properties": {
                                    "quantity": {"type": "number"},
                                    "amount": {"type": "number", "x-derived": True},
                                },
                            },
                        },
                    },
                },
            }
        }
    },
    "example.yaml",
)


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("name", "0151", "0151"),
        ("name", "(nothing)", None),
        ("draft", "yes", True),
        ("due_date", "2026-04-01", 1775001600),
        ("lines.1.quantity", "3", 3),
        ("lines.1.quantity", "2.5", 2.5),
        ("price", "125.50", "125.50"),
    ],
)
def test_a_text_becomes_the_value_of_the_api(path: str, text: str, value: object) -> None:
    parsed = CONTRACT.property("Invoice", path).parse(text)
    assert (parsed, type(parsed)) == (value, type(value))


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("name", "", "(nothing)"),
        ("name", None, "(nothing)"),
        ("draft", False, "no"),
        ("due_date", 1775001600, "2026-04-01"),
        ("lines.1.quantity", 3.0, "3"),
        ("price", "125.50", "125.5"),
        ("price", "100", "100"),
    ],
)
def test_a_value_of_the_api_becomes_a_text(path: str, value: object, text: str) -> None:
    assert CONTRACT.property("Invoice", path).render(value) == text


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("draft", "true", "'true' is no value for draft, which is a boolean"),
        ("lines.1.quantity", "three", "'three' is no value for lines.1.quantity, which is a number"),
        ("due_date", "1.4.2026", "'1.4.2026' is no value for due_date, which is a unix-date"),
    ],
)
def test_a_text_that_fits_no_type_is_refused(path: str, text: str, message: str) -> None:
    with pytest.raises(ContractError) as refused:
        CONTRACT.property("Invoice", path).parse(text)
    assert str(refused.value) == message


def test_an_unknown_property_names_the_known_ones() -> None:
    with pytest.raises(ContractError) as refused:
        CONTRACT.property("Invoice", "lines.1.colour")
    assert str(refused.value) == (
        "example.yaml knows no property 'lines.1.colour' of Invoice; for 'colour' write one of amount, quantity"
    )


def test_derived_properties_are_listed_without_positions() -> None:
    assert CONTRACT.derived("Invoice") == {"id", "total", "lines.amount"}
