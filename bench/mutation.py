"""Mutation score of the rules: each mutant of a module is put to the module's tests, and one that passes has survived.

cosmic-ray makes the mutants. Its own runner starts an interpreter for each, which takes longer than the tests; here
one process loads what the tests need, and a child forked from it imports the mutant and runs them. Left out are mutants
that differ in annotations only, since nothing evaluates those, and comparisons of texts by order or identity instead of
equality (which of two words comes first in the alphabet is chance) and `== None`, which says the same as `is None`.

    python bench/mutation.py [merge plan lines walk] [--sample 100] [--seed 1]
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib.abc
import importlib.machinery
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import httpx  # noqa: F401 - loaded once, for every child
import hypothesis
import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

import counterpart.emulators  # noqa: F401

ROOT = Path(__file__).parents[1]
_CPU_SECONDS = 60  # an endless loop; by CPU time, so that a busy machine kills nothing
_SECONDS = 900  # waiting for what never comes
_TESTS = {
    "merge": ("merge", "lines", "decisions", "customers", "orders", "requirements"),
    "plan": ("plan", "merge", "decisions", "deletes", "both_ways", "orders", "customers", "faults"),
    "lines": ("lines", "decisions", "orders", "faults", "settlement", "crashes"),
    "walk": ("scans", "deletes", "minimal_profile", "bad_input", "customers", "requirements", "conformance"),
}


@dataclass(frozen=True)
class Mutant:
    operator: str
    line: int
    source: str


class _Without(ast.NodeTransformer):
    """A tree without what is never evaluated."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        for argument in (*node.args.args, *node.args.kwonlyargs):
            argument.annotation = None
        return self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)


def mutants(module: str, seed: int) -> Iterator[Mutant]:
    """Every mutant of a module that does something else, in random order."""
    source = (ROOT / f"sync/{module}.py").read_text(encoding="utf-8")
    plain, nodes = ast.dump(_Without().visit(ast.parse(source))), list(ast_nodes(get_ast(source)))
    places: list[tuple[str, int, int]] = []
    for name in sorted(operator_names()):
        if "Variable" in name:
            continue  # made for numerical programs; they have to be told which variables to exchange
        found = [place for node in nodes for place in get_operator(name)().mutation_positions(node)]
        places += [(name, occurrence, start[0]) for occurrence, (start, _) in enumerate(found)]
    random.Random(seed).shuffle(places)
    for name, occurrence, line in places:
        changed = mutate_code(source, get_operator(name)(), occurrence)
        with contextlib.suppress(SyntaxError):
            tree = ast.parse(changed or source)
            if ast.dump(_Without().visit(tree)) != plain and not any(map(_by_chance, ast.walk(tree))):
                assert changed is not None
                yield Mutant(name.removeprefix("core/"), line, changed)


def _by_chance(node: ast.AST) -> bool:
    if not isinstance(node, ast.Compare):
        return False
    constants = [each.value for each in (node.left, *node.comparators) if isinstance(each, ast.Constant)]
    if isinstance(node.ops[0], ast.Eq | ast.NotEq):
        return None in constants
    return not isinstance(node.ops[0], ast.In | ast.NotIn) and any(isinstance(each, str) for each in constants)


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module of `sync` another source."""

    def __init__(self, module: str, source: str) -> None:
        self._name, self._source = f"sync.{module}", source

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        return importlib.machinery.ModuleSpec(name, self) if name == self._name else None

    def exec_module(self, module: object) -> None:
        exec(compile(self._source, self._name, "exec"), vars(module))


def killed(module: str, source: str) -> bool:
    """Whether a test fails, or does not end, with this source of a module."""
    child = os.fork()
    if child == 0:
        _run(module, source)
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status != 0
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def _run(module: str, source: str) -> None:
    code = 3
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        sys.meta_path.insert(0, _Mutated(module, source))
        hypothesis.settings.register_profile("mutation", max_examples=40, deadline=None, database=None)
        hypothesis.settings.load_profile("mutation")
        files = [str(ROOT / f"tests/sync/test_{name}.py") for name in _TESTS[module]]
        code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *files]))
    finally:
        os._exit(code)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="mutation score of the rules of the sync")
    parser.add_argument("modules", nargs="*", default=list(_TESTS), metavar="MODULE", help=", ".join(_TESTS))
    parser.add_argument("--sample", type=int, help="so many mutants of each module, drawn at random; all without it")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    print(f"{'module':8} {'mutants':>8} {'killed':>7} {'score':>7} {'CPU s':>7}")
    worst = 1.0
    for module in given.modules:
        if killed(module, (ROOT / f"sync/{module}.py").read_text(encoding="utf-8")):
            print(f"{module}: its tests fail without any mutation", file=sys.stderr)
            return 1
        began = os.times()
        tried = list(islice(mutants(module, given.seed), given.sample))
        alive = [mutant for mutant in tried if not killed(module, mutant.source)]
        spent = os.times()
        seconds = spent.children_user + spent.children_system - began.children_user - began.children_system
        score = 1 - len(alive) / len(tried)
        worst = min(worst, score)
        print(f"{module:8} {len(tried):8} {len(tried) - len(alive):7} {score:7.1%} {seconds:7.0f}")
        for mutant in sorted(alive, key=lambda mutant: mutant.line):
            print(f"    survived: sync/{module}.py:{mutant.line} {mutant.operator}")
        sys.stdout.flush()
    return 0 if worst >= 0.95 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
