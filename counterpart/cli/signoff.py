"""`counterpart signoff`: build the report of a run, sign it, check signatures, keep it, compare it with others."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import cast

import click

from counterpart import dossier
from counterpart.cli.showing import JSON, counted, show_json, show_lines, show_table
from counterpart.reporting import Results, Signature, Signer, Verification, archive, logbook, sign, verify
from counterpart.reporting.signing import DATA, PAGE, PDF
from counterpart.reporting.statement import MEANINGS, Meaning

FOLDER = click.Path(file_okay=False, path_type=Path)
KEPT = click.option(
    "--archive",
    "kept",
    default="reports/archive",
    show_default=True,
    envvar="COUNTERPART_ARCHIVE",
    type=FOLDER,
    help="where signed and archived reports lie, with their log; keep it longer than a build machine lives",
)
SIGNERS = click.option(
    "--signers",
    default="features/allowed_signers",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="who may sign with which key, as ssh-keygen(1) describes it under ALLOWED SIGNERS",
)
REPORT = click.argument("report", default="reports/signoff")


@click.group()
def signoff() -> None:
    """Build, sign, verify, keep and compare sign-offs.

    \b
    counterpart signoff build
    counterpart signoff sign --name kari@example.com --as "QA lead" --meaning review --key ~/.ssh/id_ed25519
    counterpart signoff verify
    """


@signoff.command()
@click.option("--results", default="reports/results.json", show_default=True, type=click.Path(path_type=Path))
@click.option("--out", default="reports/signoff", show_default=True, type=FOLDER, help="where the report goes")
@KEPT
@JSON
def build(results: Path, out: Path, kept: Path, as_json: bool) -> None:
    """Build page, PDF, JSON and evidence from the results of the last run.

    What was under test is told to the run: pytest features/ --product "Sync 4.2" --artifact sha256:...
    Ends with 1 while something is left to be done.

    \b
    counterpart signoff build
    """
    made = dossier.make(Path.cwd(), Results.load(results), out, kept)
    if as_json:
        show_json(made.content["verdict"])
    else:
        click.echo(made.judgement.sentence)
        unmet = [each["criterion"] for each in made.content["completion"]["criteria"] if not each["met"]]
        for criterion in unmet:
            show_lines("  not yet: ", f"{criterion[0].lower()}{criterion[1:]}")
        click.echo(f"{out / PAGE}, {out / PDF}, {out / DATA}")
        click.echo("Next: counterpart signoff sign --help")
    if not made.judgement.proven:
        raise SystemExit(1)


@signoff.command(name="sign")
@REPORT
@click.option("--name", required=True, help="you, as the allowed signers have it")
@click.option("--as", "role", required=True, help="your role, for instance QA lead")
@click.option("--meaning", required=True, type=click.Choice(MEANINGS), help="what your signature says")
@click.option("--key", required=True, type=click.Path(path_type=Path), help="your SSH key; a .pub one asks the agent")
@SIGNERS
@KEPT
def sign_(report: str, name: str, role: str, meaning: str, key: Path, signers: Path, kept: Path) -> None:
    """Sign a report; it takes a review and an approval by different people.

    The signature is bound to every file of the report and, item by item, to its evidence. A signed report is put into
    the archive at once, so that the next run takes nothing away.

    \b
    counterpart signoff sign --name kari@example.com --as "QA lead" --meaning review --key ~/.ssh/id_ed25519
    """
    directory = archive.find(kept, report).directory
    place = archive.keep(directory, kept)
    given = sign(place, key.expanduser(), Signer(name, role, cast(Meaning, meaning)), signers, kept / logbook.LOG)
    archive.add_signatures(place, directory)
    click.echo(f"{given.name} has signed as {given.role}: {given.meaning}. Kept in {place}.")
    if missing := verify(place, signers, kept / logbook.LOG).missing:
        click.echo(f"Still missing: {', '.join(missing)}.")


@signoff.command(name="verify")
@REPORT
@SIGNERS
@KEPT
@click.option("--now", help="a newer report: says for which items the signatures of the older one no longer stand")
@JSON
def verify_(report: str, signers: Path, kept: Path, now: str | None, as_json: bool) -> None:
    """Check every byte of a report, its signatures and the log; ends with 0 only if it is signed and intact.

    \b
    counterpart signoff verify
    counterpart signoff verify 2026-03-02-sync-4.2 --now reports/signoff
    """
    newer = archive.find(kept, now).content if now else None
    found = verify(archive.find(kept, report).directory, signers, kept / logbook.LOG, newer)
    if as_json:
        show_json({**vars(found), "intact": found.intact, "signed": found.signed})
    else:
        _show(found)
    if not found.signed:
        raise SystemExit(1)


def _show(found: Verification) -> None:
    for problem in found.problems:
        show_lines("broken   ", problem)
    for each in found.signatures:
        show_lines("valid    " if each.stands else "lapsed   " if each.valid else "invalid  ", _told(each))
    click.echo(f"{found.directory}: {'intact' if found.intact else 'not as it was signed'}, {found.report[:12]}")
    if found.missing:
        click.echo(f"Still missing: {', '.join(found.missing)}.")


def _told(each: Signature) -> str:
    if not each.valid:
        return f"{each.file}: {each.problem}"
    stands = f"; no longer for {', '.join(each.lapsed)}" if each.lapsed else ""
    return f"{each.meaning} by {each.name}, {each.role}, {each.at}{stands}"


@signoff.command(name="archive")
@REPORT
@KEPT
def archive_(report: str, kept: Path) -> None:
    """Put a report away, signed or not, so that it can be opened and compared later.

    \b
    counterpart signoff archive
    """
    directory = archive.find(kept, report).directory
    place = archive.keep(directory, kept)
    digest = sha256((place / DATA).read_bytes()).hexdigest()
    logbook.append(kept / logbook.LOG, "archived", digest, {"name": place.name}, datetime.now(UTC))
    click.echo(f"Kept as {place.name}.")


@signoff.command(name="list")
@KEPT
@JSON
def list_(kept: Path, as_json: bool) -> None:
    """List what was kept, the oldest first, and earlier attempts that nobody has explained.

    \b
    counterpart signoff list
    """
    logbook.read(kept / logbook.LOG)
    found = archive.kept(kept)
    if as_json:
        show_json(
            [
                {"name": each.name, "release": each.release, "finished": each.finished, "signatures": each.signatures}
                | {"verdict": each.content["verdict"]["sentence"]}
                for each in found
            ]
        )
        return
    if not found:
        click.echo(f"Nothing is kept in {kept}; `counterpart signoff archive` puts a report there.")
        return
    rows = [(each.name, each.release, each.signatures, each.content["verdict"]["sentence"]) for each in found]
    show_table(("Name", "Release", "Signatures", "Verdict"), rows)


@signoff.command()
@click.argument("before")
@click.argument("after", default="reports/signoff")
@KEPT
@JSON
def diff(before: str, after: str, kept: Path, as_json: bool) -> None:
    """Compare two reports; ends with 1 when they differ in anything that was proven.

    \b
    counterpart signoff diff 2026-03-02-sync-4.2
    """
    changed = archive.compared(archive.find(kept, before).content, archive.find(kept, after).content)
    if as_json:
        show_json(changed)
    elif changed:
        rows = [(each.what, each.before or "-", each.after or "-") for each in changed]
        show_table(("What", "Before", "After"), rows)
    click.echo(f"{counted(len(changed), 'difference')}.", err=as_json)
    if changed:
        raise SystemExit(1)


@signoff.command()
@click.argument("attempt", type=int)
@click.option("--by", required=True, help="who says so")
@click.option("--resolution", required=True, help="what was done about it")
@KEPT
def resolve(attempt: int, by: str, resolution: str, kept: Path) -> None:
    """Say what became of an attempt that did not pass; the report of the same product shows it from then on.

    \b
    counterpart signoff resolve 3 --by "Kari Nordmann" --resolution "Fixed in build 812; the price was rounded."
    """
    log = kept / logbook.LOG
    found = {entry.number: entry for entry in logbook.read(log) if entry.kind == "built"}
    if attempt not in found:
        known = ", ".join(map(str, found)) or "none"
        raise click.UsageError(f"no attempt has the number {attempt}; the log has {known}")
    told = {"attempt": attempt, "by": by, "resolution": resolution}
    logbook.append(log, "resolved", found[attempt].report, told, datetime.now(UTC))
    click.echo(f"Attempt {attempt}: {resolution} ({by})")
