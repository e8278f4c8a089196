"""One scenario for an item, in the sentences of the step vocabulary."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from counterpart.checklist.items import Item
from counterpart.checklist.model import Condition, PropertyRef, PropertyRow

# What a record must be like for a condition to hold, by what the condition means.
FULFILLED = {
    "is certain to be sold": ("probability", "100"),
    "has the status Sold": ("status", "Sold"),
    "is accepted": ("accepted", "yes"),
    "is of type Agent": ("type", "Agent"),
    "is of type End User": ("type", "End User"),
}
# Values before and after an edit, by type.
VALUES = {
    "string": ("First text", "Another text"),
    "integer": ("41", "42"),
    "float": ("1.5", "2.25"),
    "decimal": ("1.50", "2.25"),
    "boolean": ("no", "yes"),
    "date": ("2026-03-01", "2026-03-31"),
    "datetime": ("2026-03-01T08:00:00Z", "2026-03-31T08:00:00Z"),
}


@dataclass(frozen=True)
class Cast:
    """Who plays in a flow's scenarios; `missing` says which connector is, `probe` is the pair that carries an edit.

    `filled` names for some rows the property that always has a value, so that clearing it is no case.
    """

    source_system: str
    source_record: str
    target_system: str
    target_record: str
    probe: tuple[str, str]
    rows: Mapping[str, PropertyRow]
    clause: str
    needs_link: bool
    missing: str | None
    filled: Mapping[str, str] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """The source record type as sentences name it."""
        return f"{self.source_system} {self.source_record}"

    @property
    def target(self) -> str:
        """The target record type as sentences name it."""
        return f"{self.target_system} {self.target_record}"

    @property
    def edited(self) -> tuple[str, str, str]:
        """A pair of properties that travels, and its type: the first row listed, or the probe."""
        plain = [row for row in self.rows.values() if not (row.source.conditions or row.target.conditions)]
        if plain:
            return plain[0].source.path, plain[0].target.path, plain[0].type.canonical
        return (*self.probe, "string")


def scenario(item: Item, cast: Cast) -> str:
    """The scenario of an item with its tags; one that nothing can run is marked to be skipped."""
    tail = item.short.removeprefix(f"{item.flow}/")
    tags = [f"@{item.short}", f"@id:{_slug(tail)}", *(["@skip"] if cast.missing else [])]
    lines = [f"  # {item.wording}"]
    lines += [f"  # Blocked: {item.blocked}"] if item.blocked else []
    lines.append(f"  {' '.join(tags)}")
    if item.kind in ("property-source", "property-target"):
        lines += _outline(tail, item.kind, cast, tags)
    else:
        lines += [f"  Scenario: {_title(tail)}", *_steps(tail, item.kind, cast)]
    return "\n".join(lines) + "\n"


def _steps(tail: str, kind: str, cast: Cast) -> list[str]:
    one = f"Then it has exactly one counterpart in {cast.target_system}"
    none = f"Then it has no counterpart in {cast.target_system}"
    rest, at_rest = "When the sync comes to rest", "And one more round writes nothing"
    linked = f"Given a {cast.source} linked with its {cast.target}"
    match kind:
        case "create":
            given = [f"Given a {cast.source}"]
            if related := re.fullmatch(r"create/(?!unmatched)(.+)", tail):
                name = related[1].replace(".", " ").title().replace(" ", "")
                given = [f"Given a {cast.source_system} {name}", f"And a {cast.source}"]
            elif cast.clause and tail == "create":
                given = _with("Given", cast.source, *FULFILLED[cast.clause])
            return _indented([*given, rest, one, at_rest])
        case "create-on-change":
            path, value = FULFILLED[cast.clause]
            edit = f"When {path} is set to {value} in {cast.source_system}"
            settled = [f"Given a {cast.source}", "And the sync has come to rest"]
            return _indented([*settled, edit, "And the sync comes to rest", one, at_rest])
        case "not-created":
            return _indented([f"Given a {cast.source}", rest, none, at_rest])
        case "match" | "link" | "no-link":
            return _indented([*_pair(tail, kind, cast), at_rest])
        case "link-stable":
            same = f"Then it is still linked with the same {cast.target}"
            again = ["When the sync is started again", "And the sync comes to rest"]
            return _indented([linked, *again, same, "And nothing else has changed on either side", at_rest])
        case _:
            return _indented([linked, *_edit(kind, cast), "And nothing else has changed on either side", at_rest])


def _pair(tail: str, kind: str, cast: Cast) -> list[str]:
    """Two records that agree in a property, or do not, and how many there are once the sync has rested."""
    names = tail.removeprefix("link/").partition(">") if kind == "link" else ("number", ">", "number")
    left, right = names[0] or "number", names[2] or "number"
    equal = kind != "no-link"
    values = ("(nothing)", "(nothing)") if tail.endswith("/empty") else ("K-1", "K-1" if equal else "K-2")
    given = [*_with("Given", cast.source, left, values[0]), *_with("And", cast.target, right, values[1])]
    ended = [f"Then it has exactly one counterpart in {cast.target_system}"]
    if not equal:
        ended = [f"Then it has no counterpart in {cast.target_system}"] if cast.needs_link else []
    count = 1 if equal or cast.needs_link else 2
    counted = f"there {'is' if count == 1 else 'are'} {count} {cast.target_record} in {cast.target_system}"
    return [*given, "When the sync comes to rest", *ended, f"{'And' if ended else 'Then'} {counted}"]


def _edit(kind: str, cast: Cast) -> list[str]:
    source, target, type_ = cast.edited
    _, after = VALUES.get(type_, VALUES["string"])
    here, there = (source, cast.source_system), (target, cast.target_system)
    if kind == "edit-target":
        here, there = there, here
    return [
        f"When {here[0]} is set to {after} in {here[1]}",
        "And the sync comes to rest",
        f"Then {there[0]} in {there[1]} is {after}",
    ]


def _outline(tail: str, kind: str, cast: Cast, tags: Sequence[str]) -> list[str]:
    name = tail.partition("/")[2]
    row = cast.rows[name]
    before, after = VALUES.get(row.type.canonical, VALUES["string"])
    here, there = (row.source, cast.source_system), (row.target, cast.target_system)
    if kind == "property-target":
        here, there = there, here
    conditions = [f"  # Only while {each}." for end in (row.source, row.target) for each in end.conditions]
    held = [each for each in row.source.conditions if each.complete][:1]
    steps = [
        *_linked(cast, held[0].path if held else "", held[0].value if held else ""),
        f"And its {row.source.path} is <before> on both sides",
        f"When {here[0].path} is set to <after> in {here[1]}",
        "And the sync comes to rest",
        f"Then {there[0].path} in {there[1]} is <after>",
        "And nothing else has changed on either side",
        "And one more round writes nothing",
    ]
    cells = [("case", "before", "after"), ("changed", before, after)]
    if name in cast.filled:
        conditions.append(f"  # Never cleared: {cast.filled[name]} always has a value.")
    else:
        cells.append(("cleared", before, "(nothing)"))
    title = f"  Scenario Outline: {_title(tail)}: <case>"
    outline = [*conditions, title, *_indented(steps), "", "    Examples: values to be agreed", *_cells(cells)]
    return [*outline, *(_left_alone(tail, held[0], here[0].path, there, after, cast, tags) if held else [])]


def _linked(cast: Cast, path: str, value: str) -> list[str]:
    """A linked pair; where a value condition is named, one that fulfils it."""
    if not path:
        return [f"Given a {cast.source} linked with its {cast.target}"]
    return [*_with("Given", cast.source, path, value), f"And it is linked with its {cast.target}"]


def _left_alone(
    tail: str,
    condition: Condition,
    edited: str,
    there: tuple[PropertyRef, str],
    after: str,
    cast: Cast,
    tags: Sequence[str],
) -> list[str]:
    """While the condition does not hold the property takes no part."""
    elsewhere = cast.source_system if there[1] == cast.target_system else cast.target_system
    steps = [
        *_linked(cast, condition.path, "(nothing)"),
        f"When {edited} is set to {after} in {elsewhere}",
        "And the sync comes to rest",
        f"Then {there[0].path} in {there[1]} has not changed",
        "And one more round writes nothing",
    ]
    named = " ".join(f"{tag}-left-alone" if tag.startswith("@id:") else tag for tag in tags)
    return [
        "",
        f"  {named}",
        f"  Scenario: {_title(tail)}: left alone while the condition does not hold",
        *_indented(steps),
    ]


def _with(keyword: str, record: str, path: str, value: str) -> list[str]:
    return [f"{keyword} a {record} with", *_cells([("property", "value"), (path, value)])]


def _cells(rows: Sequence[tuple[str, ...]]) -> list[str]:
    shown = [[cell.replace("\\", "\\\\").replace("|", "\\|") for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in shown) for column in range(len(shown[0]))]
    return [
        "      | " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in shown
    ]


def _indented(lines: Sequence[str]) -> list[str]:
    return [line if line.startswith(" ") else f"    {line}" for line in lines]


def _title(tail: str) -> str:
    words = tail.replace("/", ": ").replace("-", " ").replace(">", " to ").strip()
    return words[0].upper() + words[1:]


def _slug(tail: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", tail.lower()).strip("-")
