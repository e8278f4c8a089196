"""Names of systems and objects, folded to ids that survive a change of spelling.

One system appears under several spellings within weeks (Customerp, Custom ERP, CustomERP, Custom), and roles were
first written as a last word (`Customers company`), later in brackets (`Customers (organisation data)`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Spellings that stand for one system; any other system is known by its own letters and digits.
ALIASES = {"customerp": ("Custom ERP", "CustomERP", "Customerp", "Custom")}
ROLES = {
    "organisation": (" company", " (organisation data)"),
    "human": (" person", " (human data)"),
    "classification": (" (classification data)",),
    "location": (" (location data)",),
    "product": (" (product data)",),
}
# What a role is called in the short name of a flow; the other roles are called by their id.
SHORT_ROLES = {"organisation": "company", "human": "person"}


@dataclass(frozen=True)
class System:
    """A system as a document spells it, and its id."""

    raw: str

    @property
    def id(self) -> str:
        """Lower-case letters and digits, equal for all known spellings."""
        for id_, spellings in ALIASES.items():
            if self.raw in spellings:
                return id_
        return _letters(self.raw)

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every spelling that means this system, longest first."""
        return tuple(sorted({self.raw, *ALIASES.get(self.id, ())}, key=lambda name: (-len(name), name)))


@dataclass(frozen=True)
class ObjectName:
    """One half of a flow's heading: the system, the object within it, and the role that the object plays."""

    raw: str
    system: System
    object: str
    role: str | None

    @property
    def id(self) -> str:
        """The object's id with its role behind a dot; the system is named apart."""
        return _letters(self.object) + (f".{self.role}" if self.role else "")

    @property
    def singular(self) -> str:
        """The object's name for one record of it."""
        return self.object[:-1] if self.object.endswith("s") and not self.object.endswith("ss") else self.object

    @property
    def short(self) -> str:
        """The word for this half in the short name of a flow."""
        return SHORT_ROLES.get(self.role, self.role) if self.role else _letters(self.singular)


def object_name(raw: str, system: str) -> ObjectName | None:
    """Cut a heading's half into system, object and role; None when it does not begin with a spelling of the system."""
    for spelling in System(system).spellings:
        if raw.startswith(f"{spelling} "):
            rest = raw[len(spelling) + 1 :]
            for role, suffixes in ROLES.items():
                for suffix in suffixes:
                    if rest.endswith(suffix) and len(rest) > len(suffix):
                        return ObjectName(raw, System(spelling), rest.removesuffix(suffix), role)
            return ObjectName(raw, System(spelling), rest, None)
    return None


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", name.lower())
