"""The examples for CI servers: their syntax, and that what they call exists."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from counterpart.cli.main import COMMANDS, cli

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "docs" / "ci"


def lines_of(name: str) -> list[str]:
    """The shell commands of an example."""
    text = (EXAMPLES / name).read_text("utf-8")
    if name == "Jenkinsfile":
        return re.findall(r"sh '([^']*)'", text)
    data: dict[str, Any] = yaml.safe_load(text)
    if name == "gitlab-ci.yml":
        jobs = [data["default"], *(job for key, job in data.items() if isinstance(job, dict) and "script" in job)]
        return [line for job in jobs for line in (*job.get("before_script", ()), *job.get("script", ()))]
    return [step["run"] for job in data["jobs"].values() for step in job["steps"] if "run" in step]


@pytest.mark.parametrize("name", ["github-actions.yml", "gitlab-ci.yml", "Jenkinsfile"])
def test_what_an_example_calls_exists(name: str) -> None:
    lines = lines_of(name)
    assert any("gate candidate" in line for line in lines)
    targets = set(re.findall(r"^([\w./$()]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)) | {".venv/ready"}
    for line in lines:
        # An expression of the server's own stands for a word.
        shell = re.sub(r"\$\{\{.*?\}\}", "word", line)
        assert subprocess.run(["bash", "-n", "-c", shell], check=False).returncode == 0, line
        for target in re.findall(r"\bmake (\S+)", shell):
            assert target in targets, line
        for words in re.findall(r"\.venv/bin/counterpart ([^>&|]+)", shell):
            called(words.split())


def called(words: list[str]) -> None:
    """Follow the words of a command to its end and see that it knows the options."""
    command: click.Command = cli
    context = click.Context(cli)
    while isinstance(command, click.Group) and words:
        found = command.get_command(context, words[0])
        assert found is not None, words
        command, words = found, words[1:]
    known = {option for each in command.params for option in each.opts}
    assert {word for word in words if word.startswith("--")} <= known
    assert COMMANDS


def test_github_jobs_have_what_github_wants() -> None:
    data = yaml.safe_load((EXAMPLES / "github-actions.yml").read_text("utf-8"))
    # YAML 1.1 reads the key `on` as true.
    assert set(data) == {"name", True, "permissions", "jobs"}
    for job in data["jobs"].values():
        assert job["runs-on"]
        assert all(("run" in step) != ("uses" in step) for step in job["steps"])
    flows = data["jobs"]["shard"]["strategy"]["matrix"]["flow"]
    assert set(flows) == {path.name for path in (ROOT / "features").iterdir() if any(path.glob("*.feature"))}


def test_gitlab_jobs_belong_to_a_stage() -> None:
    data = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text("utf-8"))
    jobs = {name: job for name, job in data.items() if isinstance(job, dict) and "script" in job}
    assert {job["stage"] for job in jobs.values()} == set(data["stages"])


def test_the_jenkinsfile_is_closed_where_it_is_opened() -> None:
    text = re.sub(r"//.*|'[^']*'", "", (EXAMPLES / "Jenkinsfile").read_text("utf-8"))
    assert text.startswith("\n") or text.lstrip().startswith("pipeline {")
    for opened, closed in ("{}", "[]", "()"):
        assert text.count(opened) == text.count(closed)
