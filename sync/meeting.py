"""The statements by which a store finds records that meet for the first time, and makes one link of the two.

They find less than `matching.find`: pairs of which no rule could say otherwise. Whatever is less plain is left to it.
"""

from __future__ import annotations

from sync.links import State
from sync.rows import AS_SHOWN

_EMPTY = (
    "reason", "waits_for", "next_attempt_at", "shadow", "diverged", "children", "intent", "notices", "conflicts",
    "choices", "deleted",
)  # fmt: skip


def _only_seen(link: str) -> str:
    """What holds of a link of which nothing is known but its one record."""
    state = f"{link}.state = '{State.DISCOVERED}' AND {link}.generation = 1 AND NOT {link}.recheck"
    return f"{state} AND coalesce({', '.join(f'{link}.{column}' for column in _EMPTY)}) IS NULL"


def _none(condition: str, besides: str = "") -> str:
    """What holds where no link of the flow has a property, or none besides one."""
    others = f" AND id <> {besides}.id" if besides else ""
    return f"NOT EXISTS (SELECT 1 FROM link WHERE flow = ours.flow AND {condition}{others})"


# CROSS JOIN keeps the order: first the links that are asked for, then by an index what may belong to them.
_PAIRS = f"""
SELECT ours.id, theirs.id, ours.erp_id, ours.erp, theirs.inv FROM json_each(?) asked
CROSS JOIN link ours ON ours.id = asked.value
CROSS JOIN link theirs ON theirs.flow = ours.flow AND {{found}}
WHERE ours.inv_id IS NULL AND ours.erp IS NOT NULL AND {_only_seen("ours")}
AND theirs.erp_id IS NULL AND theirs.inv IS NOT NULL AND {_only_seen("theirs")}
"""
_NAMES_OURS, _HAS_OUR_KEY = "reference = ours.erp_id", "inv_key = ours.erp_key"
BY_REFERENCE = f"{_PAIRS.format(found=f'theirs.{_NAMES_OURS}')} AND {_none(_NAMES_OURS, besides='theirs')}"
BY_KEY = f"""
{_PAIRS.format(found=f"theirs.{_HAS_OUR_KEY} AND theirs.reference IS NULL")} AND {_none(_NAMES_OURS)}
AND {_none(_HAS_OUR_KEY, besides="theirs")} AND {_none("erp_key = ours.erp_key", besides="ours")}
"""

TAKE = "DELETE FROM link WHERE id = ? RETURNING inv_id, inv_key, reference, inv, inv_digest"
JOIN = f"""
UPDATE link SET inv_id = ?, inv_key = ?, reference = ?, inv = ?, inv_digest = ?,
state = '{State.LINKED}', dirty = 0, shadow = '{AS_SHOWN}', version = version + 1
WHERE id = ? AND inv_id IS NULL
"""
