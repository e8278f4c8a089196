"""Flows as data: a fourth one by a file alone, and records of Invoiced that get a counterpart in Customerp."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from sync import State, load_flows
from sync.flow import SHIPPED

COUPONS = """\
id = "product-coupon"

[source]
object = "products"
type = "Product"

[target]
object = "coupons"
type = "Coupon"

[match]
pair = "sku"

[create]
when = { category = ["discount"] }
unless = { name = ["Old"] }

[[pair]]
source = "sku"
target = "id"
direction = "create_only"

[[pair]]
source = "name"
target = "name"
conflict = "invoiced"

[[pair]]
source = "category"
target = "metadata.kind"

[[pair]]
source = "unitPrice"
target = "value"
converter = "decimal"
direction = "create_only"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(SHIPPED, tmp_path / "flows")


@pytest.fixture
def both(world: Any, folder: Path) -> Any:
    """Customers are created on either side."""
    file = folder / "customer-company.toml"
    file.write_text(file.read_text().replace('direction = "source"', 'direction = "both"'))
    world.flows = load_flows(folder)
    return world


def test_a_fourth_flow_is_a_file_and_nothing_else(world: Any, folder: Path) -> None:
    (folder / "product-coupon.toml").write_text(COUPONS)
    world.flows = load_flows(folder)
    rebate = {"sku": "ten-off", "name": "Ten off", "unitPrice": "10", "currency": "NOK", "category": "discount"}
    world.erp.create("products", **rebate)
    world.erp.create("products", **{**rebate, "sku": "old", "name": "Old"})
    world.erp.create("products", sku="bolt", name="Bolt", unitPrice="2", currency="NOK")
    report = world.run()
    assert [(write.key, write.fields) for write in report.writes if write.flow == "product-coupon"] == [
        (
            "ten-off",
            {
                "id": (None, "ten-off"),
                "name": (None, "Ten off"),
                "metadata.kind": (None, "discount"),
                "value": (None, "10"),
            },
        )
    ]
    [coupon] = world.inv.list("coupons")
    assert (coupon["id"], coupon["name"], coupon["value"], coupon["is_percent"]) == ("ten-off", "Ten off", 10, True)
    assert [notice.reason for notice in report.notices if notice.flow == "product-coupon"] == [
        "name is 'Old', so no Coupon is created",
        "category is None, so no Coupon is created",
    ]

    world.inv.change("coupons", "ten-off", name="Ten crowns off")
    assert [write.fields for write in world.run().writes if write.flow == "product-coupon"] == [
        {"name": ("Ten off", "Ten crowns off")}
    ]
    assert world.erp.read("products", "PR000001")["name"] == "Ten crowns off"

    world.inv.change("coupons", "ten-off", metadata={**coupon["metadata"], "ours": "stays"})
    world.erp.change("products", "PR000001", category="rebate")
    world.run()
    assert world.inv.read("coupons", "ten-off")["metadata"] == {"kind": "rebate", "erp_id": "PR000001", "ours": "stays"}
    assert world.run().writes == ()


def test_a_record_of_invoiced_gets_a_counterpart_in_customerp(both: Any) -> None:
    there = both.inv.create("customers", number="C-7", name="Only in Invoiced", type="company", city="Oslo")
    planned = both.plan()
    report = both.run()
    assert planned.writes == report.writes
    assert [(write.system, write.operation, write.key) for write in report.writes] == [("customerp", "create", "C-7")]
    [here] = both.erp.list("customers")
    assert (here["number"], here["name"], here["address"]["city"]) == ("C-7", "Only in Invoiced", "Oslo")
    assert here["externalRef"] == str(there["id"])

    both.erp.change("customers", here["id"], phone="1")
    assert [write.fields for write in both.run().writes] == [{"phone": (None, "1")}]
    assert (both.run().writes, both.open().status().only_in_invoiced["customer-company"]) == ((), 0)


def test_the_same_customer_on_both_sides_is_linked_and_none_is_created(both: Any, acme: dict[str, Any]) -> None:
    both.inv.create("customers", number="c-1", name="Acme", type="company")
    both.erp.create("customers", **acme)
    assert {write.operation for write in both.run().writes} == {"update"}
    assert (len(both.erp.list("customers")), len(both.inv.list("customers"))) == (1, 1)


def test_without_a_match_key_nothing_is_created(both: Any) -> None:
    both.inv.create("customers", name="No number", type="company", number=None)
    both.wires["invoiced"].before = lambda request: (
        httpx.Response(200, json=[{**raw, "number": None} for raw in both.inv.list("customers")])
        if request.url.path == "/customers"
        else None
    )
    report = both.run()
    assert [notice.reason for notice in report.notices] == ["it has no number, by which a Customer is known"]
    assert (report.writes, both.erp.list("customers")) == ((), [])


def test_a_number_that_another_linked_pair_has_is_left_to_a_person(both: Any) -> None:
    both.erp.create("customers", number="C-5", name="Five")
    both.run()
    both.erp.change("customers", "CU000001", number="C-8")
    eight = both.inv.create("customers", number="C-8", name="Eight", type="company")
    report = both.run()
    [five] = [customer for customer in both.inv.list("customers") if customer["id"] != eight["id"]]
    assert ("C-8", "ambiguous", f"its number belongs to CU000001 of Customerp, which is linked with {five['id']}") in [
        (notice.key, notice.kind, notice.reason) for notice in report.notices
    ]
    assert len(both.erp.list("customers")) == 1


@pytest.mark.parametrize("applied", [True, False], ids=["applied", "not applied"])
def test_a_create_in_customerp_whose_answer_is_lost_is_done_once(both: Any, applied: bool) -> None:
    there = both.inv.create("customers", number="C-7", name="Seven", type="company")
    lost: list[str] = []

    def lose(request: httpx.Request) -> Any:
        if request.method == "POST" and not lost:
            lost.append(request.url.path)
            if applied:
                both.erp.call("POST", "/customers", json.loads(request.content))
                both.inv.change("customers", there["id"], name="Edited meanwhile")
            raise httpx.ReadTimeout("lost", request=request)

    both.wires["customerp"].before = lose
    report = both.run()
    assert next(write.operation for write in report.writes if write.system == "customerp") == "create"
    both.run()
    [here] = both.erp.list("customers")
    assert here["name"] == both.inv.read("customers", there["id"])["name"]
    assert both.store.by_remote("customer-company", "customerp", here["id"]).state is State.LINKED
    assert both.run().writes == ()


def test_a_deleted_customer_is_not_created_again_from_its_counterpart(both: Any) -> None:
    there = both.inv.create("customers", number="C-7", name="Seven", type="company")
    both.run()
    [here] = both.erp.list("customers")
    both.erp.delete("customers", here["id"])
    both.run()
    both.inv.change("customers", there["id"], name="Still there")
    assert (both.run().writes, both.erp.list("customers")) == ((), [])
