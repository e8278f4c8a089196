"""The Invoiced emulator: authentication, idempotency, routing and error bodies around its resources."""

from __future__ import annotations

import base64
import random
import threading
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

from counterpart.emulators import invoiced_customers as customers
from counterpart.emulators import invoiced_invoices as invoices
from counterpart.emulators import invoiced_items as items
from counterpart.emulators import invoiced_payments as payments
from counterpart.emulators.clock import Clock
from counterpart.emulators.errors import InvoicedError, MalformedJson
from counterpart.emulators.invoiced_account import Account, Call, Reply, Settings, Switches
from counterpart.emulators.invoiced_rates import COUPONS, TAX_RATES
from counterpart.emulators.invoiced_values import nest, unknown_option
from counterpart.emulators.jsontext import decode, encode, encode_pretty
from counterpart.emulators.router import Router
from counterpart.emulators.wire import Request, Response

INVOICED_KEY = "EmulatorKeyForInvoiced0123456789"

_IDEMPOTENCY_SECONDS = 24 * 3600
_SHORTEST_KEY, _LONGEST_KEY = 6, 64
_LARGEST_BODY = 25_000_000
_MOST_PARAMETERS = 1000
_WRITE_OPTIONS = frozenset({"exclude", "expand", "include"})
_REALM = ("WWW-Authenticate", 'Basic realm="Invoiced"')

Handler = Callable[[Account, Call], Reply]


class Invoiced:
    """An Invoiced account answering requests below HTTP."""

    def __init__(
        self,
        clock: Clock,
        *,
        base_url: str = "https://invoiced.emulator.example",
        key: str = INVOICED_KEY,
        seed: int = 0,
        switches: Switches = Switches(),  # noqa: B008 - frozen
        settings: Settings = Settings(),  # noqa: B008 - frozen
    ) -> None:
        self.clock, self._base_url, self.key = clock, base_url, key
        self.switches, self.settings = switches, settings
        self.authorization = "Basic " + base64.b64encode(f"{key}:".encode()).decode("ascii")
        self._lock = threading.Lock()
        self.reset(seed)

    @property
    def base_url(self) -> str:
        """Where clients reach this API; links in answers begin with it."""
        return self._base_url

    @base_url.setter
    def base_url(self, url: str) -> None:
        self._base_url = self._account.base_url = url

    def reset(self, seed: int) -> None:
        """Forget every record and start the ids anew; the seed decides the ids that Invoiced draws at random."""
        self.seed = seed
        self._account = Account(
            self.clock,
            self._base_url,
            self.settings,
            self.switches,
            random.Random(seed),  # noqa: S311 - repeatable on purpose
        )

    def handle(self, request: Request) -> Response:
        """Answer one request; everything the caller may do wrong is answered with an error body."""
        with self._lock:
            if request.path == "/health" and request.method in {"GET", "HEAD"}:
                return self._response(request, Reply(200, {"status": "healthy"}))
            try:
                self._authenticate(request)
                key = self._idempotency_key(request)
            except InvoicedError as refusal:
                return self._response(request, _refused(refusal))
            if key is None:
                return self._response(request, self._answer(request))
            return self._answer_once(request, key)

    def _answer_once(self, request: Request, key: str) -> Response:
        """The first response given under a key within a day, whatever the method, path or body now are."""
        now = self.clock.seconds()
        replies = self._account.replies
        for oldest in list(islice(replies, 2)):  # in order of expiry; two a call outrun the growth
            if replies[oldest][0] <= now:
                del replies[oldest]
        if key not in replies:
            replies[key] = (now + _IDEMPOTENCY_SECONDS, self._response(request, self._answer(request)))
        return replies[key][1]

    def _answer(self, request: Request) -> Reply:
        account = self._account
        now = self.clock.seconds()
        invoices.age(account, now)
        before = dict(account.counters)
        try:
            handler, arguments = _route(request)
            pairs, query = _query(request)
            if request.method not in {"GET", "HEAD"}:
                _refuse_query(request, query)
            call = Call(request.path, arguments, pairs, query, _body(request), now)
            return handler(account, call)
        except InvoicedError as refusal:
            account.counters.update(before)  # as a rolled-back transaction leaves them
            return _refused(refusal)
        except MalformedJson as error:
            return Reply(400, {"message": str(error)})

    def _authenticate(self, request: Request) -> None:
        given = request.headers.get("authorization", "")
        if given == self.authorization:
            return
        scheme, _, credentials = given.partition(" ")
        if not given or scheme.lower() not in {"basic", "bearer"}:
            raise InvoicedError(
                "Missing API key! HINT: You can pass in your API key as the username parameter using HTTP Basic Auth.",
                status=401,
            )
        if scheme.lower() == "basic":
            user, password = _basic(credentials)
            # `key:` and `account-username:key` are both accepted.
            credentials = password or user
            if credentials == self.key:
                return
        raise InvoicedError(f"We could not authenticate you with the API Key: {_starred(credentials)}", status=401)

    def _idempotency_key(self, request: Request) -> str | None:
        key = request.headers.get("idempotency-key")
        if key is None:
            return None
        if request.method not in {"POST", "PATCH"}:
            raise InvoicedError(
                f"Unsupported method: {request.method}. Idempotency keys can only be used with POST and PATCH requests."
            )
        if len(key) < _SHORTEST_KEY:
            raise InvoicedError(f"Idempotency key is too short. Must be at least {_SHORTEST_KEY} characters long.")
        if len(key) > _LONGEST_KEY:
            raise InvoicedError(f"Idempotency key is too long. Must be no longer than {_LONGEST_KEY} characters.")
        return key

    def _response(self, request: Request, reply: Reply) -> Response:
        given = request.headers
        serial = f"{self._account.draw('request'):032x}"
        headers = (
            ("Date", self.clock.http_date()),
            ("Cache-Control", "no-cache, no-store"),
            _REALM,
            ("X-Request-Id", given.get("x-request-id", serial)),
            ("X-Correlation-Id", given.get("x-correlation-id", serial)),
            *reply.headers,
        )
        if reply.value is None:
            return Response(reply.status, headers, b"")
        if given.get("user-agent", "").startswith("curl"):
            text = encode_pretty(reply.value)
        else:
            text = encode(reply.value).replace("/", "\\/")  # as PHP writes JSON; a slash stands only in strings
        return Response(reply.status, (("Content-Type", "application/json"), *headers), text.encode())


def _refused(refusal: InvoicedError) -> Reply:
    kind = "api_error" if refusal.status >= 500 else "invalid_request"
    value = {"type": kind, "message": refusal.message}
    headers = (("Allow", refusal.allow),) if refusal.allow else ()
    return Reply(refusal.status, value if refusal.param is None else value | {"param": refusal.param}, headers)


def _route(request: Request) -> tuple[Handler, tuple[str, ...]]:
    found = _ROUTES.find(request.path)
    if found is None:
        raise InvoicedError(f"Request was not recognized: {request.method} {request.path[:200]}", status=404)
    methods, arguments = found
    handler = methods.get("GET" if request.method == "HEAD" else request.method)
    if handler is None:
        message = f"Method not allowed: {request.method} {request.path[:200]}"
        raise InvoicedError(message, status=405, allow=", ".join(sorted(methods)))
    return handler, arguments


def _query(request: Request) -> tuple[tuple[tuple[str, str], ...], Mapping[str, Any]]:
    if not request.query:
        return (), {}
    try:
        pairs = parse_qsl(request.query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS, errors="strict")
    except ValueError:
        raise InvoicedError("The query cannot be read", "query") from None
    return tuple(pairs), nest(pairs)


def _refuse_query(request: Request, query: Mapping[str, Any]) -> None:
    """Writes know three query parameters, deletes none; only customers overlook others on POST and PATCH."""
    if request.method == "DELETE":
        known: frozenset[str] = frozenset()
    elif request.path.startswith("/customers"):
        return
    else:
        known = _WRITE_OPTIONS
    for name in query:
        if name not in known:
            raise unknown_option(name, known, "query")


def _body(request: Request) -> Mapping[str, Any]:
    """The attributes sent; none for an empty body, a JSON scalar or another content type."""
    if not request.body or request.method not in {"POST", "PATCH"}:
        return {}
    if len(request.body) > _LARGEST_BODY:
        raise InvoicedError(f"A request may have {_LARGEST_BODY} bytes", status=413)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/json":
        value = decode(request.body)
        return value if isinstance(value, dict) else {}
    if media_type == "application/x-www-form-urlencoded":
        try:
            return nest(
                parse_qsl(request.body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
            )
        except ValueError:
            raise InvoicedError("The form cannot be read", "request") from None
    return {}


def _starred(key: str) -> str:
    """A key with everything but its ends hidden."""
    return key[:3] + "*" * (len(key) - 6) + key[-3:] if len(key) > 6 else "*" * len(key)


def _basic(credentials: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(credentials, validate=True).decode("utf-8")
    except ValueError:
        return credentials, ""
    user, _, password = text.partition(":")
    return user, password


_ROUTES: Router[Handler] = Router(
    [
        ("GET", "/customers", customers.list_),
        ("POST", "/customers", customers.create),
        ("GET", "/customers/{id}", customers.retrieve),
        ("PATCH", "/customers/{id}", customers.change),
        ("DELETE", "/customers/{id}", customers.delete),
        # The second path is a legacy alias.
        *(
            (method, f"{path}{tail}", handler)
            for path in ("/items", "/catalog_items")
            for method, tail, handler in (
                ("GET", "", items.list_),
                ("POST", "", items.create),
                ("GET", "/{id}", items.retrieve),
                ("PATCH", "/{id}", items.change),
                ("DELETE", "/{id}", items.delete),
            )
        ),
        ("GET", "/invoices", invoices.list_),
        ("POST", "/invoices", invoices.create),
        ("GET", "/invoices/{id}", invoices.retrieve),
        ("PATCH", "/invoices/{id}", invoices.change),
        ("DELETE", "/invoices/{id}", invoices.delete),
        ("POST", "/invoices/{id}/void", invoices.void),
        *(
            route
            for path, rates in (("/coupons", COUPONS), ("/tax_rates", TAX_RATES))
            for route in (
                ("GET", path, rates.list_),
                ("POST", path, rates.create),
                ("GET", f"{path}/{{id}}", rates.retrieve),
                ("PATCH", f"{path}/{{id}}", rates.change),
                ("DELETE", f"{path}/{{id}}", rates.delete),
            )
        ),
        ("GET", "/payments", payments.list_),
        ("POST", "/payments", payments.create),
        ("GET", "/payments/{id}", payments.retrieve),
        ("DELETE", "/payments/{id}", payments.void),
    ]
)
