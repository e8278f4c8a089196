"""The living trace: seeded defects are all found where they are, and what changes nothing is told by nobody."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from counterpart.checklist.reviews import FILE_NAME, Review, Reviews
from counterpart.gherkin import Finding
from counterpart.trace import Trace

ROOT = Path(__file__).parents[2]
CREATE = "product-item/create.feature"
EDIT = "product-item/edit-source.feature"
ITEM = """\
[[item]]
short = "{short}"
id = "customerp-invoiced/{id}"
kind = "{kind}"
wording = "{wording}"
fingerprint = "c20a302ac15b249e632fb3446cea10562676935d46bb4abf28e2a8df57b874f7"

"""
EDITED = "An edit of a Customerp Product arrives at its Invoiced Item, once, and stays there."
EDIT_SOURCE = ITEM.format(
    short="product-item/edit-source", id="product/items/edit-source", kind="edit-source", wording=EDITED
)


@dataclass(frozen=True)
class Edit:
    """One text in a file of the features in place of another; an empty `before` writes the file anew."""

    file: str
    before: str
    after: str

    def apply(self, folder: Path) -> None:
        path = folder / self.file
        if not self.before:
            path.write_text(self.after, "utf-8")
            return
        text = path.read_text("utf-8")
        assert self.before in text
        path.write_text(text.replace(self.before, self.after, 1), "utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped features, all reviewed by somebody, with the recordings of the products."""
    features = tmp_path / "features"
    shutil.copytree(ROOT / "features", features, ignore=shutil.ignore_patterns(FILE_NAME))
    shutil.copytree(ROOT / "cassettes" / "product-item", tmp_path / "cassettes" / "product-item")
    (tmp_path / "contracts").symlink_to(ROOT / "contracts")
    found = Trace.load(features)
    by = ("Kari Nordmann", "QA")
    reviews = [Review.of(item, found.noted(item.short), date(2026, 3, 2), *by) for item in found.items]
    Reviews({review.short: review for review in reviews}).save(features / FILE_NAME)
    return features


def _told(folder: Path, before: Iterable[Finding] = (), signed: datetime | None = None) -> list[tuple[str, str, str]]:
    known = set(before)
    return [
        (each.code, f"{each.path.relative_to(folder.parent)}:{each.line}", f"{each.message}; {each.cure}")
        for each in Trace.load(folder, signed).findings
        if each not in known
    ]


def _line(path: Path, words: str) -> int:
    return next(number for number, line in enumerate(path.read_text("utf-8").splitlines(), 1) if words in line)


SEEDS: dict[str, tuple[list[Edit], str, str, str, str]] = {
    "item reworded": (
        [Edit("checklist.toml", "3fc26c41", "3fc26c42")],
        "reworded",
        "checklist.toml",
        'short = "product-item/create"',
        "product-item/create says something else than what was reviewed by Kari Nordmann, QA, on 2026-03-02; look at "
        "both again: counterpart checklist review product-item/create --by NAME --role ROLE",
    ),
    "item deleted": (
        [Edit("checklist.toml", EDIT_SOURCE, "")],
        "deleted-item",
        FILE_NAME,
        'short = "product-item/edit-source"',
        "product-item/edit-source, reviewed by Kari Nordmann, QA, on 2026-03-02, is gone; retire its scenarios, or "
        "bring it back; then: counterpart checklist review product-item/edit-source",
    ),
    "item split": (
        [
            Edit(
                "checklist.toml",
                EDIT_SOURCE,
                "".join(
                    ITEM.format(
                        short=f"product-item/edit-source/{part}",
                        id=f"product/items/edit-source/{part}",
                        kind="edit-source",
                        wording=EDITED,
                    )
                    for part in ("name", "price")
                ),
            )
        ],
        "split-item",
        FILE_NAME,
        'short = "product-item/edit-source"',
        "was split into product-item/edit-source/name and product-item/edit-source/price now; tag its scenarios "
        "@product-item/edit-source/name, then: counterpart checklist review product-item/edit-source/name "
        "product-item/edit-source/price",
    ),
    "item renumbered": (
        [Edit("checklist.toml", 'short = "product-item/create"', 'short = "product-item/creation"')],
        "renumbered-item",
        FILE_NAME,
        'short = "product-item/create"',
        "is called product-item/creation now; tag its scenarios @product-item/creation, then: counterpart checklist "
        "review product-item/creation",
    ),
    "item moved": (
        [
            Edit("checklist.toml", 'short = "product-item/create"', 'short = "order-invoice/create-product"'),
            Edit("checklist.toml", "invoiced/product/items/create", "invoiced/order/invoices/create-product"),
        ],
        "moved-item",
        FILE_NAME,
        'short = "product-item/create"',
        "has moved to order-invoice/create-product now; tag its scenarios @order-invoice/create-product, then: "
        "counterpart checklist review order-invoice/create-product",
    ),
    "scenario edited": (
        [Edit(CREATE, "And there is 1 Item in Invoiced", "And there is 2 Item in Invoiced")],
        "edited-scenario",
        CREATE,
        "A product with nothing but what is required",
        "product-item/create/alone of product-item/create was edited after it was reviewed by Kari Nordmann, QA, on "
        "2026-03-02; look at both again: counterpart checklist review product-item/create --by NAME --role ROLE",
    ),
    "scenario without item": (
        [Edit("own.feature", "", "Feature: X\n\n  @id:x\n  Scenario: Y\n    Then there is 1 Item in Invoiced\n")],
        "no-item",
        "own.feature",
        "Scenario: Y",
        "'Y' proves no item; tag it or the feature as @flow/create",
    ),
    "item without scenario": (
        [Edit("product-item/edit-target.feature", "", "# nothing\n")],
        "unproven-item",
        "checklist.toml",
        'short = "product-item/edit-target"',
        "product-item/edit-target has no scenario; write one: counterpart new product-item/edit-target",
    ),
    "two items in one scenario": (
        [Edit(CREATE, "@id:alone", "@id:alone @product-item/link-stable")],
        "several-items",
        CREATE,
        "A product with nothing but what is required",
        "proves product-item/create and product-item/link-stable without saying that it means to; split it, or tag it "
        "@several-items",
    ),
    "mistyped item": (
        [Edit(CREATE, "@product-item/create", "@product-item/creat")],
        "near-tag",
        CREATE,
        "@product-item/creat",
        "@product-item/creat is one letter off @product-item/create; write @product-item/create",
    ),
    "waiver for an unknown item": (
        [
            Edit(
                "waivers.toml",
                "",
                '# Let pass.\n[[waiver]]\nitem = "product-item/delete"\nreason = "x"\nrisk = "y"\nowner = "z"\n'
                "expires = 2030-01-01\n",
            )
        ],
        "waiver",
        "waivers.toml",
        "[[waiver]]",
        "waiver 1: no item is called 'product-item/delete'; `counterpart checklist items` has them",
    ),
    "evidence of another item": (
        [],
        "foreign-evidence",
        "../cassettes/product-item/create/free.yaml",
        "{",
        "product-item/create/free of product-item/create is shown by the recording of product-item/create/alone; "
        "record it again: pytest ",
    ),
    "checklist older than what was signed": (
        [Edit("checklist.toml", "generated = 2024-09-10", "generated = 2024-09-09")],
        "older-than-signed",
        "checklist.toml",
        "generated =",
        "all items come from the document of 2024-09-09, and what was signed last from that of 2024-09-10; bring back "
        "the newer checklist, or derive it anew from the newer document",
    ),
    "supplement row without scenario": (
        [
            Edit(
                "supplement.toml",
                'flow = "product-item"\nsource = "name"',
                'flow = "product-item"\nsource = "weight"\ntarget = "weight"\ntype = "decimal"\ntravels = "both"\n'
                'standing = "suggested"\nreason = "Both have it."\n\n[[row]]\nflow = "product-item"\nsource = "name"',
            )
        ],
        "unread-row",
        "supplement.toml",
        "",
        "no scenario of product-item reads weight > weight where it has to arrive; write a row of an outline that "
        "reads it, or reject it: counterpart supplement reject",
    ),
    "scenario row without supplement row": (
        [
            Edit(
                EDIT,
                "| price raised             | unitPrice    | 120",
                "| heavier | weight | 1 | 2 | weight | 2 |\n      | price raised | unitPrice | 120",
            )
        ],
        "unlisted-row",
        EDIT,
        "| heavier",
        "product-item/edit-source/property reads weight in Invoiced, of which no supplement row speaks; suggest it: "
        "counterpart supplement suggest 'product-item/SOURCE>TARGET', or take the row out",
    ),
}


@pytest.mark.parametrize("name", SEEDS)
def test_a_seeded_defect_is_found_with_file_line_item_and_cure(name: str, folder: Path) -> None:
    edits, code, file, words, said = SEEDS[name]
    before = Trace.load(folder).findings
    for edit in edits:
        edit.apply(folder)
    if code == "foreign-evidence":
        recordings = folder.parent / "cassettes" / "product-item" / "create"
        shutil.copy(recordings / "alone.yaml", recordings / "free.yaml")
    signed = datetime(2024, 9, 10, 14, 20, 17, tzinfo=UTC) if code == "older-than-signed" else None
    path = (folder / file).resolve()
    line = _line(path, words) if words else _line(path, 'source = "weight"') - 2
    place = f"{path.relative_to(folder.parent)}:{line}"
    found = [(each[1], each[2]) for each in _told(folder, before, signed) if each[0] == code]
    assert [each_place for each_place, _ in found] == [place]
    assert said in found[0][1]


def test_fifteen_defects_are_seeded() -> None:
    assert len(SEEDS) == 15
    assert len({code for _, code, *_ in SEEDS.values()}) == 15


def _in_other_line_ends(folder: Path) -> None:
    path = folder / CREATE
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def _in_another_order(folder: Path) -> None:
    path = folder / CREATE
    head, *scenarios = path.read_text("utf-8").split("\n\n  @id:")
    path.write_text("\n\n  @id:".join([head, *(each.rstrip("\n") for each in scenarios[::-1])]) + "\n", "utf-8")


def _rows_in_another_order(folder: Path) -> None:
    path = folder / EDIT
    lines = path.read_text("utf-8").splitlines()
    rows = [number for number, line in enumerate(lines) if line.strip().startswith("| ") and " changed " in line]
    assert len(rows) > 2
    for number, line in zip(rows, [lines[number] for number in rows[::-1]], strict=True):
        lines[number] = line
    path.write_text("\n".join(lines) + "\n", "utf-8")


def _in_a_file_of_its_own(folder: Path) -> None:
    (folder / EDIT).rename(folder / "product-item" / "edited.feature")


HARMLESS: dict[str, Callable[[Path], None]] = {
    "nothing": lambda folder: None,
    "a comment": Edit(CREATE, "  @id:free", "  # What is free is still sold.\n  @id:free").apply,
    "blank lines": Edit(CREATE, "  @id:free", "\n\n  @id:free").apply,
    "a deeper indent": Edit(CREATE, "    Given a Customerp Product\n", "        Given a Customerp Product\n").apply,
    "a wider table": Edit(CREATE, "| unitPrice | 0     |", "| unitPrice |   0         |").apply,
    "other line ends": _in_other_line_ends,
    "scenarios in another order": _in_another_order,
    "rows in another order": _rows_in_another_order,
    "a file with another name": _in_a_file_of_its_own,
    "another printing of the document": Edit(
        "checklist.toml", "generated = 2024-09-10", "generated = 2024-09-12"
    ).apply,
    "a row approved": Edit("supplement.toml", 'reason = "Required on both', 'reason = "Needed on both').apply,
    "another choice": Edit("decisions.toml", "the later edit", "the earlier edit").apply,
    "a note in the record of reviews": Edit(FILE_NAME, "# What", "# A note.\n# What").apply,
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_tears_nothing_is_told_by_nobody(name: str, folder: Path) -> None:
    HARMLESS[name](folder)
    assert _told(folder) == []


def test_a_scenario_that_comes_or_goes_after_a_review_is_told(folder: Path) -> None:
    Edit(CREATE, "@id:free", "@id:for-nothing").apply(folder)
    assert [(code, place) for code, place, _ in _told(folder)] == [
        ("unreviewed-scenario", f"features/{CREATE}:{_line(folder / CREATE, 'costs nothing')}"),
        ("lost-scenario", f"features/{FILE_NAME}:{_line(folder / FILE_NAME, 'product-item/create/free')}"),
    ]


def test_our_own_wording_is_reviewed_like_the_document_s(folder: Path) -> None:
    Edit("checklist.toml", "Every new Customerp Product gets", "Every Customerp Product gets").apply(folder)
    assert [code for code, *_ in _told(folder)] == ["reworded"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            'source = "description"\ntarget = "description"',
            'source = "description"\ntarget = "remark"',
            "product-item/description>remark: invoiced.openapi.yaml knows no property 'remark' of Item; for ",
        ),
        (
            'source = "description"\ntarget = "description"',
            'source = "createdAt"\ntarget = "description"',
            "product-item/createdAt>description: createdAt of Customerp Product is computed by Customerp, so nothing "
            "can arrive in it; let the row travel the other way only",
        ),
        (
            'target = "archived"\ntype = "boolean"',
            'target = "archived"\ntype = "date"',
            "product-item/discontinued>archived: discontinued of Customerp Product is a boolean, which holds no date",
        ),
    ],
)
def test_a_row_that_no_scenario_could_show_is_told_before_a_run(
    before: str, after: str, said: str, folder: Path
) -> None:
    path = folder / "supplement.toml"
    head, _, tail = path.read_text("utf-8").rpartition(before)
    path.write_text(head + after + tail, "utf-8")
    found = [(place, words) for code, place, words in _told(folder) if code == "unusable-row"]
    line = (head + after.splitlines()[0]).count("\n") + 1
    begins = line - (3 if "archived" in after else 2)
    assert (found[0][0], found[0][1][: len(said)]) == (f"features/supplement.toml:{begins}", said)


def test_two_items_in_a_scenario_that_says_so(folder: Path) -> None:
    Edit(CREATE, "@id:alone", "@id:alone @several-items @product-item/link-stable").apply(folder)
    assert [code for code, *_ in _told(folder)] == ["edited-scenario", "unreviewed-scenario"]


def test_an_item_knows_what_it_rests_on(folder: Path) -> None:
    found = Trace.load(folder)
    [item] = [each for each in found.items if each.short == "product-item/edit-target"]
    assert [row.source for row in found.rows[item.short]] == [
        "name",
        "description",
        "category",
        "unitPrice",
        "currency",
        "discontinued",
    ]
    assert {"customerp.changeProduct", "invoiced.changeItem"} <= set(found.operations(item.short))
    assert found.requirements(item)[:3] == (35, 36, 37)
    assert [each.id for each in found.scenarios[item.short]] == ["property"]
