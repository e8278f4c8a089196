"""Every way in which a test can end, each really produced by a run of pytest, with the ending that reports must show.

`WAYS` are produced together in one run; `RUNS` need one of their own, since they end it or change what is collected.
An ending of a whole run may be VOID: nothing was run, and no report may show anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

VOID = "void"
FOLDER = "features/product-item"

STEPS = """
import os
import threading
import warnings

import pytest
from pytest_bdd import given, parsers, then

TRIES = []


@given("nothing")
def nothing():
    pass


@then("it holds")
def holds(scene):
    scene.equal(1, 1, "one")


@then("it does not hold")
def does_not_hold(scene):
    scene.equal(1, 2, "one")


@then("it is skipped")
def skipped():
    pytest.skip("not today")


@then("the cleaning up breaks")
def cleaning(scene, broken_after):
    scene.equal(1, 1, "one")


@then("the cleaning up breaks as well")
def cleaning_as_well(scene, broken_after):
    scene.equal(1, 2, "one")


@then(parsers.parse("it holds in try {number:d}"))
def try_(scene, request, number):
    TRIES.append(request.node.nodeid)
    scene.equal(TRIES.count(request.node.nodeid), number, "the try")


@then("it never ends")
def never(scene):
    threading.Event().wait()


@then("it warns")
def warns(scene):
    warnings.warn("loud", UserWarning)
    scene.equal(1, 1, "one")


@then("the process dies")
def dies():
    os._exit(13)


@then("somebody stops it")
def stops():
    raise KeyboardInterrupt


@pytest.fixture
def broken_before():
    raise RuntimeError("no luck")


@pytest.fixture
def broken_after():
    yield
    raise RuntimeError("no luck in the end")


MARKS = {
    "elsewhere": pytest.mark.skipif(True, reason="only elsewhere"),
    "known": pytest.mark.xfail(reason="known"),
    "known-strict": pytest.mark.xfail(reason="known", strict=True),
    "again": pytest.mark.flaky(reruns=1),
    "at-most": pytest.mark.timeout(0.5),
    "needs-luck": pytest.mark.usefixtures("broken_before"),
}


def pytest_bdd_apply_tag(tag, function):
    if tag in MARKS:
        MARKS[tag](function)
        return True
    return None
"""


@dataclass(frozen=True)
class Way:
    """A scenario that ends in one way: tags, its Then step, and how it has to be counted."""

    name: str
    ending: str
    then: str = "it holds"
    tag: str = ""
    cause: str = ""


WAYS = (
    Way("pass", "passed"),
    Way("fail", "failed", "it does not hold", cause="sync is wrong"),
    Way("error-before", "error", tag="needs-luck", cause="harness is broken"),
    Way("error-after-a-pass", "error", "the cleaning up breaks", cause="harness is broken"),
    Way("error-after-a-failure", "failed", "the cleaning up breaks as well", cause="sync is wrong"),
    Way("skip-by-tag", "skipped", tag="skip"),
    Way("skip-by-condition", "skipped", tag="elsewhere"),
    Way("skip-at-run-time", "skipped", "it is skipped"),
    Way("xfail", "xfailed", "it does not hold", tag="known", cause="sync is wrong"),
    Way("xpass-strict", "failed", tag="known-strict", cause="harness is broken"),
    Way("xpass-loose", "xpassed", tag="known"),
    Way("retry-then-pass", "flaky", "it holds in try 2", tag="again"),
    Way("retry-then-fail", "failed", "it does not hold", tag="again", cause="sync is wrong"),
    Way("time-out", "failed", "it never ends", tag="at-most", cause="harness is broken"),
    Way("warning-as-error", "failed", "it warns", cause="harness is broken"),
)
PLAIN = """
def test_holds():
    assert True


def test_does_not_hold():
    assert 1 == 2
"""
FUZZ = """
import schemathesis

SCHEMA = schemathesis.openapi.from_dict({
    "openapi": "3.1.0",
    "info": {"title": "A", "version": "1"},
    "paths": {"/good": {"get": {"responses": {"200": {"description": ""}}}},
              "/bad": {"get": {"responses": {"200": {"description": ""}}}}},
})


@SCHEMA.parametrize()
def test_fuzz(case):
    assert case.path != "/bad"
"""
# The endings of tests that are no scenarios, by node id.
OTHERS = {
    f"{FOLDER}/test_plain.py::test_holds": "passed",
    f"{FOLDER}/test_plain.py::test_does_not_hold": "failed",
    f"{FOLDER}/test_fuzz.py::test_fuzz[GET /good]": "passed",
    f"{FOLDER}/test_fuzz.py::test_fuzz[GET /bad]": "failed",
}


def feature(ways: tuple[Way, ...]) -> str:
    """A feature file with a scenario a way."""
    lines = ["@product-item/create", "Feature: Ways to end", ""]
    for way in ways:
        tags = f"@id:{way.name}" + (f" @{way.tag}" if way.tag else "")
        lines += [f"  {tags}", f"  Scenario: {way.name}", "    Given nothing", f"    Then {way.then}", ""]
    return "\n".join(lines)


@dataclass(frozen=True)
class Run:
    """A run of its own: what is written into or taken out of the project, and how the tests named have to be counted.

    `edits` are file, text before, text after. All tests not named in `endings` have to be counted as `others`.
    """

    name: str
    arguments: tuple[str, ...]
    endings: Mapping[str, str] | str
    others: str = "not run"
    files: Mapping[str, str] = field(default_factory=dict)
    edits: tuple[tuple[str, str, str], ...] = ()
    removed: tuple[str, ...] = ()


_CREATE = f"{FOLDER}/create.feature"
_OWN = f"{FOLDER}/endings.feature"
_LAST_BUT_ONE = "    And currency in Invoiced is nok\n"


def _own(*ways: Way) -> dict[str, str]:
    return {_OWN: feature(ways), "conftest.py": STEPS}


RUNS = (
    Run(
        "worker crash",
        (_OWN, "--against=emulators", "-n", "1"),
        {f"{_OWN}::crash": "error", f"{_OWN}::pass": "passed"},
        files=_own(Way("crash", "error", "the process dies"), Way("pass", "passed")),
    ),
    Run(
        "interrupt",
        (_OWN, "--against=emulators"),
        {f"{_OWN}::pass": "passed", f"{_OWN}::stopped": "error"},
        files=_own(Way("pass", "passed"), Way("stopped", "error", "somebody stops it"), Way("after", "not run")),
    ),
    Run(
        "collection error",
        (FOLDER,),
        {f"{FOLDER}/test_broken.py": "error"},
        files={f"{FOLDER}/test_broken.py": "import nothing_of_this_name\n"},
    ),
    Run("deselected", (_CREATE, "-k", "free"), {f"{_CREATE}::free": "passed"}),
    Run("empty run", (FOLDER, "-k", "nothing_of_this_name"), {}),
    Run(
        "equal outline rows",
        (FOLDER,),
        VOID,
        edits=(
            (f"{FOLDER}/edit-source.feature", "| name changed ", "| name cleared "),
            (f"{FOLDER}/edit-source.feature", "| description cleared ", "| name cleared "),
        ),
    ),
    Run("lint stop", (FOLDER,), VOID, edits=((_CREATE, "@product-item/create", "@product-item/creat"),)),
    Run(
        "undefined step",
        (_CREATE,),
        VOID,
        edits=((_CREATE, "Then it has exactly one counterpart", "Then it has exactly one big counterpart"),),
    ),
    Run("unknown option", (FOLDER, "--record"), VOID),
    Run(
        "missing cassette and unused interaction",
        (_CREATE,),
        {
            f"{_CREATE}::alone": "failed",
            f"{_CREATE}::with-everything": "passed",
            f"{_CREATE}::free": "failed",
            f"{_CREATE}::many": "passed",
            f"{_CREATE}::restarted": "passed",
        },
        edits=((_CREATE, f"{_LAST_BUT_ONE}    And one more round writes nothing\n", _LAST_BUT_ONE),),
        removed=("cassettes/product-item/create/alone.yaml",),
    ),
)
