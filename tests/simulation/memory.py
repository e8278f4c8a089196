"""What a system has shown, for as long as no write can have changed it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

# Documents show what others hold: lines their product, invoices their payments. Any write may change them.
_DOCUMENTS = ("orders", "invoices")


class Memory:
    """Answers to whoever looks at one system, asked for again only after a write; nobody changes what he is shown."""

    def __init__(self) -> None:
        self._shown: defaultdict[str, dict[str, dict[str, Any]]] = defaultdict(dict)

    def recall(self, path: str, query: str, ask: Callable[[], Any]) -> Any:
        """What is known of `/collection` or `/collection/id`; else what `ask` gives, which is remembered."""
        _, collection, *id_ = path.split("/")
        known = self._shown[collection].setdefault("/".join(id_), {})
        if query not in known:
            known[query] = ask()
        return known[query]

    def forget(self, path: str) -> None:
        """A write to `/collection`, to one record of it, or of a kind that may change anything."""
        _, collection, *rest = path.split("/")
        if len(rest) > 1:
            self._shown.clear()
            return
        for name in (*_DOCUMENTS, *(() if rest else (collection,))):
            self._shown.pop(name, None)
        for id_ in ("", *rest):
            self._shown[collection].pop(id_, None)
