"""The Customerp emulator: either profile of the contract an ERP must offer to be synchronised."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Literal

from counterpart.emulators import customerp_http as http
from counterpart.emulators.clock import Clock
from counterpart.emulators.customerp_rules import checked
from counterpart.emulators.customerp_store import KINDS, MINIMAL, Collection, Kind, State, position
from counterpart.emulators.emulator import Emulator
from counterpart.emulators.errors import CustomerpError, UnusableSnapshot
from counterpart.emulators.faults import Faults
from counterpart.emulators.jsontext import encode
from counterpart.emulators.outbox import Pending
from counterpart.emulators.router import Router
from counterpart.emulators.snapshot import dump, load
from counterpart.emulators.table import Row
from counterpart.emulators.wire import Delivery, Request, Response

CUSTOMERP_TOKEN = "emulator-token-for-customerp"  # noqa: S105 - publicly fake, opens nothing
FEATURES = ("etag", "changes", "cursor", "idempotency-key", "milliseconds", "external-ref")

Profile = Literal["full", "minimal"]

_IDEMPOTENCY_SECONDS = 24 * 3600
_MINUTE = 60

_FAILURES = {
    401: ("unauthorized", "Unauthorized"),
    413: ("too-large", "Too large"),
    429: ("too-many-requests", "Too many requests"),
    500: ("internal", "Internal error"),
}

_REALM = ("WWW-Authenticate", 'Bearer realm="Customerp"')

_Handler = Callable[["Customerp", Request, tuple[str, ...]], Response]


class Customerp(Emulator):
    """An ERP with customers, products and orders, answering requests below HTTP.

    The minimal profile lists by page, reads, creates and changes, with stamps of whole seconds, and nothing else.
    `calls_a_minute` bounds the calls in each minute of the clock; beyond, 429 with Retry-After.
    """

    largest_body = http.LARGEST_BODY

    def __init__(
        self,
        clock: Clock,
        *,
        base_url: str = "https://customerp.emulator.example",
        token: str = CUSTOMERP_TOKEN,
        profile: Profile = "full",
        seed: int = 0,
        calls_a_minute: int | None = None,
    ) -> None:
        if profile not in ("full", "minimal"):
            raise ValueError(f"The Customerp emulator offers the profiles 'full' and 'minimal', not {profile!r}.")
        self.clock, self.base_url, self.token, self.profile = clock, base_url, token, profile
        self.authorization = f"Bearer {token}"
        self.calls_a_minute = calls_a_minute
        self.faults = Faults()
        self.subscription: tuple[str, str] | None = None
        self._full = profile == "full"
        self._kinds = KINDS if self._full else MINIMAL
        self._routes = _FULL_ROUTES if self._full else _MINIMAL_ROUTES
        self._minute = (0, 0)
        self._lock = threading.Lock()
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Forget every record; ids start again from 1, whatever the seed."""
        self.seed = seed
        self._state = State({path: Collection(kind) for path, kind in self._kinds.items()})

    @property
    def held(self) -> dict[str, int]:
        """How many records of each kind there are."""
        return {path: len(collection) for path, collection in self._state.collections.items()}

    def subscribe(self, url: str, secret: str) -> None:
        """Tell an address of every change from now on, signed with the secret; the ERP's administrator sets this up."""
        if not self._full:
            raise ValueError("The minimal profile has no webhooks.")
        self.subscription = (url, secret)

    def snapshot(self) -> object:
        """Everything the ERP remembers, as a JSON value."""
        with self._lock:
            return {"profile": self.profile, "state": dump(self._state)}

    def restore(self, snapshot: object) -> None:
        """Remember what a snapshot holds and nothing else; raises UnusableSnapshot."""
        if not isinstance(snapshot, dict) or snapshot.get("profile") != self.profile:
            raise UnusableSnapshot(f"it is not one of Customerp with the profile {self.profile}")
        state = load(snapshot.get("state"), State)
        if state.collections.keys() != self._state.collections.keys():
            raise UnusableSnapshot("its records are not those of Customerp")
        for path, collection in state.collections.items():
            collection.kind = self._kinds[path]
        with self._lock:
            self._state = state

    def handle(self, request: Request) -> Response:
        """Answer one request; everything the caller may do wrong is answered with a problem body."""
        with self._lock:
            try:
                return self._dated(self._answer(request))
            except CustomerpError as refusal:
                return self._dated(http.problem(refusal))

    def failure(self, status: int) -> Response:
        slug, title = _FAILURES[status]
        headers = {401: [_REALM], 429: [("Retry-After", "1")]}.get(status, [])
        return self._dated(http.problem(CustomerpError(status, slug, title, f"{title}.", headers=headers)))

    def due(self) -> list[Delivery]:
        with self._lock:
            now = self.clock.seconds()
            return [
                Delivery(call.id, call.name, call.url, http.signed(call.body, call.secret, now), call.body)
                for call in self._state.outbox.due(now)
            ]

    def settle(self, delivery: Delivery, status: int | None) -> None:
        with self._lock:
            self._state.outbox.settle(delivery.id, status, self.clock.seconds())

    def _answer(self, request: Request) -> Response:
        self._authenticate(request)
        if self.calls_a_minute is not None:
            self._ration(self.calls_a_minute)
        found = self._routes.find(request.path)
        if found is None:
            raise CustomerpError(404, "not-found", "Not found", f"There is nothing at {request.path[:200]}.")
        methods, arguments = found
        handler = methods.get(request.method)
        if handler is None:
            raise CustomerpError(
                405,
                "method-not-allowed",
                "Method not allowed",
                f"{request.path[:200]} does not answer {request.method}.",
                headers=[("Allow", ", ".join(sorted(methods)))],
            )
        return handler(self, request, arguments)

    def _authenticate(self, request: Request) -> None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        # Bytes, because compare_digest refuses text beyond ASCII.
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), self.token.encode()):
            raise CustomerpError(
                401,
                "unauthorized",
                "Unauthorized",
                "Send the API token as `Authorization: Bearer <token>`.",
                headers=[_REALM],
            )

    def _ration(self, most: int) -> None:
        now = self.clock.seconds()
        minute, calls = self._minute
        calls = calls + 1 if minute == now // _MINUTE else 1
        self._minute = (now // _MINUTE, calls)
        if calls > most:
            raise CustomerpError(
                429,
                *_FAILURES[429],
                f"This API answers {most} calls a minute; try again later.",
                headers=[("Retry-After", str(_MINUTE - now % _MINUTE))],
            )

    def _dated(self, response: Response) -> Response:
        date = ("Date", self.clock.http_date())
        return Response(response.status, (date, *response.headers), response.body)

    def list_(self, request: Request, arguments: tuple[str, ...]) -> Response:
        collection = self._state.collections[arguments[0]]
        query = http.query(request, ("limit", "cursor", *collection.kind.filters))
        limit = http.limit(query)
        after = http.position(query["cursor"]) if "cursor" in query else 0
        wanted = {name: query[name] for name in collection.kind.filters if name in query}
        rows = list(islice(collection.matching(wanted, after), limit + 1))
        cursor = http.cursor(position(rows[limit - 1])) if len(rows) > limit else None
        return http.json(200, {"data": rows[:limit], "nextCursor": cursor})

    def page(self, request: Request, arguments: tuple[str, ...]) -> Response:
        """The minimal profile's list: counted pages, which shift when records come or go."""
        collection = self._state.collections[arguments[0]]
        query = http.query(request, ("limit", "page", *collection.kind.filters))
        limit = http.limit(query)
        start = (http.integer(query, "page", 1, 1, 10**9) - 1) * limit
        wanted = {name: query[name] for name in collection.kind.filters if name in query}
        rows = list(islice(collection.matching(wanted, 0), start, start + limit + 1))
        return http.json(200, {"data": [http.plain(row) for row in rows[:limit]], "more": len(rows) > limit})

    def read(self, request: Request, arguments: tuple[str, ...]) -> Response:
        http.query(request, ())
        _, row = self._found(arguments)
        return self._record(200, row)

    def changes(self, request: Request, arguments: tuple[str, ...]) -> Response:
        query = http.query(request, ("since", "limit"))
        limit = http.limit(query)
        since = http.integer(query, "since", 0, 0, 2**53 - 1)
        changes = self._state.changes[since : since + limit]
        reached = changes[-1]["sequence"] if changes else since
        more = reached < len(self._state.changes)
        return http.json(200, {"changes": changes, "next": reached, "more": more})

    def capabilities(self, request: Request, arguments: tuple[str, ...]) -> Response:
        http.query(request, ())
        return http.json(200, {"profile": self.profile, "features": list(FEATURES if self._full else ())})

    def create(self, request: Request, arguments: tuple[str, ...]) -> Response:
        http.query(request, ())
        return self._once(request, lambda: self._create(request, arguments[0]))

    def _once(self, request: Request, act: Callable[[], Response]) -> Response:
        """The first answer given under the request's key within a day."""
        key = http.idempotency_key(request) if self._full else None
        if key is None:
            return act()
        now = self.clock.seconds()
        replies = self._state.replies
        while replies and replies[oldest := next(iter(replies))][0] <= now:  # they stand in order of expiry
            del replies[oldest]
        scope = (key, request.method, request.path)
        digest = hashlib.sha256(request.body).digest()
        if scope in replies:
            _, known, reply = replies[scope]
            if known != digest:
                raise CustomerpError(
                    422,
                    "idempotency-key-reused",
                    "Idempotency key reused",
                    "This Idempotency-Key was used for a request with another body; use a new key.",
                )
            return reply
        # Refusals are not kept: they changed nothing, and the caller may put right what caused them.
        response = act()
        replies[scope] = (now + _IDEMPOTENCY_SECONDS, digest, response)
        return response

    def _create(self, request: Request, path: str) -> Response:
        collection = self._state.collections[path]
        row = checked(self._state, path, http.body(request), None)
        now = self._stamp()
        row |= {"id": collection.next_id, "version": 1, "createdAt": now, "updatedAt": now}
        self._state.number_lines(row)
        collection.add(row)
        self._log(collection.kind, row, "created")
        return self._record(201, row, [("Location", f"{self.base_url}/{path}/{row['id']}")])

    def change(self, request: Request, arguments: tuple[str, ...]) -> Response:
        http.query(request, ())
        return self._once(request, lambda: self._change(request, arguments))

    def _change(self, request: Request, arguments: tuple[str, ...]) -> Response:
        collection, row = self._found(arguments)
        if self._full:
            http.precondition(request, row)
        changed = row | checked(self._state, arguments[0], http.body(request), row)
        if changed != row:
            changed |= {"version": row["version"] + 1, "updatedAt": self._stamp()}
            self._state.number_lines(changed)
            collection.replace(row, changed)
            self._log(collection.kind, changed, "changed")
        return self._record(200, changed)

    def delete(self, request: Request, arguments: tuple[str, ...]) -> Response:
        http.query(request, ())
        collection, row = self._found(arguments)
        http.precondition(request, row)
        if self._state.in_use(row["id"]):
            raise CustomerpError(
                409,
                "in-use",
                "In use",
                f"Orders refer to the {collection.kind.name} {row['id']}; it cannot be deleted.",
            )
        collection.remove(row)
        self._state.lines_given.pop(row["id"], None)
        self._log(collection.kind, row | {"version": row["version"] + 1}, "deleted")
        return Response(204, (), b"")

    def _found(self, arguments: tuple[str, ...]) -> tuple[Collection, Row]:
        path, id_ = arguments
        collection = self._state.collections[path]
        row = collection.get(id_)
        if row is None:
            raise CustomerpError(404, "not-found", "Not found", f"There is no {collection.kind.name} {id_[:80]}.")
        return collection, row

    def _log(self, kind: Kind, row: Row, operation: str) -> None:
        changes = self._state.changes
        change = {
            "sequence": len(changes) + 1,
            "type": kind.name,
            "id": row["id"],
            "version": row["version"],
            "operation": operation,
            "changedAt": self._stamp(),
        }
        name = f"{kind.name}.{operation}"
        if self.faults.event("event-lost", name):
            return
        changes.append(change)
        if self.subscription is not None:
            url, secret = self.subscription
            body = encode(change).encode()
            self._state.outbox.add(Pending(len(changes), name, url, body, secret, self.clock.seconds()))

    def _record(self, status: int, row: Row, headers: Sequence[tuple[str, str]] = ()) -> Response:
        return http.record(status, row, headers) if self._full else http.json(status, http.plain(row), headers)

    def _stamp(self) -> str:
        now = self.clock.now()
        return http.timestamp(now) if self._full else http.whole_seconds(now)


def _for(path: str, handler: _Handler) -> _Handler:
    """A handler bound to one collection, whose path becomes its first argument."""
    return lambda emulator, request, arguments: handler(emulator, request, (path, *arguments))


_COMMON: tuple[tuple[str, str, _Handler], ...] = (
    ("GET", "/capabilities", Customerp.capabilities),
    *(("POST", f"/{path}", _for(path, Customerp.create)) for path in KINDS),
    *(("GET", f"/{path}/{{id}}", _for(path, Customerp.read)) for path in KINDS),
    *(("PATCH", f"/{path}/{{id}}", _for(path, Customerp.change)) for path in KINDS),
)
_FULL_ROUTES: Router[_Handler] = Router(
    [
        *_COMMON,
        ("GET", "/changes", Customerp.changes),
        *(("GET", f"/{path}", _for(path, Customerp.list_)) for path in KINDS),
        *(("DELETE", f"/{path}/{{id}}", _for(path, Customerp.delete)) for path in KINDS),
    ]
)
_MINIMAL_ROUTES: Router[_Handler] = Router(
    [*_COMMON, *(("GET", f"/{path}", _for(path, Customerp.page)) for path in KINDS)]
)
