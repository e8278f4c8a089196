"""The bugs: each takes the sound emulator and a request, and answers in its place."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from counterpart.emulators import Request, Response

Bug = Callable[[Any, Request], Response]


def edited(response: Response, edit: Callable[[Any], Any]) -> Response:
    """A response with another body."""
    body = json.loads(response.body, parse_float=Decimal)
    return replace(response, body=json.dumps(edit(body), default=float).encode())


def sent(request: Request) -> Any:
    """The body of a request, or an empty object."""
    try:
        body = json.loads(request.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def fails_on_null(inner: Any, request: Request) -> Response:
    if request.method == "PATCH" and request.path.startswith("/customers/") and sent(request).get("phone", 1) is None:
        return Response(500, (("Content-Type", "text/plain"),), b"NoneType has no attribute 'strip'")
    return inner.handle(request)


def loses_a_property(inner: Any, request: Request) -> Response:
    response = inner.handle(request)
    if request.method == "GET" and request.path.startswith("/orders/") and response.status == 200:
        return edited(response, lambda body: {key: body[key] for key in body if key != "total"})
    return response


def price_as_number(inner: Any, request: Request) -> Response:
    response = inner.handle(request)
    if request.path.startswith("/products/") and response.status == 200:
        return edited(response, lambda body: body | {"unitPrice": float(body["unitPrice"])})
    return response


def deletes_with_200(inner: Any, request: Request) -> Response:
    response = inner.handle(request)
    return replace(response, status=200) if request.method == "DELETE" and response.status == 204 else response


def html(inner: Any, request: Request) -> Response:
    response = inner.handle(request)
    if request.method == "GET" and request.path == "/items":
        headers = tuple((k, "text/html" if k == "Content-Type" else v) for k, v in response.headers)
        return replace(response, headers=headers)
    return response


def no_etag(inner: Any, request: Request) -> Response:
    response = inner.handle(request)
    if request.method == "GET":
        return replace(response, headers=tuple(pair for pair in response.headers if pair[0] != "ETag"))
    return response


def takes_unknown_properties(inner: Any, request: Request) -> Response:
    known = {"externalRef", "sku", "name", "description", "category", "unitPrice", "currency", "discontinued"}
    body = sent(request)
    if request.method == "POST" and request.path == "/products" and body:
        kept = {key: value for key, value in body.items() if key in known}
        return inner.handle(replace(request, body=json.dumps(kept).encode()))
    return inner.handle(request)


def forgets_to_authenticate(inner: Any, request: Request) -> Response:
    if request.method == "GET" and request.path == "/invoices":
        request = replace(request, headers={**request.headers, "authorization": inner.authorization})
    return inner.handle(request)


class KeepsTheDeleted:
    """A deleted record can still be read."""

    def __init__(self) -> None:
        self._rows: dict[str, Response] = {}

    def __call__(self, inner: Any, request: Request) -> Response:
        before = inner.handle(replace(request, method="GET", query="")) if request.method == "DELETE" else None
        response = inner.handle(request)
        if before is not None and before.status == 200 and response.status == 204:
            self._rows[request.path] = before
        if request.method == "GET" and response.status == 404:
            return self._rows.get(request.path, response)
        return response


def miscounts(inner: Any, request: Request) -> Response:
    response = inner.handle(request)
    headers = tuple((k, str(int(v) + 1) if k == "X-Total-Count" else v) for k, v in response.headers)
    return replace(response, headers=headers)


def echoes_only(inner: Any, request: Request) -> Response:
    if request.method != "PATCH" or not request.path.startswith("/customers/"):
        return inner.handle(request)
    before = inner.snapshot()
    response = inner.handle(request)
    inner.restore(before)
    return response


def ignores_a_filter(inner: Any, request: Request) -> Response:
    if request.method == "GET" and request.path == "/orders":
        pairs = [pair for pair in request.query.split("&") if not pair.startswith("customerId=")]
        request = replace(request, query="&".join(pairs))
    return inner.handle(request)


def changes_another_too(inner: Any, request: Request) -> Response:
    response = inner.handle(request)
    if request.method == "PATCH" and request.path.startswith("/customers/") and response.status == 200:
        other = "/customers/CU000001" if not request.path.endswith("CU000001") else "/customers/CU000002"
        body = json.dumps({"phone": f"+{json.loads(response.body)['version']}"}).encode()
        headers = {key: value for key, value in request.headers.items() if key != "if-match"}
        inner.handle(replace(request, path=other, body=body, headers=headers))
    return response


class LosesTheCreated:
    """Every second customer that is created cannot be found afterwards."""

    def __init__(self) -> None:
        self._lost: set[str] = set()
        self._created = itertools.count()

    def __call__(self, inner: Any, request: Request) -> Response:
        if request.path in self._lost:
            return inner.handle(replace(request, path="/customers/1"))
        response = inner.handle(request)
        created = request.method == "POST" and request.path == "/customers" and response.status == 201
        if created and next(self._created) % 2:
            self._lost.add(f"/customers/{json.loads(response.body)['id']}")
        return response


def rounds_money(inner: Any, request: Request) -> Response:
    body = sent(request)
    if request.path.startswith("/products") and isinstance(body.get("unitPrice"), str):
        try:
            body["unitPrice"] = f"{Decimal(body['unitPrice']):.2f}"
        except ArithmeticError:
            return inner.handle(request)
        return inner.handle(replace(request, body=json.dumps(body).encode()))
    return inner.handle(request)


BUGS: dict[str, tuple[str, Callable[[], Bug]]] = {
    "server error on null": ("customerp", lambda: fails_on_null),
    "property missing": ("customerp", lambda: loses_a_property),
    "decimal as number": ("customerp", lambda: price_as_number),
    "undocumented status": ("customerp", lambda: deletes_with_200),
    "wrong content type": ("invoiced", lambda: html),
    "header missing": ("customerp", lambda: no_etag),
    "unknown property taken": ("customerp", lambda: takes_unknown_properties),
    "authentication forgotten": ("invoiced", lambda: forgets_to_authenticate),
    "deleted still readable": ("customerp", KeepsTheDeleted),
    "total count off by one": ("invoiced", lambda: miscounts),
    "semantic: patch echoed, not stored": ("invoiced", lambda: echoes_only),
    "semantic: filter ignored": ("customerp", lambda: ignores_a_filter),
    "semantic: wrong record changed": ("customerp", lambda: changes_another_too),
    "semantic: created not retrievable": ("invoiced", LosesTheCreated),
    "semantic: money rounded": ("customerp", lambda: rounds_money),
}


class Buggy:
    """An emulator with a bug; nothing but its requests and answers can be seen."""

    def __init__(self, inner: Any, bug: Bug | None) -> None:
        self._inner, self._bug = inner, bug

    def handle(self, request: Request) -> Response:
        return self._inner.handle(request) if self._bug is None else self._bug(self._inner, request)
