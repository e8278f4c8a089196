"""From a document's statements to the items that are to be proven."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from counterpart.checklist.blocks import MAKING_KINDS, Block, of_alternative, of_document, of_making, of_row
from counterpart.checklist.flows import MergedFlow, merged
from counterpart.checklist.model import Document, PropertyRow, Statement, fingerprint
from counterpart.checklist.names import ObjectName, System


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
    0 when the item was loaded from the checklist. `blocked` says why it cannot be signed off until `decision` is made.
    """

    id: str
    short: str
    flow: str
    kind: str
    wording: str
    fingerprint: str
    line: int = 0
    blocked: str | None = None
    decision: str | None = None


# Which items a statement gives, in our words; rows of tables and related records are added below.
WORDINGS = {
    "every": {"create": "Every new {source} gets exactly one counterpart: {a_target}."},
    "conditional": {
        "create": "A new {source} that {clause} gets exactly one counterpart: {a_target}.",
        "not-created": "{A_source} gets no {target} unless it {clause}.",
        "create-on-change": "{A_source} that comes to fulfil its condition ({clause}) gets exactly one {target}.",
    },
    "precondition": {"not-created": "Without a link, {a_source} creates and changes no {target}."},
    "match_or_create": {
        "match": "{A_source} whose {target} exists is merged with that one, and no second one appears.",
        "create/unmatched": "{A_source} that matches no {target} gets exactly one new one.",
    },
    "create_related": {
        "not-created/unrelated": "{A_source} that no synchronised record is connected to gets no {target}.",
    },
    "merge": {
        "no-link": "{A_source} and {a_target} that agree in none of the named properties are not linked.",
        "no-link/empty": "{A_source} and {a_target} whose named properties are all empty are not linked.",
    },
    "keep_in_sync": {
        "link-stable": "{A_source} and its {target} stay one pair, whatever happens to either.",
        "edit-source": "An edit of {a_source} arrives at its {target}, once, and stays there.",
        "edit-target": "An edit of {a_target} arrives at its {source}, once, and stays there.",
    },
    "properties": {},
}
NOTED = "Every new {source} that is not left out ({clause}) gets exactly one counterpart: {a_target}."
RELATED = "{A_source} gets a {target} when a synchronised {related} is connected to it."
MERGED = "{A_source} and {a_target} are linked when {left} equals {right}."
UNSPECIFIED_KIND = "properties-unspecified"
UNSPECIFIED = "{A_source} and its {target} share properties; the document does not say which."
ROW_WORDINGS = {
    "property-source": "{left} of {a_source}, when edited, arrives in {right} of its {target}.",
    "property-target": "{right} of {a_target}, when edited, arrives in {left} of its {source}.",
}
UNLISTED = "Properties of {a_source} and its {target} that the document does not list stay as they are."


def derive(document: Document) -> tuple[tuple[Flow, ...], tuple[Item, ...]]:
    """The flows and items of a document, in the document's order; repeated headings give one flow."""
    whole = of_document(document)
    sections = merged(document)
    flows: list[Flow] = []
    items: list[Item] = []
    for section in sections:
        flow = Flow(
            section.short,
            _side(section.source, document.source),
            _side(section.target, document.target),
        )
        flows.append(flow)
        blocks = [whole] if whole else list(of_making(section, sections))
        items += _Maker(document.pair, flow, section, whole, blocks).items()
    return tuple(flows), tuple(items)


_NO_TAG = re.compile(r"[^A-Za-z0-9_$~.>/-]")


class _Maker:
    """Makes the items of one flow."""

    def __init__(
        self, pair: str, flow: Flow, section: MergedFlow, whole: Block | None, making: Iterable[Block]
    ) -> None:
        self._pair = pair
        self._flow = flow
        self._section = section
        self._whole = whole
        self._making = tuple(making)
        a_source, a_target = _with_article(str(flow.source)), _with_article(str(flow.target))
        self._words = {
            "source": str(flow.source),
            "target": str(flow.target),
            "a_source": a_source,
            "a_target": a_target,
            "A_source": a_source[0].upper() + a_source[1:],
        }

    def items(self) -> list[Item]:
        """Its items, each once; where two statements give the same one, it has the fingerprints of both."""
        found: dict[str, list[Item]] = {}
        for statement in self._section.statements:
            for item in self._of(statement):
                found.setdefault(item.id, []).append(item)
        return [same[0] if len(same) == 1 else _joined(same) for same in found.values()]

    def _of(self, statement: Statement) -> Iterator[Item]:
        clause = statement.clause
        wordings = WORDINGS[statement.kind]
        if clause and clause.nature == "note":
            wordings = {"create": NOTED}
        for kind, wording in wordings.items():
            yield self._item(kind, wording, statement, clause=clause.meaning if clause else "")
        for related in statement.related:
            name = f"{self._flow.source.system} {related.singular}"
            yield self._item(f"create/{related.id}", RELATED, statement, related=name)
        for alternative in statement.alternatives:
            name = f"{alternative.source.path if alternative.source else ''}>"
            name += alternative.target.path if alternative.target else ""
            left, right = (str(each) if each else "(nothing)" for each in (alternative.source, alternative.target))
            block = of_alternative(self._section, alternative)
            yield self._item(
                f"link/{name}", MERGED, statement, alternative.line, [block] if block else [], left=left, right=right
            )
        if statement.kind == "properties":
            yield from self._properties(statement)

    def _properties(self, statement: Statement) -> Iterator[Item]:
        table = self._section.sections[0].table
        if not self._section.rows:
            yield self._item(UNSPECIFIED_KIND, UNSPECIFIED, statement, table.line)
            return
        for row, name in self._section.row_names.items():
            for kind, wording in ROW_WORDINGS.items():
                blocks = of_row(self._section, row, "target" if kind == "property-source" else "source")
                left, right = str(row.source), str(row.target)
                yield self._item(f"{kind}/{name}", wording, statement, row.line, blocks, row, left=left, right=right)
        yield self._item("unlisted", UNLISTED, statement, table.line)

    def _item(
        self,
        tail: str,
        wording: str,
        statement: Statement,
        line: int = 0,
        blocks: Iterable[Block] = (),
        row: PropertyRow | None = None,
        **more: str,
    ) -> Item:
        kind = tail.partition("/")[0]
        tail = tag_name(tail)
        reasons = [self._whole] if self._whole else [*blocks, *(self._making if kind in MAKING_KINDS else ())]
        flow = self._flow
        text = f"{statement.text} {row.source}>{row.target} {row.type.canonical}" if row else statement.text
        return Item(
            f"{self._pair}/{flow.source.object}/{flow.target.object}/{tail}",
            f"{flow.id}/{tail}",
            flow.id,
            kind,
            wording.format(**self._words, **more),
            fingerprint(text),
            line or statement.line,
            " ".join(block.reason for block in reasons) or None,
            " ".join(block.point for block in reasons) or None,
        )


def tag_name(tail: str) -> str:
    """The end of an id as a tag of a feature, which is a mark of pytest as well and ends at a colon or a bracket."""
    return _NO_TAG.sub(".", tail)


def _joined(same: list[Item]) -> Item:
    """One item that several statements give; their order in the document makes no difference to its fingerprint."""
    first = same[0]
    return replace(first, fingerprint=fingerprint(" ".join(sorted(item.fingerprint for item in same))))


def _side(name: ObjectName, system: System) -> Side:
    return Side(name.id, system.name, name.singular)


def _with_article(words: str) -> str:
    return f"{'an' if words[0] in 'AEIOUaeiou' else 'a'} {words}"
