"""What people do in both systems: histories as data, so that a failing one can be shortened."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from network import Person

NAMES = ("Acme AS", "Acme  Nord AS", "Zwei GmbH", "Trois SARL", " Padded ", "x" * 300)
PHONES = ("+47 22 00 00 00", "+49 30 1234", None)
EMAILS = ("Post@Acme.example", "post@acme.example", "office@zwei.example", None)
CITIES = ("Oslo", "Bergen", "Berlin", None)
TEXTS = ("Call first", "Leave at the gate", None)
PRICES = ("10", "19.90", "21.005", "0.5")
DAYS = ("2026-03-15", "2026-04-01", "2026-05-31")
SECONDS = {"2026-03-15": 1773532800, "2026-04-01": 1775001600, "2026-05-31": 1780185600}
PERCENTS = (None, "5", "12.5")


@dataclass(frozen=True)
class Event:
    """Somebody does something; `which` chooses among the records there are, `what` among the values."""

    at: float
    deed: str
    which: int
    what: int

    def __str__(self) -> str:
        return f"{self.at:9.2f} {self.deed} ({self.which}, {self.what})"


@dataclass
class Office:
    """Both systems as people see them."""

    erp: Person
    inv: Person


Deed = Callable[[Office, int, int], None]


def chosen(records: list[dict[str, Any]], which: int) -> dict[str, Any] | None:
    return records[which % len(records)] if records else None


def of(values: tuple[Any, ...], what: int) -> Any:
    return values[what % len(values)]


def _customer(which: int, what: int) -> dict[str, Any]:
    body: dict[str, Any] = {"number": f"C-{which % 6}", "name": of(NAMES, what), "email": of(EMAILS, what // 2)}
    if what % 3:
        body["address"] = {"line1": "Storgata 1", "city": of(CITIES, what), "postalCode": "0155", "country": "NO"}
    if what % 2:
        body |= {"currency": "NOK", "paymentTermsDays": 30, "organisationNumber": f"99988877{which % 6}"}
    return body


def erp_customer(office: Office, which: int, what: int) -> None:
    office.erp.call("POST", "/customers", _customer(which, what))


def erp_product(office: Office, which: int, what: int) -> None:
    body = {"sku": f"sku-{which % 6}", "name": f"Thing {what % 3}", "unitPrice": of(PRICES, what), "currency": "NOK"}
    office.erp.call("POST", "/products", body)


def erp_order(office: Office, which: int, what: int) -> None:
    customer, product = chosen(office.erp.list("customers"), what), chosen(office.erp.list("products"), what)
    if customer is None:
        return
    lines: list[dict[str, Any]] = [{"description": "Travel", "quantity": "2", "unitPrice": "7.5"}]
    if product is not None:
        lines.insert(0, {"productId": product["id"], "quantity": "3", "unitPrice": of(PRICES, what)}
                     | {"discountPercent": of(PERCENTS, which)})  # fmt: skip
    body = {"number": f"O-{which % 8}", "customerId": customer["id"], "currency": "NOK", "orderDate": "2026-03-01",
            "lines": lines, "status": "confirmed" if what % 3 == 0 else "draft"}  # fmt: skip
    office.erp.call("POST", "/orders", body)


def inv_customer(office: Office, which: int, what: int) -> None:
    body = {"type": "company", "number": f"C-{which % 6}", "name": of(NAMES, what).strip(), "city": of(CITIES, which)}
    office.inv.call("POST", "/customers", body)


def inv_item(office: Office, which: int, what: int) -> None:
    body = {"id": f"sku-{which % 6}", "name": f"Thing {what % 3}", "unit_cost": 4, "currency": "nok"}
    office.inv.call("POST", "/items", body)


def erp_edit_customer(office: Office, which: int, what: int) -> None:
    found = chosen(office.erp.list("customers"), which)
    change: dict[str, Any] = of(
        (
            {"name": of(NAMES, what // 7)},
            {"phone": of(PHONES, what // 7)},
            {"email": of(EMAILS, what // 7)},
            {"address": {"city": of(CITIES, what // 7)}},
            {"address": {"line1": f"Road {what // 7 % 3}", "city": of(CITIES, what // 14)}},
            {"paymentTermsDays": of((14, 30, None), what // 7)},
            {"active": what // 7 % 2 == 0},
        ),
        what,
    )
    if found is not None:
        office.erp.call("PATCH", f"/customers/{found['id']}", change)


def inv_edit_customer(office: Office, which: int, what: int) -> None:
    found = chosen(office.inv.list("customers"), which)
    change: dict[str, Any] = of(
        (
            {"name": of(NAMES, what // 6).strip()},
            {"phone": of(PHONES, what // 6)},
            {"email": of(EMAILS, what // 6)},
            {"city": of(CITIES, what // 6)},
            {"payment_terms": of(("NET 14", "net-30", "Due on receipt"), what // 6)},
            {"active": what // 6 % 2 == 0},
        ),
        what,
    )
    if found is not None:
        office.inv.call("PATCH", f"/customers/{found['id']}", change)


def erp_renumber(office: Office, which: int, what: int) -> None:
    found = chosen(office.erp.list("customers"), which)
    if found is not None:
        office.erp.call("PATCH", f"/customers/{found['id']}", {"number": f"C-{what % 9}"})


def erp_edit_product(office: Office, which: int, what: int) -> None:
    found = chosen(office.erp.list("products"), which)
    change: dict[str, Any] = of(
        (
            {"name": f"Thing {what // 5 % 4}"},
            {"description": of(TEXTS, what // 5)},
            {"unitPrice": of(PRICES, what // 5)},
            {"name": f"Thing {what // 5 % 4}", "unitPrice": of(PRICES, what // 5)},
            {"discontinued": what // 5 % 2 == 0},
        ),
        what,
    )
    if found is not None:
        office.erp.call("PATCH", f"/products/{found['id']}", change)


def inv_edit_item(office: Office, which: int, what: int) -> None:
    found = chosen(office.inv.list("items"), which)
    change = of(({"name": f"Thing {what // 2 % 4}"}, {"description": of(TEXTS, what // 2)}), what)
    if found is not None:
        office.inv.call("PATCH", f"/items/{found['id']}", change)


def inv_reprice_item(office: Office, which: int, what: int) -> None:
    """As Invoiced asks for it: archive, then create under the same id."""
    found = chosen(office.inv.list("items"), which)
    if found is not None:
        kept = {name: found[name] for name in ("id", "name", "description", "type", "currency", "metadata")}
        office.inv.reprice(found["id"], kept | {"unit_cost": float(of(PRICES, what))})


def inv_archive_item(office: Office, which: int, what: int) -> None:
    found = chosen(office.inv.list("items"), which)
    if found is not None:
        office.inv.call("DELETE", f"/items/{found['id']}")


def erp_edit_order(office: Office, which: int, what: int) -> None:
    found = chosen(office.erp.list("orders"), which)
    change: dict[str, Any] = of(
        (
            {"notes": of(TEXTS, what // 4)},
            {"purchaseOrder": of(("PO-1", "PO-2", None), what // 4)},
            {"dueDate": of((*DAYS, None), what // 4)},
            {"orderDate": of(("2026-03-01", "2026-03-02"), what // 4)},
        ),
        what,
    )
    if found is not None:
        office.erp.call("PATCH", f"/orders/{found['id']}", change)


def erp_edit_lines(office: Office, which: int, what: int) -> None:
    found = chosen(office.erp.list("orders"), which)
    if found is None:
        return
    lines: list[dict[str, Any]] = [{"id": line["id"]} for line in found["lines"]]
    if what % 4 == 0 or not lines:
        lines.append({"description": f"Extra {what // 4 % 3}", "quantity": "1", "unitPrice": of(PRICES, what)})
    elif what % 4 == 1 and len(lines) > 1:
        lines.pop(what // 4 % len(lines))
    elif what % 4 == 2:
        lines[what // 4 % len(lines)]["discountPercent"] = of(PERCENTS, what // 8)
    else:
        lines[what // 4 % len(lines)]["quantity"] = str(1 + what // 8 % 5)
    office.erp.call("PATCH", f"/orders/{found['id']}", {"lines": lines})


def erp_status(office: Office, which: int, what: int) -> None:
    found = chosen(office.erp.list("orders"), which)
    if found is not None:
        office.erp.call("PATCH", f"/orders/{found['id']}", {"status": of(("confirmed", "cancelled"), what)})


def inv_edit_invoice(office: Office, which: int, what: int) -> None:
    found = chosen(office.inv.list("invoices"), which)
    change: dict[str, Any] = of(
        (
            {"notes": of(TEXTS, what // 4)},
            {"purchase_order": of(("PO-1", "PO-3", None), what // 4)},
            {"due_date": SECONDS[of(DAYS, what // 4)]},
            {"draft": False},
        ),
        what,
    )
    if found is not None:
        office.inv.call("PATCH", f"/invoices/{found['id']}", change)


def inv_edit_lines(office: Office, which: int, what: int) -> None:
    found = chosen(office.inv.list("invoices"), which)
    if found is None:
        return
    names = ("id", "name", "description", "quantity", "unit_cost", "discounts", "taxes", "metadata", "catalog_item")
    lines: list[dict[str, Any]] = []
    for line in found["items"]:
        kept = {name: line[name] for name in names}
        kept["discounts"] = [{"id": d["id"], "coupon": d["coupon"]["id"]} for d in line["discounts"] if d["coupon"]]
        lines.append(kept)
    if what % 3 == 0 or not lines:
        lines.append({"description": f"Extra {what // 3 % 3}", "quantity": 1, "unit_cost": 5})
    elif what % 3 == 1 and len(lines) > 1:
        lines.pop(what // 3 % len(lines))
    else:
        lines[what // 3 % len(lines)]["quantity"] = 1 + what // 6 % 5
    office.inv.call("PATCH", f"/invoices/{found['id']}", {"items": lines})


def inv_void(office: Office, which: int, what: int) -> None:
    found = chosen(office.inv.list("invoices"), which)
    if found is not None:
        office.inv.call("POST", f"/invoices/{found['id']}/void")


def inv_pay(office: Office, which: int, what: int) -> None:
    found = chosen(office.inv.list("invoices"), which)
    if found is not None and found["balance"] > 0:
        amount = found["balance"] if what % 2 else round(found["balance"] / 2, 2)
        applied = [{"type": "invoice", "invoice": found["id"], "amount": amount}]
        office.inv.call("POST", "/payments", {"amount": amount, "currency": found["currency"], "applied_to": applied})


def inv_merge_customers(office: Office, which: int, what: int) -> None:
    found = office.inv.list("customers")
    loser, survivor = chosen(found, which), chosen(found, what)
    if loser is not None and survivor is not None and loser["id"] != survivor["id"]:
        office.inv.call("POST", f"/customers/{survivor['id']}/merge", {"customer": loser["id"]})


def _delete(side: str, collection: str) -> Deed:
    def deed(office: Office, which: int, what: int) -> None:
        person: Person = getattr(office, side)
        found = chosen(person.list(collection), which)
        if found is not None:
            person.call("DELETE", f"/{collection}/{found['id']}")

    return deed


DEEDS: dict[str, tuple[int, Deed]] = {
    "erp creates a customer": (3, erp_customer),
    "erp creates a product": (2, erp_product),
    "erp creates an order": (4, erp_order),
    "invoiced creates a customer": (2, inv_customer),
    "invoiced creates an item": (2, inv_item),
    "erp edits a customer": (12, erp_edit_customer),
    "erp renumbers a customer": (1, erp_renumber),
    "invoiced edits a customer": (12, inv_edit_customer),
    "erp edits a product": (6, erp_edit_product),
    "invoiced edits an item": (4, inv_edit_item),
    "invoiced reprices an item": (2, inv_reprice_item),
    "invoiced archives an item": (1, inv_archive_item),
    "erp edits an order": (6, erp_edit_order),
    "erp edits an order's lines": (6, erp_edit_lines),
    "erp changes an order's status": (2, erp_status),
    "invoiced edits an invoice": (6, inv_edit_invoice),
    "invoiced edits an invoice's lines": (5, inv_edit_lines),
    "invoiced voids an invoice": (1, inv_void),
    "invoiced takes a payment": (2, inv_pay),
    "erp deletes a customer": (1, _delete("erp", "customers")),
    "erp deletes a product": (1, _delete("erp", "products")),
    "erp deletes an order": (1, _delete("erp", "orders")),
    "invoiced deletes a customer": (1, _delete("inv", "customers")),
    "invoiced merges two customers": (1, inv_merge_customers),
    "invoiced deletes an invoice": (1, _delete("inv", "invoices")),
}

FIRST = (
    "erp creates a customer",
    "erp creates a product",
    "erp creates an order",
    "invoiced creates a customer",
    "invoiced creates an item",
)


def history(chance: random.Random, length: float, number: int) -> list[Event]:
    """A base set on both sides before anything runs, so that keys collide; then edits and the rest."""
    names = list(DEEDS)
    if chance.random() < 0.4:
        # Everybody at the same few records, so that edits meet.
        names = chance.sample([name for name in names if " edits " in name], 3)
        which, what = 2, 14
    else:
        which, what = 1000, 1000
    weights = [DEEDS[name][0] for name in names]
    events = [Event(0.0, FIRST[n % 2], n, chance.randrange(1000)) for n in range(4)]
    events += [Event(0.0, chance.choice(FIRST), chance.randrange(1000), chance.randrange(1000)) for _ in range(6)]
    events += [
        Event(
            chance.uniform(1, length),
            chance.choices(names, weights)[0],
            chance.randrange(which),
            chance.randrange(what),
        )
        for _ in range(number)
    ]
    return sorted(events, key=lambda event: event.at)
