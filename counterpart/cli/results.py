"""`counterpart results`: what a run has left, joined from several jobs or told in short."""

from __future__ import annotations

import json
from pathlib import Path

import click

from counterpart.checklist import judge
from counterpart.project import standards
from counterpart.reporting import Places, Results, brief, markdown, publish, retract
from counterpart.reporting.content import candidate
from counterpart.reporting.merge import gather, merge, missing
from counterpart.reporting.results import RESULTS

ROOT = click.option(
    "--root",
    default=".",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="the project's folder; by default the current one",
)
FILE = click.Path(exists=True, path_type=Path)


@click.group()
def results() -> None:
    """Join and tell the results of runs (reports/results.json)."""


@results.command(name="merge")
@click.argument("parts", nargs=-1, required=True, type=FILE)
@click.option("--out", default="reports", type=click.Path(file_okay=False, path_type=Path), help="where reports go")
@click.option("--json", "as_json", is_flag=True, help="tell the outcome as JSON")
@ROOT
def merge_(parts: tuple[Path, ...], out: Path, as_json: bool, root: Path) -> None:
    """Join the PARTS of a run, shards and reruns of what failed, into the reports of one run.

    A part is a results.json, or the folder that holds one; Allure's results beside it are taken along. Ends with exit
    code 1 when a scenario was run in none of them.

    \b
    Example:
      counterpart results merge shard-1/reports shard-2/reports rerun/reports
    """
    files = [part / RESULTS if part.is_dir() else part for part in parts]
    merged = merge([(file, Results.load(file)) for file in files])
    places = Places.below(out)
    with gather(files) as kept:
        retract(places)
        kept.move_to(places.allure)
        signoff = publish(places, merged, *standards(root, candidate(merged.facts)))
    lost = missing(merged)
    if as_json:
        click.echo(json.dumps({"counts": merged.counts, "missing": lost, "sentence": signoff.judgement.sentence}))
    else:
        for name in lost:
            click.echo(f"in no part: {name}")
        click.echo("\n".join(brief(merged, signoff.judgement, places, 100)))
    if lost:
        raise SystemExit(1)


@results.command()
@click.argument("file", default=Path("reports", RESULTS), type=click.Path(path_type=Path))
@click.option("--markdown", "as_markdown", is_flag=True, help="as a page for CI, instead of ten lines")
@ROOT
def summary(file: Path, as_markdown: bool, root: Path) -> None:
    """Tell in ten lines what a run has shown; FILE is by default reports/results.json.

    \b
    Example, for the page of a GitHub job:
      counterpart results summary --markdown >> "$GITHUB_STEP_SUMMARY"
    """
    found = Results.load(file)
    checklist, supplement, decisions, _, circumstances = standards(root, candidate(found.facts))
    judgement = judge(checklist, supplement, found.ran, found.facts, decisions, circumstances)
    if as_markdown:
        click.echo(markdown(found, judgement), nl=False)
    else:
        click.echo("\n".join(brief(found, judgement, Places.below(file.parent), 100)))
