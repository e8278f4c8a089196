"""The Customerp emulator: the full profile of the contract an ERP must offer to be synchronised."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Literal
from urllib.parse import parse_qsl

from counterpart.emulators.clock import Clock
from counterpart.emulators.customerp_records import (
    CUSTOMER,
    ORDER,
    PRODUCT,
    Fault,
    Field,
    merge,
    merge_address,
    merge_lines,
)
from counterpart.emulators.errors import CustomerpError, MalformedJson
from counterpart.emulators.jsontext import decode, encode
from counterpart.emulators.router import Router
from counterpart.emulators.table import Row, Table
from counterpart.emulators.totals import order_total
from counterpart.emulators.wire import Request, Response

CUSTOMERP_TOKEN = "emulator-token-for-customerp"  # noqa: S105 - publicly fake, opens nothing
PROBLEMS = "https://customerp.example/problems/"
FEATURES = ("etag", "changes", "cursor", "idempotency-key", "milliseconds", "external-ref")

_LARGEST_PAGE = 100
_LARGEST_BODY = 2_000_000
_IDEMPOTENCY_SECONDS = 24 * 3600
_TRANSITIONS = {"draft": {"confirmed", "cancelled"}, "confirmed": {"cancelled"}, "cancelled": set[str]()}


@dataclass(frozen=True, slots=True)
class Kind:
    """One record type: how it is named, checked, kept unique and found."""

    name: str
    prefix: str
    fields: Mapping[str, Field]
    nested: frozenset[str]
    unique: tuple[str, ...]
    filters: tuple[str, ...]


KINDS: dict[str, Kind] = {
    "customers": Kind(
        "customer",
        "CU",
        CUSTOMER,
        frozenset({"address"}),
        ("number", "externalRef"),
        ("number", "externalRef"),
    ),
    "products": Kind("product", "PR", PRODUCT, frozenset(), ("sku", "externalRef"), ("sku", "externalRef")),
    "orders": Kind(
        "order",
        "OR",
        ORDER,
        frozenset({"lines"}),
        ("number", "externalRef"),
        ("number", "customerId", "externalRef"),
    ),
}


@dataclass(slots=True)
class Collection:
    """The records of one kind, with an index over each unique property."""

    kind: Kind
    table: Table = field(default_factory=Table)
    index: dict[tuple[str, str], int] = field(default_factory=dict)

    def number_of(self, id_: str) -> int | None:
        """The row number behind a public id, or None."""
        digits = id_[2:]
        if id_[:2] != self.kind.prefix or not (6 <= len(digits) <= 12 and digits.isascii() and digits.isdigit()):
            return None
        number = int(digits)
        row = self.table.get(number)
        return number if row is not None and row["id"] == id_ else None


@dataclass(slots=True)
class State:
    """Everything the ERP remembers."""

    collections: dict[str, Collection]
    changes: list[Row] = field(default_factory=list)
    lines_given: dict[str, int] = field(default_factory=dict)
    replies: dict[tuple[str, str, str], tuple[int, bytes, Response]] = field(default_factory=dict)


_Handler = Callable[["Customerp", Request, tuple[str, ...]], Response]


class Customerp:
    """An ERP with customers, products and orders, answering requests below HTTP."""

    def __init__(
        self,
        clock: Clock,
        *,
        base_url: str = "https://customerp.emulator.example",
        token: str = CUSTOMERP_TOKEN,
        profile: Literal["full"] = "full",
        seed: int = 0,
    ) -> None:
        if profile != "full":
            raise ValueError(f"The Customerp emulator offers the profile 'full', not {profile!r}.")
        self.clock, self.base_url, self.token, self.profile = clock, base_url, token, profile
        self.authorization = f"Bearer {token}"
        self._lock = threading.Lock()
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Forget every record; ids start again from 1, whatever the seed."""
        self.seed = seed
        self._state = State({path: Collection(kind) for path, kind in KINDS.items()})

    def handle(self, request: Request) -> Response:
        """Answer one request; everything the caller may do wrong is answered with a problem body."""
        with self._lock:
            try:
                return self._dated(self._answer(request))
            except CustomerpError as refusal:
                return self._dated(_problem(refusal))

    def _answer(self, request: Request) -> Response:
        self._authenticate(request)
        found = _ROUTES.find(request.path)
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
                headers=[("WWW-Authenticate", 'Bearer realm="Customerp"')],
            )

    def _dated(self, response: Response) -> Response:
        date = ("Date", self.clock.http_date())
        return Response(response.status, (date, *response.headers), response.body)

    # Reading

    def list_(self, request: Request, arguments: tuple[str, ...]) -> Response:
        collection = self._state.collections[arguments[0]]
        query = _query(request, ("limit", "cursor", *collection.kind.filters))
        limit = _limit(query)
        after = _cursor_id(query["cursor"]) if "cursor" in query else 0
        wanted = {name: query[name] for name in collection.kind.filters if name in query}
        rows = list(islice(_matching(collection, wanted, after), limit + 1))
        cursor = _cursor(int(rows[limit - 1]["id"][2:])) if len(rows) > limit else None
        return _json(200, {"data": rows[:limit], "nextCursor": cursor})

    def read(self, request: Request, arguments: tuple[str, ...]) -> Response:
        _query(request, ())
        _, _, row = self._row(arguments)
        return _record(200, row)

    def changes(self, request: Request, arguments: tuple[str, ...]) -> Response:
        query = _query(request, ("since", "limit"))
        limit = _limit(query)
        since = _integer(query, "since", 0, 0, 2**53)
        changes = self._state.changes[since : since + limit]
        reached = changes[-1]["sequence"] if changes else since
        more = reached < len(self._state.changes)
        return _json(200, {"changes": changes, "next": reached, "more": more})

    def capabilities(self, request: Request, arguments: tuple[str, ...]) -> Response:
        _query(request, ())
        return _json(200, {"profile": self.profile, "features": list(FEATURES)})

    # Writing

    def create(self, request: Request, arguments: tuple[str, ...]) -> Response:
        _query(request, ())
        key = request.headers.get("idempotency-key")
        if key is None:
            return self._create(request, arguments[0])
        if not 1 <= len(key) <= 255:
            raise _bad_request("The Idempotency-Key must have 1 to 255 characters.")
        now = self.clock.seconds()
        replies = self._state.replies
        for scope in list(islice(replies, 2)):  # the oldest come first; two a call outrun the growth
            if replies[scope][0] <= now:
                del replies[scope]
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
        response = self._create(request, arguments[0])
        replies[scope] = (now + _IDEMPOTENCY_SECONDS, digest, response)
        return response

    def _create(self, request: Request, path: str) -> Response:
        collection = self._state.collections[path]
        row = self._checked(path, _body(request), None)
        id_ = f"{collection.kind.prefix}{collection.table.next_id:06d}"
        now = self._stamp()
        row |= {"id": id_, "version": 1, "createdAt": now, "updatedAt": now}
        self._number_lines(row)
        number = collection.table.add(row)
        _reindex(collection, None, row, number)
        self._note(collection.kind, row, "created")
        return _record(201, row, [("Location", f"{self.base_url}/{path}/{id_}")])

    def change(self, request: Request, arguments: tuple[str, ...]) -> Response:
        _query(request, ())
        collection, number, row = self._row(arguments)
        _precondition(request, row)
        changed = row | self._checked(arguments[0], _body(request), row)
        if changed != row:
            changed |= {"version": row["version"] + 1, "updatedAt": self._stamp()}
            self._number_lines(changed)
            collection.table.put(number, changed)
            _reindex(collection, row, changed, number)
            self._note(collection.kind, changed, "changed")
        return _record(200, changed)

    def delete(self, request: Request, arguments: tuple[str, ...]) -> Response:
        _query(request, ())
        collection, number, row = self._row(arguments)
        _precondition(request, row)
        if self._in_use(row["id"]):
            raise CustomerpError(
                409,
                "in-use",
                "In use",
                f"Orders refer to the {collection.kind.name} {row['id']}; it cannot be deleted.",
            )
        collection.table.remove(number)
        _reindex(collection, row, None, number)
        self._note(collection.kind, row | {"version": row["version"] + 1}, "deleted")
        return Response(204, (), b"")

    # What the handlers share

    def _row(self, arguments: tuple[str, ...]) -> tuple[Collection, int, Row]:
        path, id_ = arguments
        collection = self._state.collections[path]
        number = collection.number_of(id_)
        row = None if number is None else collection.table.get(number)
        if number is None or row is None:
            raise CustomerpError(404, "not-found", "Not found", f"There is no {collection.kind.name} {id_[:80]}.")
        return collection, number, row

    def _checked(self, path: str, body: Mapping[str, object], kept: Row | None) -> Row:
        """The writable part of a record after the body is merged in; raises every refusal a body can earn."""
        collection = self._state.collections[path]
        kind = collection.kind
        faults: list[Fault] = []
        row = merge(kind.fields, body, kept, faults, nested=kind.nested)
        if path == "customers":
            row["address"] = merge_address(body, kept, faults)
        elif path == "orders":
            kept_lines: list[Row] = [] if kept is None else kept["lines"]
            lines = merge_lines(body, kept_lines, faults)
            row["lines"] = kept_lines if lines is None else lines
            if not faults:
                faults += self._dangling(row)
        if faults:
            raise CustomerpError(
                422,
                "invalid",
                "Invalid record",
                f"The {kind.name} has {len(faults)} invalid properties.",
                errors=faults,
            )
        if path == "orders":
            if kept is not None and row["status"] not in {kept["status"], *_TRANSITIONS[kept["status"]]}:
                raise CustomerpError(
                    409,
                    "invalid-transition",
                    "Invalid transition",
                    f"An order that is {kept['status']} cannot become {row['status']}.",
                    errors=[("/status", f"is {kept['status']}")],
                )
            row["total"] = order_total(row["lines"], row["currency"])
        self._refuse_duplicates(collection, row, kept)
        return row

    def _dangling(self, order: Row) -> Iterator[Fault]:
        collections = self._state.collections
        if collections["customers"].number_of(order["customerId"]) is None:
            yield "/customerId", f"There is no customer {order['customerId']}"
        for at, line in enumerate(order["lines"]):
            product = line["productId"]
            if product is not None and collections["products"].number_of(product) is None:
                yield f"/lines/{at}/productId", f"There is no product {product}"

    def _refuse_duplicates(self, collection: Collection, row: Row, kept: Row | None) -> None:
        for name in collection.kind.unique:
            value = row[name]
            if value is None or (kept is not None and kept[name] == value):
                continue
            if (name, value) in collection.index:
                raise CustomerpError(
                    409,
                    "duplicate",
                    "Duplicate",
                    f"Another {collection.kind.name} already has the {name} {value}.",
                    errors=[(f"/{name}", "is taken")],
                )

    def _number_lines(self, row: Row) -> None:
        """Give new lines their ids; a line's id is never given again within its order."""
        if "lines" not in row:
            return
        given = self._state.lines_given.get(row["id"], 0)
        lines: list[Row] = []
        for line in row["lines"]:
            if "id" not in line:
                given += 1
                line = {"id": f"L{given}", **line}
            lines.append(line)
        row["lines"] = lines
        self._state.lines_given[row["id"]] = given

    def _in_use(self, id_: str) -> bool:
        if id_.startswith("OR"):
            return False
        orders = self._state.collections["orders"].table
        if id_.startswith("CU"):
            return any(order["customerId"] == id_ for order in orders)
        return any(line["productId"] == id_ for order in orders for line in order["lines"])

    def _note(self, kind: Kind, row: Row, operation: str) -> None:
        changes = self._state.changes
        changes.append(
            {
                "sequence": len(changes) + 1,
                "type": kind.name,
                "id": row["id"],
                "version": row["version"],
                "operation": operation,
                "changedAt": self._stamp(),
            }
        )

    def _stamp(self) -> str:
        return timestamp(self.clock.now())


def timestamp(instant: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, `2026-03-01T08:00:00.000Z`."""
    return f"{instant:%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03d}Z"


def _reindex(collection: Collection, before: Row | None, after: Row | None, number: int) -> None:
    for name in collection.kind.unique:
        if before is not None and before[name] is not None:
            collection.index.pop((name, before[name]), None)
    for name in collection.kind.unique:
        if after is not None and after[name] is not None:
            collection.index[(name, after[name])] = number


def _matching(collection: Collection, wanted: Mapping[str, str], after: int) -> Iterator[Row]:
    for name in collection.kind.unique:
        if name in wanted:
            number = collection.index.get((name, wanted[name]), 0)
            row = collection.table.get(number)
            rows: Iterator[Row] = iter([row] if row is not None and number > after else [])
            break
    else:
        rows = (row for _, row in collection.table.after(after))
    return (row for row in rows if all(row[name] == value for name, value in wanted.items()))


def _query(request: Request, known: Sequence[str]) -> dict[str, str]:
    if not request.query:
        return {}
    try:
        pairs = parse_qsl(request.query, keep_blank_values=True, max_num_fields=50, errors="strict")
    except ValueError:
        raise _bad_request("The query is not a list of at most 50 UTF-8 parameters.") from None
    query: dict[str, str] = {}
    for name, value in pairs:
        if name not in known:
            choice = ", ".join(known) or "none"
            raise _bad_request(f"Unknown query parameter {name[:80]}; this operation knows: {choice}.")
        if name in query:
            raise _bad_request(f"The query parameter {name} is given twice.")
        query[name] = value
    return query


def _integer(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and least <= int(text) <= most):
        raise _bad_request(f"The query parameter {name} must be an integer from {least} to {most}.")
    return int(text)


def _limit(query: Mapping[str, str]) -> int:
    return _integer(query, "limit", _LARGEST_PAGE, 1, _LARGEST_PAGE)


def _cursor(number: int) -> str:
    return base64.urlsafe_b64encode(f"after:{number}".encode()).decode("ascii").rstrip("=")


def _cursor_id(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError:
        text = ""
    word, _, digits = text.partition(":")
    if word != "after" or not digits.isdigit() or len(digits) > 18:
        raise _bad_request("The cursor is not one that this API gave; start again without it.")
    return int(digits)


def _body(request: Request) -> Mapping[str, object]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in {"application/json", "application/merge-patch+json"}:
        raise CustomerpError(
            415, "unsupported-media-type", "Unsupported media type", "Send the body as application/json."
        )
    if len(request.body) > _LARGEST_BODY:
        raise CustomerpError(413, "too-large", "Too large", f"A body may have {_LARGEST_BODY} bytes.")
    try:
        body = decode(request.body)
    except MalformedJson as error:
        raise CustomerpError(400, "malformed-json", "Malformed JSON", f"{error}.") from None
    if not isinstance(body, dict):
        raise CustomerpError(
            422, "invalid", "Invalid record", "The body is not an object.", errors=[("", "must be an object")]
        )
    return body


def _precondition(request: Request, row: Row) -> None:
    wanted = request.headers.get("if-match")
    if wanted is None or wanted.strip() == "*":
        return
    if _etag(row) not in {tag.strip() for tag in wanted.split(",")}:
        raise CustomerpError(
            412, "precondition-failed", "Precondition failed", f"{row['id']} is at version {row['version']}."
        )


def _etag(row: Row) -> str:
    return f'"{row["version"]}"'


def _record(status: int, row: Row, headers: Sequence[tuple[str, str]] = ()) -> Response:
    return _json(status, row, [("ETag", _etag(row)), *headers])


def _json(status: int, value: Any, headers: Sequence[tuple[str, str]] = ()) -> Response:
    return Response(status, (("Content-Type", "application/json"), *headers), encode(value).encode("ascii"))


def _problem(refusal: CustomerpError) -> Response:
    body: dict[str, object] = {
        "type": PROBLEMS + refusal.slug,
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail,
    }
    if refusal.errors:
        body["errors"] = [{"pointer": pointer, "detail": detail} for pointer, detail in refusal.errors]
    headers = (("Content-Type", "application/problem+json"), *refusal.headers)
    return Response(refusal.status, headers, encode(body).encode("ascii"))


def _bad_request(detail: str) -> CustomerpError:
    return CustomerpError(400, "bad-request", "Bad request", detail)


def _for(path: str, handler: _Handler) -> _Handler:
    """A handler bound to one collection, whose path becomes its first argument."""
    return lambda emulator, request, arguments: handler(emulator, request, (path, *arguments))


_ROUTES: Router[_Handler] = Router(
    [
        ("GET", "/capabilities", Customerp.capabilities),
        ("GET", "/changes", Customerp.changes),
        *(("GET", f"/{path}", _for(path, Customerp.list_)) for path in KINDS),
        *(("POST", f"/{path}", _for(path, Customerp.create)) for path in KINDS),
        *(("GET", f"/{path}/{{id}}", _for(path, Customerp.read)) for path in KINDS),
        *(("PATCH", f"/{path}/{{id}}", _for(path, Customerp.change)) for path in KINDS),
        *(("DELETE", f"/{path}/{{id}}", _for(path, Customerp.delete)) for path in KINDS),
    ]
)
