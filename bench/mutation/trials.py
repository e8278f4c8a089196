"""Putting mutants to the tests of `sync`, each in a forked child.

cosmic-ray's own runner starts an interpreter for each mutant, which takes longer than the tests. Here one process
collects the tests and finds out which of them run which statement. For each mutant a child is forked from it, exchanges
the code of one function and runs the tests that reach the changed statement, until one fails. What already runs on
import (a decorator, a default, a constant) cannot be exchanged like that: such a mutant gets a child that imports it.
"""

from __future__ import annotations

import atexit
import gc
import importlib.abc
import importlib.machinery
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from types import CodeType, FrameType, FunctionType
from typing import Any, NamedTuple

import httpx  # noqa: F401 - loaded once, for every child
import hypothesis
import pytest
from mutants import ROOT, Mutant, headers, source_of

import counterpart.emulators  # noqa: F401 - loaded once, for every child

TESTS = "tests/sync"
_CPU_SECONDS = 5  # beyond twenty times its usual time, a test is in an endless loop; a busy machine kills nothing
_SECONDS = 60  # in which a test that waits for what never comes is given up
_MEMORY = 4 << 30  # which only an endless loop fills
_EXAMPLES = 40
_SCRATCH = tempfile.mkdtemp(prefix="mutation-")
atexit.register(shutil.rmtree, _SCRATCH, ignore_errors=True)

Tell = Callable[[Any], None]


class Trial(NamedTuple):
    mutant: Mutant
    killer: str | None  # the test that fails, None when the mutant has survived


class TestsFail(Exception):
    """A test fails without any mutation, so nothing can be said about mutants."""


def tried(mutants: Sequence[Mutant], tests: Sequence[str]) -> Iterator[Trial]:
    """Each mutant put to those of the tests that reach it; raises TestsFail."""
    assert "sync" not in sys.modules, "a child could not import a mutant"
    late = set(range(len(mutants)))
    survey = Survey()
    kills: Counter[str] = Counter()
    with closing(_forked(lambda tell: _session(tests, lambda items: _nursery(mutants, items, tell)))) as said:
        for what in said:
            if what[0] == "fails":
                raise TestsFail(what[1])
            if what[0] == "survey":
                survey = Survey.of(what[1])
            if what[0] == "tried":
                late.remove(what[1])
                kills[what[2]] += 1
                yield Trial(mutants[what[1]], what[2])
    if not survey.seconds:
        raise TestsFail("none could be collected")
    for number in sorted(late):
        mutant = mutants[number]
        names = survey.best_first(set(survey.seconds), kills)
        paths = [f"{ROOT}/tests/{name}" for name in names]

        def work(tell: Tell, mutant: Mutant = mutant, names: Sequence[str] = names, paths: Any = paths) -> int:
            return _session(paths, lambda items: _run(items, names, tell), mutant)

        killer = _killer(_forked(work))
        kills[killer or ""] += 1
        yield Trial(mutant, killer)


@dataclass
class Survey:
    """Which tests run which lines, and the CPU time that each takes."""

    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, set[tuple[str, int]]] = field(default_factory=dict)
    on_import: set[tuple[str, int]] = field(default_factory=set)

    def reaching(self, mutant: Mutant) -> set[str]:
        """The tests that run the statement that a mutant changes."""
        wanted = _statement(mutant)
        return {test for test, lines in self.lines.items() if not lines.isdisjoint(wanted)}

    def imported(self, mutant: Mutant) -> bool:
        return not self.on_import.isdisjoint(_statement(mutant))

    def best_first(self, tests: set[str], kills: Counter[str]) -> list[str]:
        """Tests in the order of what a kill has cost with them until now."""
        return sorted(tests, key=lambda test: (self.seconds[test] / (1 + kills[test]), test))

    def plain(self) -> Any:
        return [self.seconds, {test: sorted(lines) for test, lines in self.lines.items()}]

    @classmethod
    def of(cls, plain: Any) -> Survey:
        return cls(plain[0], {test: {(name, line) for name, line in lines} for test, lines in plain[1].items()})


def _statement(mutant: Mutant) -> set[tuple[str, int]]:
    around = [each for each in headers(source_of(mutant.module)) if each[0] <= mutant.line <= each[1]]
    first, last = min(around, key=lambda each: each[1] - each[0])
    return {(mutant.module, line) for line in range(first, last + 1)}


def _nursery(mutants: Sequence[Mutant], items: Sequence[pytest.Item], tell: Tell) -> int:
    """Looks which test runs what, then tries every mutant that can be put in the place of a function's code."""
    survey = Survey(on_import=_Tracer.hits.copy())
    for item in items:
        _Tracer.hits.clear()
        began = time.process_time()
        reason = _failure(item)
        survey.seconds[item.nodeid], survey.lines[item.nodeid] = time.process_time() - began, _Tracer.hits.copy()
        if reason is not None:
            tell(("fails", reason))
            return 1
    sys.settrace(None)
    everything = survey.best_first(set(survey.seconds), Counter())
    failing = _killer(_forked(lambda said: _run(items, everything, said, survey.seconds)))
    if failing is not None:
        tell(("fails", failing))
        return 1
    tell(("survey", survey.plain()))
    functions = {
        (each.__module__, each.__code__.co_qualname, each.__code__.co_firstlineno): each
        for each in gc.get_objects()
        if isinstance(each, FunctionType)
    }
    kills: Counter[str] = Counter()
    for number, mutant in enumerate(mutants):
        changed = [] if survey.imported(mutant) else _exchanged(mutant)
        found = [(functions.get((f"sync.{mutant.module}", *where)), code) for where, code in changed]
        if not found or any(function is None for function, _ in found):
            continue
        names = survey.best_first(survey.reaching(mutant), kills)

        def work(said: Tell, found: Any = tuple(found), names: Sequence[str] = names) -> int:
            for function, code in found:
                function.__code__ = code
            return _run(items, names, said, survey.seconds)

        killer = _killer(_forked(work))
        kills[killer or ""] += 1
        tell(("tried", number, killer))
    return 0


def _exchanged(mutant: Mutant) -> list[tuple[tuple[str, int], CodeType]]:
    """The code of each function that a mutant changes, by name and first line."""
    path = str(ROOT / f"sync/{mutant.module}.py")
    before = dict(_codes(compile(source_of(mutant.module), path, "exec")))
    after = dict(_codes(compile(mutant.source, path, "exec")))
    return [(where, code) for where, code in after.items() if before.get(where) != code]


def _codes(code: CodeType) -> Iterator[tuple[tuple[str, int], CodeType]]:
    """The code of functions and methods below a module's; what is inside a function belongs to it."""
    for each in code.co_consts:
        if isinstance(each, CodeType):
            if each.co_flags & 1:  # CO_OPTIMIZED: a function; a class body has names of its own
                yield (each.co_qualname, each.co_firstlineno), each
            else:
                yield from _codes(each)


def _run(items: Sequence[pytest.Item], names: Sequence[str], tell: Tell, usual: dict[str, float] | None = None) -> int:
    """Run the tests in this order up to the first that fails; the last one told is the one under way."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    by_name = {item.nodeid: item for item in items}
    for name in names:
        tell(name)
        signal.setitimer(signal.ITIMER_PROF, _CPU_SECONDS + 20 * (usual or {}).get(name, 1.0))
        signal.alarm(_SECONDS)
        if _failure(by_name[name]) is not None:
            return 1
    return 0


def _failure(item: pytest.Item) -> str | None:
    _Loop.failure = None
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
    return _Loop.failure


class _Loop:
    """Hands the collected tests over instead of running them."""

    failure: str | None = None

    def __init__(self, work: Callable[[Sequence[pytest.Item]], int]) -> None:
        self._work, self._stderr = work, os.dup(2)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        try:
            code = 1 if session.testsfailed else self._work(session.items)
        except BaseException:
            os.write(self._stderr, traceback.format_exc().encode())
            code = 1
        os._exit(code)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            type(self).failure = f"{report.nodeid}\n{report.longreprtext}"


class _Tracer:
    """Notes the lines of `sync` that run."""

    hits: set[tuple[str, int]] = set()  # noqa: RUF012 - of the whole process, like the hook
    _folder = f"{ROOT}/sync/"

    @classmethod
    def start(cls, frame: FrameType, event: str, argument: object) -> Any:
        path = frame.f_code.co_filename
        if not path.startswith(cls._folder):
            return None
        module, hits = path[len(cls._folder) : -len(".py")], cls.hits

        def line(frame: FrameType, event: str, argument: object) -> Any:
            hits.add((module, frame.f_lineno))
            return line

        return line(frame, event, argument)


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module of `sync` another source."""

    def __init__(self, mutant: Mutant) -> None:
        self._name, self._mutant = f"sync.{mutant.module}", mutant

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        return importlib.machinery.ModuleSpec(name, self) if name == self._name else None

    def exec_module(self, module: Any) -> None:
        exec(compile(self._mutant.source, self._name, "exec"), vars(module))


def _session(tests: Sequence[str], work: Callable[[Sequence[pytest.Item]], int], mutant: Mutant | None = None) -> int:
    """In a child: collect the tests, importing a mutant if one is given, and go on with them; does not return."""
    loop, sink = _Loop(work), os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    os.chdir(ROOT)
    if mutant is not None:
        sys.meta_path.insert(0, _Mutated(mutant))
        signal.setitimer(signal.ITIMER_PROF, 60)  # an endless loop on import
    else:
        sys.settrace(_Tracer.start)
    hypothesis.settings.register_profile(
        "mutation",
        max_examples=_EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),  # a failing example need not be a small one
    )
    hypothesis.settings.load_profile("mutation")
    options = [
        "-s",
        "-p",
        "no:cacheprovider",
        "-o",
        "tmp_path_retention_policy=none",
        f"--basetemp={_SCRATCH}/{os.getpid()}",
    ]
    return int(pytest.main([*options, *tests], plugins=[loop])) or 1


def _forked(work: Callable[[Tell], int]) -> Iterator[Any]:
    """What a child tells, then its status."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(read)
            code = work(lambda what: _write(write, json.dumps(what).encode() + b"\n"))
        finally:
            os._exit(code)
    os.close(write)
    with os.fdopen(read) as pipe:
        for line in pipe:
            yield json.loads(line)
    _, status = os.waitpid(child, 0)
    yield ("status", status)


def _write(to: int, text: bytes) -> None:
    while text:
        text = text[os.write(to, text) :]


def _killer(said: Iterator[Any]) -> str | None:
    """The test that has failed, been stopped, or could not be imported."""
    *names, (_, status) = said
    return (names[-1] if names else "on import") if status != 0 else None
