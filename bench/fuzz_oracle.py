"""Fifteen bugs seeded into the emulators: which of them schemathesis finds alone, and which with our reference checks.

Both columns come from the same generated requests; the reference checks read the API as any client could (listings
before and after a call, the record itself, the arithmetic that the contract states) and know nothing of the bugs. The
clean build must pass both.

    python bench/fuzz_oracle.py [--examples 12] [--only "filter ignored"]
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl

import hypothesis
import requests
import schemathesis
from schemathesis.core.failures import Failure, FailureGroup

from counterpart.emulators import Clock, Customerp, Invoiced, Request, Response, Server, seed_data
from counterpart.emulators.codes import decimals

ROOT = Path(__file__).parents[1]
Bug = Callable[[Any, Request], Response]


def _conformance() -> Any:
    """The conformance tests, whose exclusions and client are used: what is seeded here is to be found there."""
    spec = importlib.util.spec_from_file_location("conformance", ROOT / "tests/contracts/test_conformance.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["conformance"] = module
    spec.loader.exec_module(module)
    return module


# The bugs: each takes the sound emulator and a request, and answers in its place.


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


# The reference checks.

World = dict[str, dict[str, Any]]


@dataclass
class Reference:
    """What must hold of the records before and after each call, whatever the call was."""

    side: Any
    world: World = field(default_factory=dict)

    CLOSED: ClassVar = {"customerp": {"/customers", "/products", "/orders"}, "invoiced": {"/items"}}
    PLAIN: ClassVar = {
        "customerp": {"number", "name", "phone", "sku", "unitPrice", "currency", "purchaseOrder", "notes", "status"},
        "invoiced": {"number", "name", "phone", "city", "state", "attention_to", "tax_id", "notes", "purchase_order"},
    }
    COLLECTIONS: ClassVar = {
        "customerp": ("customers", "products", "orders"),
        "invoiced": ("customers", "items", "invoices"),
    }

    def get(self, path: str) -> Any:
        """Read a path; None when it is not there."""
        answer = self.side.session.get(self.side.url + path, headers=self.side.headers)
        return json.loads(answer.content, parse_float=Decimal) if answer.status_code == 200 else None

    def look(self) -> World:
        """All records by path."""
        found: World = {}
        for collection in self.COLLECTIONS[self.side.name]:
            query = "limit=100" if self.side.name == "customerp" else "per_page=100"
            while True:
                page = self.get(f"/{collection}?{query}")
                rows = page["data"] if isinstance(page, dict) else page
                found |= {f"/{collection}/{row['id']}": row for row in rows or []}
                cursor = page.get("nextCursor") if isinstance(page, dict) else None
                if not cursor:
                    break
                query = f"limit=100&cursor={cursor}"
        return found

    def start(self) -> None:
        """Begin from the records that are there."""
        self.world = self.look()

    def judge(self, case: Any, response: Any) -> Iterator[str]:
        """What is wrong after a call."""
        request = response.request
        path, _, query = request.url.removeprefix(self.side.url).partition("?")
        before = self.world
        if request.method == "GET":
            if response.status_code == 200 and path.count("/") == 1:
                yield from self._listed(path, query, response, before)
            return
        if (
            request.method not in ("POST", "PATCH", "DELETE")
            or path.split("/")[1] not in self.COLLECTIONS[self.side.name]
        ):
            self.world = self.look()
            return
        self.world = after = self.look()
        if response.status_code >= 400:
            if after != before:
                yield "a refused call changed something"
            return
        own = "/".join(path.split("/")[:3])
        if path.count("/") == 1:
            own = f"{path}/{response.json()['id']}"
        elif path.endswith("/merge"):
            return
        for name, row in before.items():
            if name != own and after.get(name) != row:
                yield f"{request.method} {path} changed {name}"
        if request.method == "DELETE" and path.count("/") == 2:
            if own in after or (self.side.name == "customerp" and self.get(own) is not None):
                yield f"{own} is there after its deletion"
        elif path.count("/") <= 2:
            yield from self._stored(own, request, after)

    def _stored(self, own: str, request: Any, after: World) -> Iterator[str]:
        stored = self.get(own)
        listed = after.get(own)
        if stored is None:
            yield f"{own} cannot be read after it was written"
            return
        if listed is not None and listed != stored:
            yield f"{own} reads otherwise than it is listed"
        body = sent(Request(request.method, "", "", {}, request.body or b""))
        for name in self.PLAIN[self.side.name] & body.keys():
            value = body[name]
            if isinstance(value, str) and 0 < len(value) < 200 and stored.get(name) != value:
                yield f"{name} of {own} was sent as {value!r} and reads {stored.get(name)!r}"
        yield from self._sums(own, stored)
        if request.method == "PATCH":
            yield from self._kept(own, stored)
        else:
            yield from self._closed(own.rpartition("/")[0], body)

    def _kept(self, own: str, stored: Mapping[str, Any]) -> Iterator[str]:
        """A value of our own must be there after it was written, and the old one after that was written back."""
        if "phone" not in stored:
            return
        for value in ("+49 30 5550199", stored["phone"]):
            self.side.session.patch(self.side.url + own, json={"phone": value}, headers=self.side.headers)
            if (self.get(own) or {}).get("phone") != value:
                yield f"{own} does not keep the phone number {value!r}"
        self.world = self.look()

    def _closed(self, path: str, body: Mapping[str, Any]) -> Iterator[str]:
        """The same creation with another key and a misspelt property must be refused where bodies are closed."""
        key = next((name for name in ("number", "sku", "id") if name in body), None)
        if key is None or path not in self.CLOSED[self.side.name]:
            return
        misspelt = {name: value for name, value in body.items() if name != "externalRef"} | {key: "PROBE-1", "nmae": 1}
        answer = self.side.session.post(self.side.url + path, json=misspelt, headers=self.side.headers)
        if answer.status_code < 400:
            yield f"POST {path} takes a property that nobody knows"

    def _sums(self, own: str, stored: Mapping[str, Any]) -> Iterator[str]:
        lines = stored.get("lines", stored.get("items"))
        if lines is None:
            return
        unit = Decimal(1).scaleb(-decimals(stored["currency"]))
        total = Decimal(0)
        for line in lines:
            price = Decimal(str(line.get("unitPrice", line.get("unit_cost"))))
            amount = (Decimal(str(line["quantity"])) * price).quantize(unit, ROUND_HALF_UP)
            percent = Decimal(line.get("discountPercent") or 0)
            total += amount - (amount * percent / 100).quantize(unit, ROUND_HALF_UP)
            if line.get("discounts") or line.get("taxes"):
                return
        plain = not (stored.get("discounts") or stored.get("taxes"))
        # A larger total does not fit the JSON numbers of the one API.
        if plain and abs(total) < 10**12 and Decimal(str(stored["total"])) != total:
            yield f"the total of {own} is {stored['total']}, its lines make {total}"

    def _listed(self, path: str, query: str, response: Any, before: World) -> Iterator[str]:
        all_ = [row for name, row in before.items() if name.startswith(f"{path}/")]
        body = json.loads(response.content, parse_float=Decimal)
        if self.side.name == "invoiced":
            if path[1:] in self.COLLECTIONS["invoiced"]:
                plain = self.side.session.get(self.side.url + path, headers=self.side.headers)
                if int(plain.headers["X-Total-Count"]) != len(all_):
                    yield f"{path} counts {plain.headers['X-Total-Count']} of {len(all_)} records"
            return
        if not isinstance(body, dict) or "data" not in body:
            return
        wanted = dict(parse_qsl(query, keep_blank_values=True)) if query else {}
        for name in ("number", "sku", "externalRef", "customerId"):
            if name in wanted and any(row.get(name) != wanted[name] for row in body["data"]):
                yield f"{path} filtered by {name} shows others"


FILTERS = {
    "listCustomers": ("customers", ("number", "externalRef")),
    "listProducts": ("products", ("sku", "externalRef")),
    "listOrders": ("orders", ("customerId", "number")),
}


def aim(operation_id: str, case: Any, reference: Reference, turn: int) -> None:
    """Point every second request at a record that is there, which random ids and filters never hit."""
    if turn % 2:
        return
    paths = [path for path in reference.world if path.startswith(f"/{case.operation.path.split('/')[1]}/")]
    if not paths:
        return
    chosen = paths[turn // 2 % len(paths)]
    if case.path_parameters and "id" in case.path_parameters:
        case.path_parameters["id"] = chosen.rpartition("/")[2]
    elif reference.side.name == "customerp" and operation_id in FILTERS:
        _, names = FILTERS[operation_id]
        name = names[turn // 2 % len(names)]
        if reference.world[chosen].get(name) is not None:
            case.query = {name: reference.world[chosen][name]}


@dataclass
class Verdict:
    """What noticed a bug first, in each column."""

    schemathesis: str = ""
    reference: str = ""


def fuzzed(settings: Any, cases: Any, mode: Any, judged: Callable[..., Any]) -> None:
    """Judge generated cases of one operation."""

    @settings
    @hypothesis.given(case=cases)
    def fuzz(case: Any) -> None:
        judged(case, mode)

    fuzz()


def run(conformance: Any, system: str, bug: Bug | None, examples: int) -> Verdict:
    """Fuzz one system, operation by operation and along its links, until both columns have an answer."""
    clock = Clock(datetime(2026, 3, 1, 8, tzinfo=UTC))
    emulators: dict[str, Any] = {"invoiced": Invoiced(clock), "customerp": Customerp(clock)}
    seed_data(emulators["invoiced"], emulators["customerp"], seed=7, customers=4)
    inner = emulators[system]
    seeded = inner.snapshot()
    settings = hypothesis.settings(conformance.SETTINGS, max_examples=examples)
    verdict = Verdict()
    session = requests.Session()
    session.trust_env = False
    with Server({system: Buggy(inner, bug)}) as server, session:
        schema = schemathesis.openapi.from_dict(conformance.document(system), config=conformance.DECLARED_LINKS)
        side = conformance.Side(
            system, server.urls[system], {"Authorization": inner.authorization}, schema, session,
            lambda: inner.restore(seeded),
        )  # fmt: skip
        reference = Reference(side)
        turns = itertools.count()

        def judged(case: Any, mode: Any, recorder: Any = None) -> Any:
            operation_id = schema.get_operation_id(case.operation)
            if case.headers and "Idempotency-Key" in case.headers:
                case.headers["Idempotency-Key"] = f"key-{next(conformance._keys):08d}"
            if mode is schemathesis.GenerationMode.POSITIVE:
                aim(operation_id, case, reference, next(turns))
            response = case.call(base_url=side.url, session=session, headers=side.headers)
            if not verdict.schemathesis:
                try:
                    case.validate_response(
                        response,
                        excluded_checks=side.excluded(operation_id, case, mode),
                        transport_kwargs={"headers": side.headers, "session": session},
                        recorder=recorder,
                    )
                except (Failure, FailureGroup) as found:
                    first = found.exceptions[0] if isinstance(found, FailureGroup) else found
                    verdict.schemathesis = f"{operation_id}: {getattr(first, 'title', type(first).__name__)}"
            if not verdict.reference:
                wrong = next(reference.judge(case, response), "")
                verdict.reference = f"{operation_id}: {wrong}" if wrong else ""
            return response

        for name, operation_id in conformance.OPERATIONS:
            if name == system and not verdict.schemathesis:
                for mode in schemathesis.GenerationMode:
                    side.reset()
                    reference.start()
                    operation = schema.find_operation_by_id(operation_id)
                    fuzzed(settings, operation.as_strategy(generation_mode=mode), mode, judged)

        class Machine(schema.as_state_machine()):  # type: ignore[misc]
            def setup(self) -> None:
                super().setup()
                side.reset()
                reference.start()

            def call(self, case: Any, **_: Any) -> Any:
                return judged(case, None, self.recorder)

            def validate_response(self, response: Any, case: Any, additional_checks: Any = None, **_: Any) -> None:
                """Judged in `call` already."""

        if not verdict.schemathesis:
            Machine.run(settings=hypothesis.settings(settings, stateful_step_count=8))
    return verdict


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--examples", type=int, default=12)
    options.add_argument("--only", default="")
    given = options.parse_args()
    conformance = _conformance()
    alone = together = semantic = alarms = 0
    chosen = {name: bug for name, bug in BUGS.items() if given.only in name}
    print(f"{'seeded bug':<36}{'schemathesis alone':<52}with reference checks")
    for name, (system, bug) in chosen.items():
        began = time.monotonic()
        verdict = run(conformance, system, bug(), given.examples)
        alone += bool(verdict.schemathesis)
        semantic += bool(verdict.schemathesis) and name.startswith("semantic")
        together += bool(verdict.schemathesis or verdict.reference)
        found = verdict.reference or verdict.schemathesis or "NOT FOUND"
        print(f"{name:<36}{verdict.schemathesis[:50] or '-':<52}{found[:90]}  ({time.monotonic() - began:.0f} s)")
    for system in ("customerp", "invoiced"):
        verdict = run(conformance, system, None, given.examples)
        alarms += bool(verdict.schemathesis) + bool(verdict.reference)
        print(f"clean build, {system:<23}{verdict.schemathesis[:50] or 'nothing':<52}{verdict.reference or 'nothing'}")
    print(
        f"found: {alone} of {len(chosen)} by schemathesis alone ({semantic} of the semantic ones), "
        f"{together} of {len(chosen)} with the reference checks; false alarms on the clean build: {alarms}"
    )
    return 0 if together == len(chosen) and not alarms else 1


if __name__ == "__main__":
    sys.exit(main())
