"""Which items cannot be signed off before somebody has decided what the document leaves open or says twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from counterpart.checklist.flows import MergedFlow, Side
from counterpart.checklist.model import Alternative, Document, PropertyRow, Statement

# Items about whether a record gets a counterpart, and which one.
MAKING_KINDS = ("create", "not-created", "create-on-change", "match", "link", "no-link")


@dataclass(frozen=True)
class Block:
    """Why an item is blocked, as a sentence, and the decision that lifts it."""

    reason: str
    point: str
    line: int


def of_document(document: Document) -> Block | None:
    """What blocks every item: a system without a name, so that nobody can tell what is synchronised with what."""
    for name, system in (("source", document.source), ("target", document.target)):
        if not system.id:
            reason = f"The document leaves its {name} system unnamed, and so does its file name."
            return Block(reason, f"system:{name}", 2)
    return None


def of_making(flow: MergedFlow, flows: tuple[MergedFlow, ...]) -> Iterator[Block]:
    """What blocks the items that make or find counterparts in a flow."""
    for statement in flow.statements:
        if statement.clause and statement.clause.nature == "note":
            yield Block(
                f"In place of a condition stands an editor's remark ({statement.clause.meaning}); nobody has said "
                "what applies.",
                f"clause:{flow.short}",
                statement.line,
            )
    if flow.disputed:
        said = "; ".join(f"{told(each)} (line {each.line})" for each in flow.disputed)
        reason = f"Sections with the same heading disagree: {said}."
        yield Block(reason, f"statements:{flow.short}", flow.disputed[0].line)
    if doubled := _doubled(flow, flows):
        yield Block(
            f"Every {flow.source.singular} goes to organisation data and to human data "
            f"({' and '.join(each.short for each in doubled)}); as written each record would be created twice, and no "
            "rule tells people from organisations.",
            f"roles:{flow.source.id}",
            flow.sections[0].line,
        )


def _doubled(flow: MergedFlow, flows: tuple[MergedFlow, ...]) -> list[MergedFlow]:
    """The flows that send the same source, unconditionally, to an organisation and to a person."""
    if flow.target.role not in ("organisation", "human"):
        return []
    same = [
        other
        for other in flows
        if other.source.id == flow.source.id
        and other.target.role in ("organisation", "human")
        and any(statement.kind == "every" for statement in other.statements)
    ]
    return same if flow in same and {other.target.role for other in same} == {"organisation", "human"} else []


def of_alternative(flow: MergedFlow, alternative: Alternative) -> Block | None:
    """What blocks one row of a merge rule; the others stand."""
    if alternative.source and alternative.target:
        return None
    return Block(
        "A row of the merge rule has an empty cell, so it does not say what is compared.",
        f"merge:{flow.short}",
        alternative.line,
    )


def of_row(flow: MergedFlow, row: PropertyRow, arriving: Side) -> Iterator[Block]:
    """What blocks a property row in the direction in which it arrives at `target` or `source`."""
    name = flow.row_names[row]
    count, shared = flow.sharing(row, arriving)
    if count:
        place = row.target if arriving == "target" else row.source
        others = ", ".join(str(each.source if arriving == "target" else each.target) for each in shared)
        yield Block(
            f"{place.path} takes its value from {count + 1} properties (also {others}); which one wins when they "
            "differ is not stated.",
            f"winner:{flow.short}/to-{arriving}/{place.path}",
            row.line,
        )
    for place in (row.source, row.target):
        if any(not condition.complete for condition in place.conditions):
            yield Block(
                f"The value condition on {place.path} lacks its value or its property.",
                f"condition:{flow.short}/{name}",
                place.line,
            )
        if place.synthetic:
            yield Block(
                f"{place.path} was made up by the service and neither system has it, so nothing can be compared.",
                f"synthetic:{flow.short}/{place.path}",
                place.line,
            )


def told(statement: Statement) -> str:
    """What a statement says, in our words, short enough to stand beside another one."""
    match statement.kind:
        case "every":
            return "every record is synchronised"
        case "precondition":
            return "only linked records are synchronised"
        case "conditional":
            clause = statement.clause
            assert clause is not None
            return f"a record that {clause.meaning}" if clause.nature == "condition" else f"a remark: {clause.meaning}"
        case "match_or_create":
            return "a match is used, otherwise one is created"
        case "create_related":
            return f"created through {', '.join(name.object for name in statement.related)}"
        case "merge":
            return f"merged by {'; '.join(map(str, statement.alternatives))}"
        case "keep_in_sync":
            return "a linked pair keeps in sync"
        case _:
            return "these properties are shared"
