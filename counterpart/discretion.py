"""Nothing that a failure says may tell a secret: every text is scrubbed before anybody can write it down."""

from __future__ import annotations

from collections.abc import Callable, Generator

import pytest


class Discretion:
    """A pytest plugin that comes before all that write: terminal, JUnit, Allure, the results."""

    def __init__(self, scrubbed: Callable[[str], str]) -> None:
        self._scrubbed = scrubbed

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Scrub what the test has raised and what it has printed and logged."""
        report = yield
        if report.failed:
            text = report.longreprtext
            if (clean := self._scrubbed(text)) != text:
                report.longrepr = clean
        report.sections = [(name, self._scrubbed(content)) for name, content in report.sections]
        return report

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Scrub why a file could not be collected."""
        report = yield
        if report.failed:
            text = report.longreprtext
            if (clean := self._scrubbed(text)) != text:
                report.longrepr = clean
        return report
