"""`counterpart checklist` with a document: read it, compare it, take the next one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from counterpart.checklist import (
    Attestation,
    Checklist,
    Connected,
    Diagnostic,
    Difference,
    Document,
    Item,
    VersionDifference,
    adopted,
    against_opposite,
    compare,
    compare_versions,
    diagnose,
    read_file,
    scaffold,
)
from counterpart.checklist.attestation import FILE_NAME
from counterpart.checklist.diagnostics import NOTHING
from counterpart.cli.showing import DOCUMENT, FILE, JSON, counted, show_json, show_lines, show_table
from counterpart.cli.signoff import KEPT
from counterpart.cli.touched import Touched
from counterpart.listed import against_contracts, real_types, required
from counterpart.stage import CONTRACTS
from counterpart.trace import contracts_in
from sync.flow import load_flows

# Where the contracts of the systems lie that have one.
HERE = Path("contracts")
SEVERITIES = ("block", "warn", "note")
# As many places of one finding are named; all of them stand in the JSON.
NAMED = 5
TODO = {"new": "write", "reworded": "review", "blocked": "decide", "gone": "retire", "other systems": "decide"}


@click.command(short_help="Flows and findings of a document.")
@click.argument("document", type=DOCUMENT)
@click.option("--opposite", type=DOCUMENT, help="the document of the other direction, to find flows without a way back")
@JSON
def read(document: Path, opposite: Path | None, as_json: bool) -> None:
    """Read a DOCUMENT: its flows, how many items they give, and what to know about it.

    For example: counterpart checklist read customerp-invoiced.rst

    Ends with exit code 1 when items are blocked until somebody has decided something.
    """
    found = read_file(document)
    derived = Checklist.of(found)
    diagnostics = (
        *diagnose(found),
        *against_contracts(found, contracts_in(HERE)),
        *(against_opposite(found, read_file(opposite)) if opposite else ()),
    )
    if as_json:
        show_json(
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
        click.echo(f"{found.title}, generated {found.generated:%Y-%m-%d %H:%M:%S} UTC\n")
        if derived.flows:
            show_table(
                ("flow", "items", "listed properties"),
                [(each.id, len(derived.by_flow[each.id]), _rows(derived.by_flow[each.id])) for each in derived.flows],
            )
        else:
            click.echo("Nothing to check: the document has no flow. That is not a pass.")
        _show_diagnostics(diagnostics, document.name)
        blocked = sum(1 for item in derived.items if item.blocked)
        flows, items_ = counted(len(derived.flows), "flow"), counted(len(derived.items), "item")
        click.echo(f"\n{flows}, {items_}, {blocked} of them blocked.")
        if derived.flows and not opposite:
            alone = "That edits travel back rests on this document alone"
            show_lines("", f"{alone}; --opposite compares it with the other direction's.")
        if derived.flows:
            click.echo(f"Next: counterpart checklist items {document}")
    if any(each.severity == "block" for each in diagnostics):
        raise SystemExit(1)


def _show_diagnostics(diagnostics: Iterable[Diagnostic], name: str) -> None:
    """The weightiest first; what was assumed and what to do stand once below all findings of a kind."""

    def kind(each: Diagnostic) -> tuple[Any, ...]:
        return (SEVERITIES.index(each.severity), each.code, each.assumed, each.cure)

    for (severity, code, assumed, cure), group in groupby(sorted(diagnostics, key=kind), key=kind):
        lines: dict[str, list[int]] = {}
        for each in group:
            lines.setdefault(each.message, []).append(each.line)
        click.echo(f"\n{SEVERITIES[severity]}: {code}")
        for message, (first, *others) in lines.items():
            show_lines(f"  {name}:{first}: ", message + _elsewhere(others))
        show_lines("  Assumed: ", assumed)
        if cure != NOTHING:
            show_lines("  To do: ", cure)


def _elsewhere(lines: Sequence[int]) -> str:
    """Where else the same was found; a document can say one thing on hundreds of lines."""
    if not lines:
        return ""
    shown = ", ".join(map(str, lines[:NAMED]))
    more = f" and {len(lines) - NAMED} more" if len(lines) > NAMED else ""
    return f" (The same in {'line' if len(lines) == 1 else 'lines'} {shown}{more}.)"


@click.command(short_help="What is to be proven.")
@click.argument("document", type=DOCUMENT, required=False)
@FILE
@JSON
def items(document: Path | None, file: Path, as_json: bool) -> None:
    """List the items with their wording: those of a DOCUMENT, or those of the checklist.

    For example: counterpart checklist items
    """
    found = Checklist.of(read_file(document)) if document else Checklist.load(file)
    if as_json:
        show_json([asdict(item) for item in found.items])
        return
    click.echo(f"{found.document.source} to {found.document.target}\n")
    rows: list[tuple[str, ...]] = []
    for flow in found.flows:
        rows.append((flow.id,))
        rows += [
            (
                f"  {_tail(item)}",
                item.fingerprint[:8],
                item.wording + (f" Blocked: {item.blocked}" if item.blocked else ""),
            )
            for item in found.by_flow[flow.id]
        ]
    show_table(("flow / item", "statement", "what is to be proven"), rows)
    click.echo(
        f"\n{counted(len(found.items), 'item')}. An item is named FLOW/ITEM, as in @{found.items[0].short}."
        if found.items
        else "Nothing to check. That is not a pass."
    )


@click.command(name="compare", short_help="What a document says differently.")
@click.argument("document", type=DOCUMENT, required=False)
@click.argument("newer", type=DOCUMENT, required=False)
@click.option("--attest", is_flag=True, help="keep a dated note of who compared, for places without the document")
@click.option("--by", "name", help="who compares")
@click.option("--role", help="in which role")
@FILE
@KEPT
@JSON
def compare_(
    document: Path | None,
    newer: Path | None,
    attest: bool,
    name: str | None,
    role: str | None,
    file: Path,
    kept: Path,
    as_json: bool,
) -> None:
    """Tell whether a DOCUMENT still says what the checklist was derived from, or what a NEWER one says differently.

    Without a DOCUMENT: who compared last, and whether that still holds.

    \b
    For example: counterpart checklist compare customerp-invoiced.rst
                 counterpart checklist compare old.rst new.rst
                 counterpart checklist compare customerp-invoiced.rst --attest --by "Kari Nordmann" --role QA

    Ends with exit code 1 when there is something to prove anew.
    """
    if attest and (document is None or newer is not None or not name or not role):
        raise click.UsageError("--attest needs one DOCUMENT, --by and --role")
    if document is None:
        anew = _show_attestation(file, as_json)
    elif newer is None:
        differences = compare(Checklist.load(file), read_file(document))
        anew = _show_differences(document, differences, Touched.beside(file, kept), as_json, str(file))
        if attest and name and role:
            anew = _attest(document, file, name, role) or anew
    else:
        versions = compare_versions(read_file(document), read_file(newer))
        anew = _show_differences(newer, versions, Touched.beside(file, kept), as_json, document.name, old=document)
    if anew:
        raise SystemExit(1)


def _show_differences(
    document: Path,
    differences: Sequence[Difference | VersionDifference],
    touched: Touched,
    as_json: bool,
    other: str,
    old: Path | None = None,
) -> bool:
    """Print what differs and what it touches; whether something is to be proven anew."""
    if as_json:
        show_json(
            [
                {**asdict(each), "scenarios": touched.scenarios_of(each), "reports": touched.reports_of(each)}
                for each in differences
            ]
        )
    elif not differences:
        click.echo(f"{document.name} says the same as {other}.")
    else:
        click.echo(f"{counted(len(differences), 'difference')} from {other}\n")
    for each in () if as_json else differences:
        show_lines(_place(each, document, old), each.sentence)
        if own := touched.scenarios_of(each):
            show_lines("    ", f"touches {counted(len(own), 'scenario')} in {', '.join(_files(own))}")
        for report, verdicts in touched.reports_of(each).items():
            said = ", ".join(f"{item} {verdict}" for item, verdict in verdicts.items())
            show_lines("    ", f"touches the report of {report}: {said}")
    return any(each.concerns_items if isinstance(each, Difference) else each.weight < 2 for each in differences)


def _place(each: Difference | VersionDifference, document: Path, old: Path | None) -> str:
    if isinstance(each, Difference):
        return f"{document.name}:{each.line}: " if each.line else ""
    if each.new_line:
        return f"{document.name}:{each.new_line}: "
    return f"{old.name}:{each.old_line}: " if old and each.old_line else ""


def _files(scenarios: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(place.partition(".feature:")[0] + ".feature" for place in scenarios))


def _attest(document: Path, file: Path, name: str, role: str) -> bool:
    found = Attestation.of(Checklist.load(file), read_file(document), name, role, date.today())
    if found is None:
        click.echo(
            "Not attested: the document says something else. Next: counterpart checklist update " + str(document)
        )
        return True
    path = file.with_name(FILE_NAME)
    found.save(path)
    click.echo(f"{name}, {role}, has compared the checklist with {document.name} on {found.on}: {path}")
    return False


def _show_attestation(file: Path, as_json: bool) -> bool:
    found = Attestation.load(file.with_name(FILE_NAME))
    lapsed = found.lapsed(Checklist.load(file), date.today()) if found else None
    if as_json:
        show_json({"attestation": found, "holds": found is not None and lapsed is None, "reason": lapsed})
    elif found is None:
        click.echo(
            "Nobody has said that the checklist was compared with the document. "
            "Next: counterpart checklist compare DOCUMENT --attest --by NAME --role ROLE"
        )
    else:
        held = lapsed or "It holds."
        which = f"the document of {found.generated:%Y-%m-%d}"
        click.echo(f"{found.by}, {found.role}, compared it with {which} on {found.on}. {held}")
    return found is None or lapsed is not None


@click.command(short_help="What there is to do for a new document.")
@click.argument("document", type=DOCUMENT)
@click.option("--write", is_flag=True, help="derive the checklist anew from the document, and nothing else")
@FILE
@KEPT
@JSON
def update(document: Path, write: bool, file: Path, kept: Path, as_json: bool) -> None:
    """Print what there is to do for a new DOCUMENT: scenarios to write, to review, to retire.

    Nothing is changed. With --write the checklist follows the document; then `trace` tells what it has torn.

    For example: counterpart checklist update customerp-invoiced-new.rst

    Ends with exit code 1 when there is something to do.
    """
    touched = Touched.beside(file, kept)
    to_do: dict[str, list[tuple[str, list[str]]]] = {}
    for each in compare(Checklist.load(file), read_file(document)):
        if each.concerns_items:
            to_do.setdefault(TODO[each.change.value], []).append((each.sentence, touched.scenarios_of(each)))
    if as_json:
        show_json(
            {name: [{"sentence": said, "scenarios": own} for said, own in tasks] for name, tasks in to_do.items()}
        )
    elif not to_do:
        click.echo("Nothing to do: no statement differs.")
    else:
        for heading, tasks in to_do.items():
            click.echo(f"To {heading} ({len(tasks)})")
            for sentence, own in tasks:
                show_lines("  ", sentence)
                for name in own:
                    click.echo(f"      {name}")
            click.echo()
        click.echo(f"Scenarios to begin with: counterpart checklist scaffold {document} --out DIR")
    if write:
        newer = read_file(document)
        adopted(newer, _connected(newer)).save(file)
        click.echo(f"{file} was derived anew. Next: counterpart checklist trace", err=as_json)
    elif to_do and not as_json:
        click.echo("Nothing was changed; --write lets the checklist follow the document.")
    if to_do:
        raise SystemExit(1)


@click.command(name="scaffold", short_help="Write features for a document.")
@click.argument("document", type=DOCUMENT)
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="where to write")
@click.option(
    "--like",
    "others",
    multiple=True,
    type=DOCUMENT,
    help="a document with pairs to suggest: the other direction's, ...",
)
@JSON
def scaffold_(document: Path, out: Path, others: tuple[Path, ...], as_json: bool) -> None:
    """Write features for every item of a DOCUMENT into a folder of its own, with a supplement to fill in.

    A file that was changed by hand stays as it is; a second run changes nothing. What other documents list for the
    same records stands in the supplement as comments.

    \b
    For example: counterpart checklist scaffold tripletex-invoiced.rst --out tripletex \\
                   --like invoiced-tripletex.rst
    """
    found = read_file(document)
    written = scaffold(found, out, _connected(found), [read_file(other) for other in others])
    # The drivers read their contracts beside the features.
    for contract in sorted(HERE.glob("*.yaml")):
        copy = out / "contracts" / contract.name
        if not copy.exists():
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes(contract.read_bytes())
    if as_json:
        show_json(written)
        return
    for each in written:
        click.echo(f"{each.state:9}  {each.path}")
    checklist = Checklist.load(out / "features" / "checklist.toml")
    blocked = sum(1 for item in checklist.items if item.blocked)
    click.echo(f"\n{counted(len(checklist.items), 'item')}, {blocked} of them blocked. Next:")
    click.echo(f"  pytest --collect-only -q {out}")
    click.echo(f"  counterpart checklist points --checklist {out}/features/checklist.toml")
    click.echo(f"  counterpart supplement list --checklist {out}/features/checklist.toml")


def _connected(document: Document) -> Connected:
    """What the drivers reach and the shipped sync carries, and what the contracts say of a document's properties."""
    return Connected(
        {name.lower(): name for name in CONTRACTS},
        frozenset(flow.id for flow in load_flows()),
        required(document, contracts_in(HERE)),
        real_types(document, contracts_in(HERE)),
    )


def _rows(found: Sequence[Item]) -> int:
    return sum(1 for item in found if item.kind == "property-source")


def _tail(item: Item) -> str:
    return item.short.removeprefix(f"{item.flow}/")
