"""What Invoiced echoes of a write and what it then holds: text too long for its column is cut, and nobody is told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sync.values import Raw

# In characters, as far as the columns are known; texts with a length rule of their own are refused instead of cut.
_COLUMNS = {"type": 50, "address1": 1000, "description": 65_535, "notes": 65_535}
_COLUMN = 255
_FOUR_BYTES = re.compile("[\U00010000-\U0010ffff]")


def provisional(body: Mapping[str, Any]) -> bool:
    """Whether the answer to a write of this body may show more than is stored, in the record or in one of its lines."""
    return any(_risky(name, value) or any(map(provisional, _lines(value))) for name, value in body.items())


def as_stored(body: Mapping[str, Any], answer: Raw, stored: Raw) -> Raw:
    """The answer with what a later look shows to have been cut or replaced; any other difference is somebody's edit."""
    held = {name: stored[name] for name, value in body.items() if shortened(name, value, stored.get(name))}
    for name, value in body.items():
        sent, echoed = _lines(value), _lines(answer.get(name))
        if any(map(provisional, sent)) and len(sent) == len(echoed):  # in the order in which they were sent
            later = {line.get("id"): line for line in _lines(stored.get(name))}
            held[name] = [
                as_stored(one, line, later.get(line.get("id"), {})) for one, line in zip(sent, echoed, strict=True)
            ]
    return answer | held


def shortened(name: str, sent: object, held: object) -> bool:
    """Whether a text that is held is what its column left of the one that was sent."""
    if not isinstance(sent, str) or not isinstance(held, str) or sent == held or not _risky(name, sent):
        return False
    return sent.startswith(held) or _FOUR_BYTES.sub("?", sent).startswith(held)


def _risky(name: str, value: object) -> bool:
    return isinstance(value, str) and (len(value) > _COLUMNS.get(name, _COLUMN) or bool(_FOUR_BYTES.search(value)))


def _lines(value: object) -> list[Raw]:
    return [line for line in value if isinstance(line, dict)] if isinstance(value, list) else []
