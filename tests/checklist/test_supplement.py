"""The property pairs under test, and every mistake that their file can hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from difflib import unified_diff
from pathlib import Path

import pytest

from counterpart.checklist import Approval, Checklist, Row, Supplement, SupplementError
from counterpart.checklist.supplement import decide, suggest, suggest_again

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


ID = "product-item/unitPrice>unit_cost"
FEATURES = Path(__file__).parents[2] / "features"


def _row(checklist: Checklist, path: Path) -> Row:
    [row] = Supplement.load(path, checklist).rows
    return row


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
    path = tmp_path / "supplement.toml"
    path.write_text(ROW, "utf-8")
    agreed = Approval("Kari Nordmann", date(2026, 3, 1), "Controller", "Agreed in the meeting of 1 March.")
    decide(path, checklist, ID, "approved", agreed)
    assert path.read_text("utf-8") == ROW.replace('"suggested"', '"approved"') + (
        'approved = { by = "Kari Nordmann", role = "Controller", on = 2026-03-01, '
        'reason = "Agreed in the meeting of 1 March.", seal = "SEAL" }\n'
    ).replace("SEAL", _row(checklist, path).seal)
    assert _row(checklist, path).approved == replace(agreed, seal=_row(checklist, path).seal)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"The price of one."', '"The price of a dozen."'),
        ('"decimal"', '"integer"'),
        ('travels = "both"', 'travels = "to-target"\ndeviation = "x"'),
        ('travels = "both"', 'travels = "both"\nmatch_key = true'),
    ],
)
def test_an_approval_lapses_when_its_row_is_edited(checklist: Checklist, tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "supplement.toml"
    path.write_text(ROW, "utf-8")
    decide(path, checklist, ID, "approved", Approval("K", date(2026, 3, 1), "QA", "agreed"))
    assert _row(checklist, path).standing == "approved"
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    row = _row(checklist, path)
    assert (row.standing, row.approved, row.lapsed and row.lapsed.by) == ("suggested", None, "K")


def test_a_rejected_row_is_no_longer_under_test(checklist: Checklist, tmp_path: Path) -> None:
    path = tmp_path / "supplement.toml"
    path.write_text(ROW, "utf-8")
    decide(path, checklist, ID, "rejected", Approval("K", date(2026, 3, 1), "QA", "Invoiced keeps its own price."))
    loaded = Supplement.load(path, checklist)
    assert (loaded.rows, [(row.id, row.approved and row.approved.by) for row in loaded.rejected]) == ((), [(ID, "K")])
    assert suggest_again(path, checklist, ID).standing == "suggested"
    assert path.read_text("utf-8") == ROW


def test_a_suggestion_is_appended_and_nothing_else_changes(checklist: Checklist, tmp_path: Path) -> None:
    path = tmp_path / "supplement.toml"
    path.write_text(ROW, "utf-8")
    row = Row("product-item", "name", "name", "text", "both", "suggested", "What people call it.")
    assert suggest(path, checklist, row) == row
    assert path.read_text("utf-8") == ROW + (
        '\n[[row]]\nflow = "product-item"\nsource = "name"\ntarget = "name"\ntype = "text"\ntravels = "both"\n'
        'standing = "suggested"\nreason = "What people call it."\n'
    )
    with pytest.raises(SupplementError, match="stands twice"):
        suggest(path, checklist, row)
    assert [each.id for each in Supplement.load(path, checklist).rows] == [ID, row.id]
    assert [each.name for each in tmp_path.iterdir()] == ["supplement.toml"]


def test_deciding_keeps_every_other_row_and_comment(checklist: Checklist, tmp_path: Path) -> None:
    path = tmp_path / "supplement.toml"
    shipped = (FEATURES / "supplement.toml").read_text("utf-8")
    path.write_text(shipped, "utf-8")
    decide(path, checklist, "order-invoice/number>number", "approved", Approval("K", date(2026, 3, 1), "QA", "agreed"))
    after = path.read_text("utf-8")
    diff = [line[:22] for line in unified_diff(shipped.split("\n"), after.split("\n"), n=0) if line[0] != "@"]
    assert diff[2:] == ['-standing = "suggested', '+standing = "approved"', '+approved = { by = "K"']


def test_a_layout_that_hides_rows_is_left_alone(checklist: Checklist, tmp_path: Path) -> None:
    path = tmp_path / "supplement.toml"
    text = ROW.replace('"The price of one."', '"""\nThe price\n[[row]]\nof one."""')
    path.write_text(text, "utf-8")
    with pytest.raises(SupplementError, match="on a line of its own"):
        decide(path, checklist, ID, "approved", Approval("K", date(2026, 3, 1), "QA", "agreed"))
    assert path.read_text("utf-8") == text


def test_deciding_on_a_row_that_is_not_there(checklist: Checklist, tmp_path: Path) -> None:
    path = tmp_path / "supplement.toml"
    path.write_text(ROW, "utf-8")
    with pytest.raises(SupplementError, match=r"no row is called 'x'; `counterpart supplement list`"):
        decide(path, checklist, "x", "approved", Approval("K", date(2026, 3, 1), "QA", "agreed"))


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
        ('"suggested"', '"approved"', "approved by nobody; approve it with `counterpart`"),
        (
            'standing = "suggested"',
            'standing = "approved"\napproved = { by = "", on = 2026-03-01 }',
            "the approval needs by, role, on, reason, seal",
        ),
        (
            'standing = "suggested"',
            'standing = "approved"\napproved = { by = "K", on = 2026-03-01T08:00:00Z }',
            "the approval needs by, role, on, reason, seal",
        ),
        (
            'standing = "suggested"',
            'standing = "suggested"\napproved = { by = "K", on = 2026-03-01 }',
            "it is suggested and says who approved it",
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
