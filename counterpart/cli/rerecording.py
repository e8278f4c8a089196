"""`counterpart cassettes review` and `diff`: what a new recording means, and who has read it."""

from __future__ import annotations

import subprocess
import tempfile
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import click

from counterpart.replay import Cassette, CassetteError
from counterpart.replay.drift import Weight, compare, to_text, verdict
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
@click.argument("old", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("new", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def diff(old: Path, new: Path) -> None:
    """Tell what a NEW recording means against the OLD one: which calls, which fields, and how grave that is."""
    changes = compare(Cassette.load(old), Cassette.load(new))
    click.echo(to_text(changes), nl=False)
    if verdict(changes) is not Weight.HARMLESS:
        raise SystemExit(1)


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
