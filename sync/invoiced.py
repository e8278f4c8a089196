"""The connector to Invoiced: calls and paging. What its records mean stands in invoiced_records."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

from msgspec.structs import replace

from sync.clock import Clock
from sync.connector import Call, Logged, Operation, Page, Prepared, Recalled, Record, Seen, Wanted, Written
from sync.echoes import as_stored, provisional
from sync.errors import BadAnswer, Broken, CallFailed, Gone, Locked, OutcomeUnknown, Refused
from sync.events import Listener, nobody
from sync.http import Answer, Endpoint, Pacing, Wire
from sync.invoiced_records import REFERENCE, logged, merged_by, predict, prepare, record
from sync.links import System
from sync.schema import Side
from sync.slots import MOST_IN_FLIGHT, Slots
from sync.transport import Transport
from sync.values import Raw

COLLECTIONS = ("coupons", "customers", "invoices", "items", "tax_rates")  # that a flow may name
_PAGE = 100  # the largest
_CURSOR_MARGIN = 2  # one second of resolution and one for clocks apart; `updated_after` is strict
_NOBODY = "999999999999999999"  # an id that no record will ever have, and that the API takes for one
_INCLUDE = {"items": {"include": "archived"}}  # hidden unless asked for
# The one answer that only its text tells apart: a 400 without `param` that may succeed a moment later.
_BUSY = re.compile(r"being updated by another process", re.IGNORECASE)


def judge(call: str, status: int, body: Any, *, creating: bool) -> CallFailed:
    """Invoiced answers nearly everything with 400; `param` tells what is to blame."""
    problem = body if isinstance(body, dict) else {}
    message, param = str(problem.get("message") or "no reason given"), problem.get("param")
    if status == 404:
        return Gone("Invoiced", call, status, message)
    if status >= 500 or _BUSY.search(message):
        return Broken("Invoiced", call, status, message)
    locked = param in ("closed", "voided") or (call.endswith("/void") and param is None)
    return (Locked if locked else Refused)("Invoiced", call, status, message, str(param) if param else None)


class Invoiced:
    """Invoiced's REST API as far as customers, items, invoices and coupons go."""

    system: System = "invoiced"

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        transport: Transport | None,
        clock: Clock,
        pacing: Pacing,
        slots: Slots | None = None,
        listen: Listener = nobody,
    ) -> None:
        self._wire = Wire(
            "invoiced",
            endpoint,
            authorization="Basic " + b64encode(f"{endpoint.credential}:".encode()).decode("ascii"),
            transport=transport,
            clock=clock,
            judge=judge,
            pacing=pacing,
            slots=slots or Slots(MOST_IN_FLIGHT),
            listen=listen,
        )
        self._present: set[str] = set()

    @property
    def url(self) -> str:
        return self._wire.url

    @property
    def reads(self) -> int:
        return self._wire.reads

    def record(self, kind: str, raw: Raw) -> Record:
        return record(kind, raw)

    async def walk(self, side: Side, since: str | None) -> AsyncIterator[Page]:
        if side.object == "items":
            async for page in self._items():
                yield page
            return
        params = {f"filter[{name}]": value for name, value in side.filter.items()} | {"sort": "id asc"}
        if since is not None:
            params["updated_after"] = since
        async for page in self._pages(side.object, params):
            yield page

    async def _items(self) -> AsyncIterator[Page]:
        """All items, as they ignore `updated_after`; archived ones are in a list of their own.

        A price change leaves an archived copy behind for each earlier price, so an id counts as archived only
        where no active item has it, and the newest copy, which is the last, speaks for it.
        """
        active: set[object] = set()
        async for page in self._pages("items", {}):
            active.update(raw.get("id") for raw in page.records if isinstance(raw, dict))
            yield page
        newest: dict[object, Raw] = {}
        async for page in self._pages("items", {"archived": "1"}):
            newest |= {raw.get("id"): raw for raw in page.records if isinstance(raw, dict)}
        yield Page(tuple(raw for id_, raw in newest.items() if id_ not in active), page.start, page.end)

    @staticmethod
    def cursor(server_time: float | None) -> str | None:
        """Where the next walk begins, from the server's time when this one did."""
        return None if server_time is None else str(int(server_time) - _CURSOR_MARGIN)

    async def read(self, kind: str, id_: str) -> Seen | None:
        try:
            answer = await self._wire.get(f"/{kind}/{id_}", _INCLUDE.get(kind))
        except Gone:
            return None
        return Seen(answer.data, answer.start, answer.end)

    async def find(self, side: Side, reference: str, path: str, key: str) -> list[Seen]:
        if side.object == "items":
            seen = await self.read("items", key)
            return [] if seen is None else [seen]
        for params in ({f"metadata[{REFERENCE}]": reference}, {f"filter[{path}]": key}):
            answer = await self._wire.get(f"/{side.object}", params)
            found = [Seen(raw, answer.start, answer.end) for raw in self._list(answer, side.object)]
            if found:
                return found
        return []

    async def merged_into(self, kind: str, id_: str, since: float) -> str | None:
        """Only an event tells a merge from a delete, and events come at most once: a lost one leaves a delete."""
        if kind != "customers":
            return None
        async for rows, _ in self._events({"filter[type]": "customer.merged", "start_date": str(int(since))}):
            for event in rows:
                survivor = merged_by(event, id_)
                if survivor is not None:
                    return survivor
        return None

    async def logged(self, reached: str) -> AsyncIterator[tuple[list[Logged], str]]:
        """What programs have changed, in the order of the log, page by page, each with where to go on behind it.

        `reached` is a cursor of a walk, or what this gave before: seconds, and the last event that is done with.
        """
        since, _, last = reached.partition(":")
        done, began = int(last or 0), ""
        async for rows, server_time in self._events({"from": "api", "sort": "id asc", "start_date": since}):
            began = began or self.cursor(server_time) or since
            changes = [change for row in rows if (change := logged(row)) is not None and change.number > done]
            done = max([done, *(change.number for change in changes)])
            yield changes, f"{since if len(rows) == _PAGE else began}:{done}"

    def prepare(self, wanted: Wanted) -> Prepared:
        return prepare(wanted)

    async def write(self, operation: Operation, key: str) -> Written:
        extras: list[Call] = []
        seen: Seen | None = None
        begun = False
        try:
            for call in operation.calls:
                if call.unless is not None:
                    if await self._exists(call.unless):
                        continue
                    extras += await self._create_aside(call, call.unless, f"{key}-{len(extras)}")
                    continue
                # A key on any other method is refused with 400.
                headers = {"Idempotency-Key": key} if call.method in ("POST", "PATCH") else {}
                answer = await self._wire.send(
                    call.method, call.path, params=call.params or None, body=call.body, headers=headers
                )
                begun = True
                seen = await self._as_stored(operation, call, answer)
        except OutcomeUnknown:
            raise
        except CallFailed as failed:
            if not begun:
                raise
            # Whatever became of this call, an earlier one took effect: the write is half done.
            raise Broken(failed.system, failed.call, failed.status, failed.message) from failed
        assert seen is not None
        return Written(seen, tuple(extras))

    async def recall(self, operation: Operation, key: str) -> Recalled:
        """Invoiced repeats its first answer to whoever asks under its key within a day, whatever is asked.

        So the question is a change of a record that does not exist: where the key is new, nothing happens.
        """
        if not any(call.method in ("POST", "PATCH") and call.unless is None for call in operation.calls):
            return "cannot be told"
        try:
            answer = await self._wire.send(
                "PATCH", f"/{operation.object}/{_NOBODY}", body={}, headers={"Idempotency-Key": key}
            )
        except Gone:
            return "never arrived"
        except (Refused, Locked, Broken):
            return "cannot be told"  # an error is repeated, too
        return await self._as_stored(operation, operation.calls[-1], answer)

    async def _as_stored(self, operation: Operation, call: Call, answer: Answer) -> Seen:
        """The record that a write answered; where it may have been stored otherwise, another look says how."""
        seen = Seen(answer.data, answer.start, answer.end)
        body = call.body or {}
        if not provisional(body):
            return seen
        stored = await self.read(operation.object, self.record(operation.object, seen.raw).id)
        return seen if stored is None else replace(seen, raw=as_stored(body, seen.raw, stored.raw))

    async def _create_aside(self, call: Call, path: str, key: str) -> list[Call]:
        """Create what an operation needs; nothing where another one was quicker, which leaves what we wanted."""
        try:
            await self._wire.send(call.method, call.path, body=call.body, headers={"Idempotency-Key": key})
        except Refused as refused:
            if refused.param != "id":
                raise
            self._present.add(path)
            return []
        self._present.add(path)
        return [call]

    def predict(self, operation: Operation, current: Raw | None, placeholder: str) -> Raw:
        return predict(operation, current, placeholder)

    async def close(self) -> None:
        await self._wire.close()

    async def exists(self, path: str) -> bool:
        """Whether a record made on the side is there."""
        return await self._exists(path)

    async def _exists(self, path: str) -> bool:
        if path in self._present:
            return True
        try:
            await self._wire.get(path)
        except Gone:
            return False
        self._present.add(path)
        return True

    async def _pages(self, kind: str, params: dict[str, str]) -> AsyncIterator[Page]:
        number = 1
        while True:
            query = {**params, **_INCLUDE.get(kind, {}), "per_page": str(_PAGE), "page": str(number)}
            answer = await self._wire.page(f"/{kind}", query)
            rows = self._list(answer, kind)
            yield Page(tuple(rows), answer.start, answer.end, answer.server_time)
            # Of Link only whether a first page is all there is, never an address: on later pages it comes from an old
            # count, and what was changed meanwhile moves others behind what was the last page then.
            only = number == 1 and 'rel="next"' not in answer.headers.get("link", 'rel="next"')
            if len(rows) < _PAGE or only:
                return
            number += 1

    async def _events(self, query: dict[str, str]) -> AsyncIterator[tuple[list[Raw], float | None]]:
        """Pages of the log, with the server's time; unlike a list, one that cannot be had stops nothing else."""
        for number in count(1):
            answer = await self._wire.get("/events", {**query, "per_page": str(_PAGE), "page": str(number)})
            rows = self._list(answer, "events")
            yield rows, answer.server_time
            if len(rows) < _PAGE:
                return

    def _list(self, answer: Answer, kind: str) -> list[Raw]:
        if not isinstance(answer.data, list):
            raise BadAnswer(
                "Invoiced",
                self._wire.url,
                f"answers GET /{kind} with something that is not a list",
                "Check that the address is that of the API",
            )
        return answer.data
