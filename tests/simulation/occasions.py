"""What people do only in settings that ask for it; the deeds of every day are in `people`."""

from __future__ import annotations

from people import NAMES, Deed, Office, chosen, erp_edit_customer, of


def erp_branch(office: Office, which: int, what: int) -> None:
    """More customers at once than may be deleted at once."""
    for number in range(14):
        office.erp.call("POST", "/customers", {"number": f"B-{number}", "name": of(NAMES, what + number)})


def erp_close_branch(office: Office, which: int, what: int) -> None:
    for customer in office.erp.list("customers"):
        if customer["number"].startswith("B-"):
            office.erp.call("DELETE", f"/customers/{customer['id']}")


def erp_word(office: Office, which: int, what: int) -> None:
    """Words that nobody in Invoiced uses."""
    found = chosen(office.erp.list("orders"), which)
    if found is not None:
        office.erp.call("PATCH", f"/orders/{found['id']}", {"notes": f"Ours {what}"})


def inv_word(office: Office, which: int, what: int) -> None:
    """Words that nobody in Customerp uses."""
    found = chosen(office.inv.list("invoices"), which)
    if found is not None:
        office.inv.call("PATCH", f"/invoices/{found['id']}", {"notes": f"Theirs {what}"})


def erp_enter(office: Office, which: int, what: int) -> None:
    """A customer with one of few addresses, and no other key that anybody else has."""
    body = {"number": f"M-{which}", "name": of(NAMES, what), "email": f"{what % 5}@m.example"}
    office.erp.call("POST", "/customers", body)


def inv_enter(office: Office, which: int, what: int) -> None:
    """A company whose number is left to Invoiced."""
    body = {"type": "company", "name": of(NAMES, what).strip(), "email": f"{what % 5}@m.example"}
    office.inv.call("POST", "/customers", body)


def erp_edit_every_customer(office: Office, which: int, what: int) -> None:
    for number, _ in enumerate(office.erp.list("customers")):
        erp_edit_customer(office, number, 7 * (what // 3 + number) + what % 3)


OCCASIONS: dict[str, Deed] = {
    "erp takes over a branch": erp_branch,
    "erp deletes a branch": erp_close_branch,
    "erp edits every customer": erp_edit_every_customer,
    "erp words an order": erp_word,
    "invoiced words an invoice": inv_word,
    "erp enters a customer": erp_enter,
    "invoiced enters a company": inv_enter,
}
