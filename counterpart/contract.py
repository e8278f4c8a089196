"""What the OpenAPI contracts say about single properties: their type, their form, and whether they are derived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml

NOTHING = "(nothing)"
# A text that has to be of such a kind is never empty.
_FILLED = {"minLength", "pattern", "enum"}
_YES_NO = {"yes": True, "no": False}


class ContractError(Exception):
    """A contract does not know what it was asked for, or a text does not fit what it says."""


@dataclass(frozen=True)
class Property:
    """One property of a record type: JSON types, the form of its values, and whether the API derives it.

    A `clearable` one can be without a value: null, an empty text or an empty list.
    """

    path: str
    types: frozenset[str]
    form: str | None
    derived: bool
    clearable: bool = True

    def parse(self, text: str) -> Any:
        """Turn the text of a feature file into the JSON value that the API expects.

        `(nothing)` is null, `yes` and `no` are booleans, dates are ISO dates whatever the API makes of them.
        Raises ContractError when the text fits none of the property's types.
        """
        if text == NOTHING:
            return None
        try:
            if self.form == "unix-date":
                day = date.fromisoformat(text)
                return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
            if "boolean" in self.types:
                return _YES_NO[text]
            if "integer" in self.types:
                return int(text)
            if "number" in self.types:
                number = Decimal(text)
                return int(number) if number == number.to_integral_value() else float(number)
        except (KeyError, ValueError, InvalidOperation):
            wanted = self.form or "/".join(sorted(self.types))
            raise ContractError(f"{text!r} is no value for {self.path}, which is a {wanted}") from None
        return text

    def render(self, value: Any) -> str:
        """Turn a JSON value into the one text that stands for it in features and reports."""
        if value is None or value == "":
            return NOTHING
        if isinstance(value, bool):
            return "yes" if value else "no"
        if self.form == "unix-date":
            return datetime.fromtimestamp(value, UTC).date().isoformat()
        if isinstance(value, int | float) or self.form == "decimal":
            return f"{Decimal(str(value)).normalize():f}"
        return str(value)


class Contract:
    """The record types of one OpenAPI document, looked up by schema name and dotted path."""

    def __init__(self, document: Mapping[str, Any], name: str) -> None:
        self._schemas: Mapping[str, Any] = document["components"]["schemas"]
        self._name = name

    @classmethod
    def load(cls, path: Path) -> Contract:
        """Read a contract from a YAML file; raises ContractError naming the file when it is none."""
        try:
            loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            document = yaml.load(path.read_text("utf-8"), Loader=loader)  # noqa: S506 - both loaders are safe
            return cls(document, path.name)
        except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
            raise ContractError(f"{path} is not a readable OpenAPI contract; mend it: {error}") from error

    def property(self, schema: str, path: str) -> Property:
        """The property at a dotted path; list positions count from one or are left out (`lines.1.quantity`)."""
        raw: Mapping[str, Any] = self._schemas.get(schema, {})
        node = self._resolve(raw)
        for segment in path.split("."):
            if segment.isdigit():
                node = self._resolve(node.get("items", {}))
                continue
            if "items" in node:
                node = self._resolve(node["items"])
            known = self._properties(node)
            if segment not in known:
                raise ContractError(
                    f"{self._name} knows no property {path!r} of {schema}; "
                    f"for {segment!r} write one of {', '.join(sorted(known)) or 'none'}"
                )
            raw = known[segment]
            node = self._resolve(raw)
        kinds = node.get("type", "string")
        types = frozenset([kinds] if isinstance(kinds, str) else kinds)
        choices = (*raw.get("oneOf", ()), *raw.get("anyOf", ()))
        nullable = "null" in types or any(each.get("type") == "null" for each in choices)
        clearable = nullable or types == {"array"} or (types == {"string"} and not _FILLED & node.keys())
        return Property(path, types - {"null"}, node.get("x-format"), bool(node.get("x-derived")), clearable)

    def derived(self, schema: str) -> frozenset[str]:
        """The paths that the API itself computes, list positions left out (`items.amount`)."""
        return frozenset(self._derived(self._resolve(self._schemas.get(schema, {})), ""))

    def _derived(self, node: Mapping[str, Any], prefix: str) -> list[str]:
        found: list[str] = []
        for name, raw in self._properties(node).items():
            child = self._resolve(raw)
            path = f"{prefix}{name}"
            if child.get("x-derived"):
                found.append(path)
                continue
            inner = self._resolve(child["items"]) if "items" in child else child
            found += self._derived(inner, f"{path}.")
        return found

    def _properties(self, node: Mapping[str, Any]) -> dict[str, Any]:
        merged: dict[str, Any] = dict(node.get("properties", {}))
        for part in node.get("allOf", []):
            merged |= self._properties(self._resolve(part))
        return merged

    def _resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        seen = 0
        while True:
            if "$ref" in node:
                beside = {name: value for name, value in node.items() if name != "$ref"}
                node = {**self._schemas[node["$ref"].rsplit("/", 1)[-1]], **beside}
            elif not ("properties" in node or "type" in node) and (
                options := [o for o in node.get("oneOf", node.get("anyOf", [])) if o.get("type") != "null"]
            ):
                beside = {name: value for name, value in node.items() if name not in ("oneOf", "anyOf")}
                node = {**options[0], **beside}
            else:
                return node
            seen += 1
            if seen > 50:
                raise ContractError(f"{self._name} has schemas that refer to themselves without end")
