"""What a copy of the document says differently from the checklist."""

from __future__ import annotations

from collections.abc import Callable

from counterpart.checklist import Change, Checklist, compare, read


def _told(checklist: Checklist, text: str) -> list[tuple[str, str | None, int | None]]:
    return [(each.change.value, each.item, each.line) for each in compare(checklist, read(text.encode()))]


def test_the_same_document_in_another_printing_spelling_and_order(write: Callable[..., str]) -> None:
    checklist = Checklist.of(read(write().encode()))
    assert _told(checklist, write(generated="2026-01-01 00:00:00")) == []
    for other in (
        write("Custom ERP", heading="CustomERP"),
        write(flows=[("Product", "Items"), ("Customer", "Customers company"), ("Order", "Invoices")]),
    ):
        assert _told(checklist, other) == [("other text", None, None)]
        assert not any(each.concerns_items for each in compare(checklist, read(other.encode())))


def test_a_flow_that_went_and_one_that_came(write: Callable[..., str]) -> None:
    checklist = Checklist.of(read(write(flows=[("Order", "Invoices"), ("Product", "Items")]).encode()))
    told = _told(checklist, write(flows=[("Order", "Invoices"), ("Customer", "Customers person")]))
    assert told == [
        ("gone", "product-item/create", None),
        ("gone", "product-item/link-stable", None),
        ("gone", "product-item/edit-source", None),
        ("gone", "product-item/edit-target", None),
        ("gone", "product-item/properties-unspecified", None),
        ("new", "customer-person/create", 30),
        ("new", "customer-person/link-stable", 32),
        ("new", "customer-person/edit-source", 32),
        ("new", "customer-person/edit-target", 32),
        ("new", "customer-person/properties-unspecified", 36),
    ]


def test_rows_that_came(write: Callable[..., str]) -> None:
    checklist = Checklist.of(read(write(flows=[("Product", "Items")]).encode()))
    differences = compare(
        checklist, read(write(flows=[("Product", "Items")], rows=[("name", "name", '"string"')]).encode())
    )
    assert [(each.change, each.item) for each in differences] == [
        (Change.GONE, "product-item/properties-unspecified"),
        (Change.NEW, "product-item/property-source/name>name"),
        (Change.NEW, "product-item/property-target/name>name"),
        (Change.NEW, "product-item/unlisted"),
    ]
    assert differences[0].sentence == (
        "product-item/properties-unspecified is gone: the document now lists properties."
    )


def test_rows_that_went_are_told_louder(write: Callable[..., str]) -> None:
    checklist = Checklist.of(read(write(flows=[("Product", "Items")], rows=[("name", "name", '"string"')]).encode()))
    first = compare(checklist, read(write(flows=[("Product", "Items")]).encode()))[0]
    assert first.sentence == (
        "product-item/property-source/name>name is gone: the document no longer states it. "
        "Properties that were listed are listed no more."
    )


def test_a_statement_in_other_words(write: Callable[..., str], checklist: Checklist) -> None:
    # No reader of today admits other words, so the checklist is the one that was derived from them.
    toml = checklist.to_toml()
    assert _told(checklist, write()) == [("other text", None, None)]
    old = checklist.items[0].fingerprint
    changed = Checklist(
        checklist.document,
        checklist.flows,
        tuple(
            type(item)(item.id, item.short, item.flow, item.kind, item.wording, "0" * 64)
            if item.fingerprint == old
            else item
            for item in checklist.items
        ),
    )
    assert toml != changed.to_toml()
    assert _told(changed, write()) == [("reworded", "customer-company/create", 14)]


def test_a_document_of_other_systems(write: Callable[..., str], checklist: Checklist) -> None:
    differences = compare(checklist, read(write("Tripletex").encode()))
    assert [(each.change, each.sentence) for each in differences] == [
        (
            Change.PAIR,
            "The document is of tripletex-invoiced, the checklist of customerp-invoiced; nothing else was compared.",
        )
    ]
