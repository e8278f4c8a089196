"""Who wrote what others approved, as the repository's history tells it: nobody approves their own words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from counterpart.checklist import Decisions, Supplement, Waivers
from counterpart.surroundings import git

# Lines that an approval itself writes into a table.
_OF_APPROVAL = re.compile(r"\s*(standing|approved|rejected)\s*=")


def same_hand(root: Path, supplement: Supplement, decisions: Decisions, waivers: Waivers) -> tuple[str, ...]:
    """Approvals by somebody who wrote the words that they approved, each in a sentence.

    Without a history nothing can be said, and nothing is.
    """
    return (
        *_of(root, "features/supplement.toml", "row", {r.id: r.approved.by for r in supplement.rows if r.approved}),
        *_of(
            root,
            "features/decisions.toml",
            "decision",
            {point: made.approved.by for point, made in decisions.made.items() if made.approved},
        ),
        *_of(
            root,
            "features/waivers.toml",
            "waiver",
            {item: each.approved.by for item, each in waivers.waivers.items() if each.approved},
        ),
    )


def _of(root: Path, file: str, array: str, approvers: dict[str, str]) -> Iterator[str]:
    if not approvers:
        return
    for lines, authors in tables(git(root, "blame", "--line-porcelain", "--", file), array):
        text = "\n".join(lines)
        for name, approver in approvers.items():
            if _is(name, text, array) and approver.casefold() in {author.casefold() for author in authors}:
                yield f"{approver} approved {array} {name} of {file} and wrote it as well."


def tables(blame: str, array: str) -> Iterator[tuple[list[str], set[str]]]:
    """The tables of an array in git's porcelain blame: their lines, and who wrote those that no approval writes."""
    lines: list[str] = []
    authors: set[str] = set()
    author, inside = "", False
    for line in blame.splitlines():
        if line.startswith("author "):
            author = line.removeprefix("author ")
        elif line.startswith("\t"):
            text = line[1:]
            if text.startswith("["):
                if inside:
                    yield lines, authors
                inside, lines, authors = text.strip() == f"[[{array}]]", [], set()
            if inside:
                lines.append(text)
                if text.strip() and not text.startswith("#") and not _OF_APPROVAL.match(text):
                    authors.add(author)
    if inside:
        yield lines, authors


def _is(name: str, text: str, array: str) -> bool:
    """Whether a table is the one of this name; a row is named by flow, source and target."""
    if array == "row":
        flow, _, pair = name.partition("/")
        values = [flow, *pair.split(">")]
    else:
        values = [name]
    return all(f'"{value}"' in text for value in values)
