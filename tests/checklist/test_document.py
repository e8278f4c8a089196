"""Reading a document: the same model from the same statements, and a refusal with the place for anything else."""

from __future__ import annotations

import os
import re
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from counterpart.checklist import Checklist, DocumentError, derive, read, read_file

SAMPLES = Path(__file__).parents[3] / "shared" / "dataflow-documents"
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample documents are not part of the repository")

# Title and headings of one document, as they were spelled within a week.
SPELLINGS = [
    ("Customerp", "Customerp", "Customers company"),
    ("Custom ERP", "Customerp", "Customers company"),
    ("Custom ERP", "Custom", "Customers company"),
    ("CustomERP", "Custom", "Customers company"),
    ("CustomERP", "CustomERP", "Customers company"),
    ("Custom ERP", "CustomERP", "Customers company"),
    ("Custom ERP", "Custom ERP", "Customers company"),
    ("Custom ERP", "Custom ERP", "Customers (organisation data)"),
]


def test_a_flow_with_an_empty_table(write: Callable[..., str]) -> None:
    document = read(write(flows=[("Customer", "Customers company")]).encode())
    flow = document.flows[0]
    assert (document.title, document.pair) == ("Customerp to Invoiced Dataflow", "customerp-invoiced")
    assert document.generated.isoformat() == "2024-01-02T03:04:05+00:00"
    assert (flow.source.id, flow.target.id, flow.line) == ("customer", "customers.organisation", 12)
    assert [(each.kind, each.line) for each in flow.statements] == [
        ("every", 14),
        ("keep_in_sync", 16),
        ("properties", 18),
    ]
    assert flow.table.header == (
        "Customerp Customer Property",
        "Invoiced Customers company Property",
        "Invoiced Data Type",
    )
    assert (flow.table.rows, flow.table.line) == ((), 20)


def test_a_table_with_rows(write: Callable[..., str]) -> None:
    rows = [("name", "name", '"string"'), ("address.city", "city", "N/A")]
    table = read(write(rows=rows).encode()).flows[0].table
    assert [(row.source.path, row.target.path, row.type.canonical, row.line) for row in table.rows] == [
        ("name", "name", "string", 26),
        ("address.city", "city", "unknown", 29),
    ]


@pytest.mark.parametrize(
    "variant",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text.rstrip("\n"),
        lambda text: text.replace("Invoiced Data Type\n", "Invoiced Data Type  \n"),
    ],
    ids=["CRLF", "byte order mark", "no final newline", "trailing blanks"],
)
def test_how_a_file_is_stored_makes_no_difference(write: Callable[..., str], variant: Callable[[str], str]) -> None:
    assert read(variant(write()).encode()) == read(write().encode())


def test_another_printing_has_the_same_content(write: Callable[..., str]) -> None:
    old, new = read(write().encode()), read(write(generated="2025-01-01 00:00:00").encode())
    assert replace(new, generated=old.generated) == old


@pytest.mark.parametrize(("title", "heading", "company"), SPELLINGS)
def test_no_spelling_changes_an_id_or_a_fingerprint(
    write: Callable[..., str], title: str, heading: str, company: str
) -> None:
    def identities(text: str) -> list[tuple[str, str, str]]:
        return [(item.id, item.short, item.fingerprint) for item in derive(read(text.encode()))[1]]

    flows = [("Customer", company), ("Order", "Invoices"), ("Product", "Items")]
    assert identities(write(title, heading=heading, flows=flows)) == identities(write())


def test_a_document_without_flows_has_nothing_to_prove(write: Callable[..., str]) -> None:
    assert derive(read(write(flows=[]).encode())) == ((), ())


@pytest.mark.parametrize(
    ("old", "new", "line", "expected"),
    [
        ("Every Customerp Customer will be", "Each Customerp Customer will be", 14, "every record is synchronised"),
        ("Every Customerp Order", "Every Customerp Customer", 30, "'Customerp Order'"),
        ("regardless of where", "no matter where", 16, "a linked pair keeps in sync"),
        ("Customerp Customer to Invoiced", "Customerp Customer to to Invoiced", 13, "underline"),
        ("Customerp Customer to Invoiced Customers company\n---", "Customerp to X to Y\n---", 12, "a heading"),
        ("     - Invoiced Customers company Property", "     - Invoiced Customers Property", 24, "header cell"),
        ("   :header-rows: 1", "   :header-rows: 2", 21, "':header-rows: 1'"),
        ("   :header-rows: 1", "   :widths: 1 2\n   :header-rows: 1", 21, "':header-rows: 1'"),
        (".. list-table::", ".. include:: /etc/passwd", 20, "a table"),
        ("Generated: 2024-01-02", "Generated: 2024-13-02", 5, "YYYY-MM-DD HH:MM:SS"),
        ("=\n\nGenerated", "\n\nGenerated", 3, "underline"),
        (" to Invoiced Dataflow", " to  Dataflow", 2, "title"),
        ("How records get from Customerp", "How records get from Tripletex", 10, "from Customerp to Invoiced"),
        ("Every Customerp Customer will be", "When it is sold, Customerp Customer will be", 14, "on which condition"),
        ("     - Invoiced Data Type\n", "     - Other Data Type\n", 25, "the system of"),
        (
            "   * - Customerp Customer Property\n     - Invoiced Customers company Property\n",
            "   * - Invoiced Customers company Property\n     - Customerp Customer Property\n",
            23,
            "header cell",
        ),
        (
            "Once a link between a Customerp Customer and a Invoiced Customers company is established, it will keep in "
            "sync between the two systems, regardless of where it is edited.\n\n",
            "",
            16,
            "a linked pair keeps in sync",
        ),
        (
            "The following properties are synchronized between a Customerp Customer and a Invoiced Customers company:"
            "\n\n",
            "",
            18,
            "a list of properties follows",
        ),
    ],
)
def test_a_changed_line_is_refused_with_its_place(
    write: Callable[..., str], old: str, new: str, line: int, expected: str
) -> None:
    text = write()
    assert old in text
    with pytest.raises(DocumentError) as caught:
        read(text.replace(old, new, 1).encode(), "copy.rst")
    assert (caught.value.line, expected in caught.value.expected) == (line, True), caught.value
    assert str(caught.value).startswith(f"copy.rst:{line}: expected ")


@pytest.mark.parametrize(
    ("row", "line", "expected"),
    [
        (("name", "full name", '"string"'), 27, "a property name"),
        (("name", "name (Depending on having X in type)", '"string"'), 27, "a property name"),
        (("a.b.c.d.e.f", "id", '"string"'), 26, "a property name"),
        (("name", "name", '["eval", "_."]'), 28, "a data type"),
        (("na\tme", "name", '"string"'), 26, "printable text"),
    ],
)
def test_a_cell_that_no_rule_admits(
    write: Callable[..., str], row: tuple[str, str, str], line: int, expected: str
) -> None:
    with pytest.raises(DocumentError, match=expected) as caught:
        read(write(rows=[row]).encode())
    assert caught.value.line == line


def test_a_row_with_two_cells(write: Callable[..., str]) -> None:
    text = write(rows=[("name", "name", '"string"')]).replace('     - "string"\n', "")
    with pytest.raises(DocumentError, match="as many as the header") as caught:
        read(text.encode())
    assert caught.value.line == 28


@pytest.mark.parametrize(
    ("data", "line", "expected"),
    [
        (b"", 1, "overline"),
        (b"=" * 30_000, 1, "at most 20000 characters"),
        (b"x\n" * 1_500_000, 0, "at most 2000000 bytes"),
        (b"===\n\xff\n", 2, "UTF-8"),
        (b"===\nA\x00B\n", 2, "printable text"),
        (b"===\rA\n", 1, "printable text"),
    ],
    ids=["empty", "endless line", "huge", "binary", "NUL", "bare CR"],
)
def test_hostile_files_are_refused(data: bytes, line: int, expected: str) -> None:
    with pytest.raises(DocumentError, match=expected) as caught:
        read(data)
    assert caught.value.line == line


def test_a_huge_file_is_read_no_further_than_allowed(tmp_path: Path) -> None:
    path = tmp_path / "huge.rst"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    tracemalloc.start()
    with pytest.raises(DocumentError, match="at most 2000000 bytes"):
        read_file(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_what_may_never_end_or_begin_is_not_opened(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.rst"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), tmp_path):
        with pytest.raises(DocumentError, match="a regular file"):
            read_file(path)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="No such file"):
        read_file(tmp_path / "absent.rst")


@needs_samples
def test_the_shipped_checklist_is_the_seed_documents(checklist: Checklist) -> None:
    found = Checklist.of(read_file(SAMPLES / "customerp-invoiced.2024-09-10-seed.rst"))
    assert found.to_toml() == checklist.to_toml()


MANIFEST = re.compile(
    r"\| `(?P<name>[^`]+)` \| `\w+` \| (?P<generated>[\d: -]+) \| (?P<ends>\w+) \| (?P<flows>\d+) \| (?P<rows>\d+) "
    r"\| (?P<empty>\d+) \| (?P<merge>\d+) \|"
)


def _manifest() -> dict[str, tuple[str, str, int, int, int, int]]:
    listed = (SAMPLES / "MANIFEST.md").read_text("utf-8") if SAMPLES.is_dir() else ""
    return {
        each["name"]: (each["generated"], each["ends"], *(int(each[n]) for n in ("flows", "rows", "empty", "merge")))  # type: ignore[misc]
        for each in MANIFEST.finditer(listed)
    }


@needs_samples
@pytest.mark.parametrize(("name", "counts"), _manifest().items())
def test_every_sample_gives_the_counts_of_its_manifest(name: str, counts: tuple[str, str, int, int, int, int]) -> None:
    document = read_file(SAMPLES / name)
    assert (
        f"{document.generated:%Y-%m-%d %H:%M:%S}",
        document.encoding.line_ends,
        len(document.flows),
        sum(len(flow.table.rows) for flow in document.flows),
        sum(flow.table.state == "header_only" for flow in document.flows),
        sum(statement.kind == "merge" for flow in document.flows for statement in flow.statements),
    ) == counts


@needs_samples
def test_all_samples_are_there() -> None:
    assert len(_manifest()) == 24


@needs_samples
@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.rst")), ids=lambda path: path.stem)
def test_every_sample_in_every_storage_and_printing(path: Path) -> None:
    data = path.read_bytes().replace(b"\r\n", b"\n")
    document = read(data, str(path))
    again = read(data.replace(b"\n", b"\r\n"), str(path))
    assert again == document
    printed = read(re.sub(rb"Generated: .*", b"Generated: 2030-01-01 00:00:00", data), str(path))
    assert (printed.content_key, derive(printed)) == (document.content_key, derive(document))
    ids = [item.id for item in derive(document)[1]]
    shorts = [item.short for item in derive(document)[1]]
    assert len(set(ids)) == len(set(shorts)) == len(ids)


@needs_samples
@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.rst")), ids=lambda path: path.stem)
def test_a_changed_word_anywhere_in_a_sample_is_refused_at_its_line(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        # The introduction is read for the systems that it names, and cells may name any property.
        if number <= 10 or not line or line.startswith(("   * - ", "     - ")):
            continue
        changed = [*lines[: number - 1], re.sub(r"(\S)(\S*)$", r"\1q\2", line), *lines[number:]]
        with pytest.raises(DocumentError) as caught:
            read("\n".join(changed).encode(), str(path))
        # A changed heading is noticed at its underline, or where the next line repeats it.
        assert number <= caught.value.line <= number + 2, (line, caught.value)
