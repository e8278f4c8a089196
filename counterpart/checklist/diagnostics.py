"""What a reader of a document should know before trusting its items: where, what was assumed, what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from counterpart.checklist import blocks
from counterpart.checklist.flows import MergedFlow, merged
from counterpart.checklist.model import Document, DocumentFlow, PropertyRef, PropertyRow
from counterpart.checklist.names import System

# "stop" is a DocumentError: there is no document to speak of then.
Severity = Literal["block", "warn", "note"]


@dataclass(frozen=True)
class Diagnostic:
    """One finding; `decision` is the one without which some items cannot be signed off."""

    code: str
    severity: Severity
    line: int
    message: str
    assumed: str
    cure: str
    decision: str | None = None

    def at(self, path: str) -> str:
        """The finding in one line, with its place."""
        return f"{path}:{self.line}: {self.severity}: {self.message} Assumed: {self.assumed} {self.cure}"


NOTHING = "Nothing to do."
DECIDE = "Decide it in decisions.toml."


def diagnose(document: Document) -> tuple[Diagnostic, ...]:
    """Every finding of a document, by line; what was refused never gets here."""
    found = [*_of_whole(document)]
    flows = merged(document)
    for section in document.flows:
        found += _of_section(section, document)
    for flow in flows:
        found += _of_flow(flow, flows)
    order: dict[Severity, int] = {"block": 0, "warn": 1, "note": 2}
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (each.line, order[each.severity], each.code)))


def against_opposite(document: Document, opposite: Document | None) -> tuple[Diagnostic, ...]:
    """Which flows lack their way back: that an edit on either side travels rests on this document alone then."""
    back = set() if opposite is None else {(flow.target.id, flow.source.id) for flow in opposite.flows}
    whose = "there is no document for the opposite direction" if opposite is None else f"{opposite.title!r} has none"
    return tuple(
        Diagnostic(
            "one-way",
            "warn",
            flow.sections[0].line,
            f"{flow.short} has no flow back: {whose}.",
            "edits on the target side travel because this document says so.",
            "Check it against the other direction's document.",
        )
        for flow in merged(document)
        if (flow.source.id, flow.target.id) not in back
    )


def _of_whole(document: Document) -> Iterator[Diagnostic]:
    if document.old_heading:
        yield Diagnostic(
            "short-underline",
            "note",
            7,
            "The introduction's heading has a full stop and a short underline.",
            "nothing; documents up to March 2024 have it.",
            NOTHING,
        )
    if not document.flows:
        yield Diagnostic(
            "no-flow",
            "note",
            9,
            "The document has no flow, so there is nothing to check.",
            "nothing is passed by it.",
            "Make sure that it is the whole document.",
        )
    if whole := blocks.of_document(document):
        yield _blocked("unnamed-system", whole, "nothing.", "Name the file <source>-<target>.rst, or decide it.")
    elif not document.target.raw:
        yield Diagnostic(
            "unnamed-system",
            "warn",
            2,
            "The title leaves its target system unnamed.",
            f"{document.target.id}, after the file name.",
            "Check the file's name.",
        )
    if document.source.id == document.target.id:
        yield Diagnostic(
            "one-system",
            "note",
            2,
            f"Source and target are one system, {document.source.name}.",
            "flows merge records within it; each item needs two records of the same type.",
            NOTHING,
        )


def _of_section(section: DocumentFlow, document: Document) -> Iterator[Diagnostic]:
    for half, system in ((section.source, document.source), (section.target, document.target)):
        yield from _naming(half.naming, half.raw, system, section.line)
    if section.source.id == section.target.id and document.source.id == document.target.id:
        yield Diagnostic(
            "one-object",
            "note",
            section.line,
            f"Source and target are one record type, {section.source.object}.",
            "records of it are merged with each other.",
            NOTHING,
        )
    for statement in section.statements:
        if statement.clause and statement.clause.nature == "condition" and not statement.clause.agrees:
            yield Diagnostic(
                "other-subject",
                "warn",
                statement.line,
                f"The condition speaks of {statement.clause.subject!r}, the flow of {section.source.raw!r}.",
                f"a {section.source.singular} is meant.",
                "Ask whoever keeps the document.",
            )
        for related in statement.related[:1]:
            if related.system.id != document.source.id or related.naming not in ("known", "run together"):
                yield from _naming("beginning", related.raw, document.source, statement.line)
        if statement.into is not None and (
            document.target.named_by(statement.into.raw) != "known" or statement.into.raw != document.target.raw
        ):
            naming = document.target.named_by(statement.into.raw) or "known"
            yield from _naming(naming, statement.into.raw, document.target, statement.line, whole=True)
        for alternative in statement.alternatives:
            for end in (alternative.source, alternative.target):
                if end is not None and end.prefixed:
                    yield Diagnostic(
                        "prefixed-name",
                        "warn",
                        end.line,
                        f"{end.path} belongs to the service's own model, not to a system.",
                        "records are linked by it all the same.",
                        "Find out which property of the system it stands for.",
                    )
    for row in section.table.rows:
        yield from _of_row(row)
    if section.table.state == "header_only":
        yield Diagnostic(
            "empty-table",
            "warn",
            section.table.line,
            f"The property table of {section.heading!r} has a header and no rows.",
            "properties are shared, but nobody has said which; the item stays open.",
            "Supply and approve rows in supplement.toml.",
        )


def _naming(naming: str, raw: str, system: System, line: int, *, whole: bool = False) -> Iterator[Diagnostic]:
    spelled = whole or not raw.startswith(f"{system.raw} ")
    if naming == "known" and not spelled:
        return
    code = {"empty": "unnamed-system", "run together": "names-run-together"}.get(naming, "other-spelling")
    message = {
        "empty": f"{raw!r} names no system.",
        "run together": f"{raw!r} begins with several spellings of one system.",
    }.get(naming, f"{raw!r} names {system.name!r} in another spelling than the title.")
    yield Diagnostic(code, "warn", line, message, f"{system.name} is meant.", "Check that no other system is.")


def _of_row(row: PropertyRow) -> Iterator[Diagnostic]:
    if row.misplaced:
        yield Diagnostic(
            "misplaced-type",
            "warn",
            row.line + 2,
            "The data type stands at the beginning of the line.",
            "it is the row's third cell.",
            NOTHING,
        )
    for end in (row.source, row.target):
        yield from _of_property(end)
    if row.type.lossy:
        message, assumed = "The data type is a formula that lost some of its parts.", f"it gives {row.type.meaning}."
        yield Diagnostic("lossy-type", "warn", row.line + 2, message, assumed, "Agree on the type.")
    elif row.type.canonical == "unknown":
        message, assumed = f"The data type {row.type.raw} names none.", "values are compared as text."
        yield Diagnostic("unknown-type", "warn", row.line + 2, message, assumed, "Agree on the type.")


def _of_property(end: PropertyRef) -> Iterator[Diagnostic]:
    if end.trimmed:
        message = f"Behind the name {end.path!r} stand blanks or tabs."
        yield Diagnostic("trimmed-name", "warn", end.line, message, "they are no part of it.", NOTHING)
    if end.internal:
        message = f"{end.path} is the id of a parent record in the source."
        yield Diagnostic("internal-name", "note", end.line, message, "it is tested as a reference.", NOTHING)
    if end.synthetic:
        message = f"{end.path} was made up by the service; neither system has it."
        yield Diagnostic("synthetic-name", "note", end.line, message, "it is never compared.", DECIDE)
    if end.repeated:
        message = f"The value conditions of {end.path} repeat each other."
        yield Diagnostic("conditions-run-together", "warn", end.line, message, "each counts once.", NOTHING)
    if len(end.conditions) > 1:
        message = f"{end.path} has {len(end.conditions)} value conditions run together."
        assumed = "any one of them suffices."
        yield Diagnostic("conditions-run-together", "warn", end.line, message, assumed, "Ask which is meant.")
    for condition in end.conditions:
        if condition.value.startswith("wd:"):
            message = f"{end.path} depends on the concept {condition.value}, which no system keeps as a value."
            cure = "Say which values of the system stand for it."
            yield Diagnostic("concept-value", "warn", end.line, message, "nothing; it is only noted.", cure)
    if any(not condition.complete for condition in end.conditions):
        message = f"A value condition of {end.path} lacks its value or its property."
        yield Diagnostic("incomplete-condition", "warn", end.line, message, "nothing; it is blocked.", DECIDE)


def _of_flow(flow: MergedFlow, flows: tuple[MergedFlow, ...]) -> Iterator[Diagnostic]:
    for block in blocks.of_making(flow, flows):
        yield _blocked(block.point.partition(":")[0], block, "nothing; its items are blocked.", DECIDE)
    for statement in flow.statements:
        for alternative in statement.alternatives:
            if one := blocks.of_alternative(flow, alternative):
                yield _blocked("empty-cell", one, "the other rows of the rule stand.", DECIDE)
    for row in flow.rows:
        for block in (*blocks.of_row(flow, row, "target"), *blocks.of_row(flow, row, "source")):
            yield _blocked(block.point.partition(":")[0], block, "nothing; its items are blocked.", DECIDE)
    if len(flow.sections) > 1:
        yield from _of_repeated(flow, [section.line for section in flow.sections])


def _of_repeated(flow: MergedFlow, lines: list[int]) -> Iterator[Diagnostic]:
    places = ", ".join(map(str, lines))
    if flow.rows_differ:
        message = f"{flow.short} has {len(lines)} sections (lines {places}) that list different rows."
        yield Diagnostic("rows-differ", "warn", lines[1], message, "every row counts.", "Ask which list is right.")
    elif not flow.disputed:
        message = f"{flow.short} has {len(lines)} sections (lines {places}) that say the same."
        yield Diagnostic("repeated", "note", lines[1], message, "they are one flow.", NOTHING)


def _blocked(code: str, block: blocks.Block, assumed: str, cure: str) -> Diagnostic:
    return Diagnostic(code, "block", block.line, block.reason, assumed, cure, block.point)
