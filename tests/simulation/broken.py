"""Pieces of the sync as they would be without a rule; `ablations` says which rule each of them is taken away with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import nullcontext
from typing import Any
from unittest.mock import patch

from msgspec import structs

from sync import deletes, dispatch, execution, merge, recovery, settlement
from sync.engine import Engine
from sync.errors import AccountRefused, Broken
from sync.lines import merge_lines
from sync.links import Interval, State
from sync.matching import Match
from sync.store import Store

Piece = Callable[..., Any]


# What is stored of an answer


def settled_from_now(original: Piece) -> Piece:
    """The shadow takes what both sides say by now."""

    def settle(flow: Any, link: Any, record: Any, new: Any, resolve: Any) -> Any:
        after, notices = original(flow, link, record, new, resolve)
        seen = {name: (after.erp.values[name], after.inv.values[name]) for name in link.intent.fields}
        return structs.replace(after, shadow={**after.shadow, **seen}), notices

    return settle


def settled_as_wanted(original: Piece) -> Piece:
    """The shadow takes what was sent, whatever came back."""

    def settle(flow: Any, link: Any, record: Any, new: Any, resolve: Any) -> Any:
        after, notices = original(flow, link, record, new, resolve)
        to_target = link.intent.system == "invoiced"
        sent = {
            name: (source, desired) if to_target else (desired, source)
            for name, (source, desired, _) in link.intent.fields.items()
            if desired is not None
        }
        return structs.replace(after, shadow={**after.shadow, **sent}), notices

    return settle


def settled_unseen(original: Piece) -> Piece:
    """The answer to a change is no look at the record."""

    def settle(flow: Any, link: Any, record: Any, new: Any, resolve: Any) -> Any:
        after, notices = original(flow, link, record, new, resolve)
        if link.intent.operation == "create":
            return after, notices
        known = {"erp": link.erp} if link.intent.system == "customerp" else {"inv": link.inv}
        return structs.replace(after, **known), notices

    return settle


def settled_silently(original: Piece) -> Piece:
    """What came back different is neither recorded nor told."""

    def settle(flow: Any, link: Any, record: Any, new: Any, resolve: Any) -> Any:
        after, _ = original(flow, link, record, new, resolve)
        return structs.replace(after, diverged={}), []

    return settle


def untold(original: Piece) -> Piece:
    """What was learned late, by asking, is settled and not told."""

    def settle(self: Any, flow: Any, link: Any, operation: Any, written: Any, current: Any = None) -> None:
        with nullcontext() if current is None else patch.object(Store, "record", lambda *_: None):
            original(self, flow, link, operation, written, current)

    return settle


# Writing


async def write_first(self: Any, flow: Any, link: Any, system: Any, change: Any, *rest: Any) -> None:
    """The call before its intent is stored."""
    prepared, operation, *_ = rest
    at = self.run.clock.now().timestamp()
    intent = execution.intent_of(flow, link, system, change, prepared, operation, self.run.ids(), at)
    await self.carry_out(flow, structs.replace(link, intent=intent), operation)


def new_key(original: Piece) -> Piece:
    """Every try of a write under a key of its own."""

    async def carry_out(self: Any, flow: Any, link: Any, operation: Any) -> None:
        fresh = structs.replace(link, intent=structs.replace(link.intent, key=self.run.ids()))
        with self.run.store.transaction():
            fresh = self.run.store.save(fresh)
        await original(self, flow, fresh, operation)

    return carry_out


def unversioned(original: Piece) -> Piece:
    return lambda *arguments: structs.replace(original(*arguments), version=None)


def everything(original: Piece) -> Piece:
    """A change of a customer sends all that is mapped."""

    def wanted(flow: Any, link: Any, system: Any, change: Any, raw: Any) -> Any:
        part = original(flow, link, system, change, raw)
        if part.id is None or flow.lines is not None or part.side.object == "items":
            return part
        return structs.replace(part, assign={**part.whole, **part.assign})

    return wanted


def only_changed_lines(original: Piece) -> Piece:
    """A list without the lines of which nothing changes."""

    def wanted(flow: Any, link: Any, system: Any, change: Any, raw: Any) -> Any:
        whole = original(flow, link, system, change, raw)
        lines = whole.lines and tuple(line for line in whole.lines if line.id is None or line.values)
        return structs.replace(whole, lines=lines)

    return wanted


def unlinked(spec: Any, children: Any, *rest: Any) -> Any:
    return merge_lines(spec, (), *rest)


def forgetful(original: Piece) -> Piece:
    """Of the lines only those keep a link that were in the list that was sent."""
    return lambda spec, side, desired, current, children, other: original(spec, side, desired, current, children, ())


# After a lost answer


def nothing_recovered(flow: Any, link: Any, record: Any, new: Any) -> Any:
    settled = settlement.accepted(flow, link, link.intent.system, record, new)
    return structs.replace(settled, intent=None, state=State.LINKED, dirty=True), False


async def finds_nothing(*_: Any) -> list[Any]:
    return []


async def forgotten(*_: Any) -> str:
    return "cannot be told"


async def taken_for_theirs(execution: Any, flow: Any, link: Any, operation: Any, seen: Any) -> None:
    """An item between our archiving it and creating it again is taken as it is."""
    recovery._adopt(execution, flow, link, operation, seen)


# Handlers and the store


async def twice(self: Any, work: Sequence[int], handle: Any) -> None:
    """Two handlers over the same links."""
    await dispatch.together([_each(work, handle), _each(work, handle)])


async def _each(work: Sequence[int], handle: Any) -> None:
    for link in work:
        await handle(link)


def unfenced(self: Any, link: Any) -> Any:
    """A store that takes whatever a handler brings, however old."""
    row = None if link.id == 0 else self._db.execute("SELECT version FROM link WHERE id = ?", (link.id,)).fetchone()
    return _save(self, link if row is None else structs.replace(link, version=row[0]))


_save = Store.save


# Reading


async def active_only(self: Any) -> AsyncIterator[Any]:
    async for page in self._pages("items", {}):
        yield page


async def unlimited(self: Any) -> None:
    self._used += 1


def oldest_first(original: Piece) -> Piece:
    """A list that begins with what was changed longest ago, page by page; what is edited meanwhile moves to its end."""

    async def walk(self: Any, side: Any, since: Any) -> AsyncIterator[Any]:
        asked = self._pages

        def pages(kind: str, params: Any) -> Any:
            return asked(kind, {**params, "sort": "updated_at asc"} if "sort" in params else params)

        with patch.object(self, "_pages", pages):
            async for page in original(self, side, since):
                yield page

    return walk


async def cursor_first(self: Any, connector: Any, flow: Any) -> None:
    """A walk whose cursor moves as soon as it begins."""
    name = f"invoiced:{flow.id}"
    complete, since, first = "invoiced" in self._completely, self._store.cursor(name), True
    if since is not None and flow.target.object != "items":
        self._announced[name] = lambda record: record.stamp > float(since)
    async for page in connector.walk(flow.target, None if complete else since):
        if first:
            first = False
            with self._store.transaction():
                self._store.set_cursor(name, connector.cursor(page.server_time))
        self._page(flow, connector, page.records, Interval(self._session, page.start, page.end))
    if complete:
        await self._missing(connector, flow)


async def ours_first(self: Any, run: Any) -> None:
    """Only Customerp is read before anything is written."""
    await run.walk.customerp(self.customerp, self.flows)


async def theirs_last(self: Any, store: Any, reconciler: Any) -> None:
    await _rest(self, store, reconciler)
    for flow in self.flows:
        await reconciler.run.walk.invoiced(self.invoiced, flow)
    await _rest(self, store, reconciler)


_rest = Engine._rest


async def unaudited(*_: Any) -> tuple[Any, ...]:
    return ()


# Matching


def first_found(store: Any, flow: Any, link: Any) -> Match:
    """Whoever has the same address first."""
    return _by(store, flow, link, "email")


def namesake(store: Any, flow: Any, link: Any) -> Match:
    """Whoever has the same name first."""
    return _by(store, flow, link, "name")


def _by(store: Any, flow: Any, link: Any, name: str) -> Match:
    value = link.erp.values[name] if flow.id == "customer-company" else None
    found = [] if value is None else store.by_value(flow.id, "invoiced", name, str(value))
    return Match(next((each for each in found if each.erp_id is None), None))


def owner_first(unit: Any, shadow: Any, erp: Any, inv: Any, agreed: Any, setting: Any) -> Any:
    """Where two records meet, the owner's values stand, whether it has any or not."""
    return merge._carry(merge.side_of(unit[0].owner), unit, shadow, erp, inv, setting)


# Errors


def unfrozen(original: Piece) -> Piece:
    return lambda *arguments: structs.replace(original(*arguments), frozen=None)


def counted(original: Piece) -> Piece:
    """Being asked to slow down is a failure of the record."""

    def postpone(self: Any, link: Any, failed: Any, pause: float | None = None) -> None:
        failed.status = None
        original(self, link, failed, pause)

    return postpone


def unheard(original: Piece) -> Piece:
    """An account that is refused is a failure of the record."""

    def answer(self: Any, call: str, *rest: Any) -> Any:
        try:
            return original(self, call, *rest)
        except AccountRefused:
            raise Broken(self.system, call, 401, "refused") from None

    return answer


# Deletes


async def unconfirmed(self: Any, connector: Any, flow: Any) -> bool:
    """What a complete list does not show is gone."""
    missing, _ = self._store.unseen(flow.id, connector.system)
    for id_ in missing:
        with self._store.transaction():
            self.gone(flow, connector.system, id_)
    return True


def noting_the_page(original: Piece) -> Piece:
    def page(self: Any, flow: Any, connector: Any, records: Any, seen: Any, **more: Any) -> None:
        original(self, flow, connector, records, seen, **more)
        self.listed = {**getattr(self, "listed", {}), (flow.id, connector.system): seen.end}

    return page


def looked_by_page(self: Any, flow: str, system: Any, id_: str) -> float:
    """A page is a look at all records of its kind."""
    listed: dict[tuple[str, Any], float] = getattr(self, "listed", {})
    return listed.get((flow, system), float("-inf"))


async def not_merged(*_: Any) -> None:
    return None


def of_very_many(original: Piece) -> Piece:
    """However many are missing, they are few of those there are."""

    def unseen(self: Any, flow: str, system: Any) -> Any:
        missing, known = original(self, flow, system)
        return missing, known + 1_000_000

    return unseen


def resurrected(original: Piece) -> Piece:
    """A record that was deleted is there again as soon as a list shows it."""

    def taken(flow: Any, link: Any, system: Any, record: Any, shown: Any) -> Any:
        if link is None or link.deleted != system:
            return original(flow, link, system, record, shown)
        return deletes.revived(settlement.accepted(flow, link, system, record, shown)), True

    return taken


def buried_nowhere(original: Piece) -> Piece:
    """The link of a record that was deleted in Invoiced is dropped."""

    def bury(store: Any, flow: Any, link: Any, system: Any, *rest: Any) -> Any:
        notice = original(store, flow, link, system, *rest)
        if system == "invoiced":
            store.remove(link)
        return notice

    return bury
