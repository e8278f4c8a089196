"""docs/sync-rules.md and docs/requirements.md: what they name exists, and none of the numbered rules is left out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
RULES = ROOT / "docs/sync-rules.md"
REQUIREMENTS = ROOT / "docs/requirements.md"
# What was promised to users or was a built-in rule; the other numbers are drafts, inferences and admitted limits.
PROMISES = {*range(8, 77)} - {26, 33, 38, 45, 47, 49, 51, 54, 59, 66, 67, 68, 70}
TESTS = re.compile(r"`((?:tests/\w+/)?test_\w+\.py)::(test_\w+)`")


def _rows(page: Path) -> list[list[str]]:
    """The cells of every row of a table that begins with a number."""
    lines = page.read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines if re.match(r"\| [\dRI]+", line)]


def _missing(page: Path) -> list[str]:
    """Tests named on a page that no file has."""
    functions: dict[str, set[str]] = {}
    missing = []
    for file, name in TESTS.findall(page.read_text(encoding="utf-8")):
        path = ROOT / (file if "/" in file else f"tests/sync/{file}")
        if file not in functions:
            tree = ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else ast.Module([], [])
            functions[file] = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        if name not in functions[file]:
            missing.append(f"{file}::{name}")
    return missing


def test_every_rule_names_where_it_is_and_a_test_that_exists() -> None:
    assert _missing(RULES) == []
    modules = re.findall(r"`((?:sync|tests)/[\w/]+\.py)`", RULES.read_text(encoding="utf-8"))
    assert [module for module in modules if not (ROOT / module).is_file()] == []
    unproven = [
        cells[0] for cells in _rows(RULES) if len(cells) != 2 and not (len(cells) == 3 and TESTS.search(cells[2]))
    ]
    assert unproven == []


def test_no_rule_of_a_section_is_left_out() -> None:
    named = [cells[0].split()[0] for cells in _rows(RULES) if cells[0][0].isdigit()]
    last = {1: 7, 2: 4, 3: 7, 5: 9, 6: 7, 7: 9, 8: 11, 9: 3, 10: 9}
    assert named == [f"{section}.{number}" for section, most in last.items() for number in range(1, most + 1)]


def test_the_ordering_rules_and_the_invariants_are_complete() -> None:
    named = [cells[0].split()[0] for cells in _rows(RULES)]
    assert [name for name in named if name[0] == "R"] == [f"R{n}" for n in range(1, 6)]
    assert [name for name in named if name[0] == "I"] == [f"I{n}" for n in range(1, 14)]


def test_every_promise_is_answered() -> None:
    rows = _rows(REQUIREMENTS)
    assert _missing(REQUIREMENTS) == []
    assert PROMISES - {int(cells[0]) for cells in rows} == set()
    words = ("met", "by policy: ", "not applicable: ")
    assert [cells[0] for cells in rows if len(cells) != 4 or not cells[2].startswith(words)] == []
    assert [cells[0] for cells in rows if not TESTS.search(cells[3])] == []
