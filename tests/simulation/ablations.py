"""The sync with one of its rules taken away: each has to make histories fail, or the simulation does not see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from sync import matching, reconcile, recovery, settlement
from sync.links import State
from sync.matching import Match


def _recovered(flow: Any, link: Any, record: Any, new: Any, resolve: Any) -> Any:
    settled = settlement.accepted(flow, link, link.intent.system, record, new)
    return replace(settled, intent=None, state=State.LINKED, dirty=True), False


async def _nothing(*_: Any) -> list[Any]:
    return []


def _unguarded(self: Any, link: Any, system: str) -> bool:
    return False


def _unversioned(original: Callable[..., Any]) -> Callable[..., Any]:
    def wanted(*arguments: Any) -> Any:
        return replace(original(*arguments), version=None)

    return wanted


def _rules() -> dict[str, list[Any]]:
    return {
        "an intent keeps what it writes": [patch.object(recovery, "recovered", _recovered)],
        "look before creating": [
            patch.object(matching, "find", lambda store, flow, link: Match()),
            patch.object(recovery, "_find", _nothing),
        ],
        "look before repeating a create": [patch.object(recovery, "_find", _nothing)],
        "an old Invoiced record is read again before it is written": [
            patch.object(reconcile.Reconciler, "_stale", _unguarded)
        ],
        "Customerp is written on condition of its version": [
            patch.object(reconcile, "wanted", _unversioned(reconcile.wanted))
        ],
        "lines keep their links": [patch.object(settlement, "adopt", lambda *arguments: ())],
    }


RULES = tuple(_rules())


@contextmanager
def without(rule: str) -> Iterator[None]:
    """The engine without one rule."""
    patches = _rules()[rule]
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()
