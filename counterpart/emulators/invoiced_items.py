"""Items of the Invoiced emulator: prices set only on creation, deleting archives."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from counterpart.emulators.errors import InvoicedError
from counterpart.emulators.invoiced_account import Account, Call, Reply
from counterpart.emulators.invoiced_listing import Column, Listing, Test, answer, project
from counterpart.emulators.invoiced_values import (
    Rule,
    assign,
    boolean,
    catalog_id,
    currency,
    free_text,
    gl_account,
    metadata,
    numeric,
    rate_ids,
    unknown_option,
)
from counterpart.emulators.table import Row, sparse

DEFAULTS: Row = {
    "archived": False, "avalara_location_code": None, "avalara_tax_code": None, "currency": None, "description": None,
    "discountable": True, "gl_account": None, "metadata": {}, "object": "item", "taxable": True, "taxes": [],
    "type": None, "unit_cost": Decimal(0),
}  # fmt: skip
HIDDEN = frozenset({"archived"})


def _name(name: str, value: Any) -> Any:
    if value is None:
        raise InvoicedError("Name is missing", "name")
    return "" if value == "" else free_text(name, value)


_CHANGEABLE: dict[str, Rule] = {
    "name": _name,
    "description": free_text,
    "type": free_text,
    "gl_account": gl_account,
    "avalara_tax_code": free_text,
    "avalara_location_code": free_text,
    "metadata": metadata,
}
_CREATE_ONLY: dict[str, Rule] = {
    "id": catalog_id,
    "unit_cost": numeric,
    "currency": currency,
    "taxable": boolean,
    "discountable": boolean,
    "taxes": rate_ids,
}
_OPTIONS = (*_CHANGEABLE, *_CREATE_ONLY)
_COLUMNS = {"name": 255, "description": 65535, "type": 50, "avalara_tax_code": 255, "avalara_location_code": 255}

_FILTERS: dict[str, Column] = {
    **dict.fromkeys(("id", "gl_account"), "exact"),
    **dict.fromkeys(("name", "type", "currency"), "text"),
    **dict.fromkeys(("taxable", "discountable", "archived"), "boolean"),
    "unit_cost": "number",
}  # fmt: skip


def _listing(by_time: tuple[str, ...]) -> Listing:
    return Listing(
        columns=_FILTERS,
        defaults=DEFAULTS,
        strict_metadata=True,
        by_time=by_time,
        hidden=HIDDEN,
        sortable=("created_at", "updated_at"),
    )


_LISTINGS = {"ignored": _listing(()), "honoured": _listing(("updated_after",))}


def create(account: Account, call: Call) -> Reply:
    values, echoed = _read(account, call.body, _CHANGEABLE | _CREATE_ONLY)
    if "name" not in values:
        raise InvoicedError("Name is missing", "name")
    id_ = values.get("id") or account.random_id()
    if account.items.active(id_) is not None:
        raise InvoicedError(f"An item already exists with ID: {id_}", "id")
    if values.get("currency") is None and values.get("unit_cost"):
        values["currency"] = account.settings.currency
    row = sparse(values | {"id": id_, "created_at": call.now, "updated_at": call.now}, DEFAULTS)
    account.items.add(row)
    return Reply(201, project(_whole(account, row), call.query, HIDDEN) | echoed)


def retrieve(account: Account, call: Call) -> Reply:
    return Reply(200, project(_whole(account, find(account, call.arguments[0])), call.query, HIDDEN))


def list_(account: Account, call: Call) -> Reply:
    archived = call.query.get("archived") == "1"
    tests: list[Test] = [lambda row: row.get("archived", False) is archived]
    listing = _LISTINGS[account.switches.items_updated_after]
    return answer(account, call, listing, account.items.table, lambda row: _whole(account, row), tests)


def change(account: Account, call: Call) -> Reply:
    row = find(account, call.arguments[0])
    # What only creation may set is known here, but silently ignored; the stamp moves all the same.
    values, echoed = _read(account, call.body, _CHANGEABLE)
    if not call.body:
        return Reply(200, project(_whole(account, row), call.query, HIDDEN))
    changed = sparse(row | values | {"updated_at": call.now}, DEFAULTS)
    account.items.put(changed)
    return Reply(200, project(_whole(account, changed), call.query, HIDDEN) | echoed)


def delete(account: Account, call: Call) -> Reply:
    row = find(account, call.arguments[0])
    account.items.put(row | {"archived": True, "updated_at": call.now})
    return Reply(204)


def find(account: Account, id_: str) -> Row:
    """The newest item of an id, archived or not; raises the 404."""
    row = account.items.find(id_)
    if row is None:
        raise InvoicedError(f"Item was not found: {id_[:80]}", status=404)
    return row


def view(account: Account, row: Row) -> Row:
    """The item as answers show it."""
    shown = _whole(account, row)
    del shown["archived"]
    return shown


def _whole(account: Account, row: Row) -> Row:
    shown = DEFAULTS | row
    if shown["taxes"]:
        rates = (account.tax_rates.shown(id_) for id_ in shown["taxes"])
        shown["taxes"] = [rate for rate in rates if rate is not None]
    return shown


def _read(account: Account, body: Mapping[str, Any], rules: Mapping[str, Rule]) -> tuple[Row, Row]:
    for name in body:
        if name not in _OPTIONS:
            raise unknown_option(name, _OPTIONS, "request")
    return assign(rules, body, _COLUMNS, **account.switches.text)
