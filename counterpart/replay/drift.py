"""What has changed between two recordings of one scenario, told by calls and fields, and how much it matters."""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from counterpart.replay.cassette import Cassette
from counterpart.replay.causality import SMALLEST_ID
from counterpart.replay.exchange import Exchange
from counterpart.replay.matching import ABSENT, IDEMPOTENCY_KEY, NOTHING, Headers, place, show

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)|[A-Z][a-z]{2}, \d\d .* GMT")
_STAMPED = re.compile(r"(?:.*[._\]])?(?:\w+_at|\w+At)")
_INDEX = re.compile(r"\[\d+\]")
_WORD = re.compile(r"[A-Za-z0-9_-]+")


class Weight(IntEnum):
    """How much a change matters to whoever relies on what was recorded."""

    HARMLESS = 0
    ADDITIVE = 1
    BREAKING = 2

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: a call, a path in its request or answer, and both values as JSON text."""

    weight: Weight
    call: str
    path: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.weight}: {self.call}: {self.path}: {self.before} -> {self.after}"


def compare(old: Cassette, new: Cassette, *, volatile: frozenset[str] = frozenset()) -> list[Change]:
    """All differences in the order of the calls; `volatile` are fields learned by `learn`.

    Ids that the servers gave anew are followed through both recordings, so that only what they name is compared.
    """
    before, after = old.interactions, new.interactions
    pairs = _aligned(before, after)
    names = _renamed((before[one], after[other]) for one, other in pairs)
    found = []
    for one, other in pairs:
        call = _call(before[one])
        found += [
            (one, Change(_weight(path, mine, theirs), call, path, show(mine), show(theirs)))
            for path, mine, theirs in _differences(before[one], after[other], names)
            if f"{call} {_plain(path)}" not in volatile
        ]
    paired, met = {one for one, _ in pairs}, {other for _, other in pairs}
    for one, exchange in enumerate(before):
        if one not in paired:
            found.append((one, Change(Weight.BREAKING, _call(exchange), "call", str(exchange), "(gone)")))
    for other, exchange in enumerate(after):
        if other not in met:
            found.append((other, Change(Weight.ADDITIVE, _call(exchange), "call", "(new)", str(exchange))))
    return [change for _, change in sorted(found, key=lambda each: each[0])]


def learn(recordings: Sequence[Cassette]) -> frozenset[str]:
    """The fields whose values differ between recordings of one unchanged system."""
    first = recordings[0]
    return frozenset(
        f"{change.call} {_plain(change.path)}"
        for other in recordings[1:]
        for change in compare(first, other)
        if change.path != "call" and ABSENT not in (change.before, change.after)
    )


def verdict(changes: Iterable[Change]) -> Weight:
    """The weight of the gravest change; nothing is harmless, too."""
    return max((each.weight for each in changes), default=Weight.HARMLESS)


def to_text(changes: Sequence[Change]) -> str:
    """The changes for people: the verdict, then call by call what has changed, gravest first."""
    if not changes:
        return "Nothing has changed.\n"
    calls: dict[str, list[Change]] = {}
    for each in changes:
        calls.setdefault(each.call, []).append(each)
    lines = [f"{len(changes)} changes in {len(calls)} calls, {verdict(changes)}"]
    for call, found in sorted(calls.items(), key=lambda pair: -verdict(pair[1])):
        lines += ["", call]
        counted = Counter((each.weight, _plain(each.path), each.before, each.after) for each in found)
        for (weight, path, before, after), count in sorted(counted.items(), key=lambda pair: -pair[0][0]):
            times = f" ({count} times)" if count > 1 else ""
            lines.append(f"  {weight!s:<9}{path}: {before} -> {after}{times}")
    return "\n".join(lines) + "\n"


def _aligned(before: Sequence[Exchange], after: Sequence[Exchange]) -> list[tuple[int, int]]:
    """Positions of calls that are the same but for ids, in the longest common order."""
    matcher = difflib.SequenceMatcher(None, [*map(_call, before)], [*map(_call, after)], autojunk=False)
    return [
        (one + offset, other + offset)
        for one, other, length in matcher.get_matching_blocks()
        for offset in range(length)
    ]


def _call(exchange: Exchange) -> str:
    """A call by method, address without query, ids left open, and by whom and when."""
    step = f" in step {exchange.step}" if exchange.step is not None else ""
    actor = f" by the {exchange.actor}" if exchange.actor is not None else ""
    return f"{exchange.method} {place(exchange.url)}{actor}{step}"


def _renamed(pairs: Iterable[tuple[Exchange, Exchange]]) -> Mapping[str, str]:
    """Which new id stands for which old one, by the `id` of the records in answers; one for one."""
    names: dict[str, str] = {}
    for old, new in pairs:
        for mine, theirs in _ids(_json(old.response_body), _json(new.response_body)):
            # Small numbers are quantities and days as well.
            if not (mine.isdigit() and int(mine) < SMALLEST_ID) and theirs not in names.values():
                names.setdefault(mine, theirs)
    return names


def _ids(old: Any, new: Any) -> Iterator[tuple[str, str]]:
    if isinstance(old, dict) and isinstance(new, dict):
        mine, theirs = old.get("id"), new.get("id")
        if type(mine) is type(theirs) and isinstance(mine, str | int) and mine != theirs:
            yield str(mine), str(theirs)
        for name in old.keys() & new.keys():
            yield from _ids(old[name], new[name])
    elif isinstance(old, list) and isinstance(new, list):
        for mine, theirs in zip(old, new, strict=False):
            yield from _ids(mine, theirs)


def _differences(old: Exchange, new: Exchange, names: Mapping[str, str]) -> Iterator[tuple[str, Any, Any]]:
    yield from _values("request url", urlsplit(old.url).path, urlsplit(new.url).path, names)
    yield from _pairs("request query", _query(old), _query(new), names)
    yield from _pairs("request header", old.request_headers, new.request_headers, names)
    yield from _values("request body", _content(old.request_body), _content(new.request_body), names)
    if old.status != new.status:
        yield "answer status", old.status, new.status
    yield from _pairs("answer header", old.response_headers, new.response_headers, names)
    yield from _values("answer body", _content(old.response_body), _content(new.response_body), names)


def _query(exchange: Exchange) -> Headers:
    return tuple(parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True))


def _pairs(place: str, old: Headers, new: Headers, names: Mapping[str, str]) -> Iterator[tuple[str, Any, Any]]:
    for name in dict.fromkeys(name for name, _ in (*old, *new)):
        mine = [value for each, value in old if each == name]
        theirs = [value for each, value in new if each == name]
        if name == IDEMPOTENCY_KEY and mine and theirs:
            continue
        if len(mine) == len(theirs):
            for one, other in zip(mine, theirs, strict=True):
                yield from _values(f"{place}.{name}", one, other, names)
        else:
            yield (
                f"{place}.{name}",
                " and ".join(mine) if mine else NOTHING,
                " and ".join(theirs) if theirs else NOTHING,
            )


def _values(path: str, old: Any, new: Any, names: Mapping[str, str]) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            yield from _values(f"{path}.{name}", old.get(name, NOTHING), new.get(name, NOTHING), names)
    elif isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            yield f"{path}[]", f"{len(old)} entries", f"{len(new)} entries"
        for position, (mine, theirs) in enumerate(zip(old, new, strict=False)):
            yield from _values(f"{path}[{position}]", mine, theirs, names)
    elif type(old) is not type(new) or (old != new and _follow(old, names) != str(new)):
        yield path, old, new


def _follow(value: Any, names: Mapping[str, str]) -> str:
    return _WORD.sub(lambda match: names.get(match[0], match[0]), str(value))


def _weight(path: str, old: Any, new: Any) -> Weight:
    if old is NOTHING:
        return Weight.ADDITIVE
    if new is NOTHING or type(old) is not type(new) or not path.startswith("answer"):
        return Weight.BREAKING
    stamped = isinstance(old, int) and not isinstance(old, bool) and _STAMPED.fullmatch(path)
    instants = isinstance(old, str) and _INSTANT.fullmatch(old) and _INSTANT.fullmatch(new)
    return Weight.HARMLESS if stamped or instants else Weight.BREAKING


def _plain(path: str) -> str:
    return _INDEX.sub("[]", path)


def _content(body: bytes) -> Any:
    """A body as JSON, else as text; NOTHING for none."""
    if not body:
        return NOTHING
    value = _json(body)
    return body.decode("utf-8", "backslashreplace") if value is None else value


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
