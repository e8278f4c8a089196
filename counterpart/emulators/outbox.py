"""Webhook calls still to be made: when each is due, when it is tried again, and when it is given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from counterpart.emulators.snapshot import kept

_GONE = 410


@kept("id", "name", "url", "body", "secret", "due", "attempts")
@dataclass(slots=True)
class Pending:
    """One call: the same bytes at each attempt."""

    id: int
    name: str
    url: str
    body: bytes
    secret: str
    due: int
    attempts: list[tuple[int, int | None]] = field(default_factory=list)
    """When it was tried, in UNIX seconds, and the status that came back; None for no answer."""


@kept("interval", "most", "pending")
@dataclass(slots=True)
class Outbox:
    """Calls by ascending id; a failed one is due again after `interval` seconds, `most` times in all."""

    interval: int
    most: int
    pending: dict[int, Pending] = field(default_factory=dict)

    def add(self, call: Pending) -> None:
        """Put a call down, under an id that was never given before."""
        self.pending[call.id] = call

    def due(self, now: int) -> Sequence[Pending]:
        """The calls to make now."""
        return [call for call in self.pending.values() if call.due <= now]

    def settle(self, id_: int, status: int | None, now: int) -> Pending | None:
        """Note an attempt, any 2xx being success; the call is returned when it is thereby given up."""
        call = self.pending.get(id_)
        if call is None:  # a duplicate of one that has arrived
            return None
        call.attempts.append((now, status))
        if status is not None and 200 <= status < 300:
            del self.pending[id_]
        elif status == _GONE or len(call.attempts) >= self.most:
            del self.pending[id_]
            return call
        else:
            call.due = now + self.interval
        return None
