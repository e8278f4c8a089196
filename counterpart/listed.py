"""Property rows that a document lists, against the contracts: types that differ, values that are never missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from counterpart.checklist import Diagnostic, Document
from counterpart.checklist.model import DocumentFlow, PropertyRow
from counterpart.contract import Contract, ContractError, Property

# The JSON types of each declared type; what else is declared is compared as the contract has it.
_JSON: Mapping[str, frozenset[str]] = {
    "string": frozenset({"string"}),
    "integer": frozenset({"integer", "number"}),
    "float": frozenset({"number"}),
    "decimal": frozenset({"number"}),
    "boolean": frozenset({"boolean"}),
    "date": frozenset({"string"}),
    "datetime": frozenset({"string"}),
    "list": frozenset({"array"}),
}
_REAL = {"integer": "integer", "number": "decimal", "boolean": "boolean"}
_FORMS = {"decimal": "decimal", "unix-date": "date"}
_NUMBERS = ("float", "decimal", "integer")
# Record types of documents that an API has only inside of another record.
_INSIDE = {"lineitem": "Invoice"}


def against_contracts(document: Document, contracts: Mapping[str, Contract]) -> tuple[Diagnostic, ...]:
    """Rows whose declared type is not the real one, and rows whose target its system computes, by line."""
    found: list[Diagnostic] = []
    for flow, row, _, target in _rows(document, contracts):
        if target is None:
            continue
        end = f"{row.target.path} of {flow.target.system.name} {flow.target.singular}"
        wanted = _JSON.get(row.type.canonical)
        if wanted and not target.types & wanted and not (row.type.canonical in _NUMBERS and target.form == "decimal"):
            real = target.form or "/".join(sorted(target.types))
            found.append(
                Diagnostic(
                    "declared-type",
                    "warn",
                    row.line + 2,
                    f"{end} is declared {row.type.canonical} and is {real} in its contract.",
                    "values are compared in the real type, never as text: 10 and 10.00 are equal amounts.",
                    "Ask whoever keeps the document.",
                )
            )
        if target.derived:
            found.append(
                Diagnostic(
                    "computed-property",
                    "warn",
                    row.target.line,
                    f"{end} is computed by {flow.target.system.name}, so no edit can arrive in it.",
                    "nothing; its items fail, or deviate.",
                    "Agree on what stands in its place, such as price and quantity for an amount.",
                )
            )
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (each.line, each.code)))


def required(document: Document, contracts: Mapping[str, Contract]) -> frozenset[tuple[str, str, str]]:
    """The properties that always have a value, as ids of system and object with the path."""
    found = set()
    for flow, row, source, target in _rows(document, contracts):
        for half, end, known in ((flow.source, row.source, source), (flow.target, row.target, target)):
            if known and not known.clearable:
                found.add((half.system.id, half.id, end.path))
    return frozenset(found)


def real_types(document: Document, contracts: Mapping[str, Contract]) -> dict[tuple[str, str, str], str]:
    """What the target's properties really are, in the words of data types, where that is no text."""
    found: dict[tuple[str, str, str], str] = {}
    for flow, row, _, target in _rows(document, contracts):
        real = _FORMS.get(target.form or "") or next(map(_REAL.get, sorted(target.types)), None) if target else None
        if real:
            found[flow.target.system.id, flow.target.id, row.target.path] = real
    return found


def _rows(
    document: Document, contracts: Mapping[str, Contract]
) -> Iterator[tuple[DocumentFlow, PropertyRow, Property | None, Property | None]]:
    """Every row with what the contracts say of its two ends; None where they say nothing."""
    by_id = {name.lower(): contract for name, contract in contracts.items()}

    def look_up(system: str, record: str, path: str) -> Property | None:
        try:
            return by_id[system].property(_INSIDE.get(record.lower(), record), path)
        except (KeyError, ContractError):
            return None

    for flow in document.flows:
        for row in flow.table.rows:
            yield (
                flow,
                row,
                look_up(flow.source.system.id, flow.source.singular, row.source.path),
                look_up(flow.target.system.id, flow.target.singular, row.target.path),
            )
