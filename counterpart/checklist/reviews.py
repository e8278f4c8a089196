"""What each item and its scenarios said when they were last looked at, so that a later edit of either can be seen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Self

from counterpart.checklist.approvals import seal, text
from counterpart.checklist.errors import ReviewsError
from counterpart.checklist.items import Item
from counterpart.checklist.tomlfile import load_toml, replace_file

FILE_NAME = "trace.toml"
_CURE = "bring it back from the repository, or remove it and write it anew: counterpart checklist review --all"
_HEAD = """\
# What each item and its scenarios said when they were last looked at; `counterpart checklist trace` tells what has
# changed since. Written by `counterpart checklist review ITEM --by NAME --role ROLE`; without a name it is only noted.
"""
_HASH = re.compile(r"[0-9a-f]{64}")
_SHORT_HASH = re.compile(r"[0-9a-f]{16}")
_TEXTS = ("short", "id", "statement", "wording")


@dataclass(frozen=True)
class Review:
    """An item as it was seen on a day; `by` is empty while it was only noted.

    `statement` is the fingerprint of the document's statement, `wording` that of our own, `scenarios` are fingerprints
    by identity.
    """

    short: str
    id: str
    statement: str
    wording: str
    scenarios: Mapping[str, str]
    on: date
    by: str = ""
    role: str = ""

    @classmethod
    def of(cls, item: Item, scenarios: Mapping[str, str], on: date, by: str = "", role: str = "") -> Self:
        """The item as it is now."""
        return cls(item.short, item.id, item.fingerprint, seal(item.wording), dict(scenarios), on, by, role)

    def fits(self, item: Item) -> bool:
        """Whether the item still says what was seen."""
        return (self.statement, self.wording) == (item.fingerprint, seal(item.wording))

    def __str__(self) -> str:
        return f"reviewed by {self.by}, {self.role}, on {self.on}" if self.by else f"noted on {self.on}"


@dataclass(frozen=True)
class Reviews:
    """The latest review of each item, by its short id."""

    by_item: Mapping[str, Review]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote, nothing where there is no file; raises ReviewsError with every mistake."""
        if not path.exists():
            return cls({})
        data = load_toml(path, ReviewsError)
        tables = data.get("item", [])
        if data.keys() - {"item"} or not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
            raise ReviewsError(path, [f"it has [[item]] tables only; {_CURE}"])
        wrong = [sentence for number, table in enumerate(tables, 1) for sentence in _amiss(f"item {number}", table)]
        shorts = [table.get("short") for table in tables]
        wrong += [f"{short} stands twice; {_CURE}" for short in dict.fromkeys(shorts) if shorts.count(short) > 1]
        if wrong:
            raise ReviewsError(path, wrong)
        return cls({table["short"]: Review(**{"scenarios": {}, **table}) for table in tables})

    def with_these(self, reviews: Iterable[Review], items: Iterable[str]) -> Self:
        """These reviews in place of older ones, without those of items that are not there any more."""
        merged = {**self.by_item, **{review.short: review for review in reviews}}
        return type(self)({short: merged[short] for short in items if short in merged})

    def save(self, path: Path) -> None:
        """Write the reviews, replacing the file as a whole."""
        lines = [_HEAD.rstrip("\n")]
        for review in self.by_item.values():
            lines += ["", "[[item]]", *(f"{name} = {text(getattr(review, name))}" for name in _TEXTS)]
            lines += [f"{name} = {text(getattr(review, name))}" for name in ("by", "role") if getattr(review, name)]
            lines.append(f"on = {review.on.isoformat()}")
            if review.scenarios:
                lines.append("[item.scenarios]")
            lines += [f"{text(name)} = {text(print_)}" for name, print_ in review.scenarios.items()]
        replace_file(path, "\n".join(lines) + "\n")


def _amiss(place: str, table: Mapping[str, Any]) -> list[str]:
    wrong = [f"{place}: {name!r} must be a text; {_CURE}" for name in _TEXTS if not _is_text(table.get(name))]
    wrong += [
        f"{place}: {name!r} must be a text; {_CURE}" for name in ("by", "role") if not _is_text(table.get(name, "x"))
    ]
    if ("by" in table) != ("role" in table):
        wrong.append(f"{place}: a review has a name and a role; {_CURE}")
    if type(table.get("on")) is not date:
        wrong.append(f"{place}: 'on' must be a day; {_CURE}")
    if _is_text(table.get("statement")) and not _HASH.fullmatch(table["statement"]):
        wrong.append(f"{place}: 'statement' is no SHA-256 hash; {_CURE}")
    scenarios = table.get("scenarios", {})
    if not isinstance(scenarios, dict) or not all(_SHORT_HASH.fullmatch(str(each)) for each in scenarios.values()):
        wrong.append(f"{place}: 'scenarios' must be fingerprints by name; {_CURE}")
    unknown = table.keys() - {*_TEXTS, "by", "role", "on", "scenarios"}
    return wrong + [f"{place}: {key!r} is no key of it; {_CURE}" for key in sorted(unknown)]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
