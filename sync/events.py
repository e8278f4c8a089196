"""What happens while the sync works, for whoever listens: logs, metrics, spans. Names no record and no value.

An event carries the number of a link, never its key: a key may be a person's name, and logs travel far.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sync.links import State, System


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins; a complete one reads everything."""

    complete: bool


@dataclass(frozen=True, slots=True)
class CallEnded:
    """One call to a system; `status` is None where no answer came."""

    system: System
    method: str
    status: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class WriteSettled:
    """A write whose answer is stored."""

    flow: str
    link: int
    system: System
    operation: str
    properties: int


@dataclass(frozen=True, slots=True)
class LinkRested:
    """The handler of one link has ended."""

    flow: str
    link: int
    state: State
    seconds: float


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A run has come to rest."""

    seconds: float
    reads: int
    writes: int
    conflicts: int
    notices: int


@dataclass(frozen=True, slots=True)
class RunStopped:
    """A run was cut short because a system as a whole does not serve us; `problem` names no record."""

    system: str
    problem: str
    seconds: float


Event = RunStarted | CallEnded | WriteSettled | LinkRested | RunEnded | RunStopped
Listener = Callable[[Event], None]


def nobody(event: Event) -> None:
    """The listener that lets everything pass."""


def all_of(*listeners: Listener) -> Listener:
    """One listener that tells several."""

    def tell(event: Event) -> None:
        for listener in listeners:
            listener(event)

    return tell
