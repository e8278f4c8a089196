"""Two systems with as many linked customers as one likes, none of which takes memory before somebody edits it.

Answers below HTTP, as a carrier of the sync, and over HTTP, as an ASGI app. Only what the sync asks for is there.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sync.transport import Reply

START = 1_772_352_000  # 2026-03-01
Raw = dict[str, Any]


def customer(number: int) -> Raw:
    """A customer of Customerp as it was first."""
    return {
        "id": f"CU{number:08}",
        "number": f"C-{number}",
        "name": f"Customer {number} AS",
        "email": f"post@c{number}.example",
        "phone": "+47 22 00 00 00",
        "address": {
            "line1": "Storgata 1",
            "line2": None,
            "city": "Oslo",
            "region": None,
            "postalCode": "0155",
            "country": "NO",
        },
        "organisationNumber": f"{999000000 + number}",
        "currency": "NOK",
        "paymentTermsDays": 30,
        "active": True,
        "externalRef": None,
        "version": 1,
        "createdAt": "2026-03-01T08:00:00.000Z",
        "updatedAt": "2026-03-01T08:00:00.000Z",
    }


def counterpart(number: int) -> Raw:
    """Its counterpart in Invoiced."""
    return {
        "id": 70_000 + number,
        "object": "customer",
        "type": "company",
        "number": f"C-{number}",
        "name": f"Customer {number} AS",
        "email": f"post@c{number}.example",
        "phone": "+47 22 00 00 00",
        "address1": "Storgata 1",
        "address2": None,
        "city": "Oslo",
        "state": None,
        "postal_code": "0155",
        "country": "NO",
        "tax_id": f"{999000000 + number}",
        "currency": "nok",
        "payment_terms": "NET 30",
        "active": True,
        "metadata": {"erp_id": f"CU{number:08}"},
        "created_at": START,
        "updated_at": START,
    }


class Plenty:
    """Both systems; `now` is their clock. With `empty` Invoiced has none of the customers yet.

    With `strangers` those of Invoiced do not name their counterparts, which are known by the number.
    """

    def __init__(self, total: int, *, lossy: bool = False, empty: bool = False, strangers: bool = False) -> None:
        self.total, self.now, self._lossy, self._strangers = total, float(START + 60), lossy, strangers
        self._made: int | None = 0 if empty else None
        self.erp: dict[int, Raw] = {}
        self.inv: dict[int, Raw] = {}
        self.feed: list[Raw] = []
        self.calls: list[tuple[str, str, str]] = []

    def customerp(self, method: str, path: str, query: Mapping[str, list[str]], body: Raw) -> tuple[int, Any]:
        """Answer a call to the ERP."""
        self.calls.append(("customerp", method, path))
        if path == "/changes":
            since = int(query["since"][0])
            entries = self.feed[since : since + 100]
            reached = since + len(entries)
            return 200, {"changes": entries, "next": reached, "more": reached < len(self.feed)}
        if path == "/customers":
            after, limit = int(query.get("cursor", ["0"])[0]), int(query["limit"][0])
            end = min(self.total, after + limit)
            rows = [self.erp.get(n) or customer(n) for n in range(after, end)]
            return 200, {"data": rows, "nextCursor": str(end) if end < self.total else None}
        number = int(path.removeprefix("/customers/CU"))
        if method == "PATCH":
            return 200, self.edit_erp(number, **body)
        return 200, self.erp.get(number) or customer(number)

    def invoiced(self, method: str, path: str, query: Mapping[str, list[str]], body: Raw) -> tuple[int, Any]:
        """Answer a call to Invoiced."""
        self.calls.append(("invoiced", method, path))
        if path == "/events":
            return 200, []
        if path == "/customers" and method == "GET":
            page = int(query["page"][0])
            if "updated_after" in query:
                since = int(query["updated_after"][0])
                numbers = [n for n, raw in sorted(self.inv.items()) if raw["updated_at"] > since]
                return 200, [self.inv[n] for n in numbers[page * 100 - 100 : page * 100]]
            held = self.total if self._made is None else self._made
            rows = [self.inv.get(n) or counterpart(n) for n in range(page * 100 - 100, min(held, page * 100))]
            return 200, [{**row, "metadata": {}} for row in rows] if self._strangers else rows
        if path == "/customers":
            number = self._made or 0
            self._made = number + 1
            self.inv[number] = made = {**counterpart(number), **body, "updated_at": int(self.now)}
            return 201, made
        number = int(path.removeprefix("/customers/")) - 70_000
        if method == "PATCH":
            return 200, self.edit_inv(number, **body)
        return 200, self.inv.get(number) or counterpart(number)

    def edit_erp(self, number: int, **changes: Any) -> Raw:
        """Somebody changes a customer of the ERP."""
        raw = self.erp.get(number) or customer(number)
        stamp = datetime.fromtimestamp(self.now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        address = {**raw["address"], **(changes.pop("address", None) or {})}
        self.erp[number] = raw = {
            **raw, **changes, "address": address, "version": raw["version"] + 1, "updatedAt": stamp,
        }  # fmt: skip
        entry = {"type": "customer", "id": raw["id"], "version": raw["version"], "operation": "changed"}
        self.feed.append({"sequence": len(self.feed) + 1, **entry})
        return raw

    def edit_inv(self, number: int, **changes: Any) -> Raw:
        """Somebody changes a customer of Invoiced, which squeezes blanks where it is lossy."""
        if self._lossy and isinstance(changes.get("name"), str):
            changes["name"] = " ".join(changes["name"].split())
        raw = self.inv.get(number) or counterpart(number)
        self.inv[number] = raw = {**raw, **changes, "updated_at": int(self.now)}
        return raw

    def answer(self, system: str, method: str, target: str, body: bytes) -> Reply:
        """Answer a request to either system."""
        parts = urlsplit(target)
        handle = self.customerp if system == "customerp" else self.invoiced
        status, value = handle(method, parts.path, parse_qs(parts.query), json.loads(body) if body else {})
        date = format_datetime(datetime.fromtimestamp(int(self.now), UTC), usegmt=True)
        return Reply(status, {"content-type": "application/json", "date": date}, json.dumps(value).encode())

    def carrier(self, system: str) -> Below:
        """A carrier below HTTP."""
        return Below(self, system)


class Below:
    """Calls one of the two systems in this process."""

    def __init__(self, plenty: Plenty, system: str) -> None:
        self._plenty, self._system = plenty, system

    async def carry(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> Reply:
        return self._plenty.answer(self._system, method, url.split(".example", 1)[1], content or b"")

    async def close(self) -> None:
        """There is no connection."""


def asgi(plenty: Plenty, latency: float) -> Callable[..., Awaitable[None]]:
    """Both systems over HTTP under /customerp and /invoiced; every answer takes as long as told."""

    async def app(scope: Raw, receive: Callable[[], Awaitable[Raw]], send: Callable[[Raw], Awaitable[None]]) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        _, system, path = scope["path"].split("/", 2)
        if latency:
            await asyncio.sleep(latency)
        reply = plenty.answer(system, scope["method"], f"/{path}?{scope['query_string'].decode()}", body)
        headers = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    return app


def edits(many: int, total: int) -> Iterator[int]:
    """The numbers of so many records, spread over all."""
    return (n * total // many for n in range(many))
