"""The gate, asked in really constructed situations: those of `bench/gate`."""

from __future__ import annotations

import json
import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from counterpart.checklist import PolicyError
from counterpart.checklist.policy import Policy
from counterpart.cli.gate import gate

sys.path.insert(0, str(Path(__file__).parents[2] / "bench" / "gate"))
situation, doubts = import_module("situation"), import_module("doubts")
sys.path.pop(0)

pytestmark = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen, which signs, is not installed")


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gate") / "clean"
    folder.mkdir()
    situation.build(folder)
    return folder


@pytest.fixture
def place(clean: Path, tmp_path: Path) -> Path:
    shutil.copytree(clean, tmp_path / "project", symlinks=True)
    return tmp_path / "project"


@pytest.mark.parametrize("doubt", doubts.DOUBTS, ids=lambda doubt: doubt.name)
def test_whatever_is_doubtful_is_a_no_for_this_reason(place: Path, doubt: Any) -> None:
    doubt.change(place)
    ruling = doubt.ask(place)
    assert not ruling.passed
    assert (doubt.code, doubt.item) in {(each.code, each.item if doubt.item else "") for each in ruling.reasons}


@pytest.mark.parametrize(("name", "change", "ask"), doubts.CLEAN, ids=[name for name, _, _ in doubts.CLEAN])
def test_what_is_clean_passes(place: Path, name: str, change: Any, ask: Any) -> None:
    change(place)
    assert ask(place).reasons == ()


def asked(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(gate, arguments)
    return done.exit_code, done.output


def test_the_command_answers_by_its_exit_code(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    named = ("--signers", "allowed_signers", "--artifact", situation.ARTIFACT)
    assert asked("release", *named) == (0, "release: yes\n")
    code, out = asked("release", *named[:2])
    assert (code, out) == (
        1,
        "release: no, for 1 reason\n\nthe run as a whole\n"
        "  no-artifact               Nobody says what is to be released. Give its digest\n      with --artifact.\n",
    )
    assert asked("nightly")[0] == 1  # click's own code for an error; the command's main makes a 2 of it


def test_the_ruling_as_json_says_what_it_is_about(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    _, out = asked("unsigned", "--artifact", "sha256:b", "--json")
    told = json.loads(out)
    assert (told["schema"], told["gate"], told["answer"], told["artifact"]) == (
        "counterpart-ruling/1", "unsigned", "no", "sha256:b",
    )  # fmt: skip
    assert [each["code"] for each in told["reasons"]] == ["other-artifact"]
    assert told["policy"].startswith("sha256:")
    assert told["results"].startswith("sha256:")


@pytest.mark.parametrize(
    ("text", "defect"),
    [
        ("", "it has no gate [release]; it has none"),
        ("[release", "no valid TOML"),
        ("[release]\nsinged = false", "'singed' is no demand of a gate"),
        ('[release]\nsigned = "no"', "signed = 'no' must be true or false"),
        ("[release]\nmax_age_hours = 0", "max_age_hours = 0 must be a number above 0"),
        ("[release]\nmax_age_hours = true", "max_age_hours = True must be a number above 0"),
        ('[release]\nverdicts = ["fine"]', "verdicts cannot be 'fine'"),
        ('[release]\nproof = "hope"', "proof cannot be 'hope'"),
    ],
)
def test_a_policy_with_a_mistake_decides_nothing(tmp_path: Path, text: str, defect: str) -> None:
    path = tmp_path / "gate.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(PolicyError) as refused:
        Policy.load(path, "release")
    assert defect in str(refused.value)


def test_what_a_policy_leaves_out_is_demanded_in_full(tmp_path: Path) -> None:
    path = tmp_path / "gate.toml"
    path.write_text("[release]\n", "utf-8")
    assert Policy.load(path, "release") == Policy("release")
    assert Policy("release").verdicts == ("passed",)
    assert Policy("release").proof == "live run"


def test_the_shipped_policy_can_be_read() -> None:
    shipped = Path(__file__).parents[2] / "gate.toml"
    assert not Policy.load(shipped, "candidate").signed
    assert Policy.load(shipped, "release").signed
