"""Data tables of the features, read strictly."""

from __future__ import annotations

from collections.abc import Sequence


def two_columns(table: Sequence[Sequence[str]] | None) -> dict[str, str]:
    """A table with the header `property | value` as a mapping; raises ValueError for any other shape."""
    if table is None:
        return {}
    header, *rows = table
    if list(header) != ["property", "value"]:
        raise ValueError(f"the table begins with {' | '.join(header)}; write property | value")
    repeated = {row[0] for row in rows if [other[0] for other in rows].count(row[0]) > 1}
    if repeated:
        raise ValueError(f"the table names {', '.join(sorted(repeated))} more than once")
    return {row[0]: row[1] for row in rows}
