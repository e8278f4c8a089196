"""A plan writes nothing and says what the run after it does, up to the ids that a system assigns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from network import Call
from violation import Violation

from sync.report import Write

_ASSIGNED = "(assigned by "


def check_reading(calls: Iterable[Call]) -> None:
    """Of the calls that a plan has made."""
    for call in calls:
        if call.method != "GET":
            raise Violation("plan", f"{call} although nothing but a plan was asked for")


def refused(call: Call) -> bool:
    """Whether a system did not take a write, which no plan can know."""
    return call.method != "GET" and (call.status or 0) >= 400


def check_done(planned: Iterable[Write], done: Iterable[Write]) -> None:
    """Nobody has changed anything between the two."""
    expected, found = sorted(planned, key=_name), sorted(done, key=_name)
    if [*map(_name, expected)] != [*map(_name, found)]:
        raise Violation("plan", f"{[*map(_name, expected)]} were planned, {[*map(_name, found)]} were written")
    for one, other in zip(expected, found, strict=True):
        if not _alike(one.fields, other.fields):
            raise Violation("plan", f"{_name(one)}: {one.fields} was planned, {other.fields} was written")


def _name(write: Write) -> tuple[str, str, str, str, list[str]]:
    return write.system, write.record_type, write.key, write.operation, sorted(write.fields)


def _alike(planned: Any, done: Any) -> bool:
    if isinstance(planned, str) and planned.startswith(_ASSIGNED):
        return True
    if isinstance(planned, Mapping) and isinstance(done, Mapping):
        return planned.keys() == done.keys() and all(_alike(value, done[name]) for name, value in planned.items())
    if isinstance(planned, list | tuple) and isinstance(done, list | tuple):
        return len(planned) == len(done) and all(map(_alike, planned, done))
    return bool(planned == done)
