"""What two versions of a document tell: what vanished first, what only looks different last."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpart.checklist import compare_versions, read, read_file
from counterpart.checklist.versions import _moved

SAMPLES = Path(__file__).parents[3] / "shared" / "dataflow-documents"
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample documents are not part of the repository")
THREE = [("Customer", "Customers company"), ("Order", "Invoices"), ("Product", "Items")]
BRACKETS = [("Customer", "Customers (organisation data)"), *THREE[1:]]
# The states that one document went through within a week: title, headings, flows.
STATES = [
    ("Customerp", "Customerp", []),
    ("Customerp", "Customerp", THREE),
    ("Custom ERP", "Customerp", THREE),
    ("Custom ERP", "Custom", THREE),
    ("CustomERP", "Custom", THREE),
    ("CustomERP", "CustomERP", THREE),
    ("Custom ERP", "CustomERP", THREE),
    ("Custom ERP", "Custom ERP", THREE),
    ("Custom ERP", "Custom ERP", [*THREE[:1], ("Customer", "Customers person"), *THREE[1:]]),
    ("Custom ERP", "Custom ERP", [*BRACKETS[:1], ("Customer", "Customers (human data)"), *BRACKETS[1:]]),
]


def _told(old: str, new: str) -> list[tuple[int, str, str, str | None]]:
    found = compare_versions(read(old.encode()), read(new.encode()))
    return [(each.weight, each.what, each.change.value, each.flow) for each in found]


def _sentences(old: str, new: str) -> list[str]:
    return [each.sentence for each in compare_versions(read(old.encode()), read(new.encode()))]


def test_the_ten_states_of_one_document(write: Callable[..., str]) -> None:
    texts = [write(title, heading=heading, flows=flows) for title, heading, flows in STATES]
    weighty = [[each[1:] for each in _told(old, new) if each[0] < 2] for old, new in pairwise(texts)]
    assert weighty == [
        [("flow", "new", flow) for flow in ("customer-company", "order-invoice", "product-item")],
        *[[]] * 6,
        [
            ("item", "blocked", "customer-company"),
            ("item", "blocked", "customer-person"),
            ("flow", "new", "customer-person"),
        ],
        [],
    ]
    assert all(_told(old, new) for old, new in pairwise(texts))


def test_another_printing_has_no_difference(write: Callable[..., str]) -> None:
    assert _told(write(), write(generated="2030-01-01 00:00:00").replace("\n", "\r\n")) == []


def test_rows_come_go_move_and_change_their_type(write: Callable[..., str]) -> None:
    old = write(rows=[("a", "a", '"string"'), ("b", "b", '"string"'), ("c", "c", '"string"'), ("d", "d", '"string"')])
    new = write(rows=[("b", "b", '"integer"'), ("c", "c", '"string"'), ("a", "a", '"string"'), ("e", "e", '"string"')])
    assert _sentences(old, new) == [
        "The row d > d of customer-company is gone. Properties that were listed are listed no more.",
        "The row e > e of customer-company is new.",
        'The row b > b of customer-company has the type "integer", formerly "string".',
        "The row a > a of customer-company stands in another place.",
    ]


def test_a_table_that_was_emptied_is_louder_than_one_that_always_was(write: Callable[..., str]) -> None:
    [difference] = compare_versions(read(write(rows=[("name", "name", '"string"')]).encode()), read(write().encode()))
    assert (difference.weight, difference.sentence, difference.items) == (
        0,
        "The row name > name of customer-company is gone and its table lists nothing any more. Properties that were "
        "listed are listed no more.",
        (
            "customer-company/property-source/name>name",
            "customer-company/property-target/name>name",
        ),
    )
    assert _told(write(), write()) == []


def test_a_row_that_went_to_another_flow_of_its_record_moved(compose: Callable[..., str]) -> None:
    every = "Every {source} will be synchronized with a {target}."
    row = ["   * - phone", "     - phone", '     - "string"']
    first, second = ("Acme Sale", "Invoiced Invoices", every), ("Acme Sale", "Invoiced Contacts", every)
    assert _sentences(compose((*first, row), (*second, [])), compose((*first, []), (*second, row))) == [
        "The row phone > phone moved from sale-invoice to sale-contact."
    ]


def test_flows_that_went_and_moved(write: Callable[..., str]) -> None:
    old = write(flows=THREE, rows=[("name", "name", '"string"')])
    assert _sentences(old, write(flows=[THREE[2], THREE[1]])) == [
        "The flow customer-company is gone, and with it 1 row that it listed.",
        "The flow product-item stands in another place.",
    ]


def test_statements_in_other_words(compose: Callable[..., str]) -> None:
    every = "Every {source} will be synchronized with a {target}."
    first = "Before any synchronization can take place, a link between a {source} and a {target} must be established."
    merge = (
        "A {source} will merge with a {target} if one of the following property combinations match:\n\n"
        ".. list-table::\n   :header-rows: 1\n\n   * - {source} Property\n     - {target} Property\n"
        "   * - KEY\n     - KEY"
    )
    sale = ("Acme Sale", "Invoiced Invoices")
    plain = compose((*sale, every, []))
    ruled = compose((*sale, f"{first}\n\n{merge.replace('KEY', 'number')}", []))
    other = compose((*sale, f"{first}\n\n{merge.replace('KEY', 'mail')}", []))
    assert _sentences(plain, ruled) == [
        "sale-invoice no longer says: every record is synchronised.",
        "sale-invoice says in addition: only linked records are synchronised.",
        "sale-invoice says in addition: merged by number = number.",
    ]
    assert _sentences(ruled, other) == [
        "sale-invoice now says: merged by mail = mail; formerly: merged by number = number."
    ]
    [difference] = compare_versions(read(ruled.encode()), read(other.encode()))
    assert difference.items == (
        "sale-invoice/no-link",
        "sale-invoice/no-link/empty",
        "sale-invoice/link/number>number",
        "sale-invoice/link/mail>mail",
    )


def test_documents_of_other_systems(write: Callable[..., str]) -> None:
    assert _told(write(), write("Tripletex")) == [(0, "document", "other systems", None)]


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [("abcd", "abcd", ""), ("abcd", "bcda", "a"), ("abcd", "dcba", "dcb"), ("abc", "xcay", "c"), ("", "abc", "")],
)
def test_the_fewest_that_moved(before: str, after: str, moved: str) -> None:
    assert len(_moved(before, after)) == len(moved)


@given(st.permutations("abcdefg"))
def test_what_did_not_move_has_kept_its_order(after: list[str]) -> None:
    moved = _moved("abcdefg", after)
    assert [each for each in after if each not in moved] == sorted(each for each in after if each not in moved)


@needs_samples
def test_the_last_state_of_the_sample_blocks_both_create_items() -> None:
    old, new = (read_file(SAMPLES / f"customerp-invoiced.{name}.rst") for name in ("2024-09-10-seed", "2024-11-13"))
    weighty = [(each.change.value, each.items) for each in compare_versions(old, new) if each.weight < 2]
    assert weighty == [
        ("blocked", ("customer-company/create",)),
        ("blocked", ("customer-person/create",)),
        (
            "new",
            tuple(
                f"customer-person/{kind}"
                for kind in ("create", "link-stable", "edit-source", "edit-target", "properties-unspecified")
            ),
        ),
    ]
