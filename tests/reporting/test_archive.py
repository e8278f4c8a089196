"""What is kept opens and compares, however old; attempts stay listed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from counterpart.checklist import Checklist, Supplement
from counterpart.reporting import RunFacts, ScenarioResult, SignOffBroken, archive, build, logbook, verify

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
Build = Callable[..., Path]


@pytest.fixture
def built(tmp_path: Path, checklist: Checklist, supplement: Supplement, facts: Callable[..., RunFacts]) -> Build:
    def make(*results: ScenarioResult, **changed: object) -> Path:
        build(tmp_path / "report", checklist, supplement, results, facts(**changed))
        return tmp_path / "report"

    return make


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def test_reports_are_kept_by_day_product_and_hash(
    built: Build, kept: Path, scenario: Callable[..., ScenarioResult]
) -> None:
    first = archive.keep(built(product="Sync 4.1", finished="2026-02-02T08:00:00+00:00"), kept)
    second = archive.keep(built(scenario("order-invoice/create"), product="Sync 4.2"), kept)
    assert archive.keep(built(scenario("order-invoice/create"), product="Sync 4.2"), kept) == second
    assert [each.name for each in archive.kept(kept)] == [first.name, second.name]
    assert (first.name[:-8], second.name[:-8]) == ("2026-02-02-sync-4.1-", "2026-03-02-sync-4.2-")
    assert archive.find(kept, "2026-03-02").directory == second
    assert archive.find(kept, first.name).release == "Sync 4.1"
    with pytest.raises(SignOffBroken, match="is called '2026'; `counterpart signoff list` shows the names"):
        archive.find(kept, "2026")


def test_two_reports_differ_in_what_was_proven_and_from_what(
    built: Build, kept: Path, scenario: Callable[..., ScenarioResult]
) -> None:
    before = archive.keep(built(scenario("order-invoice/create"), product="Sync 4.1"), kept)
    after = built(scenario("order-invoice/create", outcome="failed"), product="Sync 4.2", revision="f" * 40)
    changed = archive.compared(archive.load(before), archive.load(after))
    told = {each.what: (each.before, each.after) for each in changed}
    assert told.pop("scenario order-invoice/create/alone")[1].startswith("failed, recording ")
    assert told == {
        "verdict": (
            "Of 15 items, 11 were not run, 1 passed on assumption and 3 are open.",
            "Of 15 items, 1 failed, 11 were not run and 3 are open.",
        ),
        "candidate product": ("Sync 4.1", "Sync 4.2"),
        "item order-invoice/create": (
            "passed on assumption (1 of 1, emulator recording)",
            "failed (0 of 1, emulator recording)",
        ),
        "revision": ("63aa3b4f00d1c0ffee63aa3b4f00d1c0ffee63aa", "f" * 40),
    }
    assert archive.compared(archive.load(after), archive.load(after)) == ()


def test_a_report_of_an_older_schema_opens_and_compares(built: Build, kept: Path, tmp_path: Path) -> None:
    """As the first version wrote them: no candidate, no decisions, no additional items, rows without values."""
    old = archive.load(built())
    for name in ("candidate", "decisions", "additional_items", "additional_kinds", "completion", "attempts", "built"):
        del old[name]
    for flow in old["flows"]:
        for item in flow["items"]:
            for name in ("coverage", "faults", "history", "waiver", "manual", "requirements"):
                del item[name]
        for row in flow["supplement_rows"]:
            del row["seen"]
    old["schema"] = "counterpart-signoff/1"
    place = kept / "2025-01-01-old"
    place.mkdir(parents=True)
    (place / "signoff.json").write_text(json.dumps(old))
    assert [(each.name, each.release, each.signatures) for each in archive.kept(kept)] == [
        ("2025-01-01-old", "63aa3b4f00d1", 0)
    ]
    changed = archive.compared(archive.load(place), archive.load(built()))
    assert [each.what for each in changed] == ["candidate product", "candidate artifact"]
    # It says of itself what is missing, instead of breaking.
    found = verify(place, tmp_path / "signers", kept / "log.jsonl")
    assert (found.problems[0], found.signed) == ("SHA256SUMS is missing or cannot be read", False)


def test_items_tell_their_verdicts_of_earlier_releases(
    built: Build, kept: Path, scenario: Callable[..., ScenarioResult]
) -> None:
    archive.keep(built(product="4.1", finished="2026-02-02T08:00:00+00:00"), kept)
    archive.keep(built(scenario("order-invoice/create"), product="4.2"), kept)
    assert archive.history(kept)["order-invoice/create"] == (("4.1", "not run"), ("4.2", "passed on assumption"))


def test_attempts_of_the_same_product_stay_listed_with_their_resolution(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    candidate = {"product": "Sync 4.2", "artifact": ""}
    other = {"product": "Sync 4.1", "artifact": ""}
    for run, proven, named in (("1", False, candidate), ("1", False, candidate), ("2", False, other)):
        said = {"candidate": named, "verdict": "Failed.", "proven": proven, "run": run}
        logbook.append(log, "built", "a" * 64, said, NOON)
    for run in ("3", "4"):
        said = {"candidate": candidate, "verdict": "Passed.", "proven": True, "run": run}
        logbook.append(log, "built", "a" * 64, said, NOON)
    resolution = {"attempt": 1, "by": "Kari", "resolution": "Fixed in build 812."}
    logbook.append(log, "resolved", "a" * 64, resolution, NOON)
    found = [(each.number, each.verdict, each.resolution, each.by) for each in archive.attempts(log, candidate, "4")]
    assert found == [(1, "Failed.", "Fixed in build 812.", "Kari"), (4, "Passed.", "", "")]
    assert archive.attempts(log, {"product": "", "artifact": ""}) == ()


def test_what_says_that_nothing_is_proven_is_not_kept(tmp_path: Path, kept: Path) -> None:
    (tmp_path / "signoff.json").write_text('{"state": "void"}')
    with pytest.raises(SignOffBroken, match="it says that nothing is proven"):
        archive.keep(tmp_path, kept)
    (tmp_path / "signoff.json").write_text("[")
    with pytest.raises(SignOffBroken, match="it is no report that can be read"):
        archive.keep(tmp_path, kept)
