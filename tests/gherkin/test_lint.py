"""What the linter finds in defective features, and that it finds nothing in sound ones."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from counterpart.checklist import Additional, Checklist
from counterpart.gherkin import Known, definitions, lint, read_features
from counterpart.project import known

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "bench" / "silent_green"
FILE = Path("checklist.toml")
KNOWN = Known({"shop/sell": FILE, "shop/buy": FILE}, {"shop/haggle": FILE}, frozenset({"req:7"}))


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("silent_green", CORPUS / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def told(bench: ModuleType, tmp_path: Path) -> Callable[[str], list[str]]:
    """What is said about a feature."""

    def tell(text: str) -> list[str]:
        (tmp_path / "x.feature").write_text(text, "utf-8")
        found = lint(read_features(tmp_path), KNOWN, bench.runners.vocabulary())
        return [str(each).replace(f"{tmp_path}/", "") for each in found.defects]

    return tell


@pytest.mark.parametrize("path", sorted((CORPUS / "cases").iterdir()), ids=lambda path: path.stem)
def test_a_defect_is_found(bench: ModuleType, path: Path) -> None:
    assert (bench.code(path) in bench.found(path)) != (bench.code(path) in bench.WHILE_RUNNING)


@pytest.mark.parametrize("path", sorted((CORPUS / "sound").iterdir()), ids=lambda path: path.stem)
def test_nothing_is_found_in_what_is_sound(bench: ModuleType, path: Path) -> None:
    assert bench.found(path) == ()


def test_nothing_is_found_in_our_own_features() -> None:
    for name in ("given", "when", "troubles", "then"):
        importlib.import_module(f"steps.{name}")
    folder = ROOT / "features"
    checklist = Checklist.load(folder / "checklist.toml")
    names = known(folder, checklist, Additional.load(folder / "additional.toml", checklist))
    result = lint(read_features(folder, outside=[ROOT / "steps"]), names, definitions("steps"))
    assert (result.defects, result.warnings) == ((), ())


def test_all_defects_are_told_in_one_pass_with_place_and_cure(told: Callable[[str], list[str]]) -> None:
    assert told(
        "@shop/sel\nFeature: Selling\n"
        "  @id:one\n  Scenario: One\n    Given a stock of 3\n    Then 2 remain\n\n"
        "  @id:rows\n  Scenario Outline: Row <case>\n    Given a stock of <stock>\n    Then <left> are left\n"
        "    Examples:\n      | case | stock | left | sold |\n      | a | x | 1 | 1 |\n      | b | x | 1 | 1 |\n"
    ) == [
        "x.feature:1: @shop/sel is one letter off @shop/sell; write @shop/sell",
        "x.feature:6: shop/sel/one: no step reads '2 remain'; use a known sentence or define this one",
        "x.feature:12: shop/sel/rows: the column 'sold' is used nowhere; use <sold> or take the column out",
        "x.feature:14: shop/sel/rows: with stock 'x' the step reads 'a stock of x', which no definition accepts;"
        " change the value",
        "x.feature:15: shop/sel/rows: this row says the same as the one in line 14; change it or take it out",
        "x.feature:15: shop/sel/rows: with stock 'x' the step reads 'a stock of x', which no definition accepts;"
        " change the value",
    ]


def test_what_only_keeps_a_release_from_being_signed(bench: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "x.feature").write_bytes((CORPUS / "sound" / "plain.feature").read_bytes())
    warnings = lint(read_features(tmp_path), KNOWN, bench.runners.vocabulary()).warnings
    assert [(each.code, each.message) for each in warnings] == [
        ("unproven-item", "shop/buy has no scenario"),
        ("unproven-item", "shop/haggle has no scenario"),
        ("unused-step", "no feature uses 'these stocks'"),
        ("unused-step", "no feature uses 'an odd thing'"),
        ("unused-step", "no feature uses 'an odd {what}'"),
        ("unused-step", "no feature uses 'in the end {count:d} are left'"),
        ("unused-step", "no feature uses 'all is well'"),
    ]


def test_a_feature_outside_the_run_is_found(bench: ModuleType, tmp_path: Path) -> None:
    inside, elsewhere = tmp_path / "features", tmp_path / "more"
    for folder in (inside, elsewhere):
        folder.mkdir()
        (folder / "x.feature").write_bytes((CORPUS / "sound" / "plain.feature").read_bytes())
    [found] = lint(read_features(inside, outside=[tmp_path]), KNOWN, bench.runners.vocabulary()).defects
    assert (found.code, found.path) == ("outside", elsewhere / "x.feature")
