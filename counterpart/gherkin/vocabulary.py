"""The step definitions, found by keyword and by the words with which a sentence begins."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pytest_bdd import parsers
from pytest_bdd.steps import StepFunctionContext, step_function_context_registry

Entry = TypeVar("Entry")

_REGEX_SIGNS = frozenset(".^$*+?{}[]\\|()")
# What `re` takes for an ASCII letter when it ignores case, besides the capital.
_LIKE_ASCII = str.maketrans({"İ": "i", "ı": "i", "ſ": "s", "\u212a": "k"})


@dataclass(frozen=True)
class Definition:
    """A step definition: under which keyword it is found (any, where None), what it accepts, what it reads."""

    keyword: str | None
    name: str
    accepts: Callable[[str], bool]
    opening: str
    path: Path
    line: int
    table: bool = False
    needs_table: bool = False
    docstring: bool = False
    # Its function is async, so that calling it runs nothing.
    unawaited: bool = False
    # It belongs to the project whose features are looked at, and not to a library.
    own: bool = True


def definitions(package: str = "", root: Path | None = None) -> tuple[Definition, ...]:
    """Every step definition that was loaded, or those of one package; `root` is the project's own folder."""
    found = []
    for context in list(step_function_context_registry.values()):
        function = inspect.unwrap(context.step_func)
        if f"{function.__module__}.".startswith(f"{package}." if package else ""):
            found.append(_definition(context, function, root))
    return tuple(found)


def _definition(context: StepFunctionContext, function: Callable[..., object], root: Path | None) -> Definition:
    parameters = inspect.signature(function).parameters
    table = parameters.get("datatable")
    code = function.__code__
    path = Path(code.co_filename)
    return Definition(
        keyword=context.type,
        name=str(context.parser.name),
        accepts=context.parser.is_matching,
        opening=opening(context.parser),
        path=path,
        line=code.co_firstlineno,
        table=table is not None,
        needs_table=table is not None and table.default is table.empty,
        docstring="docstring" in parameters,
        unawaited=inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function),
        own=root is None or (path.is_relative_to(root) and "site-packages" not in path.parts),
    )


def opening(parser: parsers.StepParser) -> str:
    """The words with which every sentence begins that the parser accepts; empty where that cannot be told."""
    # A subclass may read its sentence in a way of its own.
    if type(parser) is parsers.re:
        return _of_regex(parser.regex)
    if type(parser) in (parsers.parse, parsers.cfparse):
        return re.split(r"[{}]", parser.name, maxsplit=1)[0]
    return parser.name if type(parser) is parsers.string else ""


def _of_regex(regex: re.Pattern[str]) -> str:
    pattern = regex.pattern
    if ("|" in pattern and _alternatives(pattern)) or regex.flags & re.VERBOSE:
        return ""
    end = next((n for n, sign in enumerate(pattern) if sign in _REGEX_SIGNS), len(pattern))
    # What may be missing or repeated belongs to no beginning.
    return pattern[: end - 1] if end < len(pattern) and pattern[end] in "*?{" and end else pattern[:end]


def _alternatives(pattern: str) -> bool:
    """Whether a bar stands outside of all brackets."""
    depth = 0
    plain = re.sub(r"\\.", "", pattern)
    for sign in re.sub(r"\[\^?\]?[^\]]*\]", "", plain):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "|" and depth == 0:
            return True
    return False


class Index(Generic[Entry]):
    """Entries by the beginning of the sentences they accept: a look-up costs by what fits, not by what there is."""

    def __init__(self, entries: Iterable[tuple[str, Entry]]) -> None:
        self._by_opening: dict[str, list[tuple[int, Entry]]] = {}
        for place, (words, entry) in enumerate(entries):
            self._by_opening.setdefault(_folded(words), []).append((place, entry))
        self._lengths = sorted({len(words) for words in self._by_opening})

    def candidates(self, text: str) -> Iterator[Entry]:
        """Every entry that might accept the text, in the order in which they were given."""
        folded = text.translate(_LIKE_ASCII).lower()
        found: list[tuple[int, Entry]] = []
        for length in self._lengths:
            if length > len(folded):
                break
            found += self._by_opening.get(folded[:length], ())
        return (entry for _, entry in sorted(found, key=lambda each: each[0]))


def _folded(words: str) -> str:
    """The ASCII beginning of an opening in small letters; other letters fold in ways of their own."""
    end = next((n for n, sign in enumerate(words) if not sign.isascii()), len(words))
    return words[:end].lower()
