"""JUnit XML from the results of a run, in the dialect of Surefire, which CI servers read.

pytest's own writer counts a test twice that passes and then breaks in its teardown, and knows nothing of tries, of
tests that were not run, or of processes that died.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree

from counterpart.reporting.events import Attempt, ScenarioResult
from counterpart.reporting.results import Results

# What XML 1.0 cannot hold, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SKIPPED = {"skipped": "pytest.skip", "xfailed": "pytest.xfail", "not run": "counterpart.not-run"}
_FIRST_LINE = 300


def junit(results: Results) -> bytes:
    """The document: a suite a feature file, a case a test, each case once."""
    root = ElementTree.Element("testsuites", {"name": "counterpart", **_sums(results.tests)})
    for feature, cases in groupby(results.tests, key=lambda each: each.feature):
        tests = list(cases)
        suite = ElementTree.SubElement(root, "testsuite", name=_text(feature), timestamp=results.facts.started)
        suite.attrib.update(_sums(tests))
        for test in tests:
            suite.append(_case(test))
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def write_junit(path: Path, results: Results) -> None:
    """Write the document, as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.new")
    temporary.write_bytes(junit(results))
    temporary.replace(path)


def _sums(tests: Iterable[ScenarioResult]) -> dict[str, str]:
    known = list(tests)
    outcomes = [each.outcome for each in known]
    return {
        "tests": str(len(known)),
        "failures": str(outcomes.count("failed")),
        "errors": str(outcomes.count("error")),
        "skipped": str(sum(1 for each in outcomes if each in _SKIPPED)),
        "time": f"{sum(each.duration for each in known):.3f}",
    }


def _case(test: ScenarioResult) -> ElementTree.Element:
    owner = test.items[0] if test.items else test.feature
    case = ElementTree.Element(
        "testcase", classname=_text(owner), name=_text(test.id), file=_text(test.feature), time=f"{test.duration:.3f}"
    )
    if test.outcome in _SKIPPED:
        ElementTree.SubElement(case, "skipped", type=_SKIPPED[test.outcome], message=_first(test.message))
    elif test.outcome in ("failed", "error"):
        name = "failure" if test.outcome == "failed" else "error"
        trouble = ElementTree.SubElement(case, name, type=test.cause or test.outcome, message=_text(test.headline))
        trouble.text = _text(test.message)
        for each in test.attempts:
            _attempt(case, "rerunFailure" if each.outcome == "failed" else "rerunError", each)
    elif test.outcome == "flaky":
        for each in test.attempts:
            _attempt(case, "flakyFailure" if each.outcome == "failed" else "flakyError", each)
    elif test.outcome == "xpassed":
        properties = ElementTree.SubElement(case, "properties")
        ElementTree.SubElement(properties, "property", name="xpassed", value=_first(test.message))
    return case


def _attempt(case: ElementTree.Element, name: str, tried: Attempt) -> None:
    shown = ElementTree.SubElement(case, name, type=tried.outcome, message=_first(tried.message))
    ElementTree.SubElement(shown, "stackTrace").text = _text(tried.message)


def _first(message: str) -> str:
    return _text(message.strip().partition("\n")[0][:_FIRST_LINE])


def _text(text: str) -> str:
    return _FORBIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
