"""`counterpart cassettes review` and `diff`: what a new recording means, and who has read it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from counterpart import project
from counterpart.replay import Cassette, CassetteError, path_for
from counterpart.replay.drift import Change, Weight, compare, learn, to_text, verdict
from counterpart.replay.reviews import FILE, Review, Reviews, add, to_be_read

ROOT = click.option(
    "--root",
    default=".",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="the project's folder; by default the current one",
)
_MOST_VERSIONS = 100


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--by", metavar="NAME", help="ask about each of them and write down what you have found right")
@click.option("--note", default="read and found right", show_default=True, help="what to write down with it")
@ROOT
def review(paths: tuple[Path, ...], by: str | None, note: str, root: Path) -> None:
    """Show what nobody has reviewed yet: how it differs from what was reviewed last, or all of it.

    With --by each text is followed by a question; recordings that changed alike are asked about once. What you
    answer yes to is written into cassettes/reviews.toml, bound to the content, and committed with the recordings.

    \b
    counterpart cassettes review cassettes/product-item
    counterpart cassettes review --by "Ada Lovelace" --note "new discount rule, see order 4711"
    """
    folder = root / "cassettes"
    known = Reviews.load(folder / FILE)
    files = sorted(
        {file for path in paths or (folder,) for file in ([path] if path.is_file() else path.rglob("*.yaml"))}
    )
    alike: dict[str, list[tuple[str, Cassette]]] = defaultdict(list)
    for file in files:
        name, cassette = file.resolve().relative_to(folder.resolve()).as_posix(), Cassette.load(file)
        if known.of(name, cassette) is None:
            alike[to_be_read(_reviewed_before(root, file, known, name), cassette)].append((name, cassette))
    read: dict[str, str] = {}
    left = sum(map(len, alike.values()))
    for text, group in alike.items():
        click.secho("\n".join(name for name, _ in group), bold=True)
        click.echo(text)
        if by and click.confirm("Is this right?"):
            read |= {name: cassette.content for name, cassette in group}
    if by and read:
        add(folder / FILE, Review(by, datetime.now(UTC).date(), note, read))
    left -= len(read)
    click.echo(f"{len(files) - left} of {len(files)} recordings are reviewed.")
    if left:
        raise SystemExit(1)


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--new", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="compare with this file instead"
)
@click.option("--against", type=click.Choice(["emulators", "live"]), default="emulators", show_default=True)
@click.option(
    "--times",
    type=click.IntRange(1, 10),
    default=2,
    show_default=True,
    help="how often to record; what differs between these is volatile, and no change",
)
@click.option("--json", "as_json", is_flag=True, help="print every change for programs")
@ROOT
def diff(paths: tuple[Path, ...], new: Path | None, against: str, times: int, as_json: bool, root: Path) -> None:
    """Record again, beside, and tell what has changed: which calls, which fields, and how grave that is.

    PATHS are recordings or folders of them; by default all. Nothing below cassettes/ is touched. A change is harmless
    (another instant, say), additive (something more), or breaking; the last two end with exit code 1.

    \b
    counterpart cassettes diff cassettes/product-item
    counterpart cassettes diff --against live --times 3
    counterpart cassettes diff cassettes/a.yaml --new /tmp/a.yaml
    """
    folder = root / "cassettes"
    files = sorted(
        {each for path in paths or (folder,) for each in ([path] if path.is_file() else path.rglob("*.yaml"))}
    )
    if new is not None:
        if len(files) != 1:
            raise click.UsageError("--new compares one recording; name that one")
        found = {files[0].name: compare(Cassette.load(files[0]), Cassette.load(new))}
    else:
        with tempfile.TemporaryDirectory(prefix="counterpart-diff-") as beside:
            found = _compared(root, files, Path(beside), against, times)
    changed = {name: changes for name, changes in found.items() if changes}
    gravest = max(map(verdict, changed.values()), default=Weight.HARMLESS)
    if as_json:
        listed = [{"cassette": name, "changes": list(map(_plain, changes))} for name, changes in changed.items()]
        click.echo(json.dumps({"verdict": str(gravest), "compared": len(found), "changed": listed}, indent=1))
    else:
        for name, changes in changed.items():
            click.secho(name, bold=True)
            click.echo(to_text(changes))
        click.echo(
            f"{len(changed)} of {len(found)} recordings differ, {gravest}." if changed else "Nothing has changed."
        )
    if gravest is not Weight.HARMLESS:
        raise SystemExit(1)


def _files(paths: Sequence[Path]) -> list[Path]:
    return sorted({each for path in paths for each in ([path] if path.is_file() else path.rglob("*.yaml"))})


def _plain(change: Change) -> dict[str, str]:
    return {name: str(getattr(change, name)) for name in ("weight", "call", "path", "before", "after")}


def _compared(root: Path, files: list[Path], beside: Path, against: str, times: int) -> dict[str, list[Change]]:
    """The changes of each recording against the last of several new ones, but for what differs among these."""
    scenarios = {
        path_for(root / "cassettes", identity.item, identity.scenario, identity.row).resolve(): (
            f"{outline.path.relative_to(root).as_posix()}::{identity.scenario}"
            + (f"[{identity.row}]" if identity.row else "")
        )
        for outline in project.scenarios(root / "features")
        for identity in outline.identities()
    }
    unused = [file for file in files if file.resolve() not in scenarios]
    if unused:
        raise click.UsageError(f"{unused[0]} is the recording of no scenario, so it cannot be made again")
    node_ids = [scenarios[file.resolve()] for file in files]
    for number in range(times):
        click.echo(f"Recording {len(files)} scenarios, {number + 1} of {times} ...", err=True)
        _record(root, node_ids, beside / str(number), against)
    found = {}
    for file in files:
        name = file.resolve().relative_to((root / "cassettes").resolve())
        again = [Cassette.load(beside / str(number) / name) for number in range(times)]
        found[name.as_posix()] = compare(Cassette.load(file), again[-1], volatile=learn(again))
    return found


def _record(root: Path, node_ids: list[str], folder: Path, against: str) -> None:
    command = [sys.executable, "-m", "pytest", *node_ids, f"--against={against}", "--record", f"--cassettes={folder}"]
    command += [f"--reports={folder / 'reports'}", "-q", "-p", "no:allure_pytest"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode:
        raise click.ClickException(f"some scenarios did not pass, so they cannot be compared:\n{done.stdout[-4000:]}")


def _reviewed_before(root: Path, file: Path, known: Reviews, name: str) -> Cassette | None:
    """The content that was reviewed last under this name, from the repository's history; None where there is none."""
    wanted = list(known.contents_of(name))
    if not wanted:
        return None
    path = file.resolve().relative_to(root.resolve()).as_posix()
    versions = _git(root, "rev-list", f"--max-count={_MOST_VERSIONS}", "HEAD", "--", path) or ""
    with tempfile.TemporaryDirectory() as folder:
        for revision in versions.split():
            older = Path(folder) / file.name
            older.write_text(_git(root, "show", f"{revision}:{path}") or "", "utf-8")
            try:
                cassette = Cassette.load(older)
            except CassetteError:
                continue
            if cassette.content in wanted:
                return cassette
    return None


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, no shell
            ["git", *arguments],  # noqa: S607 - the git of the user's PATH is the one meant
            cwd=root,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
