"""`counterpart checklist`: what is to be proven, what it rests on, and what is still open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from functools import partial
from pathlib import Path

import click

from counterpart import project
from counterpart.carried import disagreements
from counterpart.checklist import Additional, Approval, Checklist, Decision, Decisions, Supplement
from counterpart.checklist.decisions import settle
from counterpart.checklist.errors import FileDefects
from counterpart.cli import documents, tracing
from counterpart.cli.carrying import carried
from counterpart.cli.loading import vocabulary
from counterpart.cli.showing import FILE, JSON, counted, show_finding, show_json, show_lines, told
from counterpart.gherkin import Finding, read_features
from counterpart.gherkin import lint as lint_features
from sync.flow import SHIPPED


@click.group()
def checklist() -> None:
    """Read documents, and look at the checklist that was derived from one."""


for command in (documents.read, documents.items, documents.compare_, documents.update, documents.scaffold_):
    checklist.add_command(command)
for command in (tracing.trace, tracing.review):
    checklist.add_command(command)


@checklist.command(short_help="What nobody has decided.")
@FILE
@JSON
def points(file: Path, as_json: bool) -> None:
    """List what the document leaves open, what is done about it, and whether anybody has decided so.

    For example: counterpart checklist points

    Ends with exit code 1 while something is undecided.
    """
    found = Checklist.load(file)
    additional = Additional.load(file.with_name("additional.toml"), found)
    decisions = Decisions.load(file.with_name("decisions.toml"), found).including(additional)
    if as_json:
        show_json([{**asdict(point), "decision": decisions.made.get(point.id)} for point in decisions.points])
    else:
        for point in decisions.points:
            decision = decisions.made.get(point.id)
            click.echo(f"{point.id}: {_standing(decision)}")
            show_lines("    ", point.question)
            if decision:
                said = "Meanwhile" if decision.standing == "undecided" else "Choice"
                show_lines("    ", f"{said}: {decision.choice}. {decision.reason}")
                if decision.shows:
                    show_lines("    ", f"Not shown: flow and scenarios do otherwise: {decision.shows}.")
            show_lines("    ", f"{'Blocks' if point.blocking else 'For'} {', '.join(point.items)}")
        click.echo(
            f"\n{counted(len(decisions.points), 'point')}: {len(decisions.undecided)} undecided, "
            f"{len(decisions.points) - len(decisions.unapproved)} approved. "
            "Next: counterpart checklist decide POINT CHOICE --reason WHY --by NAME --role ROLE"
        )
    if decisions.undecided:
        raise SystemExit(1)


def _standing(decision: Decision | None) -> str:
    if decision is None:
        return "undecided"
    if decision.lapsed:
        return f"suggested; {decision.lapsed.by}'s approval lapsed, as the choice or the document has changed"
    if decision.approved:
        return f"approved by {decision.approved.by}, {decision.approved.role}, on {decision.approved.on}"
    return decision.standing


@checklist.command(short_help="Decide an open point.")
@click.argument("point")
@click.argument("choice")
@click.option("--reason", required=True, help="why")
@click.option("--by", "name", help="who approves it; without a name it is a suggestion")
@click.option("--role", help="in which role")
@click.option("--shown", is_flag=True, help="flow and scenarios have been changed and show this choice")
@FILE
@JSON
def decide(
    point: str,
    choice: str,
    reason: str,
    name: str | None,
    role: str | None,
    shown: bool,
    file: Path,
    as_json: bool,
) -> None:
    """Decide an open POINT; with --by and --role the CHOICE is approved.

    A CHOICE in other words than `counterpart checklist points` shows is taken for another one: what depends on the
    point stays open until flow and scenarios show it, and --shown says so.

    \b
    For example: counterpart checklist decide deletes:product-item keep \\
                   --reason "As agreed." --by "Kari Nordmann" --role QA
    """
    if (name is None) != (role is None):
        raise click.UsageError("an approval needs both --by and --role")
    approval = Approval(name, date.today(), role, reason) if name and role else None
    path = file.with_name("decisions.toml")
    made = settle(path, Checklist.load(file), point, choice, reason, approval, shown=shown)
    if as_json:
        show_json(made)
    else:
        click.echo(f"{made.point}: {made.choice} ({made.standing}).")
        if made.shows:
            show_lines(
                "",
                f"Flow and scenarios show something else: {made.shows}. What depends on it stays open until both are "
                "changed; then decide again with --shown.",
            )


@checklist.command(short_help="What is amiss, without running anything.")
@click.option("--steps", "package", default="steps", show_default=True, help="the package of the step definitions")
@click.option(
    "--sync",
    type=click.Choice(("own", "external")),
    default="own",
    show_default=True,
    help="own: hold the supplement against what our sync carries, too",
)
@click.option(
    "--flows",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=SHIPPED,
    help="the flows of our sync, where others than the shipped ones are used",
)
@FILE
@JSON
def lint(package: str, sync: str, flows: Path, file: Path, as_json: bool) -> None:
    """Say what is amiss with checklist, supplement, decisions and features, all at once, without running anything.

    \b
    For example: counterpart checklist lint
                 counterpart checklist lint --checklist tripletex/features/checklist.toml

    Ends with exit code 1 when something is.
    """
    findings = list(_findings(file, package, flows if sync == "own" else None))
    if as_json:
        show_json([told(each) for each in findings])
    else:
        for each in findings:
            show_finding(each)
        click.echo(f"{counted(len(findings), 'thing')} amiss." if findings else "Nothing is amiss.")
    if findings:
        raise SystemExit(1)


def _findings(file: Path, package: str, flows: Path | None) -> Iterator[Finding]:
    found = Checklist.load(file)
    supplement = file.with_name("supplement.toml")
    try:
        rows = Supplement.load(supplement, found)
    except FileDefects as error:
        yield from map(partial(_unusable, error.path), error.defects)
    else:
        if flows:
            yield from disagreements(found, rows, list(carried(flows)), supplement)
    try:
        Decisions.load(file.with_name("decisions.toml"), found)
    except FileDefects as error:
        yield from map(partial(_unusable, error.path), error.defects)
    names = project.known(file.parent, found, Additional.load(file.with_name("additional.toml"), found))
    result = lint_features(read_features(file.parent), names, vocabulary(package, file.parent))
    yield from (*result.defects, *result.warnings)


def _unusable(path: Path, defect: str) -> Finding:
    """A defect of a file of ours, which ends in its cure."""
    message, _, cure = defect.rpartition("; ")
    return Finding("unusable-file", path, 1, message or defect, cure if message else "mend it")
