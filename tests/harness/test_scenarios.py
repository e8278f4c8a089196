"""The identity of scenarios, and the defects that stop a run before it starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterpart.scenarios import FeatureDefect, Identity, discover

GOOD = """\
@flow/create
Feature: Creation
  @id:alone
  Scenario: Alone
    Given a thing
  @id:rows
  Scenario Outline: Row <case>
    Given a <thing>
    Examples:
      | case        | thing |
      | First, one! | a     |
      | second      | b     |
"""


def test_each_scenario_and_row_has_an_identity(tmp_path: Path) -> None:
    (tmp_path / "create.feature").write_text(GOOD, "utf-8")
    outlines = discover(tmp_path, ["flow/create"])
    assert [identity for outline in outlines for identity in outline.identities()] == [
        Identity(("flow/create",), "alone", None),
        Identity(("flow/create",), "rows", "first-one"),
        Identity(("flow/create",), "rows", "second"),
    ]


def test_a_new_title_changes_no_identity(tmp_path: Path) -> None:
    path = tmp_path / "create.feature"
    path.write_text(GOOD, "utf-8")
    before = [outline.identities() for outline in discover(tmp_path, ["flow/create"])]
    path.write_text(GOOD.replace("Scenario: Alone", "Scenario: All by itself"), "utf-8")
    assert [outline.identities() for outline in discover(tmp_path, ["flow/create"])] == before


@pytest.mark.parametrize(
    ("old", "new", "defect"),
    [
        ("@flow/create", "@flow/made", "create.feature:4: @flow/made is no item of the checklist; it has flow/create"),
        ("@flow/create\n", "", "create.feature:3: 'Alone' proves no item; tag it or the feature as @flow/create"),
        ("  @id:alone\n", "", "create.feature:3: 'Alone' needs exactly one tag @id:<name>; it has 0"),
        ("@id:rows", "@id:alone @id:rows", "create.feature:7: 'Row <case>' needs exactly one tag @id:<name>; it has 2"),
        ("Outline: Row <case>", "Outline: Alone", "create.feature:7: the title 'Alone' stands twice in this feature;"
         " give it another one"),
        ("| second ", "| first one ", "create.feature:7: flow/create/rows[first-one] names more than one scenario"
         " or row; give each its own @id: tag or 'case' cell"),
        ("| case ", "| key ", "create.feature:9: the examples need a column 'case' that names each row"),
        ("Feature: Creation", "Feature Creation", "create.feature:2: no Gherkin can begin like this here:"
         " 'Feature Creation'"),
        (GOOD, "", "create.feature:1: the file holds no Feature; write one or remove the file"),
    ],
)  # fmt: skip
def test_what_pytest_bdd_would_drop_in_silence_stops_the_run(tmp_path: Path, old: str, new: str, defect: str) -> None:
    assert old in GOOD
    (tmp_path / "create.feature").write_text(GOOD.replace(old, new, 1), "utf-8")
    with pytest.raises(FeatureDefect) as stopped:
        discover(tmp_path, ["flow/create"])
    assert defect in [sentence.replace(f"{tmp_path}/", "") for sentence in stopped.value.defects]
