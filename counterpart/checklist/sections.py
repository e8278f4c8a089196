"""One flow section of a dataflow document: heading, statements, property table."""

from __future__ import annotations

from counterpart.checklist import grammar
from counterpart.checklist.cells import data_type, property_ref
from counterpart.checklist.lines import Cursor
from counterpart.checklist.model import (
    Alternative,
    DocumentFlow,
    PropertyRef,
    PropertyRow,
    PropertyTable,
    Statement,
    StatementKind,
)
from counterpart.checklist.names import ObjectName, System, letters, object_name, with_system

FIRST_CELL, OTHER_CELL = "   * - ", "     - "
TYPE_HEADING = " Data Type"


class SectionReader:
    """Reads the section at the cursor; each method reads one rule of the grammar."""

    def __init__(self, cursor: Cursor, source: System, target: System) -> None:
        self._cursor = cursor
        self._systems = (source, target)
        self._names: dict[str, str] = {}
        self._folded: dict[str, str] = {}

    def section(self) -> DocumentFlow:
        """The whole section; raises DocumentError at the first line that the grammar does not admit."""
        cursor = self._cursor
        heading = cursor.take("a heading such as 'A Customer to B Customers'", lambda line: line.count(" to ") == 1)
        first = cursor.at
        cursor.exactly("-" * len(heading), "the heading's underline, as long as the heading")
        left, _, right = heading.partition(" to ")
        self._names = {"source": left, "target": right}
        source, target = self._source(left, first), self._target(right, first)
        self._folded = {"source": _folded(source), "target": _folded(target)}

        opening = self._opening(source)
        statements = [opening, *self._middle(opening.kind)]
        meaning = "a linked pair keeps in sync, or before it a merge or creation rule"
        statements.append(self._statement("keep_in_sync", grammar.LINK, meaning))
        cursor.blank()
        announced = self._statement("properties", grammar.PROPERTIES, "a list of properties follows")
        cursor.blank()
        table = self._table()
        statements.append(Statement("properties", announced.text, announced.line, cursor.at))
        return DocumentFlow(heading, source, target, tuple(statements), table, first, cursor.at)

    # Names

    def _source(self, raw: str, line: int) -> ObjectName:
        system = self._systems[0]
        found = object_name(raw, system)
        if found is None:
            self._cursor.fail(line, f"a heading that begins with a spelling of {system.raw!r}, then an object")
        return found

    def _target(self, raw: str, line: int) -> ObjectName:
        """The target's half, cut by the third header cell, which alone tells system and object apart for certain."""
        system = self._systems[1]
        ahead, spelling = self._type_heading()
        if spelling is None:
            # Whatever is amiss with the table is said where it stands.
            found = object_name(raw, system)
        else:
            found = with_system(raw, spelling, system)
            if found is None:
                cell = self._cursor.at + ahead + 1
                self._cursor.fail(cell, f"the system of {raw!r} before 'Data Type', a spelling of {system.name!r}")
        if found is None:
            self._cursor.fail(line, f"a heading whose second half begins with a spelling of {system.name!r}")
        return found

    def _type_heading(self) -> tuple[int, str | None]:
        """Where this section's third header cell stands, lines ahead, and which system it names."""
        ahead = 0
        while self._cursor.at + ahead < len(self._cursor.text.lines):
            line = self._cursor.peek(ahead)
            if line.startswith(OTHER_CELL) and line.endswith(TYPE_HEADING):
                return ahead, line.removeprefix(OTHER_CELL).removesuffix(TYPE_HEADING.lstrip()).removesuffix(" ")
            if not line and not self._cursor.peek(ahead + 1):
                break
            ahead += 1
        return ahead, None

    # Statements

    def _opening(self, source: ObjectName) -> Statement:
        line = self._cursor.peek()
        marker = grammar.CONDITIONAL.format(**self._names)
        if line.endswith(marker):
            text = line.removesuffix(marker)
            clause = grammar.clause(text, source)
            if clause is None:
                self._cursor.fail(self._cursor.at + 1, "one of the known conditions before ', it  will be'", text)
            self._cursor.at += 1
            said = f"{clause.nature}: {clause.meaning}{grammar.CONDITIONAL.format(**self._folded)}"
            opening = Statement("conditional", said, self._cursor.at, self._cursor.at, clause)
        elif line == grammar.PRECONDITION.format(**self._names):
            opening = self._statement("precondition", grammar.PRECONDITION, "a link must exist first")
        else:
            opening = self._statement("every", grammar.EVERY, self._tried())
        self._cursor.blank()
        return opening

    def _tried(self) -> str:
        return "every record is synchronised, that a link must exist first, or on which condition one is"

    def _middle(self, opening: StatementKind) -> list[Statement]:
        """What stands between opening and link; refused in any order but those of the family."""
        found: list[Statement] = []
        starts = {
            grammar.MATCH.format(**self._names)[:20]: self._match_or_create,
            grammar.RELATED.format(**self._names): self._related,
            grammar.MERGE.format(**self._names): self._merge,
        }
        while rule := next((rule for start, rule in starts.items() if self._cursor.peek().startswith(start)), None):
            line = self._cursor.at + 1
            found.append(rule())
            kinds = tuple(statement.kind for statement in found)
            if not any(allowed[: len(kinds)] == kinds for allowed in grammar.MIDDLES[opening]):
                before = ", ".join((opening, *kinds[:-1]))
                self._cursor.fail(line, f"another statement after {before}: {_orders(opening)}")
            self._cursor.blank()
        if tuple(statement.kind for statement in found) not in grammar.MIDDLES[opening]:
            self._cursor.fail(self._cursor.at + 1, f"the statement that belongs to {opening}: {_orders(opening)}")
        return found

    def _match_or_create(self) -> Statement:
        first = self._cursor.exactly(
            grammar.MATCH.format(**self._names), f"the sentence saying that a match is merged, {self._named()}"
        )
        last = self._cursor.exactly(
            grammar.CREATE.format(**self._names), f"the sentence saying that otherwise one is created, {self._named()}"
        )
        text = f"{grammar.MATCH} {grammar.CREATE}".format(**self._folded)
        return Statement("match_or_create", text, first, last)

    def _related(self) -> Statement:
        line = self._cursor.at + 1
        start = grammar.RELATED.format(**self._names)
        ending = grammar.RELATED_END.fullmatch(self._cursor.peek().removeprefix(start))
        if ending is None:
            self._cursor.fail(line, "a list of related records and the system that they are synchronised into")
        # The list may name another system than the title, and so may its end; both are only told apart here.
        first, *others = grammar.related_names(ending["list"])
        source, target = self._systems
        related = next((name for system in (source, target) if (name := object_name(first, system))), None)
        if related is None:
            self._cursor.fail(line, f"a related record of {source.name!r}", ending["list"])
        if any(not letters(other) for other in others):
            self._cursor.fail(line, "related records, each with a name", ending["list"])
        into = ending["into"]
        if target.named_by(into) is None:
            self._cursor.fail(line, f"records that are synchronised into {target.name!r}", into)
        self._cursor.at += 1
        names = (related, *(ObjectName(other, related.system, other, None, related.naming) for other in others))
        said = f"{grammar.RELATED.format(**self._folded)}{', '.join(sorted(name.id for name in names))}"
        return Statement("create_related", said, line, line, None, names, System(into))

    def _merge(self) -> Statement:
        cursor = self._cursor
        line = cursor.exactly(grammar.MERGE.format(**self._names), "a merge rule")
        cursor.blank()
        self._table_head(("source", "target"))
        alternatives: list[Alternative] = []
        while cursor.peek():
            row = cursor.at + 1
            source = self._merge_cell(FIRST_CELL)
            alternatives.append(Alternative(source, self._merge_cell(OTHER_CELL), row))
        if not alternatives:
            cursor.fail(cursor.at + 1, "a row of the merge rule; a merge rule has at least one")
        rows = "; ".join(sorted(map(str, alternatives)))
        said = f"{grammar.MERGE.format(**self._folded)} {rows}"
        return Statement("merge", said, line, cursor.at, alternatives=tuple(alternatives))

    def _merge_cell(self, start: str) -> PropertyRef | None:
        if self._cursor.peek() == start.rstrip():
            self._cursor.at += 1
            return None
        return self._property(start)

    # Tables

    def _table_head(self, halves: tuple[str, ...]) -> int:
        cursor = self._cursor
        first = cursor.exactly(".. list-table::", "a table, '.. list-table::'")
        cursor.exactly("   :header-rows: 1", "the table's only option, ':header-rows: 1'")
        cursor.blank()
        for index, half in enumerate(halves):
            expected = f"{self._names[half]} Property"
            cursor.exactly((FIRST_CELL, OTHER_CELL)[index] + expected, f"the header cell {expected!r}")
        return first

    def _table(self) -> PropertyTable:
        first = self._table_head(("source", "target"))
        heading = self._cursor.take(
            "a header cell that ends in 'Data Type'",
            lambda line: line.startswith(OTHER_CELL) and line.endswith(TYPE_HEADING),
        ).removeprefix(OTHER_CELL)
        rows: list[PropertyRow] = []
        while self._cursor.peek():
            rows.append(self._row())
        header = (f"{self._names['source']} Property", f"{self._names['target']} Property", heading)
        return PropertyTable(header, tuple(rows), first)

    def _row(self) -> PropertyRow:
        line = self._cursor.at + 1
        source, target = self._property(FIRST_CELL), self._property(OTHER_CELL)
        # For one day in March 2024 the type was printed at column 1 instead of as a third cell.
        misplaced = not self._cursor.peek().startswith((" ", "\t")) and self._cursor.peek() != ""
        cell = self._cursor.peek() if misplaced else self._cell(OTHER_CELL)
        self._cursor.at += misplaced
        kind = data_type(cell)
        if kind is None:
            self._cursor.fail(self._cursor.at, 'a data type: "string" and its like, N/A, or a known expression', cell)
        return PropertyRow(source, target, kind, line, misplaced)

    def _property(self, start: str) -> PropertyRef:
        self._cell(start)
        line = self._cursor.at
        raw = self._cursor.text.raw[line - 1].removeprefix(start)
        found = property_ref(raw, line)
        if found is None:
            self._cursor.fail(line, "a property name of up to five segments, perhaps with value conditions", raw)
        return found

    def _cell(self, start: str) -> str:
        wanted = f"a table cell that begins with {start.strip()!r}; each row has as many as the header"
        return self._cursor.take(wanted, lambda line: line.startswith(start)).removeprefix(start)

    def _statement(self, kind: StatementKind, template: str, meaning: str) -> Statement:
        line = self._cursor.exactly(
            template.format(**self._names), f"the sentence saying that {meaning}, {self._named()}"
        )
        return Statement(kind, template.format(**self._folded), line, line)

    def _named(self) -> str:
        return f"with {self._names['source']!r} and {self._names['target']!r}"


def _folded(name: ObjectName) -> str:
    return f"{name.system.id or 'unnamed'}/{name.id}"


def _orders(opening: StatementKind) -> str:
    return " or ".join(" then ".join((opening, *middle, "link")) for middle in grammar.MIDDLES[opening])
