"""A miss is followed by a run over the emulators that tells whether more than the traffic has changed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from counterpart.diagnosis import Diagnosis, told
from counterpart.replay import Difference, Miss, MissKind, together

ROOT = Path(__file__).parent.parent.parent
ONE = "features/product-item/create.feature::alone"
FREE = "features/product-item/create.feature::free"


@pytest.fixture
def sync(project: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sync, by which the scenarios of the project run."""
    copied = shutil.copytree(ROOT / "sync", project.root / "sync", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setenv("PYTHONPATH", str(project.root))
    return Path(copied)


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(before) == 1
    path.write_text(text.replace(before, after), "utf-8")


def test_a_fault_is_told_from_other_traffic(project: Any, sync: Path) -> None:
    edit(sync / "converters.py", "else Decimal(str(value))", "else Decimal(str(value)) + 1")
    code, out = project.run(FREE)

    assert code == 1
    assert "Outcome wrong, over the emulators as well (1):" in out
    assert f"  {FREE}\n" in out
    assert "unit_cost in Invoiced is 1, expected 0" in out


def test_other_traffic_with_the_same_outcome_is_told_as_that(project: Any, sync: Path) -> None:
    edit(sync / "invoiced.py", "_PAGE = 100", "_PAGE = 50")
    code, out = project.run(ONE)

    assert code == 1
    assert "not recorded: GET https://invoiced.emulator.example/customers: query.per_page" in out
    assert "Outcome right, only the traffic differs (1):" in out
    assert (project.root / "reports" / "signoff" / "signoff.json").read_text("utf-8").count("outcome right, only") == 1


def test_it_can_be_left_out(project: Any, sync: Path) -> None:
    edit(sync / "invoiced.py", "_PAGE = 100", "_PAGE = 50")
    _, out = project.run(ONE, "-p", "no:counterpart-diagnosis")

    assert "not recorded" in out
    assert "over the emulators" not in out


def missed(asked: str, *paths: str, scenario: str = "a/create/x") -> Miss:
    differing = tuple(Difference(path, "1", "2") for path in paths)
    return Miss(MissKind.NOT_RECORDED, scenario, 1, "", "sync", asked, differences=differing, cure="record")


def test_equal_causes_are_alike_whatever_the_ids() -> None:
    one = missed("PATCH https://x.example/customers/5001?a=1", "body.lines[0].price", "body.lines[1].price")
    other = missed("PATCH https://x.example/customers/7002", "body.lines[2].price", scenario="b/create/y")

    assert one.cause == "not recorded: PATCH https://x.example/customers/{id}: body.lines[].price"
    assert other.cause == one.cause
    assert missed("PATCH https://x.example/customers/5001", "body.name").cause != one.cause


def test_the_misses_of_one_scenario_are_told_together_with_one_cure() -> None:
    text = together([missed(f"GET https://x.example/{number}") for number in range(10)])

    assert text.count("asked") == 8
    assert text.count("cure") == 1
    assert text.endswith("and 2 more misses in this scenario")


def test_causes_are_grouped_over_the_run() -> None:
    causes = {"rare": ["f::c"], "frequent": ["f::a", "f::b"]}
    diagnoses = {"f::a": Diagnosis(True), "f::b": Diagnosis(False, "name is x"), "f::c": Diagnosis(None)}

    assert told(causes, diagnoses) == (
        "3 scenarios missed for 2 causes:\n"
        "     2  frequent\n"
        "     1  rare\n"
        "\n"
        "Outcome wrong, over the emulators as well (1):\n"
        "  f::b\n"
        "    name is x\n"
        "\n"
        "Outcome right, only the traffic differs (1):\n"
        "  f::a\n"
        "  If the new traffic is meant, record them again and review: counterpart cassettes review\n"
        "\n"
        "Did not run to their end over the emulators (1):\n"
        "  f::c"
    )
