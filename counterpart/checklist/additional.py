"""Items beyond the document: what users expect of a two-way sync although no statement says so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from counterpart.checklist.checklist import Checklist
from counterpart.checklist.errors import AdditionalError
from counterpart.checklist.items import Item
from counterpart.checklist.tomlfile import load_toml

_SHORT = re.compile(r"[a-z0-9-]+/[a-z0-9-]+")


@dataclass(frozen=True)
class Unscripted:
    """What is expected and no scenario of these flows shows, and why not."""

    wording: str
    reason: str


@dataclass(frozen=True)
class Additional:
    """The additional items in the order of the file, the requirements behind each, and those in our words by number.

    An additional item is an `Item` whose long id begins with `additional/`; its fingerprint is that of its wording.
    """

    items: tuple[Item, ...] = ()
    requirements: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    wordings: Mapping[int, str] = field(default_factory=dict)
    unscripted: Mapping[int, Unscripted] = field(default_factory=dict)
    """By number the requirements without a scenario."""

    @classmethod
    def load(cls, path: Path, checklist: Checklist) -> Self:
        """Read the additional items, none where there is no file; raises AdditionalError with every mistake."""
        if not path.exists():
            return cls()
        data = load_toml(path, AdditionalError)
        wrong = [
            f"{key!r} is no part of it; write [[requirement]], [[unscripted]] or [[item]]"
            for key in data.keys() - _KINDS.keys()
        ]
        wordings: dict[int, str] = {}
        for number, table in _tables(data, "requirement", wrong):
            if table["number"] in wordings:
                wrong.append(f"requirement {number}: the number {table['number']} stands twice; remove one")
            wordings[table["number"]] = table["wording"]
        unscripted: dict[int, Unscripted] = {}
        for number, table in _tables(data, "unscripted", wrong):
            if table["number"] in wordings or table["number"] in unscripted:
                wrong.append(f"unscripted {number}: the number {table['number']} stands twice; remove one")
            unscripted[table["number"]] = Unscripted(table["wording"], table["reason"])
        items: list[Item] = []
        requirements: dict[str, tuple[int, ...]] = {}
        flows = [flow.id for flow in checklist.flows]
        taken = {item.short for item in checklist.items}
        for number, table in _tables(data, "item", wrong):
            short, wording = table["short"], table["wording"]
            flow, _, kind = short.partition("/")
            if not _SHORT.fullmatch(short) or flow not in flows:
                wrong.append(f"item {number}: {short!r} is no flow/kind; the flows are {', '.join(flows)}")
            if short in taken:
                wrong.append(f"item {number}: {short} is an item already; give it another kind")
            taken.add(short)
            wrong += [
                f"item {number} ({short}): no requirement has the number {each!r}; write it or take it out"
                for each in table["requirements"]
                if each not in wordings
            ]
            fingerprint = sha256(wording.encode()).hexdigest()
            items.append(Item(f"additional/{short}", short, flow, kind, wording, fingerprint))
            requirements[short] = tuple(table["requirements"])
        if wrong:
            raise AdditionalError(path, wrong)
        return cls(tuple(items), requirements, wordings, unscripted)


_KINDS: Mapping[str, Mapping[str, type]] = {
    "requirement": {"number": int, "wording": str},
    "unscripted": {"number": int, "wording": str, "reason": str},
    "item": {"short": str, "wording": str, "requirements": list},
}
_WANTED = {int: "a number", str: "a text", list: "a list of numbers"}


def _tables(data: Mapping[str, Any], name: str, wrong: list[str]) -> list[tuple[int, dict[str, Any]]]:
    """The tables of a name that can be read, numbered from one; what is amiss with the others joins `wrong`."""
    tables = data.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        wrong.append(f"{name!r} is no list of tables; write [[{name}]] above each")
        return []
    found = []
    for number, table in enumerate(tables, 1):
        amiss = [
            f"{name} {number}: {key!r} must be {_WANTED[kind]}"
            for key, kind in _KINDS[name].items()
            if type(table.get(key)) is not kind or not table[key]
        ]
        amiss += [f"{name} {number}: {key!r} is no key of it; remove it" for key in table.keys() - _KINDS[name].keys()]
        wrong += amiss
        if not amiss:
            found.append((number, table))
    return found
