"""Orders and invoices, end to end: lines, coupons, references, states, frozen documents."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from sync.connector import Wanted, WantedLine
from sync.invoiced_records import predict, prepare
from sync.schema import Side

FLOW = "order-invoice"


@pytest.fixture
def base(world: Any, acme: dict[str, Any]) -> dict[str, Any]:
    """What an order needs: a customer and two products."""
    customer = world.erp.create("customers", **acme)
    bolt = world.erp.create("products", sku="bolt", name="Bolt", unitPrice="19.90", currency="NOK")
    nut = world.erp.create("products", sku="nut", name="Nut", unitPrice="1.25", currency="NOK")
    return {"customer": customer["id"], "bolt": bolt["id"], "nut": nut["id"]}


def _order(world: Any, base: dict[str, Any], **more: Any) -> dict[str, Any]:
    line = {"productId": base["bolt"], "quantity": "3", "unitPrice": "19.90", "discountPercent": "12.5"}
    body = {"number": "O-1", "customerId": base["customer"], "currency": "NOK", "orderDate": "2026-03-01"}
    body["lines"] = [line, {"description": "Travel", "quantity": "2", "unitPrice": "7.5"}]
    made: dict[str, Any] = world.erp.create("orders", **{**body, **more})
    return made


def _lines(world: Any) -> list[tuple[Any, ...]]:
    [invoice] = world.inv.list("invoices")
    return [
        (line["catalog_item"], line["name"], line["description"], line["quantity"], line["unit_cost"],
         [entry["coupon"]["value"] if entry["coupon"] else -entry["amount"] for entry in line["discounts"]])
        for line in invoice["items"]
    ]  # fmt: skip


def _kept(world: Any) -> list[dict[str, Any]]:
    """The lines of the only invoice, as a careful client sends them back."""
    [invoice] = world.inv.list("invoices")
    names = ("id", "name", "description", "quantity", "unit_cost", "discounts", "taxes", "metadata")
    return [{name: line[name] for name in names} for line in invoice["items"]]


def test_an_order_arrives_as_it_is_meant(world: Any, base: dict[str, Any]) -> None:
    order = _order(world, base, status="confirmed", purchaseOrder="PO-7", dueDate="2026-04-01")
    report = world.run()

    assert [(write.operation, write.record_type, write.key) for write in report.writes] == [
        ("create", "Customer", "C-1"),
        ("create", "Item", "bolt"),
        ("create", "Item", "nut"),
        ("create", "Coupon", "erp-pct-12_5"),
        ("create", "Invoice", "O-1"),
    ]
    [invoice] = world.inv.list("invoices")
    [customer] = world.inv.list("customers")
    assert (invoice["customer"], invoice["status"], invoice["purchase_order"]) == (customer["id"], "not_sent", "PO-7")
    assert (invoice["date"], invoice["due_date"]) == (1772323200, 1775001600)
    assert _lines(world) == [("bolt", "Bolt", "", 3, 19.9, [12.5]), (None, "", "Travel", 2, 7.5, [])]
    assert str(invoice["total"]) == order["total"] == "67.24"
    assert report.notices == ()
    assert world.run().writes == ()


def test_a_plan_shows_what_the_system_will_assign(world: Any, base: dict[str, Any]) -> None:
    _order(world, base)
    plan = world.plan()
    assert world.written() == []
    [customer] = [write.fields["customer"] for write in plan.writes if write.record_type == "Invoice"]
    assert customer == (None, "(assigned by Invoiced)")
    report = world.run()

    def comparable(writes: Any) -> list[Any]:
        return [(w.operation, w.key, {n: v for n, v in w.fields.items() if n != "customer"}) for w in writes]

    assert comparable(report.writes) == comparable(plan.writes)


def test_lines_keep_their_ids_and_what_is_not_mapped(world: Any, base: dict[str, Any]) -> None:
    order = _order(world, base)
    world.run()
    lines = _kept(world)
    lines[0] |= {"name": "Bolt, zinc", "metadata": {"job": "77"}}
    world.inv.change("invoices", world.inv.list("invoices")[0]["id"], items=lines)
    assert world.run().writes == ()

    new = {"productId": base["nut"], "quantity": "10", "unitPrice": "1.25"}
    world.erp.change("orders", order["id"], lines=[{"id": "L1", "quantity": "4"}, new, {"id": "L2"}])
    plan = world.plan()
    report = world.run()
    assert report.writes == plan.writes
    assert _lines(world) == [
        ("bolt", "Bolt, zinc", "", 4, 19.9, [12.5]),
        ("nut", "Nut", "", 10, 1.25, []),
        (None, "", "Travel", 2, 7.5, []),
    ]
    after = world.inv.list("invoices")[0]["items"]
    assert (after[0]["id"], after[0]["metadata"], after[2]["id"]) == (lines[0]["id"], {"job": "77"}, lines[1]["id"])
    assert world.run().writes == ()


def test_lines_edited_in_invoiced_reach_the_order(world: Any, base: dict[str, Any]) -> None:
    order = _order(world, base)
    world.run()
    lines = _kept(world)
    added = {"catalog_item": "nut", "quantity": 5}
    world.inv.change("invoices", world.inv.list("invoices")[0]["id"], items=[lines[0] | {"quantity": 7}, added])
    world.run()
    assert world.erp.read("orders", order["id"])["lines"] == [
        {"id": "L1", "productId": base["bolt"], "description": None, "quantity": "7", "unitPrice": "19.90",
         "discountPercent": "12.5"},
        {"id": "L3", "productId": base["nut"], "description": None, "quantity": "5", "unitPrice": "1.25",
         "discountPercent": None},
    ]  # fmt: skip
    assert world.run().writes == ()


def test_lines_edited_on_both_sides_are_merged_line_by_line(world: Any, base: dict[str, Any]) -> None:
    order = _order(world, base)
    world.run()
    lines = _kept(world)
    world.inv.change(
        "invoices",
        world.inv.list("invoices")[0]["id"],
        items=[lines[0], lines[1] | {"description": "Travel, two days"}],
    )
    world.erp.change(
        "orders", order["id"], lines=[{"id": "L1", "discountPercent": None}, {"id": "L2", "quantity": "4"}]
    )
    report = world.run()
    assert report.conflicts == ()
    assert _lines(world) == [("bolt", "Bolt", "", 3, 19.9, []), (None, "", "Travel, two days", 4, 7.5, [])]
    assert world.erp.read("orders", order["id"])["lines"][1]["description"] == "Travel, two days"
    assert world.run().writes == ()


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("remover", ["customerp", "invoiced"])
def test_a_line_removed_on_one_side_while_another_is_edited_on_the_other_stays_removed(
    world: Any, base: dict[str, Any], remover: str, lost: bool
) -> None:
    def lose(request: httpx.Request) -> None:
        nonlocal lost
        if request.method == "PATCH" and lost:
            lost = False
            raise httpx.ReadTimeout("lost", request=request)

    order = _order(world, base)
    world.run()
    bolt, travel = _kept(world)
    invoice = world.inv.list("invoices")[0]["id"]
    if remover == "invoiced":
        world.inv.change("invoices", invoice, items=[bolt])
        world.erp.change("orders", order["id"], lines=[{"id": "L1", "quantity": "4"}, {"id": "L2"}])
    else:
        world.inv.change("invoices", invoice, items=[bolt | {"quantity": 4}, travel])
        world.erp.change("orders", order["id"], lines=[{"id": "L1"}])
    world.wires["invoiced"].after = lose
    report = world.run()
    assert report.conflicts == ()
    assert _lines(world) == [("bolt", "Bolt", "", 4, 19.9, [12.5])]
    [line] = world.erp.read("orders", order["id"])["lines"]
    assert (line["id"], line["quantity"]) == ("L1", "4")
    assert world.run().writes == ()


def test_another_product_on_a_line_makes_a_new_line(world: Any, base: dict[str, Any]) -> None:
    order = _order(world, base)
    world.run()
    before = [line["id"] for line in _kept(world)]
    world.erp.change("orders", order["id"], lines=[{"id": "L1", "productId": base["nut"]}, {"id": "L2"}])
    world.run()
    assert _lines(world)[0] == ("nut", "Nut", "", 3, 19.9, [12.5])
    after = [line["id"] for line in _kept(world)]
    assert after[0] != before[0]
    assert after[1] == before[1]
    assert world.run().writes == ()


def test_a_bare_amount_cannot_be_mapped_and_the_percentage_stays(world: Any, base: dict[str, Any]) -> None:
    order = _order(world, base)
    world.run()
    lines = _kept(world)
    world.inv.change(
        "invoices", world.inv.list("invoices")[0]["id"], items=[lines[0] | {"discounts": [{"amount": 5}]}, lines[1]]
    )
    report = world.run()
    assert report.writes == ()
    assert [(n.field, n.kind) for n in report.notices if n.kind == "unmappable"] == [
        ("lines[1].discountPercent", "unmappable")
    ]
    assert world.erp.read("orders", order["id"])["lines"][0]["discountPercent"] == "12.5"


def test_an_order_waits_for_its_customer_and_goes_on_in_the_same_run(world: Any, base: dict[str, Any]) -> None:
    held = world.inv.create("customers", number="C-1", name="Ola", type="person")
    _order(world, base)
    report = world.run()
    assert [notice.reason for notice in report.notices if notice.kind == "waiting"] == [
        "waits for the Customer C-1, which is stuck: its number belongs to "
        f"{held['id']} of Invoiced, which does not take part"
    ]
    world.inv.delete("customers", held["id"])
    world.erp.change("customers", base["customer"], name="Acme again")
    assert [write.record_type for write in world.run().writes] == ["Customer", "Coupon", "Invoice"]


def test_an_order_that_has_waited_goes_on_when_its_customer_is_created(world: Any, base: dict[str, Any]) -> None:
    _order(world, base)
    world.wires["invoiced"].before = lambda request: (
        httpx.Response(500, json={"type": "api", "message": "oops"})
        if request.url.path == "/customers" and request.method == "POST"
        else None
    )
    world.run()
    world.wires["invoiced"].before = lambda request: None
    world.clock.advance(3600)
    assert [write.record_type for write in world.run().writes] == ["Customer", "Coupon", "Invoice"]


def test_a_plan_shows_each_write_of_a_record_that_needs_several(world: Any, base: dict[str, Any]) -> None:
    order = _order(world, base)
    world.run()
    world.erp.change("orders", order["id"], notes="Never mind", status="cancelled")
    plan = world.plan()
    assert [(write.operation, sorted(write.fields)) for write in plan.writes] == [
        ("update", ["notes"]),
        ("void", ["state"]),
    ]
    assert world.run().writes == plan.writes


def test_a_moved_order_date_carries_the_due_date(world: Any, base: dict[str, Any]) -> None:
    order = _order(world, base, dueDate="2026-03-20")
    world.run()
    world.erp.change("orders", order["id"], orderDate="2026-03-05")
    world.run()
    [invoice] = world.inv.list("invoices")
    assert (invoice["date"], invoice["due_date"]) == (1772668800, 1773964800)
    assert world.erp.read("orders", order["id"])["dueDate"] == "2026-03-20"
    assert world.run().writes == ()


def test_a_due_date_derived_from_terms_is_accepted(world: Any, base: dict[str, Any]) -> None:
    order = _order(world, base)
    [notice] = world.run().notices
    assert (notice.field, notice.kind) == ("dueDate", "divergence")
    assert world.erp.read("orders", order["id"])["dueDate"] is None


@pytest.mark.parametrize(
    ("status", "there", "arrived"), [("confirmed", "not_sent", 1), ("cancelled", "voided", 1), ("draft", "draft", 0)]
)
def test_an_order_changes_state(world: Any, base: dict[str, Any], status: str, there: str, arrived: int) -> None:
    order = _order(world, base)
    world.run()
    if status != "draft":
        world.erp.change("orders", order["id"], status=status)
    plan = world.plan()
    report = world.run()
    assert len(report.writes) == arrived
    assert report.writes == plan.writes
    assert world.inv.list("invoices")[0]["status"] == there
    assert world.run().writes == ()


def test_an_invoice_changes_state(world: Any, base: dict[str, Any]) -> None:
    order = _order(world, base)
    world.run()
    [invoice] = world.inv.list("invoices")
    world.inv.change("invoices", invoice["id"], draft=False)
    world.run()
    assert world.erp.read("orders", order["id"])["status"] == "confirmed"
    world.inv.call("POST", f"/invoices/{invoice['id']}/void")
    world.run()
    assert world.erp.read("orders", order["id"])["status"] == "cancelled"
    assert world.run().writes == ()


def test_a_cancelled_order_without_counterpart_gets_none(world: Any, base: dict[str, Any]) -> None:
    _order(world, base, status="cancelled")
    report = world.run()
    assert world.inv.list("invoices") == []
    assert [notice.reason for notice in report.notices] == ["status is 'cancelled', so no Invoice is created"]


def test_another_customer_is_reported_and_nothing_is_written(world: Any, base: dict[str, Any]) -> None:
    other = world.erp.create("customers", number="C-2", name="Other")
    order = _order(world, base)
    world.run()
    world.erp.change("orders", order["id"], customerId=other["id"])
    report = world.run()
    assert report.writes == ()
    assert [(n.field, n.kind) for n in report.notices if n.kind == "deviation"] == [("customerId", "deviation")]


def test_an_issued_document_in_conflict_waits_for_a_person(world: Any, base: dict[str, Any]) -> None:
    order = _order(world, base, status="confirmed")
    world.run()
    [invoice] = world.inv.list("invoices")
    world.erp.change("orders", order["id"], notes="A", purchaseOrder="PO-9")
    world.inv.change("invoices", invoice["id"], notes="B")
    report = world.run()
    assert [(c.field, c.customerp, c.invoiced, c.winner) for c in report.conflicts] == [("notes", "A", "B", None)]
    assert [dict(write.fields) for write in report.writes] == [{"purchase_order": (None, "PO-9")}]
    assert [conflict.field for conflict in world.open().status().conflicts] == ["notes"]
    assert world.run().writes == ()

    world.erp.change("orders", order["id"], notes="B")
    world.run()
    assert world.open().status().conflicts == ()


def test_a_draft_in_conflict_follows_the_erp(world: Any, base: dict[str, Any]) -> None:
    order = _order(world, base)
    world.run()
    world.erp.change("orders", order["id"], notes="A")
    world.inv.change("invoices", world.inv.list("invoices")[0]["id"], notes="B")
    [conflict] = world.run().conflicts
    assert (conflict.field, conflict.winner) == ("notes", "customerp")
    assert world.inv.list("invoices")[0]["notes"] == "A"


def test_payment_travels_one_way_and_a_paid_invoice_is_frozen(world: Any, base: dict[str, Any]) -> None:
    order = _order(world, base, status="confirmed")
    world.run()
    [invoice] = world.inv.list("invoices")

    def pay(amount: object) -> None:
        applied = [{"type": "invoice", "invoice": invoice["id"], "amount": amount}]
        world.inv.create("payments", customer=invoice["customer"], currency="nok", amount=amount, applied_to=applied)

    pay(10)
    world.run()
    assert world.erp.read("orders", order["id"])["paymentState"] == "partial"

    world.erp.change("orders", order["id"], paymentState="unpaid")
    report = world.run()
    assert [(n.field, n.kind) for n in report.notices if n.kind == "deviation"] == [("paymentState", "deviation")]
    assert world.erp.read("orders", order["id"])["paymentState"] == "partial"

    world.erp.change("orders", order["id"], status="cancelled")
    report = world.run()
    assert report.writes == ()
    assert [(n.field, n.kind) for n in report.notices if n.kind == "frozen"] == [("status", "frozen")]

    pay(world.inv.read("invoices", invoice["id"])["balance"])
    world.erp.change("orders", order["id"], notes="Too late")
    report = world.run()
    assert [dict(write.fields) for write in report.writes] == [{"paymentState": ("partial", "paid")}]
    assert {(n.field, n.kind) for n in report.notices if n.kind == "frozen"} == {
        ("status", "frozen"),
        ("notes", "frozen"),
    }
    assert world.run().writes == ()


def test_totals_that_differ_are_reported(world: Any, base: dict[str, Any]) -> None:
    _order(world, base, currency="JPY", lines=[{"quantity": "3", "unitPrice": "33.5"}])
    report = world.run()
    [invoice] = world.inv.list("invoices")
    assert invoice["total"] == 101
    told = ["the lines come to 100.50 in Customerp and to 101 in Invoiced"]
    assert [notice.reason for notice in report.notices if notice.field == "lines"] == told
    assert [notice.reason for notice in world.open().status().notices if notice.field == "lines"] == told


def test_totals_that_differ_are_reported_although_the_answer_to_the_write_was_lost(
    world: Any, base: dict[str, Any]
) -> None:
    lost: list[str] = []

    def lose(request: httpx.Request) -> None:
        if (request.method, request.url.path) == ("POST", "/invoices") and not lost:
            lost.append("answer")
            raise httpx.ReadTimeout("lost", request=request)

    world.wires["invoiced"].after = lose
    _order(world, base, currency="JPY", lines=[{"quantity": "3", "unitPrice": "33.5"}])
    report = world.run()
    assert lost == ["answer"]
    assert [notice.reason for notice in report.notices if notice.field == "lines"] == [
        "the lines come to 100.50 in Customerp and to 101 in Invoiced"
    ]


def test_an_existing_invoice_is_linked_by_its_number(world: Any, base: dict[str, Any]) -> None:
    world.run()
    [customer] = world.inv.list("customers")
    item = {"catalog_item": "bolt", "quantity": 3, "unit_cost": 19.9}
    world.inv.create("invoices", customer=customer["id"], number="o-1", draft=True, items=[item], date=1772323200)
    _order(world, base, dueDate="2026-04-01")
    world.run()
    assert [i["number"] for i in world.inv.list("invoices")] == ["O-1"]
    assert _lines(world) == [("bolt", "Bolt", "", 3, 19.9, [12.5]), (None, "", "Travel", 2, 7.5, [])]
    assert world.run().writes == ()


def test_no_taxes_appear_on_their_own(world: Any, base: dict[str, Any]) -> None:
    world.inv.create("tax_rates", id="vat", name="VAT", is_percent=True, value=25)
    world.run()
    [customer] = world.inv.list("customers")
    world.inv.change("customers", customer["id"], taxes=["vat"])
    order = _order(world, base)
    world.run()
    assert str(world.inv.list("invoices")[0]["total"]) == order["total"]


class Later(httpx.AsyncBaseTransport):
    """Lets others go first."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        return await self._inner.handle_async_request(request)


def test_a_plan_makes_a_coupon_once_however_many_orders_need_it(world: Any, base: dict[str, Any]) -> None:
    world.in_flight = 4
    world.wires["invoiced"].inner = Later(world.wires["invoiced"].inner)
    for number in range(3):
        _order(world, base, number=f"O-{number}")
    world.run()
    for number in range(1, 4):
        lines = [{"productId": base["nut"], "quantity": "1", "unitPrice": "1.25", "discountPercent": "5"}]
        world.erp.change("orders", f"OR00000{number}", lines=lines)
    plan = world.plan()
    assert [write.key for write in plan.writes if write.record_type == "Coupon"] == ["erp-pct-5"]
    assert sorted(map(repr, world.run().writes)) == sorted(map(repr, plan.writes))


def test_a_plan_goes_on_from_lines_that_it_has_predicted() -> None:
    side = Side("invoices", "Invoice")
    new = Wanted(
        side, None, "OR1", {"number": "O-1", "currency": "NOK", "state": "draft"},
        (WantedLine(None, {"quantity": Decimal(3), "unit_cost": Decimal(2), "discount": "5"}),),
        "items", {}, {}, {}, None, None, None,
    )  # fmt: skip
    created = prepare(new).operation
    assert created is not None
    raw = predict(created, None, "(assigned by Invoiced) 1")
    [line] = raw["items"]
    again = replace(new, id=raw["id"], assign={}, lines=(WantedLine(line["id"], {"quantity": Decimal(4)}),), raw=raw)
    changed = prepare(again).operation
    assert changed is not None
    body = changed.calls[-1].body
    assert body is not None
    assert [entry["coupon"] for entry in body["items"][0]["discounts"]] == ["erp-pct-5"]
    assert predict(changed, raw, "(assigned by Invoiced) 2")["total"] == Decimal("7.60")
