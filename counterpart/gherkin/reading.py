"""Feature files as they are written, with what cannot be read of them or would never be run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache, cached_property
from pathlib import Path

from gherkin.dialect import Dialect
from pytest_bdd import gherkin_parser
from pytest_bdd.exceptions import GherkinParseError
from pytest_bdd.feature import features as FEATURES  # noqa: N812 - pytest-bdd's store, by the file's full name
from pytest_bdd.gherkin_parser import GherkinDocument, get_gherkin_document
from pytest_bdd.parser import FeatureParser

from counterpart.gherkin.findings import Finding
from counterpart.gherkin.outlines import Examples, Outline, Step

SUFFIX = ".feature"
_KEYWORDS = {"Context": "given", "Action": "when", "Outcome": "then"}


@dataclass(frozen=True)
class Features:
    """All scenarios below a folder in path order, and what keeps others from being read or run."""

    root: Path
    outlines: tuple[Outline, ...]
    defects: tuple[Finding, ...]
    documents: Mapping[Path, GherkinDocument] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def folders(self) -> frozenset[Path]:
        """Every folder that holds a scenario, near or far, up to the root."""
        return frozenset(
            folder
            for outline in self.outlines
            for folder in outline.path.parents
            if folder != self.root and folder.is_relative_to(self.root)
        )

    @cached_property
    def by_path(self) -> Mapping[Path, tuple[Outline, ...]]:
        """The scenarios of each file."""
        found: dict[Path, list[Outline]] = {}
        for outline in self.outlines:
            found.setdefault(outline.path, []).append(outline)
        return {path: tuple(outlines) for path, outlines in found.items()}


def read_features(root: Path, *, outside: Sequence[Path] = ()) -> Features:
    """Read every feature below root; `outside` are places where a feature would never be run."""
    outlines: list[Outline] = []
    defects: list[Finding] = []
    documents: dict[Path, GherkinDocument] = {}
    for path in sorted(root.rglob("*")):
        if path.suffix == SUFFIX:
            read = _parsed(path)
            if isinstance(read, Finding):
                defects.append(read)
                continue
            found, wrong = _scenarios(path, read.feature)
            outlines += found
            defects += wrong
            documents[path] = read
        elif SUFFIX in path.name.lower() and path.is_file():
            defects.append(_unbound(path, f"{path.name!r} is no name of a feature, so nothing runs it"))
    for place in outside:
        defects += [
            _unbound(path, "this feature lies outside the run")
            for path in ([place] if place.is_file() else sorted(place.rglob(f"*{SUFFIX}")))
            if not path.is_relative_to(root)
        ]
    return Features(root, tuple(outlines), tuple(defects), documents)


def lend(features: Features, path: Path) -> None:
    """Let pytest-bdd use what was read of a file; parsing it a second time takes a fifth of collecting."""
    if document := features.documents.get(path):
        FEATURES[str(path)] = _Read(document, path).parse()


class _Read(FeatureParser):
    """pytest-bdd's own parser, from the point at which the file is read."""

    def __init__(self, document: GherkinDocument, path: Path) -> None:
        super().__init__(str(path.parent), path.name)
        self._document = document

    def _parse_feature_file(self) -> GherkinDocument:
        return self._document


def _parsed(path: Path) -> GherkinDocument | Finding:
    """The document that a file holds, or what keeps it from being one."""
    try:
        return get_gherkin_document(str(path), "utf-8")
    except GherkinParseError as error:
        message = f"no Gherkin can begin like this here: {error.line_content.strip()!r}"
        return Finding("gherkin", path, error.line, message, _mended(error.line_content))
    except UnicodeDecodeError as error:
        return Finding("gherkin", path, 1, f"not UTF-8 at byte {error.start}", "save the file as UTF-8")
    except KeyError:
        return Finding("empty-feature", path, 1, "the file holds no Feature", "write one or remove the file")


def _mended(line: str) -> str:
    """What to do about a line that begins as no line of Gherkin does."""
    words = ("Feature:", "Background:", "Scenario:", "Scenario Outline:", "Examples:", "Given", "When", "Then", "And")
    first = line.strip().partition(" ")[0]
    near = get_close_matches(first, words, 1, 0.7)
    return f"write {near[0]!r} for {first!r}" if near else f"begin it with one of {', '.join(words)}"


def _scenarios(path: Path, feature: gherkin_parser.Feature) -> tuple[list[Outline], list[Finding]]:
    """The scenarios of one feature, and what keeps others in it from being run."""
    background: tuple[Step, ...] = ()
    outlines: list[Outline] = []
    defects: list[Finding] = []
    tags = _tagged(feature.tags)
    for child in feature.children:
        if child.rule is not None:
            line, cure = child.rule.location.line, "take the Rule line out"
            defects.append(Finding("rule", path, line, "scenarios below a Rule are not run", cure))
        if child.background is not None:
            background = _steps(child.background.steps)
        if child.scenario is not None:
            outlines.append(_outline(path, feature.language, child.scenario, tags, background))
    if not outlines and not defects:
        message, cure = "the feature has no scenario", "write one or remove the file"
        defects.append(Finding("empty-feature", path, feature.location.line, message, cure))
    return outlines, defects


def _unbound(path: Path, message: str) -> Finding:
    return Finding("outside", path, 1, message, f"move it below features/ and end its name in {SUFFIX}")


def _tagged(tags: Iterable[gherkin_parser.Tag]) -> list[tuple[str, int]]:
    return [(tag.name.removeprefix("@"), tag.location.line) for tag in tags]


@cache
def _outline_keywords(language: str) -> frozenset[str]:
    dialect = Dialect.for_name(language)
    return frozenset(dialect.scenario_outline_keywords if dialect else ())


def _outline(
    path: Path, language: str, given: gherkin_parser.Scenario, tags: list[tuple[str, int]], background: tuple[Step, ...]
) -> Outline:
    return Outline(
        path=path,
        line=given.location.line,
        begin=min([given.location.line, *(tag.location.line for tag in given.tags)]),
        title=given.name,
        tagged=(*tags, *_tagged(given.tags)),
        background=background,
        own=_steps(given.steps),
        examples=tuple(_examples(each) for each in given.examples),
        templated=bool(given.examples) or given.keyword in _outline_keywords(language),
    )


def _examples(given: gherkin_parser.ExamplesTable) -> Examples:
    header = tuple(cell.value for cell in given.table_header.cells) if given.table_header else ()
    rows = tuple((row.location.line, tuple(cell.value for cell in row.cells)) for row in given.table_body or ())
    return Examples(given.location.line, header, rows, tagged=bool(given.tags))


def _steps(given: Iterable[gherkin_parser.Step]) -> tuple[Step, ...]:
    found: list[Step] = []
    keyword = ""
    for step in given:
        keyword = _KEYWORDS.get(step.keyword_type, keyword)
        rows = step.datatable.rows if step.datatable else None
        table = None if rows is None else tuple(tuple(cell.value for cell in row.cells) for row in rows)
        docstring = step.docstring.content if step.docstring else None
        found.append(Step(keyword, step.text.strip(), step.location.line, table, docstring))
    return tuple(found)
