"""The checklist as the repository keeps it: ids, kinds, our own wording and fingerprints, never the document's text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from counterpart.checklist.approvals import text
from counterpart.checklist.errors import ChecklistFileError
from counterpart.checklist.items import Flow, Item, Side, derive
from counterpart.checklist.model import Document
from counterpart.checklist.tomlfile import load_toml, replace_file

_HASH = re.compile(r"[0-9a-f]{64}")
_HEAD = """\
# What is to be proven, derived from the source document by `counterpart.checklist.derive`.
# The document is confidential and not part of this repository: each item has our own wording and the fingerprint
# of the statement it comes from. `counterpart checklist compare DOCUMENT` tells whether a copy still says the same.
"""


@dataclass(frozen=True)
class Source:
    """Which document a checklist was derived from."""

    pair: str
    source: str
    target: str
    generated: datetime
    content_key: str


@dataclass(frozen=True)
class Checklist:
    """All flows and items of a document, in its order."""

    document: Source
    flows: tuple[Flow, ...]
    items: tuple[Item, ...]

    @cached_property
    def by_flow(self) -> dict[str, tuple[Item, ...]]:
        """The items of each flow."""
        return {flow.id: tuple(item for item in self.items if item.flow == flow.id) for flow in self.flows}

    def flow(self, id_: str) -> Flow:
        """The flow of this id; raises KeyError."""
        return {flow.id: flow for flow in self.flows}[id_]

    @classmethod
    def of(cls, document: Document) -> Self:
        """Derive the checklist of a document."""
        flows, items = derive(document)
        return cls(
            Source(
                document.pair,
                document.source.name,
                document.target.name,
                document.generated,
                document.content_key,
            ),
            flows,
            items,
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a checklist that `save` wrote; raises ChecklistFileError with every mistake in it."""
        data = load_toml(path, ChecklistFileError)
        defects: list[str] = []
        document = _table(data, "document", ("pair", "source", "target", "generated", "content_key"), defects)
        flows = _tables(data, "flow", ("id", "source", "target"), defects)
        for flow in flows:
            for side in ("source", "target"):
                _table(flow, side, ("object", "system", "record"), defects)
        items = _tables(data, "item", ("short", "id", "kind", "wording", "fingerprint"), defects, _OPTIONAL)
        defects += [f"{key!r} is no part of a checklist; remove it" for key in sorted(data.keys() - _TOP)]
        if defects:
            raise ChecklistFileError(path, defects)
        loaded = cls(
            Source(**document),
            tuple(Flow(flow["id"], Side(**flow["source"]), Side(**flow["target"])) for flow in flows),
            tuple(Item(flow=item["short"].partition("/")[0], **item) for item in items),
        )
        if defects := _contradictions(loaded):
            raise ChecklistFileError(path, defects)
        return loaded

    def save(self, path: Path) -> None:
        """Write the checklist, replacing the file as a whole."""
        replace_file(path, self.to_toml())

    def to_toml(self) -> str:
        """The checklist as TOML text; `load` reads it back unchanged."""
        document = self.document
        blocks = [
            _HEAD,
            "[document]",
            f"pair = {text(document.pair)}",
            f"source = {text(document.source)}",
            f"target = {text(document.target)}",
            f"generated = {document.generated.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            f"content_key = {text(document.content_key)}",
        ]
        for flow in self.flows:
            blocks += ["", "[[flow]]", f"id = {text(flow.id)}"]
            blocks += [
                f"{name} = {{ object = {text(side.object)}, system = {text(side.system)}, "
                f"record = {text(side.record)} }}"
                for name, side in (("source", flow.source), ("target", flow.target))
            ]
        for item in self.items:
            blocks += ["", "[[item]]"]
            blocks += [
                f"{name} = {text(value)}"
                for name, value in (
                    ("short", item.short),
                    ("id", item.id),
                    ("kind", item.kind),
                    ("wording", item.wording),
                    ("fingerprint", item.fingerprint),
                    ("blocked", item.blocked),
                    ("decision", item.decision),
                )
                if value is not None
            ]
        return "\n".join(blocks) + "\n"


_TOP = {"document", "flow", "item"}
# What an item has only when somebody has to decide something before it can be signed off.
_OPTIONAL = ("blocked", "decision")


def _table(data: dict[str, Any], name: str, keys: tuple[str, ...], defects: list[str]) -> dict[str, Any]:
    table = data.get(name)
    if not isinstance(table, dict):
        defects.append(f"{name!r} is missing or no table; derive the checklist again")
        return {}
    _keys(name, table, keys, defects)
    return table


def _tables(
    data: dict[str, Any], name: str, keys: tuple[str, ...], defects: list[str], optional: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    tables = data.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        defects.append(f"{name!r} is no list of tables; write [[{name}]] above each")
        return []
    for number, table in enumerate(tables, 1):
        _keys(f"{name} {number}", table, (*keys, *(key for key in optional if key in table)), defects)
    return tables


def _keys(place: str, table: dict[str, Any], keys: tuple[str, ...], defects: list[str]) -> None:
    for key in keys:
        value = table.get(key)
        kind = datetime if key == "generated" else dict if key in ("source", "target") and "id" in keys else str
        if not isinstance(value, kind) or not value:
            wanted = {datetime: "a time with its zone", dict: "a table", str: "a text"}[kind]
            defects.append(f"{place}: {key!r} must be {wanted}; derive the checklist again")
        elif isinstance(value, datetime) and value.tzinfo is None:
            defects.append(f"{place}: {key!r} must be a time with its zone; end it in Z")
        elif key in ("fingerprint", "content_key") and not _HASH.fullmatch(str(value)):
            defects.append(f"{place}: {key!r} is no SHA-256 hash; derive the checklist again")
    defects += [f"{place}: {key!r} is no key of it; remove it" for key in sorted(table.keys() - set(keys))]


def _contradictions(checklist: Checklist) -> list[str]:
    flows = [flow.id for flow in checklist.flows]
    defects = [f"the flow {id_!r} stands twice; remove one" for id_ in _twice(flows)]
    defects += [f"the item {id_!r} stands twice; remove one" for id_ in _twice([item.id for item in checklist.items])]
    defects += [f"the item {id_!r} stands twice; remove one" for id_ in _twice([i.short for i in checklist.items])]
    defects += [
        f"the item {item.short!r} belongs to no flow; flows are {', '.join(flows)}"
        for item in checklist.items
        if item.flow not in flows
    ]
    return defects


def _twice(ids: list[str]) -> list[str]:
    return sorted({id_ for id_ in ids if ids.count(id_) > 1})
