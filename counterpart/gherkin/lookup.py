"""Looks the definition of a step up by keyword and opening words, in place of pytest-bdd's search through all of them.

pytest-bdd tries each fixture that pytest knows, for each step, whether it is a definition that fits. What is found here
is the same, in the same order; only definitions that cannot fit are passed over.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from _pytest.fixtures import FixtureDef, FixtureManager
from _pytest.nodes import Node
from pytest_bdd.compat import get_fixture_names, getfixturedefs
from pytest_bdd.parser import Step
from pytest_bdd.steps import StepNamePrefix, step_function_context_registry

from counterpart.gherkin.vocabulary import Index, opening

# The package gives a function the name of this module, so that no import statement reaches it.
SCENARIO: Any = importlib.import_module("pytest_bdd.scenario")
Registry = Mapping[str, Mapping[Any, Sequence[FixtureDef[object]]]]
_PREFIX = f"{StepNamePrefix.step_def.value}_"


class Lookup:
    """The definitions of one session, ordered anew whenever pytest has learnt of further ones."""

    def __init__(self) -> None:
        self._known: tuple[int, ...] = ()
        self._names: Index[str] = Index(())

    def find(self, step: Step, fixturemanager: FixtureManager, node: Node) -> Iterable[FixtureDef[object]]:
        """The definitions that can read a step and are visible to a node, as `find_fixturedefs_for_step` has them."""
        for name in dict.fromkeys(self._index(fixturemanager).candidates(step.name)):
            for fixture in getfixturedefs(fixturemanager, name, node) or ():
                context = step_function_context_registry.get(fixture.func)
                if context is not None and context.type in (step.type, None) and context.parser.is_matching(step.name):
                    yield fixture

    def _index(self, fixturemanager: FixtureManager) -> Index[str]:
        # Definitions are made and registered file by file while pytest collects; one of these grows with each.
        known = (len(step_function_context_registry), *map(len, _registries(fixturemanager)))
        if known != self._known:
            self._known = known
            self._names = Index(
                (words, name)
                for name in get_fixture_names(fixturemanager)
                if name.startswith(_PREFIX)
                for words in _openings(fixturemanager, name)
            )
        return self._names


def _registries(fixturemanager: FixtureManager) -> tuple[Registry, Registry]:
    # The same two that pytest-bdd's `get_fixture_names` reads.
    return fixturemanager._arg2node2fixturedefs, fixturemanager._arg2nodeid2fixturedefs


def _openings(fixturemanager: FixtureManager, name: str) -> Iterable[str]:
    """The openings of all definitions of a name, wherever they are visible; mostly one."""
    contexts = (
        step_function_context_registry.get(fixture.func)
        for registry in _registries(fixturemanager)
        for fixtures in registry.get(name, {}).values()
        for fixture in fixtures
    )
    return dict.fromkeys(opening(context.parser) for context in contexts if context is not None)


@contextmanager
def by_opening() -> Iterator[Lookup]:
    """While this is open, pytest-bdd looks steps up by their opening words."""
    lookup, before = Lookup(), SCENARIO.find_fixturedefs_for_step
    SCENARIO.find_fixturedefs_for_step = lookup.find
    try:
        yield lookup
    finally:
        SCENARIO.find_fixturedefs_for_step = before
