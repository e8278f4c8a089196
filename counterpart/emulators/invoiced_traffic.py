"""What Invoiced knows of calls under way: the places they take, the records they lock, the answers not yet sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from counterpart.emulators.errors import InvoicedError
from counterpart.emulators.wire import Request, Response

_SECONDS = 60
"""After so long a place is free again and a lock is lifted, whatever became of the call."""
_LOCKED = {"customers": "customer", "invoices": "invoice"}


@dataclass(slots=True)
class _UnderWay:
    headers: Mapping[str, str]
    """Held, so that no other call's headers can come to lie at their place in memory."""
    since: int
    record: tuple[str, str] | None
    unsent: tuple[str, Response] | None = None


class Traffic:
    """The calls between `enter` and `leave`, each known by its headers: head and whole request share them."""

    def __init__(self) -> None:
        self._calls: dict[int, _UnderWay] = {}

    def enter(self, request: Request, most: int, now: int) -> bool:
        """Whether the call finds one of `most` places free, and takes it."""
        if len(self._calls) >= most:
            self._calls = {id_: call for id_, call in self._calls.items() if call.since + _SECONDS > now}
            if len(self._calls) >= most:
                return False
        self._calls[id(request.headers)] = _UnderWay(request.headers, now, _record(request))
        return True

    def refuse_locked(self, request: Request, now: int) -> None:
        """Raise when an earlier call that is still under way changes the same customer or invoice."""
        record = _record(request)
        if record is None:
            return
        for id_, call in self._calls.items():
            if id_ == id(request.headers):
                return
            if call.record == record and call.since + _SECONDS > now:
                raise InvoicedError(
                    f"This {record[0]} is currently being updated by another process. Please try again later."
                )

    def hold(self, request: Request, key: str, response: Response) -> bool:
        """Keep a response back until its call leaves; False for a call that nobody carries and so never leaves."""
        call = self._calls.get(id(request.headers))
        if call is None:
            return False
        call.unsent = (key, response)
        return True

    def leave(self, request: Request) -> tuple[str, Response] | None:
        """Give place and lock back; the idempotency key of the call with its response, if it has one."""
        call = self._calls.pop(id(request.headers), None)
        return None if call is None else call.unsent


def _record(request: Request) -> tuple[str, str] | None:
    """The kind and id of the record that a call locks."""
    if request.method != "PATCH":
        return None
    _, path, *id_ = request.path.split("/")
    return (_LOCKED[path], id_[0]) if path in _LOCKED and len(id_) == 1 else None
