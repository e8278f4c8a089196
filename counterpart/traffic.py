"""What the recordings of a run hold, in the form in which a sign-off shows it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from counterpart.replay import Cassette, Exchange, ReplayError
from counterpart.replay.staleness import PARTS
from counterpart.reporting import ScenarioResult
from counterpart.reporting.annex import Sending, Traffic
from counterpart.stage import BASE_URLS

# Longer texts are cut: the report is for people, and the whole recording lies beside it.
SENT, RECEIVED = 1500, 250
_PROVENANCE = ("recorded_against", "recorded_on", "recorded_with")
_TOKEN = re.compile(r'("(?:\\.|[^"\\])*")|([,:])')
_HOSTS = {urlsplit(url).hostname: system for system, url in BASE_URLS.items()}


def gathered(root: Path, results: Iterable[ScenarioResult]) -> dict[str, Traffic]:
    """The recording of each scenario that has one, by node id; what cannot be read is left out."""
    found: dict[str, Traffic] = {}
    for result in results:
        if result.evidence.cassette is None:
            continue
        try:
            cassette = Cassette.load(root / result.evidence.cassette)
        except ReplayError:
            # The verdict has its own opinion of a recording that is gone; here there is nothing to show.
            continue
        told = {name: str(cassette.metadata[name]) for name in _PROVENANCE if name in cassette.metadata}
        operations = sorted(cassette.metadata.get(PARTS, ()))
        found[result.node_id] = Traffic(tuple(_shown(cassette.interactions)), told, tuple(operations))
    return found


def _shown(exchanges: Iterable[Exchange]) -> list[Sending]:
    """Exchanges in order; equal readings of a step are counted once, and an answer seen before is only referred to."""
    shown: list[Sending] = []
    readings: dict[tuple[object, ...], int] = {}
    answers: dict[str, int] = {}
    for number, each in enumerate(exchanges, 1):
        reading = each.method in ("GET", "HEAD")
        address = urlsplit(each.url)
        target = unquote_plus(address.path + (f"?{address.query}" if address.query else ""))
        key = (each.step, each.actor, each.url, each.status, each.response_body)
        if reading and key in readings:
            first = readings[key]
            shown[first] = replace(shown[first], times=shown[first].times + 1)
            continue
        readings[key] = len(shown)
        received = _answered(each.response_text)
        same_as = answers.get(each.response_text) if len(received) > 40 else None
        answers.setdefault(each.response_text, number)
        shown.append(
            Sending(
                number,
                each.step or 0,
                each.actor or "unknown",
                _HOSTS.get(address.hostname) or address.hostname or "",
                each.method,
                _cut(target, RECEIVED),
                _asked(each.request_text),
                each.status,
                "" if same_as else received,
                same_as=same_as,
            )
        )
    return shown


def _asked(body: str) -> str:
    """A request's body with room after its commas and colons, nothing left out."""
    return _cut(_TOKEN.sub(lambda match: match[1] or f"{match[2]} ", body[: SENT + 1]), SENT)


def _answered(body: str) -> str:
    """An answer's body without the members that are empty; how many there were is said."""
    try:
        # Numbers stay as they were written: 1.10 read as a float would be shown as 1.1.
        data = json.loads(body, parse_float=_Verbatim, parse_int=_Verbatim)
    except (ValueError, RecursionError):
        return _cut(body, RECEIVED)
    empty = [0]
    text = _told(data, empty)
    return _cut(text, RECEIVED) + (f" ({empty[0]} empty)" if empty[0] else "")


class _Verbatim(str):
    """A number as it was written."""


def _told(node: Any, empty: list[int]) -> str:
    if isinstance(node, dict):
        filled = {name: value for name, value in node.items() if value not in (None, "")}
        empty[0] += len(node) - len(filled)
        return "{" + ", ".join([f"{encode_basestring(name)}: {_told(filled[name], empty)}" for name in filled]) + "}"
    if isinstance(node, list):
        return "[" + ", ".join([_told(each, empty) for each in node]) + "]"
    if isinstance(node, str):
        return str(node) if isinstance(node, _Verbatim) else encode_basestring(node)
    return json.dumps(node)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]} … (cut)"
