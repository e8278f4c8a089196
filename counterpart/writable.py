"""Which property pairs no scenario could show, told before a run: unknown to a contract, derived, of another type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from counterpart.checklist import Checklist, Row, Side, Supplement
from counterpart.contract import Contract, ContractError

# The JSON types in which an API may keep the values of a supplement's type.
_JSON: Mapping[str, frozenset[str]] = {
    "text": frozenset({"string"}),
    "decimal": frozenset({"number", "string"}),
    "integer": frozenset({"integer", "number", "string"}),
    "percent": frozenset({"number", "string", "array"}),
    "boolean": frozenset({"boolean"}),
    "date": frozenset({"string", "integer"}),
    "country": frozenset({"string"}),
    "currency": frozenset({"string"}),
    "choice": frozenset({"string", "boolean"}),
    "reference": frozenset({"string", "integer"}),
}


def unusable(
    checklist: Checklist, supplement: Supplement, contracts: Mapping[str, Contract]
) -> Iterator[tuple[Row, str, str]]:
    """Every row that contradicts a contract, with a sentence and a cure; systems without a contract are passed over."""
    for row in supplement.rows:
        flow = checklist.flow(row.flow)
        for side, path, written in (
            (flow.source, row.source, row.carries("to-source")),
            (flow.target, row.target, row.carries("to-target")),
        ):
            if side.system in contracts and (found := _amiss(row, side, path, contracts[side.system], written=written)):
                yield (row, *found)


def _amiss(row: Row, side: Side, path: str, contract: Contract, *, written: bool) -> tuple[str, str] | None:
    try:
        found = contract.property(side.record, path)
    except ContractError as error:
        return str(error), "write a name that the contract knows, or reject the row"
    # A state is computed, too, and still arrives: calls such as issuing or voiding move it.
    if written and found.derived and row.type != "choice":
        message = f"{path} of {side} is computed by {side.system}, so nothing can arrive in it"
        return message, "let the row travel the other way only, and say why in its deviation"
    if found.types and not found.types & _JSON[row.type]:
        message = f"{path} of {side} is a {'/'.join(sorted(found.types))}, which holds no {row.type}"
        return message, "correct the row's type"
    return None
