"""What a scenario's words say it reads is what its steps read while it runs."""

from __future__ import annotations

import json
from typing import Any

from counterpart.arrivals import arrivals
from counterpart.gherkin import read_features


def test_words_and_steps_agree_on_what_arrives(project: Any) -> None:
    code, out = project.run("features/product-item")
    assert code == 0, out
    tests = json.loads((project.root / "reports" / "results.json").read_text("utf-8"))["tests"]
    ran = {
        (each["items"][0], each["scenario_id"], each["row_key"]): each["pairs"]
        for each in tests
        if each["outcome"] == "passed"
    }
    said: dict[tuple[str, str, str | None], list[list[str]]] = {}
    for outline in read_features(project.root / "features" / "product-item").outlines:
        lines = [line for table in outline.examples for line, _ in table.rows]
        for key, line in zip(outline.rows or (None,), lines or [None], strict=True):
            read = {(each.system, each.path) for each in arrivals(outline) if line in (None, each.line)}
            said[(outline.items[0], outline.id, key)] = [list(pair) for pair in sorted(read)]
    assert len(ran) > 30
    assert said == ran
