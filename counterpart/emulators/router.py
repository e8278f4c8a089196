"""A table of routes, matched segment by segment without regular expressions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import unquote

H = TypeVar("H")


@dataclass(slots=True)
class _Node(Generic[H]):
    children: dict[str, _Node[H]] = field(default_factory=dict)
    parameter: _Node[H] | None = None
    methods: dict[str, H] = field(default_factory=dict)


class Router(Generic[H]):
    """Finds the handlers of a path; patterns read `/invoices/{id}/void`."""

    def __init__(self, routes: Iterable[tuple[str, str, H]]) -> None:
        self._root: _Node[H] = _Node()
        for method, pattern, handler in routes:
            node = self._root
            for segment in pattern.split("/")[1:]:
                if segment.startswith("{"):
                    node.parameter = node.parameter or _Node()
                    node = node.parameter
                else:
                    node = node.children.setdefault(segment, _Node())
            node.methods[method] = handler

    def find(self, path: str) -> tuple[Mapping[str, H], tuple[str, ...]] | None:
        """The handlers by method and the decoded parameters in order, or None for an unknown path."""
        node = self._root
        parameters: tuple[str, ...] = ()
        for segment in path.split("/")[1:]:
            child = node.children.get(segment)
            if child is None:
                child = node.parameter
                if child is None or not segment:
                    return None
                parameters += (unquote(segment) if "%" in segment else segment,)
            node = child
        return (node.methods, parameters) if node.methods else None
