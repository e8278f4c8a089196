"""What would pass in silence: everything amiss with the feature files, found in one pass before any scenario runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from counterpart.gherkin.findings import FeatureDefect, Finding, Lint
from counterpart.gherkin.outlines import COLUMN, ID_TAG, REQUIREMENT_TAG, ROW_COLUMN, Examples, Outline, Step
from counterpart.gherkin.reading import Features, read_features
from counterpart.gherkin.vocabulary import Definition, Index

# More steps than these nobody keeps in mind while reading; the longest of our own scenarios has 14.
MAX_STEPS = 25
# Marks a scenario of an item beyond the document.
ADDITIONAL_TAG = "additional"
# Declares that a scenario is meant to prove more than one item.
SEVERAL_TAG = "several-items"
# Tags with a meaning of their own besides items and ids.
KNOWN_TAGS = ("skip", ADDITIONAL_TAG, SEVERAL_TAG)
# Tags that pytest would take for marks of its own, by which a failure counts as a success or a fixture is bent.
FOREIGN_MARKS = ("xfail", "skipif", "parametrize", "usefixtures", "filterwarnings")


@dataclass(frozen=True)
class Known:
    """What tags may name: items of the document and beyond it, each with the file that says so, and requirements."""

    items: Mapping[str, Path]
    additional: Mapping[str, Path] = field(default_factory=dict)
    requirements: frozenset[str] = frozenset()

    @cached_property
    def every_item(self) -> Mapping[str, Path]:
        """Items of both kinds."""
        return {**self.items, **self.additional}

    @cached_property
    def names(self) -> Mapping[str, None]:
        """Every tag that means something."""
        return dict.fromkeys((*self.every_item, *KNOWN_TAGS, *self.requirements))


def lint(features: Features, known: Known, steps: Sequence[Definition]) -> Lint:
    """Look through all features, their tags and their steps."""
    book = _Book(steps)
    defects = _of_features(features, known)
    for outline in features.outlines:
        defects += _named(outline, book.of_steps(outline))
    defects = _once([book.advised(each) for each in defects])
    proven = {tag for outline in features.outlines for tag in outline.tags}
    warnings = [
        Finding("unproven-item", path, 1, f"{item} has no scenario", f"write one: counterpart new {item}")
        for item, path in known.every_item.items()
        if item not in proven
    ]
    warnings += book.unused()
    return Lint(_sorted(defects), tuple(warnings))


def discover(root: Path, known: Known) -> tuple[Outline, ...]:
    """The scenarios below root in path order; raises FeatureDefect with all that is amiss, steps apart."""
    features = read_features(root)
    if defects := _of_features(features, known):
        raise FeatureDefect(_sorted(defects))
    return features.outlines


def _once(defects: list[Finding]) -> list[Finding]:
    """An ambiguous sentence is told where it is met first, however often it is written."""
    told: dict[str, Finding] = {}
    for each in defects:
        if each.code == "ambiguous-step":
            told.setdefault(each.message, each)
    counted = Counter(each.message for each in defects if each.code == "ambiguous-step")
    return [
        replace(each, message=f"{each.message}; {counted[each.message] - 1} more steps say the same")
        if counted[each.message] > 1
        else each
        for each in defects
        if each.code != "ambiguous-step" or told[each.message] is each
    ]


def _sorted(defects: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(set(defects), key=lambda each: (each.path, each.line, each.code)))


def _of_features(features: Features, known: Known) -> list[Finding]:
    defects = list(features.defects)
    for outline in features.outlines:
        for found in (_of_scenario(outline), _of_examples(outline), _of_tags(outline, known)):
            defects += _named(outline, found)
    defects += _twice(features.outlines)
    return defects


def _named(outline: Outline, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Findings with the scenario they concern, or with its item alone where they concern its whole feature."""
    item = next(iter(outline.items), "")
    scenario = next((str(each).partition("[")[0] for each in outline.identities()), item)
    for each in findings:
        yield replace(each, item=scenario if each.line >= outline.begin else item)


def _of_scenario(outline: Outline) -> Iterator[Finding]:
    path, line, title = outline.path, outline.line, outline.title
    keywords = [step.keyword for step in outline.own]
    if not outline.steps:
        yield Finding("no-steps", path, line, f"{title!r} has no steps, so it passes", "write them or remove it")
    elif "then" not in keywords:
        message = f"{title!r} has only Given steps" if set(keywords) == {"given"} else f"{title!r} compares nothing"
        yield Finding("no-then", path, line, message, "end it with a Then that compares")
    elif "when" in keywords[_last(keywords, "then") :]:
        late = outline.own[_last(keywords, "when")]
        message = f"what comes of {late.text!r} is compared by no Then"
        yield Finding("late-when", path, late.line, message, "write a Then below it")
    if len(outline.steps) > MAX_STEPS:
        message = f"{title!r} has {len(outline.steps)} steps, more than a reader can hold"
        yield Finding("too-long", path, line, message, f"split it into scenarios of at most {MAX_STEPS}")


def _last(keywords: Sequence[str], wanted: str) -> int:
    return max(place for place, keyword in enumerate(keywords) if keyword == wanted)


def _of_examples(outline: Outline) -> Iterator[Finding]:
    path = outline.path
    if outline.templated and not outline.examples:
        yield Finding("no-rows", path, outline.line, f"{outline.title!r} has no rows, so it never runs", "add rows")
    used = {name for step in outline.steps for name in step.columns()} | set(COLUMN.findall(outline.title))
    seen: dict[tuple[str, ...], int] = {}
    for table in outline.examples:
        yield from _of_table(outline, table, used)
        for place, cells in table.rows:
            values = tuple(cell for name, cell in zip(table.header, cells, strict=False) if name != ROW_COLUMN)
            if values in seen and values:
                message = f"this row says the same as the one in line {seen[values]}"
                yield Finding("equal-rows", path, place, message, "change it or take it out")
            seen.setdefault(values, place)


def _of_table(outline: Outline, table: Examples, used: set[str]) -> Iterator[Finding]:
    path, header = outline.path, table.header
    if table.tagged:
        yield Finding("example-tags", path, table.line, "tags of Examples mark no test", "tag the scenario")
    if not table.rows:
        message = "these examples have no rows, so they never run"
        yield Finding("no-rows", path, table.line, message, "add rows or take the table out")
        return
    for name in sorted(used - set(header)):
        message = f"no column is called {name!r}"
        yield Finding("unknown-column", path, outline.line, message, f"name one of {', '.join(header)}")
    for name in header:
        if name not in used and name != ROW_COLUMN:
            message = f"the column {name!r} is used nowhere"
            yield Finding("unused-column", path, table.line, message, f"use <{name}> or take the column out")
    if ROW_COLUMN not in header:
        message = f"the examples have no column {ROW_COLUMN!r} that names each row"
        yield Finding("no-case", path, table.line, message, f"add the column {ROW_COLUMN!r}")


def _of_tags(outline: Outline, known: Known) -> Iterator[Finding]:
    path, line, title = outline.path, outline.line, outline.title
    for tag, place in outline.tagged:
        yield from _of_tag(path, place, tag, known)
        if tag in known.additional and ADDITIONAL_TAG not in outline.tags:
            message = f"@{tag} is no item of the document"
            yield Finding("unmarked-item", path, place, message, f"say so with @{ADDITIONAL_TAG} beside it")
    if not outline.items:
        yield Finding("no-item", path, line, f"{title!r} proves no item", "tag it or the feature as @flow/create")
    if len(outline.ids) != 1:
        message = f"{title!r} needs exactly one tag @{ID_TAG}<name>; it has {len(outline.ids)}"
        yield Finding("no-id", path, line, message, f"write @{ID_TAG}<name> above it once")


def _of_tag(path: Path, line: int, tag: str, known: Known) -> Iterator[Finding]:
    names = known.names
    if tag in FOREIGN_MARKS:
        message = f"@{tag} is a mark of pytest's own, by which a failure may count as a success"
        yield Finding("foreign-mark", path, line, message, "take the tag out")
    elif tag in names or tag.startswith(ID_TAG):
        return
    elif tag.startswith(REQUIREMENT_TAG):
        message = f"@{tag} is no requirement of features/additional.toml"
        yield Finding("unknown-requirement", path, line, message, "write a number that stands there")
    elif near := next((name for name in (*names, ID_TAG) if _one_off(tag, name)), None):
        yield Finding("near-tag", path, line, f"@{tag} is one letter off @{near}", f"write @{near}")
    elif "/" in tag:
        some = get_close_matches(tag, known.every_item, 3, 0)
        message = f"@{tag} is no item of the checklist"
        yield Finding("unknown-item", path, line, message, f"write one that is, such as @{', @'.join(some)}")


def _one_off(one: str, other: str) -> bool:
    """Whether two words differ in exactly one letter: another one, one more, or one less."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    start = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, rest_other = one[start:], other[start:]
    return rest[1:] == rest_other[1:] or rest[1:] == rest_other or rest == rest_other[1:]


def _twice(outlines: Sequence[Outline]) -> Iterator[Finding]:
    titles = Counter((each.path, each.title) for each in outlines)
    names = Counter(name for each in outlines for name in {str(identity) for identity in each.identities()})
    for each in outlines:
        yield from _named(each, _told_twice(each, titles, names))


def _told_twice(each: Outline, titles: Counter[tuple[Path, str]], names: Counter[str]) -> Iterator[Finding]:
    if titles[(each.path, each.title)] > 1:
        message = f"the title {each.title!r} stands twice in this feature, so one of the two would never run"
        yield Finding("equal-titles", each.path, each.line, message, "give it another one")
    for name, rows in Counter(map(str, each.identities())).items():
        if names[name] > 1:
            message = f"{name} names more than one scenario"
            yield Finding("equal-ids", each.path, each.line, message, f"give each its own @{ID_TAG} tag")
        if rows > 1:
            message = f"{name} names more than one row"
            yield Finding("equal-ids", each.path, each.line, message, f"give each its own {ROW_COLUMN!r} cell")


class _Book:
    """Looks steps up among the definitions; each sentence is looked up once, however often it is written."""

    def __init__(self, steps: Sequence[Definition]) -> None:
        self._steps = steps
        self._index = Index((each.opening, each) for each in steps)
        self._known: dict[str, tuple[Definition, ...]] = {}
        self._used: set[int] = set()
        self._unread: dict[tuple[Path, int], str] = {}

    def advised(self, finding: Finding) -> Finding:
        """The finding with the known sentence that comes nearest to one that no definition reads."""
        unread = self._unread.get((finding.path, finding.line))
        if finding.code != "undefined-step" or unread is None:
            return finding
        known = [text for text, fitting in self._known.items() if fitting]
        near = get_close_matches(unread, known, 1, 0.75)
        return replace(finding, cure=f"write {near[0]!r}, or define it") if near else finding

    def of_steps(self, outline: Outline) -> Iterator[Finding]:
        """What is amiss with the steps of a scenario, with the values of each of its rows."""
        for step in outline.steps:
            if not step.keyword:
                message = f"{step.text!r} follows no Given, When or Then"
                yield Finding("no-keyword", outline.path, step.line, message, "write its keyword")
                continue
            named = COLUMN.findall(step.text) if outline.templated else []
            # A column that does not exist is told already; the step cannot be read without it.
            for line, row in _rows(outline.examples, named) if named else [(step.line, {})]:
                values = ", ".join(f"{name} {row[name]!r}" for name in dict.fromkeys(named) if name in row)
                text = COLUMN.sub(lambda found, row=row: row.get(found[1], found[0]), step.text)  # type: ignore[misc]
                yield from self._of_step(outline.path, step, text, line, values)

    def unused(self) -> list[Finding]:
        """Definitions that no step needs."""
        return [
            Finding("unused-step", each.path, each.line, f"no feature uses {each.name!r}", "use it or take it out")
            for each in self._steps
            if each.own and id(each) not in self._used
        ]

    def _of_step(self, path: Path, step: Step, text: str, line: int, values: str) -> Iterator[Finding]:
        if text not in self._known:
            self._known[text] = tuple(each for each in self._index.candidates(text) if each.accepts(text))
        fitting = self._known[text]
        found = [each for each in fitting if each.keyword in (step.keyword, None)]
        self._used.update(map(id, found))
        if len(found) > 1:
            places = ", ".join(f"{each.name!r} ({each.path}:{each.line})" for each in found)
            message = f"{text!r} fits {len(found)} definitions: {places}"
            yield Finding("ambiguous-step", path, line, message, "take one out or make it narrower")
        elif found:
            yield from _of_definition(path, step, found[0])
        elif fitting:
            keyword = (fitting[0].keyword or "given").capitalize()
            message = f"{text!r} is known under {keyword} only"
            yield Finding("other-keyword", path, line, message, f"begin the step with {keyword}")
        elif values:
            message = f"with {values} the step reads {text!r}, which no definition accepts"
            yield Finding("unaccepted-value", path, line, message, "change the value")
        else:
            self._unread[(path, line)] = text
            message = f"no step reads {text!r}"
            yield Finding("undefined-step", path, line, message, "use a known sentence or define this one")


def _rows(examples: Sequence[Examples], named: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """The rows that fill in all that a step names, with their lines."""
    return [
        (line, dict(zip(table.header, cells, strict=False)))
        for table in examples
        if set(named) <= set(table.header)
        for line, cells in table.rows
    ]


def _of_definition(path: Path, step: Step, definition: Definition) -> Iterator[Finding]:
    name, line = definition.name, step.line
    if step.table and not definition.table:
        message = f"{name!r} does not read a table, so the one below it says nothing"
        yield Finding("unread-table", path, line, message, "take the table out")
    if not step.table and definition.needs_table:
        message = f"{name!r} needs a table below it"
        yield Finding("missing-table", path, line, message, "write one")
    if step.docstring is not None and not definition.docstring:
        message = f"{name!r} does not read a text, so the one below it says nothing"
        yield Finding("unread-text", path, line, message, "take the text out")
    if definition.unawaited:
        message = f"the definition of {name!r} in {definition.path.name} is async, so nothing of it would run"
        yield Finding("unawaited-step", path, line, message, "define it without async")
