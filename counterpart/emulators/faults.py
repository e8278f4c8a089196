"""Faults of a service, armed by call site: which call suffers what."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args

from counterpart.emulators.errors import UnusableFault
from counterpart.emulators.wire import Request, Response

CallFault = Literal[
    "latency",
    "timeout-before",
    "timeout-after",
    "401",
    "429",
    "500",
    "502",
    "503",
    "504",
    "reset-before",
    "reset-after",
    "truncated-body",
    "malformed-json",
    "wrong-content-type",
    "ignored-field",
    "truncated-text",
    "empty-list",
    "outdated",
    "missing-field",
    "overtaken",
    "clock-skew",
]
"""What a call can suffer; `before` and `after` say whether the request has taken effect. With 504 it has."""

EventFault = Literal["webhook-duplicated", "webhook-reordered", "event-lost"]
"""What the news of a change can suffer; for these `path` matches the name of the event, `customer.updated`."""

_NEED_FIELD = ("ignored-field", "truncated-text", "missing-field", "overtaken")
_CALLS: tuple[str, ...] = get_args(CallFault)
_EVENTS: tuple[str, ...] = get_args(EventFault)
_LONGEST_WAIT = 120.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault and the calls it strikes: the first `times` that match method and path, after `skip` that pass.

    `path` is a shell pattern. Raises UnusableFault for a fault that says too little or too much.
    """

    kind: CallFault | EventFault
    method: str = "*"
    path: str = "*"
    skip: int = 0
    times: int = 1
    seconds: float = 0.0
    """How long a latency or a time-out lasts, or by how much the service's clock is off (negative: slow)."""
    field: str = ""
    """The attribute that is ignored, whose text is cut, that the answer lacks, or that somebody else sets first."""
    length: int = 0
    """The characters that are left of a cut text."""
    value: str = ""
    """What somebody else sets it to."""

    def __post_init__(self) -> None:
        if self.kind not in (*_CALLS, *_EVENTS):
            raise UnusableFault(f"there is no kind {self.kind!r}; the kinds are {', '.join((*_CALLS, *_EVENTS))}")
        if self.kind in _NEED_FIELD and not self.field:
            raise UnusableFault(f"{self.kind} needs the name of a field")
        if self.kind in ("latency", "clock-skew") and not self.seconds:
            raise UnusableFault(f"{self.kind} needs a number of seconds")
        if self.kind != "clock-skew" and not 0 <= self.seconds <= _LONGEST_WAIT:
            raise UnusableFault(f"{self.kind} lasts from 0 to {_LONGEST_WAIT:g} seconds")
        if self.times < 1 or self.skip < 0 or self.length < 0:
            raise UnusableFault("times is at least 1, skip and length at least 0")


class Faults:
    """The faults that are armed, in order; a call meets the first that matches it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[Fault] = []
        self._early: dict[str, Response] = {}  # what lists and records looked like when an `outdated` was armed
        self.struck: list[tuple[Fault, str]] = []
        """Every fault that struck, with the call or event it struck."""

    @property
    def armed(self) -> tuple[Fault, ...]:
        """What is still to strike; counts are what is left of them."""
        return tuple(self._armed)

    def arm(self, *faults: Fault) -> None:
        """Add faults behind those already armed; raises UnusableFault."""
        if any(fault.kind == "outdated" and not fault.skip for fault in faults):
            raise UnusableFault("outdated repeats the first answer that it lets pass, so skip is at least 1")
        with self._lock:
            self._armed += faults

    def clear(self) -> None:
        """Disarm everything and forget what struck."""
        with self._lock:
            self._armed.clear()
            self._early.clear()
            self.struck.clear()

    def passed(self, request: Request, response: Response) -> None:
        """Keep the first answer to a call that an armed `outdated` lets pass."""
        with self._lock:
            for fault in self._armed:
                if fault.kind == "outdated" and request.method == "GET" and fnmatchcase(request.path, fault.path):
                    self._early.setdefault(request.path, response)

    def early(self, request: Request) -> Response | None:
        """That answer."""
        return self._early.get(request.path)

    def call(self, request: Request) -> Fault | None:
        """The fault that strikes this call, if any."""
        return self._take(_CALLS, request.method, request.path) if self._armed else None

    def event(self, kind: EventFault, name: str) -> bool:
        """Whether a fault of this kind strikes the event of this name."""
        return bool(self._armed) and self._take((kind,), "*", name) is not None

    def _take(self, kinds: tuple[str, ...], method: str, path: str) -> Fault | None:
        with self._lock:
            for at, fault in enumerate(self._armed):
                if fault.kind not in kinds or fault.method not in ("*", method) or not fnmatchcase(path, fault.path):
                    continue
                if fault.skip:
                    self._armed[at] = replace(fault, skip=fault.skip - 1)
                    continue
                if fault.times > 1:
                    self._armed[at] = replace(fault, times=fault.times - 1)
                else:
                    del self._armed[at]
                self.struck.append((fault, f"{method} {path}" if method != "*" else path))
                return fault
        return None


def parse(given: Mapping[str, Any]) -> Fault:
    """A fault from its JSON form; raises UnusableFault."""
    shapes: dict[str, Any] = {field.name: str(field.type) for field in fields(Fault)}
    for name, value in given.items():
        shape = shapes.get(name)
        if shape is None:
            raise UnusableFault(f"there is no {name!r}; a fault has {', '.join(shapes)}")
        wanted: tuple[type, ...] = {"int": (int,), "float": (int, float)}.get(shape, (str,))
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise UnusableFault(f"{name} is {value!r}, not of the type {shape.partition(' ')[0]}")
    if "kind" not in given:
        raise UnusableFault(f"the kind is missing; the kinds are {', '.join((*_CALLS, *_EVENTS))}")
    return Fault(**given)
