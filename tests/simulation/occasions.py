"""What people do only in settings that ask for it; the deeds of every day are in `people`."""

from __future__ import annotations

from garbling import MARK
from latest import DIALLED
from network import Person
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


def erp_register(office: Office, which: int, what: int) -> None:
    """A customer with a tax id and an address, each of which other records may have, too."""
    body = {"number": f"M-{which}", "name": of(NAMES, what), "email": f"{what % 4}@m.example"}
    office.erp.call("POST", "/customers", body | {"organisationNumber": f"99988800{what // 4 % 4}"})


def inv_register(office: Office, which: int, what: int) -> None:
    """A company whose number is left to Invoiced."""
    body = {"type": "company", "name": of(NAMES, what).strip(), "email": f"{what % 4}@m.example"}
    office.inv.call("POST", "/customers", body | {"tax_id": f"99988800{what // 4 % 4}"})


def erp_edit_every_customer(office: Office, which: int, what: int) -> None:
    for number, _ in enumerate(office.erp.list("customers")):
        erp_edit_customer(office, number, 7 * (what // 3 + number) + what % 3)


def erp_misenter(office: Office, which: int, what: int) -> None:
    """What Customerp takes and Invoiced refuses: an address without a domain, a name that is too long in bytes."""
    found = chosen(office.erp.list("customers"), which)
    if found is not None:
        odd = of(({"email": f"{what}@intern"}, {"name": f"{what} " + "ø" * 200}), what)
        office.erp.call("PATCH", f"/customers/{found['id']}", odd)


def erp_misenter_new(office: Office, which: int, what: int) -> None:
    """A customer whom Invoiced refuses."""
    office.erp.call("POST", "/customers", {"number": f"N-{which}", "name": of(NAMES, what), "email": f"{what}@intern"})


def inv_misenter(office: Office, which: int, what: int) -> None:
    """What Invoiced takes and Customerp refuses: a phone number that is too long."""
    found = chosen(office.inv.list("customers"), which)
    if found is not None:
        office.inv.call("PATCH", f"/customers/{found['id']}", {"phone": f"+{what} " + "7" * 70})


def _garbling(side: str) -> Deed:
    """Spoils a customer, or mends all that are spoilt."""

    def deed(office: Office, which: int, what: int) -> None:
        person: Person = getattr(office, side)
        if what:
            found = chosen(person.list("customers"), which)
            if found is not None:
                person.call("PATCH", f"/customers/{found['id']}", {"phone": MARK})
            return
        for each in person.list("customers"):
            if each["phone"] == MARK:
                person.call("PATCH", f"/customers/{each['id']}", {"phone": None})

    return deed


def _dialling(side: str) -> Deed:
    """Enters a phone number that nobody has entered before."""

    def deed(office: Office, which: int, what: int) -> None:
        person: Person = getattr(office, side)
        found = chosen(person.list("customers"), which)
        if found is not None:
            person.call("PATCH", f"/customers/{found['id']}", {"phone": f"{DIALLED}{what}"})

    return deed


def _tagging(side: str) -> Deed:
    """Adds a word that nobody has used yet, or removes one."""

    def deed(office: Office, which: int, what: int) -> None:
        person: Person = getattr(office, side)
        found = chosen(person.list("customers"), which)
        if found is not None:
            kept = found["tags"][1:] if what % 3 == 0 else [*found["tags"], f"{side}-{what}"]
            person.call("PATCH", f"/customers/{found['id']}", {"tags": kept})

    return deed


OCCASIONS: dict[str, Deed] = {
    "erp takes over a branch": erp_branch,
    "erp deletes a branch": erp_close_branch,
    "erp edits every customer": erp_edit_every_customer,
    "erp words an order": erp_word,
    "invoiced words an invoice": inv_word,
    "erp spoils a customer, or mends all": _garbling("erp"),
    "invoiced spoils a company, or mends all": _garbling("inv"),
    "erp dials another number": _dialling("erp"),
    "invoiced dials another number": _dialling("inv"),
    "erp tags a customer": _tagging("erp"),
    "invoiced tags a customer": _tagging("inv"),
    "erp enters a customer": erp_enter,
    "invoiced enters a company": inv_enter,
    "erp registers a customer": erp_register,
    "invoiced registers a company": inv_register,
    "erp edits a customer in a way that Invoiced refuses": erp_misenter,
    "erp enters a customer whom Invoiced refuses": erp_misenter_new,
    "invoiced edits a customer in a way that Customerp refuses": inv_misenter,
}
