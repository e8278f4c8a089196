"""`counterpart checklist`: what is to be proven, what a document says, and what has changed in it."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from counterpart.checklist import (
    Approval,
    Checklist,
    ChecklistError,
    Connected,
    Decisions,
    Item,
    Supplement,
    against_opposite,
    compare,
    compare_versions,
    diagnose,
    read_file,
    scaffold,
)
from counterpart.checklist.decisions import settle
from counterpart.lint import definitions
from counterpart.lint import lint as lint_features
from counterpart.scenarios import FeatureDefect, discover
from counterpart.stage import CONTRACTS
from sync.flow import load_flows

DOCUMENT = click.Path(exists=True, dir_okay=False, path_type=Path)
FILE = click.option(
    "--checklist",
    "file",
    default="features/checklist.toml",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="the checklist to look at; supplement, decisions and features lie beside it",
)
JSON = click.option("--json", "as_json", is_flag=True, help="print JSON instead of text")


@click.group()
def checklist() -> None:
    """Read documents, and look at the checklist that was derived from one."""


@checklist.command()
@click.argument("document", type=DOCUMENT)
@click.option("--opposite", type=DOCUMENT, help="the document of the other direction, to find flows without a way back")
@JSON
def read(document: Path, opposite: Path | None, as_json: bool) -> None:
    """Read a DOCUMENT: its flows, how many items they give, and what to know about it.

    Ends with exit code 1 when items are blocked until somebody has decided something.
    """
    found = read_file(document)
    derived = Checklist.of(found)
    diagnostics = (*diagnose(found), *(against_opposite(found, read_file(opposite)) if opposite else ()))
    if as_json:
        _json(
            {
                "document": {
                    **{name: getattr(found, name) for name in ("title", "pair", "generated", "content_key")},
                    "encoding": asdict(found.encoding),
                },
                "flows": [
                    {"id": flow.id, "items": len(derived.by_flow[flow.id]), "rows": _rows(derived.by_flow[flow.id])}
                    for flow in derived.flows
                ],
                "items": len(derived.items),
                "diagnostics": [asdict(each) for each in diagnostics],
            }
        )
    else:
        click.echo(f"{found.title}, generated {found.generated:%Y-%m-%d %H:%M:%S} UTC")
        show_table(
            ("flow", "items", "listed properties"),
            [(each.id, len(derived.by_flow[each.id]), _rows(derived.by_flow[each.id])) for each in derived.flows],
        )
        if not derived.items:
            click.echo("Nothing to check: the document has no flow. That is not a pass.")
        for each in diagnostics:
            click.echo(each.at(document.name))
        click.echo(
            f"{len(derived.flows)} flows, {len(derived.items)} items, {_blocked(derived.items)} of them blocked."
        )
    if any(each.severity == "block" for each in diagnostics):
        raise SystemExit(1)


@checklist.command()
@click.argument("document", type=DOCUMENT, required=False)
@FILE
@JSON
def items(document: Path | None, file: Path, as_json: bool) -> None:
    """List the items with their wording: those of a DOCUMENT, or those of the checklist."""
    found = Checklist.of(read_file(document)) if document else Checklist.load(file)
    if as_json:
        _json([asdict(item) for item in found.items])
        return
    click.echo(f"{found.document.source} to {found.document.target}")
    show_table(
        ("item", "what is to be proven", "fingerprint"),
        [
            (item.short, item.wording + (f" Blocked: {item.blocked}" if item.blocked else ""), item.fingerprint[:12])
            for item in found.items
        ],
    )


@checklist.command(name="compare")
@click.argument("document", type=DOCUMENT)
@click.argument("newer", type=DOCUMENT, required=False)
@FILE
@JSON
def compare_(document: Path, newer: Path | None, file: Path, as_json: bool) -> None:
    """Tell whether a DOCUMENT still says what the checklist was derived from, or what a NEWER one says differently.

    Ends with exit code 1 when there is something to prove anew.
    """
    if newer is None:
        differences: Sequence[Any] = compare(Checklist.load(file), read_file(document))
        places = [f"{document.name}:{each.line}: " if each.line else "" for each in differences]
        anew = any(each.concerns_items for each in differences)
    else:
        differences = compare_versions(read_file(document), read_file(newer))
        places = [
            f"{newer.name}:{each.new_line}: " if each.new_line else f"{document.name}:{each.old_line}: "
            for each in differences
        ]
        anew = any(each.weight < 2 for each in differences)
    scenarios = _scenarios(file)
    if as_json:
        _json([{**asdict(each), "scenarios": _touched(each, scenarios)} for each in differences])
    elif not differences:
        click.echo(f"{document.name} says the same as {newer.name if newer else file}.")
    else:
        for place, each in zip(places, differences, strict=True):
            touched = _touched(each, scenarios)
            click.echo(f"{place}{each.sentence}" + (f" Touches {len(touched)} scenarios." if touched else ""))
    if anew:
        raise SystemExit(1)


@checklist.command()
@click.argument("document", type=DOCUMENT)
@FILE
@JSON
def update(document: Path, file: Path, as_json: bool) -> None:
    """Print what there is to do for a new DOCUMENT: scenarios to write, to review, to retire. Changes nothing.

    Ends with exit code 1 when there is something to do.
    """
    scenarios = _scenarios(file)
    headings = {"new": "write", "reworded": "review", "blocked": "decide", "gone": "retire", "other systems": "decide"}
    to_do: dict[str, list[tuple[str, list[str]]]] = {}
    for each in compare(Checklist.load(file), read_file(document)):
        if each.concerns_items:
            task = (each.sentence, _touched(each, scenarios))
            to_do.setdefault(headings[each.change.value], []).append(task)
    if as_json:
        _json({name: [{"sentence": said, "scenarios": own} for said, own in tasks] for name, tasks in to_do.items()})
    elif not to_do:
        click.echo("Nothing to do: no statement differs.")
    else:
        for heading, tasks in to_do.items():
            click.echo(f"To {heading}:")
            for sentence, touched in tasks:
                click.echo(f"  {sentence}")
                for name in touched:
                    click.echo(f"    {name}")
    if to_do:
        raise SystemExit(1)


@checklist.command()
@FILE
@JSON
def trace(file: Path, as_json: bool) -> None:
    """Show what each item rests on: scenarios, property rows, decisions.

    Ends with exit code 1 when an item has no scenario or depends on an undecided point.
    """
    found = Checklist.load(file)
    scenarios = _scenarios(file)
    supplement = Supplement.load(file.with_name("supplement.toml"), found)
    decisions = Decisions.load(file.with_name("decisions.toml"), found)
    rows: list[dict[str, Any]] = [
        {
            "item": item.short,
            "fingerprint": item.fingerprint,
            "scenarios": scenarios.get(item.short, []),
            "rows": [row.id for row in supplement.of(item.flow)],
            "decided": [point.id for point, decision in decisions.of(item.short) if decision],
            "undecided": [point.id for point, decision in decisions.of(item.short) if not decision],
            "blocked": item.blocked,
        }
        for item in found.items
    ]
    unproven = [each for each in rows if not each["scenarios"]]
    if as_json:
        _json(rows)
    else:
        show_table(
            ("item", "scenarios", "rows", "undecided"),
            [(each["item"], len(each["scenarios"]), len(each["rows"]), " ".join(each["undecided"])) for each in rows],
        )
        for each in unproven:
            click.echo(f"{each['item']} has no scenario; write one and tag it @{each['item']}.")
    if unproven or decisions.undecided:
        raise SystemExit(1)


@checklist.command()
@FILE
@JSON
def points(file: Path, as_json: bool) -> None:
    """List what the document leaves open, and what was decided.

    Ends with exit code 1 while something is undecided.
    """
    found = Checklist.load(file)
    decisions = Decisions.load(file.with_name("decisions.toml"), found)
    if as_json:
        _json([{**asdict(point), "decision": decisions.made.get(point.id)} for point in decisions.points])
    else:
        rows = []
        for point in decisions.points:
            decision = decisions.made.get(point.id)
            state = "lapsed" if decision and decision.lapsed else decision.standing if decision else "undecided"
            rows.append((point.id, point.question, decision.choice if decision else "", state))
        show_table(("point", "question", "choice", "standing"), rows)
    if decisions.undecided:
        raise SystemExit(1)


@checklist.command()
@click.argument("point")
@click.argument("choice")
@click.option("--reason", required=True, help="why")
@click.option("--by", "name", help="who approves it; without a name it is a suggestion")
@click.option("--role", help="in which role")
@FILE
def decide(point: str, choice: str, reason: str, name: str | None, role: str | None, file: Path) -> None:
    """Decide an open POINT; with --by and --role the CHOICE is approved."""
    if (name is None) != (role is None):
        raise click.UsageError("an approval needs both --by and --role")
    approval = Approval(name, date.today(), role, reason) if name and role else None
    made = settle(file.with_name("decisions.toml"), Checklist.load(file), point, choice, reason, approval)
    click.echo(f"{made.point}: {made.choice} ({made.standing}).")


@checklist.command(name="scaffold")
@click.argument("document", type=DOCUMENT)
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="where to write")
def scaffold_(document: Path, out: Path) -> None:
    """Write features for every item of a DOCUMENT into a folder of its own, with a supplement to fill in.

    A file that was changed by hand stays as it is; a second run changes nothing.
    """
    connected = Connected({name.lower(): name for name in CONTRACTS}, frozenset(flow.id for flow in load_flows()))
    written = scaffold(read_file(document), out, connected)
    # The drivers read their contracts beside the features.
    for contract in sorted(Path("contracts").glob("*.yaml")):
        copy = out / "contracts" / contract.name
        if not copy.exists():
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes(contract.read_bytes())
    for each in written:
        click.echo(f"{each.state:9} {each.path}")
    click.echo(f"Collect them with: pytest --collect-only -q {out}")


@checklist.command()
@click.option("--steps", "package", default="steps", show_default=True, help="the package of the step definitions")
@FILE
@JSON
def lint(package: str, file: Path, as_json: bool) -> None:
    """Say what is amiss with checklist, supplement, decisions and features, all at once, without running anything.

    Ends with exit code 1 when something is.
    """
    findings = list(_findings(file, package))
    if as_json:
        _json(findings)
    else:
        for sentence in findings or ["Nothing is amiss."]:
            click.echo(sentence)
    if findings:
        raise SystemExit(1)


def _findings(file: Path, package: str) -> Iterable[str]:
    found = Checklist.load(file)
    for load, name in ((Supplement.load, "supplement.toml"), (Decisions.load, "decisions.toml")):
        try:
            load(file.with_name(name), found)
        except ChecklistError as error:
            yield from str(error).splitlines()
    try:
        module = importlib.import_module(package)
    except ImportError as error:
        raise click.UsageError(f"the steps in {package!r} cannot be loaded: {error}") from None
    for name in getattr(module, "pytest_plugins", ()):
        importlib.import_module(name)
    result = lint_features(file.parent, {item.short: file for item in found.items}, definitions(package))
    yield from map(str, (*result.defects, *result.warnings))


def _scenarios(file: Path) -> dict[str, list[str]]:
    """The scenarios of each item, by short id; nothing where the features cannot be read."""
    try:
        outlines = discover(file.parent, (item.short for item in Checklist.load(file).items))
    except (FeatureDefect, OSError, ValueError):
        return {}
    found: dict[str, list[str]] = {}
    for outline in outlines:
        for item in outline.items:
            found.setdefault(item, []).append(f"{outline.path}:{outline.line}: {outline.title}")
    return found


def _touched(difference: Any, scenarios: dict[str, list[str]]) -> list[str]:
    names = getattr(difference, "items", None) or ([difference.item] if getattr(difference, "item", None) else [])
    return list(dict.fromkeys(scenario for name in names for scenario in scenarios.get(name, [])))


def _rows(found: Sequence[Item]) -> int:
    return sum(1 for item in found if item.kind == "property-source")


def _blocked(found: Sequence[Item]) -> int:
    return sum(1 for item in found if item.blocked)


def _json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def _plain(value: object) -> object:
    return asdict(value) if hasattr(value, "__dataclass_fields__") else str(value)  # type: ignore[call-overload]


def show_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; no cell is taken for markup."""
    table = Table()
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        # A document's names may look like markup.
        table.add_row(*(Text(str(cell)) for cell in row))
    Console().print(table)
