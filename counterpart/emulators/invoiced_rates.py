"""Coupons and tax rates of the Invoiced emulator, as far as totals need them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from counterpart.emulators.errors import InvoicedError
from counterpart.emulators.invoiced_account import Account, Call, Catalog, Reply
from counterpart.emulators.invoiced_listing import Column, Listing, Test, answer, project
from counterpart.emulators.invoiced_values import Rule, assign, boolean, catalog_id, currency, metadata, numeric, sized
from counterpart.emulators.table import Row

_HIDDEN = frozenset({"archived"})
_FILTERS: dict[str, Column] = {
    "id": "exact",
    "name": "text",
    "currency": "text",
    "is_percent": "boolean",
    "value": "number",
}


def _value(name: str, value: Any) -> Decimal:
    number = numeric(name, value)
    if number < 0:
        raise InvoicedError("Value is invalid", name)
    return number


@dataclass(frozen=True, slots=True)
class Rates:
    """The handlers of one kind of rate; like items, its records are archived and their value never changes."""

    record: str
    defaults: Row

    @property
    def _rules(self) -> dict[str, Rule]:
        rules: dict[str, Rule] = {
            "id": catalog_id,
            "name": sized(1, 255, nullable=False),
            "is_percent": boolean,
            "value": _value,
            "currency": currency,
            "metadata": metadata,
        }
        return rules | ({"inclusive": boolean} if "inclusive" in self.defaults else {})

    def catalog(self, account: Account) -> Catalog:
        """Where the account keeps them."""
        return account.coupons if self.record == "coupon" else account.tax_rates

    def create(self, account: Account, call: Call) -> Reply:
        values, echoed = assign(self._rules, call.body, {}, cut=False, narrow=False)
        for name in ("name", "value"):
            if name not in values:
                raise InvoicedError(f"{name.title()} is missing", name)
        catalog = self.catalog(account)
        id_ = values.get("id") or account.random_id()
        if catalog.active(id_) is not None:
            raise InvoicedError(f"A {self.record.replace('_', ' ')} already exists with ID: {id_}", "id")
        row = self.defaults | values | {"id": id_, "created_at": call.now, "updated_at": call.now}
        if not row["is_percent"] and row["currency"] is None:
            row["currency"] = account.settings.currency
        if row["is_percent"] and row["value"] > 100:
            raise InvoicedError("Value is invalid", "value")
        catalog.add(row)
        return Reply(201, row | echoed)

    def retrieve(self, account: Account, call: Call) -> Reply:
        return Reply(200, project(self._find(account, call), call.query, _HIDDEN))

    def list_(self, account: Account, call: Call) -> Reply:
        archived = call.query.get("archived") == "1"
        tests: list[Test] = [lambda row: row.get("archived", False) is archived]
        listing = Listing(columns=_FILTERS, defaults=self.defaults, by_time=(), hidden=_HIDDEN)
        return answer(account, call, listing, self.catalog(account).table, dict, tests)

    def change(self, account: Account, call: Call) -> Reply:
        row = self._find(account, call)
        rules: Mapping[str, Rule] = {name: self._rules[name] for name in ("name", "metadata")}
        values, echoed = assign(rules, call.body, {}, cut=False, narrow=False)
        if call.body:
            row = row | values | {"updated_at": call.now}
            self.catalog(account).put(row)
        return Reply(200, project(row, {}, _HIDDEN) | echoed)

    def delete(self, account: Account, call: Call) -> Reply:
        row = self._find(account, call)
        self.catalog(account).put(row | {"archived": True, "updated_at": call.now})
        return Reply(204)

    def _find(self, account: Account, call: Call) -> Row:
        row = self.catalog(account).find(call.arguments[0])
        if row is None:
            name = self.record.replace("_", " ").capitalize()
            raise InvoicedError(f"{name} was not found: {call.arguments[0][:80]}", status=404)
        return row


COUPONS = Rates("coupon", {"currency": None, "is_percent": True, "metadata": {}, "object": "coupon"})
TAX_RATES = Rates(
    "tax_rate", {"currency": None, "inclusive": False, "is_percent": True, "metadata": {}, "object": "tax_rate"}
)
