"""Customerp as its contract states it, call by call."""

from __future__ import annotations

import json
from typing import Any

import pytest

from counterpart.emulators import Customerp

CUSTOMER = {"number": "K-1", "name": "Nordlicht Optik"}
PRODUCT = {"sku": "SITE-VISIT", "name": "Site visit", "unitPrice": "120.00", "currency": "EUR"}
ORDER = {
    "number": "SO-1",
    "customerId": "CU000001",
    "currency": "EUR",
    "orderDate": "2026-03-01",
    "lines": [{"productId": "PR000001", "quantity": "3", "unitPrice": "120.00", "discountPercent": "10"}],
}


@pytest.fixture
def minimal(customerp_like: Any) -> Any:
    return customerp_like(profile="minimal")


@pytest.fixture
def rationed(customerp_like: Any) -> Any:
    return customerp_like(calls_a_minute=2)


@pytest.fixture
def stocked(customerp: Any) -> Any:
    for path, body in (("customers", CUSTOMER), ("products", PRODUCT), ("orders", ORDER)):
        customerp.json(f"POST /{path}", body)
    return customerp


def test_a_record_shows_everything_it_has(customerp: Any) -> None:
    response = customerp.call("POST /customers", CUSTOMER | {"address": {"city": "Kiel"}, "email": ""})
    assert response.status_code == 201
    assert response.headers["Location"] == "https://customerp.emulator.example/customers/CU000001"
    assert response.headers["ETag"] == '"1"'
    assert response.json() == {
        "id": "CU000001",
        "version": 1,
        "externalRef": None,
        "number": "K-1",
        "name": "Nordlicht Optik",
        "email": None,
        "phone": None,
        "address": {
            "line1": None, "line2": None, "city": "Kiel", "region": None, "postalCode": None, "country": None,
        },
        "organisationNumber": None,
        "currency": None,
        "paymentTermsDays": None,
        "active": True,
        "createdAt": "2026-03-01T08:00:00.000Z",
        "updatedAt": "2026-03-01T08:00:00.000Z",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("request_", "body", "status", "slug", "pointers"),
    [
        ("POST /customers", {}, 422, "invalid", ["/number", "/name"]),
        ("POST /customers", CUSTOMER | {"nmae": "x", "id": "CU1"}, 422, "invalid", ["/nmae", "/id"]),
        ("POST /customers", CUSTOMER | {"number": "é" * 17}, 422, "invalid", ["/number"]),
        ("POST /customers", CUSTOMER | {"currency": "eur"}, 422, "invalid", ["/currency"]),
        ("POST /customers", CUSTOMER | {"address": {"country": "XX"}}, 422, "invalid", ["/address/country"]),
        ("POST /customers", CUSTOMER | {"address": {"a/b~": "x"}}, 422, "invalid", ["/address/a~1b~0"]),
        ("POST /customers", CUSTOMER | {"paymentTermsDays": True}, 422, "invalid", ["/paymentTermsDays"]),
        ("POST /customers", CUSTOMER | {"active": None}, 422, "invalid", ["/active"]),
        ("POST /customers", CUSTOMER, 409, "duplicate", ["/number"]),
        ("POST /products", PRODUCT | {"sku": "é"}, 422, "invalid", ["/sku"]),
        ("POST /products", PRODUCT | {"sku": "B2", "unitPrice": 1.5}, 422, "invalid", ["/unitPrice"]),
        ("POST /products", PRODUCT | {"sku": "B2", "unitPrice": "1e3"}, 422, "invalid", ["/unitPrice"]),
        ("POST /orders", ORDER | {"number": "2", "customerId": "CU000009"}, 422, "invalid", ["/customerId"]),
        ("POST /orders", ORDER | {"number": "2", "orderDate": "2026-02-30"}, 422, "invalid", ["/orderDate"]),
        ("POST /orders", ORDER | {"number": "2", "lines": [{"id": "L1"}]}, 422, "invalid", ["/lines/0/id"]),
        ("POST /orders", ORDER | {"number": "2", "lines": [{"quantity": "1"}]}, 422, "invalid", ["/lines/0/unitPrice"]),
        ("PATCH /orders/OR000001", {"lines": [{"id": "L9"}]}, 422, "invalid", ["/lines/0/id"]),
        ("PATCH /orders/OR000001", {"lines": [{"id": "L1"}, {"id": "L1"}]}, 422, "invalid", ["/lines/1/id"]),
        ("PATCH /orders/OR000001", {"total": "1"}, 422, "invalid", ["/total"]),
        ("PATCH /orders/OR000001", ["x"], 422, "invalid", [""]),
        ("GET /customers?colour=red", None, 400, "bad-request", []),
        ("GET /customers?limit=101", None, 400, "bad-request", []),
        ("GET /customers?cursor=x", None, 400, "bad-request", []),
        ("GET /customers/CU000002", None, 404, "not-found", []),
        ("GET /customers/CU0000001", None, 404, "not-found", []),
        ("PUT /customers", {}, 405, "method-not-allowed", []),
        ("DELETE /customers/CU000001", None, 409, "in-use", []),
        ("DELETE /products/PR000001", None, 409, "in-use", []),
    ],
)
def test_refuses(stocked: Any, request_: str, body: Any, status: int, slug: str, pointers: list[str]) -> None:
    response = stocked.call(request_, body)
    problem = response.json()
    assert response.headers["Content-Type"] == "application/problem+json"
    assert (response.status_code, problem["status"]) == (status, status)
    assert problem["type"] == f"https://customerp.example/problems/{slug}"
    assert [error["pointer"] for error in problem.get("errors", [])] == pointers


@pytest.mark.parametrize(
    ("headers", "content", "status", "slug"),
    [
        ({"Authorization": ""}, b"{}", 401, "unauthorized"),
        ({"Authorization": "Bearer wrong"}, b"{}", 401, "unauthorized"),
        ({"Authorization": "Basic eDp5"}, b"{}", 401, "unauthorized"),
        ({"Idempotency-Key": "a b"}, b"{}", 400, "bad-request"),
        ({"Idempotency-Key": "k" * 256}, b"{}", 400, "bad-request"),
        ({}, b"{", 400, "malformed-json"),
        ({}, b'{"name": NaN}', 400, "malformed-json"),
        ({}, b'{"name": "\\ud800"}', 400, "malformed-json"),
        ({}, b'{"name": 1e999999}', 400, "malformed-json"),
        ({}, b"[" * 100_000, 400, "malformed-json"),
        ({}, b"\xff", 400, "malformed-json"),
        ({"Content-Type": "text/plain"}, b"{}", 415, "unsupported-media-type"),
        ({}, b" " * 2_000_001, 413, "too-large"),
    ],
)
def test_refuses_what_it_cannot_read(
    customerp: Any, headers: dict[str, str], content: bytes, status: int, slug: str
) -> None:
    sent = {"Content-Type": "application/json"} | headers
    response = customerp.call("POST /customers", content=content, headers=sent)
    assert (response.status_code, response.json()["type"].rpartition("/")[2]) == (status, slug)


def test_a_patch_merges_and_one_that_changes_nothing_leaves_the_version(stocked: Any) -> None:
    stocked.clock.advance(1.5)
    first = stocked.json("PATCH /customers/CU000001", {"address": {"city": "Kiel"}, "phone": "1"})
    again = stocked.json("PATCH /customers/CU000001", {"address": {"city": "Kiel"}, "phone": "1"})
    cleared = stocked.json("PATCH /customers/CU000001", {"address": None, "phone": None})
    assert (first["version"], first["updatedAt"], first["address"]["city"]) == (2, "2026-03-01T08:00:01.500Z", "Kiel")
    assert again == first
    assert (cleared["version"], set(cleared["address"].values()), cleared["phone"]) == (3, {None}, None)


def test_an_overtaken_change_is_refused(stocked: Any) -> None:
    assert stocked.call("PATCH /customers/CU000001", {"name": "B"}, headers={"If-Match": '"1"'}).status_code == 200
    late = stocked.call("PATCH /customers/CU000001", {"name": "C"}, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["type"]) == (412, "https://customerp.example/problems/precondition-failed")
    assert stocked.json("GET /customers/CU000001")["name"] == "B"
    assert stocked.call("DELETE /orders/OR000001", headers={"If-Match": '"9"'}).status_code == 412
    assert stocked.call("DELETE /orders/OR000001", headers={"If-Match": "*"}).status_code == 204


def test_lines_keep_their_ids_and_ids_are_never_given_again(stocked: Any) -> None:
    order = stocked.json(
        "PATCH /orders/OR000001",
        {"lines": [{"quantity": "1", "unitPrice": "9.90", "description": "Freight"}, {"id": "L1", "quantity": "2.5"}]},
    )
    assert [(line["id"], line["quantity"], line["unitPrice"], line["discountPercent"]) for line in order["lines"]] == [
        ("L2", "1", "9.90", None),
        ("L1", "2.5", "120.00", "10"),
    ]
    assert order["total"] == "279.90"
    assert stocked.json("PATCH /orders/OR000001", {"lines": []})["total"] == "0.00"
    renewed = stocked.json("PATCH /orders/OR000001", {"lines": [{"quantity": "1", "unitPrice": "1"}]})
    assert [line["id"] for line in renewed["lines"]] == ["L3"]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (["confirmed", "cancelled"], True),
        (["cancelled"], True),
        (["confirmed", "draft"], False),
        (["cancelled", "confirmed"], False),
    ],
)
def test_an_order_goes_forward_only(stocked: Any, path: list[str], allowed: bool) -> None:
    answers = [stocked.call("PATCH /orders/OR000001", {"status": status}) for status in path]
    assert answers[-1].is_success is allowed
    assert allowed or answers[-1].json()["type"] == "https://customerp.example/problems/invalid-transition"


def test_an_idempotency_key_has_a_scope(customerp: Any) -> None:
    key = {"Idempotency-Key": "k"}
    first = customerp.call("POST /customers", CUSTOMER, headers=key)
    again = customerp.call("POST /customers", CUSTOMER, headers=key)
    other = customerp.call("POST /customers", CUSTOMER | {"number": "K-2"}, headers=key)
    elsewhere = customerp.call("POST /products", PRODUCT, headers=key)
    assert (again.status_code, again.content) == (201, first.content)
    assert (other.status_code, other.json()["type"].rpartition("/")[2]) == (422, "idempotency-key-reused")
    assert elsewhere.status_code == 201
    assert len(customerp.json("GET /customers")["data"]) == 1


def test_a_change_repeated_under_its_key_is_answered_as_before_and_changes_nothing(stocked: Any) -> None:
    once = {"Idempotency-Key": "k", "If-Match": '"1"'}
    first = stocked.call("PATCH /customers/CU000001", {"phone": "1"}, headers=once)
    stocked.json("PATCH /customers/CU000001", {"phone": None})
    again = stocked.call("PATCH /customers/CU000001", {"phone": "1"}, headers=once)
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert stocked.json("GET /customers/CU000001")["phone"] is None


def test_a_refused_create_does_not_stick_to_its_key(customerp: Any) -> None:
    key = {"Idempotency-Key": "k"}
    assert customerp.call("POST /orders", ORDER, headers=key).status_code == 422
    customerp.json("POST /customers", CUSTOMER)
    customerp.json("POST /products", PRODUCT)
    assert customerp.call("POST /orders", ORDER, headers=key).status_code == 201


def test_the_change_feed_is_in_order_and_keeps_tombstones(stocked: Any) -> None:
    stocked.json("PATCH /customers/CU000001", {"name": "B"})
    stocked.json("PATCH /customers/CU000001", {"name": "B"})
    stocked.json("DELETE /orders/OR000001")
    feed = stocked.json("GET /changes")
    assert [(c["sequence"], c["type"], c["id"], c["version"], c["operation"]) for c in feed["changes"]] == [
        (1, "customer", "CU000001", 1, "created"),
        (2, "product", "PR000001", 1, "created"),
        (3, "order", "OR000001", 1, "created"),
        (4, "customer", "CU000001", 2, "changed"),
        (5, "order", "OR000001", 2, "deleted"),
    ]
    assert (feed["next"], feed["more"]) == (5, False)
    page = stocked.json("GET /changes?since=1&limit=2")
    assert ([c["sequence"] for c in page["changes"]], page["next"], page["more"]) == ([2, 3], 3, True)
    assert stocked.json("GET /changes?since=99") == {"changes": [], "next": 99, "more": False}


def test_paging_is_stable_under_writes(customerp: Any) -> None:
    for number in range(5):
        customerp.json("POST /customers", {"number": f"K-{number}", "name": "X"})
    first = customerp.json("GET /customers?limit=2")
    customerp.json("DELETE /customers/CU000001")
    customerp.json("POST /customers", {"number": "K-5", "name": "X"})
    rest = customerp.json(f"GET /customers?limit=100&cursor={first['nextCursor']}")
    assert [row["id"] for row in first["data"]] == ["CU000001", "CU000002"]
    assert [row["id"] for row in rest["data"]] == ["CU000003", "CU000004", "CU000005", "CU000006"]
    assert rest["nextCursor"] is None


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("customers?number=K-1", ["CU000001"]),
        ("customers?number=k-1", []),
        ("customers?externalRef=x", []),
        ("products?sku=SITE-VISIT", ["PR000001"]),
        ("orders?number=SO-1&customerId=CU000001", ["OR000001"]),
        ("orders?customerId=CU000002", []),
    ],
)
def test_filters_are_exact(stocked: Any, query: str, ids: list[str]) -> None:
    assert [row["id"] for row in stocked.json(f"GET /{query}")["data"]] == ids


def test_a_changed_number_is_found_under_the_new_one_only(stocked: Any) -> None:
    stocked.json("PATCH /customers/CU000001", {"number": "K-9", "externalRef": "70001"})
    assert stocked.json("GET /customers?number=K-1")["data"] == []
    assert [row["id"] for row in stocked.json("GET /customers?externalRef=70001")["data"]] == ["CU000001"]
    assert stocked.call("POST /customers", CUSTOMER | {"externalRef": "70001"}).status_code == 409
    assert stocked.call("POST /customers", CUSTOMER).status_code == 201


def test_there_are_two_profiles(customerp: Any) -> None:
    assert customerp.json("GET /capabilities") == {
        "profile": "full",
        "features": ["etag", "changes", "cursor", "idempotency-key", "milliseconds", "external-ref"],
    }
    with pytest.raises(ValueError, match="offers the profiles 'full' and 'minimal', not 'other'"):
        Customerp(customerp.clock, profile=json.loads('"other"'))


def test_the_minimal_profile_reads_lists_by_page_creates_and_changes(minimal: Any) -> None:
    created = minimal.call("POST /customers", CUSTOMER, headers={"Idempotency-Key": "k"})
    assert (created.status_code, created.headers.get("ETag")) == (201, None)
    assert created.json() == {
        "id": "CU000001",
        "number": "K-1",
        "name": "Nordlicht Optik",
        "email": None,
        "phone": None,
        "address": dict.fromkeys(("line1", "line2", "city", "region", "postalCode", "country")),
        "organisationNumber": None,
        "currency": None,
        "paymentTermsDays": None,
        "active": True,
        "createdAt": "2026-03-01T08:00:00Z",
        "updatedAt": "2026-03-01T08:00:00Z",
    }
    minimal.clock.advance(1.9)
    changed = minimal.json("PATCH /customers/CU000001", {"phone": "1"}, headers={"If-Match": '"7"'})
    assert (changed["phone"], changed["updatedAt"]) == ("1", "2026-03-01T08:00:01Z")
    assert minimal.json("GET /customers/CU000001") == changed
    minimal.json("POST /customers", CUSTOMER | {"number": "K-2"})
    page = minimal.json("GET /customers?page=1&limit=1")
    assert page == {"data": [changed], "more": True}
    assert [row["number"] for row in minimal.json("GET /customers?page=2&limit=1")["data"]] == ["K-2"]
    assert minimal.json("GET /customers?page=9") == {"data": [], "more": False}
    assert [row["id"] for row in minimal.json("GET /customers?number=K-2")["data"]] == ["CU000002"]


@pytest.mark.parametrize(
    ("request_", "body", "status"),
    [
        ("GET /changes", None, 404),
        ("DELETE /customers/CU000001", None, 405),
        ("GET /customers?cursor=x", None, 400),
        ("GET /customers?externalRef=x", None, 400),
        ("POST /customers", CUSTOMER | {"externalRef": "x"}, 422),
    ],
)
def test_the_minimal_profile_has_none_of_the_rest(minimal: Any, request_: str, body: Any, status: int) -> None:
    assert minimal.json("GET /capabilities") == {"profile": "minimal", "features": []}
    assert minimal.call(request_, body).status_code == status
    with pytest.raises(ValueError, match="has no webhooks"):
        minimal.emulator.subscribe("http://127.0.0.1/", "s")


def test_calls_a_minute_are_rationed(rationed: Any) -> None:
    rationed.clock.advance(50)
    statuses = [rationed.call("GET /capabilities").status_code for _ in range(2)]
    refused = rationed.call("GET /capabilities")
    assert (statuses, refused.status_code) == ([200, 200], 429)
    assert (refused.headers["Retry-After"], refused.json()["type"].rpartition("/")[2]) == ("10", "too-many-requests")
    rationed.clock.advance(10)
    assert rationed.call("GET /capabilities").status_code == 200
