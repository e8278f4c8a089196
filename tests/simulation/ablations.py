"""The sync with one of its rules taken away: each has to make histories fail, or the simulation does not see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from settings import CROWDED, LAGGING, READING, SLOW, SPOILT, USUAL, Patches, Setting

from counterpart.emulators.invoiced_account import Numbering
from sync import dispatch, execution, invoiced, matching, plan, reconcile, recovery, settlement, walk
from sync.customerp import Customerp
from sync.invoiced import Invoiced
from sync.lines import merge_lines
from sync.links import State
from sync.matching import Match
from sync.schema import Flow
from sync.store import Store


def _nothing_recovered(flow: Any, link: Any, record: Any, new: Any) -> Any:
    settled = settlement.accepted(flow, link, link.intent.system, record, new)
    return replace(settled, intent=None, state=State.LINKED, dirty=True), False


async def _finds_nothing(*_: Any) -> list[Any]:
    return []


async def _forgotten(*_: Any) -> str:
    return "cannot be told"


def _unversioned(original: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arguments: replace(original(*arguments), version=None)


def _settled_from_now(original: Callable[..., Any]) -> Callable[..., Any]:
    """The shadow takes what both sides say by now."""

    def settle(flow: Any, link: Any, record: Any, new: Any, resolve: Any) -> Any:
        after, notices = original(flow, link, record, new, resolve)
        seen = {name: (after.erp.values[name], after.inv.values[name]) for name in link.intent.fields}
        return replace(after, shadow={**after.shadow, **seen}), notices

    return settle


def _untold(original: Callable[..., Any]) -> Callable[..., Any]:
    """What was learned late, by asking, is settled and not told."""

    def settle(self: Any, flow: Any, link: Any, operation: Any, written: Any, current: Any = None) -> None:
        with nullcontext() if current is None else patch.object(Store, "record", lambda *_: None):
            original(self, flow, link, operation, written, current)

    return settle


def _unlinked(spec: Any, children: Any, *rest: Any) -> Any:
    return merge_lines(spec, (), *rest)


async def _write_first(self: Any, flow: Any, link: Any, system: Any, change: Any, *rest: Any) -> None:
    """The call before its intent is stored."""
    prepared, operation, *_ = rest
    intent = execution.intent_of(flow, link, system, change, prepared, operation, self.run.ids())
    await self.carry_out(flow, replace(link, intent=intent), operation)


async def _twice(self: Any, work: Sequence[int], handle: Any) -> None:
    """Two handlers over the same links."""
    await dispatch.together([_each(work, handle), _each(work, handle)])


async def _each(work: Sequence[int], handle: Any) -> None:
    for link in work:
        await handle(link)


def _unfenced(self: Any, link: Any) -> Any:
    """A store that takes whatever a handler brings, however old."""
    row = None if link.id == 0 else self._db.execute("SELECT version FROM link WHERE id = ?", (link.id,)).fetchone()
    return _save(self, link if row is None else replace(link, version=row[0]))


_save = Store.save


def _new_key(original: Callable[..., Any]) -> Callable[..., Any]:
    """Every try of a write under a key of its own."""

    async def carry_out(self: Any, flow: Any, link: Any, operation: Any) -> None:
        fresh = replace(link, intent=replace(link.intent, key=self.run.ids()))
        with self.run.store.transaction():
            fresh = self.run.store.save(fresh)
        await original(self, flow, fresh, operation)

    return carry_out


SETTINGS = {
    "R2: an older look does not replace a newer one": LAGGING,
    "R3: the shadow takes what was sent and what came back": READING,
    "an address, a price change as one": CROWDED,
    "a lost answer is asked for under its key": SPOILT,
    "an intent keeps what it writes": SPOILT,
    "an old Invoiced record is read again before it is written": SLOW,
}


def _rules() -> dict[str, Patches]:
    return {
        "R2: an older look does not replace a newer one": [patch.object(walk, "accept", lambda *_: "accept")],
        "R3: the shadow takes what was sent and what came back": [
            patch.object(execution, "settle", _settled_from_now(execution.settle))
        ],
        "an address, a price change as one": [
            patch.object(Flow, "units", property(lambda self: tuple((pair,) for pair in self.pairs)))
        ],
        "the cursor is the time at which the walk began, less a margin": [
            patch.object(Invoiced, "cursor", staticmethod(lambda at: None if at is None else str(int(at) + 1)))
        ],
        "look before creating": [
            patch.object(matching, "find", lambda store, flow, link: Match()),
            patch.object(recovery, "_find", _finds_nothing),
        ],
        "a create is looked up, repeated under its key, and its number is unique": [
            patch.object(matching, "find", lambda store, flow, link: Match()),
            patch.object(recovery, "_find", _finds_nothing),
            patch.object(execution.Execution, "carry_out", _new_key(execution.Execution.carry_out)),
            patch.object(Numbering, "refuse_taken", lambda *_: None),
        ],
        "an intent is stored before the call": [patch.object(execution.Execution, "write", _write_first)],
        "an intent keeps what it writes": [
            patch.object(recovery, "recovered", _nothing_recovered),
            patch.object(Invoiced, "recall", _forgotten),
            patch.object(Customerp, "recall", _forgotten),
        ],
        "a lost answer is asked for under its key": [
            patch.object(Invoiced, "recall", _forgotten),
            patch.object(Customerp, "recall", _forgotten),
        ],
        "an old Invoiced record is read again before it is written": [
            patch.object(reconcile.Reconciler, "_stale", lambda self, link, system: False)
        ],
        "Customerp is written on condition of its version": [
            patch.object(reconcile, "wanted", _unversioned(reconcile.wanted))
        ],
        "lines keep their links": [
            patch.object(settlement, "adopt", lambda *_: ()),
            patch.object(plan, "merge_lines", _unlinked),
        ],
        "one handler a link at a time": [patch.object(dispatch.InProcess, "run", _twice)],
        "a handler that was overtaken cannot store": [
            patch.object(dispatch.InProcess, "run", _twice),
            patch.object(Store, "save", _unfenced),
        ],
        "a write whose answer was lost is in the history": [
            patch.object(execution.Execution, "settle", _untold(execution.Execution.settle))
        ],
        "archived items count as seen": [patch.object(invoiced.Invoiced, "_items", _active_only)],
    }


async def _active_only(self: Any) -> Any:
    async for page in self._pages("items", {}):
        yield page


RULES = tuple(_rules())


@contextmanager
def without(rule: str | None, setting: Setting = USUAL) -> Iterator[None]:
    """The engine without one rule, in a setting."""
    patches = setting.patches() + (_rules()[rule] if rule is not None else [])
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()
