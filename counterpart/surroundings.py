"""In what a run takes place: revision, versions, what it is made from, the CI job, and what it connects to."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from platform import platform, python_version

VERSIONED = ("counterpart", "pytest", "pytest-bdd", "vcrpy", "schemathesis", "faker", "allure-pytest", "httpx")
# What decides how a run ends; recordings have a hash each beside their scenario.
INPUTS = ("features", "steps", "sync", "counterpart", "contracts", "requirements.lock")
LOOPBACK = re.compile(r"127\..*|::1|localhost|0\.0\.0\.0")

# Each CI names its job in variables of its own: the first variable tells which CI it is, then name, number and address.
_JOBS = {
    "GITHUB_ACTIONS": ("GitHub Actions", "GITHUB_WORKFLOW", "GITHUB_RUN_NUMBER", ""),
    "GITLAB_CI": ("GitLab CI", "CI_JOB_NAME", "CI_PIPELINE_IID", "CI_JOB_URL"),
    "JENKINS_URL": ("Jenkins", "JOB_NAME", "BUILD_NUMBER", "BUILD_URL"),
}


def versions() -> dict[str, str]:
    """The versions of what a run is made with."""
    return {name: version(name) for name in VERSIONED} | {"python": python_version(), "system": platform()}


def revision(root: Path) -> tuple[str, bool]:
    """The revision of the working tree, and whether it has changes that are not part of it."""
    return git(root, "rev-parse", "HEAD"), bool(git(root, "status", "--porcelain"))


def inputs(root: Path) -> dict[str, str]:
    """A hash of each part of the project that decides how a run ends, by the text of its files."""
    return {name: digest for name in INPUTS if (digest := _digest(root / name))}


def job(environment: Mapping[str, str]) -> dict[str, str]:
    """The CI job that this process runs in: `ci`, `name`, `number`, `url`; empty outside of one."""
    for known, (ci, name, number, url) in _JOBS.items():
        if environment.get(known):
            found = {"ci": ci, "name": environment.get(name, ""), "number": environment.get(number, "")}
            return found | {"url": environment.get(url, "") if url else _github(environment)}
    return {}


def git(root: Path, *arguments: str) -> str:
    """What git says, or nothing where there is no repository or no git."""
    try:
        asked = subprocess.run(  # noqa: S603 - fixed words, no shell
            ["git", *arguments],  # noqa: S607 - the git of the user's PATH is the one meant
            cwd=root,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return asked.stdout.strip()


class Watch:
    """Notes to which hosts outside this machine anything in this process connects, from now on."""

    def __init__(self) -> None:
        self.hosts: set[str] = set()
        # A hook cannot be taken away again, so one that is no longer asked just goes on noting.
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == "socket.connect":
            address = arguments[1]
            # A path is a socket of this machine.
            if isinstance(address, tuple) and address and not LOOPBACK.fullmatch(str(address[0])):
                self.hosts.add(str(address[0]))


def _github(environment: Mapping[str, str]) -> str:
    parts = [environment.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
    return f"{parts[0]}/{parts[1]}/actions/runs/{parts[2]}" if all(parts) else ""


def _digest(path: Path) -> str:
    if path.is_file():
        files = [path]
    else:
        # Compiled files and what editors leave behind decide nothing.
        known = (".py", ".toml", ".feature", ".yaml", ".yml", ".json", ".html", ".typ", ".md")
        files = sorted(
            Path(folder, name)
            for folder, _, names in os.walk(path, followlinks=True)
            for name in names
            if name.endswith(known)
        )
    if not files:
        return ""
    whole = sha256()
    for file in files:
        content = file.read_bytes().replace(b"\r\n", b"\n")
        whole.update(f"{file.relative_to(path.parent).as_posix()} {len(content)}\n".encode() + content)
    return whole.hexdigest()
