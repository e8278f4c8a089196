"""What is written for a document: a scenario for each item, in sentences that the steps know."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from counterpart.checklist import Checklist, Connected, Supplement, derive, read, read_file, scaffold
from counterpart.checklist.scaffold import files
from counterpart.gherkin import Known, definitions, lint, read_features

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT.parent / "shared" / "dataflow-documents"
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample documents are not part of the repository")
CONNECTED = Connected({"customerp": "Customerp", "invoiced": "Invoiced"}, frozenset({"product-item"}))
EVERYTHING = """\
{opening}

If a matching {{target}} already exists, the {{source}} will be merged with the existing one.
If no matching {{target}} is found, a new {{target}} will be created.

A {{source}} will merge with a {{target}} if one of the following property combinations match:

.. list-table::
   :header-rows: 1

   * - {{source}} Property
     - {{target}} Property
   * - number
     - ps:P297"""
RELATED = """\
Before any synchronization can take place, a link between a {source} and a {target} must be established.

A new {target} will be created from a {source} if it is connected to a Acme Sale that is synchronized into Invoiced."""
ROWS = ["   * - $original_id (Dependant on having A B in kind)", "     - due.date", "     - N/A"]


@pytest.fixture
def all_kinds(compose: Callable[..., str]) -> str:
    """A document that gives every kind of item."""
    every = EVERYTHING.format(opening="Every {source} will be synchronized with a {target}.")
    sold = EVERYTHING.format(
        opening='When a Acme Deal gets the status "Sold", it  will be synchronized with a {target}.'
    )
    return compose(
        ("Acme Sale", "Invoiced Invoices", every, ROWS),
        ("Acme Deal", "Invoiced Invoices", sold, []),
        ("Acme Big customer (human data)", "Invoiced Customers person", RELATED, []),
    )


def test_a_feature_reads_like_this(write: Callable[..., str]) -> None:
    document = read(write(flows=[("Product", "Items")], rows=[("title", "name", '"string"')]).encode())
    found = files(document, CONNECTED)
    assert sorted(found) == [
        "features/checklist.toml",
        "features/product-item/create.feature",
        "features/product-item/edit-source.feature",
        "features/product-item/edit-target.feature",
        "features/product-item/link-stable.feature",
        "features/product-item/property-source.feature",
        "features/product-item/property-target.feature",
        "features/product-item/unlisted.feature",
        "features/supplement.toml",
        "pytest.ini",
    ]
    assert (
        found["features/product-item/property-target.feature"]
        == """\
Feature: Customerp Product and Invoiced Item: property target

  # name of an Invoiced Item, when edited, arrives in title of its Customerp Product.
  @product-item/property-target/title>name @id:property-target-title-name
  Scenario Outline: Property target: title to name: <case>
    Given a Customerp Product linked with its Invoiced Item
    And its title is <before> on both sides
    When name is set to <after> in Invoiced
    And the sync comes to rest
    Then title in Customerp is <after>
    And nothing else has changed on either side
    And one more round writes nothing

    Examples: values to be agreed
      | case    | before     | after        |
      | changed | First text | Another text |
      | cleared | First text | (nothing)    |
"""
    )


def test_what_nothing_carries_is_blocked_and_skipped(write: Callable[..., str]) -> None:
    document = read(write("Business Central", flows=[("Big Product", "Items")]).encode())
    found = files(document, CONNECTED)
    assert (
        found["features/bigproduct-item/create.feature"]
        == """\
Feature: BusinessCentral BigProduct and Invoiced Item: create

  # Every new Business Central Big Product gets exactly one counterpart: an Invoiced Item.
  # Blocked: No connector for Business Central.
  @bigproduct-item/create @id:create @skip
  Scenario: Create
    Given a BusinessCentral BigProduct
    When the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And one more round writes nothing
"""
    )
    assert found["features/checklist.toml"].count('blocked = "No connector for Business Central."') == 5


def test_a_second_run_changes_nothing_and_a_hand_keeps_what_it_wrote(all_kinds: str, tmp_path: Path) -> None:
    document = read(all_kinds.encode())
    assert {each.state for each in scaffold(document, tmp_path)} == {"written"}
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert {each.state for each in scaffold(document, tmp_path)} == {"unchanged"}
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    edited = tmp_path / "features" / "sale-invoice" / "create.feature"
    edited.write_text(edited.read_text("utf-8").replace("Scenario: Create", "Scenario: By hand"), "utf-8")
    own = tmp_path / "features" / "supplement.toml"
    own.write_text("", "utf-8")
    states = {each.path: each.state for each in scaffold(document, tmp_path)}
    assert [path for path, state in states.items() if state == "kept"] == [own, edited]
    assert "By hand" in edited.read_text("utf-8")


def test_what_was_not_touched_follows_the_document(write: Callable[..., str], tmp_path: Path) -> None:
    scaffold(read(write(flows=[("Product", "Items")]).encode()), tmp_path)
    later = write(flows=[("Product", "Items")], rows=[("title", "name", '"string"')])
    states = {each.path.name: each.state for each in scaffold(read(later.encode()), tmp_path)}
    assert (states["edit-source.feature"], states["create.feature"]) == ("written", "unchanged")


def test_a_value_condition_gives_a_scenario_for_either_case(all_kinds: str) -> None:
    found = files(read(all_kinds.replace("A B in", "A|B in").encode()))
    assert (
        found["features/sale-invoice/property-target.feature"]
        == """\
Feature: Acme Sale and Invoiced Invoice: property target

  # due.date of an Invoiced Invoice, when edited, arrives in $original_id while A|B in kind of its Acme Sale.
  # Blocked: No connector for Acme and Invoiced.
  @sale-invoice/property-target/$original_id>due.date @id:property-target-original-id-due-date @skip
  # Only while A|B in kind.
  Scenario Outline: Property target: $original_id to due.date: <case>
    Given a Acme Sale with
      | property | value |
      | kind     | A\\|B  |
    And it is linked with its Invoiced Invoice
    And its $original_id is <before> on both sides
    When due.date is set to <after> in Invoiced
    And the sync comes to rest
    Then $original_id in Acme is <after>
    And nothing else has changed on either side
    And one more round writes nothing

    Examples: values to be agreed
      | case    | before     | after        |
      | changed | First text | Another text |
      | cleared | First text | (nothing)    |

  @sale-invoice/property-target/$original_id>due.date @id:property-target-original-id-due-date-left-alone @skip
  Scenario: Property target: $original_id to due.date: left alone while the condition does not hold
    Given a Acme Sale with
      | property | value     |
      | kind     | (nothing) |
    And it is linked with its Invoiced Invoice
    When due.date is set to Another text in Invoiced
    And the sync comes to rest
    Then $original_id in Acme has not changed
    And one more round writes nothing
"""
    )


def test_what_other_documents_list_is_offered_and_not_adopted(write: Callable[..., str], tmp_path: Path) -> None:
    product = [("Product", "Items")]
    back = read(
        write("Invoiced", "Customerp", flows=[("Items", "Product")], rows=[("cost", "price", '"float"')]).encode()
    )
    other = read(write("Tripletex", flows=product, rows=[("number", "id", '"string"')]).encode(), "tripletex.rst")
    unlike = read(write("Tripletex", flows=[("Order", "Invoices")], rows=[("a", "b", '"string"')]).encode())
    text = files(read(write(flows=product).encode()), CONNECTED, [other, unlike, back])["features/supplement.toml"]
    assert (
        text.partition("Carries the edits of the scaffolded scenarios.")[2]
        == """\
"

# Other documents list these pairs; take one over by removing the signs before it.

# [[row]]
# flow = "product-item"
# source = "price"
# target = "cost"
# type = "decimal"
# travels = "both"
# standing = "suggested"
# reason = "The other direction lists it: <document>, line 26."

# [[row]]
# flow = "product-item"
# source = "number"
# target = "id"
# type = "text"
# travels = "both"
# standing = "suggested"
# reason = "Another document lists it for the flow of Tripletex Product: tripletex.rst, line 26."
"""
    )
    path = tmp_path / "supplement.toml"
    checklist = Checklist.of(read(write(flows=product).encode()))
    path.write_text(text, "utf-8")
    assert [row.id for row in Supplement.load(path, checklist).rows] == ["product-item/name>name"]
    head, offered = text.split("removing the signs before it.\n")
    path.write_text(head + "\n" + offered.replace("\n# ", "\n"), "utf-8")
    assert len(Supplement.load(path, checklist).rows) == 3


def test_what_belongs_to_no_item_any_more_goes_unless_a_hand_was_on_it(
    write: Callable[..., str], tmp_path: Path
) -> None:
    scaffold(read(write(flows=[("Product", "Items"), ("Order", "Invoices")]).encode()), tmp_path)
    edited = tmp_path / "features" / "order-invoice" / "create.feature"
    edited.write_text(edited.read_text("utf-8").replace("Scenario: Create", "Scenario: By hand"), "utf-8")
    own = tmp_path / "features" / "order-invoice" / "own.feature"
    own.write_text("Feature: Our own\n", "utf-8")
    written = scaffold(read(write(flows=[("Product", "Items")]).encode()), tmp_path)
    removed = sorted(each.path.name for each in written if each.state == "removed")
    assert removed == [
        "edit-source.feature",
        "edit-target.feature",
        "link-stable.feature",
        "properties-unspecified.feature",
    ]
    assert sorted(path.name for path in edited.parent.iterdir()) == ["create.feature", "own.feature"]


def _proves_every_item(text: bytes, name: str, folder: Path) -> None:
    document = read(text, name)
    scaffold(document, folder, CONNECTED)
    features = folder / "features"
    items = {item.short for item in derive(document)[1]}
    checklist = Checklist.load(features / "checklist.toml")
    Supplement.load(features / "supplement.toml", checklist)
    for step_module in ("given", "when", "then"):
        importlib.import_module(f"steps.{step_module}")
    vocabulary = definitions("steps", ROOT)
    assert len(vocabulary) > 20
    found = read_features(features)
    assert {item for outline in found.outlines for item in outline.items} == items
    # The linter knows undefined steps, unknown tags, equal names and whatever else would stop a run.
    assert lint(found, Known(dict.fromkeys(items, features)), vocabulary).defects == ()


def test_every_item_has_a_scenario_without_an_undefined_step(all_kinds: str, tmp_path: Path) -> None:
    _proves_every_item(all_kinds.encode(), "acme-invoiced.rst", tmp_path)


@needs_samples
@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.rst")), ids=lambda path: path.stem)
def test_every_item_of_every_sample_has_a_scenario(path: Path, tmp_path: Path) -> None:
    _proves_every_item(path.read_bytes(), path.name, tmp_path)
    assert read_file(path).flows == read(path.read_bytes(), str(path)).flows


def test_what_was_written_runs_and_ends_blocked_without_a_connector(all_kinds: str, tmp_path: Path) -> None:
    scaffold(read(all_kinds.encode()), tmp_path)
    shutil.copytree(ROOT / "contracts", tmp_path / "contracts")
    items = len(derive(read(all_kinds.encode()))[1])
    command = [sys.executable, "-m", "pytest", "-q", str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    # Each of the two property items has two rows, and a scenario for the time in which its condition does not hold.
    assert f"{items + 4} skipped" in ran.stdout, ran.stdout
    told = json.loads((tmp_path / "reports" / "signoff" / "signoff.json").read_text("utf-8"))
    assert told["verdict"]["counts"] == {"blocked": items}
