"""Features for every item of a document in the step vocabulary, ready to be collected, filled in and recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Literal

from counterpart.checklist.approvals import text
from counterpart.checklist.checklist import Checklist
from counterpart.checklist.flows import MergedFlow, merged
from counterpart.checklist.items import UNSPECIFIED_KIND, Flow, Item, tag_name
from counterpart.checklist.model import Document, PropertyRow
from counterpart.checklist.names import ObjectName, System
from counterpart.checklist.scenes import Cast, scenario
from counterpart.checklist.suggestions import Suggestion, suggestions
from counterpart.checklist.tomlfile import replace_file

SETTINGS = """\
[pytest]
addopts =
    -p counterpart.plugin -p steps
    -p no:schemathesis -p no:hypothesispytest -p no:cacheprovider -p no:recording -p no:anyio -p no:faker
    --strict-markers --strict-config
testpaths = features
"""
_SEAL = re.compile(r"\n# written by `counterpart checklist scaffold`, ([0-9a-f]{16})\n\Z")
# The property that carries an edit where a document lists none, by the target object; it is an assumption.
PROBES = {"invoices": ("notes", "notes")}
PROBE = ("name", "name")


@dataclass(frozen=True)
class Connected:
    """Which systems have a connector, by id with the name that the steps know, and the ids of the flows carried.

    Properties are named by system id, object id and path: `required` are those that always have a value, `real` says
    of which type one is where that is known.
    """

    systems: Mapping[str, str]
    flows: frozenset[str]
    required: frozenset[tuple[str, str, str]] = frozenset()
    real: Mapping[tuple[str, str, str], str] = field(default_factory=dict)


NOTHING = Connected({}, frozenset())


@dataclass(frozen=True)
class Written:
    """A file of the scaffold; `kept` was changed by hand and stays as it is, `removed` belongs to no item any more."""

    path: Path
    state: Literal["written", "unchanged", "kept", "removed"]


def scaffold(
    document: Document, out: Path, connected: Connected = NOTHING, others: Sequence[Document] = ()
) -> tuple[Written, ...]:
    """Write settings, checklist, supplement and features below a folder; a second time changes nothing.

    Items of record types that nothing carries are blocked, and their scenarios are skipped: they never pass. Rows that
    `others` list for the same records stand in the supplement as comments.
    """
    wanted = files(document, connected, others)
    written = [_write(out / name, content) for name, content in wanted.items()]
    known = {out / name for name in wanted}
    left = [path for path in sorted((out / "features").rglob("*.feature")) if path not in known and _untouched(path)]
    for path in left:
        path.unlink()
    return (*written, *(Written(path, "removed") for path in left))


def adopted(document: Document, connected: Connected = NOTHING) -> Checklist:
    """The checklist of a document with systems named as the steps know them, and blocked where nothing carries it."""
    return _adopted(document, _casts(document, connected))


def files(document: Document, connected: Connected = NOTHING, others: Sequence[Document] = ()) -> dict[str, str]:
    """The files of a scaffold by their relative path."""
    casts = _casts(document, connected)
    whole = _adopted(document, casts)
    flows = merged(document)
    offered = {flow.short: suggestions(flow, document, others) for flow in flows if not flow.rows}
    found = {
        "pytest.ini": SETTINGS,
        "features/checklist.toml": whole.to_toml(),
        "features/supplement.toml": "".join(_supplement(whole, casts, offered)),
    }
    for flow in flows:
        by_kind: dict[str, list[Item]] = {}
        for item in whole.by_flow[flow.short]:
            by_kind.setdefault(item.kind, []).append(item)
        for kind, same in by_kind.items():
            found[f"features/{flow.short}/{kind}.feature"] = _feature(kind, same, casts[flow.short])
    return found


def _casts(document: Document, connected: Connected) -> dict[str, Cast]:
    return {flow.short: _cast(flow, document, connected) for flow in merged(document)}


def _adopted(document: Document, casts: Mapping[str, Cast]) -> Checklist:
    whole = Checklist.of(document)
    items = tuple(_held(item, casts[item.flow]) for item in whole.items)
    return replace(whole, items=items, flows=tuple(_named(flow, casts[flow.id]) for flow in whole.flows))


def _cast(flow: MergedFlow, document: Document, connected: Connected) -> Cast:
    clauses = [each.clause.meaning for each in flow.statements if each.clause and each.clause.nature == "condition"]
    names = [_system(system, connected) for system in (document.source, document.target)]
    missing = None
    unknown = [system.name for system in (document.source, document.target) if system.id not in connected.systems]
    if unknown:
        missing = f"no connector for {' and '.join(dict.fromkeys(unknown))}"
    elif flow.short not in connected.flows:
        missing = f"no connector for {names[0]} {flow.source.object} to {names[1]} {_whole(flow.target)}"
    return Cast(
        names[0],
        _word(flow.source.singular),
        names[1],
        _word(flow.target.singular),
        PROBES.get(flow.target.id, PROBE),
        {tag_name(name): _really(row, flow, connected) for row, name in flow.row_names.items()},
        clauses[0] if clauses else "",
        any(each.kind == "precondition" for each in flow.statements),
        missing,
        {tag_name(name): end for row, name in flow.row_names.items() if (end := _required(row, flow, connected))},
    )


def _really(row: PropertyRow, flow: MergedFlow, connected: Connected) -> PropertyRow:
    """A row with the type that its target really has; documents call nearly everything a text."""
    real = connected.real.get((flow.target.system.id, flow.target.id, row.target.path))
    return replace(row, type=replace(row.type, canonical=real)) if real else row


def _required(row: PropertyRow, flow: MergedFlow, connected: Connected) -> str | None:
    """The end of a row that cannot be cleared, in words."""
    for half, end in ((flow.source, row.source), (flow.target, row.target)):
        if (half.system.id, half.id, end.path) in connected.required:
            return f"{end.path} of {_system(half.system, connected)} {_word(half.singular)}"
    return None


def _system(system: System, connected: Connected) -> str:
    return connected.systems.get(system.id) or _word(system.name)


def _word(name: str) -> str:
    """A name as one word with a capital, as the steps want it."""
    words = re.findall(r"[A-Za-z0-9]+", name) or ["Unnamed"]
    joined = "".join(word[0].upper() + word[1:] for word in words)
    return joined if joined[0].isalpha() else f"The{joined}"


def _whole(name: ObjectName) -> str:
    return f"{name.object} ({name.role} data)" if name.role else name.object


def _held(item: Item, cast: Cast) -> Item:
    if cast.missing is None:
        return item
    reason = f"{cast.missing[0].upper()}{cast.missing[1:]}."
    return replace(item, blocked=f"{item.blocked} {reason}" if item.blocked else reason, decision=None)


def _named(flow: Flow, cast: Cast) -> Flow:
    return replace(
        flow,
        source=replace(flow.source, system=cast.source_system, record=cast.source_record),
        target=replace(flow.target, system=cast.target_system, record=cast.target_record),
    )


def _feature(kind: str, items: list[Item], cast: Cast) -> str:
    what = kind.replace("-", " ")
    title = f"Feature: {cast.source} and {cast.target}: {what}\n"
    return title + "".join(f"\n{scenario(item, cast)}" for item in items)


def _supplement(
    checklist: Checklist, casts: Mapping[str, Cast], offered: Mapping[str, Sequence[Suggestion]]
) -> Iterator[str]:
    yield (
        "# The property pairs under test where the document lists none. What rests on suggested rows passes on\n"
        "# assumption; agree on them with `counterpart supplement approve|reject`, and add those that are missing.\n"
    )
    for item in checklist.items:
        if item.kind == UNSPECIFIED_KIND:
            source, target = casts[item.flow].probe
            reason = "Carries the edits of the scaffolded scenarios."
            yield f"\n{_row(item.flow, Suggestion(source, target, 'text', reason))}"
            others = [each for each in offered.get(item.flow, ()) if (each.source, each.target) != (source, target)]
            if others:
                yield "\n# Other documents list these pairs; take one over by removing the signs before it.\n"
            for each in others:
                yield "\n" + "".join(f"# {line}\n" for line in _row(item.flow, each).splitlines())


def _row(flow: str, row: Suggestion) -> str:
    return (
        f"[[row]]\nflow = {text(flow)}\nsource = {text(row.source)}\ntarget = {text(row.target)}\n"
        f'type = {text(row.type)}\ntravels = "both"\nstanding = "suggested"\nreason = {text(row.reason)}\n'
    )


def _write(path: Path, content: str) -> Written:
    sealed = f"{content}\n# written by `counterpart checklist scaffold`, {_hash(content)}\n"
    if path.exists():
        old = path.read_text("utf-8")
        if old == sealed:
            return Written(path, "unchanged")
        if not _untouched(path):
            return Written(path, "kept")
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, sealed)
    return Written(path, "written")


def _untouched(path: Path) -> bool:
    """Whether a file is as the scaffold wrote it."""
    content = path.read_text("utf-8")
    seal = _SEAL.search(content)
    return seal is not None and seal[1] == _hash(content[: seal.start()])


def _hash(content: str) -> str:
    return sha256(content.encode()).hexdigest()[:16]
