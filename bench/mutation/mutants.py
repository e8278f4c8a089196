"""Mutants of a module of `sync`, as cosmic-ray makes them, but for those that do nothing else or only by chance.

Left out are mutants that differ in annotations only, since nothing evaluates those, and comparisons of texts by order
or identity instead of equality (which of two words comes first in the alphabet is chance) and `== None`, which says
the same as `is None`. Two mutants that are the same program count once.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from hashlib import blake2b
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Mutant:
    module: str
    digest: str  # of the program: two sources that differ in comments only have the same
    line: int
    was: str
    becomes: str
    source: str


@cache
def source_of(module: str) -> str:
    return (ROOT / f"sync/{module}.py").read_text(encoding="utf-8")


def mutants(module: str) -> Iterator[Mutant]:
    """Every mutant of a module that does something else, in the order of its lines."""
    source = source_of(module)
    nodes = list(ast_nodes(get_ast(source)))
    seen = {_program(source)}
    found: list[Mutant] = []
    for name in sorted(operator_names()):
        if "Variable" in name:
            continue  # made for numerical programs; they have to be told which variables to exchange
        places = [place for node in nodes for place in get_operator(name)().mutation_positions(node)]
        for occurrence in range(len(places)):
            changed = mutate_code(source, get_operator(name)(), occurrence)
            with contextlib.suppress(SyntaxError):
                program = _program(changed or source)
                if program is not None and program not in seen and changed is not None:
                    seen.add(program)
                    found.append(Mutant(module, program, *_difference(source, changed), changed))
    yield from sorted(found, key=lambda mutant: (mutant.line, mutant.becomes))


@cache
def headers(source: str) -> list[tuple[int, int]]:
    """First and last line of each statement; of one that holds others, of what stands before them."""
    found: list[tuple[int, int]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt | ast.ExceptHandler):
            first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
            body = getattr(node, "body", None)
            found.append((first, max(first, body[0].lineno - 1) if body else node.end_lineno or first))
    return found


def _program(source: str) -> str | None:
    """A digest of what a source does; None where that rests on chance."""
    tree = _Without().visit(ast.parse(source))
    if any(map(_by_chance, ast.walk(tree))):
        return None
    return blake2b(ast.dump(tree).encode(), digest_size=12).hexdigest()


class _Without(ast.NodeTransformer):
    """A tree without what is never evaluated."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        for argument in (*node.args.args, *node.args.kwonlyargs):
            argument.annotation = None
        return self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - the name that ast asks for

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)


def _by_chance(node: ast.AST) -> bool:
    if not isinstance(node, ast.Compare):
        return False
    constants = [each.value for each in (node.left, *node.comparators) if isinstance(each, ast.Constant)]
    if isinstance(node.ops[0], ast.Eq | ast.NotEq):
        return None in constants
    return not isinstance(node.ops[0], ast.In | ast.NotIn) and any(isinstance(each, str) for each in constants)


def _difference(source: str, changed: str) -> tuple[int, str, str]:
    """Where two sources differ: the line, what stood there, and what stands there now."""
    before, after = source.splitlines(), changed.splitlines()
    edits = [each for each in SequenceMatcher(None, before, after, autojunk=False).get_opcodes() if each[0] != "equal"]
    first, last = edits[0], edits[-1]
    was, becomes = before[first[1] : last[2]], after[first[3] : last[4]]
    blank = next(number for number, line in enumerate(was) if line.strip())
    return first[1] + blank + 1, _plainly(was), _plainly(becomes)


def _plainly(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())
