"""What a flow says: two record types, their match key, and property by property how they correspond."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from sync.converters import Converter
from sync.values import Value

Direction = Literal["both", "to_target", "to_source", "create_only"]
Owner = Literal["erp", "invoiced"]
Policy = Literal["erp", "invoiced", "latest", "union", "manual"]
Clearing = Literal["travel", "keep"]
Create = Literal["source", "both"]
OnDelete = Literal["keep", "deactivate"]


# The direction of pairs that a system only shows; nothing of them is ever written there.
READ_ONLY: Mapping[str, Direction] = {"customerp": "to_target", "invoiced": "to_source"}


@dataclass(frozen=True)
class Pair:
    """A property of the source and its counterpart on the target; named by its source path."""

    source: str
    target: str
    converter: Converter = field(default_factory=Converter)
    group: str | None = None  # pairs of one group change as one value
    direction: Direction = "both"
    owner: Owner = "erp"  # who wins when two existing records are linked for the first time
    conflict: Policy = "erp"
    on_clear: Clearing = "travel"
    fixed: bool = False  # the target takes it only at creation; a change creates the record anew
    companions: tuple[str, ...] = ()  # target paths the API would recompute unless they are sent along
    target_default: str | None = None  # why the target fills in a value where the source has none
    shown: str | None = None  # what people call the target path where the sync needs a name of its own

    @cached_property
    def name(self) -> str:
        return self.source


Unit = tuple[Pair, ...]


Reader = tuple[str, str, Callable[[object], Value]]  # name of a pair, path in one system, what makes it canonical
Readers = tuple[Reader, ...]


@dataclass(frozen=True)
class Side:
    """A collection of one system. `filter` holds for the records that take part, and is set on new ones."""

    object: str
    type: str
    filter: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Lines:
    """A list of child records, sent whole."""

    source: str
    target: str
    pairs: tuple[Pair, ...]
    identity: str  # the pair by which lines without a link find each other
    conflict: Policy = "erp"
    owner: Owner = "erp"

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        return units_of(self.pairs)

    @cached_property
    def readers(self) -> Mapping[str, Readers]:
        """By system, what reads a record there."""
        return readers_of(self.pairs)

    def pair(self, name: str) -> Pair:
        return self._named[name]

    @cached_property
    def _named(self) -> Mapping[str, Pair]:
        return {pair.name: pair for pair in self.pairs}


@dataclass(frozen=True)
class Late:
    """The conflict policy once a property has one of these source values on either side."""

    pair: str
    values: frozenset[str]
    policy: Policy


@dataclass(frozen=True)
class Flow:
    """One pair of record types that are kept in step."""

    id: str
    source: Side
    target: Side
    match: Pair
    match_case: bool
    pairs: tuple[Pair, ...]
    further: tuple[Pair, ...] = ()  # by which records find each other where the match key does not tell, in order
    lines: Lines | None = None
    late: Late | None = None
    create: Create = "source"  # which side's records get a counterpart
    when: Mapping[str, tuple[object, ...]] = field(default_factory=dict)  # source values that creation asks for
    unless: Mapping[str, tuple[object, ...]] = field(default_factory=dict)  # source values that hold creation back
    after: tuple[str, ...] = ()
    on_delete: OnDelete = "keep"
    deactivated: Mapping[str, Value] = field(default_factory=dict)  # source values that stand for a deleted record

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        return units_of(self.pairs)

    @cached_property
    def readers(self) -> Mapping[str, Readers]:
        """By system, what reads a record there."""
        return readers_of(self.pairs)

    def pair(self, name: str) -> Pair:
        return self._named[name]

    @cached_property
    def _named(self) -> Mapping[str, Pair]:
        return {pair.name: pair for pair in self.pairs}

    def key(self, value: object) -> str | None:
        """The match key in the form in which both sides are compared; None never matches."""
        if value is None:
            return None
        return str(value) if self.match_case else str(value).casefold()


def units_of(pairs: Iterable[Pair]) -> tuple[Unit, ...]:
    """Pairs in order, those of one group together at the place of its first."""
    units: dict[str, list[Pair]] = {}
    for pair in pairs:
        units.setdefault(pair.group or f"={pair.name}", []).append(pair)
    return tuple(tuple(unit) for unit in units.values())


def readers_of(pairs: Iterable[Pair]) -> Mapping[str, Readers]:
    """By system, how each pair is read."""
    return {
        "customerp": tuple((pair.name, pair.source, pair.converter.read_source) for pair in pairs),
        "invoiced": tuple((pair.name, pair.target, pair.converter.read_target) for pair in pairs),
    }
