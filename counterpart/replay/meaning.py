"""What a part of a contract means: hashed without prose, and without the order of what has none."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

# What people read, and links, which say what may be asked next: no answer comes out differently for them, so a change
# of these makes no recording stale.
_PROSE = frozenset(
    {"$comment", "description", "example", "examples", "externalDocs", "links", "summary", "tags", "title"}
)
# Members that hold names chosen by the author, so that a property called `description` is no prose.
_NAMED = frozenset(
    {"properties", "patternProperties", "dependentSchemas", "$defs", "content", "headers", "responses", "schemas"}
)
_SETS = frozenset({"required", "enum", "type"})


def meaning(said: Any, at: Callable[[str], Any], prefixes: Sequence[str]) -> str:
    """A hash of a part and of all it refers to; `at` follows a pointer, `prefixes` are the paths of the servers."""
    reached: dict[str, Any] = {}
    unseen = [meant_by(said)]
    while unseen:
        for ref in references(unseen.pop()):
            if ref not in reached:
                reached[ref] = meant_by(at(ref[1:]))
                unseen.append(reached[ref])
    text = json.dumps([meant_by(said), reached, list(prefixes)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def references(node: Any) -> Iterator[str]:
    """All that a part refers to; examples refer to nothing."""
    unseen = [node]
    while unseen:
        each = unseen.pop()
        if isinstance(each, list):
            unseen += each
        elif isinstance(each, dict):
            if isinstance(each.get("$ref"), str):
                yield each["$ref"]
            unseen += [value for key, value in each.items() if key not in ("example", "examples")]


def meant_by(node: Any, *, names: bool = False) -> Any:
    """A part of the document without prose; `names` where the keys are names that the author chose."""
    if isinstance(node, list):
        return [meant_by(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = {}
    for key, value in node.items():
        if not names and key in _PROSE:
            continue
        if not names and key in _SETS and isinstance(value, list):
            made[key] = sorted(value, key=json.dumps)
        else:
            made[key] = meant_by(value, names=not names and key in _NAMED)
    return made
