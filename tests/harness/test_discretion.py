"""Secrets that a failing step shouts into its message, its output and its log reach no report and no terminal."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent


def corpus() -> Any:
    """The module of tests that holds the planted secrets."""
    spec = importlib.util.spec_from_file_location("test_audit", ROOT / "tests" / "replay" / "test_audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PLANTED = corpus()
# Real people's data, and secrets that nobody has declared; known ones are known to the replay alone.
TEXTS = {name: text for name, text in PLANTED.PLANTED.items() if not name.startswith("known")}

SHOUT = """
import logging
import sys
from pathlib import Path
from pytest_bdd import when

@when("the planted secrets come out")
def shout():
    texts = (Path(__file__).parent / "planted.txt").read_text("utf-8").split("\\0")
    for number, text in enumerate(texts):
        print(f"line {number}:\\n{text}\\nend")
        print(text, file=sys.stderr)
        logging.getLogger("steps").error("%s", text)
    hidden = texts[0]
    raise RAISED("\\n".join(texts))
"""
FEATURE = """
  @id:shouting
  Scenario: A step that tells all
    Given a Customerp Product
    When the planted secrets come out
    Then there is 1 Item in Invoiced
"""


BREAKDOWN = """
from pathlib import Path

def pytest_runtestloop():
    raise RuntimeError((Path(__file__).parent / "planted.txt").read_text("utf-8"))
"""
# Long enough not to occur by chance in the ids and times that reports hold.
VALUES = (PLANTED.SHORT, PLANTED.DRAWN[:12], PLANTED.JWT, "lovelace", "183 8750", "31926819", "811907980", "4111 1111")


@pytest.mark.parametrize("raised", ["AssertionError", "RuntimeError"])
def test_no_report_and_no_terminal_shows_them(project: Any, raised: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (project.root / "planted.txt").write_text("\0".join(TEXTS.values()), "utf-8")
    (project.root / "shouting.py").write_text(SHOUT.replace("RAISED", raised), "utf-8")
    feature = project.own("features/product-item/create.feature")
    feature.write_text(feature.read_text("utf-8") + FEATURE, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(project.root))

    code, out = project.run(
        "features/product-item/create.feature::shouting", "-p", "shouting", "--against=emulators", "--showlocals", "-rA"
    )

    assert code == 1
    assert "line 3:" in out, "what was printed is shown, without its secrets"
    written = {
        path.relative_to(project.root).as_posix(): path.read_text("utf-8", "replace")
        for path in (project.root / "reports").rglob("*")
        if path.is_file()
    }
    assert {"reports/junit.xml", "reports/results.json", "reports/signoff/index.html"} <= set(written)
    shown = {name: [each for each in VALUES if each in text] for name, text in {**written, "terminal": out}.items()}
    assert {name: found for name, found in shown.items() if found} == {}


def test_what_is_written_past_the_capture_shows_none(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = {name: text for name, text in TEXTS.items() if "\n" not in text}
    (project.root / "planted.txt").write_text("\0".join(lines.values()), "utf-8")
    (project.root / "shouting.py").write_text(SHOUT.replace("RAISED", "AssertionError"), "utf-8")
    feature = project.own("features/product-item/create.feature")
    feature.write_text(feature.read_text("utf-8") + FEATURE, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(project.root))

    code, out = project.run(
        "features/product-item/create.feature::shouting", "-p", "shouting", "--against=emulators", "-s"
    )

    assert code == 1
    assert "line 3:" in out
    assert [each for each in VALUES if each in out] == []


def test_a_breakdown_of_pytest_shows_none(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (project.root / "planted.txt").write_text("\n".join(TEXTS.values()), "utf-8")
    (project.root / "breaking.py").write_text(BREAKDOWN, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(project.root))

    code, out = project.run("features/product-item/create.feature", "-p", "breaking")

    assert code == 3
    assert "INTERNALERROR> RuntimeError" in out
    assert [each for each in VALUES if each in out] == []


def test_a_capture_that_would_show_all_is_refused(project: Any) -> None:
    code, out = project.run("features/product-item/create.feature", "--capture=tee-sys")

    assert (code, out.strip()) == (
        4,
        "ERROR: --capture=tee-sys shows what tests write before secrets are taken out of it; use -s, which does not",
    )
