"""Believable data for both emulators, the same for the same seed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from counterpart.emulators.customerp import Customerp
from counterpart.emulators.invoiced import Invoiced
from counterpart.emulators.wire import Request

if TYPE_CHECKING:
    from faker import Faker

_LOCALES = {"DE": ("de_DE", "EUR"), "NO": ("no_NO", "NOK"), "GB": ("en_GB", "GBP"), "US": ("en_US", "USD")}
_GOODS = (
    ("Cable, per metre", "product"),
    ("Site visit", "service"),
    ("Control unit", "product"),
    ("Maintenance, monthly", "service"),
    ("Sensor", "product"),
    ("Training day", "service"),
    ("Mounting kit", "product"),
    ("Remote support, hourly", "service"),
)
_TERMS = (14, 30, 45, None)


def seed_data(invoiced: Invoiced, customerp: Customerp, *, seed: int, customers: int = 50) -> None:
    """Fill Customerp with customers, products and orders.

    Every tenth customer is in Invoiced too, under the same number; a few are only there.
    """
    # Here, because loading it takes longer than most scenarios and only seeding needs it.
    from faker import Faker

    fakers = {country: Faker(locale) for country, (locale, _) in _LOCALES.items()}
    for at, fake in enumerate(fakers.values()):
        fake.seed_instance(seed + at)
    chance = fakers["GB"].random
    products = [_product(customerp, at, chance) for at in range(max(len(_GOODS), customers // 4))]
    for at in range(customers):
        country = list(_LOCALES)[chance.randrange(len(_LOCALES))]
        customer = _customer(fakers[country], country, at, chance)
        created = _create(customerp, "/customers", customer)
        if at % 10 == 0:
            _create(invoiced, "/customers", _counterpart(customer))
        for number in range(chance.randrange(4)):
            order = _order(customerp, created, f"SO-{at + 1:05d}-{number + 1}", products, chance)
            _create(customerp, "/orders", order)
    for at in range(customers // 20 + 1):
        fake = fakers["US"]
        _create(
            invoiced,
            "/customers",
            {"name": fake.company(), "number": f"WEB-{at + 1:04d}", "email": fake.company_email()},
        )


def _customer(fake: Faker, country: str, at: int, chance: Any) -> dict[str, Any]:
    return {
        "number": f"K-{at + 1001}",
        "name": fake.company(),
        "email": f"accounts@{fake.domain_word()}.example",
        "phone": fake.phone_number(),
        "address": {
            "line1": fake.street_address(),
            "city": fake.city(),
            "postalCode": fake.postcode(),
            "country": country,
        },
        "currency": _LOCALES[country][1],
        "paymentTermsDays": _TERMS[chance.randrange(len(_TERMS))],
        "active": chance.random() > 0.05,
    }


def _counterpart(customer: Mapping[str, Any]) -> dict[str, Any]:
    """A customer as somebody would have typed it into Invoiced: the same number, not every detail."""
    return {"number": customer["number"], "name": customer["name"], "country": customer["address"]["country"]}


def _product(customerp: Customerp, at: int, chance: Any) -> dict[str, Any]:
    name, category = _GOODS[at % len(_GOODS)]
    generation = at // len(_GOODS) + 1
    return _create(
        customerp,
        "/products",
        {
            "sku": f"{name.split(',')[0].upper().replace(' ', '-')}-{generation}",
            "name": name if generation == 1 else f"{name}, type {generation}",
            "category": category,
            "unitPrice": f"{chance.randrange(500, 90000) / 100:.2f}",
            "currency": "EUR",
        },
    )


def _order(
    customerp: Customerp, customer: Mapping[str, Any], number: str, products: list[dict[str, Any]], chance: Any
) -> dict[str, Any]:
    ordered = customerp.clock.now().date() - timedelta(days=chance.randrange(60))
    lines = []
    for _ in range(1 + chance.randrange(3)):
        product = products[chance.randrange(len(products))]
        lines.append(
            {
                "productId": product["id"],
                "quantity": str(1 + chance.randrange(9)),
                "unitPrice": product["unitPrice"],
                "discountPercent": "10" if chance.random() < 0.2 else None,
            }
        )
    return {
        "number": number,
        "customerId": customer["id"],
        "currency": customer["currency"],
        "orderDate": ordered.isoformat(),
        "dueDate": (ordered + timedelta(days=customer["paymentTermsDays"] or 30)).isoformat(),
        "purchaseOrder": f"PO-{chance.randrange(1000, 9999)}" if chance.random() < 0.5 else None,
        "status": "confirmed" if chance.random() < 0.7 else "draft",
        "lines": lines,
    }


def _create(emulator: Invoiced | Customerp, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    headers = {"authorization": emulator.authorization, "content-type": "application/json"}
    response = emulator.handle(Request("POST", path, "", headers, json.dumps(body).encode()))
    created: dict[str, Any] = json.loads(response.body)
    if response.status != 201:
        raise ValueError(f"{path} did not accept {body}: {created}")
    return created
