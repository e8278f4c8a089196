"""The living trace: from the document's items to scenarios, property rows, contracts and evidence, and what is torn."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from counterpart.arrivals import Arrival, arrivals
from counterpart.checklist import (
    Additional,
    Checklist,
    Decisions,
    Item,
    Row,
    Supplement,
    Waivers,
    WaiversError,
    exercised,
)
from counterpart.checklist.items import UNSPECIFIED_KIND
from counterpart.checklist.requirements import requirements
from counterpart.checklist.reviews import FILE_NAME, Review, Reviews
from counterpart.contract import Contract
from counterpart.gherkin import (
    REQUIREMENT_TAG,
    SEVERAL_TAG,
    FeatureDefect,
    Finding,
    Identity,
    Outline,
    discover,
    read_features,
)
from counterpart.project import known
from counterpart.replay import Cassette, ReplayError, path_for
from counterpart.replay.staleness import PARTS
from counterpart.stage import CONTRACTS
from counterpart.writable import unusable


@dataclass(frozen=True)
class Trace:
    """A project's checklist with all that hangs on it, as its files say; nothing of it was run.

    `recorded` are the metadata of the cassettes that lie where a scenario's should, `signed` is the date of the
    document whose checklist was signed last, None where nothing was.
    """

    folder: Path
    checklist: Checklist
    additional: Additional
    supplement: Supplement
    decisions: Decisions
    reviews: Reviews
    outlines: tuple[Outline, ...]
    defects: tuple[Finding, ...]
    recorded: Mapping[Path, Mapping[str, Any]]
    contracts: Mapping[str, Contract] = field(default_factory=dict)
    signed: datetime | None = None

    @classmethod
    def load(cls, folder: Path, signed: datetime | None = None) -> Trace:
        """Read a folder of features with the files beside them, and the cassettes; raises ChecklistError."""
        checklist = Checklist.load(folder / "checklist.toml")
        additional = Additional.load(folder / "additional.toml", checklist)
        defects: list[Finding] = []
        try:
            discover(folder, known(folder, checklist, additional))
        except FeatureDefect as trouble:
            defects += trouble.defects
        try:
            Waivers.load(folder / "waivers.toml", checklist, [item.short for item in additional.items])
        except WaiversError as trouble:
            defects += [_of_waivers(folder / "waivers.toml", sentence) for sentence in trouble.defects]
        outlines = read_features(folder).outlines
        return cls(
            folder,
            checklist,
            additional,
            Supplement.load(folder / "supplement.toml", checklist),
            Decisions.load(folder / "decisions.toml", checklist).including(additional),
            Reviews.load(folder / FILE_NAME),
            outlines,
            tuple(defects),
            _recorded(folder.parent / "cassettes", outlines),
            contracts_in(folder.parent / "contracts"),
            signed,
        )

    @property
    def items(self) -> tuple[Item, ...]:
        """The document's items and those beyond it."""
        return (*self.checklist.items, *self.additional.items)

    @cached_property
    def scenarios(self) -> Mapping[str, tuple[Outline, ...]]:
        """The scenarios of each item."""
        found: dict[str, list[Outline]] = {item.short: [] for item in self.items}
        for outline in self.outlines:
            for short in outline.items:
                found.setdefault(short, []).append(outline)
        return {short: tuple(outlines) for short, outlines in found.items()}

    @cached_property
    def rows(self) -> Mapping[str, tuple[Row, ...]]:
        """The property rows whose values the scenarios of each item read."""
        read = {
            short: {row.id: row for each in own for row in self._rows_of(each)} for short, own in self.scenarios.items()
        }
        return {short: tuple(rows.values()) for short, rows in read.items()}

    def operations(self, short: str) -> tuple[str, ...]:
        """The operations of the contracts that the recordings of an item's scenarios use."""
        parts = {
            part for outline in self.scenarios[short] for path in self._cassettes(outline) for part in self._parts(path)
        }
        return tuple(sorted({part.partition(" ")[0] for part in parts}))

    def requirements(self, item: Item) -> tuple[int, ...]:
        """The numbers of the requirements behind an item."""
        return self.additional.requirements.get(item.short) or requirements(item)

    def shown(self, short: str) -> tuple[int, ...]:
        """The numbers of the requirements that the scenarios of an item say they show."""
        numbers = {
            tag.removeprefix(REQUIREMENT_TAG)
            for outline in self.scenarios[short]
            for tag in outline.tags
            if tag.startswith(REQUIREMENT_TAG)
        }
        return tuple(sorted(int(number) for number in numbers if number.isdigit()))

    def noted(self, short: str) -> dict[str, str]:
        """The scenarios of an item as a review keeps them."""
        return {name_of(outline): fingerprint(outline) for outline in self.scenarios[short] if outline.identities()}

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that is torn, each with file, line, item and cure; what the linter finds is among it."""
        found = [*self.defects, *self._of_items(), *self._of_scenarios(), *self._of_rows(), *self._of_evidence()]
        if self.signed and self.signed > self.checklist.document.generated:
            path = self.folder / "checklist.toml"
            found.append(
                Finding(
                    "older-than-signed",
                    path,
                    line_of(path, "generated ="),
                    f"all items come from the document of {self.checklist.document.generated:%Y-%m-%d}, and what was "
                    f"signed last from that of {self.signed:%Y-%m-%d}",
                    "bring back the newer checklist, or derive it anew from the newer document",
                )
            )
        return tuple(sorted(dict.fromkeys(found), key=lambda each: (each.path, each.line, each.code)))

    def _of_items(self) -> Iterator[Finding]:
        by_short = {item.short: item for item in self.items}
        unknown = [item for item in self.items if item.short not in self.reviews.by_item]
        for review in self.reviews.by_item.values():
            item = by_short.get(review.short)
            if item is None:
                yield self._lost(review, unknown)
            elif not review.fits(item):
                yield self._finding("reworded", item, f"says something else than what was {review}", _again(item.short))
        for item in self.items:
            if not self.scenarios[item.short]:
                cure = f"write one: counterpart new {item.short}"
                yield self._finding("unproven-item", item, "has no scenario", cure)

    def _lost(self, review: Review, unknown: Sequence[Item]) -> Finding:
        """A reviewed item that is not there any more, and what has become of it as far as that can be told."""
        heirs = [item for item in unknown if item.id == review.id]
        heirs = heirs or [item for item in unknown if item.fingerprint == review.statement]
        path = self.folder / FILE_NAME
        line = line_of(path, f'short = "{review.short}"')
        if not heirs:
            message = f"{review.short}, {review}, is gone"
            cure = f"retire its scenarios, or bring it back; then: counterpart checklist review {review.short}"
            return Finding("deleted-item", path, line, message, cure)
        names = " and ".join(item.short for item in heirs)
        moved = heirs[0].flow != review.short.partition("/")[0]
        code = "split-item" if len(heirs) > 1 else "moved-item" if moved else "renumbered-item"
        verb = {"split-item": "was split into", "moved-item": "has moved to", "renumbered-item": "is called"}[code]
        again = " ".join(item.short for item in heirs)
        cure = f"tag its scenarios @{heirs[0].short}, then: counterpart checklist review {again}"
        return Finding(code, path, line, f"{review.short}, {review}, {verb} {names} now", cure)

    def _of_scenarios(self) -> Iterator[Finding]:
        for outline in self.outlines:
            if len(outline.items) > 1 and SEVERAL_TAG not in outline.tags:
                message = f"{outline.title!r} proves {' and '.join(outline.items)} without saying that it means to"
                cure = f"split it, or tag it @{SEVERAL_TAG}"
                yield Finding("several-items", outline.path, outline.line, message, cure)
        for short, review in self.reviews.by_item.items():
            own = {name_of(outline): outline for outline in self.scenarios.get(short, ()) if outline.identities()}
            for name, outline in own.items():
                if name not in review.scenarios:
                    message = f"{name} came to {short} after that was {review}"
                    yield Finding("unreviewed-scenario", outline.path, outline.line, message, _again(short))
                elif review.scenarios[name] != fingerprint(outline):
                    message = f"{name} of {short} was edited after it was {review}"
                    yield Finding("edited-scenario", outline.path, outline.line, message, _again(short))
            path = self.folder / FILE_NAME
            for name in review.scenarios.keys() - own.keys() if short in self.scenarios else ():
                message = f"{name} of {short} is gone since it was {review}"
                yield Finding("lost-scenario", path, line_of(path, f'"{name}" ='), message, _again(short))

    # What does not fit together

    def _of_rows(self) -> Iterator[Finding]:
        read = {row.id for rows in self.rows.values() for row in rows}
        path = self.folder / "supplement.toml"
        for row in self.supplement.rows:
            if row.id not in read:
                message = f"no scenario of {row.flow} reads {row.source} > {row.target} where it has to arrive"
                cure = "write a row of an outline that reads it, or reject it: counterpart supplement reject"
                yield Finding("unread-row", path, line_of_row(path, row), message, cure)
        for row, message, cure in unusable(self.checklist, self.supplement, self.contracts):
            yield Finding("unusable-row", path, line_of_row(path, row), f"{row.id}: {message}", cure)
        unlisted = {item.flow for item in self.checklist.items if item.kind == UNSPECIFIED_KIND}
        for outline in self.outlines:
            for flow in {short.partition("/")[0] for short in outline.items} & unlisted:
                for each in dict.fromkeys(arrivals(outline)):
                    if outline.examples and each.line != outline.line and not self._agreed(flow, each):
                        message = (
                            f"{name_of(outline)} reads {each.path} in {each.system}, of which no supplement row speaks"
                        )
                        cure = f"suggest it: counterpart supplement suggest '{flow}/SOURCE>TARGET', or take the row out"
                        yield Finding("unlisted-row", outline.path, each.line, message, cure)

    def _agreed(self, flow: str, arrival: Arrival) -> bool:
        """Whether a row of the flow speaks of the property in that system."""
        sides = self.checklist.flow(flow)
        ends = {(sides.source.system, row.source) for row in self.supplement.of(flow)}
        ends |= {(sides.target.system, row.target) for row in self.supplement.of(flow)}
        return (arrival.system, arrival.path) in ends

    def _of_evidence(self) -> Iterator[Finding]:
        for outline in self.outlines:
            for identity in outline.identities():
                path = _path(self.folder.parent / "cassettes", identity)
                said = self.recorded.get(path) if path else None
                if (
                    path
                    and said is not None
                    and (said.get("item"), said.get("scenario")) != (identity.item, str(identity))
                ):
                    message = f"{identity} of {identity.item} is shown by the recording of {said.get('scenario')}"
                    test = f"{outline.path}::{outline.id}" + (f"[{identity.row}]" if identity.row else "")
                    cure = f'record it again: pytest "{test}" --against=emulators --record'
                    yield Finding("foreign-evidence", path, 1, message, cure)

    def _rows_of(self, outline: Outline) -> Iterator[Row]:
        pairs = sorted({(each.system, each.path) for each in arrivals(outline)})
        for flow in dict.fromkeys(short.partition("/")[0] for short in outline.items):
            if flow in self.checklist.by_flow:
                yield from (row for row, _ in exercised(self.checklist.flow(flow), self.supplement, pairs))

    def _cassettes(self, outline: Outline) -> Iterator[Path]:
        for identity in outline.identities():
            path = _path(self.folder.parent / "cassettes", identity)
            if path and path in self.recorded:
                yield path

    def _parts(self, path: Path) -> Iterable[str]:
        parts: Mapping[str, str] = self.recorded[path].get(PARTS, {})
        return parts

    def _finding(self, code: str, item: Item, message: str, cure: str) -> Finding:
        file = "additional.toml" if item.short in self.additional.requirements else "checklist.toml"
        path = self.folder / file
        return Finding(code, path, line_of(path, f'short = "{item.short}"'), f"{item.short} {message}", cure)


def fingerprint(outline: Outline) -> str:
    """What a scenario says, whatever its layout, comments, and order of tags and rows."""
    steps = [(step.keyword, step.text, step.table, step.docstring) for step in outline.steps]
    examples = [(table.header, sorted(cells for _, cells in table.rows)) for table in outline.examples]
    whole = json.dumps([outline.title, sorted(outline.tags), steps, examples], ensure_ascii=False)
    return sha256(whole.encode()).hexdigest()[:16]


def name_of(outline: Outline) -> str:
    """A scenario's identity, its rows left out."""
    return f"{outline.items[0]}/{outline.id}" if outline.items and outline.ids else outline.title


def line_of(path: Path, words: str) -> int:
    """The line of a file that begins with these words, 1 where none does."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return next((number for number, line in enumerate(lines, 1) if line.startswith(words)), 1)


def line_of_table(path: Path, words: Collection[str]) -> int:
    """The line of the first `[[table]]` of a TOML file that has all these lines, 1 where none does."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    starts = [number for number, line in enumerate(lines) if line.startswith("[[")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        if set(words) <= set(lines[start:end]):
            return start + 1
    return 1


def line_of_row(path: Path, row: Row) -> int:
    """The line where a row of a supplement begins."""
    named = (("flow", row.flow), ("source", row.source), ("target", row.target))
    return line_of_table(path, [f'{name} = "{value}"' for name, value in named])


def _again(short: str) -> str:
    return f"look at both again: counterpart checklist review {short} --by NAME --role ROLE"


def _of_waivers(path: Path, sentence: str) -> Finding:
    place, _, rest = sentence.partition(": ")
    message, _, cure = rest.rpartition("; ")
    kind, _, number = place.partition(" ")
    lines = path.read_text("utf-8").splitlines()
    starts = [line for line, words in enumerate(lines, 1) if words.strip() == f"[[{kind}]]"]
    line = starts[int(number) - 1] if number.isdigit() and int(number) <= len(starts) else 1
    return Finding("waiver", path, line, f"{place}: {message or rest}", cure or "mend it")


def _path(root: Path, identity: Identity) -> Path | None:
    try:
        return path_for(root, identity.item, identity.scenario, identity.row)
    except ValueError:
        return None


def contracts_in(folder: Path) -> dict[str, Contract]:
    """The contracts that lie in a folder, by system."""
    paths = {system: folder / name for system, name in CONTRACTS.items()}
    return {system: Contract.load(path) for system, path in paths.items() if path.is_file()}


def _recorded(root: Path, outlines: Iterable[Outline]) -> dict[Path, Mapping[str, Any]]:
    found: dict[Path, Mapping[str, Any]] = {}
    for outline in outlines:
        for identity in outline.identities():
            path = _path(root, identity)
            if path and path.is_file():
                try:
                    found[path] = Cassette.load(path).metadata
                except ReplayError:
                    # `counterpart cassettes status` tells what is amiss with it.
                    continue
    return found
