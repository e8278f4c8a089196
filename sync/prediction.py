"""The writing seam of a plan: desired values echo back and nothing leaves the machine."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sync.clock import Clock
from sync.connector import Call, Connector, Operation, Page, Prepared, Recalled, Record, Seen, Wanted, Written
from sync.errors import Gone
from sync.invoiced import Invoiced
from sync.links import TITLES, System
from sync.report import placeholder
from sync.schema import Side
from sync.values import Raw


class Predicting:
    """A connector that reads its system and predicts what writing would answer; later reads show predictions."""

    def __init__(self, inner: Connector, clock: Clock) -> None:
        self._inner, self._clock = inner, clock
        self._predicted: dict[tuple[str, str], Raw] = {}
        self._made: set[str] = set()
        self._number = 0

    @property
    def system(self) -> System:
        return self._inner.system

    @property
    def url(self) -> str:
        return self._inner.url

    @property
    def reads(self) -> int:
        return self._inner.reads

    def record(self, kind: str, raw: Raw) -> Record:
        return self._inner.record(kind, raw)

    def walk(self, side: Side, since: str | None) -> AsyncIterator[Page]:
        return self._inner.walk(side, since)

    async def read(self, kind: str, id_: str) -> Seen | None:
        known = self._predicted.get((kind, id_))
        return await self._inner.read(kind, id_) if known is None else self._seen(known)

    async def find(self, side: Side, reference: str, path: str, key: str) -> list[Seen]:
        return await self._inner.find(side, reference, path, key)

    async def merged_into(self, kind: str, id_: str, since: float) -> str | None:
        return await self._inner.merged_into(kind, id_, since)

    def prepare(self, wanted: Wanted) -> Prepared:
        return self._inner.prepare(wanted)

    async def write(self, operation: Operation, key: str) -> Written:
        current = await self.read(operation.object, operation.id) if operation.id is not None else None
        if operation.id is not None and current is None:
            raise Gone(TITLES[self.system], f"{operation.object} {operation.id}", 404, "is not there any more")
        self._number += 1
        raw = self._inner.predict(operation, current.raw if current else None, placeholder(self.system, self._number))
        self._predicted[operation.object, self.record(operation.object, raw).id] = raw
        return Written(self._seen(raw), await self._extras(operation))

    async def recall(self, operation: Operation, key: str) -> Recalled:
        """A plan sends nothing that could have an effect."""
        return "cannot be told"

    def predict(self, operation: Operation, current: Raw | None, placeholder: str) -> Raw:
        return self._inner.predict(operation, current, placeholder)

    async def close(self) -> None:
        """The system's own connector stays open for the run."""

    async def _extras(self, operation: Operation) -> tuple[Call, ...]:
        made: list[Call] = []
        for call in operation.calls:
            if call.unless is None or call.unless in self._made or not isinstance(self._inner, Invoiced):
                continue
            there = await self._inner.exists(call.unless)
            if not there and call.unless not in self._made:  # another one may have made it meanwhile
                self._made.add(call.unless)
                made.append(call)
        return tuple(made)

    def _seen(self, raw: Raw) -> Seen:
        now = self._clock.monotonic()
        return Seen(raw, now, now)
