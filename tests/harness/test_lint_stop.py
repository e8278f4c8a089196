"""How the linter stands before a run, and what is found only while running."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Edit = Callable[[str, str, str], None]
FEATURE = """\
@product-item/create
Feature: Something new
  @id:new
  Scenario: A product
    Given a Customerp Product
    Then {then}
"""


def write(project: Any, folder: str, text: str) -> Path:
    path: Path = project.own("features") / folder / "new.feature"
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("folder", ["anything/anywhere", "build", "dist/.hidden"])
def test_a_feature_runs_because_it_is_there(project: Any, folder: str) -> None:
    write(project, folder, FEATURE.format(then="it has no counterpart in Invoiced"))
    code, out = project.run("features", "-k", "new", "--against=emulators")
    assert code == 0, out
    assert f"features/{folder}/new.feature" in out


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_all_defects_are_told_before_anything_runs(project: Any, workers: list[str]) -> None:
    write(project, "new", FEATURE.format(then="it flies\n    And Customerp sings"))
    code, out = project.run("features", *workers)
    assert code == 4
    assert out.strip().splitlines() == [
        "ERROR: 2 defects in the features, so nothing was run:",
        "features/new/new.feature:6: product-item/create/new: no step reads 'it flies';"
        " use a known sentence or define this one",
        "features/new/new.feature:7: product-item/create/new: no step reads 'Customerp sings';"
        " use a known sentence or define this one",
    ]


def test_a_then_that_compares_nothing_fails(project: Any) -> None:
    (project.root / "conftest.py").write_text(
        "from pytest_bdd import then\n\n@then('all is well')\ndef well(scene):\n    assert scene is not None\n", "utf-8"
    )
    write(project, "new", FEATURE.format(then="all is well"))
    code, out = project.run("features/new", "--against=emulators")
    assert code == 1
    assert "features/new/new.feature:6: Then all is well" in out
    assert "this Then has compared nothing, so it proves nothing; let it call scene.equal" in out


def test_a_warning_is_shown_and_kept_with_the_run(project: Any) -> None:
    (project.root / "conftest.py").write_text(
        "from pytest_bdd import when\n\n@when('nobody says this')\ndef unsaid():\n    pass\n", "utf-8"
    )
    code, out = project.run("features/product-item/create.feature::alone")
    sentence = "conftest.py:3: no feature uses 'nobody says this'; use it or take it out"
    assert code == 0
    assert f"warning: {sentence}" in out
    kept = json.loads((project.root / "reports" / "results.json").read_text("utf-8"))["facts"]["lint"]
    assert sentence in kept


def test_a_feature_in_the_wrong_place_stops_the_run(project: Any) -> None:
    (project.root / "lost.feature").write_text(FEATURE, "utf-8")
    code, out = project.run("features")
    assert code == 4
    assert "\nlost.feature:1: this feature lies outside the run; move it below features/" in out
