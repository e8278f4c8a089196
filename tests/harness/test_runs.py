"""What people get from `pytest features/`: selections, reports, and clear words when something is amiss."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

ONE = "features/product-item/create.feature::alone"
RECORDING = "cassettes/product-item/create/alone.yaml"
Edit = Callable[[str, str, str], None]


def signoff(project: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project.root / "reports" / "signoff" / "signoff.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ([ONE], 1),
        (["features/product-item/create.feature"], 5),
        (["features/product-item", "-k", "sku"], 1),
        (["features", "-m", "order-invoice/create"], 5),
        (["features", "-m", "order-invoice/create", "-n", "2"], 5),
        (["features", "-k", "email and edit-source"], 3),
    ],
)
def test_a_part_can_be_run_and_is_called_a_part(project: Any, arguments: list[str], count: int) -> None:
    code, out = project.run(*arguments)
    assert code == 0
    assert f"{count} passed" in out
    assert "A partial run." in out
    assert signoff(project)["run"]["partial"] is True


@pytest.mark.parametrize("arguments", [[ONE], [ONE, "-n", "1"]])
def test_all_reports_tell_the_same_story(project: Any, arguments: list[str]) -> None:
    project.run(*arguments)
    reports = project.root / "reports"
    cases = ElementTree.parse(reports / "junit.xml").iter("testcase")
    [case] = [each for each in cases if each.find("skipped") is None]
    written = [json.loads(path.read_text("utf-8")) for path in (reports / "allure-results").glob("*-result.json")]
    [result] = [each for each in written if each["status"] != "unknown"]
    [item] = [
        item for flow in signoff(project)["flows"] for item in flow["items"] if item["short"] == "product-item/create"
    ]
    [scenario] = item["scenarios"]
    assert (case.get("name"), len(case)) == ("alone", 0)
    assert (result["name"], result["status"]) == (scenario["title"], "passed")
    assert [step["name"] for step in result["steps"]] == [f"{s['keyword']} {s['text']}" for s in scenario["steps"]]
    labels = {label["name"]: label["value"] for label in result["labels"] if label["name"] in ("epic", "feature")}
    assert labels == {"epic": "product-item", "feature": "product-item/create"}
    assert scenario["evidence"]["cassette"] == RECORDING
    texts = "".join(path.read_text("utf-8") for path in reports.rglob("*") if path.is_file())
    assert str(project.root) not in texts


def test_a_missing_recording_says_how_to_make_it(project: Any) -> None:
    project.own(RECORDING).unlink()
    code, out = project.run(ONE)
    assert code == 1
    assert f"{RECORDING}: there is no such recording" in out
    assert f'pytest "{ONE}" --against=emulators --record' in out


def test_a_torn_recording_is_refused(project: Any) -> None:
    path: Path = project.own(RECORDING)
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[: len(lines) // 2]), "utf-8")
    code, out = project.run(ONE)
    assert code == 1
    assert RECORDING in out
    assert "--against=emulators --record" in out


def test_an_edited_recording_is_refused(project: Any, edited: Edit) -> None:
    edited(RECORDING, '"code": 201', '"code": 202')
    code, out = project.run(ONE)
    assert code == 1
    assert "its hash does not fit its content, so it was cut or edited" in out


def test_a_recording_checked_out_with_other_line_ends_is_the_same(project: Any) -> None:
    path: Path = project.own(RECORDING)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    code, _ = project.run(ONE)
    assert code == 0


def test_another_request_than_the_recorded_one_is_explained(project: Any, edited: Edit) -> None:
    edited(
        "features/product-item/edit-source.feature",
        "| name changed             | name         | Site visit | Inspection  ",
        "| name changed             | name         | Site visit | Inspections ",
    )
    code, out = project.run("features/product-item/edit-source.feature::property[name-changed]")
    assert code == 1
    explained = " ".join(out.split())
    assert "PATCH https://customerp.emulator.example/products/PR000001" in explained
    assert "'Inspections'" in explained or '"Inspections"' in explained
    assert "--against=emulators --record" in explained


@pytest.mark.parametrize(
    ("file", "before", "after", "sentence"),
    [
        (
            "features/supplement.toml",
            'travels = "both"',
            'travels = "boht"',
            "travels cannot be 'boht'; write one of both, to-source, to-target, create-only",
        ),
        ("features/supplement.toml", "[[row]]", "[row", "no valid TOML"),
        (
            "features/product-item/create.feature",
            "@product-item/create",
            "@product-item/creat",
            "create.feature:1: @product-item/creat is one letter off @product-item/create; write @product-item/create",
        ),
    ],
)
def test_a_defect_stops_the_run_before_any_scenario(
    project: Any, edited: Edit, file: str, before: str, after: str, sentence: str
) -> None:
    assert project.run(ONE)[0] == 0
    edited(file, before, after)
    code, out = project.run(ONE)
    assert code == 4
    assert sentence in " ".join(out.split())
    assert "Traceback" not in out
    # Yesterday's reports must not be taken for this run's.
    assert signoff(project)["state"] == "void"
    assert not (project.root / "reports" / "junit.xml").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["features", "--against=moon"], "invalid choice: 'moon' (choose from"),
        (["features", "--record"], "--record needs something to record from; add --against=emulators"),
        (["features", "-m", "order-invoice/creat"], "no tests ran"),
    ],
)
def test_an_option_used_wrongly_proves_nothing(project: Any, arguments: list[str], sentence: str) -> None:
    code, out = project.run(*arguments)
    assert code in (4, 5)
    assert sentence in out or "deselected" in out
    assert "passed on assumption" not in out


def test_looking_leaves_the_reports_alone(project: Any) -> None:
    project.run(ONE)
    code, out = project.run("features", "--collect-only", "-q")
    assert code == 0
    assert ONE in out
    assert signoff(project)["state"] == "complete"


def test_only_a_scenario_that_passes_is_recorded(project: Any, edited: Edit) -> None:
    before = project.own(RECORDING).read_bytes()
    edited(
        "features/product-item/create.feature", "And there is 1 Item in Invoiced", "And there are 2 Items in Invoiced"
    )
    code, out = project.run(ONE, "--against=emulators", "--record")
    assert code == 1
    assert "features/product-item/create.feature:9: And there are 2 Items in Invoiced" in out
    assert "the number of Items in Invoiced is 1, expected 2" in out
    assert (project.root / RECORDING).read_bytes() == before


def test_recording_again_gives_the_same_bytes(project: Any) -> None:
    path: Path = project.own(RECORDING)
    before = path.read_bytes()
    path.unlink()
    assert project.run(ONE, "--against=emulators", "--record")[0] == 0
    again = json.loads(path.read_bytes())
    recorded = json.loads(before)
    # The day of recording is the one field that tells two recordings apart, and the hash covers it.
    for each in (again, recorded):
        del each["metadata"]["recorded_on"], each["metadata"]["sha256"]
    assert again == recorded


def test_an_undecided_point_keeps_its_items_open_and_is_listed(project: Any, edited: Edit) -> None:
    project.run("features/product-item")
    told = signoff(project)
    verdicts = {item["short"]: item["verdict"] for flow in told["flows"] for item in flow["items"] if item["total"]}
    assert verdicts["product-item/create"] == "passed on assumption"
    assert verdicts["product-item/edit-source"] == "open"
    # The items beyond the document depend on the points that their requirements are about.
    assert [each["items"] for each in told["decisions"] if each["point"] == "deletes:product-item"] == [
        ["product-item/link-stable", "product-item/deletes"]
    ]
    edited("features/decisions.toml", 'point = "match-key:product-item"', 'point = "match-key:products"')
    code, out = project.run(ONE)
    assert code == 4
    assert "features/decisions.toml: decision 9 (match-key:products): no open point is called" in out


def test_the_checklist_runs_over_the_minimal_profile_and_says_what_that_cannot_show(project: Any) -> None:
    code, out = project.run("features/product-item/create.feature", "--against=emulators", "--profile=minimal")
    assert code == 0
    assert "5 passed" in out
    assert any(
        sentence.startswith("Customerp offered only the minimal profile of its contract")
        for sentence in signoff(project)["rests_on"]
    )


@pytest.mark.parametrize("others", [[], ["--against=emulators", "--record"]])
def test_recordings_are_of_the_full_profile(project: Any, others: list[str]) -> None:
    code, out = project.run(ONE, "--profile=minimal", *others)
    assert code == 4
    assert "the recordings are of the full profile" in out


def test_what_cannot_hold_over_the_minimal_profile_is_reported(project: Any) -> None:
    code, out = project.run("features/product-item/deletes.feature", "--against=emulators", "--profile=minimal", "-rs")
    assert code == 0
    assert "3 passed, 3 skipped" in out
    assert "the minimal profile has no such operation: Customerp answered 405 to DELETE" in out
    skipped = ElementTree.parse(project.root / "reports" / "junit.xml").iter("skipped")
    reasons = [case.get("message", "") for case in skipped if case.get("type") == "pytest.skip"]
    assert [reason.startswith("Skipped: the minimal profile has no ") for reason in reasons] == [True] * 3
