"""Signatures under recordings, by OpenSSH: whoever records signs with their key, others check against a list."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from counterpart.replay.errors import CannotSign

NAMESPACE = "counterpart-cassette"
ALLOWED = "allowed_signers"
"""The file below `cassettes/` that says whose keys are believed, as `ssh-keygen` reads it."""
KEY_VARIABLE = "COUNTERPART_RECORDER_KEY"
_SECONDS = 20


def recorder_key() -> Path | None:
    """The key that the environment names for signing; None where there is none."""
    named = os.environ.get(KEY_VARIABLE, "").strip()
    return Path(named).expanduser() if named else None


def sign(sha256: str, key: Path) -> str:
    """The signature of a recording's hash; raises CannotSign."""
    done = _ssh_keygen(["sign", "-q", "-n", NAMESPACE, "-f", str(key)], sha256)
    if done is None or done.returncode:
        said = done.stderr.strip() if done else "there is no ssh-keygen here; install OpenSSH"
        raise CannotSign(key, said)
    return done.stdout


def signer(sha256: str, signature: str, allowed: Path) -> str | None:
    """Who has signed this hash, by the list of allowed signers; None when nobody on it has, or it is forged."""
    if not allowed.is_file():
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "signature"
        file.write_text(signature, "utf-8")
        about = ["-s", str(file), "-f", str(allowed)]
        found = _ssh_keygen(["find-principals", *about], "")
        for name in found.stdout.splitlines() if found and not found.returncode else ():
            done = _ssh_keygen(["verify", "-n", NAMESPACE, "-I", name, *about], sha256)
            if done and not done.returncode:
                return name
    return None


def _ssh_keygen(arguments: list[str], message: str) -> subprocess.CompletedProcess[str] | None:
    program = shutil.which("ssh-keygen")
    if program is None:
        return None
    return subprocess.run(  # noqa: S603 - fixed words and paths, no shell
        [program, "-Y", *arguments], input=message, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
