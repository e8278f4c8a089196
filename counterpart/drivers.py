"""How Given and Then steps reach the two systems: six verbs a driver, over the systems' own APIs.

Nothing here comes from the sync under test, so a converter that is wrong in both directions cannot hide.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar
from urllib.parse import urlencode

import httpx

from counterpart.contract import Contract, Property

PAGE = 100


class DriverError(Exception):
    """A system did not do what a scenario needs of it; carries the request and the answer."""

    def __init__(self, system: str, response: httpx.Response, wanted: str) -> None:
        self.system = system
        self.status = response.status_code
        request = response.request
        super().__init__(
            f"{system} answered {response.status_code} to {request.method} {request.url} while the scenario wanted "
            f"{wanted}: {response.text[:300]}"
        )


class NotOffered(DriverError):
    """A system's API has no such operation at all."""


@dataclass(frozen=True)
class Record:
    """One record as its system shows it: `kind` is the collection, `values` the JSON of the API."""

    system: str
    kind: str
    id: str | int
    values: Mapping[str, Any] = field(repr=False)

    def at(self, path: str) -> Any:
        """The value at a dotted path, null where something on the way is missing; list positions count from one."""
        node: Any = self.values
        for segment in path.split("."):
            if isinstance(node, list):
                position = int(segment) - 1
                node = node[position] if 0 <= position < len(node) else None
            else:
                node = node.get(segment) if isinstance(node, Mapping) else None
            if node is None:
                return None
        return node


# The verb `list` hides the built-in inside the drivers, so the types have names of their own.
Records = list[Record]
Lines = list[dict[str, Any]]


class Driver(ABC):
    """Creates, reads, changes, deletes, lists and finds records of one system, as a person would."""

    system: str
    schemas: ClassVar[Mapping[str, str]]
    # By collection, what people know a record by; by property, the collection that it refers to.
    keys: ClassVar[Mapping[str, str]]
    references: ClassVar[Mapping[str, str]]
    lines: ClassVar[str]

    def __init__(self, client: httpx.Client, contract: Contract) -> None:
        self._client = client
        self._contract = contract

    @property
    def kinds(self) -> tuple[str, ...]:
        """The collections that this system keeps."""
        return tuple(self.schemas)

    def property(self, kind: str, path: str) -> Property:
        """What the contract says of a property of this kind of record."""
        return self._contract.property(self.schemas[kind], path)

    def derived(self, kind: str) -> frozenset[str]:
        """The paths that the system computes by itself and that nobody edits."""
        return self._contract.derived(self.schemas[kind])

    def shown(self, record: Record, path: str) -> str:
        """The text that stands for a property's value in features and reports."""
        return self.property(record.kind, path).render(record.at(path))

    def normal(self, kind: str, path: str, text: str) -> str:
        """The text of a feature in the form in which `shown` would give it."""
        found = self.property(kind, path)
        return found.render(found.parse(text))

    @abstractmethod
    def remove_line(self, record: Record, position: int) -> Record:
        """Take one line out of a record that has lines; positions count from one."""

    @abstractmethod
    def create(self, kind: str, values: Mapping[str, Any]) -> Record:
        """Create a record from JSON values and return it as stored."""

    @abstractmethod
    def read(self, kind: str, id: str | int) -> Record | None:  # noqa: A002 - the API's own word
        """Read one record, or None when the system has none under this id."""

    @abstractmethod
    def change(self, record: Record, changes: Mapping[str, str]) -> Record:
        """Set properties (dotted path -> text of a feature) in one edit and return the record as stored."""

    @abstractmethod
    def delete(self, record: Record) -> None:
        """Delete the record, or archive it where that is what deleting means."""

    def merge(self, record: Record, survivor: Record) -> None:
        """Have a record become part of another of its kind; raises LookupError where the system has no such thing."""
        raise LookupError(f"{self.system} cannot merge {record.kind}")

    @abstractmethod
    def list(self, kind: str) -> Records:
        """All records of a kind in the order of the API, every page."""

    @abstractmethod
    def find(self, kind: str, path: str, value: str) -> Records:
        """The records whose property equals the value."""

    def _call(
        self,
        wanted: str,
        method: str,
        path: str,
        ok: tuple[int, ...],
        *,
        params: Mapping[str, object] | None = None,
        json: object = None,
    ) -> httpx.Response:
        # Built by hand, as merging addresses and parameters takes httpx longer than all the rest of a replayed call.
        url = f"{str(self._client.base_url).rstrip('/')}{path}" + (f"?{urlencode(params)}" if params else "")
        timeout = {"timeout": self._client.timeout.as_dict()}
        request = httpx.Request(method, url, headers=self._client.headers, json=json, extensions=timeout)
        response = self._client.send(request)
        if response.status_code not in ok:
            raise (NotOffered if response.status_code == 405 else DriverError)(self.system, response, wanted)
        return response

    def _parsed(self, kind: str, changes: Mapping[str, str]) -> dict[str, Any]:
        return {path: self.property(kind, path).parse(text) for path, text in changes.items()}


def nested(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Turn dotted paths without list positions into nested objects, as a merge patch wants them."""
    body: dict[str, Any] = {}
    for path, value in changes.items():
        *parents, leaf = path.split(".")
        node = body
        for parent in parents:
            node = node.setdefault(parent, {})
        node[leaf] = value
    return body


def edited_lines(lines: Lines, changes: Mapping[str, Any]) -> Lines:
    """The complete new list after edits such as `lines.2.quantity`; a position past the end adds a line."""
    result = [dict(line) for line in lines]
    for path, value in changes.items():
        _, position, leaf = path.split(".", 2)
        while len(result) < int(position):
            result.append({})
        result[int(position) - 1][leaf] = value
    return result


class CustomerpDriver(Driver):
    """Customerp through its own API."""

    system = "Customerp"
    lines = "lines"
    schemas: ClassVar = {"customers": "Customer", "products": "Product", "orders": "Order"}
    keys: ClassVar = {"customers": "number", "products": "sku", "orders": "number"}
    references: ClassVar = {"customerId": "customers", "productId": "products"}

    def create(self, kind: str, values: Mapping[str, Any]) -> Record:
        answer = self._call(f"a new record in {kind}", "POST", f"/{kind}", (201,), json=dict(values))
        return self._record(kind, answer.json())

    def read(self, kind: str, id: str | int) -> Record | None:  # noqa: A002
        answer = self._call("to read a record", "GET", f"/{kind}/{id}", (200, 404))
        return self._record(kind, answer.json()) if answer.status_code == 200 else None

    def change(self, record: Record, changes: Mapping[str, str]) -> Record:
        values = self._parsed(record.kind, changes)
        lines = {path: values.pop(path) for path in list(values) if path.startswith("lines.")}
        body = nested(values)
        if lines:
            current = self._call("the lines", "GET", f"/{record.kind}/{record.id}", (200,)).json()["lines"]
            body["lines"] = edited_lines(current, lines)
        return self._patch(record, body)

    def remove_line(self, record: Record, position: int) -> Record:
        current = self._call("the lines", "GET", f"/{record.kind}/{record.id}", (200,)).json()["lines"]
        return self._patch(record, {"lines": current[: position - 1] + current[position:]})

    def delete(self, record: Record) -> None:
        self._call("to delete a record", "DELETE", f"/{record.kind}/{record.id}", (204,))

    def list(self, kind: str) -> Records:
        return [*self._pages(kind, {})]

    def find(self, kind: str, path: str, value: str) -> Records:
        return [*self._pages(kind, {path: value})]

    def _pages(self, kind: str, query: Mapping[str, str]) -> Iterator[Record]:
        following: dict[str, str] = {}
        for number in count(2):
            page = self._call(
                f"the list of {kind}", "GET", f"/{kind}", (200,), params={"limit": PAGE, **query, **following}
            ).json()
            yield from (self._record(kind, row) for row in page["data"])
            if page.get("nextCursor"):
                following = {"cursor": page["nextCursor"]}
            elif page.get("more"):  # the minimal profile counts its pages
                following = {"page": str(number)}
            else:
                return

    def _patch(self, record: Record, body: Mapping[str, Any]) -> Record:
        answer = self._call("to change a record", "PATCH", f"/{record.kind}/{record.id}", (200,), json=body)
        return self._record(record.kind, answer.json())

    def _record(self, kind: str, row: Mapping[str, Any]) -> Record:
        return Record(self.system, kind, row["id"], row)


class InvoicedDriver(Driver):
    """Invoiced through its API, with the detours that people have to take there.

    A price is changed by archiving an item and creating it again; a percent discount is a coupon; a whole list of
    lines is sent back complete, because Invoiced drops what is left out.
    """

    system = "Invoiced"
    lines = "items"
    schemas: ClassVar = {"customers": "Customer", "items": "Item", "invoices": "Invoice"}
    keys: ClassVar = {"customers": "number", "items": "id", "invoices": "number"}
    references: ClassVar = {"customer": "customers", "catalog_item": "items"}
    _created_only = frozenset({"unit_cost", "currency", "taxable", "discountable"})
    _line_fields = (
        "id", "catalog_item", "type", "name", "description", "quantity", "unit_cost",
        "discountable", "taxable", "discounts", "taxes", "metadata",
    )  # fmt: skip
    _item_fields = (
        "id", "name", "description", "type", "unit_cost", "currency", "taxable", "discountable", "gl_account",
        "metadata",
    )  # fmt: skip

    def create(self, kind: str, values: Mapping[str, Any]) -> Record:
        answer = self._call(f"a new record in {kind}", "POST", f"/{kind}", (201,), json=dict(values))
        return self._record(kind, answer.json())

    def read(self, kind: str, id: str | int) -> Record | None:  # noqa: A002
        query = {"include": "archived"} if kind == "items" else {}
        answer = self._call("to read a record", "GET", f"/{kind}/{id}", (200, 404), params=query)
        return self._record(kind, answer.json()) if answer.status_code == 200 else None

    def change(self, record: Record, changes: Mapping[str, str]) -> Record:
        if record.kind == "items" and ("archived" in changes or self._created_only & set(changes)):
            return self._change_item(record, changes)
        if record.kind == "invoices" and "status" in changes:
            return self._change_status(record, changes["status"])
        lines = {path: text for path, text in changes.items() if path.startswith("items.")}
        values = self._parsed(record.kind, {path: text for path, text in changes.items() if path not in lines})
        body = nested(values)
        if lines:
            body["items"] = self._edited_items(record, lines)
        return self._patch(record, body)

    def remove_line(self, record: Record, position: int) -> Record:
        current = self._lines(record)
        return self._patch(record, {"items": current[: position - 1] + current[position:]})

    def delete(self, record: Record) -> None:
        self._call("to delete a record", "DELETE", f"/{record.kind}/{record.id}", (204,))

    def merge(self, record: Record, survivor: Record) -> None:
        path = f"/{record.kind}/{survivor.id}/merge"
        self._call("to merge two records", "POST", path, (204,), json={"customer": record.id})

    def list(self, kind: str) -> Records:
        records = [*self._pages(kind, {})]
        if kind == "items":
            records += self._pages(kind, {"archived": "1"})
        return records

    def find(self, kind: str, path: str, value: str) -> Records:
        if kind == "items" and path == "id":
            found = self.read(kind, value)
            return [found] if found else []
        return [*self._pages(kind, {f"filter[{path}]": value})]

    def shown(self, record: Record, path: str) -> str:
        value = record.at(path)
        if path.endswith("discounts") and isinstance(value, list):
            return " and ".join(map(_discount, value)) or "(nothing)"
        return super().shown(record, path)

    def normal(self, kind: str, path: str, text: str) -> str:
        return text if path.endswith("discounts") else super().normal(kind, path, text)

    def _pages(self, kind: str, query: Mapping[str, str]) -> Iterator[Record]:
        number = 1
        while True:
            page = {"page": str(number), "per_page": str(PAGE), **query}
            if kind == "items":
                page["include"] = "archived"
            rows = self._call(f"the list of {kind}", "GET", f"/{kind}", (200,), params=page).json()
            yield from (self._record(kind, row) for row in rows)
            if len(rows) < PAGE:
                return
            number += 1

    def _change_item(self, record: Record, changes: Mapping[str, str]) -> Record:
        values = self._parsed("items", changes)
        if values.get("archived"):
            self.delete(record)
        else:
            current = self._call("the item", "GET", f"/items/{record.id}", (200,)).json()
            self._call("to archive the item", "DELETE", f"/items/{record.id}", (204,))
            values.pop("archived", None)
            again = {name: current[name] for name in self._item_fields if current.get(name) is not None}
            return self.create("items", {**again, **values})
        stored = self.read("items", record.id)
        assert stored is not None, "Invoiced still answers for an archived item"
        return stored

    def _change_status(self, record: Record, status: str) -> Record:
        if status == "voided":
            answer = self._call("to void the invoice", "POST", f"/invoices/{record.id}/void", (200,), json={})
            return self._record("invoices", answer.json())
        if status == "paid":
            invoice = self._call("the balance", "GET", f"/invoices/{record.id}", (200,)).json()
            applied = {"type": "invoice", "invoice": record.id, "amount": invoice["balance"]}
            payment = {"customer": invoice["customer"], "amount": invoice["balance"], "applied_to": [applied]}
            self._call("to pay the invoice", "POST", "/payments", (201,), json=payment)
            stored = self.read("invoices", record.id)
            assert stored is not None, "Invoiced keeps a paid invoice"
            return stored
        return self._patch(record, {"draft": status == "draft"})

    def _edited_items(self, record: Record, changes: Mapping[str, str]) -> Lines:
        parsed: dict[str, Any] = {}
        for path, text in changes.items():
            if path.endswith(".discounts"):
                parsed[path] = self._coupons(text)
            else:
                parsed[path] = self.property("invoices", path).parse(text)
        return edited_lines(self._lines(record), parsed)

    def _coupons(self, text: str) -> Lines:
        """`10%` is a coupon that a person keeps for it, `5` a bare amount, `(nothing)` no discount."""
        if text == "(nothing)":
            return []
        if not text.endswith("%"):
            return [{"amount": float(text)}]
        percent = text.removesuffix("%")
        coupon = f"house-{percent.replace('.', '_')}"
        if self._call("the coupon", "GET", f"/coupons/{coupon}", (200, 404)).status_code == 404:
            body = {"id": coupon, "name": f"{percent} percent", "is_percent": True, "value": float(percent)}
            self._call("a coupon", "POST", "/coupons", (201,), json=body)
        return [{"coupon": coupon}]

    def _lines(self, record: Record) -> Lines:
        invoice = self._call("the lines", "GET", f"/invoices/{record.id}", (200,)).json()
        return [{name: line[name] for name in self._line_fields if name in line} for line in invoice["items"]]

    def _patch(self, record: Record, body: Mapping[str, Any]) -> Record:
        answer = self._call("to change a record", "PATCH", f"/{record.kind}/{record.id}", (200,), json=body)
        return self._record(record.kind, answer.json())

    def _record(self, kind: str, row: Mapping[str, Any]) -> Record:
        return Record(self.system, kind, row["id"], row)


def _discount(entry: Mapping[str, Any]) -> str:
    coupon = entry.get("coupon")
    if coupon and coupon.get("is_percent"):
        return f"{coupon['value']:g}%"
    return f"{entry['amount']:g}"
