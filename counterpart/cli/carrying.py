"""The pairs that our own sync carries, in the words of a supplement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from counterpart.carried import CarriedPair
from counterpart.checklist.supplement import Travels
from counterpart.trace import line_of_table
from sync.converters import (
    Boolean,
    Choice,
    Converter,
    Country,
    Currency,
    Day,
    Email,
    Number,
    Percent,
    Reference,
    Terms,
    Words,
)
from sync.flow import SHIPPED, load_flow
from sync.schema import Flow, Pair

# Which types of a supplement each converter understands; words that need no conversion travel as text.
_TYPES: Mapping[type[Converter], frozenset[str]] = {
    Converter: frozenset({"text", "choice"}),
    Email: frozenset({"text"}),
    Words: frozenset({"text"}),
    Country: frozenset({"country"}),
    Currency: frozenset({"currency"}),
    Boolean: frozenset({"boolean"}),
    Number: frozenset({"decimal", "integer"}),
    Day: frozenset({"date"}),
    Terms: frozenset({"integer"}),
    Percent: frozenset({"percent"}),
    Choice: frozenset({"choice"}),
    Reference: frozenset({"reference"}),
}


def carried(folder: Path = SHIPPED) -> Iterator[CarriedPair]:
    """The pairs of all flows of a folder; raises FlowError."""
    here = Path.cwd()
    for file in sorted(folder.glob("*.toml")):
        flow = load_flow(file)
        file = file.relative_to(here) if file.is_relative_to(here) else file
        for pair in flow.pairs:
            yield _pair(flow, pair, file)
        if flow.lines:
            for pair in flow.lines.pairs:
                yield _pair(flow, pair, file, f"{flow.lines.source}.", f"{flow.lines.target}.")


def _pair(flow: Flow, pair: Pair, file: Path, source: str = "", target: str = "") -> CarriedPair:
    return CarriedPair(
        flow.id,
        source + pair.source,
        target + (pair.shown or pair.target),
        cast(Travels, pair.direction.replace("_", "-")),
        _TYPES[type(pair.converter)],
        pair is flow.match,
        file,
        line_of_table(file, [f'source = "{pair.source}"', f'target = "{pair.target}"']),
    )
