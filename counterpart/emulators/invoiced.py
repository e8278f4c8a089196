"""The Invoiced emulator: authentication, idempotency, routing and error bodies around its resources."""

from __future__ import annotations

import base64
import random
import threading
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from counterpart.emulators import invoiced_events as events
from counterpart.emulators import invoiced_invoices as invoices
from counterpart.emulators import invoiced_webhooks as webhooks
from counterpart.emulators.clock import Clock
from counterpart.emulators.emulator import Emulator
from counterpart.emulators.errors import InvoicedError, MalformedJson
from counterpart.emulators.faults import Faults
from counterpart.emulators.invoiced_account import Account, Call, Reply, Settings, Switches
from counterpart.emulators.invoiced_expansion import expanded
from counterpart.emulators.invoiced_routes import ROUTES, Handler
from counterpart.emulators.invoiced_traffic import Traffic
from counterpart.emulators.invoiced_values import nest, unknown_option
from counterpart.emulators.jsontext import decode, encode_escaped, encode_pretty
from counterpart.emulators.wire import Delivery, Request, Response

INVOICED_KEY = "EmulatorKeyForInvoiced0123456789"

_IDEMPOTENCY_SECONDS = 24 * 3600
_SHORTEST_KEY, _LONGEST_KEY = 6, 64
_LARGEST_BODY = 25_000_000
_MOST_PARAMETERS = 1000
_WRITE_OPTIONS = frozenset({"exclude", "expand", "include"})
_RATE_LIMIT = "rate_limit_error"
_REALM = ("WWW-Authenticate", 'Basic realm="Invoiced"')


class Invoiced(Emulator):
    """An Invoiced account answering requests below HTTP."""

    largest_body = _LARGEST_BODY

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
        self._clock, self._base_url, self.key = clock, base_url, key
        self.switches, self.settings = switches, settings
        self.authorization = "Basic " + base64.b64encode(f"{key}:".encode()).decode("ascii")
        self.faults = Faults()
        self.actor = events.API_KEY
        """Whom the log of events names: a program with the key, or above zero a member of the team."""
        self._lock = threading.Lock()
        self.reset(seed)

    @property
    def clock(self) -> Clock:
        """By what the account tells the time."""
        return self._clock

    @clock.setter
    def clock(self, clock: Clock) -> None:
        self._clock = self._account.clock = clock

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
        self._traffic = Traffic()
        self._account = Account(
            self.clock,
            self._base_url,
            self.settings,
            self.switches,
            random.Random(seed),  # noqa: S311 - repeatable on purpose
        )

    @property
    def held(self) -> dict[str, int]:
        """How many records of each kind there are, archived items among them."""
        account = self._account
        tables = {"customers": account.customers, "items": account.items.table, "invoices": account.invoices}
        return {kind: len(table) for kind, table in tables.items()}

    def snapshot(self) -> object:
        """Everything the account holds, as a JSON value."""
        with self._lock:
            return self._account.snapshot()

    def restore(self, snapshot: object) -> None:
        """Hold what a snapshot holds and nothing else; raises UnusableSnapshot."""
        with self._lock:
            self._account.restore(snapshot)

    def enter(self, request: Request) -> Response | None:
        """A place for a call with the key, while there is one; tokens of OAuth are not counted."""
        if request.headers.get("authorization") != self.authorization:
            return None
        with self._lock:
            most = self.settings.concurrent_calls
            if self._traffic.enter(request, most, self.clock.seconds()):
                return None
            return self._response(request, _refused(_too_many(most)))

    def leave(self, request: Request) -> None:
        """Only now, with its answer sent, does the call's idempotency key stand for that answer."""
        with self._lock:
            unsent = self._traffic.leave(request)
            if unsent is not None:
                self._keep(*unsent)

    def failure(self, status: int) -> Response:
        refusal = {
            401: InvoicedError(_unknown_key(self.key), status=401),
            413: _too_large(),
            429: _too_many(self.settings.concurrent_calls),
        }.get(status, InvoicedError("An internal error occurred", status=status))
        with self._lock:
            return self._response(Request("GET", "/", "", {}, b""), _refused(refusal))

    def due(self) -> list[Delivery]:
        with self._lock:
            now = self.clock.seconds()
            self._age(now)
            return webhooks.due(self._account, now)

    def settle(self, delivery: Delivery, status: int | None) -> None:
        with self._lock:
            webhooks.settle(self._account, delivery.id, status, self.clock.seconds())

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
        """The first response given under a key within a day, whatever the method, path or body now are.

        While that response is still on its way, another call under the key takes effect too.
        """
        now = self.clock.seconds()
        replies = self._account.replies
        while replies and replies[oldest := next(iter(replies))][0] <= now:  # they stand in order of expiry
            del replies[oldest]
        if key in replies:
            return replies[key][1]
        response = self._response(request, self._answer(request))
        if not self._traffic.hold(request, key, response):
            self._keep(key, response)
        return response

    def _keep(self, key: str, response: Response) -> None:
        replies = self._account.replies
        replies.pop(key, None)
        replies[key] = (self.clock.seconds() + _IDEMPOTENCY_SECONDS, response)

    def _answer(self, request: Request) -> Reply:
        account = self._account
        now = self.clock.seconds()
        self._age(now)
        before = account.drawn()
        try:
            handler, arguments = _route(request)
            pairs, query = _query(request)
            if request.method not in {"GET", "HEAD"}:
                _refuse_query(request, query)
            accept = request.headers.get("accept", "")
            call = Call(request.path, arguments, pairs, query, _body(request), now, accept)
            self._traffic.refuse_locked(request, now)
            reply = handler(account, call)
        except InvoicedError as refusal:
            account.roll_back(before)
            return _refused(refusal)
        except MalformedJson as error:
            return Reply(400, {"message": str(error)})
        if "expand" in query:
            reply = replace(reply, value=expanded(account, reply.value, query["expand"]))
        if account.touched:
            events.flush(account, now, self._loses, self.actor)
        return reply

    def _age(self, now: int) -> None:
        """What the service does by itself as time passes."""
        invoices.age(self._account, now)
        if self._account.touched:
            events.flush(self._account, now, self._loses, events.SYSTEM)

    def _loses(self, type_: str) -> bool:
        return self.faults.event("event-lost", type_)

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
        raise InvoicedError(_unknown_key(credentials), status=401)

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
        if isinstance(reply.value, bytes):
            return Response(reply.status, (("Content-Type", "application/pdf"), *headers), reply.value)
        if given.get("user-agent", "").startswith("curl"):
            text = encode_pretty(reply.value)
        else:
            text = encode_escaped(reply.value)
        return Response(reply.status, (("Content-Type", "application/json"), *headers), text.encode())


def _refused(refusal: InvoicedError) -> Reply:
    kind = "api_error" if refusal.status >= 500 else _RATE_LIMIT if refusal.status == 429 else "invalid_request"
    value = {"type": kind, "message": refusal.message}
    headers = (("Allow", refusal.allow),) if refusal.allow else ()
    return Reply(refusal.status, value if refusal.param is None else value | {"param": refusal.param}, headers)


def _route(request: Request) -> tuple[Handler, tuple[str, ...]]:
    found = ROUTES.find(request.path)
    if found is None:
        raise InvoicedError(f"Request was not recognized: {request.method} {request.path[:200]}", status=404)
    methods, arguments = found
    handler = methods.get("GET" if request.method == "HEAD" else request.method)
    if handler is None:
        message = f"Method not allowed: {request.method} {request.path[:200]}"
        raise InvoicedError(message, status=405, allow=", ".join(sorted(methods)))
    return handler, arguments


def _query(request: Request) -> tuple[tuple[tuple[str, str], ...], Mapping[str, Any]]:
    try:
        return _parsed(request.query) if request.query else ((), {})
    except ValueError:
        raise InvoicedError("The query cannot be read", "query") from None


@lru_cache(256)  # clients ask for the same again and again
def _parsed(query: str) -> tuple[tuple[tuple[str, str], ...], Mapping[str, Any]]:
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS, errors="strict")
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
        raise _too_large()
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


def _too_many(most: int) -> InvoicedError:
    message = f"Too many concurrent requests! You can only make {most} concurrent requests at a time."
    return InvoicedError(message, status=429)


def _too_large() -> InvoicedError:
    return InvoicedError(f"A request may have {_LARGEST_BODY} bytes", status=413)


def _unknown_key(key: str) -> str:
    return f"We could not authenticate you with the API Key: {_starred(key)}"


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
