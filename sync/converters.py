"""Converters: how one property reads on each side and how it crosses over.

Each side has canonical values of its own; `to_target` and `to_source` carry one over, `wire_*` writes it as the API
wants it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from sync import values
from sync.errors import Inexpressible, Unmappable, Unresolved
from sync.values import Value


class Resolver(Protocol):
    """Finds the counterpart of a linked record."""

    def target_of(self, flow: str, source_id: str) -> str | None: ...

    def source_of(self, flow: str, target_id: str) -> str | None: ...


class Converter:
    """Text that is the same on both sides; the base of all others."""

    def read_source(self, raw: object) -> Value:
        """Canonical source value; raises BadValue."""
        return values.text(raw)

    def read_target(self, raw: object) -> Value:
        """Canonical target value; raises BadValue."""
        return self.read_source(raw)

    def to_target(self, value: Value, resolve: Resolver) -> Value:
        """The target value that stands for a source value; raises Inexpressible."""
        return value

    def to_source(self, value: Value, resolve: Resolver) -> Value:
        """The source value that stands for a target value; raises Inexpressible."""
        return value

    def wire_source(self, value: Value) -> Any:
        return value

    def wire_target(self, value: Value) -> Any:
        return value

    def agree(self, source: Value, target: Value, resolve: Resolver) -> bool:
        """Whether the two values say the same, seen from either side."""
        try:
            if self.to_target(source, resolve) == target:
                return True
        except Inexpressible:
            pass  # it may still read the same from the other side
        try:
            return self.to_source(target, resolve) == source
        except Inexpressible:
            return False


class Email(Converter):
    """Invoiced trims and lower-cases addresses, so case is no edit."""

    def read_source(self, raw: object) -> Value:
        address = values.text(raw)
        return address.lower() if address else None


class Country(Converter):
    """ISO 3166-1 alpha-2 in capitals on both sides."""

    def read_source(self, raw: object) -> Value:
        code = values.text(raw)
        return code.upper() if code else None


class Currency(Country):
    """ISO 4217; capitals in the ERP, small letters in Invoiced."""

    def read_target(self, raw: object) -> Value:
        code = values.text(raw)
        return code.lower() if code else None

    def to_target(self, value: Value, resolve: Resolver) -> Value:
        return value.lower() if isinstance(value, str) else None

    def to_source(self, value: Value, resolve: Resolver) -> Value:
        return value.upper() if isinstance(value, str) else None


class Boolean(Converter):
    def read_source(self, raw: object) -> Value:
        return values.boolean(raw)


class Number(Converter):
    """Exact decimals: strings in the ERP, JSON numbers in Invoiced."""

    def read_source(self, raw: object) -> Value:
        return values.decimal(raw)

    def wire_target(self, value: Value) -> Any:
        return None if value is None else Decimal(str(value))


class Day(Converter):
    """Whole days in UTC: ISO in the ERP, UNIX seconds in Invoiced."""

    def read_source(self, raw: object) -> Value:
        return values.day(raw)

    def read_target(self, raw: object) -> Value:
        return values.day_of(raw)

    def wire_target(self, value: Value) -> Any:
        return None if value is None else values.seconds_of(str(value))


class Terms(Converter):
    """Days to pay: a number in the ERP, a text such as `NET 30` in Invoiced.

    Invoiced reads the day count out of `NET 30`, `net-30` and `2% 10 NET 30` alike; other texts have none.
    """

    _NET = re.compile(r"(?:.*\s)?net[\s-]*(\d{1,4})", re.IGNORECASE)

    def read_source(self, raw: object) -> Value:
        return values.integer(raw)

    def read_target(self, raw: object) -> Value:
        return values.text(raw)

    def to_target(self, value: Value, resolve: Resolver) -> Value:
        return None if value is None else f"NET {value}"

    def to_source(self, value: Value, resolve: Resolver) -> Value:
        if value is None:
            return None
        found = self._NET.fullmatch(str(value))
        if found is None:
            raise Unmappable(value, f"the terms '{value}' have no day count")
        return int(found[1])


@dataclass(frozen=True)
class Choice(Converter):
    """One of a few words, each with its counterpart."""

    words: Mapping[str, str]

    def to_target(self, value: Value, resolve: Resolver) -> Value:
        return self._counterpart(self.words, value)

    def to_source(self, value: Value, resolve: Resolver) -> Value:
        return self._counterpart({target: source for source, target in self.words.items()}, value)

    @staticmethod
    def _counterpart(words: Mapping[str, str], value: Value) -> Value:
        if value is None:
            return None
        try:
            return words[str(value)]
        except KeyError:
            raise Unmappable(value, f"'{value}' has no counterpart") from None


@dataclass(frozen=True)
class Reference(Converter):
    """The id of a record that another flow links."""

    flow: str
    numeric: bool = field(default=False)

    def to_target(self, value: Value, resolve: Resolver) -> Value:
        if value is None:
            return None
        target = resolve.target_of(self.flow, str(value))
        if target is None:
            raise Unresolved(self.flow, str(value))
        return target

    def to_source(self, value: Value, resolve: Resolver) -> Value:
        if value is None:
            return None
        source = resolve.source_of(self.flow, str(value))
        if source is None:
            raise Unmappable(value, f"'{value}' is not linked with a record of Customerp")
        return source

    def wire_target(self, value: Value) -> Any:
        return int(value) if self.numeric and isinstance(value, str) and value.isdecimal() else value


class Percent(Number):
    """A percentage; Invoiced knows one only through a coupon, so a bare amount has no counterpart."""

    def read_target(self, raw: object) -> Value:
        return raw if isinstance(raw, str) and not raw[:1].isdigit() else values.decimal(raw)

    def to_source(self, value: Value, resolve: Resolver) -> Value:
        if isinstance(value, str) and not value[:1].isdigit():
            raise Unmappable(value, f"{value} is no single percentage")
        return value

    def wire_target(self, value: Value) -> Any:
        return value


class Words(Converter):
    """A set of words: a list on either side, in any order; kept as the JSON text of the sorted list."""

    def read_source(self, raw: object) -> Value:
        return values.words(raw)

    def wire_source(self, value: Value) -> Any:
        return values.words_of(value)

    def wire_target(self, value: Value) -> Any:
        return values.words_of(value)


PLAIN: Mapping[str, Converter] = {
    "text": Converter(),
    "email": Email(),
    "country": Country(),
    "currency": Currency(),
    "boolean": Boolean(),
    "decimal": Number(),
    "date": Day(),
    "terms": Terms(),
    "percent": Percent(),
    "words": Words(),
}
