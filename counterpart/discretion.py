"""Nothing that a failure says may tell a secret: every text is scrubbed before anybody can write it down."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from typing import Any, TextIO

import pytest


class _Scrubbing(io.TextIOBase):
    """A stream that passes on what is written, line by line; half a line only when it is flushed."""

    def __init__(self, stream: TextIO, scrubbed: Callable[[str], str]) -> None:
        self._stream, self._scrubbed, self._begun = stream, scrubbed, ""

    def write(self, text: str) -> int:
        whole, newline, self._begun = (self._begun + text).rpartition("\n")
        if newline:
            self._stream.write(self._scrubbed(whole) + newline)
        return len(text)

    def flush(self) -> None:
        self._stream.write(self._scrubbed(self._begun))
        self._begun = ""
        self._stream.flush()

    def fileno(self) -> int:
        return self._stream.fileno()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def writable(self) -> bool:
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]  # what prints asks for it
        return self._stream.encoding


class Discretion:
    """A pytest plugin that comes before all that write: terminal, JUnit, Allure, the results."""

    def __init__(self, scrubbed: Callable[[str], str]) -> None:
        self._scrubbed = scrubbed
        self._streams = ExitStack()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """With `-s` nobody captures what tests write, so it goes through here on its way out."""
        capture = session.config.option.capture
        if capture == "no":
            self._streams.enter_context(redirect_stdout(_Scrubbing(sys.stdout, self._scrubbed)))
            self._streams.enter_context(redirect_stderr(_Scrubbing(sys.stderr, self._scrubbed)))
            self._streams.callback(lambda: (sys.stdout.flush(), sys.stderr.flush()))
        elif capture == "tee-sys":
            raise pytest.UsageError(
                "--capture=tee-sys shows what tests write before secrets are taken out of it; use -s, which does not"
            )

    def pytest_unconfigure(self) -> None:
        self._streams.close()

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: Any) -> None:
        """Scrub how pytest or a plugin broke down; all who come later are given the same object."""
        clean = self._scrubbed(str(excrepr))
        excrepr.toterminal = lambda tw: tw.line(clean)  # all that its `str` asks for

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
