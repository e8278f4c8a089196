"""Names of systems and objects, folded to ids that survive a change of spelling.

One system appears under several spellings within weeks (Customerp, Custom ERP, CustomERP, Custom), and roles were
first written as a last word (`Customers company`), later in brackets (`Customers (organisation data)`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

# Spellings that stand for one system although their letters differ; any other system is known by its letters and
# digits, which takes blanks, points and capitals out of the question.
ALIASES = {
    "customerp": ("Custom ERP", "Custom"),
    "exact": ("Exact Online", "Exact"),
    "powerofficego": ("PowerOffice GO", "PowerOffice"),
    "wave": ("Wave Financial", "Wave"),
    "wix": ("Wix.com", "Wix"),
}
ROLES = {
    "organisation": (" company", " (organisation data)"),
    "human": (" person", " (human data)"),
    "classification": (" (classification data)",),
    "location": (" (location data)",),
    "product": (" (product data)",),
}
# What a role is called in the short name of a flow; the other roles are called by their id.
SHORT_ROLES = {"organisation": "company", "human": "person"}
# How a half of a heading names its system: as it is known, by a beginning of its name, by several spellings run
# together (the documents of one September evening), or not at all.
Naming = Literal["known", "beginning", "run together", "empty"]
# No system of the family has a longer name; a heading of ten thousand words is not worth as many tries.
MAX_WORDS = 6
# Fewer letters than these say nothing about which system is meant.
MIN_LETTERS = 3


@dataclass(frozen=True)
class System:
    """A system as a document spells it, and its id; `known_as` is the id of one that the document leaves unnamed."""

    raw: str
    known_as: str = ""

    @property
    def id(self) -> str:
        """Lower-case letters and digits, equal for all known spellings."""
        own = letters(self.raw)
        for id_, spellings in ALIASES.items():
            if own == id_ or own in map(letters, spellings):
                return id_
        return own or self.known_as

    @property
    def name(self) -> str:
        """What people may call it: its spelling, or its id where the document leaves it unnamed."""
        return self.raw or self.known_as or "the unnamed system"

    @property
    def folds(self) -> tuple[str, ...]:
        """Every spelling that means this system, as letters and digits, longest first."""
        known = {letters(self.raw), self.id, *map(letters, ALIASES.get(self.id, ()))} - {""}
        return tuple(sorted(known, key=lambda fold: (-len(fold), fold)))

    def named_by(self, text: str) -> Naming | None:
        """How a text names this system; None when it names another one."""
        fold = letters(text)
        if not fold:
            return "empty"
        folds = self.folds
        if fold in folds:
            return "known"
        rest = fold
        while rest and (first := next((each for each in folds if rest.startswith(each)), None)):
            rest = rest.removeprefix(first)
        if not rest:
            return "run together"
        if len(fold) >= MIN_LETTERS and any(each.startswith(fold) for each in folds):
            return "beginning"
        return None


@dataclass(frozen=True)
class ObjectName:
    """One half of a flow's heading: the system, the object within it, and the role that the object plays."""

    raw: str
    system: System
    object: str
    role: str | None
    naming: Naming = "known"

    @property
    def id(self) -> str:
        """The object's id with its role behind a dot; the system is named apart."""
        return letters(self.object) + (f".{self.role}" if self.role else "")

    @property
    def singular(self) -> str:
        """The object's name for one record of it."""
        return self.object[:-1] if self.object.endswith("s") and not self.object.endswith("ss") else self.object

    @property
    def short(self) -> str:
        """The word for this half in the short name of a flow."""
        return SHORT_ROLES.get(self.role, self.role) if self.role else letters(self.singular)


def object_name(raw: str, system: System) -> ObjectName | None:
    """Cut a heading's half into system, object and role; None when it does not begin with a name of the system.

    The longest beginning that is a known spelling wins, then one of several spellings run together, then one that
    the system's name begins with.
    """
    if raw.startswith(" "):
        return with_system(raw, "", system)
    words = raw.split(" ")[: MAX_WORDS + 1]
    beginnings = [" ".join(words[:count]) for count in range(min(len(words) - 1, MAX_WORDS), 0, -1)]
    namings = [(beginning, system.named_by(beginning)) for beginning in beginnings]
    for wanted in ("known", "run together", "beginning"):
        for beginning, naming in namings:
            if naming == wanted:
                return with_system(raw, beginning, system)
    return None


def with_system(raw: str, spelling: str, system: System) -> ObjectName | None:
    """Cut a heading's half behind a spelling of the system; None when it does not begin with that, or names no object.

    A half without a system begins with a blank.
    """
    naming = system.named_by(spelling)
    if naming is None and min(len(letters(spelling)), len(system.id)) >= MIN_LETTERS:
        # The title may have the shorter name: "Wix" for "Wix.com".
        naming = "beginning" if letters(spelling).startswith(system.folds) else None
    rest = raw.removeprefix(f"{spelling} ")
    if naming is None or rest == raw or not letters(rest):
        return None
    for role, suffixes in ROLES.items():
        for suffix in suffixes:
            if rest.endswith(suffix) and letters(rest.removesuffix(suffix)):
                return ObjectName(raw, system, rest.removesuffix(suffix), role, naming)
    return ObjectName(raw, system, rest, None, naming)


def letters(name: str) -> str:
    """The lower-case letters and digits of a name."""
    return re.sub(r"[^a-z0-9]+", "", name.lower())
