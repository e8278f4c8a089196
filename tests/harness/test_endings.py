"""Every way to end is counted alike in all reports; the ways are those of `bench/endings`."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "bench" / "endings"))
producing, reading, ways = (import_module(name) for name in ("producing", "reading", "ways"))
sys.path.pop(0)


@pytest.mark.parametrize("run", producing.ALL, ids=lambda run: run.name)
def test_a_way_to_end_is_told_alike_in_every_report(tmp_path: Path, run: Any) -> None:
    producing.prepare(tmp_path, run)
    _, out = producing.produce(tmp_path, run)
    reports = tmp_path / "reports"
    known = {node_id for node_id in reading.results(reports) if ".feature" in node_id}
    assert reading.disagreements(reports, out, producing.expected(run, known)) == [], out


def test_each_failure_says_who_has_to_look_at_it(tmp_path: Path) -> None:
    producing.prepare(tmp_path, producing.TOGETHER)
    producing.produce(tmp_path, producing.TOGETHER)
    tests = json.loads((tmp_path / "reports" / "results.json").read_text("utf-8"))["tests"]
    ended = {each["scenario_id"]: each["cause"] for each in tests if each["outcome"] not in ("not run", "passed")}
    assert {name: cause for name, cause in ended.items() if not name.startswith("test_")} == {
        way.name: way.cause for way in ways.WAYS if way.ending != "passed"
    }
