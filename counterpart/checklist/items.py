"""From a document's statements to the items that are to be proven."""

from __future__ import annotations

from dataclasses import dataclass

from counterpart.checklist.document import Document, DocumentFlow, Statement
from counterpart.checklist.names import ObjectName


@dataclass(frozen=True)
class Side:
    """A record type at one end of a flow: the folded object id, and what people call system and record."""

    object: str
    system: str
    record: str

    def __str__(self) -> str:
        return f"{self.system} {self.record}"


@dataclass(frozen=True)
class Flow:
    """A flow of records from a source system to a target system."""

    id: str
    source: Side
    target: Side


@dataclass(frozen=True)
class Item:
    """One thing to prove.

    `id` is the long id, which no spelling, order or line number of the document enters; `short` is `flow/kind`.
    `wording` is our own; `fingerprint` is that of the document's statement; `line` is where a document states it,
    0 when the item was loaded from the checklist.
    """

    id: str
    short: str
    flow: str
    kind: str
    wording: str
    fingerprint: str
    line: int = 0


# Which items a statement gives, in our words; property tables are added below.
WORDINGS = {
    "every": {"create": "Every new {source} gets exactly one counterpart: {a_target}."},
    "keep_in_sync": {
        "link-stable": "{A_source} and its {target} stay one pair, whatever happens to either.",
        "edit-source": "An edit of {a_source} arrives at its {target}, once, and stays there.",
        "edit-target": "An edit of {a_target} arrives at its {source}, once, and stays there.",
    },
}
UNSPECIFIED = "{A_source} and its {target} share properties; the document does not say which."
ROW_WORDINGS = {
    "property-source": "{left} of {a_source}, when edited, arrives in {right} of its {target}.",
    "property-target": "{right} of {a_target}, when edited, arrives in {left} of its {source}.",
}
UNLISTED = "Properties of {a_source} and its {target} that the document does not list stay as they are."


def derive(document: Document) -> tuple[tuple[Flow, ...], tuple[Item, ...]]:
    """The flows and items of a document, in the document's order."""
    flows: list[Flow] = []
    items: list[Item] = []
    for section in document.flows:
        flow = Flow(
            f"{section.source.short}-{section.target.short}",
            _side(section.source, document.source.raw),
            _side(section.target, document.target.raw),
        )
        flows.append(flow)
        for statement in section.statements:
            items += _items(document.pair, flow, section, statement)
    return tuple(flows), tuple(items)


def _side(name: ObjectName, system: str) -> Side:
    return Side(name.id, system, name.singular)


def _with_article(words: str) -> str:
    return f"{'an' if words[0] in 'AEIOUaeiou' else 'a'} {words}"


def _items(pair: str, flow: Flow, section: DocumentFlow, statement: Statement) -> list[Item]:
    a_source, a_target = _with_article(str(flow.source)), _with_article(str(flow.target))
    words = {
        "source": str(flow.source),
        "target": str(flow.target),
        "a_source": a_source,
        "a_target": a_target,
        "A_source": a_source[0].upper() + a_source[1:],
    }
    fingerprint = statement.fingerprint

    def item(kind: str, wording: str, line: int, row: str = "", **more: str) -> Item:
        tail = f"{kind}/{row}" if row else kind
        return Item(
            f"{pair}/{flow.source.object}/{flow.target.object}/{tail}",
            f"{flow.id}/{tail}",
            flow.id,
            kind,
            wording.format(**words, **more),
            fingerprint,
            line,
        )

    if statement.kind != "properties":
        return [item(kind, wording, statement.line) for kind, wording in WORDINGS[statement.kind].items()]
    if not section.table.rows:
        return [item("properties-unspecified", UNSPECIFIED, section.table.line)]
    found = [
        item(kind, wording, row.line, f"{row.source}>{row.target}", left=row.source, right=row.target)
        for row in section.table.rows
        for kind, wording in ROW_WORDINGS.items()
    ]
    return [*found, item("unlisted", UNLISTED, section.table.line)]
