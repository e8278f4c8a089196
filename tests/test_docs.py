"""What the README promises exists."""

from __future__ import annotations

import re
from pathlib import Path

import click

from counterpart.cli.main import EXIT_CODES, cli

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def commands(group: click.Group, prefix: str = "counterpart") -> dict[str, click.Command]:
    """Every command by the words that call it."""
    found: dict[str, click.Command] = {}
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found[f"{prefix} {name}"] = command
        if isinstance(command, click.Group):
            found |= commands(command, f"{prefix} {name}")
    return found


def test_every_command_of_the_readme_exists() -> None:
    named = {" ".join(words) for words in re.findall(r"^(counterpart)((?: [a-z]+)+)", README, re.MULTILINE)}
    named = {re.sub(r"\s+", " ", name).strip() for name in named}
    assert named
    assert named <= commands(cli).keys()


def test_every_command_of_the_manuals_exists() -> None:
    pages = {path.name: path.read_text("utf-8") for path in (ROOT / "docs").glob("*.md")}
    named = {
        (page, " ".join(words))
        for page, text in pages.items()
        for words in re.findall(r"^ *(counterpart) ([a-z]+) ([a-z]+)", text, re.MULTILINE)
    }
    assert ("checklist.md", "counterpart checklist trace") in named
    known = commands(cli)
    # What follows a command that has no commands of its own are its arguments.
    alone = {name for name, command in known.items() if not isinstance(command, click.Group)}
    unknown = [(page, name) for page, name in sorted(named) if name not in known]
    assert [(page, name) for page, name in unknown if name.rpartition(" ")[0] not in alone] == []


def test_every_command_has_help() -> None:
    assert [name for name, command in commands(cli).items() if not (command.help or "").strip()] == []


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"^make ([a-z]+)", README, re.MULTILINE))
    assert named
    assert named <= targets


def test_the_exit_codes_stand_in_the_readme_as_in_the_help() -> None:
    codes = dict(re.findall(r"^  (\d+) +(.+)$", EXIT_CODES, re.MULTILINE))
    assert codes == dict(re.findall(r"^\| (\d+) \| (.+) \|$", README, re.MULTILINE))


def test_every_file_of_the_readme_exists() -> None:
    named = set(re.findall(r"`((?:features|steps|sync|contracts|docs|tests|bench|counterpart)/[\w./-]+)`", README))
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_ci_runs_what_the_readme_tells_a_newcomer_to_run() -> None:
    assert "make test" in (ROOT / ".ci" / "run").read_text("utf-8")
