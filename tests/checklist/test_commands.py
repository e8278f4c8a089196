"""`counterpart checklist` and `counterpart supplement` as people use them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from counterpart.checklist import Checklist, read_file
from counterpart.cli.main import cli

ROOT = Path(__file__).parents[2]
THREE = [("Customer", "Customers company"), ("Order", "Invoices"), ("Product", "Items")]


TWICE = (
    "Every Customer goes to organisation data and to human data (customer-company and customer-person); as written "
    "each record would be created twice, and no rule tells people from organisations."
)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [*map(str, arguments)], env={"COLUMNS": "220"})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the shipped checklist with its features."""
    shutil.copytree(ROOT / "features", tmp_path / "features")
    return tmp_path / "features" / "checklist.toml"


def report(folder: Path, generated: str = "2024-09-10T14:20:17+00:00") -> None:
    """A report of a product in which one item is open."""
    folder.mkdir(parents=True)
    content = {
        "state": "complete",
        "candidate": {"product": "Sync 4.2"},
        "document": {"generated": generated},
        "run": {"finished": "2026-03-02T08:00:00+00:00"},
        "flows": [{"items": [{"short": "customer-company/create", "verdict": "open"}]}],
    }
    (folder / "signoff.json").write_text(json.dumps(content), "utf-8")


@pytest.fixture
def keep(tmp_path: Path, write: Callable[..., str]) -> Callable[..., Path]:
    """Write a document into a file of this name."""

    def make(name: str, source: str = "Customerp", flows: Sequence[tuple[str, str]] = THREE, **more: object) -> Path:
        path = tmp_path / name
        path.write_text(write(source, flows=flows, **more), "utf-8")
        return path

    return make


def test_reading_a_document(keep: Callable[..., Path]) -> None:
    path = keep("a.rst", flows=[("Customer", "Customers company"), ("Customer", "Customers person")])
    result = run("checklist", "read", path)
    assert result.exit_code == 1
    assert (
        result.output
        == f"""\
Customerp to Invoiced Dataflow, generated 2024-01-02 03:04:05 UTC

flow               items   listed properties
────────────────────────────────────────────
customer-company   5       0
customer-person    5       0

block: roles
  a.rst:12: {TWICE} (The same in line
      28.)
  Assumed: nothing; its items are blocked.
  To do: Decide it in decisions.toml.

warn: empty-table
  a.rst:20: The property table of 'Customerp Customer to Invoiced Customers company' has a header and no rows.
  a.rst:36: The property table of 'Customerp Customer to Invoiced Customers person' has a header and no rows.
  Assumed: properties are shared, but nobody has said which; the item stays open.
  To do: Supply and approve rows in supplement.toml.

2 flows, 10 items, 2 of them blocked.
That edits travel back rests on this document alone; --opposite compares it with the other direction's.
Next: counterpart checklist items {path}
"""
    )


def test_what_many_lines_have_is_told_once(keep: Callable[..., Path]) -> None:
    path = keep("a.rst", rows=[("sesam_id", f"field{n}", "N/A") for n in range(8)])
    lines = run("checklist", "read", path).output.splitlines()
    made_up = "sesam_id was made up by the service and neither system has it, so nothing can be compared."
    assert [line.strip() for line in lines if made_up in line] == [
        f"a.rst:26: {made_up} (The same in lines 29, 32, 35, 38, 41 and 2 more.)"
    ]
    told = json.loads(run("checklist", "read", path, "--json").output)["diagnostics"]
    assert [each["line"] for each in told if each["code"] == "synthetic"] == [*range(26, 49, 3)]


def test_long_names_leave_room_for_what_is_to_be_proven(keep: Callable[..., Path]) -> None:
    path = keep("a.rst", flows=THREE[:1], rows=[("shippingAddress.countryCode", "shipping_country_code", '"string"')])
    items = ["checklist", "items", str(path)]
    narrow = CliRunner().invoke(cli, items, env={"COLUMNS": "80"}).output
    name = "property-source/shippingAddress.countryCode>shipping_country_code"
    [says] = [each.fingerprint[:8] for each in Checklist.of(read_file(path)).items if each.short.endswith(name)]
    assert (
        f"""\
  {name}
      {says}   shippingAddress.countryCode of a Customerp Customer, when
                 edited, arrives in shipping_country_code of its Invoiced
                 Customer.
"""
        in narrow
    )
    assert max(map(len, narrow.splitlines())) <= 80


def test_reading_as_json(keep: Callable[..., Path]) -> None:
    result = run("checklist", "read", keep("a.rst", rows=[("name", "name", '"string"')]), "--json")
    told = json.loads(result.output)
    assert result.exit_code == 0
    assert (told["flows"], told["items"]) == (
        [
            {"id": "customer-company", "items": 7, "rows": 1},
            {"id": "order-invoice", "items": 5, "rows": 0},
            {"id": "product-item", "items": 5, "rows": 0},
        ],
        17,
    )
    assert [(each["code"], each["line"]) for each in told["diagnostics"]] == [("empty-table", 39), ("empty-table", 55)]


def test_nothing_to_check_is_no_pass(keep: Callable[..., Path]) -> None:
    assert (
        "Nothing to check: the document has no flow. That is not a pass."
        in run("checklist", "read", keep("a.rst", flows=[])).output
    )


def test_flows_without_a_way_back(keep: Callable[..., Path], write: Callable[..., str], tmp_path: Path) -> None:
    back = tmp_path / "back.rst"
    back.write_text(write("Invoiced", "Customerp", flows=[("Items", "Product")]), "utf-8")
    output = run("checklist", "read", keep("a.rst"), "--opposite", back).output
    assert [line.strip() for line in output.splitlines() if "no flow back" in line] == [
        "a.rst:12: customer-company has no flow back: 'Invoiced to Customerp Dataflow' has none.",
        "a.rst:28: order-invoice has no flow back: 'Invoiced to Customerp Dataflow' has none.",
    ]


def test_comparing_with_the_checklist_and_with_another_version(keep: Callable[..., Path], project: Path) -> None:
    old = keep("old.rst")
    assert run("checklist", "compare", old, keep("same.rst", generated="2030-01-01 00:00:00")).exit_code == 0
    new = keep("new.rst", flows=THREE[1:])
    result = run("checklist", "compare", old, new, "--checklist", project)
    assert result.exit_code == 1
    assert result.output.startswith(
        "1 difference from old.rst\n\nold.rst:12: The flow customer-company is gone.\n    touches 23 scenarios in "
    )
    report(project.parent.parent / "reports" / "signoff")
    result = run("checklist", "compare", old, new, "--checklist", project)
    assert "    touches the report of Sync 4.2, 2026-03-02 08:00: customer-company/create open\n" in result.output
    told = json.loads(run("checklist", "compare", new, "--checklist", project, "--json").output)
    assert [each["change"] for each in told] == ["gone"] * 5
    assert all(each["scenarios"] for each in told)


def test_what_there_is_to_do_for_a_new_document(keep: Callable[..., Path], project: Path) -> None:
    document = keep("new.rst", flows=[*THREE[1:], ("Contact", "Contacts")])
    before = {path: path.read_bytes() for path in project.parent.rglob("*") if path.is_file()}
    told = json.loads(run("checklist", "update", document, "--checklist", project, "--json").output)
    assert {heading: len(tasks) for heading, tasks in told.items()} == {"retire": 5, "write": 5}
    assert before == {path: path.read_bytes() for path in project.parent.rglob("*") if path.is_file()}
    assert run("checklist", "update", keep("same.rst"), "--checklist", project).output.startswith("Nothing to do")


def test_the_checklist_follows_a_document_only_when_told_to(keep: Callable[..., Path], project: Path) -> None:
    document = keep("new.rst", "Custom ERP", flows=[*THREE[:2], ("Contact", "Contacts")])
    assert "Nothing was changed" in run("checklist", "update", document, "--checklist", project).output
    assert run("checklist", "review", "--all", "--checklist", project).exit_code == 0
    result = run("checklist", "update", document, "--write", "--checklist", project)
    assert (result.exit_code, result.output.splitlines()[-1].partition(" was ")[2]) == (
        1,
        "derived anew. Next: counterpart checklist trace",
    )
    told = Checklist.load(project)
    # The steps know the system by one name, however a document spells it.
    assert [str(flow.source) for flow in told.flows] == ["Customerp Customer", "Customerp Order", "Customerp Contact"]
    assert {item.blocked for item in told.by_flow["contact-contact"]} == {
        "No connector for Customerp Contact to Invoiced Contacts."
    }


def test_what_each_item_rests_on(project: Path) -> None:
    told = json.loads(run("checklist", "trace", "--checklist", project, "--json").output)
    [item] = [each for each in told["items"] if each["item"] == "product-item/create"]
    assert (item["scenarios"][0]["name"], item["rows"][0], item["requirements"][:3], item["undecided"]) == (
        "product-item/create/alone",
        "product-item/sku>id",
        [3, 8, 9],
        [],
    )
    shutil.rmtree(project.parent / "product-item")
    result = run("checklist", "trace", "--checklist", project)
    assert result.exit_code == 1
    line = project.read_text("utf-8").splitlines().index('short = "product-item/create"') + 1
    assert (
        f"{project}:{line}: product-item/create has no scenario\n    → write one: counterpart new product-item/create\n"
    ) in result.output
    linted = run("checklist", "lint", "--checklist", project)
    assert (linted.exit_code, "product-item/create has no scenario" in linted.output) == (1, True)
    # The steps come from elsewhere, so it is no fault of this project that nothing uses many of them any more.
    shutil.rmtree(project.parent / "order-invoice")
    codes = {each["code"] for each in json.loads(run("checklist", "lint", "--checklist", project, "--json").output)}
    assert codes == {"unproven-item"}


def test_what_no_scenario_shows_is_told_with_the_reason(project: Path) -> None:
    folder = project.parent
    (folder / "additional.toml").write_text(
        '[[unscripted]]\nnumber = 74\nwording = "A webhook counts only with a signature."\nreason = "None is sent."\n'
    )
    for feature in folder.glob("*/*.feature"):
        if "@additional" in feature.read_text("utf-8"):
            feature.unlink()
    told = json.loads(run("checklist", "trace", "--checklist", project, "--json").output)
    wording, reason = "A webhook counts only with a signature.", "None is sent."
    assert told["unscripted"] == [{"number": 74, "wording": wording, "reason": reason}]
    shown = run("checklist", "trace", "--checklist", project).output
    assert f"shown by no scenario:\n  74 {wording}\n     {reason}\n" in shown


def test_reviewing_items(project: Path) -> None:
    options, item = ("--checklist", project), "product-item/create"
    assert run("checklist", "review", *options).exit_code == 2
    assert run("checklist", "review", item, "--by", "Kari", *options).exit_code == 2
    assert run("checklist", "review", "product-item/creat", *options).exit_code == 2
    by = ("--by", "Kari", "--role", "QA")
    assert run("checklist", "review", item, *by, *options).output.startswith("1 item reviewed by Kari, QA: ")
    shown = run("checklist", "trace", *options).output
    assert re.search(r"^  create +\d+ +7 +0 +reviewed by Kari, QA, on 2", shown, re.MULTILINE)
    feature = project.parent / "product-item" / "create.feature"
    feature.write_text(feature.read_text("utf-8").replace("costs nothing", "is free"), "utf-8")
    found = run("checklist", "trace", *options).output
    assert "product-item/create/free of product-item/create was edited after it was reviewed by Kari" in found
    assert "    → look at both again: counterpart checklist review product-item/create --by NAME --role ROLE\n" in found
    assert run("checklist", "review", item, *by, *options).exit_code == 0
    assert "was edited" not in run("checklist", "trace", *options).output


def test_a_checklist_older_than_what_was_signed_last(project: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    report(archive / "unsigned", "2025-02-01T00:00:00+00:00")
    report(archive / "signed", "2025-01-01T00:00:00+00:00")
    arguments = ("checklist", "trace", "--checklist", project, "--archive", archive, "--json")
    assert "older-than-signed" not in run(*arguments).output
    (archive / "signed" / "signatures").mkdir()
    (archive / "signed" / "signatures" / "a.json").write_text("{}", "utf-8")
    [found] = [each for each in json.loads(run(*arguments).output)["findings"] if each["code"] == "older-than-signed"]
    assert found["said"] == (
        "all items come from the document of 2024-09-10, and what was signed last from that of 2025-01-01"
    )


def test_deciding_a_point(project: Path) -> None:
    decide = ("checklist", "decide", "deletes:product-item", "keep", "--reason", "As agreed.", "--checklist", project)
    assert run(*decide).output == "deletes:product-item: keep (suggested).\n"
    assert run(*decide, "--by", "Kari").exit_code == 2
    assert run(*decide, "--by", "Kari", "--role", "QA").output == "deletes:product-item: keep (approved).\n"
    listed = json.loads(run("checklist", "points", "--checklist", project, "--json").output)
    assert [each["decision"]["standing"] for each in listed if each["id"] == decide[2]] == ["approved"]


def test_agreeing_on_rows(project: Path) -> None:
    row, options = "product-item/name>name", ("--checklist", project)
    agreed = ("--by", "Kari", "--role", "QA", "--reason", "As agreed.")
    assert run("supplement", "approve", row, *agreed, *options).output == f"{row} is approved by Kari, QA.\n"
    assert run("supplement", "reject", row, *agreed, *options).output == f"{row} is rejected by Kari, QA.\n"
    assert run("supplement", "suggest", row, *options).output == f"{row} is suggested.\n"
    new = "product-item/weight>weight"
    assert run("supplement", "suggest", new, *options).exit_code == 2
    assert run("supplement", "suggest", new, "--type", "decimal", "--reason", "Both have it.", *options).exit_code == 0
    one_way = ("product-item/stock>on_hand", "--type", "integer", "--reason", "Both have it.", "--travels", "to-target")
    assert "it travels to-target without a reason" in str(run("supplement", "suggest", *one_way, *options).exception)
    told = json.loads(
        run("supplement", "suggest", *one_way, "--deviation", "Invoiced counts.", *options, "--json").output
    )
    assert (told["row"], told["travels"], told["standing"]) == (one_way[0], "to-target", "suggested")
    assert (
        json.loads(run("supplement", "reject", one_way[0], *agreed, *options, "--json").output)["standing"]
        == "rejected"
    )
    listed = json.loads(run("supplement", "list", *options, "--json").output)
    assert (len(listed), [each["row"] for each in listed[-2:]]) == (37, [new, one_way[0]])
    assert run("supplement", "list", *options).exit_code == 0


def test_a_scaffold_runs(keep: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    out = tmp_path / "new"
    assert run("checklist", "scaffold", keep("a.rst", flows=THREE[2:]), "--out", out).exit_code == 0
    command = [sys.executable, "-m", "pytest", "-q", "--against=emulators", str(out)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    # Nobody has decided anything about this document yet.
    assert "Of 5 items, 5 are open." in ran.stdout


def test_a_scaffold_without_a_connector_ends_blocked(keep: Callable[..., Path], tmp_path: Path) -> None:
    out = tmp_path / "new"
    run("checklist", "scaffold", keep("a.rst", "Tripletex", flows=THREE[2:]), "--out", out)
    command = [sys.executable, "-m", "pytest", "-q", "--against=emulators", str(out)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    told = json.loads((out / "reports" / "signoff" / "signoff.json").read_text("utf-8"))
    items = [(item["verdict"], item["reason"]) for flow in told["flows"] for item in flow["items"]]
    assert items == [("blocked", "No connector for Tripletex.")] * 5, ran.stdout + ran.stderr
    assert not told["verdict"]["proven"]


def test_who_compared_stands_in_for_the_document_and_ages(keep: Callable[..., Path], project: Path) -> None:
    options = ("--checklist", project)
    by = ("--attest", "--by", "Kari", "--role", "QA")
    nobody = run("checklist", "compare", *options)
    assert (nobody.exit_code, nobody.output[:60]) == (1, "Nobody has said that the checklist was compared with the doc")
    assert run("checklist", "compare", keep("a.rst"), "--attest", "--by", "Kari", *options).exit_code == 2
    other = run("checklist", "compare", keep("other.rst", flows=THREE[1:]), *by, *options)
    assert (other.exit_code, "Not attested: the document says something else." in other.output) == (1, True)
    assert not project.with_name("attestation.toml").exists()
    assert run("checklist", "compare", keep("a.rst"), *by, *options).exit_code == 0
    held = run("checklist", "compare", *options)
    assert (held.exit_code, held.output.startswith("Kari, QA, compared it with the document of 2024-01-02 on ")) == (
        0,
        True,
    )
    text = project.read_text("utf-8")
    project.write_text(text.replace("44a005512b", "44a005512c"), "utf-8")
    lapsed = run("checklist", "compare", *options)
    assert (lapsed.exit_code, "The checklist has changed since Kari" in lapsed.output) == (1, True)
