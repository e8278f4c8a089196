"""Answers that a trouble spoiled on purpose while recording: what they lack breaks the contract, and is meant.

A recording names them, so that only what was meant is excused, and so that everybody can see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from counterpart.replay.cassette import Cassette
from counterpart.replay.conformance import Rule, Violation, check
from counterpart.replay.contracts import Contract
from counterpart.replay.provenance import says_live

SPOILED = "spoiled"
"""The member of a cassette's metadata that keeps `spoiled_in`."""


def spoiled_in(cassette: Cassette, contracts: Sequence[Contract], struck: Iterable[tuple[str, str]]) -> dict[str, str]:
    """By number of interaction, counted from one, the property that its answer lacks on purpose.

    `struck` tells of each trouble in order which call it met, as `POST /items`, and what it took out of the answer.
    """
    meant = list(struck)
    found = {}
    for number, exchange in enumerate(cassette.interactions, 1):
        for call, name in meant:
            if call == _call(exchange.method, exchange.url, contracts) and any(
                lacks(each, name) for each in check(exchange, contracts).violations
            ):
                found[str(number)] = name
                meant.remove((call, name))
                break
    return found


def meant_in(cassette: Cassette) -> Mapping[int, str]:
    """What a recording says of itself; nothing that claims to be live has been spoiled on purpose."""
    said: Any = cassette.metadata.get(SPOILED)
    if not isinstance(said, dict) or says_live(cassette):
        return {}
    return {int(number): str(name) for number, name in said.items() if str(number).isdecimal()}


def lacks(violation: Violation, name: str) -> bool:
    """Whether an answer breaks its contract in that it has no property of this name."""
    return violation.rule is Rule.ANSWER_INVALID and violation.message == f'"{name}" is a required property'


def _call(method: str, url: str, contracts: Sequence[Contract]) -> str:
    """The call as the troubles name it: the path below the system's address, without a query."""
    path = next((found for each in contracts if (found := each.below(url)) is not None), "")
    return f"{method} {path}"
