"""`counterpart new`: a scenario that runs as far as what is still to be written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
Run = Callable[..., tuple[int, str]]
TITLE = ("--title", "A customer with two phones")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a command of the environment in a project of its own."""
    shutil.copytree(ROOT / "features", tmp_path / "features")
    for name in ("contracts", "pyproject.toml", "steps", "sync"):
        (tmp_path / name).symlink_to(ROOT / name)

    def command(name: str, *arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [str(Path(sys.executable).parent / name), *arguments],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "120"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return command


def test_it_runs_to_the_first_sentence_to_be_written(run: Run, tmp_path: Path) -> None:
    code, out = run("counterpart", "new", "customer-company/create", *TITLE, "--then", "both phones stand in Invoiced")
    node = "features/customer-company/create.feature::a-customer-with-two-phones"
    assert (code, out.splitlines()) == (
        0,
        [
            "features/customer-company/create.feature: the scenario @id:a-customer-with-two-phones",
            "features/conftest.py: 1 to be written",
            f'Run it: pytest "{node}" --against=emulators',
        ],
    )
    assert (
        (tmp_path / "features/customer-company/create.feature")
        .read_text("utf-8")
        .endswith(
            "  @id:a-customer-with-two-phones\n"
            "  Scenario: A customer with two phones\n"
            "    Given a Customerp Customer linked with its Invoiced Customer\n"
            "    When the sync comes to rest\n"
            "    Then both phones stand in Invoiced\n"
        )
    )
    code, out = run("pytest", node, "--against=emulators")
    assert code == 1
    place = "Then both phones stand in Invoiced (customer-company/create/a-customer-with-two-phones)"
    assert f"{place}\nyet to be written: compare with story.scene.equal" in out


def test_stubs_are_found_from_the_folder_above_and_the_item_by_the_scenario(run: Run, tmp_path: Path) -> None:
    feature = tmp_path / "features/customer-company/create.feature"
    # As a scaffold writes it: no item at the feature, one at each scenario.
    text = feature.read_text("utf-8").replace("@customer-company/create\n", "", 1)
    feature.write_text(text.replace("  @id:", "  @customer-company/create @id:"), "utf-8")
    assert (
        run("counterpart", "new", "customer-company/create", *TITLE, "--then", "both phones stand in Invoiced")[0] == 0
    )
    tags, *_ = feature.read_text("utf-8").rpartition("\n  Scenario: A customer with two phones")
    assert tags.endswith("\n  @customer-company/create @id:a-customer-with-two-phones")
    code, out = run("pytest", ".", "-q", "--collect-only", "-k", "two-phones")
    assert (code, "create.feature::a-customer-with-two-phones" in out) == (0, True), out


def test_known_sentences_need_no_stub_and_the_scenario_passes(run: Run, tmp_path: Path) -> None:
    code, _ = run(
        "counterpart", "new", "product-item/failures", "--title", "Nothing", "--then", "there is 1 Item in Invoiced"
    )
    assert code == 0
    assert not (tmp_path / "features/conftest.py").exists()
    assert run("pytest", "features/product-item/failures.feature::nothing", "--against=emulators")[0] == 0


@pytest.mark.parametrize(
    ("item", "title", "sentence"),
    [
        ("customer-company/creat", "One", "'customer-company/creat' is no item; they are listed by: counterpart"),
        ("customer-company/create", "Alone", "has a scenario alone already; give this one another title"),
    ],
)
def test_what_cannot_be_written_is_refused(run: Run, item: str, title: str, sentence: str) -> None:
    code, out = run("counterpart", "new", item, "--title", title, "--then", "it flies")
    assert code == 2
    assert sentence in out
