"""What would pass in silence: everything amiss with the feature files, found in one pass before any scenario runs."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_bdd.exceptions import GherkinParseError
from pytest_bdd.gherkin_parser import get_gherkin_document
from pytest_bdd.steps import step_function_context_registry

from counterpart.scenarios import ID_TAG, ROW_COLUMN, slug

# More steps than these nobody keeps in mind while reading; the longest of our own scenarios has 14.
MAX_STEPS = 25
# Tags with a meaning of their own besides items and ids.
KNOWN_TAGS = ("skip", "additional")
_COLUMN = re.compile(r"<([^<>]+)>")
_KEYWORDS = {"Context": "given", "Action": "when", "Outcome": "then"}


@dataclass(frozen=True)
class Finding:
    """One thing amiss: where, which item where that is known, what, and the edit that cures it."""

    code: str
    path: Path
    line: int
    message: str
    cure: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}; {self.cure}"


@dataclass(frozen=True)
class Lint:
    """All findings: `defects` stop a run, `warnings` keep a release from being signed."""

    defects: tuple[Finding, ...]
    warnings: tuple[Finding, ...]


@dataclass(frozen=True)
class Definition:
    """A step definition: under which keyword it is found, what it accepts, and whether it reads a data table."""

    keyword: str | None
    name: str
    accepts: Callable[[str], bool]
    table: bool
    path: Path
    line: int


@dataclass
class _Step:
    keyword: str
    text: str
    line: int
    table: bool


@dataclass
class _Scenario:
    path: Path
    line: int
    title: str
    tags: list[str]
    steps: list[_Step]
    header: list[str] = field(default_factory=list)
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    outline: bool = False


def definitions(package: str = "") -> tuple[Definition, ...]:
    """Every step definition that was loaded, or those of one package."""
    found = []
    for context in list(step_function_context_registry.values()):
        function = inspect.unwrap(context.step_func)
        if not f"{function.__module__}.".startswith(f"{package}." if package else ""):
            continue
        code = function.__code__
        table = "datatable" in inspect.signature(function).parameters
        found.append(
            Definition(
                context.type,
                str(context.parser.name),
                context.parser.is_matching,
                table,
                Path(code.co_filename),
                code.co_firstlineno,
            )
        )
    return tuple(found)


def lint(root: Path, items: Mapping[str, Path], steps: Sequence[Definition], *, outside: Sequence[Path] = ()) -> Lint:
    """Look through every feature below root; `items` are the known ones with the file that names them.

    `outside` are folders in which a feature file would never be run.
    """
    scenarios: list[_Scenario] = []
    defects: list[Finding] = []
    for path in sorted(root.rglob("*")):
        if path.suffix == ".feature":
            found, wrong = _read(path)
            scenarios += found
            defects += wrong
        elif ".feature" in path.name.lower() and path.is_file():
            defects.append(_unbound(path, f"{path.name!r} is no name of a feature, so nothing runs it"))
    for folder in outside:
        defects += [
            _unbound(path, "this feature lies outside the run")
            for path in sorted(folder.rglob("*.feature"))
            if not path.is_relative_to(root)
        ]
    book = _Book(steps)
    for scenario in scenarios:
        defects += _of_scenario(scenario)
        defects += _of_outline(scenario)
        defects += _of_tags(scenario, items)
        defects += book.of_steps(scenario)
    defects += _twice(scenarios)
    proven = {tag for scenario in scenarios for tag in scenario.tags}
    warnings = [
        Finding("unproven-item", path, 1, f"{item} has no scenario", f"write one and tag it @{item}")
        for item, path in items.items()
        if item not in proven
    ]
    warnings += book.unused()
    return Lint(tuple(sorted(set(defects), key=lambda each: (each.path, each.line, each.code))), tuple(warnings))


def _unbound(path: Path, message: str) -> Finding:
    return Finding("outside", path, 1, message, "move it below features/ and end its name in .feature")


def _read(path: Path) -> tuple[list[_Scenario], list[Finding]]:
    """The scenarios of a file with their background's steps before their own."""
    try:
        feature = get_gherkin_document(str(path), "utf-8").feature
    except GherkinParseError as error:
        message = f"no Gherkin can begin like this here: {error.line_content.strip()!r}"
        return [], [Finding("gherkin", path, error.line, message, "mend the line")]
    except UnicodeDecodeError as error:
        return [], [Finding("gherkin", path, 1, f"not UTF-8 at byte {error.start}", "save the file as UTF-8")]
    except KeyError:
        return [], [Finding("empty-feature", path, 1, "the file holds no Feature", "write one or remove the file")]
    background: list[_Step] = []
    scenarios: list[_Scenario] = []
    defects: list[Finding] = []
    tags = [tag.name.removeprefix("@") for tag in feature.tags]
    for child in feature.children:
        if rule := getattr(child, "rule", None):
            line = rule.location.line
            cure = "take the Rule line out"
            defects.append(Finding("rule", path, line, "scenarios below a Rule are not run", cure))
        if child.background is not None:
            background = _steps(child.background.steps)
        if child.scenario is not None:
            scenarios.append(_scenario(path, child.scenario, tags, background))
            defects += [
                Finding("example-tags", path, each.location.line, "tags of Examples mark no test", "tag the scenario")
                for each in child.scenario.examples
                if each.tags
            ]
    if not scenarios and not defects:
        message, cure = "the feature has no scenario", "write one or remove the file"
        defects.append(Finding("empty-feature", path, feature.location.line, message, cure))
    return scenarios, defects


def _scenario(path: Path, given: Any, tags: list[str], background: list[_Step]) -> _Scenario:
    own = [tag.name.removeprefix("@") for tag in given.tags]
    outline = "outline" in given.keyword.lower() or "template" in given.keyword.lower() or bool(given.examples)
    steps = [*background, *_steps(given.steps)]
    scenario = _Scenario(path, given.location.line, given.name, [*tags, *own], steps, outline=outline)
    for examples in given.examples:
        if examples.table_header is not None:
            scenario.header = [cell.value for cell in examples.table_header.cells]
        scenario.rows += [(row.location.line, [cell.value for cell in row.cells]) for row in examples.table_body]
    return scenario


def _steps(given: Iterable[Any]) -> list[_Step]:
    """Steps with And and But read as the keyword before them."""
    found: list[_Step] = []
    keyword = ""
    for step in given:
        keyword = _KEYWORDS.get(step.keyword_type, keyword)
        found.append(_Step(keyword, step.text.strip(), step.location.line, step.datatable is not None))
    return found


def _of_scenario(scenario: _Scenario) -> Iterator[Finding]:
    path, line, title = scenario.path, scenario.line, scenario.title
    keywords = {step.keyword for step in scenario.steps}
    if not scenario.steps:
        yield Finding("no-steps", path, line, f"{title!r} has no steps, so it passes", "write them or remove it")
    elif "then" not in keywords:
        message = f"{title!r} has only Given steps" if keywords == {"given"} else f"{title!r} compares nothing"
        yield Finding("no-then", path, line, message, "end it with a Then that compares")
    if len(scenario.steps) > MAX_STEPS:
        message = f"{title!r} has {len(scenario.steps)} steps, more than a reader can hold"
        yield Finding("too-long", path, line, message, f"split it into scenarios of at most {MAX_STEPS}")


def _of_outline(scenario: _Scenario) -> Iterator[Finding]:
    path, line = scenario.path, scenario.line
    if scenario.outline and not scenario.rows:
        yield Finding("no-rows", path, line, f"{scenario.title!r} has no rows, so it never runs", "add rows")
        return
    texts = [scenario.title, *(step.text for step in scenario.steps)]
    used = {name for text in texts for name in _COLUMN.findall(text)}
    header = scenario.header
    # Without examples an angle bracket is only a sign.
    for name in sorted(used - set(header)) if scenario.rows else ():
        yield Finding("unknown-column", path, line, f"no column is called {name!r}", f"name one of {', '.join(header)}")
    for name in header:
        if name not in used and name != ROW_COLUMN:
            message = f"the column {name!r} is used nowhere"
            yield Finding("unused-column", path, line, message, f"use <{name}> or take the column out")
    if scenario.rows and ROW_COLUMN not in header:
        message = f"the examples have no column {ROW_COLUMN!r} that names each row"
        yield Finding("no-case", path, line, message, "add it")
    seen: dict[tuple[str, ...], int] = {}
    for place, cells in scenario.rows:
        values = tuple(cell for name, cell in zip(header, cells, strict=False) if name != ROW_COLUMN)
        if values in seen and values:
            message = f"this row says the same as the one in line {seen[values]}"
            yield Finding("equal-rows", path, place, message, "change it or take it out")
        seen.setdefault(values, place)


def _of_tags(scenario: _Scenario, items: Mapping[str, Path]) -> Iterator[Finding]:
    path, line, title = scenario.path, scenario.line, scenario.title
    ids = [tag for tag in scenario.tags if tag.startswith(ID_TAG)]
    named = [tag for tag in scenario.tags if "/" in tag]
    for tag in scenario.tags:
        if tag in items or tag in KNOWN_TAGS or tag in ids:
            continue
        near = [known for known in (*items, *KNOWN_TAGS, ID_TAG) if _one_off(tag, known)]
        if near:
            yield Finding("near-tag", path, line, f"@{tag} is one letter off @{near[0]}", f"write @{near[0]}")
        elif "/" in tag and "additional" not in scenario.tags:
            some = ", ".join(sorted(items)[:5])
            yield Finding("unknown-item", path, line, f"@{tag} is no item of the checklist", f"it has {some}, ...")
    if not named:
        yield Finding("no-item", path, line, f"{title!r} proves no item", "tag it or the feature as @flow/create")
    if len(ids) != 1:
        message = f"{title!r} needs exactly one tag @{ID_TAG}<name>; it has {len(ids)}"
        yield Finding("no-id", path, line, message, "give it one")


def _one_off(one: str, other: str) -> bool:
    """Whether two words differ in exactly one letter: another one, one more, or one less."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    start = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, rest_other = one[start:], other[start:]
    return rest[1:] == rest_other[1:] or rest[1:] == rest_other or rest == rest_other[1:]


def _twice(scenarios: Sequence[_Scenario]) -> Iterator[Finding]:
    titles = Counter((each.path, each.title) for each in scenarios)
    for each in scenarios:
        if titles[(each.path, each.title)] > 1:
            message = f"the title {each.title!r} stands twice in this feature, so one of the two would never run"
            yield Finding("equal-titles", each.path, each.line, message, "give it another one")
    names = [(each, name) for each in scenarios for name in set(_identities(each))]
    known = Counter(name for _, name in names)
    for each, name in names:
        if known[name] > 1:
            message = f"{name} names more than one scenario"
            yield Finding("equal-ids", each.path, each.line, message, f"give each its own @{ID_TAG} tag")
    for each in scenarios:
        cases = Counter(_identities(each))
        for name in sorted(name for name, count in cases.items() if count > 1):
            message = f"{name} names more than one row"
            yield Finding("equal-ids", each.path, each.line, message, f"give each its own {ROW_COLUMN!r} cell")


def _identities(scenario: _Scenario) -> list[str]:
    items = [tag for tag in scenario.tags if "/" in tag]
    ids = [tag.removeprefix(ID_TAG) for tag in scenario.tags if tag.startswith(ID_TAG)]
    if not items or len(ids) != 1:
        return []
    base = f"{items[0]}/{ids[0]}"
    if ROW_COLUMN not in scenario.header:
        return [base]
    place = scenario.header.index(ROW_COLUMN)
    return [f"{base}[{slug(cells[place])}]" for _, cells in scenario.rows if place < len(cells)]


def _filled(text: str, row: Mapping[str, str]) -> str:
    return _COLUMN.sub(lambda found: row.get(found[1], found[0]), text)


class _Book:
    """Looks steps up among the definitions; each sentence is looked up once, however often it is written."""

    def __init__(self, steps: Sequence[Definition]) -> None:
        self._steps = steps
        self._known: dict[str, tuple[Definition, ...]] = {}
        self._used: set[Definition] = set()

    def of_steps(self, scenario: _Scenario) -> Iterator[Finding]:
        """What is amiss with the steps of a scenario, with the values of each of its rows."""
        for step in scenario.steps:
            if not step.keyword:
                message = f"{step.text!r} follows no Given, When or Then"
                yield Finding("no-keyword", scenario.path, step.line, message, "write its keyword")
                continue
            columns = [name for name in dict.fromkeys(_COLUMN.findall(step.text)) if name in scenario.header]
            if not columns:
                yield from self._of_step(scenario, step, step.text, step.line, "")
                continue
            for place, cells in scenario.rows:
                row = dict(zip(scenario.header, cells, strict=False))
                text = _filled(step.text, row)
                values = ", ".join(f"{name} {row.get(name)!r}" for name in columns)
                yield from self._of_step(scenario, step, text, place, values)

    def unused(self) -> list[Finding]:
        """Definitions that no step needs."""
        return [
            Finding("unused-step", each.path, each.line, f"no feature uses {each.name!r}", "use it or take it out")
            for each in self._steps
            if each not in self._used
        ]

    def _of_step(self, scenario: _Scenario, step: _Step, text: str, line: int, values: str) -> Iterator[Finding]:
        if text not in self._known:
            self._known[text] = tuple(each for each in self._steps if each.accepts(text))
        fitting = self._known[text]
        found = [each for each in fitting if each.keyword in (step.keyword, None)]
        self._used.update(found)
        if len(found) > 1:
            message = f"{text!r} fits {len(found)} definitions: {', '.join(repr(each.name) for each in found)}"
            yield Finding("ambiguous-step", scenario.path, line, message, "make one of them narrower")
        elif not found and fitting:
            keyword = (fitting[0].keyword or "given").capitalize()
            message = f"{text!r} is known under {keyword} only"
            yield Finding("other-keyword", scenario.path, line, message, f"begin the step with {keyword}")
        elif not found and values:
            message = f"with {values} the step reads {text!r}, which no definition accepts"
            yield Finding("unaccepted-value", scenario.path, line, message, "change the value")
        elif not found:
            message = f"no step reads {text!r}"
            yield Finding("undefined-step", scenario.path, line, message, "use a known sentence or define this one")
        elif step.table and not found[0].table:
            message = f"{found[0].name!r} does not read a table, so the one below it says nothing"
            yield Finding("unread-table", scenario.path, line, message, "take the table out")
