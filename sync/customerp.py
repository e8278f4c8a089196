"""The connector to Customerp, in either profile of its contract.

The full profile has versions, conditional writes, a change feed by sequence number and cursor paging. Of an ERP that
lacks them nothing is assumed but listing, reading, creating and changing; `missing` says what that costs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from sync import values
from sync.clock import Clock
from sync.connector import Call, Changed, Operation, Page, Prepared, Recalled, Record, Seen, Wanted, Written
from sync.errors import BadAnswer, Broken, CallFailed, Gone, Locked, Refused, Stale
from sync.events import Listener, nobody
from sync.guarantees import missing
from sync.http import Answer, Endpoint, Pacing, Wire
from sync.links import System
from sync.schema import Side
from sync.slots import MOST_IN_FLIGHT, Slots
from sync.transport import Transport
from sync.values import BadValue, Raw

_OBJECTS = {"customer": "customers", "product": "products", "order": "orders"}
COLLECTIONS = tuple(_OBJECTS.values())  # that a flow may name
_PAGE = "100"
_REFERENCE = "externalRef"


def judge(call: str, status: int, body: Any, *, creating: bool) -> CallFailed:
    """RFC 9457 problem bodies; `errors[].pointer` names the property."""
    problem = body if isinstance(body, dict) else {}
    message = str(problem.get("detail") or problem.get("title") or "no reason given")
    errors = problem.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    if first:
        message = f"{message} ({first.get('pointer')}: {first.get('detail')})"
    kind: type[CallFailed] = {404: Gone, 412: Stale}.get(status, Refused if status < 500 else Broken)
    pointer = str(first["pointer"]).strip("/").replace("/", ".") if "pointer" in first else None
    return kind("Customerp", call, status, message, pointer)


class Customerp:
    """Customerp's REST API; which profile it has shows at the first look for its change feed."""

    system: System = "customerp"

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
            "customerp",
            endpoint,
            authorization=f"Bearer {endpoint.credential}",
            transport=transport,
            clock=clock,
            judge=judge,
            pacing=pacing,
            slots=slots or Slots(MOST_IN_FLIGHT),
            listen=listen,
        )
        self.missing: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        return self._wire.url

    @property
    def reads(self) -> int:
        return self._wire.reads

    def record(self, kind: str, raw: Raw) -> Record:
        if not isinstance(raw, dict) or not isinstance(raw.get("id"), str) or not raw["id"]:
            raise BadValue("a record without an id")
        version = values.integer(raw.get("version"))
        lines = raw.get("lines")
        if lines is not None and not isinstance(lines, list):
            raise BadValue("lines are no list")
        reference = raw.get("externalRef")
        return Record(
            raw["id"],
            raw,
            values.stamp_of(raw.get("updatedAt")),
            version,
            reference if isinstance(reference, str) else None,
        )

    async def walk(self, side: Side, since: str | None) -> AsyncIterator[Page]:
        following: dict[str, str] = {}
        number = 1
        while True:
            answer = await self._wire.page(f"/{side.object}", {"limit": _PAGE, **side.filter} | following)
            body = self._object(answer, f"/{side.object}", "data")
            yield Page(tuple(body["data"]), answer.start, answer.end, answer.server_time)
            number += 1
            if body.get("nextCursor"):
                following = {"cursor": body["nextCursor"]}
            elif body.get("more") is True and body["data"]:
                following = {"page": str(number)}
            else:
                return

    async def changes(self, since: int) -> tuple[list[Changed], int, bool] | None:
        """A page of the change feed: entries, where the next page begins, and whether there is one.

        None where the ERP has no change feed.
        """
        try:
            answer = await self._wire.send("GET", "/changes", params={"since": str(since), "limit": _PAGE}, insist=True)
        except Gone:
            await self._ask_what_is_missing()
            return None
        except CallFailed as failed:
            raise self._wire.stopped(failed) from failed
        body = self._object(answer, "/changes", "changes")
        following = body.get("next")
        try:
            entries = [
                Changed(_OBJECTS.get(entry["type"], ""), entry["id"], entry["version"], entry["operation"] == "deleted")
                for entry in body["changes"]
            ]
        except (KeyError, TypeError):
            raise self._unlike("/changes") from None
        if not isinstance(following, int):
            raise self._unlike("/changes")
        return entries, following, body.get("more") is True and following > since

    async def read(self, kind: str, id_: str) -> Seen | None:
        try:
            answer = await self._wire.get(f"/{kind}/{id_}")
        except Gone:
            return None
        return Seen(answer.data, answer.start, answer.end)

    async def find(self, side: Side, reference: str, path: str, key: str) -> list[Seen]:
        for name, value in ((_REFERENCE, reference), (path, key)):
            if name == _REFERENCE and self.missing:
                continue
            answer = await self._wire.get(f"/{side.object}", {name: value})
            body = self._object(answer, f"/{side.object}", "data")
            found = [Seen(raw, answer.start, answer.end) for raw in body["data"]]
            if found:
                return found
        return []

    async def merged_into(self, kind: str, id_: str, since: float) -> str | None:
        """Customerp merges nothing."""
        return None

    def prepare(self, wanted: Wanted) -> Prepared:
        body: Raw = {}
        for path, value in wanted.assign.items():
            values.put(body, path, value)
        covers = set(wanted.assign)
        if wanted.lines is not None:
            if wanted.id is not None and wanted.version is None and wanted.raw is None:
                return Prepared(needs_raw=True)  # the list is replaced whole, and no If-Match protects it
            body[wanted.lines_path] = [
                ({"id": line.id} if line.id else {}) | dict(line.values) for line in wanted.lines
            ]
            covers.add(wanted.lines_path)
        if wanted.id is None:
            body |= {} if self.missing else {_REFERENCE: wanted.reference}
            call = Call("POST", f"/{wanted.side.object}", {**wanted.side.filter, **body})
            return Prepared(Operation("create", wanted.side.object, None, (call,)), frozenset(covers))
        match = None if wanted.version is None else f'"{wanted.version}"'
        call = Call("PATCH", f"/{wanted.side.object}/{wanted.id}", body, if_match=match)
        return Prepared(Operation("update", wanted.side.object, wanted.id, (call,)), frozenset(covers))

    async def write(self, operation: Operation, key: str) -> Written:
        [call] = operation.calls
        kind = "application/json" if call.method == "POST" else "application/merge-patch+json"
        headers = {"Idempotency-Key": key, "Content-Type": kind}
        if call.if_match is not None:
            headers["If-Match"] = call.if_match
        answer = await self._wire.send(call.method, call.path, body=call.body, headers=headers)
        return Written(Seen(answer.data, answer.start, answer.end))

    async def recall(self, operation: Operation, key: str) -> Recalled:
        """The same write once more: under its key it is answered as before, or has its effect now.

        If neither, its version is gone. Without versions nobody could say what it would overwrite.
        """
        if operation.calls[0].if_match is None:
            return "cannot be told"  # nor of a create, which is looked up instead
        try:
            return (await self.write(operation, key)).seen
        except Stale:
            return "never arrived"
        except (Refused, Locked, Gone, Broken):
            return "cannot be told"

    def predict(self, operation: Operation, current: Raw | None, placeholder: str) -> Raw:
        raw = dict(current or {})
        body = dict(operation.calls[-1].body or {})
        if isinstance(body.get("address"), dict):
            body["address"] = {**(raw.get("address") or {}), **body["address"]}
        if isinstance(body.get("lines"), list):
            known = {line["id"]: line for line in raw.get("lines", [])}
            body["lines"] = [
                {
                    "productId": None,
                    "description": None,
                    "discountPercent": None,
                    **known.get(line.get("id"), {"id": f"{placeholder} {number}"}),
                    **line,
                }
                for number, line in enumerate(body["lines"], start=1)
            ]
        version = raw.get("version")
        return {"id": placeholder} | raw | body | {"version": version + 1 if isinstance(version, int) else None}

    async def close(self) -> None:
        await self._wire.close()

    async def _ask_what_is_missing(self) -> None:
        """An ERP that says nothing of its optional parts has none of them."""
        try:
            answer = await self._wire.get("/capabilities")
        except Gone:
            self.missing = missing(())
            return
        features = self._object(answer, "/capabilities", "features")["features"]
        if "changes" in features:
            raise self._unlike("/changes")
        self.missing = missing(features)

    def _object(self, answer: Answer, path: str, member: str) -> Raw:
        if not isinstance(answer.data, dict) or not isinstance(answer.data.get(member), list):
            raise self._unlike(path)
        return answer.data

    def _unlike(self, path: str) -> BadAnswer:
        return BadAnswer(
            "Customerp",
            self._wire.url,
            f"answers GET {path} in another form than its contract",
            "Check that the address is that of the API",
        )
