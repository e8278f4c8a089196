"""Who plays in the scenarios of any checklist, without a line of code for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from counterpart.checklist import Checklist, Flow, Side
from counterpart.contract import Contract
from counterpart.drivers import CustomerpDriver, Driver, InvoicedDriver
from steps.cast import Cast, RecordType

ROOT = Path(__file__).parents[2]
CUSTOMER = RecordType("Customerp", "Customer", "customers", "number")
COMPANY = RecordType("Invoiced", "Customer", "customers", "number")
ITEM = RecordType("Invoiced", "Item", "items", "id")


@pytest.fixture
def cast() -> Cast:
    """The cast of a checklist in which customers become companies, and items too, and contacts come from nowhere."""
    shipped = Checklist.load(ROOT / "features" / "checklist.toml")
    flows = (
        Flow("contact-contact", Side("contact", "Tripletex", "Contact"), Side("contacts", "Invoiced", "Contact")),
        Flow("customer-company", Side("customer", "Customerp", "Customer"), Side("c", "Invoiced", "Customer")),
        Flow("customer-item", Side("customer", "Customerp", "Customer"), Side("items", "Invoiced", "Item")),
    )
    contract = Contract({"components": {"schemas": {}}}, "none")
    drivers: dict[str, Driver] = {
        each.system: each(httpx.Client(), contract) for each in (CustomerpDriver, InvoicedDriver)
    }
    return Cast(replace(shipped, flows=flows), drivers, "customer-item")


def test_the_flows_of_the_checklist_say_what_is_whose_counterpart(cast: Cast) -> None:
    assert [cast.type(text) for text in ("Customerp Customer", "Invoiced Customer")] == [CUSTOMER, COMPANY]
    assert cast.counterpart(COMPANY) == CUSTOMER
    # The scenario's own flow comes first where a record type goes to two.
    assert cast.counterpart(CUSTOMER) == ITEM
    assert [cast.is_source(each) for each in (CUSTOMER, ITEM)] == [True, False]
    assert cast.referred("Invoiced", "items.1.catalog_item") == ITEM


@pytest.mark.parametrize("text", ["Tripletex Contact", "Invoiced Contact", "Customerp Order"])
def test_what_no_flow_or_no_driver_knows_is_said(cast: Cast, text: str) -> None:
    with pytest.raises(LookupError, match="they have Customerp Customer, Invoiced Customer, Invoiced Item"):
        cast.type(text)
