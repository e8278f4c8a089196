"""The property pairs under test, and every mistake that their file can hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterpart.checklist import Approval, Checklist, Supplement, SupplementError

ROW = """\
[[row]]
flow = "product-item"
source = "unitPrice"
target = "unit_cost"
type = "decimal"
travels = "both"
standing = "suggested"
reason = "The price of one."
"""


def _load(text: str, checklist: Checklist, folder: Path) -> Supplement:
    path = folder / "supplement.toml"
    path.write_text(text, "utf-8")
    return Supplement.load(path, checklist)


def test_what_is_shipped_is_suggested_and_says_why(supplement: Supplement) -> None:
    assert [len(supplement.of(flow)) for flow in ("customer-company", "order-invoice", "product-item")] == [14, 14, 7]
    assert {row.standing for row in supplement.rows} == {"suggested"}
    assert [row.id for row in supplement.rows if row.match_key] == [
        "customer-company/number>number",
        "order-invoice/number>number",
        "product-item/sku>id",
    ]
    assert {row.id: row.travels for row in supplement.rows if row.travels != "both"} == {
        "order-invoice/customerId>customer": "create-only",
        "order-invoice/paymentState>status": "to-source",
        "product-item/sku>id": "create-only",
    }


def test_an_approved_row_names_who_and_when(checklist: Checklist, tmp_path: Path) -> None:
    text = ROW.replace('"suggested"', '"approved"') + 'approved = { by = "Kari Nordmann", on = 2026-03-01 }\n'
    [row] = _load(text, checklist, tmp_path).rows
    assert row.approved == Approval("Kari Nordmann", row.approved.on if row.approved else None)  # type: ignore[arg-type]
    assert row.approved.on.isoformat() == "2026-03-01"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[[row]]", "[row]", "'row' is no list of tables; write [[row]] above each row"),
        ("[[row]]", "rows = 1\n[[row]]", "'rows' is no part of a supplement"),
        ("[[row]]", "[[row]", "no valid TOML"),
        ('"product-item"', '"products"', "row 1 (products/unitPrice>unit_cost): no flow is called 'products'"),
        ('target = "unit_cost"\n', "", "row 1: 'target' must be a text; write target = \"...\""),
        ('"unitPrice"', '"lines[0].price"', "source 'lines[0].price' is no dotted path"),
        ('"decimal"', '"money"', "type cannot be 'money'; write one of text, decimal"),
        ('"both"', '"everywhere"', "travels cannot be 'everywhere'"),
        ('"suggested"', '"agreed"', "standing cannot be 'agreed'; write one of suggested, approved"),
        ('"suggested"', '"approved"', "approved by nobody; write approved = { by ="),
        (
            'standing = "suggested"',
            'standing = "approved"\napproved = { by = "", on = 2026-03-01 }',
            "a name and a day",
        ),
        (
            'standing = "suggested"',
            'standing = "approved"\napproved = { by = "K", on = 2026-03-01T08:00:00Z }',
            "a name and a day",
        ),
        (
            'standing = "suggested"',
            'standing = "suggested"\napproved = { by = "K", on = 2026-03-01 }',
            "names an approval but is suggested",
        ),
        ('"The price of one."', '" "', "'reason' must be a text"),
        (
            'travels = "both"',
            'travels = "create-only"',
            'travels create-only without a reason; write deviation = "..."',
        ),
        ('travels = "both"', 'travels = "both"\ndeviation = "x"', "travels both ways and names a deviation"),
        ("reason =", "match_key = 1\nreason =", "'match_key' must be true or false"),
        ("reason =", "owner = 1\nreason =", "'owner' is no key of a row; remove it"),
    ],
)
def test_a_mistake_is_said_with_place_and_cure(
    checklist: Checklist, tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in ROW
    with pytest.raises(SupplementError) as caught:
        _load(ROW.replace(old, new, 1), checklist, tmp_path)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'supplement.toml'}: ")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "the row product-item/unitPrice>unit_cost stands twice; remove one"),
        (
            {'"unitPrice"': '"price"'},
            "product-item/price>unit_cost and product-item/unitPrice>unit_cost both write unit_cost",
        ),
        (
            {'"unit_cost"': '"cost"'},
            "product-item/unitPrice>cost and product-item/unitPrice>unit_cost both write unitPrice",
        ),
    ],
)
def test_rows_that_contradict_each_other(
    checklist: Checklist, tmp_path: Path, changes: dict[str, str], said: str
) -> None:
    other = ROW
    for old, new in changes.items():
        other = other.replace(old, new)
    with pytest.raises(SupplementError) as caught:
        _load(ROW + other, checklist, tmp_path)
    assert said in str(caught.value)


def test_one_match_key_a_flow(checklist: Checklist, tmp_path: Path) -> None:
    key = ROW + "match_key = true\n"
    with pytest.raises(SupplementError, match=r"product-item has 2 match keys \(unitPrice, sku\)"):
        _load(key + key.replace("unitPrice", "sku").replace("unit_cost", "id"), checklist, tmp_path)


def test_all_mistakes_are_told_at_once(checklist: Checklist, tmp_path: Path) -> None:
    text = ROW.replace('"decimal"', '"money"') + ROW.replace('"both"', '"up"')
    with pytest.raises(SupplementError) as caught:
        _load(text, checklist, tmp_path)
    assert [defect.split(":")[0] for defect in caught.value.defects] == [
        "row 1 (product-item/unitPrice>unit_cost)",
        "row 2 (product-item/unitPrice>unit_cost)",
        "the row product-item/unitPrice>unit_cost stands twice; remove one",
    ]


def test_a_supplement_may_be_empty(checklist: Checklist, tmp_path: Path) -> None:
    assert _load("", checklist, tmp_path) == Supplement(())
