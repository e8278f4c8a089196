"""Documents and runs made up in the grammar and the words of the real ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from counterpart.checklist import Checklist, Supplement

FEATURES = Path(__file__).parents[2] / "features"
THREE_FLOWS = (("Customer", "Customers company"), ("Order", "Invoices"), ("Product", "Items"))


def _flow(source: str, target: str, system: str, rows: Sequence[tuple[str, str, str]]) -> list[str]:
    heading = f"{source} to {target}"
    table = [cell for row in rows for cell in (f"   * - {row[0]}", f"     - {row[1]}", f"     - {row[2]}")]
    return [
        heading,
        "-" * len(heading),
        f"Every {source} will be synchronized with a {target}.",
        "",
        f"Once a link between a {source} and a {target} is established, it will keep in sync between the two "
        "systems, regardless of where it is edited.",
        "",
        f"The following properties are synchronized between a {source} and a {target}:",
        "",
        ".. list-table::",
        "   :header-rows: 1",
        "",
        f"   * - {source} Property",
        f"     - {target} Property",
        f"     - {system} Data Type",
        *table,
        "",
    ]


@pytest.fixture
def write() -> Callable[..., str]:
    """Write a document; `heading` is the source system's spelling in headings, `rows` are those of the first flow."""

    def make(
        source: str = "Customerp",
        target: str = "Invoiced",
        *,
        heading: str | None = None,
        flows: Sequence[tuple[str, str]] = THREE_FLOWS,
        rows: Sequence[tuple[str, str, str]] = (),
        generated: str = "2024-01-02 03:04:05",
    ) -> str:
        title = f"{source} to {target} Dataflow"
        lines = ["=" * len(title), title, "=" * len(title), "", f"Generated: {generated}", ""]
        lines += ["Introduction", "-" * 12, "", f"How records get from {source} to {target}.", ""]
        for number, (left, right) in enumerate(flows):
            lines += [""] if number else []
            lines += _flow(f"{heading or source} {left}", f"{target} {right}", target, () if number else rows)
        return "\n".join(lines)

    return make


@pytest.fixture
def compose() -> Callable[..., str]:
    """Write a document from sections given as (source half, target half, statements before the link, property rows)."""

    def make(
        *sections: tuple[str, str, str, Sequence[str]],
        title: str = "Acme to Invoiced",
        system: str = "Invoiced",
        introduction: str = "Introduction",
    ) -> str:
        title = f"{title} Dataflow"
        way = title.removesuffix(" Dataflow")
        lines = ["=" * len(title), title, "=" * len(title), "", "Generated: 2024-01-02 03:04:05", ""]
        lines += [introduction, "-" * 12, "", f"How records get from {way}.", ""]
        for number, (source, target, statements, rows) in enumerate(sections):
            lines += [""] if number else []
            # Everything of a plain section but its opening, and the cells as they are given.
            plain = _flow(source, target, system, ())
            lines += [*plain[:2], *statements.format(source=source, target=target).split("\n"), *plain[3:-1], *rows, ""]
        return "\n".join(lines)

    return make


@pytest.fixture
def checklist() -> Checklist:
    return Checklist.load(FEATURES / "checklist.toml")


@pytest.fixture
def supplement(checklist: Checklist) -> Supplement:
    return Supplement.load(FEATURES / "supplement.toml", checklist)


@dataclass(frozen=True)
class Shown:
    """What a verdict needs to know of a scenario."""

    id: str
    items: tuple[str, ...]
    outcome: str = "passed"
    pairs: tuple[tuple[str, str], ...] = ()
    proof: str = "emulator recording"

    @property
    def node_id(self) -> str:
        return f"{self.items[0]}::{self.id}"


@dataclass(frozen=True)
class Ended:
    """What a verdict needs to know of a run."""

    partial: bool = False
    expected: dict[str, int] = field(default_factory=dict)
    exit_status: int = 0


@pytest.fixture
def shown() -> Callable[..., Any]:
    return lambda id_, item, *more, **changed: Shown(id_, (item, *more), **changed)


@pytest.fixture
def ended() -> Callable[..., Any]:
    return Ended
