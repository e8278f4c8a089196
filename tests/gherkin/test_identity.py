"""The identity of scenarios, and that nothing is identified while anything is amiss."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterpart.gherkin import FeatureDefect, Identity, Known, discover

KNOWN = Known({"flow/create": Path("checklist.toml")})
GOOD = """\
@flow/create
Feature: Creation
  @id:alone
  Scenario: Alone
    Given a thing
    Then it is there
  @id:rows
  Scenario Outline: Row <case>
    Given a <thing>
    Then it is there
    Examples:
      | case        | thing |
      | First, one! | a     |
      | second      | b     |
"""


def test_each_scenario_and_row_has_an_identity(tmp_path: Path) -> None:
    (tmp_path / "create.feature").write_text(GOOD, "utf-8")
    outlines = discover(tmp_path, KNOWN)
    assert [identity for outline in outlines for identity in outline.identities()] == [
        Identity(("flow/create",), "alone", None),
        Identity(("flow/create",), "rows", "first-one"),
        Identity(("flow/create",), "rows", "second"),
    ]


def test_a_new_title_changes_no_identity(tmp_path: Path) -> None:
    path = tmp_path / "create.feature"
    path.write_text(GOOD, "utf-8")
    before = [outline.identities() for outline in discover(tmp_path, KNOWN)]
    path.write_text(GOOD.replace("Scenario: Alone", "Scenario: All by itself"), "utf-8")
    assert [outline.identities() for outline in discover(tmp_path, KNOWN)] == before


@pytest.mark.parametrize(
    ("old", "new", "defect"),
    [
        ("@flow/create", "@flow/made", "create.feature:1: @flow/made is no item of the checklist;"
         " write one that is, such as @flow/create"),
        ("@flow/create\n", "", "create.feature:3: 'Alone' proves no item; tag it or the feature as @flow/create"),
        ("  @id:alone\n", "", "create.feature:3: flow/create: 'Alone' needs exactly one tag @id:<name>; it has 0;"
         " write @id:<name> above it once"),
        ("| second ", "| first one ", "create.feature:8: flow/create/rows[first-one] names more than one row;"
         " give each its own 'case' cell"),
        (GOOD, "", "create.feature:1: the file holds no Feature; write one or remove the file"),
    ],
)  # fmt: skip
def test_nothing_is_identified_while_anything_is_amiss(tmp_path: Path, old: str, new: str, defect: str) -> None:
    assert old in GOOD
    (tmp_path / "create.feature").write_text(GOOD.replace(old, new, 1), "utf-8")
    with pytest.raises(FeatureDefect) as stopped:
        discover(tmp_path, KNOWN)
    assert defect in [str(each).replace(f"{tmp_path}/", "") for each in stopped.value.defects]
