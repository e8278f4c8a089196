"""`counterpart cassettes`: what people read of recordings, and by which exit code programs know."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from counterpart.cli.main import cli
from counterpart.replay import Cassette

ROOT = Path(__file__).parent.parent.parent
ONE = "product-item/create/alone.yaml"
TWO = "product-item/create/free.yaml"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two recordings in a repository, with all features and contracts."""
    for name in ("features", "contracts", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    for name in (ONE, TWO):
        target = tmp_path / "cassettes" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "cassettes" / name, target)
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    return tmp_path


def git(root: Path, *arguments: str) -> None:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "recordings")


def run(root: Path, *arguments: str, answers: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["cassettes", *arguments, "--root", str(root)], input=answers)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done.exit_code, done.output


def change(root: Path, name: str, before: bytes, after: bytes) -> None:
    """Record something else in the first request that holds these bytes."""
    path = root / "cassettes" / name
    cassette = Cassette.load(path)
    changed = [
        replace(each, request_body=each.request_body.replace(before, after)) if before in each.request_body else each
        for each in cassette.interactions
    ]
    assert tuple(changed) != cassette.interactions
    replace(cassette, interactions=tuple(changed)).save(path)


def test_a_review_is_asked_for_written_down_and_lapses(project: Path) -> None:
    code, out = run(project, "review")
    assert (code, "0 of 2 recordings are reviewed." in out) == (1, True)
    assert "Never reviewed." in out

    code, out = run(project, "review", "--by", "Ada Lovelace", "--note", "first look", answers="y\nn\n")
    assert (code, "1 of 2 recordings are reviewed." in out) == (1, True)
    code, out = run(project, "review", "--by", "Ada Lovelace", answers="y\n")
    assert (code, "2 of 2 recordings are reviewed." in out) == (0, True)
    assert (project / "cassettes" / "reviews.toml").read_text("utf-8").count('by = "Ada Lovelace"') == 2
    statuses = json.loads(run(project, "status", "--json")[1])
    assert {each["reviewed_by"] for each in statuses if each["cassette"] in (ONE, TWO)} == {"Ada Lovelace"}

    commit(project)
    change(project, TWO, b'"currency":"NOK"', b'"currency":"SEK"')
    code, out = run(project, "review")

    assert (code, "1 of 2 recordings are reviewed." in out) == (1, True)
    assert 'breaking request body.currency: "NOK" -> "SEK"' in out, (
        "the difference from what was reviewed, not all of it"
    )
    assert "Never reviewed." not in out


@pytest.mark.parametrize(("after", "code", "verdict"), [(b'"NOK"', 0, "harmless"), (b'"SEK"', 1, "breaking")])
def test_two_files_are_compared(project: Path, tmp_path: Path, after: bytes, code: int, verdict: str) -> None:
    old = tmp_path / "old.yaml"
    shutil.copy(project / "cassettes" / TWO, old)
    if verdict != "harmless":
        change(project, TWO, b'"currency":"NOK"', b'"currency":' + after)

    arguments = ("diff", str(old), "--new", str(project / "cassettes" / TWO))
    assert run(project, *arguments)[0] == code
    assert json.loads(run(project, *arguments, "--json")[1])["verdict"] == verdict


def test_recording_beside_finds_what_has_changed_and_touches_nothing(project: Path) -> None:
    change(project, TWO, b'"currency":"NOK"', b'"currency":"SEK"')
    before = (project / "cassettes" / TWO).read_bytes()

    code, out = run(project, "diff", str(project / "cassettes" / TWO), "--times", "1")

    assert code == 1
    assert 'request body.currency: "SEK" -> "NOK"' in out
    assert (project / "cassettes" / TWO).read_bytes() == before


def test_status_says_what_is_missing_and_obeys_age_limits(project: Path) -> None:
    found = {each["cassette"]: each for each in json.loads(run(project, "status", "--json", "--max-age", "100000")[1])}
    assert found[ONE]["standings"] == [each for each in found[ONE]["standings"] if each != "too old"]
    assert found["product-item/create/many.yaml"]["standings"] == ["never recorded"]

    strict = ("status", "--json", "--max-age", "100000", "--max-age", "invoiced.emulator.example=0")
    old = replace_day(project / "cassettes" / ONE)
    found = {each["cassette"]: each for each in json.loads(run(project, *strict)[1])}
    assert "too old" in found[old]["standings"]

    code, out = run(project, "status", "--max-age", "soon")
    assert (code, "is no number of days" in out) == (2, True)


def replace_day(path: Path) -> str:
    """Let a recording say that it was made long ago; returns its name."""
    cassette = Cassette.load(path)
    replace(cassette, metadata={**cassette.metadata, "recorded_on": "2026-01-01"}).save(path)
    return ONE


def test_check_speaks_to_programs_and_tells_what_coverage_was_lost(project: Path) -> None:
    sarif: dict[str, Any] = json.loads(run(project, "check", "--format", "sarif")[1])
    assert (sarif["version"], sarif["runs"][0]["results"]) == ("2.1.0", [])
    assert "There is no release" in run(project, "check")[1]

    # The links of the other fixture lead out of the repository, so an archive of it would hold no contracts.
    (project / "contracts").unlink()
    shutil.copytree(ROOT / "contracts", project / "contracts")
    commit(project)
    git(project, "tag", "v1")
    assert run(project, "check")[0] == 0
    assert "Everything that v1 covered is still covered." in run(project, "check")[1]

    shutil.rmtree(project / "cassettes" / "product-item")
    (project / "cassettes" / "empty").mkdir()
    code, out = run(project, "check", "--format", "json")

    told = json.loads(out)
    assert (code, told["compared_with"]) == (1, "v1")
    assert "invoiced.createItem" in told["lost"]
    assert run(project, "check", "--since", "nonsense")[0] == 2


def test_audit_says_where_and_never_what(project: Path, tmp_path: Path) -> None:
    leaky = tmp_path / "leaky.txt"
    leaky.write_text("password=hunter2!\n", "utf-8")

    code, out = run(project, "audit", str(leaky), "--json")

    assert code == 1
    assert json.loads(out) == [
        {"path": leaky.as_posix(), "position": "line 1, column 10", "what": "a value under the name password"}
    ]
    assert run(project, "audit", str(project / "cassettes"))[0] == 0
