"""The contracts are valid, say what the harness reads from them, and agree with the emulators' code lists."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate

from counterpart.emulators.codes import COUNTRIES, CURRENCIES

CONTRACTS = Path(__file__).parents[2] / "contracts"
DOCUMENTS: dict[str, dict[str, Any]] = {
    name: yaml.safe_load((CONTRACTS / f"{name}.openapi.yaml").read_text("utf-8"))
    for name in ("customerp", "customerp-minimal", "invoiced")
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_is_valid_openapi(name: str) -> None:
    assert DOCUMENTS[name]["openapi"].startswith("3.1")
    validate(DOCUMENTS[name])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_is_plain_yaml_without_duplicate_keys(name: str) -> None:
    # Anchors and merge keys are YAML 1.1; OpenAPI tools of other languages do not all read them.
    text = (CONTRACTS / f"{name}.openapi.yaml").read_text("utf-8")
    events = list(yaml.parse(text, Loader=yaml.SafeLoader))
    assert not any(getattr(event, "anchor", None) for event in events)
    assert list(duplicates(yaml.compose(text, Loader=yaml.SafeLoader))) == []


@pytest.mark.parametrize(
    ("name", "schema", "derived"),
    [
        ("invoiced", "Customer", {"created_at", "updated_at", "statement_url", "statement_pdf_url"}),
        ("invoiced", "Item", {"created_at", "updated_at"}),
        (
            "invoiced",
            "Invoice",
            {
                "closed", "paid", "status", "subtotal", "total", "balance", "url", "pdf_url", "csv_url", "payment_url",
                "amount_paid", "voided", "created_at", "updated_at",
            },
        ),
        ("invoiced", "LineItem", {"amount", "created_at", "updated_at"}),
        ("customerp", "Customer", {"version", "createdAt", "updatedAt"}),
        ("customerp", "Product", {"version", "createdAt", "updatedAt"}),
        ("customerp", "Order", {"version", "createdAt", "updatedAt", "total"}),
    ],
)  # fmt: skip
def test_marks_what_the_api_derives(name: str, schema: str, derived: set[str]) -> None:
    schemas = DOCUMENTS[name]["components"]["schemas"]
    properties = schemas[schema].get("properties", {})
    for part in schemas[schema].get("allOf", []):
        properties |= part.get("properties") or schemas[part["$ref"].rsplit("/", 1)[-1]]["properties"]
    assert {key for key, value in properties.items() if value.get("x-derived")} == derived


def test_every_operation_says_what_an_implementer_needs() -> None:
    silent = [
        operation["operationId"]
        for document in DOCUMENTS.values()
        for path in document["paths"].values()
        for verb, operation in path.items()
        if verb in {"get", "post", "patch", "delete"}
        and not (operation.get("summary") and "401" in operation["responses"])
    ]
    assert silent == []


def test_the_minimal_contract_is_what_is_left_of_the_full_one() -> None:
    spec = importlib.util.spec_from_file_location("minimal", CONTRACTS / "minimal.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = module.minimal(yaml.safe_load((CONTRACTS / "customerp.openapi.yaml").read_text("utf-8")))
    assert DOCUMENTS["customerp-minimal"] == made, "write it anew: make contracts"
    del made["info"], made["components"]["schemas"]["Capabilities"]
    words = str(made).lower()
    gone = ("etag", "if-match", "idempotency", "externalref", "cursor", "version'", "delete", "/changes")
    assert [word for word in gone if word in words] == []


def test_request_bodies_of_customerp_and_of_items_are_closed() -> None:
    closed = {
        "customerp": ["CustomerCreate", "CustomerPatch", "ProductCreate", "ProductPatch", "OrderCreate", "OrderPatch",
                      "LineCreate", "LinePatch", "AddressPatch"],
        "invoiced": ["ItemCreate", "ItemPatch"],
    }  # fmt: skip
    for name, schemas in closed.items():
        for schema in schemas:
            assert DOCUMENTS[name]["components"]["schemas"][schema]["additionalProperties"] is False, schema


def test_the_code_lists_are_those_of_the_emulator() -> None:
    schemas = DOCUMENTS["customerp"]["components"]["schemas"]
    assert set(schemas["CurrencyCode"]["enum"]) == CURRENCIES
    assert set(schemas["CountryCode"]["enum"]) == COUNTRIES


def duplicates(node: yaml.Node) -> Iterator[tuple[str, int]]:
    """Keys given twice in one mapping, with their line."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.value, key.start_mark.line + 1
            seen.add(key.value)
            yield from duplicates(value)
    elif isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from duplicates(child)
