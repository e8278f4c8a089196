"""SSH signatures through `ssh-keygen -Y`, so that a bare machine can check what we have signed.

The format is OpenSSH's PROTOCOL.sshsig; who may sign stands in an allowed-signers file (ssh-keygen(1)).
"""

from __future__ import annotations

import base64
import binascii
import re
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from counterpart.reporting.errors import SigningRefused, ToolMissing

# A signature given for another purpose, a git commit for instance, cannot be passed off as one of a sign-off.
NAMESPACE = "counterpart-signoff"
_ARMOUR = re.compile(r"-----BEGIN SSH SIGNATURE-----\n((?:[A-Za-z0-9+/=]{1,70}\n)+)-----END SSH SIGNATURE-----\n")
_SECONDS = 120


@dataclass(frozen=True)
class Checked:
    """What ssh-keygen says of a signature; `principals` are the names under which the allowed signers know the key."""

    valid: bool
    problem: str
    principals: frozenset[str] = frozenset()
    key: str = ""


def sign(path: Path, key: Path) -> Path:
    """Sign a file with a private key, or with the agent's where `key` is a public one; the signature's file.

    Raises SigningRefused with ssh-keygen's own words. A passphrase is asked for on the terminal.
    """
    done = _keygen("-Y", "sign", "-f", str(key), "-n", NAMESPACE, str(path))
    signature = path.with_name(f"{path.name}.sig")
    if done.returncode or not signature.is_file():
        raise SigningRefused(
            f"ssh-keygen could not sign with {key.name}: {_said(done)}", "name your key with --key, or load it"
        )
    return signature


def check(content: bytes, signature: bytes, name: str, signers: Path, at: datetime) -> Checked:
    """Whether `name` has signed this content; a key counts if it was valid at that time, even if rotated since."""
    blob = _blob(signature)
    if blob is None:
        return Checked(False, "it is no SSH signature as ssh-keygen writes one")
    if not signers.is_file():
        return Checked(False, f"there is no file of allowed signers at {signers}")
    key = _public_key(blob)
    time = f"-Overify-time={at:%Y%m%d%H%M%S}Z"
    # ssh-keygen reads the signature from a file only.
    with TemporaryDirectory(prefix="counterpart-") as folder:
        held = Path(folder) / "signature"
        held.write_bytes(signature)
        found = _keygen("-Y", "find-principals", "-f", str(signers), "-s", str(held), time)
        principals = frozenset(
            part for line in found.stdout.decode("utf-8", "replace").splitlines() for part in line.split(",")
        )
        done = _keygen(
            *("-Y", "verify", "-f", str(signers), "-I", name, "-n", NAMESPACE, "-s", str(held), time), stdin=content
        )
    if done.returncode:
        known = f"the key is that of {', '.join(sorted(principals))}" if principals else "no allowed signer has the key"
        return Checked(False, f"it is no valid signature of {name} ({known}): {_said(done)}", principals, key)
    return Checked(True, "", principals or frozenset({name}), key)


def _blob(signature: bytes) -> bytes | None:
    """The signature below its armour; None unless it is written exactly as ssh-keygen writes it.

    Base64 has several texts for one content, so a changed byte would otherwise pass unnoticed.
    """
    match = _ARMOUR.fullmatch(signature.decode("ascii", "replace"))
    if match is None:
        return None
    text = match[1].replace("\n", "")
    try:
        blob = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    wrapped = "".join(f"{text[start : start + 70]}\n" for start in range(0, len(text), 70))
    return blob if base64.b64encode(blob).decode() == text and wrapped == match[1] else None


def _public_key(blob: bytes) -> str:
    """The public key inside a signature, as base64: magic of six bytes, version, then a string with its length."""
    length = int.from_bytes(blob[10:14], "big")
    return base64.b64encode(blob[14 : 14 + length]).decode()


def _keygen(*arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 - no shell, and file names are never taken for options
            ["ssh-keygen", *arguments],  # noqa: S607 - the user's own ssh-keygen is the one meant
            input=stdin,
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
    except FileNotFoundError:
        raise ToolMissing("ssh-keygen", "OpenSSH's client (openssh-client)") from None


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
    return said[-1].rstrip(".") if said else f"exit code {done.returncode}"
