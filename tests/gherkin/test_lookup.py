"""Looking steps up by their opening words finds what pytest-bdd's own search finds, in the same order."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest
from hypothesis import strategies
from pytest_bdd import given as step_given
from pytest_bdd import parsers, step
from pytest_bdd.parser import Step

from counterpart.gherkin import COLUMN, Index, Lookup, by_opening, opening, read_features
from counterpart.gherkin.lookup import SCENARIO
from steps.given import *  # noqa: F403 - the fixtures by which pytest-bdd knows the vocabulary
from steps.then import *  # noqa: F403
from steps.when import *  # noqa: F403

ROOT = Path(__file__).parents[2]


@step_given("a thing")
def thing() -> None: ...


@step(parsers.parse("a {what}"))
def anything(what: str) -> None: ...


@step_given(parsers.re(r"an? (?P<what>thing|other)"))
def one_of(what: str) -> None: ...


@step_given(parsers.re(r"A THING", re.IGNORECASE))
def loud() -> None: ...


def sentences() -> list[tuple[str, str]]:
    """Every step of our own features, rows filled in, and some that fit several definitions or none."""
    found = {
        (step.keyword, COLUMN.sub(lambda column, row=row: row.get(column[1], column[0]), step.text))
        for outline in read_features(ROOT / "features").outlines
        for step in outline.steps
        for row in (
            [dict(zip(table.header, cells, strict=True)) for table in outline.examples for _, cells in table.rows]
            or [{}]
        )
    }
    odd = ("a thing", "A thing", "an", "", "ſ")
    return sorted(found | {(keyword, text) for keyword in ("given", "when", "then") for text in odd})


def as_step(keyword: str, text: str) -> Step:
    return Step(name=text, type=keyword, indent=0, line_number=1, keyword=keyword)


def test_the_same_definitions_in_the_same_order(request: pytest.FixtureRequest) -> None:
    lookup, manager = Lookup(), request._fixturemanager
    several = 0
    for keyword, text in sentences():
        wanted = list(SCENARIO.find_fixturedefs_for_step(as_step(keyword, text), manager, request.node))
        assert list(lookup.find(as_step(keyword, text), manager, request.node)) == wanted, text
        several += len(wanted) > 1
    assert several > 2


def test_a_definition_that_is_registered_later_is_found(request: pytest.FixtureRequest) -> None:
    lookup, manager = Lookup(), request._fixturemanager
    late = as_step("given", "a latecomer in the house")
    assert len(list(lookup.find(late, manager, request.node))) == 1
    late_comer = ModuleType("late_comer")
    exec("from pytest_bdd import given\n@given('a latecomer in the house')\ndef late(): ...\n", vars(late_comer))
    manager.parsefactories(holder=late_comer, node=request.node)
    assert len(list(lookup.find(late, manager, request.node))) == 2


def test_pytest_bdd_is_left_as_it_was() -> None:
    before = SCENARIO.find_fixturedefs_for_step
    with by_opening() as lookup:
        assert SCENARIO.find_fixturedefs_for_step == lookup.find
    assert SCENARIO.find_fixturedefs_for_step is before


REGEXES = (
    r"an? (?P<x>\S+) is here", r"(?P<x>a|b) c", r"ab?c", r"ab*", r"ab+c", r"ab{2}c", r"one|two", r"on(e|t)", r"[|]a",
    r"a\|b", r"a\.b", r"\w+ is", r"^start", r"Ünder (?P<x>.+)", r"a(?:b|c)?d", r"(a)|b", r"a\(|b", r"x[a)]|y",
)  # fmt: skip


@hypothesis.given(strategies.data())
@hypothesis.settings(max_examples=200, deadline=None)
def test_what_a_parser_accepts_is_among_the_candidates(data: strategies.DataObject) -> None:
    kind = data.draw(strategies.sampled_from(["re", "parse", "string"]))
    if kind == "re":
        flags = data.draw(strategies.sampled_from([0, re.IGNORECASE]))
        pattern = data.draw(strategies.sampled_from(REGEXES))
        parser: parsers.StepParser = parsers.re(pattern, flags)
        text = data.draw(strategies.from_regex(re.compile(pattern, flags), fullmatch=True))
    else:
        changed = strategies.sampled_from([str.upper, str.lower, str.swapcase, str])
        words = strategies.text("aIkKsS İıſ\u212aÜü.", max_size=6)
        template = data.draw(words) + (" {x}" if kind == "parse" else "") + data.draw(words)
        parser = parsers.parse(template) if kind == "parse" else parsers.string(template)
        text = data.draw(changed)(template.replace("{x}", "y"))
    if parser.is_matching(text):
        assert list(Index([(opening(parser), parser)]).candidates(text)) == [parser]


def test_a_look_up_passes_over_what_begins_otherwise() -> None:
    index = Index((f"step {number} of", number) for number in range(1000))
    assert list(index.candidates("step 7 of many")) == [7]
