"""Lists as Invoiced gives them: filters, sorting, pages, and the Link and X-Total-Count headers."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from math import ceil
from typing import Any, Literal
from urllib.parse import urlencode

from counterpart.emulators.errors import InvoicedError, MalformedJson
from counterpart.emulators.invoiced_account import Account, Call, Reply
from counterpart.emulators.invoiced_values import fold, unknown_option
from counterpart.emulators.jsontext import decode
from counterpart.emulators.table import Row, Table

Column = Literal["text", "exact", "number", "boolean", "date"]
Test = Callable[[Row], bool]

_LARGEST_PAGE = 100
_DEEP = 10_000
_END = 2**63
_CACHE_SECONDS = 300
_MOST_CACHED = 20_000
_MOST_CONDITIONS = 50
_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
_METADATA_KEY = re.compile(r"[A-Za-z0-9_-]+")
_LEADING_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,20}(\.[0-9]{1,20})?")
_SHAPES: dict[str, type] = {"filter": dict, "metadata": dict, "page": str, "per_page": str, "sort": str}


@dataclass(frozen=True, slots=True)
class Listing:
    """What one kind of record lets a list be asked for."""

    columns: Mapping[str, Column]
    defaults: Mapping[str, Any]
    closed: tuple[str, ...] | None = None
    """The only query parameters accepted, where unknown ones are refused."""
    link_defaults: tuple[tuple[str, str], ...] = ()
    strict_metadata: bool = False
    by_time: tuple[str, ...] = ("updated_after", "updated_before")
    dated: str | None = None
    """The column to which `start_date` and `end_date` apply; instead of `date`, `date_column` may name `due_date`."""
    newest_first: bool = False
    hidden: frozenset[str] = frozenset()
    sortable: tuple[str, ...] = ()
    """Columns to sort by beside the filterable ones."""
    joined: Mapping[str, Callable[[Account, Row], Any]] = field(default_factory=dict)
    """Columns of other records to sort by."""
    not_emulated: tuple[str, ...] = ()
    """Parameters that Invoiced knows and the emulator does not: refused, so that nothing relies on them unnoticed."""


def answer(
    account: Account,
    call: Call,
    listing: Listing,
    table: Table,
    view: Callable[[Row], Row],
    tests: Iterable[Test] = (),
) -> Reply:
    """One page of a list, with its headers unless `paginate=none`."""
    query = call.query
    _check(listing, query)
    per_page = _per_page(query.get("per_page"))
    page = _positive(query.get("page"))
    found = [*tests, *_tests(listing, query)]
    order = _order(listing, query.get("sort", ""))
    key = (call.path, tuple(sorted(pair for pair in call.pairs if pair[0] not in {"page", "per_page"})), per_page)
    offset = (page - 1) * per_page
    if order:
        rows = [row for row in table if all(test(row) for test in found)] if found else list(table)
        for column, descending in reversed(order):
            rows.sort(key=_sort_key(account, listing, column), reverse=descending)
        total = len(rows)
        shown = rows[offset : offset + per_page]
    else:
        shown, total = _natural(account, call.now, key, table, found, offset, per_page, listing.newest_first)
    total = _counted(account, call.now, key, page, total)
    value = [project(view(row), query, listing.hidden) for row in shown]
    if query.get("paginate") == "none":
        return Reply(200, value)
    last = max(1, ceil(total / per_page))
    headers = (("Link", _links(account, call, listing, page, per_page, last)), ("X-Total-Count", str(total)))
    return Reply(200, value, headers)


def project(row: Row, query: Mapping[str, Any], hidden: frozenset[str]) -> Row:
    """A record without its hidden attributes unless included, and without excluded ones."""
    included = _names(query, "include")
    dropped = (hidden - included) | _names(query, "exclude")
    if not dropped:
        return row
    return {name: value for name, value in row.items() if name not in dropped}


def _natural(
    account: Account,
    now: int,
    key: object,
    table: Table,
    found: list[Test],
    offset: int,
    per_page: int,
    newest_first: bool,
) -> tuple[list[Row], int]:
    """A page in id order: after the remembered end of the page before, or by plain offset while that is allowed."""
    page_end = offset + per_page
    cursor = account.cursors.get((key, offset))
    if cursor is not None and cursor[1] <= now:
        cursor = None
    if offset >= _DEEP and cursor is None:
        raise InvoicedError("You must retrieve all preceding page numbers before retrieving this page.")
    beyond = table.before if newest_first else table.after
    if not found:
        total = len(table)
        if cursor is not None:
            shown = list(islice(beyond(cursor[0]), per_page))
        elif newest_first:
            shown = list(reversed(table.window(max(0, total - page_end), max(0, total - offset))))
        else:
            shown = table.window(offset, page_end)
    else:
        matching = [pair for pair in beyond(_END if newest_first else 0) if all(test(pair[1]) for test in found)]
        total = len(matching)
        if cursor is not None:
            sign = -1 if newest_first else 1
            offset = bisect_right(matching, sign * cursor[0], key=lambda pair: sign * pair[0])
        shown = matching[offset : offset + per_page]
    if len(shown) == per_page:
        _remember(account.cursors, (key, page_end), (shown[-1][0], now + _CACHE_SECONDS))
    return [row for _, row in shown], total


def _counted(account: Account, now: int, key: object, page: int, total: int) -> int:
    """The total as reported: counted anew on page 1, up to five minutes old on the others."""
    if page > 1:
        known = account.counts.get(key)
        if known is not None and known[1] > now:
            return known[0]
    _remember(account.counts, key, (total, now + _CACHE_SECONDS))
    return total


def _remember(cache: dict[object, tuple[int, int]], key: object, value: tuple[int, int]) -> None:
    cache.pop(key, None)
    cache[key] = value
    if len(cache) > _MOST_CACHED:
        del cache[next(iter(cache))]


def _check(listing: Listing, query: Mapping[str, Any]) -> None:
    for name, value in query.items():
        if listing.closed is not None and name not in listing.closed:
            raise unknown_option(name, listing.closed, "query")
        shape = _SHAPES.get(name)
        if shape is not None and not isinstance(value, shape):
            raise InvoicedError(f"The option '{name}' has the wrong type.", "query")
        if name in listing.not_emulated:
            raise InvoicedError(f"The emulator does not offer the parameter {name}.", "query", status=501)


def _per_page(text: str | None) -> int:
    if text is None or text == "0":
        return _LARGEST_PAGE
    return min(_LARGEST_PAGE, _positive(text))


def _positive(text: str | None) -> int:
    """A count as the query gives it; below 1 or no number is 1."""
    if text is None or not (text.isascii() and text.isdigit() and len(text) <= 9):
        return 1
    return max(1, int(text))


def _tests(listing: Listing, query: Mapping[str, Any]) -> list[Test]:
    tests: list[Test] = []
    for name, wanted in query.get("filter", {}).items():
        column = listing.columns.get(name)
        if column is None:
            raise InvoicedError(f"Invalid filter parameter: {name[:80]}")
        if not isinstance(wanted, str):
            raise InvoicedError(f"Invalid value for `{name}` filter parameter")
        tests.append(_equals(name, column, wanted, listing.defaults.get(name)))
    for name, wanted in query.get("metadata", {}).items():
        if not _METADATA_KEY.fullmatch(name):
            if listing.strict_metadata:
                raise InvoicedError(f"Invalid metadata key: {name[:80]}")
            continue
        tests.append(_has_metadata(name, str(wanted)))
    tests += _advanced(listing, query.get("advanced_filter"))
    for name, bounded in (("updated_after", _later), ("updated_before", _earlier)):
        bound = _seconds(query.get(name))
        if name in listing.by_time and bound:  # 0 is what the links carry for "not given"
            tests.append(bounded("updated_at", bound))
    if listing.dated is not None:
        due = listing.dated == "date" and query.get("date_column") == "due_date"
        dated = "due_date" if due else listing.dated
        start, end = _seconds(query.get("start_date")), _seconds(query.get("end_date"))
        if start is not None:
            tests.append(_later(dated, start - 1))
        if end is not None:
            tests.append(_earlier(dated, end + 1))
    return tests


def _equals(name: str, column: Column, wanted: str, default: Any) -> Test:
    if column == "text":
        folded = fold(wanted)
        return lambda row: isinstance(value := row.get(name, default), str) and fold(value) == folded
    if column == "exact":
        return lambda row: row.get(name, default) == wanted
    if column == "boolean":
        # The database compares with the number at the start of the text, so that "True" means 0.
        truth = _leading_number(wanted) != 0
        return lambda row: bool(row.get(name, default)) == truth
    if column == "date":
        moment = _moment(wanted)
        return lambda row: moment is not None and row.get(name, default) == moment
    number = _leading_number(wanted)
    return lambda row: (value := row.get(name, default)) is not None and value == number


def _has_metadata(name: str, wanted: str) -> Test:
    folded = fold(wanted)
    return lambda row: fold(row.get("metadata", {}).get(name, "")) == folded and name in row.get("metadata", {})


def _advanced(listing: Listing, text: Any) -> Iterator[Test]:
    """The tests of an `advanced_filter`, a JSON array of field, operator and value."""
    if text is None:
        return
    try:
        conditions = decode(text.encode()) if isinstance(text, str) else None
    except MalformedJson:
        conditions = None
    if not isinstance(conditions, list) or len(conditions) > _MOST_CONDITIONS:
        raise InvoicedError("The advanced filter cannot be read", "query")
    for condition in conditions:
        if not isinstance(condition, dict):
            raise InvoicedError("The advanced filter cannot be read", "query")
        field, compare = str(condition.get("field")), _OPERATORS.get(str(condition.get("operator")))
        known = field in listing.columns or field in listing.sortable or field.startswith("metadata.")
        if compare is None or not known:
            raise InvoicedError(f"Invalid filter parameter: {field[:80]}")
        yield _compared(field, compare, condition.get("value"), listing.defaults)


def _compared(field: str, compare: Callable[[Any, Any], bool], wanted: Any, defaults: Mapping[str, Any]) -> Test:
    head, _, key = field.partition(".")
    bound = _comparable(wanted)

    def test(row: Row) -> bool:
        value = row.get("metadata", {}).get(key) if head == "metadata" else row.get(field, defaults.get(field))
        try:
            return compare(_comparable(value), bound)
        except TypeError:
            return False

    return test


def _comparable(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        return Decimal(value) if _NUMBER.fullmatch(value) else fold(value)
    return value


def _text(value: Any) -> str:
    return "" if value is None else str(value)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, wanted: bool(value == wanted),
    "<>": lambda value, wanted: bool(value != wanted),
    ">=": lambda value, wanted: bool(value >= wanted),
    ">": lambda value, wanted: bool(value > wanted),
    "<": lambda value, wanted: bool(value < wanted),
    "<=": lambda value, wanted: bool(value <= wanted),
    "starts_with": lambda value, wanted: _text(value).startswith(_text(wanted)),
    "ends_with": lambda value, wanted: _text(value).endswith(_text(wanted)),
    "contains": lambda value, wanted: _text(wanted) in _text(value),
    "not_contains": lambda value, wanted: _text(wanted) not in _text(value),
    "empty": lambda value, wanted: value is None or value == "",
    "not_empty": lambda value, wanted: value is not None and value != "",
}


def _later(column: str, bound: int) -> Test:
    return lambda row: (value := row.get(column)) is not None and value > bound


def _earlier(column: str, bound: int) -> Test:
    return lambda row: (value := row.get(column)) is not None and value < bound


def _leading_number(text: str) -> Decimal:
    found = _LEADING_NUMBER.match(text)
    return Decimal(found.group().strip()) if found else Decimal(0)


def _moment(text: str) -> int | None:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())


def _seconds(text: Any) -> int | None:
    """A time bound; one that is no number is ignored, not refused."""
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 12 else None


def _order(listing: Listing, sort: str) -> list[tuple[str, bool]]:
    """Columns to sort by with their direction; empty for id order. What is not understood is left out."""
    order: list[tuple[str, bool]] = []
    for part in sort.split(","):
        words = part.split()
        known = words and any(words[0] in names for names in (listing.columns, listing.sortable, listing.joined))
        if known and len(words) == 2 and words[1].lower() in {"asc", "desc"}:
            order.append((words[0], words[1].lower() == "desc"))
    return [] if order[:1] == [("id", listing.newest_first)] else order


def _sort_key(account: Account, listing: Listing, column: str) -> Callable[[Row], Any]:
    default, joined = listing.defaults.get(column), listing.joined.get(column)

    def key(row: Row) -> Any:
        value = row.get(column, default) if joined is None else joined(account, row)
        if value is None:
            return (0, 0)
        return (1, fold(value) if isinstance(value, str) else value)

    return key


def _names(query: Mapping[str, Any], parameter: str) -> set[str]:
    text = query.get(parameter)
    return set(text.split(",")) if isinstance(text, str) else set()


@lru_cache(256)
def _parameter(pair: tuple[str, str]) -> str:
    return urlencode([pair])


def _links(account: Account, call: Call, listing: Listing, page: int, per_page: int, last: int) -> str:
    kept = [pair for pair in call.pairs if pair[0] not in {"page", "per_page"}]
    given = {name for name, _ in kept}
    kept += [pair for pair in listing.link_defaults if pair[0] not in given]
    if per_page != _LARGEST_PAGE:
        kept.append(("per_page", str(per_page)))
    stem = f"{account.base_url}{call.path}?" + "".join(f"{_parameter(pair)}&" for pair in kept) + "page="
    links = [("self", page), ("first", 1)]
    if page > 1:
        links.append(("previous", page - 1))
    if page < last:
        links.append(("next", page + 1))
    links.append(("last", last))
    return ", ".join(f'<{stem}{number}>; rel="{relation}"' for relation, number in links)
