"""The shadows of links, read from their table behind the sync's back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# A shadow of `=` is what the observations of both sides show.
_SELECT = (
    "SELECT id, flow, erp_id, inv_id, shadow, diverged, children, state, generation, erp ->> 0, inv ->> 0 FROM link"
)


@dataclass(frozen=True)
class Shadow:
    """What both sides were last known to agree on: by property, Customerp's value and Invoiced's."""

    link: int
    flow: str
    erp_id: str
    inv_id: str
    agreed: Mapping[str, tuple[Any, Any]]
    diverged: Mapping[str, str]  # where they do not agree, and why
    children: list[Any]  # line links: Customerp's id, Invoiced's, and what both are known to say
    state: str
    generation: int


def shadows(database: sqlite3.Connection, where: str, parameters: tuple[str, ...] = ()) -> Iterator[Shadow]:
    """Of the links of which that holds."""
    for link, flow, erp_id, inv_id, shadow, diverged, children, state, generation, erp, inv in database.execute(
        f"{_SELECT} WHERE {where}",
        parameters,
    ).fetchall():
        if shadow == "=":
            theirs = json.loads(inv)
            agreed = {name: (value, theirs.get(name)) for name, value in json.loads(erp).items()}
        else:
            agreed = {name: (pair[0], pair[1]) for name, pair in json.loads(shadow or "{}").items()}
        apart, lines = json.loads(diverged or "{}"), json.loads(children or "[]")
        yield Shadow(link, flow, erp_id, inv_id, agreed, apart, lines, state, generation)
