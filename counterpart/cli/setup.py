"""`counterpart init` and `counterpart doctor`: from nothing to a sync that can run, and what stands in its way."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from counterpart.cli.doctor import Finding, Standing, examine
from counterpart.cli.opening import CONFIG
from sync.config import CREDENTIALS, FILE, load, template

_MARKS: Mapping[Standing, Text] = {
    "good": Text("ok", "green"),
    "doubtful": Text("look", "yellow"),
    "bad": Text("no", "bold red"),
}


@click.command()
@click.argument("file", default=FILE, type=click.Path(dir_okay=False, path_type=Path))
def init(file: Path) -> None:
    """Write a commented file of settings, every one at its default. An existing file stays as it is.

    \b
    Example:
      counterpart init && $EDITOR counterpart.toml && counterpart doctor
    """
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(template())
    except FileExistsError:
        raise click.UsageError(f"{file} exists already. Edit it, or name another file.") from None
    click.echo(f"{file} written. Next: say in it where both systems are, set in the environment")
    click.echo(f"  {', '.join(CREDENTIALS.values())}")
    click.echo("and see with `counterpart doctor` whether it would work.")


@click.command()
@CONFIG
@click.option(
    "--contracts",
    default="contracts",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="the folder of the OpenAPI contracts",
)
@click.option("--json", "as_json", is_flag=True, help="print JSON instead of a table")
def doctor(config: Path | None, contracts: Path, as_json: bool) -> None:
    """Check settings, flows, state, both addresses and credentials, the clocks, and that answers keep to the contracts.

    Changes nothing anywhere. Ends with 0 when a sync would work, 1 when something should be looked at, otherwise with
    the code of the first thing that is wrong.
    """
    findings = list(examine(load(os.environ, config), os.environ, contracts))
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2, ensure_ascii=False))
    else:
        _show(findings)
    bad = [finding.code for finding in findings if finding.standing == "bad"]
    raise SystemExit(bad[0] if bad else any(finding.standing == "doubtful" for finding in findings))


def _show(findings: list[Finding]) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        # What systems answer comes from outside; as Text it cannot be taken for markup.
        said = finding.found if finding.standing == "good" or not finding.cure else f"{finding.found}\n{finding.cure}."
        table.add_row(_MARKS[finding.standing], finding.check, Text(said))
    Console().print(table)
