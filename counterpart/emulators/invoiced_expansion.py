"""`expand` of the Invoiced emulator: an id in an answer becomes the record it names, as deep as the dots say."""

from __future__ import annotations

from typing import Any

from counterpart.emulators import invoiced_customers as customers
from counterpart.emulators import invoiced_items as items
from counterpart.emulators.invoiced_account import Account

_DEEPEST = 5
_MOST = 20


def expanded(account: Account, value: Any, expand: Any) -> Any:
    """An answer with what a comma list of paths asks for; null stays null and unknown names are ignored."""
    if isinstance(expand, str):
        for path in expand.split(",")[:_MOST]:
            value = _expanded(account, value, path.strip().split(".")[:_DEEPEST])
    return value


def _expanded(account: Account, value: Any, path: list[str]) -> Any:
    if isinstance(value, list):
        return [_expanded(account, item, path) for item in value]
    if not isinstance(value, dict) or not path or path[0] not in value:
        return value
    name, *rest = path
    return value | {name: _expanded(account, _record(account, name, value[name]), rest)}


def _record(account: Account, name: str, reference: Any) -> Any:
    if name in ("customer", "parent_customer") and isinstance(reference, int):
        customer = account.customers.get(reference)
        return None if customer is None else customers.view(account, customer)
    if name == "catalog_item" and isinstance(reference, str):
        item = account.items.find(reference)
        return None if item is None else items.view(account, item)
    return reference
