"""The cells of a property table: names with their value conditions, and data types."""

from __future__ import annotations

import re

from counterpart.checklist.model import Condition, DataType, PropertyRef

_PATH = re.compile(r"[A-Za-z0-9_$:]+(\.[A-Za-z0-9_$:]+){0,4}")
_CONDITIONED = re.compile(r"(?P<path>[^ (]+) \((?P<conditions>Dependant on having .*)\)")
_HAVING = "Dependant on having"

PLAIN_TYPES = ("string", "integer", "float", "decimal", "boolean", "list", "first")
# Expressions of the service's transformation language, by their words in order. Brackets and the value itself are
# left out, for up to March 2024 they were printed without opening brackets and without some arguments.
_EXPRESSIONS = {
    ("decimal",): ("decimal", "decimal"),
    ("list",): ("list", "list"),
    ("integer", "decimal"): ("integer", "integer from a decimal"),
    ("string", "integer", "decimal"): ("string", "text of an integer"),
    ("replace", " ", "", "string"): ("string", "text without blanks"),
    ("if", "neq", "X", "integer", "string"): ("integer", "integer, but text when the value is X"),
    ("if", "or", "is-empty", "eq", "", "-"): ("string", "text, a hyphen when empty"),
    ("if", "eq", "", "-"): ("string", "text, a hyphen when empty"),
    ("if", "matches", "+*", "join", " ", "slice", "split", " "): ("string", "text, a first word with + dropped"),
    ("if", "matches", "+* *", "join", " ", "slice", "split", " "): ("string", "text, a first word with + dropped"),
    ("if", "is-decimal", "decimal", "integer"): ("decimal", "decimal or integer"),
    ("if", "is-decimal", "decimal", "float", "decimal"): ("decimal", "decimal or float"),
    ("if-null", "integer", "string", "decimal"): ("integer", "integer or decimal"),
    ("if-null", "integer", "decimal"): ("integer", "integer or decimal"),
    ("if", "is-boolean", "boolean", "boolean", "string"): ("boolean", "boolean or text"),
    ("if", "is-empty", "boolean"): ("boolean", "boolean, with a default"),
    ("if", "is-null", "integer"): ("integer", "integer, with a default"),
    ("if", "gt", "abs", "datetime-diff", "year", "now", "1935-01-01", "datetime-format"): (
        "date",
        "date, with a fallback for implausible years",
    ),
    ("datetime-format",): ("date", "date"),
    ("datetime-parse",): ("datetime", "datetime parsed from text"),
    ("if", "eq"): ("unknown", "unknown"),
}
_WORD = re.compile(r'"([^"]*)"')
# What an expression may hold between its quoted words.
_BETWEEN = re.compile(r"[\[\], ]*(?:(?:true|false|\d+)[\[\], ]*)?")
_FORMAT = re.compile(r"%Y-%m-%d(T.+)?")


def property_ref(cell: str, line: int) -> PropertyRef | None:
    """A cell's property with its conditions, exact repetitions taken out; None when it is none."""
    text = cell.rstrip(" \t")
    found = _CONDITIONED.fullmatch(text)
    path = found["path"] if found else text
    if not _PATH.fullmatch(path):
        return None
    conditions: list[Condition] = []
    pieces = found["conditions"].split(_HAVING)[1:] if found else []
    for piece in pieces:
        # Value and property may each be blank: "Dependant on having  in JobTitle".
        value, joined, place = piece[1:].rpartition(" in ")
        place = place.strip()
        if not joined or (place and not _PATH.fullmatch(place)):
            return None
        condition = Condition(value.strip(), place)
        if condition not in conditions:
            conditions.append(condition)
    return PropertyRef(cell, path, tuple(conditions), line, 8, len(pieces) - len(conditions))


def data_type(cell: str) -> DataType | None:
    """A data type cell; None when it is none of the 55 of the family."""
    if cell == "N/A":
        return DataType(cell, "unknown", "unknown")
    quoted = cell[1:-1] if cell.startswith('"') and cell.endswith('"') and len(cell) > 1 else ""
    if quoted in PLAIN_TYPES:
        canonical = "unknown" if quoted == "first" else quoted
        return DataType(cell, canonical, canonical)
    doubled = cell.startswith('""')
    words, rest = _WORD.findall(quoted if doubled else cell), _WORD.sub("\0", quoted if doubled else cell)
    if not words or not all(_BETWEEN.fullmatch(part) for part in rest.split("\0")):
        return None
    formats = [found for word in words if (found := _FORMAT.fullmatch(word))]
    key = tuple(word for word in words if not word.startswith("_.") and not _FORMAT.fullmatch(word))
    reading = _EXPRESSIONS.get(key)
    if reading is None:
        return None
    canonical, meaning = reading
    if key == ("datetime-format",):
        canonical = meaning = "datetime" if formats and formats[0][1] else "date"
    lossy = doubled or "*" in cell or not _balanced(cell)
    return DataType(cell, canonical, f"{meaning} (by a formula)", lossy)


def _balanced(expression: str) -> bool:
    bare = _WORD.sub("", expression)
    return expression.startswith("[") and bare.count("[") == bare.count("]")
