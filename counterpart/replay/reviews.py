"""Which recordings a named person has read: a review is bound to what a recording says, and lapses with it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from counterpart.replay.cassette import Cassette, write_whole
from counterpart.replay.drift import compare, to_text
from counterpart.replay.errors import UnusableReviews

FILE = "reviews.toml"
_HEAD = """\
# Who has read which recordings. A review is bound to the content of each recording: whatever is recorded anew counts
# as stale until somebody has read what has changed. Written by `counterpart cassettes review --by NAME`.
"""


@dataclass(frozen=True)
class Review:
    """One reading: by whom, when, with which remark, and of which recordings; `contents` has hashes by name."""

    by: str
    on: date
    note: str
    contents: Mapping[str, str]

    def to_toml(self) -> str:
        """The review as a table of the file."""
        lines = ["[[review]]", f"by = {_text(self.by)}", f"on = {self.on.isoformat()}", f"note = {_text(self.note)}"]
        lines += ["", "[review.contents]"]
        lines += [f"{_text(name)} = {_text(content)}" for name, content in sorted(self.contents.items())]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Reviews:
    """All reviews, oldest first."""

    reviews: tuple[Review, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Reviews:
        """Read the file; none is no review yet. Raises UnusableReviews."""
        try:
            document = tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError) as error:
            raise UnusableReviews(path, str(error)) from error
        if document.keys() - {"review"} or not isinstance(document.get("review", []), list):
            raise UnusableReviews(path, "it has something else than [[review]] tables")
        return cls(tuple(_parsed(path, number, each) for number, each in enumerate(document.get("review", []), 1)))

    def of(self, name: str, cassette: Cassette) -> Review | None:
        """The latest review of exactly this content under this name."""
        content = cassette.content
        return next((each for each in reversed(self.reviews) if each.contents.get(name) == content), None)

    def contents_of(self, name: str) -> Iterator[str]:
        """The hashes under which a recording has been reviewed, latest first."""
        return (each.contents[name] for each in reversed(self.reviews) if name in each.contents)


def add(path: Path, review: Review) -> None:
    """Append a review to the file; raises UnusableReviews when the file cannot be read as it is."""
    Reviews.load(path)
    before = path.read_text("utf-8") if path.exists() else _HEAD
    write_whole(path, f"{before.rstrip()}\n\n{review.to_toml()}")


def to_be_read(old: Cassette | None, new: Cassette) -> str:
    """What a reviewer reads: what has changed since the last review, or all that is said where there was none."""
    if old is not None:
        return to_text(compare(old, new))
    lines = ["Never reviewed."]
    place: tuple[int | None, str | None] = (None, None)
    for each in new.interactions:
        if (each.step, each.actor) != place:
            place = (each.step, each.actor)
            lines += ["", f"step {each.step}, {each.actor}" if each.step else "outside the steps"]
        body = f" {each.request_text}" if each.request_body else ""
        lines.append(f"  {each}{body} -> {each.status}")
    return "\n".join(lines) + "\n"


def _parsed(path: Path, number: int, given: Any) -> Review:
    wanted = {"by": str, "on": date, "note": str, "contents": dict}
    if not isinstance(given, dict) or given.keys() != wanted.keys():
        raise UnusableReviews(path, f"review {number} needs {', '.join(wanted)} and nothing else")
    wrong = [name for name, kind in wanted.items() if type(given[name]) is not kind]
    contents = given["contents"]
    if wrong or not given["by"].strip() or not all(isinstance(each, str) for each in contents.values()):
        named = ", ".join(wrong) or "its name or a hash"
        raise UnusableReviews(path, f"review {number}: {named} is not what it should be")
    return Review(given["by"], given["on"], given["note"], contents)


def _text(value: str) -> str:
    # A JSON string is a basic TOML string, but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
