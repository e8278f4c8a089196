"""What all recordings together break and exercise of the contracts, as text, JSON and SARIF."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from counterpart.replay.cassette import Cassette
from counterpart.replay.conformance import Findings, Rule, Violation, body_of, check, owner_of, query_pairs
from counterpart.replay.contracts import Contract, Message, Operation
from counterpart.replay.exchange import Exchange
from counterpart.replay.matching import Headers
from counterpart.replay.spoiling import lacks, meant_in

KINDS = ("operations", "parameters", "statuses", "properties")
_MOST_SHOWN = 20

Names = dict[str, frozenset[str]]
"""For each kind the names of parts, as `invoiced.changeItem 404` or `invoiced.changeItem request name`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A violation and where it is recorded; interactions count from one."""

    cassette: str
    interaction: int
    violation: Violation

    def __str__(self) -> str:
        return f"{self.cassette}: interaction {self.interaction}: {self.violation}"


@dataclass(frozen=True)
class Survey:
    """Findings in the order of the recordings, what the contracts declare, and what each checklist item exercises."""

    findings: tuple[Finding, ...]
    declared: Names
    exercised: Mapping[str, Names]
    exchanges: int

    @property
    def violations(self) -> tuple[Finding, ...]:
        """What must not be: all but wrong requests that were refused, as a contract promises, and what was meant."""
        return tuple(each for each in self.findings if not (each.violation.refused or each.violation.meant))

    @property
    def covered(self) -> Names:
        """What all items together exercise."""
        return {kind: frozenset().union(*(each[kind] for each in self.exercised.values())) for kind in KINDS}

    def lost_since(self, older: Mapping[str, Any]) -> list[str]:
        """What an older survey's `to_dict` exercised, the contracts still declare, and this one does not exercise."""
        covered = self.covered
        return [
            name
            for kind in KINDS
            for name in older["coverage"][kind]["covered"]
            if name in self.declared[kind] and name not in covered[kind]
        ]

    def to_dict(self) -> dict[str, Any]:
        """The survey as plain data, in a stable order."""
        covered = self.covered
        return {
            "exchanges": self.exchanges,
            "findings": [
                {
                    "cassette": each.cassette,
                    "interaction": each.interaction,
                    "rule": str(each.violation.rule),
                    "operation": each.violation.operation,
                    "place": each.violation.place,
                    "message": each.violation.message,
                    "refused": each.violation.refused,
                    "meant": each.violation.meant,
                }
                for each in self.findings
            ],
            "coverage": {
                kind: {"declared": len(self.declared[kind]), "covered": sorted(covered[kind])} for kind in KINDS
            },
            "items": {
                item: {kind: len(names[kind]) for kind in KINDS} for item, names in sorted(self.exercised.items())
            },
        }

    def to_sarif(self) -> dict[str, Any]:
        """The findings as SARIF 2.1.0, for tools that show them beside the files."""
        rules = sorted({str(each.violation.rule) for each in self.findings})
        return {
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [
                {
                    "tool": {"driver": {"name": "counterpart", "rules": [{"id": rule} for rule in rules]}},
                    "results": [
                        {
                            "ruleId": str(each.violation.rule),
                            "level": "note" if each.violation.refused or each.violation.meant else "error",
                            "message": {"text": f"interaction {each.interaction}: {each.violation}"},
                            "locations": [{"physicalLocation": {"artifactLocation": {"uri": each.cassette}}}],
                        }
                        for each in self.findings
                    ],
                }
            ],
        }

    def to_text(self) -> str:
        """A page for the terminal: coverage in all and by item, then violations, equal ones counted."""
        covered = self.covered
        width = max(map(len, self.exercised), default=5)
        lines = [f"{self.exchanges} recorded exchanges held against the contracts", ""]
        lines.append("  ".join([" " * width, *(f"{kind:>11}" for kind in KINDS)]))
        for item, names in sorted(self.exercised.items()):
            lines.append("  ".join([f"{item:<{width}}", *(f"{len(names[kind]):>11}" for kind in KINDS)]))
        total = (f"{len(covered[kind])}/{len(self.declared[kind])}" for kind in KINDS)
        lines += ["  ".join([f"{'in all':<{width}}", *(f"{each:>11}" for each in total)]), ""]
        missing = sorted(self.declared["operations"] - covered["operations"])
        if missing:
            lines.append(f"No recording calls {', '.join(missing)}.")
        if refused := sum(each.violation.refused for each in self.findings):
            lines.append(f"{refused} wrong requests were refused, as the contracts promise.")
        if meant := [each for each in self.findings if each.violation.meant]:
            lines.append("Spoiled on purpose while they were recorded, and no violations for that:")
            lines += [f"  {each}" for each in meant]
        if not self.violations:
            return "\n".join([*lines, "No exchange breaks its contract."]) + "\n"
        counted = Counter(str(each.violation) for each in self.violations)
        first = {str(each.violation): each for each in reversed(self.violations)}
        lines.append(f"{len(self.violations)} violations:")
        for text, count in counted.most_common(_MOST_SHOWN):
            place = f"{first[text].cassette}, interaction {first[text].interaction}"
            lines.append(f"  {text}\n    {count} times, first in {place}")
        if len(counted) > _MOST_SHOWN:
            lines.append(f"  and {len(counted) - _MOST_SHOWN} others")
        return "\n".join(lines) + "\n"


def survey(cassettes: Iterable[tuple[str, Cassette]], contracts: Sequence[Contract]) -> Survey:
    """Check recordings, each given with the name that findings show; they are grouped by their `item`."""
    findings: list[Finding] = []
    exercised: dict[str, dict[str, set[str]]] = defaultdict(lambda: {kind: set() for kind in KINDS})
    count = 0
    for name, cassette in cassettes:
        names = exercised[str(cassette.metadata.get("item", "(no item)"))]
        reached = [each.at(cassette.metadata.get("systems")) for each in contracts]
        meant = dict(meant_in(cassette))
        for number, exchange in enumerate(cassette.interactions, 1):
            found = check(exchange, reached)
            findings += [Finding(name, number, each) for each in _excused(found.violations, meant.pop(number, None))]
            for kind, part in _exercised(exchange, found):
                names[kind].add(part)
            count += 1
        findings += [Finding(name, number, _not_spoiled(missing)) for number, missing in sorted(meant.items())]
    frozen = {item: {kind: frozenset(names[kind]) for kind in KINDS} for item, names in exercised.items()}
    return Survey(tuple(findings), declared(contracts), frozen, count)


def _excused(violations: Sequence[Violation], missing: str | None) -> list[Violation]:
    """The violations of an exchange, with those marked that the recording says were meant."""
    if missing is None:
        return list(violations)
    excused = [replace(each, meant=True) if lacks(each, missing) else each for each in violations]
    return excused if any(each.meant for each in excused) else [*excused, _not_spoiled(missing)]


def _not_spoiled(missing: str) -> Violation:
    message = f"the recording says that the answer lacks {missing!r} on purpose, and it does not"
    return Violation(Rule.NOT_SPOILED, "metadata", "spoiled", message)


def survey_files(root: Path, contracts: Sequence[Contract]) -> Survey:
    """As `survey`, for all cassettes below a folder, named by their path in it; raises CassetteError."""
    paths = sorted(root.rglob("*.yaml"))
    return survey(((path.relative_to(root).as_posix(), Cassette.load(path)) for path in paths), contracts)


def declared(contracts: Iterable[Contract]) -> Names:
    """All that the contracts say can occur."""
    names: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for operation in (each for contract in contracts for each in contract.operations):
        names["operations"].add(operation.id)
        names["parameters"] |= {f"{operation.id} {each.place} {each.name}" for each in operation.parameters}
        names["statuses"] |= {f"{operation.id} {code}" for code in operation.answers}
        parts: dict[str, Message | None] = {"request": operation.body, **operation.answers}
        names["properties"] |= {
            f"{operation.id} {part} {path}"
            for part, message in parts.items()
            if message is not None
            for values in message.contents.values()
            if values is not None
            for path in values.properties
        }
    return {kind: frozenset(names[kind]) for kind in KINDS}


def _exercised(exchange: Exchange, found: Findings) -> Iterator[tuple[str, str]]:
    operation = found.operation
    if operation is None:
        return
    yield "operations", operation.id
    for parameter in _given(exchange, operation):
        yield "parameters", f"{operation.id} {parameter}"
    if operation.body is not None:
        yield from _properties(operation, "request", operation.body, exchange.request_headers, exchange.request_body)
    if found.status is not None:
        yield "statuses", f"{operation.id} {found.status}"
        answer = operation.answers[found.status]
        yield from _properties(operation, found.status, answer, exchange.response_headers, exchange.response_body)


def _given(exchange: Exchange, operation: Operation) -> Iterator[str]:
    headers = {name for name, _ in exchange.request_headers}
    for name, _ in query_pairs(exchange.url):
        if owner := owner_of(name, operation.parameters):
            yield f"query {owner.name}"
    for parameter in operation.parameters:
        if parameter.place == "path" or (parameter.place == "header" and parameter.name.lower() in headers):
            yield f"{parameter.place} {parameter.name}"


def _properties(
    operation: Operation, part: str, message: Message, headers: Headers, body: bytes
) -> Iterator[tuple[str, str]]:
    found = body_of(headers, message.contents) if body else None
    if found is None or found[1] is None:
        return
    for path in _paths(body) & found[1].properties:
        yield "properties", f"{operation.id} {part} {path}"


@lru_cache(maxsize=2048)
def _paths(body: bytes) -> frozenset[str]:
    try:
        unseen = [("", json.loads(body))]
    except (ValueError, RecursionError):
        return frozenset()
    found = set()
    while unseen:
        prefix, value = unseen.pop()
        if isinstance(value, list):
            unseen += [(f"{prefix}[]", each) for each in value]
        elif isinstance(value, dict):
            for name, each in value.items():
                path = f"{prefix}.{name}" if prefix else name
                found.add(path)
                unseen.append((path, each))
    return frozenset(found)
