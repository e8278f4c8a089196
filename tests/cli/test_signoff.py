"""`counterpart signoff` from a run to a signed, archived report, in a project of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a program of the environment in a project with the shipped features and recordings."""
    for name in ("cassettes", "contracts", "features", "pyproject.toml", "requirements.lock", "steps", "sync"):
        (tmp_path / name).symlink_to(ROOT / name)
    environment = {**os.environ, "COLUMNS": "100", "PYTHONDONTWRITEBYTECODE": "1"}

    def call(*words: str) -> tuple[int, str]:
        done = subprocess.run(
            [str(BIN / words[0]), *words[1:]],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return done.returncode, done.stdout + done.stderr

    return call


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="signatures are OpenSSH's: install openssh-client")
def test_from_a_run_to_a_signed_report(run: Run, tmp_path: Path) -> None:
    keys = tmp_path.parent / f"{tmp_path.name}-keys"
    keys.mkdir()
    for name in ("kari", "ola"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keys / name)], check=True)
    (keys / "signers").write_text(
        "".join(f"{name}@example.com {(keys / f'{name}.pub').read_text()}" for name in ("kari", "ola"))
    )
    signers = ("--signers", str(keys / "signers"))

    code, said = run("counterpart", "signoff", "build")
    assert (code, "there are no results" in said) == (4, True), said
    run("pytest", "features/product-item/create.feature", "-q", "--product", "Sync 4.2")
    code, said = run("counterpart", "signoff", "build")
    assert code == 1, said
    assert "not yet: the whole checklist was run, to its end" in said
    assert sorted(path.name for path in (tmp_path / "reports/signoff").iterdir()) == [
        "SHA256SUMS",
        "evidence",
        "index.html",
        "signoff.json",
        "signoff.pdf",
    ]
    assert (tmp_path / "reports/signoff/signoff.pdf").read_bytes()[:5] == b"%PDF-"
    page = (tmp_path / "reports/signoff/index.html").read_text("utf-8")
    assert "/products" in page
    assert "recorded against emulator" in page

    # A report shows the recordings that were played, and no others.
    (tmp_path / "cassettes").unlink()
    shutil.copytree(ROOT / "cassettes", tmp_path / "cassettes")
    recording = tmp_path / "cassettes/product-item/create/free.yaml"
    played = recording.read_bytes()
    recording.write_bytes(played + b" ")
    code, said = run("counterpart", "signoff", "build")
    assert (code, "free.yaml: it has changed since the run; run the checklist again" in said) == (4, True), said
    recording.write_bytes(played)

    for name, meaning in (("kari", "review"), ("ola", "approval")):
        told = ("--name", f"{name}@example.com", "--as", "QA", "--meaning", meaning, "--key", str(keys / name))
        code, said = run("counterpart", "signoff", "sign", *told, *signers)
        assert code == 0, said
    assert "Still missing" not in said
    code, said = run("counterpart", "signoff", "verify", *signers)
    assert (code, said.count("valid ")) == (0, 2), said

    # A new run takes the report away, but not what was signed.
    run("pytest", "features/product-item/create.feature", "-q", "--product", "Sync 4.2")
    code, said = run("counterpart", "signoff", "list")
    assert (code, "Sync 4.2" in said) == (0, True), said
    [kept] = [path for path in (tmp_path / "reports/archive").iterdir() if path.is_dir()]
    code, said = run("counterpart", "signoff", "verify", kept.name, *signers)
    assert code == 0, said
    code, said = run("counterpart", "signoff", "diff", kept.name)
    assert code in (0, 1), said

    # What did not pass stays listed, until somebody says what became of it, and then as well.
    code, said = run("counterpart", "signoff", "resolve", "1", "--by", "Kari", "--resolution", "Only one feature.")
    assert code == 0, said
    run("counterpart", "signoff", "build")
    assert "Only one feature. (Kari)" in (tmp_path / "reports/signoff/index.html").read_text("utf-8")
