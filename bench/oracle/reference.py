"""What must hold of an API's records before and after each call, read as any client could."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from bugs import sent

from counterpart.emulators import Request
from counterpart.emulators.codes import decimals

World = dict[str, dict[str, Any]]


@dataclass
class Reference:
    """What must hold of the records before and after each call, whatever the call was."""

    side: Any
    world: World = field(default_factory=dict)

    CLOSED: ClassVar = {"customerp": {"/customers", "/products", "/orders"}, "invoiced": {"/items"}}
    PLAIN: ClassVar = {
        "customerp": {"number", "name", "phone", "sku", "unitPrice", "currency", "purchaseOrder", "notes", "status"},
        "invoiced": {"number", "name", "phone", "city", "state", "attention_to", "tax_id", "notes", "purchase_order"},
    }
    COLLECTIONS: ClassVar = {
        "customerp": ("customers", "products", "orders"),
        "invoiced": ("customers", "items", "invoices"),
    }

    def get(self, path: str) -> Any:
        """Read a path; None when it is not there."""
        answer = self.side.session.get(self.side.url + path, headers=self.side.headers)
        return json.loads(answer.content, parse_float=Decimal) if answer.status_code == 200 else None

    def look(self) -> World:
        """All records by path."""
        found: World = {}
        for collection in self.COLLECTIONS[self.side.name]:
            query = "limit=100" if self.side.name == "customerp" else "per_page=100"
            while True:
                page = self.get(f"/{collection}?{query}")
                rows = page["data"] if isinstance(page, dict) else page
                found |= {f"/{collection}/{row['id']}": row for row in rows or []}
                cursor = page.get("nextCursor") if isinstance(page, dict) else None
                if not cursor:
                    break
                query = f"limit=100&cursor={cursor}"
        return found

    def start(self) -> None:
        """Begin from the records that are there."""
        self.world = self.look()

    def judge(self, case: Any, response: Any) -> Iterator[str]:
        """What is wrong after a call."""
        request = response.request
        path, _, query = request.url.removeprefix(self.side.url).partition("?")
        before = self.world
        if request.method == "GET":
            if response.status_code == 200 and path.count("/") == 1:
                yield from self._listed(path, query, response, before)
            return
        if (
            request.method not in ("POST", "PATCH", "DELETE")
            or path.split("/")[1] not in self.COLLECTIONS[self.side.name]
        ):
            self.world = self.look()
            return
        self.world = after = self.look()
        if response.status_code >= 400:
            if after != before:
                yield "a refused call changed something"
            return
        own = "/".join(path.split("/")[:3])
        if path.count("/") == 1:
            own = f"{path}/{response.json()['id']}"
        elif path.endswith("/merge"):
            return
        for name, row in before.items():
            if name != own and after.get(name) != row:
                yield f"{request.method} {path} changed {name}"
        if request.method == "DELETE" and path.count("/") == 2:
            if own in after or (self.side.name == "customerp" and self.get(own) is not None):
                yield f"{own} is there after its deletion"
        elif path.count("/") <= 2:
            yield from self._stored(own, request, after)

    def _stored(self, own: str, request: Any, after: World) -> Iterator[str]:
        stored = self.get(own)
        listed = after.get(own)
        if stored is None:
            yield f"{own} cannot be read after it was written"
            return
        if listed is not None and listed != stored:
            yield f"{own} reads otherwise than it is listed"
        body = sent(Request(request.method, "", "", {}, request.body or b""))
        for name in self.PLAIN[self.side.name] & body.keys():
            value = body[name]
            if isinstance(value, str) and 0 < len(value) < 200 and stored.get(name) != value:
                yield f"{name} of {own} was sent as {value!r} and reads {stored.get(name)!r}"
        yield from self._sums(own, stored)
        if request.method == "PATCH":
            yield from self._kept(own, stored)
        else:
            yield from self._closed(own.rpartition("/")[0], body)

    def _kept(self, own: str, stored: Mapping[str, Any]) -> Iterator[str]:
        """A value of our own must be there after it was written, and the old one after that was written back."""
        if "phone" not in stored:
            return
        for value in ("+49 30 5550199", stored["phone"]):
            self.side.session.patch(self.side.url + own, json={"phone": value}, headers=self.side.headers)
            if (self.get(own) or {}).get("phone") != value:
                yield f"{own} does not keep the phone number {value!r}"
        self.world = self.look()

    def _closed(self, path: str, body: Mapping[str, Any]) -> Iterator[str]:
        """The same creation with another key and a misspelt property must be refused where bodies are closed."""
        key = next((name for name in ("number", "sku", "id") if name in body), None)
        if key is None or path not in self.CLOSED[self.side.name]:
            return
        misspelt = {name: value for name, value in body.items() if name != "externalRef"} | {key: "PROBE-1", "nmae": 1}
        answer = self.side.session.post(self.side.url + path, json=misspelt, headers=self.side.headers)
        if answer.status_code < 400:
            yield f"POST {path} takes a property that nobody knows"

    def _sums(self, own: str, stored: Mapping[str, Any]) -> Iterator[str]:
        lines = stored.get("lines", stored.get("items"))
        if lines is None:
            return
        unit = Decimal(1).scaleb(-decimals(stored["currency"]))
        total = Decimal(0)
        for line in lines:
            price = Decimal(str(line.get("unitPrice", line.get("unit_cost"))))
            amount = (Decimal(str(line["quantity"])) * price).quantize(unit, ROUND_HALF_UP)
            percent = Decimal(line.get("discountPercent") or 0)
            total += amount - (amount * percent / 100).quantize(unit, ROUND_HALF_UP)
            if line.get("discounts") or line.get("taxes"):
                return
        plain = not (stored.get("discounts") or stored.get("taxes"))
        # A larger total does not fit the JSON numbers of the one API.
        if plain and abs(total) < 10**12 and Decimal(str(stored["total"])) != total:
            yield f"the total of {own} is {stored['total']}, its lines make {total}"

    def _listed(self, path: str, query: str, response: Any, before: World) -> Iterator[str]:
        all_ = [row for name, row in before.items() if name.startswith(f"{path}/")]
        body = json.loads(response.content, parse_float=Decimal)
        if self.side.name == "invoiced":
            if path[1:] in self.COLLECTIONS["invoiced"]:
                plain = self.side.session.get(self.side.url + path, headers=self.side.headers)
                if int(plain.headers["X-Total-Count"]) != len(all_):
                    yield f"{path} counts {plain.headers['X-Total-Count']} of {len(all_)} records"
            return
        if not isinstance(body, dict) or "data" not in body:
            return
        wanted = dict(parse_qsl(query, keep_blank_values=True)) if query else {}
        for name in ("number", "sku", "externalRef", "customerId"):
            if name in wanted and any(row.get(name) != wanted[name] for row in body["data"]):
                yield f"{path} filtered by {name} shows others"


FILTERS = {
    "listCustomers": ("customers", ("number", "externalRef")),
    "listProducts": ("products", ("sku", "externalRef")),
    "listOrders": ("orders", ("customerId", "number")),
}


def aim(operation_id: str, case: Any, reference: Reference, turn: int) -> None:
    """Point every second request at a record that is there, which random ids and filters never hit."""
    if turn % 2:
        return
    paths = [path for path in reference.world if path.startswith(f"/{case.operation.path.split('/')[1]}/")]
    if not paths:
        return
    chosen = paths[turn // 2 % len(paths)]
    if case.path_parameters and "id" in case.path_parameters:
        case.path_parameters["id"] = chosen.rpartition("/")[2]
    elif reference.side.name == "customerp" and operation_id in FILTERS:
        _, names = FILTERS[operation_id]
        name = names[turn // 2 % len(names)]
        if reference.world[chosen].get(name) is not None:
            case.query = {name: reference.world[chosen][name]}
