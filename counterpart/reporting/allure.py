"""What allure-pytest cannot know: the words of the Gherkin, which item a scenario proves, what was said on the wire.

The bridge speaks to allure-pytest's own reporter, so its results stay the one stream that Allure reads.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import allure_commons
import pytest
from allure_commons.model2 import Label, Link, Parameter, Status, StatusDetails, TestResult, TestStepResult
from allure_commons.types import AttachmentType
from pytest_bdd.parser import Feature, Scenario, Step

from counterpart.reporting.allure_folder import history_id, labels, links
from counterpart.reporting.events import ScenarioResult

LISTENER = "allure_listener"
# An exchange of a hundred records is evidence in its cassette; in the report it is reading matter.
MAX_BODY = 20_000
# Hooks by which allure-pytest writes one container file a fixture: seven a scenario, and half of a run's time.
FIXTURE_HOOKS = ("pytest_fixture_setup", "pytest_fixture_post_finalizer")


class Exchange(Protocol):
    """One request and its answer, without secrets."""

    @property
    def step(self) -> int | None: ...
    @property
    def actor(self) -> str | None: ...
    @property
    def method(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def request_text(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def response_text(self) -> str: ...


class AllureBridge:
    """Carries scenarios into allure-pytest's results; does nothing in a run without them.

    The calls come in this order: before_scenario, then before_step with after_step or step_error, then after_scenario,
    whatever became of the scenario; settle comes after each phase of any test.
    """

    def __init__(self, root: Path, scrubbed: Callable[[str], str] = str) -> None:
        """`scrubbed` takes out of a text what nobody may read."""
        self._root, self._scrubbed = root, scrubbed
        self._listener: Any = None
        self._scenario: Scenario | None = None
        self._step: tuple[str, TestStepResult] | None = None
        self._steps_begun = 0
        self._known: dict[str, ScenarioResult] = {}

    def before_scenario(self, item: pytest.Item, feature: Feature, scenario: Scenario) -> None:
        """A scenario begins."""
        self._attach_to(item.config)
        result = self._result()
        if result is None:
            return
        self._scenario, self._step, self._steps_begun = scenario, None, 0
        # A test that is run again is written once, as its last try; the earlier ones are told by the run's results.
        result.steps.clear()
        result.attachments.clear()
        example: dict[str, str] = {}
        if hasattr(item, "callspec"):
            example = dict(item.callspec.params.get("_pytest_bdd_example", {}))
        # The function that pytest-bdd makes of every scenario documents itself with its file's absolute path.
        result.description = (scenario.description or feature.description or "").strip() or None
        # The whole row in one parameter, as pytest sees it, is of use to nobody; `excluded` keeps values out of the id.
        result.parameters = [Parameter(name=name, value=value, excluded=True) for name, value in example.items()]
        result.name = scenario.name
        row = re.search(r"\[([^\]]*)\]$", item.name)
        # Rows of an outline whose title names no column would all be called the same.
        if row and not any(value and value in scenario.name for value in example.values()):
            result.name += f" [{row[1]}]"

    def settle(self, test: ScenarioResult) -> None:
        """A phase of the running test is over: what it is known by, and where it stands in the report."""
        result = self._result()
        if result is not None:
            self._known[result.uuid] = test

    def before_step(self, step: Step) -> None:
        """A step begins."""
        if self._result() is None:
            return
        self._steps_begun += 1
        self._step = self._begin(step)

    def after_step(self) -> None:
        """The step has done what it says."""
        self._end(Status.PASSED)

    def step_error(self, exception: BaseException) -> None:
        """The step has failed: an assertion did not hold, or something broke."""
        if isinstance(exception, pytest.skip.Exception):
            status = Status.SKIPPED
        elif isinstance(exception, AssertionError | pytest.fail.Exception):
            status = Status.FAILED
        else:
            status = Status.BROKEN
        self._end(status, str(exception))

    def after_scenario(self, exchanges: Sequence[Exchange], *, clean: bool = True) -> None:
        """The scenario is over: steps not reached are shown as skipped, and what was said on the wire is attached.

        `clean` exchanges are made up, or come from a recording, which was looked through before it was written.
        """
        if self._result() is None or self._scenario is None:
            return
        # A skip within a step leaves it open, and whatever followed would be written into it.
        self._end(Status.SKIPPED)
        for step in self._scenario.steps[self._steps_begun :]:
            self._step = self._begin(step)
            self._end(Status.SKIPPED)
        if exchanges:
            text = transcript(exchanges)
            self._attach(text if clean else self._scrubbed(text), "Requests and answers", AttachmentType.TEXT)
        self._scenario = None

    @allure_commons.hookimpl(tryfirst=True)
    def report_result(self, result: TestResult) -> None:
        """Called with every result just before it is written: the last place where it can be put right."""
        test = self._known.pop(result.uuid, None)
        if test is not None:
            result.fullName = test.name
            result.testCaseId = result.historyId = history_id(test.name)
            result.labels += [Label(name=name, value=value) for name, value in labels(test)]
            result.links += [Link(kind, self._address(kind, value), value) for kind, value in links(test)]
        _clean(result, self._root, self._scrubbed)

    def _attach_to(self, config: pytest.Config) -> None:
        """Find allure-pytest's listener, once, and take from it the hooks that write a container for every fixture."""
        manager = config.pluginmanager
        listener = manager.get_plugin(LISTENER)
        if listener is None or listener is self._listener:
            return
        self._listener = listener
        manager.unregister(listener)
        for hook in FIXTURE_HOOKS:
            # pluggy takes methods for hooks, so an attribute that is none is passed over.
            setattr(listener, hook, None)
        listener._update_fixtures_children = lambda item: None
        manager.register(listener, LISTENER)
        if not allure_commons.plugin_manager.is_registered(self):
            allure_commons.plugin_manager.register(self)
            config.add_cleanup(lambda: allure_commons.plugin_manager.unregister(self))

    def _address(self, kind: str, value: str) -> str:
        """The address of a link: `--allure-link-pattern=issue:https://tracker.example/{}` says where it leads."""
        return str(dict(self._listener.config.option.allure_link_pattern or ()).get(kind, "{}").format(value))

    def _result(self) -> Any:
        return self._listener and self._listener.allure_logger.get_test(None)

    def _begin(self, step: Step) -> tuple[str, TestStepResult]:
        uuid, shown = str(uuid4()), TestStepResult(name=f"{step.keyword.strip()} {step.name}", start=_now())
        rows = [list(row) for row in step.datatable.raw()] if step.datatable else []
        if rows and all(len(row) == 2 for row in rows):
            shown.parameters = [Parameter(name=name, value=value) for name, value in rows[1:]]
        self._listener.allure_logger.start_step(None, uuid, shown)
        if rows and not shown.parameters:
            text = io.StringIO()
            csv.writer(text).writerows(rows)
            self._attach(text.getvalue(), "table", AttachmentType.CSV)
        return uuid, shown

    def _end(self, status: str, message: str = "") -> None:
        if self._step is None:
            return
        uuid, _ = self._step
        self._step = None
        details = StatusDetails(message=message) if message else None
        self._listener.allure_logger.stop_step(uuid, stop=_now(), status=status, statusDetails=details)

    def _attach(self, body: str, name: str, kind: AttachmentType) -> None:
        # Lone surrogates, which JSON admits, have no UTF-8.
        encoded = body.encode("utf-8", "backslashreplace")
        self._listener.allure_logger.attach_data(str(uuid4()), encoded, name=name, attachment_type=kind)


def transcript(exchanges: Iterable[Exchange]) -> str:
    """An exchange as people read it: who sent what in which step, and what came back."""
    blocks: list[str] = []
    for exchange in exchanges:
        place = f"step {exchange.step}" if exchange.step else "outside the steps"
        blocks.append(
            f"=== {place}, {exchange.actor or 'unknown'}: {exchange.method} {exchange.url}\n"
            f"{_body(exchange.request_text)}--- {exchange.status}\n{_body(exchange.response_text)}"
        )
    return "\n".join(blocks)


# A sync reads the same records round after round.
@lru_cache(maxsize=512)
def _body(text: str) -> str:
    if not text:
        return ""
    if len(text) > MAX_BODY:
        return f"{text[:MAX_BODY]}\n... {len(text) - MAX_BODY} more characters, to be read in the cassette\n"
    try:
        # Numbers stay as they were written: 1.10 read as a float would be shown as 1.1.
        data = json.loads(text, parse_float=_marked, parse_int=_marked)
        return _MARKED.sub(r"\1", json.dumps(data, ensure_ascii=False, indent=2)) + "\n"
    except (ValueError, RecursionError):
        return f"{text}\n"


_MARKED = re.compile('"\ue000([-+.0-9eE]+)\ue001"')


def _marked(digits: str) -> str:
    return f"\ue000{digits}\ue001"


def relative(text: str, root: Path) -> str:
    """The text without paths of this machine: those below root become relative, others begin with what they are in."""
    if os.sep not in text:
        return text
    pattern, shown = _places(root)
    return pattern.sub(lambda match: shown[match[1]] + match[2] if shown[match[1]] else "" if match[2] else ".", text)


@cache
def _places(root: Path) -> tuple[re.Pattern[str], dict[str, str]]:
    places = {
        str(Path.home()): "~",
        tempfile.gettempdir(): "<temporary>",
        sys.base_prefix: "<python>",
        sys.prefix: "<environment>",
        str(root): "",
    }
    known = sorted((place for place in places if len(Path(place).parts) > 1), key=len, reverse=True)
    # What stands before or behind may make it another path, or the path of a URL.
    return re.compile(rf"(?<![\w.-])({'|'.join(map(re.escape, known))})(/|(?![\w.-]))"), places


def _clean(shown: Any, root: Path, scrubbed: Callable[[str], str]) -> None:
    """Make every text of a result relative, its steps included, and writable."""
    described = [shown, *shown.parameters, *getattr(shown, "labels", []), shown.statusDetails]
    for part in described:
        for name in ("name", "value", "description", "descriptionHtml", "message", "trace", "fullName"):
            if isinstance(value := getattr(part, name, None), str):
                value = scrubbed(value) if name in ("message", "trace") else value
                # Lone surrogates, which JSON admits, have no UTF-8, and allure-pytest would end the run over one.
                setattr(part, name, relative(value, root).encode("utf-8", "backslashreplace").decode())
    for step in shown.steps:
        _clean(step, root, scrubbed)


def _now() -> int:
    return round(time.time() * 1000)
