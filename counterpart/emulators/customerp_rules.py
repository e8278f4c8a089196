"""What Customerp's records may become: what a body makes of a record, and every refusal that it can earn."""

from __future__ import annotations

from collections.abc import Mapping

from counterpart.emulators.customerp_records import Fault, merge, merge_address, merge_lines
from counterpart.emulators.customerp_store import Collection, State
from counterpart.emulators.errors import CustomerpError
from counterpart.emulators.table import Row
from counterpart.emulators.totals import order_total

_TRANSITIONS = {"draft": {"confirmed", "cancelled"}, "confirmed": {"cancelled"}, "cancelled": set[str]()}


def checked(state: State, path: str, body: Mapping[str, object], kept: Row | None) -> Row:
    """The writable part of a record after the body is merged in; raises every refusal a body can earn."""
    collection = state.collections[path]
    kind = collection.kind
    faults: list[Fault] = []
    row = merge(kind.fields, body, kept, faults, nested=kind.nested)
    if path == "customers":
        row["address"] = merge_address(body, kept, faults)
    elif path == "orders":
        kept_lines: list[Row] = [] if kept is None else kept["lines"]
        lines = merge_lines(body, kept_lines, faults)
        row["lines"] = kept_lines if lines is None else lines
        if not faults:
            faults += state.dangling(row)
    if faults:
        raise CustomerpError(
            422,
            "invalid",
            "Invalid record",
            f"The {kind.name} has {len(faults)} invalid properties.",
            errors=faults,
        )
    if path == "orders":
        if kept is not None and row["status"] not in {kept["status"], *_TRANSITIONS[kept["status"]]}:
            raise CustomerpError(
                409,
                "invalid-transition",
                "Invalid transition",
                f"An order that is {kept['status']} cannot become {row['status']}.",
                errors=[("/status", f"is {kept['status']}")],
            )
        row["total"] = order_total(row["lines"], row["currency"])
    _refuse_duplicates(collection, row, kept)
    return row


def _refuse_duplicates(collection: Collection, row: Row, kept: Row | None) -> None:
    for name in collection.kind.unique:
        value = row[name]
        if value is None or (kept is not None and kept[name] == value):
            continue
        if collection.taken(name, value):
            raise CustomerpError(
                409,
                "duplicate",
                "Duplicate",
                f"Another {collection.kind.name} already has the {name} {value}.",
                errors=[(f"/{name}", "is taken")],
            )
