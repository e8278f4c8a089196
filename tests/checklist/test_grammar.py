"""Every statement of the family: what it is read as, which items it gives, and what is found amiss about it."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from counterpart.checklist import Document, DocumentError, Item, derive, diagnose, read
from counterpart.checklist.cells import data_type

EVERY = "Every {source} will be synchronized with a {target}."
FIRST = "Before any synchronization can take place, a link between a {source} and a {target} must be established."
SOLD = 'When a Acme Sale gets the status "Sold", it  will be synchronized with a {target}.'
MATCH = """\
If a matching {target} already exists, the {source} will be merged with the existing one.
If no matching {target} is found, a new {target} will be created."""
RELATED = (
    "A new {target} will be created from a {source} if it is connected to a Acme Sale, or Quote that is synchronized "
    "into Invoiced."
)
MERGE = """\
A {source} will merge with a {target} if one of the following property combinations match:

.. list-table::
   :header-rows: 1

   * - {source} Property
     - {target} Property
   * - number
     - number
   * - ps:P297
     -"""
SALE = ("Acme Sale", "Invoiced Invoices")


def _row(source: str, target: str, kind: str = '"string"') -> list[str]:
    return [f"   * - {source}", f"     - {target}", f"     - {kind}"]


def _said(document: Document) -> list[tuple[str, int, str]]:
    return [(each.severity, each.line, each.code) for each in diagnose(document)]


def _items(document: Document) -> list[str]:
    return [item.short.partition("/")[2] for item in derive(document)[1] if item.kind not in ALWAYS]


ALWAYS = ("link-stable", "edit-source", "edit-target", "properties-unspecified")


@pytest.mark.parametrize(
    ("statements", "kinds", "items"),
    [
        ([EVERY], ["every"], ["create"]),
        (
            [EVERY, MATCH, MERGE],
            ["every", "match_or_create", "merge"],
            ["create", "match", "create/unmatched", "no-link", "no-link/empty", "link/number>number", "link/ps.P297>"],
        ),
        (
            [FIRST, MERGE],
            ["precondition", "merge"],
            ["not-created", "no-link", "no-link/empty", "link/number>number", "link/ps.P297>"],
        ),
        (
            [FIRST, RELATED],
            ["precondition", "create_related"],
            ["not-created", "not-created/unrelated", "create/sale", "create/quote"],
        ),
        (
            [FIRST, RELATED, MERGE],
            ["precondition", "create_related", "merge"],
            [
                "not-created",
                "not-created/unrelated",
                "create/sale",
                "create/quote",
                "no-link",
                "no-link/empty",
                "link/number>number",
                "link/ps.P297>",
            ],
        ),
        ([SOLD], ["conditional"], ["create", "not-created", "create-on-change"]),
        (
            [SOLD, MATCH, MERGE],
            ["conditional", "match_or_create", "merge"],
            [
                "create",
                "not-created",
                "create-on-change",
                "match",
                "create/unmatched",
                "no-link",
                "no-link/empty",
                "link/number>number",
                "link/ps.P297>",
            ],
        ),
    ],
    ids=["S01", "S02", "S03", "S04", "S05", "S06", "S07"],
)
def test_the_seven_orders_of_statements(
    compose: Callable[..., str], statements: list[str], kinds: list[str], items: list[str]
) -> None:
    document = read(compose((*SALE, "\n\n".join(statements), [])).encode())
    [flow] = document.flows
    assert [each.kind for each in flow.statements] == [*kinds, "keep_in_sync", "properties"]
    assert _items(document) == items


@pytest.mark.parametrize(
    ("statements", "line", "expected"),
    [
        ([EVERY, MATCH], 19, "the statement that belongs to every: every then link or"),
        ([EVERY, MERGE], 16, "another statement after every"),
        ([EVERY, RELATED], 16, "another statement after every"),
        ([FIRST], 16, "the statement that belongs to precondition"),
        ([FIRST, MERGE, RELATED], 28, "another statement after precondition, merge"),
        ([FIRST, MATCH, MERGE], 16, "another statement after precondition"),
        ([EVERY, MATCH.replace("a new", "another"), MERGE], 17, "otherwise one is created"),
        ([FIRST, RELATED.replace("Acme Sale", "Umbrella Sale")], 16, "a related record of 'Acme'"),
        ([FIRST, RELATED.replace("into Invoiced", "into Umbrella")], 16, "synchronised into 'Invoiced'"),
        ([SOLD.replace("Sold", "Lost")], 14, "one of the known conditions"),
        ([SOLD.replace("it  will", "it will")], 14, "on which condition one is"),
        ([EVERY, MATCH, MERGE.partition("\n   * - number")[0]], 26, "a row of the merge rule"),
    ],
)
def test_statements_in_any_other_words_or_order_are_refused(
    compose: Callable[..., str], statements: list[str], line: int, expected: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        read(compose((*SALE, "\n\n".join(statements), [])).encode(), "copy.rst")
    assert (caught.value.line, expected in caught.value.expected) == (line, True), caught.value


def test_a_condition_is_told_in_our_words(compose: Callable[..., str]) -> None:
    items = derive(read(compose((*SALE, SOLD, [])).encode()))[1]
    assert [item.wording for item in items[:3]] == [
        "A new Acme Sale that has the status Sold gets exactly one counterpart: an Invoiced Invoice.",
        "An Acme Sale gets no Invoiced Invoice unless it has the status Sold.",
        "An Acme Sale that comes to fulfil its condition (has the status Sold) gets exactly one Invoiced Invoice.",
    ]


def test_a_condition_on_another_record_is_found(compose: Callable[..., str]) -> None:
    document = read(compose((*SALE, SOLD.replace("Acme Sale", "Umbrella Deal"), [])).encode())
    assert _said(document) == [("warn", 14, "other-subject"), ("warn", 20, "empty-table")]


def test_an_empty_cell_blocks_its_alternative_and_no_other(compose: Callable[..., str]) -> None:
    document = read(compose((*SALE, f"{FIRST}\n\n{MERGE}", [])).encode())
    blocked = {item.short: item.decision for item in derive(document)[1] if item.blocked}
    assert blocked == {"sale-invoice/link/ps.P297>": "merge:sale-invoice"}
    assert _said(document) == [("block", 25, "empty-cell"), ("warn", 25, "prefixed-name"), ("warn", 32, "empty-table")]


def test_rows_with_conditions_and_what_is_found_amiss_about_them(compose: Callable[..., str]) -> None:
    having = "Dependant on having wd:Q1 in kind"
    rows = [
        *_row(f"phones.number ({having}{having})", "phone"),
        *_row(f"mail ({having}Dependant on having B in kind)", "email"),
        *_row("note (Dependant on having  in kind)", "notes", "N/A"),
        *_row("$original_id\t", "parent"),
        *_row("sesam_key", "key", '"integer", "decimal"]'),
    ]
    document = read(compose((*SALE, EVERY, rows)).encode())
    [flow] = document.flows
    assert [str(row.source) for row in flow.table.rows] == [
        "phones.number while wd:Q1 in kind",
        "mail while wd:Q1 in kind while B in kind",
        "note while (nothing) in kind",
        "$original_id",
        "sesam_key",
    ]
    assert _said(document) == [
        ("warn", 26, "concept-value"),
        ("warn", 26, "conditions-run-together"),
        ("warn", 29, "concept-value"),
        ("warn", 29, "conditions-run-together"),
        ("block", 32, "condition"),
        ("warn", 32, "incomplete-condition"),
        ("warn", 34, "unknown-type"),
        ("warn", 35, "trimmed-name"),
        ("note", 35, "internal-name"),
        ("block", 38, "synthetic"),
        ("note", 38, "synthetic-name"),
        ("warn", 40, "lossy-type"),
    ]


def test_a_type_at_the_beginning_of_its_line_is_the_third_cell(compose: Callable[..., str]) -> None:
    document = read(compose((*SALE, EVERY, ["   * - a", "     - b", '["decimal", "_."]'])).encode())
    [row] = document.flows[0].table.rows
    assert (row.type.canonical, row.misplaced, _said(document)) == ("decimal", True, [("warn", 28, "misplaced-type")])


def test_which_property_wins_is_not_stated(compose: Callable[..., str]) -> None:
    rows = [*_row("mobile", "phone"), *_row("office", "phone"), *_row("office", "fax")]
    blocked = {
        item.short: item.decision for item in derive(read(compose((*SALE, EVERY, rows)).encode()))[1] if item.blocked
    }
    assert blocked == {
        "sale-invoice/property-source/mobile>phone": "winner:sale-invoice/to-target/phone",
        "sale-invoice/property-source/office>phone": "winner:sale-invoice/to-target/phone",
        "sale-invoice/property-target/office>phone": "winner:sale-invoice/to-source/office",
        "sale-invoice/property-target/office>fax": "winner:sale-invoice/to-source/office",
    }


def test_a_repeated_heading_is_one_flow(compose: Callable[..., str]) -> None:
    same = read(compose((*SALE, EVERY, []), (*SALE, EVERY, [])).encode())
    assert [(flow.occurrence, flow.occurrences) for flow in same.flows] == [(1, 2), (2, 2)]
    assert (len(derive(same)[0]), ("note", 28, "repeated") in _said(same)) == (1, True)


def test_a_repeated_heading_in_other_letters_lists_the_rows_of_both(compose: Callable[..., str]) -> None:
    other = ("ACME Sale", "Invoiced Invoices", EVERY, _row("due", "due_date"))
    document = read(compose((*SALE, EVERY, _row("number", "number")), other, (*SALE, EVERY, [])).encode())
    assert [item.short for item in derive(document)[1] if item.kind == "property-source"] == [
        "sale-invoice/property-source/number>number",
        "sale-invoice/property-source/due>due_date",
    ]
    assert ("warn", 31, "rows-differ") in _said(document)


def test_sections_that_contradict_each_other_block_the_making_of_counterparts(compose: Callable[..., str]) -> None:
    document = read(compose((*SALE, EVERY, []), (*SALE, SOLD, [])).encode())
    reason = (
        "Sections with the same heading disagree: every record is synchronised (line 14); a record that has the "
        "status Sold (line 30)."
    )
    assert [(item.short, item.blocked) for item in derive(document)[1] if item.blocked] == [
        ("sale-invoice/create", reason),
        ("sale-invoice/not-created", reason),
        ("sale-invoice/create-on-change", reason),
    ]
    turned = read(compose((*SALE, SOLD, []), (*SALE, EVERY, [])).encode())
    assert _identities(turned) == _identities(document)


def _identities(document: Document) -> set[tuple[str, str]]:
    return {(item.id, item.fingerprint) for item in derive(document)[1]}


def test_one_source_to_organisations_and_people_is_blocked_until_decided(compose: Callable[..., str]) -> None:
    company = ("Acme Customer", "Invoiced Customers (organisation data)", EVERY, [])
    person = ("Acme Customer", "Invoiced Customers (human data)", EVERY, [])
    blocked = [(i.short, i.decision) for i in derive(read(compose(company, person).encode()))[1] if i.blocked]
    assert blocked == [("customer-company/create", "roles:customer"), ("customer-person/create", "roles:customer")]
    assert not any(item.blocked for item in derive(read(compose(company).encode()))[1])


def test_short_names_tell_flows_apart(compose: Callable[..., str]) -> None:
    flows = derive(
        read(
            compose(
                ("Acme Customer (human data)", "Invoiced Items", EVERY, []),
                ("Acme Contact (human data)", "Invoiced Items", EVERY, []),
            ).encode()
        )
    )[0]
    assert [flow.id for flow in flows] == ["customer-human-items", "contact-human-items"]


@pytest.mark.parametrize(
    ("name", "pair", "code", "blocked"),
    [("acme-invoiced.2024.rst", "acme-invoiced", "warn", 0), ("my-copy.rst", "acme-unnamed", "block", 5)],
)
def test_a_system_without_a_name_is_named_by_the_file_or_by_nobody(
    compose: Callable[..., str], name: str, pair: str, code: str, blocked: int
) -> None:
    text = compose(("Acme Sale", " Invoices", EVERY, []), title="Acme to ", system="")
    document = read(text.encode(), name)
    items = derive(document)[1]
    assert (document.pair, len([item for item in items if item.blocked])) == (pair, blocked)
    assert (code, 2, "unnamed-system") in _said(document)


@pytest.mark.parametrize(
    ("heading", "code"),
    [
        ("PowerOffice GO Order", None),
        ("PowerOfficeGO Order", "other-spelling"),
        ("PowerOfficeGOPowerofficego Order", "names-run-together"),
        ("Power Order", "other-spelling"),
    ],
)
def test_spellings_of_one_system_give_one_id(compose: Callable[..., str], heading: str, code: str | None) -> None:
    document = read(compose((heading, "Invoiced Invoices", EVERY, []), title="PowerOffice GO to Invoiced").encode())
    assert {item.id for item in derive(document)[1] if item.kind == "create"} == {
        "powerofficego-invoiced/order/invoices/create"
    }
    assert [each for _, _, each in _said(document) if each != "empty-table"] == ([code] if code else [])


def test_another_system_in_a_heading_is_refused(compose: Callable[..., str]) -> None:
    with pytest.raises(DocumentError, match="a spelling of 'Acme'") as caught:
        read(compose(("Umbrella Sale", "Invoiced Invoices", EVERY, [])).encode())
    assert caught.value.line == 12


def test_old_heading_one_system_and_no_flow(compose: Callable[..., str]) -> None:
    document = read(compose(title="Acme to ACME", introduction="Introduction.").encode())
    assert _said(document) == [("note", 2, "one-system"), ("note", 7, "short-underline"), ("note", 9, "no-flow")]


@pytest.mark.parametrize(
    ("cell", "canonical", "lossy"),
    [
        ('"integer"', "integer", False),
        ('"first"', "unknown", False),
        ("N/A", "unknown", False),
        ('["datetime-format","%Y-%m-%d","_."]', "date", False),
        ('"datetime-format","%Y-%m-%dT%H:%M:%S","_."]', "datetime", True),
        ('["if",["matches","+*","_."],["join"," ",["slice", 1,["split", " ","_."]]],"_."]', "string", True),
        ('""if", "eq"]]"', "unknown", True),
        ('"if", "is-empty", true, "boolean"]', "boolean", True),
    ],
)
def test_data_types(cell: str, canonical: str, lossy: bool) -> None:
    found = data_type(cell)
    assert found is not None
    assert (found.canonical, found.lossy) == (canonical, lossy)


@pytest.mark.parametrize("cell", ["string", '"text"', "", '"', '["eval", "_."]', "[" * 20_000, '"a" ' * 5_000])
def test_no_data_type(cell: str) -> None:
    assert data_type(cell) is None


def test_reading_and_deriving_grow_with_the_length(compose: Callable[..., str]) -> None:
    def calls(rows: int) -> int:
        cells = [cell for number in range(rows) for cell in _row("same", f"other{number}")]
        data = compose((*SALE, EVERY, cells)).encode()
        counted: list[None] = []
        sys.setprofile(lambda *_: counted.append(None))
        derive(read(data))
        sys.setprofile(None)
        return len(counted)

    assert calls(2_000) < 11 * calls(200)


def test_every_item_has_its_own_wording(compose: Callable[..., str]) -> None:
    rows = [*_row("a", "b"), *_row("c", "d")]
    items: tuple[Item, ...] = derive(read(compose((*SALE, f"{FIRST}\n\n{RELATED}\n\n{MERGE}", rows)).encode()))[1]
    wordings = [item.wording for item in items]
    assert len(set(wordings)) == len(wordings)
    assert not any("{" in wording or "synchronized" in wording for wording in wordings)
