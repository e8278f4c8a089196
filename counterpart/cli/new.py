"""`counterpart new`: the beginning of a scenario."""

from __future__ import annotations

from pathlib import Path

import click

from counterpart import project
from counterpart.checklist import Additional, Checklist
from counterpart.checklist.tomlfile import replace_file
from counterpart.cli.loading import CONFTEST, vocabulary
from counterpart.cli.showing import FILE
from counterpart.gherkin import SUFFIX, Outline
from counterpart.gherkin.lint import ADDITIONAL_TAG
from counterpart.gherkin.sketch import HEAD, sketch


@click.command()
@click.argument("item")
@click.option("--title", required=True, help="what the scenario shows, in a sentence; its id is made from it")
@click.option("--given", multiple=True, help="a sentence; by default a linked pair of the item's flow")
@click.option("--when", "whens", multiple=True, help="a sentence; by default the sync comes to rest")
@click.option("--then", "thens", multiple=True, required=True, help="a sentence that is to be compared")
@click.option("--steps", "package", default="steps", show_default=True, help="the package of the step definitions")
@FILE
def new(
    item: str,
    title: str,
    given: tuple[str, ...],
    whens: tuple[str, ...],
    thens: tuple[str, ...],
    package: str,
    file: Path,
) -> None:
    """Write a scenario of ITEM, with stubs for the sentences that no step reads yet.

    It runs as far as the first sentence that is still to be written. The scenario goes into the item's feature, the
    stubs into conftest.py beside the checklist.

    \b
    counterpart new customer-company/create --title "A customer with two phones" --then "both phones stand in Invoiced"
    """
    checklist = Checklist.load(file)
    additional = Additional.load(file.with_name("additional.toml"), checklist)
    items = {each.short: each for each in (*checklist.items, *additional.items)}
    if item not in items:
        raise click.UsageError(f"{item!r} is no item; they are listed by: counterpart checklist items")
    flow = checklist.flow(items[item].flow)
    every = project.scenarios(file.parent, checklist)
    outlines = [each for each in every if item in each.items]
    beyond = item in additional.requirements
    # A feature that is not tagged itself, or proves other items, too, leaves it to each scenario to say which.
    alone = all(
        any(tag == item and line < each.begin for tag, line in each.tagged)
        for each in every
        if outlines and each.path == outlines[0].path
    )
    own = [] if alone else [*([ADDITIONAL_TAG] if beyond else []), item]
    steps = [
        *(("given", each) for each in given or (f"a {flow.source} linked with its {flow.target}",)),
        *(("when", each) for each in whens or ("the sync comes to rest",)),
        *(("then", each) for each in thens),
    ]
    made = sketch(title, steps, vocabulary(package, file.parent), own)
    if any(made.id == each.id or title == each.title for each in outlines):
        raise click.UsageError(f"{item} has a scenario {made.id} already; give this one another title")
    feature = _feature(file.parent, item, outlines, items[item].wording, additional=beyond)
    replace_file(feature, f"{feature.read_text('utf-8').rstrip()}\n\n{made.scenario}")
    click.echo(f"{feature}: the scenario @id:{made.id}")
    conftest = file.with_name(CONFTEST)
    if made.stubs:
        before = conftest.read_text("utf-8") if conftest.exists() else HEAD
        replace_file(conftest, before.rstrip() + "\n" + "".join(made.stubs))
        click.echo(f"{conftest}: {len(made.stubs)} to be written")
    click.echo(f'Run it: pytest "{feature}::{made.id}" --against=emulators')


def _feature(folder: Path, item: str, outlines: list[Outline], wording: str, *, additional: bool) -> Path:
    """The feature of the item, begun where there is none."""
    if outlines:
        return outlines[0].path
    path = folder / f"{item}{SUFFIX}"
    tags = f"@{ADDITIONAL_TAG} @{item}" if additional else f"@{item}"
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, f"{tags}\nFeature: {wording.rstrip('.')}\n")
    return path
