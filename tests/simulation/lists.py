"""What lists show of a system that is not quite itself: what was so a moment ago, or only a part of what there is."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any, Literal
from urllib.parse import parse_qsl

import msgspec
from network import Call, Watcher

from counterpart.emulators import Response

Oddity = Literal[
    "late",  # a copy that lags behind
    "short",  # one record is left out; read by itself it is there
    "nobody",  # as of another account: no record in the list, and none when it is read by itself
    "few",  # the same, but for one record
]
# How far lists may lag. A walk of Invoiced begins two seconds before the last one did, by the server's clock in whole
# seconds, so what lags more is lost to every reader; Customerp's changes are followed by number and its lists only
# read beside.
_BEHIND = {"invoiced": 0.9, "customerp": 20.0}
_ENOUGH = {"short": 2, "few": 13, "nobody": 3}
_AWAY = 2.0  # seconds that another account answers
_STAMPS = {"invoiced": "updated_at", "customerp": "updatedAt"}

Row = dict[str, Any]


class Lists(Watcher):
    """Told of every request that is applied; `shown` is what the sync sees of an answer to it."""

    def __init__(self, watcher: Watcher, oddity: Oddity, now: Callable[[], float], seed: int) -> None:
        self._watcher, self._oddity, self._now = watcher, oddity, now
        self._chance = random.Random(seed ^ 0x1157)
        self._before: dict[tuple[str, str, str], tuple[float, Row]] = {}  # what a record was, and until when
        self._away: dict[str, float] = {}  # of a record that is not shown, until when
        self.struck = 0

    def sent(self, call: Call, in_flight: int) -> None:
        self._watcher.sent(call, in_flight)

    def before(self, actor: Call | None, system: str, method: str, path: str, body: bytes) -> Any:
        return self._watcher.before(actor, system, method, path, body)

    def after(self, before: Any, status: int, answer: bytes) -> None:
        if before.method != "GET" and status < 300 and before.raw is not None and before.id is not None:
            self._before[before.system, before.collection, before.id] = (self._now(), before.raw)
        self._watcher.after(before, status, answer)

    def shown(self, call: Call, answer: Response) -> Response:
        """The answer to a call of the sync, as it is shown."""
        if call.method != "GET" or answer.status != 200:
            return answer
        _, collection, *rest = call.path.split("/")
        if rest:
            gone = call.system == "invoiced" and collection == "customers" and self._away.get(rest[0], 0) > self._now()
            if not gone:
                return answer
            call.hidden = frozenset(rest)
            return Response(404, answer.headers, b'{"type":"invalid_request","message":"no such record"}')
        body = msgspec.json.decode(answer.body)
        rows: Any = body.get("data") if isinstance(body, dict) else body
        if not isinstance(rows, list) or collection not in ("customers", "invoices", "products", "orders"):
            return answer
        if self._oddity == "late":
            found, call.behind = [*self._late(call, collection, rows)], _BEHIND[call.system]
        else:
            found = self._partial(call, collection, rows)
            call.hidden = frozenset(str(row["id"]) for row in rows if row not in found)
        if found == rows:
            return answer
        self.struck += 1
        whole = {**body, "data": found} if isinstance(body, dict) else found
        return Response(answer.status, answer.headers, json.dumps(whole).encode())

    def _late(self, call: Call, collection: str, rows: list[Row]) -> Iterator[Row]:
        """Each record as it was, unless both states carry one stamp: then nobody can tell which of them is older."""
        since = dict(parse_qsl(call.query)).get("updated_after")
        stamp = _STAMPS[call.system]
        for row in rows:
            until, was = self._before.get((call.system, collection, str(row["id"])), (float("-inf"), row))
            if self._now() - until > _BEHIND[call.system] or was[stamp] == row[stamp]:
                yield row
            elif since is None or int(was[stamp]) > int(since):
                yield was
        if call.system == "customerp":
            listed = {row["id"] for row in rows}
            for (system, kind, id_), (until, was) in self._before.items():
                deleted = (system, kind) == (call.system, collection) and id_ not in listed
                if deleted and self._now() - until <= _BEHIND[system]:
                    yield was

    def _partial(self, call: Call, collection: str, rows: list[Row]) -> list[Row]:
        """A complete list of companies, every other time, without one of them, or with one at most."""
        complete = "updated_after" not in call.query and "metadata" not in call.query
        enough = len(rows) >= _ENOUGH[self._oddity]  # to be told from so few deletes
        if call.system == "customerp" or collection != "customers" or not complete or not enough:
            return rows
        if self._chance.random() < 0.5:
            return rows
        number = self._chance.randrange(len(rows))
        if self._oddity == "short":
            return rows[:number] + rows[number + 1 :]
        kept = rows[number : number + 1] if self._oddity == "few" else []
        self._away = {str(row["id"]): self._now() + _AWAY for row in rows if row not in kept}
        return kept
