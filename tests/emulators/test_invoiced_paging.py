"""Long lists of the Invoiced emulator: cursors, counted totals, and the rule about deep pages."""

from __future__ import annotations

from typing import Any

import pytest

DEEP = {
    "type": "invalid_request",
    "message": "You must retrieve all preceding page numbers before retrieving this page.",
}


def create(api: Any, count: int) -> None:
    for number in range(count):
        api.json("POST /customers", {"name": f"C{number}"})


def names(response: Any) -> list[str]:
    return [row["name"] for row in response.json()]


def test_a_deep_page_needs_the_pages_before_it(invoiced: Any) -> None:
    assert invoiced.call("GET /customers?page=101").json() == DEEP
    assert invoiced.call("GET /customers?page=100").json() == []
    assert invoiced.call("GET /customers?page=101&sort=updated_at asc").status_code == 200
    assert invoiced.call("GET /customers?page=101&sort=id asc").json() == DEEP


def test_a_walk_in_id_order_goes_on_behind_the_last_record_seen(invoiced: Any) -> None:
    create(invoiced, 5)
    assert names(invoiced.call("GET /customers?per_page=2&page=1")) == ["A", "C0"]
    invoiced.json("DELETE /customers/70001")
    assert names(invoiced.call("GET /customers?per_page=2&page=2")) == ["C1", "C2"]


def test_after_five_minutes_a_page_is_an_offset_again(invoiced: Any) -> None:
    create(invoiced, 5)
    invoiced.call("GET /customers?per_page=2&page=1")
    invoiced.json("DELETE /customers/70001")
    invoiced.clock.advance(300)
    assert names(invoiced.call("GET /customers?per_page=2&page=2")) == ["C2", "C3"]


def test_rows_shift_under_a_walk_sorted_by_time(invoiced: Any) -> None:
    create(invoiced, 3)
    url = "GET /customers?per_page=2&sort=updated_at asc&page={}"
    first = names(invoiced.call(url.format(1)))
    invoiced.clock.advance(1)
    invoiced.json("PATCH /customers/70001", {"phone": "1"})
    second = names(invoiced.call(url.format(2)))
    assert (first, second) == (["A", "C0"], ["C2", "A"])  # C1 was skipped


@pytest.mark.parametrize(("seconds", "total"), [(299, "1"), (300, "3")])
def test_later_pages_report_a_total_up_to_five_minutes_old(invoiced: Any, seconds: int, total: str) -> None:
    assert invoiced.call("GET /customers?per_page=1&page=1").headers["X-Total-Count"] == "1"
    create(invoiced, 2)
    invoiced.clock.advance(seconds)
    later = invoiced.call("GET /customers?per_page=1&page=2")
    assert later.headers["X-Total-Count"] == total
    assert ('rel="next"' in later.headers["Link"]) is (total == "3")
    assert invoiced.call("GET /customers?per_page=1&page=1").headers["X-Total-Count"] == "3"


def test_links_carry_the_query_and_resolved_defaults(invoiced: Any) -> None:
    create(invoiced, 2)
    link = invoiced.call("GET /customers?filter[active]=1&sort=name asc,id asc&per_page=1&page=2").headers["Link"]
    stem = (
        "https://invoiced.emulator.example/customers?filter%5Bactive%5D=1&sort=name+asc%2Cid+asc&paginate=offset"
        "&updated_before=0&updated_after=0&per_page=1&page="
    )
    assert link == (
        f'<{stem}2>; rel="self", <{stem}1>; rel="first", <{stem}1>; rel="previous", <{stem}3>; rel="next", '
        f'<{stem}3>; rel="last"'
    )
