"""Which exchanges must come before which, decided once from a recording alone.

Every exchange takes part in *threads*: one for each record and list it reads or writes, one for each id it learns or
uses. On one thread, exchanges of the same shared mode may come in any order; otherwise they keep the recorded one. So
independent reads, and writes to different records, may interleave, while cause stays before effect.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx

from counterpart.replay.exchange import Exchange

# In bodies, whole numbers below this are quantities, counts and days rather than ids.
SMALLEST_ID = 1000
_NEXT = re.compile(r'<([^>]*)>[^,<]*;\s*rel="?next\b')


class Mode(Enum):
    """How an exchange takes part in a thread; only ALONE keeps its order among its own kind."""

    ALONE = "alone"  # writes the record, or is where an id comes from
    READ = "read"
    ADD = "add"  # writes some member of a list: members may come in any order
    REFER = "refer"  # a write names the record: the server looks at it, or changes it


Threads = dict[str, Mode]


class Order:
    """Keeps track of which exchanges of a recording have taken place, and tells which may take place now.

    A question costs as much as the exchange has threads, whatever the length of the recording. Threads are found when
    a program first leaves the recorded order; one that never does needs none.
    """

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._exchanges = exchanges
        self._settled = [False] * len(exchanges)
        self._first_open = 0

    def ready(self, position: int) -> bool:
        """Whether all that must precede this exchange has taken place."""
        return position <= self._first_open or self._turns.ready(position)

    def settle(self, position: int) -> None:
        """This exchange has taken place, or never will; counted once."""
        if self._settled[position]:
            return
        self._settled[position] = True
        if "_turns" in self.__dict__:
            self._turns.settle(position)
        while self._first_open < len(self._settled) and self._settled[self._first_open]:
            self._first_open += 1

    def blockers(self, position: int) -> list[int]:
        """The exchanges that have yet to take place before this one, in recorded order."""
        return [other for other in self._turns.before(position) if not self._settled[other]]

    @cached_property
    def _turns(self) -> _Turns:
        turns = _Turns(self._exchanges)
        for position, settled in enumerate(self._settled):
            if settled:
                turns.settle(position)
        return turns


class _Turns:
    """For each exchange and thread, how many of the thread's exchanges must have taken place before it."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        members: dict[str, list[int]] = defaultdict(list)
        turns: list[dict[str, int]] = []
        last_mode: dict[str, Mode] = {}
        start_of_group: Counter[str] = Counter()
        for position, parts in enumerate(threads(exchanges)):
            turn: dict[str, int] = {}
            for thread, mode in parts.items():
                if mode is Mode.ALONE or last_mode.get(thread) is not mode:
                    start_of_group[thread] = len(members[thread])
                    last_mode[thread] = mode
                turn[thread] = start_of_group[thread]
                members[thread].append(position)
            turns.append(turn)
        # A thread on which nothing ever waits needs no bookkeeping.
        waiting = {thread for thread in members if start_of_group[thread]}
        self._members = {thread: members[thread] for thread in waiting}
        self._turns = [{thread: need for thread, need in turn.items() if thread in waiting} for turn in turns]
        self._done = dict.fromkeys(waiting, 0)

    def ready(self, position: int) -> bool:
        done = self._done
        return all(done[thread] >= need for thread, need in self._turns[position].items())

    def settle(self, position: int) -> None:
        for thread in self._turns[position]:
            self._done[thread] += 1

    def before(self, position: int) -> list[int]:
        """All that must precede this exchange, in recorded order."""
        return sorted({each for thread, need in self._turns[position].items() for each in self._members[thread][:need]})


def threads(exchanges: Sequence[Exchange]) -> Iterator[Threads]:
    """The threads of each exchange, in recorded order."""
    facts = [_Facts(exchange) for exchange in exchanges]
    records = _Records(facts)
    seen: set[str] = set()
    learned: set[str] = set()
    for fact in facts:
        parts: Threads = {}
        for thread, mode in (*records.touched(fact), *_causes(fact, seen, learned)):
            # Whoever takes part in two ways excludes both kinds of company.
            parts[thread] = mode if parts.get(thread, mode) is mode else Mode.ALONE
        yield parts


def _causes(fact: _Facts, seen: set[str], learned: set[str]) -> Iterator[tuple[str, Mode]]:
    """The ids this exchange uses that an earlier answer brought, and those that its own answer brings first."""
    for token in fact.used & learned:
        yield f"id {token}", Mode.READ
    seen |= fact.used
    for token in fact.brought - seen:
        learned.add(token)
        yield f"id {token}", Mode.ALONE
    seen |= fact.brought


class _Facts:
    """What one exchange says about records: taken from its URL, its bodies and its Location and Link."""

    def __init__(self, exchange: Exchange) -> None:
        url = urlsplit(exchange.url)
        self.origin = f"{url.scheme}://{url.netloc}"
        self.segments = tuple(unquote(segment) for segment in url.path.split("/") if segment)
        self.path = self.place(self.segments)
        self.reads = exchange.method in ("GET", "HEAD", "OPTIONS")
        self.posts = exchange.method == "POST"
        self.succeeded = exchange.status < 400
        answer = _json(exchange.response_body)
        self.rows = frozenset(_rows(answer)) if self.reads else frozenset()
        location = next((value for name, value in exchange.response_headers if name == "location"), "")
        last = urlsplit(location).path.rpartition("/")[2]
        own = answer.get("id") if isinstance(answer, dict) else None
        self.own_id = _id(own) or unquote(last)
        self.ids = _ids(answer) | ({self.own_id} if self.own_id else set())
        body = _scalars(_json(exchange.request_body))
        self.references = set[str]() if self.reads else body
        queried = {value for _, value in parse_qsl(url.query)}
        # A cursor belongs to its list: the page `2` of one is not the record `2`, nor a page of another.
        self.used = {*self.segments, *queried, *body, exchange.url, *(f"{self.path} {value}" for value in queried)}
        cursors = {f"{self.path} {value}" for value in _cursors(answer)} if self.reads else set()
        self.brought = self.ids | cursors | set(_links(exchange.response_headers))

    def place(self, segments: Iterable[str]) -> str:
        """The name of a record or list: origin and path."""
        return "/".join((self.origin, *segments))

    def ancestors(self) -> Iterator[tuple[str, str]]:
        """Each place above this one, with its last segment."""
        for length in range(1, len(self.segments)):
            yield self.place(self.segments[:length]), self.segments[length - 1]


class _Records:
    """Where the records of a recording live, and how each exchange touches them."""

    def __init__(self, facts: Sequence[_Facts]) -> None:
        self._ids = set[str]().union(*(fact.ids for fact in facts))
        # (origin, id) -> the lists that hold a record of this id, known from a create or from the record's own path
        self._lists: dict[tuple[str, str], set[str]] = defaultdict(set)
        for fact in facts:
            if fact.posts and fact.succeeded and fact.own_id:
                self._lists[fact.origin, fact.own_id].add(fact.path)
            elif fact.segments and fact.segments[-1] in self._ids:
                self._lists[fact.origin, fact.segments[-1]].add(fact.place(fact.segments[:-1]))
        homes = set[str]().union(*self._lists.values())
        # A list without records of its own that shows other lists' records is a view of those, as a change feed is.
        self._views: dict[str, set[str]] = defaultdict(set)
        for fact in facts:
            if fact.reads and fact.path not in homes:
                for row in fact.rows:
                    self._views[fact.path] |= self._lists.get((fact.origin, row), set())

    def touched(self, fact: _Facts) -> Iterator[tuple[str, Mode]]:
        return self._read(fact) if fact.reads else self._written(fact)

    def _read(self, fact: _Facts) -> Iterator[tuple[str, Mode]]:
        yield f"record {fact.path}", Mode.READ
        yield f"members {fact.path}", Mode.READ
        for place, _ in fact.ancestors():
            yield f"record {place}", Mode.READ
        for place in self._views.get(fact.path, ()):
            yield f"members {place}", Mode.READ
        for row in fact.rows:
            for home in self._lists.get((fact.origin, row), ()):
                yield f"record {home}/{row}", Mode.READ

    def _written(self, fact: _Facts) -> Iterator[tuple[str, Mode]]:
        for place, segment in fact.ancestors():
            # An action as `/invoices/7/void` writes the invoice; a record's own path only adds to its list.
            yield f"record {place}", Mode.ALONE if segment in self._ids else Mode.READ
            yield f"members {place}", Mode.ADD
        if fact.posts and fact.succeeded and fact.own_id:
            yield f"record {fact.path}", Mode.READ
            yield f"members {fact.path}", Mode.ADD
            yield f"record {fact.path}/{fact.own_id}", Mode.ALONE
        else:
            yield f"record {fact.path}", Mode.ALONE
            # A refused create has looked at the list, for a duplicate say.
            yield f"members {fact.path}", Mode.READ
        own = {fact.own_id, *fact.segments}
        for reference in fact.references - own:
            for home in self._lists.get((fact.origin, reference), ()):
                yield f"record {home}/{reference}", Mode.REFER


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body[:1] in (b"{", b"[") else None
    except (ValueError, RecursionError):
        return None


def _rows(answer: Any) -> Iterator[str]:
    """The ids of the records that an answer shows: of a list, or of the list inside an envelope."""
    members = list(answer.values()) if isinstance(answer, dict) else [answer]
    for member in members:
        for row in member if isinstance(member, list) else ():
            if isinstance(row, dict) and (id_ := _id(row.get("id"))):
                yield id_


def _ids(answer: Any) -> set[str]:
    """The ids of all records in an answer, at any depth; not of a record's lines, whose ids count only within it."""
    found = set()
    unseen = [answer]
    while unseen:
        value = unseen.pop()
        if isinstance(value, list):
            unseen += value
        elif isinstance(value, dict):
            if id_ := _id(value.get("id")):
                found.add(id_)
                unseen += [member for member in value.values() if isinstance(member, dict)]
            else:
                unseen += value.values()
    return found


def _scalars(value: Any) -> set[str]:
    """Everything in a body that may be an id, at any depth."""
    found = set()
    unseen = [value]
    while unseen:
        value = unseen.pop()
        if isinstance(value, dict):
            unseen += value.values()
        elif isinstance(value, list):
            unseen += value
        elif isinstance(value, str) or (type(value) is int and value >= SMALLEST_ID):
            found.add(str(value))
    return found


def _id(value: object) -> str:
    return str(value) if isinstance(value, str) or type(value) is int else ""


def _cursors(answer: Any) -> Iterator[str]:
    """What an envelope gives to ask for the next page: `nextCursor`, `next`, `cursor`. A record is no envelope."""
    for name, value in answer.items() if isinstance(answer, dict) and "id" not in answer else ():
        if (name.lower().startswith("next") or name.lower().endswith("cursor")) and _id(value):
            yield _id(value)


def _links(headers: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The address of the next page in a Link header (RFC 8288), spelt as a client will request it."""
    for name, value in headers:
        if name == "link":
            yield from (str(httpx.URL(address)) for address in _NEXT.findall(value))
