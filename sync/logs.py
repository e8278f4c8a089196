"""Structured logs of what happens: one line an event, without secrets and without personal data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TextIO

import structlog

from sync.events import CallEnded, Event, LinkRested, Listener, RunEnded, RunStarted, RunStopped, WriteSettled
from sync.links import State

_LEVELS: Mapping[type[Event], str] = {
    RunStarted: "info",
    RunEnded: "info",
    RunStopped: "error",
    WriteSettled: "info",
    LinkRested: "debug",
    CallEnded: "debug",
}
_NUMBERS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
# States in which a link waits for a person; the operator should see it come.
_TROUBLED = (State.AMBIGUOUS, State.DEAD, State.NEEDS_ATTENTION, State.CONFLICTED)

# Refusals that are not of one record: of that, the state in which its link rests tells.
_ABOUT_US = (401, 403, 429)


def logger(stream: TextIO, *, level: str = "warning", form: str = "text") -> Listener:
    """A listener that writes each event of at least this level as a line, for people or as JSON."""
    wanted = _NUMBERS[level]
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=stream.isatty(), pad_event_to=14)
    )
    log = structlog.wrap_logger(
        structlog.PrintLogger(stream),
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper("iso", utc=True), renderer],
        cache_logger_on_first_use=True,
    )

    def tell(event: Event) -> None:
        name = _level(event)
        if _NUMBERS[name] >= wanted:
            getattr(log, name)(_words(event), **_fields(event))

    return tell


def _level(event: Event) -> str:
    if isinstance(event, LinkRested) and event.state in _TROUBLED:
        return "warning"
    if isinstance(event, CallEnded) and (event.status is None or event.status >= 500 or event.status in _ABOUT_US):
        return "warning"
    return _LEVELS[type(event)]


def _words(event: Event) -> str:
    """`RunStarted` as people say it: `run started`."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", type(event).__name__).lower()


def _fields(event: Event) -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(event).items()}
