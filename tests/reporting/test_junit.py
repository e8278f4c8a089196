"""JUnit XML: each test once, in the words that CI servers read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

from counterpart.reporting import Results
from counterpart.reporting.events import Attempt
from counterpart.reporting.junit import junit

Make = Callable[..., Any]


def cases(results: Results) -> list[str]:
    """The cases as text, each on one line."""
    root = ElementTree.fromstring(junit(results))
    return [" ".join(ElementTree.tostring(case, "unicode").split()) for case in root.iter("testcase")]


def test_each_ending_has_its_element(scenario: Make, facts: Make) -> None:
    endings = {
        "failed": {"cause": "sync is wrong", "message": "features/order-invoice/create.feature:9: Then x\n1 is 2"},
        "skipped": {"message": "not today"},
        "not run": {"message": "not chosen"},
        "flaky": {"attempts": (Attempt("failed", "1 is 2", 0.1),)},
    }
    tests = tuple(
        scenario("order-invoice/create", name.replace(" ", "-"), outcome=name, **more) for name, more in endings.items()
    )
    start = '<testcase classname="order-invoice/create" name="{}" file="features/order-invoice/create.feature" '
    assert cases(Results(facts(), tests)) == [
        start.format("failed") + 'time="0.040"> <failure type="sync is wrong" message="1 is 2">'
        "features/order-invoice/create.feature:9: Then x 1 is 2</failure> </testcase>",
        start.format("skipped") + 'time="0.040"> <skipped type="pytest.skip" message="not today" /> </testcase>',
        start.format("not-run")
        + 'time="0.040"> <skipped type="counterpart.not-run" message="not chosen" /> </testcase>',
        start.format("flaky") + 'time="0.040"> <flakyFailure type="failed" message="1 is 2"> '
        "<stackTrace>1 is 2</stackTrace> </flakyFailure> </testcase>",
    ]


def test_the_sums_are_those_of_the_cases(scenario: Make, facts: Make) -> None:
    outcomes = ["passed", "failed", "error", "skipped", "xfailed", "xpassed", "flaky", "not run"]
    tests = tuple(scenario("order-invoice/create", str(n), outcome=outcome) for n, outcome in enumerate(outcomes))
    root = ElementTree.fromstring(junit(Results(facts(), tests)))
    sums = {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert sums == {"tests": "8", "failures": "1", "errors": "1", "skipped": "3"}


def test_text_from_outside_stays_text(scenario: Make, facts: Make) -> None:
    hostile = "]]></failure><b>\x00\x1b[31m\ud800 &amp; \ufffe"
    written = junit(Results(facts(), (scenario("order-invoice/create", outcome="failed", message=hostile),)))
    [failure] = ElementTree.fromstring(written).iter("failure")
    assert failure.text == "]]></failure><b>\\u0000\\u001b[31m\\ud800 &amp; \\ufffe"
