"""The items of a document, and the file that keeps them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpart.checklist import Checklist, ChecklistFileError, derive, read


def test_the_items_of_the_shipped_checklist(checklist: Checklist) -> None:
    kinds = ["create", "link-stable", "edit-source", "edit-target", "properties-unspecified"]
    flows = ["customer-company", "order-invoice", "product-item"]
    assert [item.short for item in checklist.items] == [f"{flow}/{kind}" for flow in flows for kind in kinds]
    assert [item.id for item in checklist.items if item.kind == "create"] == [
        "customerp-invoiced/customer/customers.organisation/create",
        "customerp-invoiced/order/invoices/create",
        "customerp-invoiced/product/items/create",
    ]
    assert [(str(flow.source), str(flow.target)) for flow in checklist.flows] == [
        ("Customerp Customer", "Invoiced Customer"),
        ("Customerp Order", "Invoiced Invoice"),
        ("Customerp Product", "Invoiced Item"),
    ]


def test_a_filled_table_gives_two_items_a_row_and_one_for_the_rest(write: Callable[..., str]) -> None:
    text = write(flows=[("Product", "Items")], rows=[("title", "name", '"string"')])
    items = [item for item in derive(read(text.encode()))[1] if item.kind.startswith(("prop", "unl"))]
    assert [(item.short, item.wording) for item in items] == [
        (
            "product-item/property-source/title>name",
            "title of a Customerp Product, when edited, arrives in name of its Invoiced Item.",
        ),
        (
            "product-item/property-target/title>name",
            "name of an Invoiced Item, when edited, arrives in title of its Customerp Product.",
        ),
        (
            "product-item/unlisted",
            "Properties of a Customerp Product and its Invoiced Item that the document does not list stay as they are.",
        ),
    ]


@given(wording=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_wording_survives_the_file(wording: str) -> None:
    whole = Checklist.load(Path(__file__).parents[2] / "features" / "checklist.toml")
    changed = replace(whole, items=(replace(whole.items[0], wording=wording),))
    assert _loaded(changed.to_toml()) == changed


def test_saving_and_loading(checklist: Checklist, tmp_path: Path) -> None:
    checklist.save(tmp_path / "checklist.toml")
    assert Checklist.load(tmp_path / "checklist.toml") == checklist
    assert [path.name for path in tmp_path.iterdir()] == ["checklist.toml"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[document]", "[document", "no valid TOML"),
        ('pair = "customerp-invoiced"\n', "", "document: 'pair' must be a text"),
        ("generated = 2024-09-10T14:20:17Z", "generated = 2024-09-10T14:20:17", "end it in Z"),
        ('short = "order-invoice/create"', 'short = "orders/create"', "'orders/create' belongs to no flow"),
        ('short = "order-invoice/create"', 'short = "product-item/create"', "'product-item/create' stands twice"),
        ('kind = "create"\n', "", "item 1: 'kind' must be a text"),
        ('kind = "create"\n', 'kind = "create"\nwaived = true\n', "'waived' is no key of it; remove it"),
        ('fingerprint = "44a0', 'fingerprint = "x', "item 1: 'fingerprint' is no SHA-256 hash"),
        ("[[item]]", "[[items]]", "'items' is no part of a checklist"),
    ],
)
def test_every_mistake_in_the_file_is_said(checklist: Checklist, old: str, new: str, said: str) -> None:
    text = checklist.to_toml()
    assert old in text
    with pytest.raises(ChecklistFileError) as caught:
        _loaded(text.replace(old, new, 1))
    assert said in str(caught.value)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ChecklistFileError, match="bring it back from the repository"):
        Checklist.load(tmp_path / "checklist.toml")


def _loaded(text: str) -> Checklist:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checklist.toml"
        path.write_text(text, "utf-8", newline="\n")
        return Checklist.load(path)
