"""Which requirements of two-way synchronisation an item shows, by the numbers that additional items name as well.

A statement of a dataflow document promises more than its sentence: "in sync wherever edited" means no echo, no lost
edit, no neighbour touched. The numbers tell how far an item reaches; `features/additional.toml` words them.
"""

from __future__ import annotations

from collections.abc import Mapping

from counterpart.checklist.items import Item

_CREATING = (3, *range(8, 20), 38)
_EDITING = (*range(35, 52), 66, 67, 68)
_PROPERTIES = (*range(35, 42), 46, 47, 48, *range(52, 56), 57)

BY_KIND: Mapping[str, tuple[int, ...]] = {
    "create": _CREATING,
    "create-on-change": (5, *_CREATING),
    "not-created": (5, 22),
    "match": (8, *range(23, 27)),
    "link": (23, 24, 27, 30, 31),
    "no-link": (25, 26),
    "link-stable": (15, 28, 29),
    "edit-source": _EDITING,
    "edit-target": _EDITING,
    "property-source": _PROPERTIES,
    "property-target": _PROPERTIES,
    "properties-unspecified": _PROPERTIES,
    "unlisted": (41,),
}


def requirements(item: Item) -> tuple[int, ...]:
    """The numbers of what a statement's item has to show."""
    if item.short.endswith("/create/unmatched"):
        return BY_KIND["match"]
    related = item.kind == "create" and item.short.count("/") > 1
    return (20, 22, 69) if related else BY_KIND.get(item.kind, ())
