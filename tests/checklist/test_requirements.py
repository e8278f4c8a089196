"""Which requirements each kind of item has to show."""

from __future__ import annotations

from collections.abc import Callable

from counterpart.checklist import Checklist, derive, read
from counterpart.checklist.requirements import BY_KIND, requirements


def test_every_kind_of_item_has_requirements(checklist: Checklist, compose: Callable[..., str]) -> None:
    assert [item.short for item in checklist.items if not requirements(item)] == []
    assert {number for numbers in BY_KIND.values() for number in numbers} <= set(range(1, 77))


def test_what_a_related_record_or_a_missing_match_brings(compose: Callable[..., str]) -> None:
    related = (
        "Before any synchronization can take place, a link between a {source} and a {target} must be established.\n\n"
        "A new {target} will be created from a {source} if it is connected to a Acme Sale that is synchronized into "
        "Invoiced."
    )
    document = read(compose(("Acme Contact", "Invoiced Customers person", related, [])).encode())
    found = {item.short.partition("/")[2]: requirements(item) for item in derive(document)[1]}
    assert found["create/sale"] == (20, 22, 69)
    assert found["not-created"] == (5, 22)
    assert found["link-stable"] == (15, 28, 29)
