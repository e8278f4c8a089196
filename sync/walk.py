"""Reading both systems: pages in id order, each stored in one transaction, the cursor only at the end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial

from msgspec.structs import replace

from sync import deletes
from sync.clock import Clock
from sync.connector import Changed, Connector, Record
from sync.customerp import Customerp
from sync.errors import CallFailed
from sync.invoiced import Invoiced
from sync.links import TITLES, UNREAD, Interval, Link, Notice, Observation, State, System, accept, key_of, same_content
from sync.plan import agreed
from sync.ports import Storage
from sync.report import Progress, Scan
from sync.resolving import LinkedRecords
from sync.schema import Flow
from sync.settlement import accepted, observe
from sync.values import BadValue, Raw, fingerprint
from sync.writing import side_of

_PAGE = 100  # records that a call for a list shows
_WORTH_A_LIST = 20  # changed records; fewer are read one by one


class Walk:
    """Brings the store up to date with both systems."""

    def __init__(
        self,
        store: Storage,
        clock: Clock,
        session: int,
        progress: Callable[[Progress], None] | None,
        complete: bool = False,
    ) -> None:
        """`complete` reads everything, also what should not have changed, and looks for what is missing."""
        self._store, self._clock, self._session, self._progress = store, clock, session, progress
        self._completely: set[System] = {"customerp", "invoiced"} if complete else set()
        store.begin_scan()
        self._read = self._missed = self._unseen = 0
        self._resolve = LinkedRecords(store)
        self._left_out: dict[str, float] = {}  # since when what a flow's list of changes does not show is unchanged
        self._announced: dict[str, Callable[[Record], bool]] = {}  # of a flow's side: changes the usual way also shows
        self.doubted: set[tuple[str, System]] = set()  # of which a complete list has shown too little to be believed
        self.notices: list[Notice] = []

    @property
    def scan(self) -> Scan | None:
        """What looking at everything has found beyond the usual way; None when not everything was looked at."""
        if self._completely != {"customerp", "invoiced"}:
            return None
        return Scan(self._read, self._missed, self._unseen)

    async def invoiced(self, connector: Connector, flow: Flow) -> None:
        """Read what may have changed since the last walk began.

        The next walk starts where this one began, in the server's own time: the largest `updated_at` seen would
        lose what changed within the same second, and what changed behind the walk's back.
        """
        name = f"invoiced:{flow.id}"
        following: str | None = None
        first = True
        complete = "invoiced" in self._completely
        since = self._store.cursor(name)
        if since is not None and flow.target.object != "items":  # they have no filter; each walk is a complete one
            self._announced[name] = lambda record: record.stamp > float(since)
        changes = name in self._announced and not complete
        async for page in connector.walk(flow.target, None if complete else since):
            if first:
                following, first = Invoiced.cursor(page.server_time), False
                if changes:
                    self._left_out[flow.id] = page.end
            self._page(flow, connector, page.records, Interval(self._session, page.start, page.end), whole=not changes)
        known = not complete or await self._missing(connector, flow)
        if following is not None and known:
            with self._store.transaction():
                self._store.set_cursor(name, following)

    async def customerp(self, connector: Customerp, flows: Sequence[Flow]) -> None:
        """List what was never listed completely, and follow the change feed for the rest.

        A first list comes before the feed: it may be that of a copy which lags behind, and the feed shows by how much.
        Without a change feed each walk is a complete one.
        """
        walked = [flow for flow in flows if self._store.cursor(f"customerp:{flow.id}")]
        reached = int(self._store.cursor("customerp") or 0)
        changed: dict[str, dict[str, Changed]] = {flow.id: {} for flow in flows}
        found = await connector.changes(reached)
        if found is None:
            self._completely.add("customerp")
        else:
            for flow in walked:
                self._announced[f"customerp:{flow.id}"] = partial(_named, changed[flow.id])
        complete = "customerp" in self._completely
        for flow in flows:
            if flow not in walked:
                await self._list(connector, flow)
        while found is not None:
            entries, reached, more = found
            for flow in flows:
                of_flow = [entry for entry in entries if entry.object == flow.source.object]
                if flow in walked:
                    changed[flow.id] |= {entry.id: entry for entry in of_flow}
                else:
                    self._catch_up(flow, of_flow, changed[flow.id])
            found = await connector.changes(reached) if more else None
        for flow in flows:
            number = sum(not entry.deleted for entry in changed[flow.id].values())
            if (complete and flow in walked) or worth_a_list(number, self._store.at_most()):
                await self._list(connector, flow)
            for entry in changed[flow.id].values():
                await self._changed(connector, flow, entry)
        for flow in flows if complete else ():
            await self._missing(connector, flow)
        with self._store.transaction():
            self._store.set_cursor("customerp", str(reached))
            for flow in flows:
                self._store.set_cursor(f"customerp:{flow.id}", "walked")

    async def _list(self, connector: Customerp, flow: Flow) -> None:
        async for page in connector.walk(flow.source, None):
            self._page(flow, connector, page.records, Interval(self._session, page.start, page.end))

    def _catch_up(self, flow: Flow, entries: Sequence[Changed], behind: dict[str, Changed]) -> None:
        """Note what a first list shows behind the feed, or not at all; but what a filter leaves out is not missing."""
        shown = self._store.versions(flow.id, [entry.id for entry in entries])
        for entry in entries:
            version = shown.get(entry.id)  # unknown of what was not listed, or could not be read
            older = version is not None and version < entry.version
            missing = entry.id not in shown and not flow.source.filter
            if (entry.deleted and entry.id in shown) or (not entry.deleted and (older or missing)):
                behind[entry.id] = entry
            else:
                behind.pop(entry.id, None)

    async def _missing(self, connector: Connector, flow: Flow) -> bool:
        """What a complete scan has not shown is deleted only if it cannot be read either.

        Many at once are more likely a fault of the listing, or of a person, than so many deletes: nothing is done.
        False where it is not known of each what it says by now.
        """
        system = connector.system
        side = side_of(flow, system)
        missing, number = self._store.unseen(flow.id, system)
        if deletes.doubtful(len(missing), number):
            self.doubted.add((flow.id, system))
            self.notices.append(
                Notice(
                    flow.id,
                    "*",
                    None,
                    "needs_attention",
                    f"{len(missing)} of {number} {side.type} records are missing from {TITLES[system]}; that many are "
                    "not taken for deleted. Check the account, then delete in smaller steps",
                )
            )
            return False
        known = True
        for id_ in missing:
            try:
                if (shown := await connector.read(side.object, id_)) is not None:
                    self._page(flow, connector, (shown.raw,), Interval(self._session, shown.start, shown.end))
                    continue
                survivor = await self.became(connector, flow, id_)
            except CallFailed:
                known = False  # to be gone, or how; the next scan asks again
                continue
            self._unseen += 1
            with self._store.transaction():
                self.gone(flow, system, id_, survivor)
        return known

    async def _changed(self, connector: Connector, flow: Flow, entry: Changed) -> None:
        link = self._store.by_remote(flow.id, "customerp", entry.id)
        if entry.deleted:
            with self._store.transaction():
                self.gone(flow, "customerp", entry.id)
            return
        known = link.erp.version if link is not None and link.erp is not None else None
        if known is not None and known >= entry.version:
            return  # our own write, seen in its answer; or listed since
        try:
            seen = await connector.read(flow.source.object, entry.id)
        except CallFailed:
            # One record that cannot be had stops no walk; whoever brings it to rest asks again.
            with self._store.transaction():
                unread = self._store.by_remote(flow.id, "customerp", entry.id) or Link(flow.id, erp_id=entry.id)
                self._store.save(replace(unread, recheck=True, dirty=True))
            return
        if seen is not None:
            self._page(flow, connector, (seen.raw,), Interval(self._session, seen.start, seen.end))

    def looked(self, flow: str, system: System, id_: str) -> float:
        """Until when a record is known to be as it was: when a list has shown it, or, one of changes, left it out."""
        shown = self._store.seen_at(flow, system, id_)
        if shown is not None:
            return shown
        return self._left_out.get(flow, float("-inf")) if system == "invoiced" else float("-inf")

    def _page(
        self, flow: Flow, connector: Connector, records: Sequence[Raw], seen: Interval, *, whole: bool = False
    ) -> None:
        system = connector.system
        scanned = whole or system in self._completely
        ids = [str(raw["id"]) if isinstance(raw, dict) and "id" in raw else "" for raw in records]
        known = dict(self._store.digests(flow.id, system, ids))
        new: list[Link] = []
        with self._store.transaction(durable=False):
            for id_, raw in zip(ids, records, strict=True):
                digest = fingerprint(raw)
                if id_ not in known:
                    looked = self._look(flow, connector, raw, seen, digest)
                    if looked is not None:
                        new.append(taken(flow, None, system, *looked)[0])
                elif known[id_] != digest:
                    self._store.add(new)  # a page may show a record twice
                    new.clear()
                    self.take(flow, connector, raw, seen, digest)
                elif scanned:
                    self._store.mark_seen(flow.id, system, id_, seen.end)
                known[id_] = digest
            self._store.add(new)
        self._read += len(records)
        if self._progress is not None:
            self._progress(Progress(f"reading {TITLES[connector.system]}", self._read, None))

    def take(self, flow: Flow, connector: Connector, raw: Raw, seen: Interval, digest: bytes | None = None) -> None:
        """Store what was read about one record; inside a transaction."""
        looked = self._look(flow, connector, raw, seen, digest)
        if looked is None:
            return
        system = connector.system
        record, shown = looked
        link = self._store.by_remote(flow.id, system, record.id)
        known = None if link is None else agreed(flow, link, self._resolve)
        after, edited = taken(flow, known, system, record, shown)
        if edited:
            announced = self._announced.get(f"{system}:{flow.id}")
            known_of = link is not None and link.recheck  # announced before, when it could not be read
            if announced is not None and not known_of and not announced(record):
                self._missed += 1
            if after.erp_id is not None and after.state is not State.TOMBSTONED:
                self._store.wake(f"{flow.id}:{after.erp_id}")
        if after != link:
            self._store.save(after)

    def _look(
        self, flow: Flow, connector: Connector, raw: Raw, seen: Interval, digest: bytes | None
    ) -> tuple[Record, Observation] | None:
        """A record as it was read; None where it cannot be, which is then stored."""
        system = connector.system
        side = side_of(flow, system)
        try:
            record = connector.record(side.object, raw)
            shown = observe(flow, system, record, seen, digest)
        except (BadValue, KeyError, TypeError, AttributeError) as error:
            self._unreadable(flow, system, raw, seen, error)
            return None
        if system in self._completely:
            self._store.mark_seen(flow.id, system, record.id, seen.end)
        return record, shown

    async def became(self, connector: Connector, flow: Flow, id_: str) -> str | None:
        """What a record that cannot be read any more was merged into; asked only where a link loses a side by it."""
        link = self._store.by_remote(flow.id, connector.system, id_)
        if link is None or not link.linked or link.deleted is not None:
            return None
        seen = link.observation(connector.system)
        kind = side_of(flow, connector.system).object
        return await connector.merged_into(kind, id_, 0.0 if seen is None else seen.stamp)

    def gone(self, flow: Flow, system: System, id_: str, survivor: str | None = None) -> None:
        """A record was deleted, or became part of another; inside a transaction."""
        now = self._clock.monotonic()
        notice = deletes.gone(self._store, flow, system, id_, Interval(self._session, now, now), survivor)
        if notice is not None:
            self.notices.append(notice)

    def _unreadable(self, flow: Flow, system: System, raw: object, seen: Interval, error: Exception) -> None:
        id_ = str(raw.get("id")) if isinstance(raw, dict) and raw.get("id") is not None else None
        link = None if id_ is None else self._store.by_remote(flow.id, system, id_)
        key = (id_ or "?") if link is None else key_of(flow.match.name, link)
        reason = f"{TITLES[system]} shows a record that cannot be read: {error}"
        notice = Notice(flow.id, key, None, "needs_attention", reason)
        self.notices.append(notice)
        if id_ is None:
            return
        if system in self._completely:
            self._store.mark_seen(flow.id, system, id_, seen.end)
        if link is None:
            link = Link(flow.id, erp_id=id_) if system == "customerp" else Link(flow.id, inv_id=id_)
        known = _unlisted(link.erp if system == "customerp" else link.inv)
        link = replace(link, erp=known) if system == "customerp" else replace(link, inv=known)
        self._store.save(replace(link, state=State.NEEDS_ATTENTION, reason=reason, dirty=False, notices=(notice,)))


def _unlisted(seen: Observation | None) -> Observation | None:
    """What was known of a record before it could not be read."""
    return None if seen is None else replace(seen, digest=UNREAD)


def worth_a_list(changed: int, known: int) -> bool:
    """Whether listing all known records takes less than half the calls of reading those that have changed."""
    return changed >= _WORTH_A_LIST and changed * _PAGE > 2 * known


def taken(flow: Flow, link: Link | None, system: System, record: Record, shown: Observation) -> tuple[Link, bool]:
    """The link after one of its records was read, and whether that shows an edit; the same link if nothing is new."""
    if link is None:
        begins = system == "customerp" or flow.create == "both"  # gets a counterpart
        return accepted(flow, Link(flow.id, dirty=begins), system, record, shown), False
    current = link.observation(system)
    verdict = accept(current, shown)
    if verdict == "drop":
        return link, False
    if verdict == "recheck" or link.deleted == system:  # a list may lag behind a delete, too
        return replace(link, recheck=True, dirty=True), False
    after = accepted(flow, link, system, record, shown)
    if current is not None and same_content(current, shown) and (link.recheck or current.digest == UNREAD):
        return replace(after, dirty=True), False  # it could not be read for a while, and what was to be done waits
    if current is not None and same_content(current, shown):
        return (link if shown.digest is not None and shown.digest == current.digest else after), False
    live = (link.erp_id is not None or flow.create == "both") and link.state is not State.TOMBSTONED
    return replace(after, dirty=link.dirty or live), True


def _named(changed: Collection[str], record: Record) -> bool:
    return record.id in changed
