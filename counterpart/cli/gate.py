"""`counterpart gate`: may this go on? Yes, or no with every reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import click

from counterpart import docket
from counterpart.checklist import ChecklistError
from counterpart.checklist.gate import Ruling, rule
from counterpart.checklist.policy import Policy
from counterpart.cli.showing import show_lines

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("name", metavar="GATE")
@click.option(
    "--policy", "policy_file", default="gate.toml", show_default=True, type=FILE, help="what the gates demand"
)
@click.option("--artifact", default="", metavar="DIGEST", help="what is to be released; it must be what was tested")
@click.option("--results", "results_file", default="reports/results.json", show_default=True, type=FILE)
@click.option("--signers", default="features/allowed_signers", show_default=True, type=FILE, help="who may sign")
@click.option(
    "--archive",
    default="reports/archive",
    show_default=True,
    envvar="COUNTERPART_ARCHIVE",
    type=FOLDER,
    help="where the log of signatures lies",
)
@click.option("--document", type=FILE, help="the dataflow document, where it is at hand")
@click.option("--json", "as_json", is_flag=True, help="the ruling as JSON")
def gate(
    name: str,
    policy_file: Path,
    artifact: str,
    results_file: Path,
    signers: Path,
    archive: Path,
    document: Path | None,
    as_json: bool,
) -> None:
    """Ask GATE, a table of gate.toml, whether this may go on: candidate (every change) or release (signed).

    Ends with 0 for yes, 1 for no with every reason, and 2 when the policy is not usable, so that nothing can be
    decided. What is missing, unreadable or doubtful is a no.

    \b
    Examples:
      counterpart gate candidate
      counterpart gate release --artifact sha256:4f2a... --json
    """
    now = datetime.now(UTC)
    try:
        policy = Policy.load(policy_file, name)
    except (ChecklistError, OSError) as error:
        raise click.ClickException(f"nothing can be decided: {error}") from None
    papers = docket.Papers(Path.cwd(), results_file, signers, archive, document)
    facts = docket.gather(papers, policy, artifact, now)
    ruling = rule(policy, facts)
    if as_json:
        click.echo(json.dumps(_told(ruling, artifact, facts.tree.revision, policy_file, results_file, now), indent=1))
    else:
        _show(ruling)
    raise SystemExit(0 if ruling.passed else 1)


def _told(
    ruling: Ruling, artifact: str, revision: str, policy: Path, results: Path, now: datetime
) -> dict[str, object]:
    """The ruling with what it is about, so that it can be kept and looked into later."""
    return {
        "schema": "counterpart-ruling/1",
        "gate": ruling.gate,
        "answer": "yes" if ruling.passed else "no",
        "at": now.isoformat(timespec="seconds"),
        "revision": revision,
        "artifact": artifact,
        "policy": _hash(policy),
        "results": _hash(results),
        "reasons": [vars(each) for each in ruling.reasons],
    }


def _show(ruling: Ruling) -> None:
    if ruling.passed:
        click.echo(f"{ruling.gate}: yes")
        return
    count = len(ruling.reasons)
    click.echo(f"{ruling.gate}: no, for {count} {'reason' if count == 1 else 'reasons'}")
    # What concerns the run as a whole bears the empty item, and comes first.
    for item in sorted({each.item for each in ruling.reasons}):
        click.echo(f"\n{item or 'the run as a whole'}")
        for each in ruling.reasons:
            if each.item == item:
                show_lines(f"  {each.code:<26}", each.sentence)


def _hash(path: Path) -> str:
    return f"sha256:{sha256(path.read_bytes()).hexdigest()}" if path.is_file() else ""
