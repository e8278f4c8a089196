"""The official Python client for Invoiced works against the emulator, unchanged but for its base URL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import invoiced as official
import pytest
from invoiced import errors

from counterpart.emulators import Fault, Server


@pytest.fixture
def client(invoiced: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[official.Client]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server({"invoiced": invoiced.emulator}) as server:
        invoiced.emulator.base_url = server.urls["invoiced"]
        found = official.Client(invoiced.emulator.key)
        found.api_url = server.urls["invoiced"]
        yield found


def everything(listed: Any, **query: Any) -> list[Any]:
    """All records of a list, page by page, for as long as the client is told of a next one."""
    found: list[Any] = []
    page = 1
    while True:
        records, about = listed.list(page=page, per_page=2, **query)
        found += records
        if "next" not in about.links:
            assert about.total_count == len(found)
            return found
        assert about.links["next"].startswith(listed._client.api_url)
        page += 1


def test_customers(client: Any) -> None:
    created = client.Customer.create(idempotency_key="create-1", name="Nordlicht", metadata={"erp_id": "K-1"})
    assert client.Customer.create(idempotency_key="create-1", name="Nordlicht").id == created.id
    for number in range(4):
        client.Customer.create(name=f"C{number}")
    assert [each.name for each in everything(client.Customer)] == ["A", "Nordlicht", "C0", "C1", "C2", "C3"]
    assert [each.id for each in everything(client.Customer, metadata={"erp_id": "k-1"})] == [created.id]
    created.phone = "+49 30 1"
    assert created.save() is True
    assert created.save() is False
    found = client.Customer.retrieve(created.id)
    assert (found.phone, found.metadata) == ("+49 30 1", {"erp_id": "K-1"})
    assert found.balance()["total_outstanding"] == 0
    contact = found.contacts().create(name="Ada")
    contact.title = "CFO"
    assert contact.save() is True
    assert [each.title for each in everything(found.contacts())] == ["CFO"]
    assert contact.delete() is True
    assert found.delete() is True
    with pytest.raises(errors.InvalidRequestError) as gone:
        client.Customer.retrieve(created.id)
    assert gone.value.status_code == 404


def test_items(client: Any) -> None:
    created = client.Item.create(id="visit:1", name="Site visit", unit_cost=120.5, currency="eur")
    client.Item.create(name="Free")
    client.Item.create(name="Priced", unit_cost=3)
    created.name = "Visit"
    assert created.save(description="Half a day") is True
    found = client.Item.retrieve("visit:1")
    assert (found.name, found.description, found.unit_cost, found.currency) == ("Visit", "Half a day", 120.5, "eur")
    assert found.delete() is True
    assert [each.name for each in everything(client.Item)] == ["Widget", "Free", "Priced"]
    assert [each.id for each in everything(client.Item, archived=1)] == ["visit:1"]


def test_invoices(client: Any) -> None:
    made = [
        client.Invoice.create(customer=70001, items=[{"catalog_item": "widget", "quantity": 2}], payment_terms="NET 30")
        for _ in range(3)
    ]
    assert [(each.number, each.total) for each in made] == [("INV-00001", 20), ("INV-00002", 20), ("INV-00003", 20)]
    made[0].purchase_order = "PO-7"
    assert made[0].save() is True
    assert made[1].void() is True
    assert made[1].status == "voided"
    client.Payment.create(amount=20, applied_to=[{"type": "invoice", "invoice": made[2].id, "amount": 20}])
    assert client.Invoice.retrieve(made[2].id, {"expand": "customer"}).customer["name"] == "A"
    found = everything(client.Invoice, filter={"customer": 70001}, sort="date asc")
    assert [(each.status, each.purchase_order) for each in found] == [
        ("not_sent", "PO-7"), ("voided", None), ("paid", None),
    ]  # fmt: skip
    assert made[0].delete() is True
    with pytest.raises(errors.InvalidRequestError, match="has a payment applied"):
        made[2].delete()


def test_events(client: Any) -> None:
    customer = client.Customer.create(name="Nordlicht")
    customer.phone = "1"
    customer.save()
    item = client.Item.create(name="Priced", unit_cost=3)
    invoice = client.Invoice.create(customer=customer.id, items=[{"catalog_item": item.id}])
    invoice.void()
    invoice.delete()
    found = everything(client.Event, related_to=f"customer,{customer.id}")
    assert [each.type for each in found] == [
        "invoice.deleted", "invoice.updated", "invoice.created", "customer.updated", "customer.created",
    ]  # fmt: skip
    assert client.Event.retrieve(found[3].id).data["previous"]["phone"] is None


def test_webhooks_and_rates(client: Any) -> None:
    hook = client.Webhook.create(url="http://127.0.0.1:9/", events=["invoice.paid"])
    hook.enabled = False
    assert hook.save() is True
    assert [each.enabled for each in everything(client.Webhook)] == [False]
    assert hook.delete() is True
    coupon = client.Coupon.create(id="ten", name="Ten", value=10)
    assert client.TaxRate.create(id="vat", name="VAT", value=19).delete() is True
    assert [each.id for each in everything(client.Coupon)] == [coupon.id]


def test_errors(client: Any, invoiced: Any) -> None:
    with pytest.raises(errors.InvalidRequestError) as refused:
        client.Customer.create(email="nope", name="X")
    assert (refused.value.status_code, refused.value.error["param"]) == (400, "email")
    stranger = official.Client("wrong" * 6)
    stranger.api_url = client.api_url
    with pytest.raises(errors.AuthenticationError):
        stranger.Customer.list()
    invoiced.emulator.faults.arm(Fault("429"), Fault("503"), Fault("reset-after"))
    for error in (errors.RateLimitError, errors.ApiError, errors.ApiConnectionError):
        with pytest.raises(error):
            client.Item.retrieve("widget")
